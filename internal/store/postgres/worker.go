package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Beat implements store.Queue.
func (s *Store) Beat(ctx context.Context, b store.Beat) (store.Share, error) {
	var share store.Share
	suspects := map[store.LaneRef][]store.Handed{}
	sinks := list(b.Sinks)
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.one("Live", []any{b.Worker, b.Lease}, nil, instant(&share.Now), instant(&share.Until))
	f.each("TakeLanes", []any{b.Worker, sinks, store.Lanes}, func(scan func(...any) error) error {
		var at store.LaneRef
		var handed []store.Handed
		err := scan(&at.Sink, &at.Lane, decoded(&handed))
		suspects[at] = handed
		return err
	})
	f.one("LiveWorkers", []any{store.Lanes}, nil, &share.Workers, &share.Fair)
	rowsOf(f, "OwnLanes", []any{b.Worker, sinks}, &share.Lanes, func(l *store.OwnedLane) []any { return []any{&l.Sink, &l.Lane, &l.Token} })
	rowsOf(f, "PausedSinks", []any{sinks}, &share.Paused, func(s *string) []any { return []any{s} })
	f.exec("ForgetWorkers")
	if err := s.once(ctx, f); err != nil {
		return store.Share{}, err
	}
	for i := range share.Lanes {
		l := &share.Lanes[i]
		l.Suspects = suspects[store.LaneRef{Sink: l.Sink, Lane: l.Lane}]
	}
	return share, nil
}

// GiveUp implements store.Queue.
func (s *Store) GiveUp(ctx context.Context, worker string, lanes []store.LaneRef) error {
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("FreeLanes", worker, lanes == nil,
		each(lanes, func(l store.LaneRef) string { return l.Sink }), each(lanes, func(l store.LaneRef) int { return l.Lane }))
	if lanes == nil {
		f.exec("ForgetWorker", worker)
	}
	return s.once(ctx, f)
}

// claimed are the first arguments of every statement that is fenced.
func claimed(worker, sink string, claims []store.Claim) []any {
	return []any{
		worker, sink,
		each(claims, func(c store.Claim) int { return c.Lane }), each(claims, func(c store.Claim) int64 { return c.Token }),
	}
}

// Turn implements store.Queue, in one flush. The lanes are locked first: nobody
// takes one of them over before the end of the transaction.
func (s *Store) Turn(ctx context.Context, t store.Turn) (store.Turned, error) {
	var done store.Turned
	fence := claimed(t.Worker, t.Sink, t.Claims)
	var held []int
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("NeedNotWait")
	f.exec("PlanOnce")
	queueHold(f, fence, &held)
	f.one("SinkState", []any{t.Sink}, nil, instant(&done.Now), &done.Paused)
	queueSettle(f, fence, t, &done.Settled)
	queueLog(f, t.Log)
	queueHandOut(f, fence, t, &done.Rows)
	if err := s.once(ctx, f); err != nil {
		return store.Turned{}, err
	}
	done.Lost = lost(t.Claims, held)
	done.Rows = inPlace(done.Rows)
	var out handedOut
	for _, r := range done.Rows {
		out.add(store.FlowRef{Lane: r.Lane, Flow: r.Flow}, r.CircuitFailures > 0)
	}
	done.More, done.Next = out.goOn(t.Flows, t.From, t.Limit, perFlow(t.Limit, t.PerFlow), t.Sweep)
	return done, nil
}

// inPlace sorts rows by lane, flow and id. They are large, so each moves once.
func inPlace(rows []store.OutboxRow) []store.OutboxRow {
	byPlace := func(a, b *store.OutboxRow) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), bytes.Compare(a.Flow[:], b.Flow[:]), cmp.Compare(a.ID, b.ID))
	}
	at := make([]*store.OutboxRow, len(rows))
	for i := range rows {
		at[i] = &rows[i]
	}
	if slices.IsSortedFunc(at, byPlace) {
		return rows
	}
	slices.SortFunc(at, byPlace)
	sorted := make([]store.OutboxRow, len(rows))
	for i, row := range at {
		sorted[i] = *row
	}
	return sorted
}

