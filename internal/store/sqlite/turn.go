package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Turn implements store.Queue. What is settled rides in the writer's group commit.
func (s *Store) Turn(ctx context.Context, t store.Turn) (store.Turned, error) {
	var turned store.Turned
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		turned, err = turn(ctx, q, now, t)
		return err
	})
	if err != nil {
		return store.Turned{}, err
	}
	return turned, nil
}

func turn(ctx context.Context, q session, now servicetime.Instant, t store.Turn) (store.Turned, error) {
	turned := store.Turned{Now: now}
	h, err := fence(ctx, q, now, t.Worker, t.Sink, t.Claims)
	if err != nil {
		return turned, err
	}
	turned.Lost = h.lost
	if turned.Paused, err = isPaused(ctx, q, t.Sink); err != nil {
		return turned, err
	}
	f := flowScan{q: q, now: now, sink: t.Sink}
	settle := settler{held: h, now: now}
	if turned.Settled, err = settle.all(ctx, t); err != nil {
		return turned, err
	}
	if err := logDeliveries(ctx, q, now, t.Log); err != nil {
		return turned, err
	}
	if err := h.settle(ctx, f); err != nil {
		return turned, err
	}
	if !turned.Paused {
		out, err := f.run(ctx, h, sweep{flows: t.Flows, all: t.Sweep, from: t.From, busy: t.Busy, limit: t.Limit, perFlow: t.PerFlow})
		if err != nil {
			return turned, err
		}
		turned.Rows, turned.More, turned.Next = out.rows, out.more, out.next
		for _, o := range out.rows {
			h.hand(o.Lane, o.Flow, o.ID)
		}
	}
	return turned, h.note(ctx)
}

// settler writes what became of rows.
type settler struct {
	*held
	now servicetime.Instant
	ids []int64
}