// perFlow is how many rows of one flow may be handed out.
func perFlow(limit, perFlow int) int {
	if perFlow <= 0 {
		return limit
	}
	return perFlow
}

// handedOut is where rows came from, in their order.
type handedOut struct {
	rows   int
	places []store.FlowRef // once each
	from   []int           // rows of each
}

func (o *handedOut) add(at store.FlowRef, probe bool) {
	o.rows++
	if n := len(o.places); n == 0 || o.places[n-1] != at {
		o.places, o.from = append(o.places, at), append(o.from, 0)
	}
	if !probe {
		o.from[len(o.from)-1]++
	}
}

// goOn says whether there may be more behind what was handed out, and where a
// sweep goes on: behind the last flow that it came to. One that did not begin at the
// beginning knows nothing of the flows before.
func (o *handedOut) goOn(named []store.FlowRef, from store.FlowRef, limit, perFlow int, sweep bool) (more bool, next store.FlowRef) {
	switch {
	case limit <= 0:
		return false, next
	case o.rows < limit:
		return sweep && from != next || slices.ContainsFunc(o.from, func(n int) bool { return n >= perFlow }), next
	}
	for _, p := range o.places {
		if sweep && !slices.ContainsFunc(named, func(f store.FlowRef) bool { return f.Flow == p.Flow }) {
			next = p
		}
	}
	return true, next
}

// queueHold queues the locking of the lanes.
func queueHold(f *flush, fence []any, held *[]int) {
	rowsOf(f, "HoldLanes", fence, held, func(lane *int) []any { return []any{lane} })
}

// lost are the lanes of claims that are not held.
func lost(claims []store.Claim, held []int) []int {
	has := map[int]bool{}
	for _, lane := range held {
		has[lane] = true
	}
	var gone []int
	for _, c := range claims {
		if !has[c.Lane] {
			gone = append(gone, c.Lane)
		}
	}
	return gone
}

// queueSettle queues what became of rows: circuits that close first, because they
// free what was parked before, and circuits that open last.
func queueSettle(f *flush, fence []any, t store.Turn, settled *[]int64) {
	of := func(name string, args ...any) {
		rowsOf(f, name, append(append([]any{}, fence...), args...), settled, func(id *int64) []any { return []any{id} })
	}
	var open, closed []store.Circuit
	for _, c := range t.Circuits {
		switch {
		case c.Lane != store.Lane(c.Flow): // no claim on that lane says anything about this flow
		case c.Open:
			open = append(open, c)
		default:
			closed = append(closed, c)
		}
	}
	flows := func(c store.Circuit) pgtype.UUID { return uid(c.Flow) }
	lanes := func(c store.Circuit) int { return c.Lane }
	if len(closed) > 0 {
		f.exec("CloseCircuits", append(append([]any{}, fence...), each(closed, lanes), each(closed, flows))...)
	}
	if d := t.Done; len(d) > 0 {
		of("SettleDone", each(d, func(d store.Settled) int64 { return d.ID }), each(d, func(d store.Settled) int { return d.Lane }))
	}
	if d := t.Failed; len(d) > 0 {
		of("SettleFailed", each(d, func(d store.Failed) int64 { return d.ID }), each(d, func(d store.Failed) int { return d.Lane }),
			each(d, func(d store.Failed) string { return text(d.Error) }), each(d, func(d store.Failed) int64 { return d.Wait.Microseconds() }),
			each(d, func(d store.Failed) bool { return d.Counted }), each(d, func(d store.Failed) int64 { return d.Spent.Microseconds() }),
			each(d, func(d store.Failed) string { return d.Reason }))
	}
	if d := t.Dead; len(d) > 0 {
		of("SettleDead", each(d, func(d store.Died) int64 { return d.ID }), each(d, func(d store.Died) int { return d.Lane }),
			each(d, func(d store.Died) string { return d.Cause }), each(d, func(d store.Died) string { return text(d.Error) }),
			each(d, func(d store.Died) string { return d.Key }),
			store.SinkObservability, string(seating.EventOutboxDead), seating.EventSchemaVersion, systemActor(), systemHeaders())
	}
	if len(open) > 0 {
		f.exec("OpenCircuits", append(append([]any{}, fence...), each(open, lanes), each(open, flows),
			each(open, func(c store.Circuit) pgtype.UUID { return uid(c.Restaurant) }),
			each(open, func(c store.Circuit) int64 { return c.Wait.Microseconds() }),
			each(open, func(c store.Circuit) int { return c.Failures }), store.ParkedCircuit)...)
	}
}

// systemActor is maitred itself, as events show who acted.
func systemActor() string {
	a := seating.System()
	return `{"principal":"` + a.Principal + `","kind":"` + string(a.Kind) + `"}`
}

// systemHeaders are those of an event that maitred itself tells.
func systemHeaders() string { return `{"principal":"` + seating.System().Principal + `"}` }

// text is what of a foreign text the database can keep: one bad letter must not
// void the settling of other rows.
func text(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?") }

func queueLog(f *flush, d []store.Delivery) {
	if len(d) == 0 {
		return
	}
	f.exec("LogDeliveries",
		each(d, func(d store.Delivery) pgtype.UUID { return uid(d.Restaurant) }),
		each(d, func(d store.Delivery) pgtype.UUID { return uid(d.Endpoint) }),
		each(d, func(d store.Delivery) int64 { return d.EventID }),
		each(d, func(d store.Delivery) string { return string(d.EventType) }),
		each(d, func(d store.Delivery) string { return d.DedupeKey }),
		each(d, func(d store.Delivery) int { return d.Attempt }),
		each(d, func(d store.Delivery) pgtype.Timestamptz { return at(d.At) }),
		each(d, func(d store.Delivery) int64 { return d.Took.Microseconds() }),
		each(d, func(d store.Delivery) string { return d.Outcome }),
		each(d, func(d store.Delivery) int { return d.Status }),
		each(d, func(d store.Delivery) string { return text(d.Error) }))
}

// queueHandOut queues the handing out. What was settled is noted with it, also when
// nothing is to be handed out.
func queueHandOut(f *flush, fence []any, t store.Turn, rows *[]store.OutboxRow) {
	if t.Limit <= 0 && len(t.Done)+len(t.Failed)+len(t.Dead)+len(t.Circuits) == 0 {
		return
	}
	args := append(append([]any{}, fence...), places(t.Flows, t.Sweep && t.Limit > 0, t.From)...)
	rowsOf(f, "HandOut", append(args, flowIDs(t.Busy), max(t.Limit, 0), perFlow(max(t.Limit, 0), t.PerFlow)), rows, handedColumns)
}

// places are where a statement looks for rows: in flows, each once, and in all
// behind a place.
func places(named []store.FlowRef, sweep bool, from store.FlowRef) []any {
	seen := map[seating.FlowID]bool{}
	var flows []store.FlowRef
	for _, f := range named {
		if !seen[f.Flow] {
			flows = append(flows, f)
		}
		seen[f.Flow] = true
	}
	return []any{
		each(flows, func(f store.FlowRef) int { return f.Lane }),
		each(flows, func(f store.FlowRef) pgtype.UUID { return uid(f.Flow) }),
		each(flows, func(f store.FlowRef) int64 { return f.After }),
		sweep, from.Lane,
		pgtype.UUID{Bytes: from.Flow, Valid: true},
	}
}

func flowIDs(flows []seating.FlowID) []pgtype.UUID { return each(flows, uid[seating.FlowID]) }

// Suspect implements store.Queue.
func (s *Store) Suspect(ctx context.Context, worker, sink string, lane store.Claim, flow seating.FlowID, last int64) (*store.OutboxRow, error) {
	var row store.OutboxRow
	var found bool
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("PlanOnce")
	f.one("Suspect", []any{worker, sink, lane.Lane, lane.Token, uid(flow), last}, &found, handedColumns(&row)...)
	if err := s.once(ctx, f); err != nil || !found {
		return nil, err
	}
	return &row, nil
}

// Move implements store.Queue.
func (s *Store) Move(ctx context.Context, m store.Move) (store.Moved, error) {
	var done store.Moved
	var now servicetime.Instant
	var out handedOut
	var held []int
	sweep := len(m.Flows) == 0
	fence := claimed(m.Worker, store.SinkObservability, m.Claims)
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("PlanOnce")
	f.exec("NeedNotWait")
	queueHold(f, fence, &held)
	f.one("SinkState", []any{store.SinkObservability}, nil, instant(&now), &done.Paused)
	args := append(append([]any{}, fence...), places(m.Flows, sweep, m.From)...)
	f.each("Move", append(args, max(m.Limit, 0), perFlow(max(m.Limit, 0), m.PerFlow)), func(scan func(...any) error) error {
		var r store.MovedRow
		var at store.FlowRef
		err := scan(&r.ID, word(&r.Type), micros(&r.Waited), &at.Lane, id(&at.Flow))
		done.Rows = append(done.Rows, r)
		out.add(at, false)
		return err
	})
	if err := s.once(ctx, f); err != nil {
		return store.Moved{}, err
	}
	done.Lost = lost(m.Claims, held)
	done.More, done.Next = out.goOn(m.Flows, m.From, m.Limit, perFlow(m.Limit, m.PerFlow), sweep)
	return done, nil
}

// Waiting implements store.Queue.
func (s *Store) Waiting(ctx context.Context, worker string) ([]string, error) {
	var sinks []string
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	f.exec("PlanOnce")
	rowsOf(f, "Waiting", []any{worker}, &sinks, func(s *string) []any { return []any{s} })
	if err := s.once(ctx, f); err != nil {
		return nil, unwritten(err)
	}
	return sinks, nil
}

// OutboxRows implements store.Queue.
func (s *Store) OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]store.OutboxRow, error) {
	var rows []store.OutboxRow
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "OutboxRows", []any{sink, after, limit}, &rows, outboxColumns)
	})
	return rows, err
}