// all settles a turn. A circuit that closes frees what was parked before this turn,
// so it comes before what fails in it.
func (s *settler) all(ctx context.Context, t store.Turn) ([]int64, error) {
	if err := s.done(ctx, t.Done); err != nil {
		return nil, err
	}
	for _, c := range t.Circuits {
		if err := s.circuit(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, x := range t.Failed {
		if err := s.failed(ctx, x); err != nil {
			return nil, err
		}
	}
	for _, x := range t.Dead {
		if err := s.died(ctx, x); err != nil {
			return nil, err
		}
	}
	return s.ids, nil
}

// place is where a row was.
type place struct {
	id         int64
	flow       seating.FlowID
	aggregate  string
	restaurant seating.RestaurantID
}

func (s *settler) done(ctx context.Context, rows []store.Settled) error {
	byLane := map[int][]int64{}
	for _, r := range rows {
		if s.has(r.Lane) {
			byLane[r.Lane] = append(byLane[r.Lane], r.ID)
		}
	}
	for _, lane := range s.lanes {
		if len(byLane[lane]) == 0 {
			continue
		}
		ids, err := encoded(byLane[lane])
		if err != nil {
			return err
		}
		var gone []place
		err = rowsOf(ctx, s.q, "DeleteDelivered", []any{s.sink, lane, ids}, &gone, func(p *place) []any { return []any{&p.id, id(&p.flow), &p.aggregate} })
		if err != nil {
			return err
		}
		for _, p := range gone {
			s.ids = append(s.ids, p.id)
			s.settled(lane, p.flow)
		}
		if err := unpark(ctx, s.q, s.sink, gone); err != nil {
			return err
		}
	}
	return nil
}

// unpark frees what is parked behind rows.
func unpark(ctx context.Context, q session, sink string, heads []place) error {
	some, err := q.one(ctx, "AnyParked", []any{sink}, new(int))
	if err != nil || !some {
		return err
	}
	for _, p := range heads {
		if _, err := q.exec(ctx, "Unpark", sink, text(p.flow), p.aggregate, p.id); err != nil {
			return err
		}
	}
	return nil
}

func (s *settler) failed(ctx context.Context, x store.Failed) error {
	if !s.has(x.Lane) {
		return nil
	}
	counted, spent, due := 0, time.Duration(0), s.now.Add(x.Wait)
	if x.Counted {
		counted, spent = 1, x.Spent
	}
	p := place{id: x.ID}
	found, err := s.q.one(ctx, "FailRow", []any{s.sink, x.Lane, x.ID, counted, inMicros(spent), clipped(x.Error), int64(due)},
		id(&p.flow), &p.aggregate, id(&p.restaurant))
	if err != nil || !found {
		return err
	}
	s.ids = append(s.ids, x.ID)
	s.settled(x.Lane, p.flow)
	_, err = s.q.exec(ctx, "Park", s.sink, text(p.flow), p.aggregate, text(p.restaurant), int64(due), int64(s.now), x.ID, x.Reason)
	return err
}

func (s *settler) died(ctx context.Context, x store.Died) error {
	if !s.has(x.Lane) {
		return nil
	}
	o, found, err := waitingRow(ctx, s.q, x.ID)
	if err != nil || !found || o.Sink != s.sink || o.Lane != x.Lane {
		return err
	}
	if err := bury(ctx, s.q, s.now, o, x.Cause, x.Error); err != nil {
		return err
	}
	s.ids = append(s.ids, x.ID)
	s.settled(x.Lane, o.Flow)
	return tellDeath(ctx, s.q, s.now, o, x)
}

// waitingRow reads a row of the outbox.
func waitingRow(ctx context.Context, q session, row int64) (o store.OutboxRow, found bool, err error) {
	found, err = q.one(ctx, "WaitingRow", []any{row}, outboxColumns(&o)...)
	return o, found, err
}

// bury takes a row to the dead letters, and frees what is parked behind it.
func bury(ctx context.Context, q session, now servicetime.Instant, o store.OutboxRow, cause, because string) error {
	if _, err := q.exec(ctx, "DeadRow", o.ID, clipped(because), int64(now), cause); err != nil {
		return err
	}
	if _, err := q.exec(ctx, "DeleteRow", o.ID); err != nil {
		return err
	}
	return unpark(ctx, q, o.Sink, []place{{id: o.ID, flow: o.Flow, aggregate: o.Aggregate}})
}

// tellDeath writes the event of a row that was given up, of the version that the
// restaurant has now.
func tellDeath(ctx context.Context, q session, now servicetime.Instant, o store.OutboxRow, x store.Died) error {
	state, found, err := readState(ctx, q, o.Restaurant)
	if err != nil || !found {
		return err
	}
	return tell(ctx, q, now, store.Told{
		Restaurant: o.Restaurant, Version: state.Version, Key: x.Key,
		Event: seating.Event{
			Type: seating.EventOutboxDead, Severity: seating.SeverityError, Booking: o.Booking,
			Payload: seating.EventPayload{
				SchemaVersion: seating.EventSchemaVersion, Restaurant: o.Restaurant, Version: seating.Version{Epoch: state.Epoch, N: state.Version},
				At: now, Actor: seating.System(), Booking: o.Booking, Endpoint: o.Endpoint, Event: o.DedupeKey, Reason: x.Cause,
			},
		},
	})
}

func (s *settler) circuit(ctx context.Context, c store.Circuit) error {
	if !s.has(c.Lane) || store.Lane(c.Flow) != c.Lane {
		return nil
	}
	if c.Open {
		_, err := s.q.exec(ctx, "OpenCircuit", s.sink, text(c.Flow), text(c.Restaurant), int64(s.now.Add(c.Wait)), int64(s.now), c.Failures)
		return err
	}
	for _, statement := range []struct {
		name string
		args []any
	}{
		{"DueHeads", []any{s.sink, text(c.Flow), int64(s.now)}},
		{"UnparkFlow", []any{s.sink, text(c.Flow)}},
	} {
		if _, err := s.q.exec(ctx, statement.name, statement.args...); err != nil {
			return err
		}
	}
	return nil
}

func logDeliveries(ctx context.Context, q session, now servicetime.Instant, log []store.Delivery) error {
	for _, d := range log {
		if d.At == 0 {
			d.At = now
		}
		_, err := q.exec(ctx, "InsertDelivery", text(d.Restaurant), text(d.Endpoint), d.EventID, string(d.EventType), d.DedupeKey,
			d.Attempt, int64(d.At), inMicros(d.Took), d.Outcome, d.Status, clipped(d.Error))
		if err != nil {
			return fmt.Errorf("the delivery of %s: %w", d.DedupeKey, err)
		}
	}
	return nil
}

// Suspect implements store.Queue.
func (s *Store) Suspect(ctx context.Context, worker, sink string, lane store.Claim, flow seating.FlowID, last int64) (*store.OutboxRow, error) {
	var found *store.OutboxRow
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		found, err = suspect(ctx, q, now, worker, sink, lane, flow, last)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func suspect(ctx context.Context, q session, now servicetime.Instant, worker, sink string, lane store.Claim, flow seating.FlowID, last int64) (*store.OutboxRow, error) {
	h, err := fence(ctx, q, now, worker, sink, []store.Claim{lane})
	if err != nil || !h.has(lane.Lane) {
		return nil, err
	}
	paused, err := isPaused(ctx, q, sink)
	if err != nil || paused {
		return nil, err
	}
	rows, _, err := flowScan{q: q, now: now, sink: sink}.rows(ctx, lane.Lane, flow, last, 1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		// Nothing is at hand any more; what is parked was not the cause.
		h.forget(lane.Lane, flow)
		return nil, h.note(ctx)
	}
	o := &rows[0]
	if _, err := q.exec(ctx, "RaiseHandovers", o.ID); err != nil {
		return nil, err
	}
	o.Handovers++
	h.hand(lane.Lane, flow, last)
	return o, h.note(ctx)
}

// Move implements store.Queue: a row is in the outbox or among the events, in the
// same transaction.
func (s *Store) Move(ctx context.Context, m store.Move) (store.Moved, error) {
	var moved store.Moved
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		moved, err = move(ctx, q, now, m)
		return err
	})
	if err != nil {
		return store.Moved{}, err
	}
	return moved, nil
}

func move(ctx context.Context, q session, now servicetime.Instant, m store.Move) (store.Moved, error) {
	var moved store.Moved
	h, err := fence(ctx, q, now, m.Worker, store.SinkObservability, m.Claims)
	if err != nil {
		return moved, err
	}
	moved.Lost = h.lost
	if moved.Paused, err = isPaused(ctx, q, store.SinkObservability); err != nil || moved.Paused {
		return moved, err
	}
	f := flowScan{q: q, now: now, sink: store.SinkObservability}
	out, err := f.run(ctx, h, sweep{flows: m.Flows, all: len(m.Flows) == 0, from: m.From, limit: m.Limit, perFlow: m.PerFlow})
	if err != nil {
		return moved, err
	}
	moved.More, moved.Next = out.more, out.next
	if len(out.rows) == 0 {
		return moved, nil
	}
	ids := make([]int64, len(out.rows))
	heads := make([]place, len(out.rows))
	for i, o := range out.rows {
		ids[i] = o.ID
		heads[i] = place{id: o.ID, flow: o.Flow, aggregate: o.Aggregate}
		moved.Rows = append(moved.Rows, store.MovedRow{ID: o.ID, Type: o.EventType, Waited: now.Sub(o.CreatedAt)})
	}
	list, err := encoded(ids)
	if err != nil {
		return moved, err
	}
	if _, err := q.exec(ctx, "RecordEvents", list, int64(now)); err != nil {
		return moved, err
	}
	if _, err := q.exec(ctx, "DeleteRows", list); err != nil {
		return moved, err
	}
	return moved, unpark(ctx, q, store.SinkObservability, heads)
}