// outboxColumns are the columns of a row of the outbox, dead or not, in the order
// in which every statement lists them.
func outboxColumns(o *store.OutboxRow) []any {
	return []any{
		&o.ID, &o.Sink, &o.Lane, id(&o.Flow), id(&o.Restaurant), id(&o.Booking), id(&o.Endpoint), &o.Aggregate, &o.AggregateSeq,
		word(&o.EventType), word(&o.Severity), &o.SchemaVersion, &o.DedupeKey, raw(&o.Payload), raw(&o.Headers),
		&o.Attempts, &o.Handovers, micros(&o.FailedFor), instant(&o.NextAttemptAt), word(&o.LastError), instant(&o.CreatedAt),
	}
}

// handedColumns are those of a row that is handed out, with the failures of its
// flow's circuit.
func handedColumns(o *store.OutboxRow) []any {
	return append(outboxColumns(o), count(&o.CircuitFailures))
}

// micros reads a duration that is kept in microseconds.
func micros(dest *time.Duration) pgtype.Int64Scanner {
	return intScanner(func(v pgtype.Int8) { *dest = time.Duration(v.Int64) * time.Microsecond })
}

// count reads a number; NULL is 0.
func count(dest *int) pgtype.Int64Scanner {
	return intScanner(func(v pgtype.Int8) { *dest = int(v.Int64) })
}

type intScanner func(pgtype.Int8)

// ScanInt64 implements pgtype.Int64Scanner.
func (s intScanner) ScanInt64(v pgtype.Int8) error {
	s(v)
	return nil
}
