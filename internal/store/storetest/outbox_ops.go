package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// outboxTests say what operators see of the outbox, and what they may do to it.
var outboxTests = []test{
	{"BacklogSaysHowThingsStand", backlogSays},
	{"ALargeBacklogIsEstimated", largeBacklogIsEstimated},
	{"RowsAreListedByWhatIsAsked", rowsAreListed},
	{"RetryMakesRowsDueNow", retryMakesDue},
	{"RetryBringsDeadRowsBack", retryRaisesDead},
	{"RedriveBringsRowsBackWhereTheyWere", redriveBringsBack},
	{"RedriveTakesOnlyWhatIsAsked", redriveTakesWhatIsAsked},
	{"RedriveSpreadsRowsOverTime", redriveSpreads},
	{"SkipTakesARowOutOfTheWay", skipTakesOut},
	{"PauseIsOfOneSink", pauseIsOfOneSink},
	{"OperationsTellWhatWasDone", operationsTell},
}

func backlogSays(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	e.Clock.Advance(time.Second)
	b := parties(3)
	for _, party := range b {
		d.happens(party, seating.EventBookingCreated)
		e.Clock.Advance(time.Second)
	}
	w := e.worker(t, store.SinkWebhook)
	w.beats()
	rows := w.sweep(store.SinkWebhook, 10)
	flow := seating.FlowID(endpoint)
	w.turn(store.Turn{
		Sink: store.SinkWebhook, Failed: []store.Failed{failed(rows[1], time.Minute)},
		Dead:     []store.Died{{Settled: at(rows[0]), Cause: store.CauseRefused, Key: store.ToldKey(NewID[[16]byte]())}},
		Circuits: []store.Circuit{{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Minute, Failures: 5}},
	})
	if err := e.Store.Pause(t.Context(), store.SinkObservability, true, note("outbox.pause")); err != nil {
		t.Fatalf("Pause = %v", err)
	}
	now := e.Clock.Instant()
	want := []store.Backlog{
		{Sink: store.SinkObservability, Rows: 5, Oldest: Opening, Now: now, Paused: true}, // the endpoint's, three parties, the death
		{Sink: store.SinkWebhook, Rows: 2, Oldest: Opening.Add(2 * time.Second), Now: now, Parked: 1, Circuits: 1, Dead: 1, Workers: 1},
	}
	got, err := e.Store.Backlog(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Backlog = %v (-want +got):\n%s", err, diff)
	}
	e.Clock.Advance(lease)
	if n := backlogOf(t, e.Store, store.SinkWebhook); n.Workers != 0 {
		t.Errorf("Backlog = %+v, want no worker when the lease is over", n)
	}
}

// largeBacklogIsEstimated: above what is counted a number is right within a factor of
// two.
func largeBacklogIsEstimated(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	const columns = "lane, restaurant_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at"
	times := func(n int, key, sink string) {
		t.Helper()
		script := fmt.Sprintf("INSERT INTO capacity_outbox (sink, %s) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "+
			"SELECT '%s', o.lane, o.restaurant_id, o.aggregate, o.aggregate_seq, o.event_type, o.severity, o.schema_version, '%s' || n.i, o.payload, o.next_attempt_at, o.created_at "+
			"FROM n CROSS JOIN (SELECT * FROM capacity_outbox WHERE sink = 'observability' ORDER BY id LIMIT 1) AS o", columns, n, sink, key)
		if err := raw.RawSQL(t.Context(), script); err != nil {
			t.Fatal(err)
		}
	}
	times(9_999, "a", store.SinkObservability)
	times(10_001, "b", store.SinkWebhook)
	if n := backlogOf(t, e.Store, store.SinkObservability); n.Rows != 10_000 {
		t.Errorf("Backlog = %d rows, want 10,000, which are counted", n.Rows)
	}
	times(10_000, "c", store.SinkObservability)
	for sink, rows := range map[string]int64{store.SinkObservability: 20_000, store.SinkWebhook: 10_001} {
		if n := backlogOf(t, e.Store, sink); n.Rows < max(rows/2, 10_001) || n.Rows > rows*2 || n.Oldest != Opening {
			t.Errorf("Backlog = %+v, want about %d rows, the oldest of %s", n, rows, Opening)
		}
	}
}

func rowsAreListed(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	endpoint := d.endpoint("booking.*")
	b := parties(3)
	d.happens(b[0], seating.EventBookingCreated) // observability, webhook
	d.happens(b[1], seating.EventBookingConfirmed)
	d.happens(b[2], seating.EventFloorChanged)
	o.happens(b[0], seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	hooks := w.sweep(store.SinkWebhook, 10)
	w.turn(store.Turn{
		Sink: store.SinkWebhook, Failed: []store.Failed{failed(hooks[1], time.Minute)},
		Dead: []store.Died{{Settled: at(hooks[0]), Cause: store.CauseRefused, Error: "no", Key: store.ToldKey(NewID[[16]byte]())}},
	})
	all, err := e.Store.Outbox(t.Context(), store.OutboxQuery{Limit: 100})
	if err != nil || len(all) != 8 { // four, the endpoint's, the death; two of the endpoint
		t.Fatalf("Outbox = %d rows, %v, want 8", len(all), err)
	}
	if !slices.IsSortedFunc(all, func(a, b store.OutboxEntry) int { return int(a.ID - b.ID) }) {
		t.Errorf("Outbox is not in the order of ids")
	}
	list := func(q store.OutboxQuery, want func(store.OutboxEntry) bool) {
		t.Helper()
		q.Limit = 100
		got, err := e.Store.Outbox(t.Context(), q)
		var expect []store.OutboxEntry
		for _, entry := range all {
			if want(entry) {
				expect = append(expect, entry)
			}
		}
		if diff := cmp.Diff(expect, got); err != nil || diff != "" || len(expect) == 0 || len(expect) == len(all) {
			t.Errorf("Outbox(%+v) = %v, %d rows of %d (-want +got):\n%s", q, err, len(expect), len(all), diff)
		}
	}
	list(store.OutboxQuery{Sink: store.SinkWebhook}, func(e store.OutboxEntry) bool { return e.Sink == store.SinkWebhook })
	list(store.OutboxQuery{State: store.RowDead}, func(e store.OutboxEntry) bool { return e.ID == hooks[0].ID })
	list(store.OutboxQuery{State: store.RowParked}, func(e store.OutboxEntry) bool { return e.ID == hooks[1].ID })
	list(store.OutboxQuery{State: store.RowWaiting}, func(e store.OutboxEntry) bool { return e.ID != hooks[0].ID })
	list(store.OutboxQuery{Restaurant: o.ID()}, func(e store.OutboxEntry) bool { return e.Restaurant == o.ID() })
	list(store.OutboxQuery{Endpoint: endpoint}, func(e store.OutboxEntry) bool { return e.Endpoint == endpoint })
	list(store.OutboxQuery{Type: seating.EventBookingCreated}, func(e store.OutboxEntry) bool { return e.EventType == seating.EventBookingCreated })
	list(store.OutboxQuery{Cause: store.CauseRefused}, func(e store.OutboxEntry) bool { return e.ID == hooks[0].ID })
	list(store.OutboxQuery{After: all[2].ID}, func(e store.OutboxEntry) bool { return e.ID > all[2].ID })
	if got, err := e.Store.Outbox(t.Context(), store.OutboxQuery{After: all[1].ID, Limit: 3}); err != nil || !cmp.Equal(got, all[2:5]) {
		t.Errorf("Outbox(after the second, limit 3) = %d rows, %v, want the next three", len(got), err)
	}
	for _, entry := range all {
		state, reason, until := store.RowWaiting, "", servicetime.Instant(0)
		switch entry.ID {
		case hooks[0].ID:
			state, reason = store.RowDead, store.CauseRefused
		case hooks[1].ID:
			state, reason, until = store.RowParked, store.ParkedFailed, At(1)
		}
		if entry.State != state || entry.Reason != reason || entry.ParkedUntil != until || (entry.DeadAt != 0) != (state == store.RowDead) {
			t.Errorf("row %d is %s, %q, parked until %s, dead at %s; want %s, %q", entry.ID, entry.State, entry.Reason, entry.ParkedUntil, entry.DeadAt, state, reason)
		}
		if one, err := e.Store.OutboxEntry(t.Context(), entry.ID); err != nil || !cmp.Equal(one, entry) {
			t.Errorf("OutboxEntry(%d) = %+v, %v, want %+v", entry.ID, one, err, entry)
		}
	}
	_, err = e.Store.OutboxEntry(t.Context(), 1<<40)
	notFound(t, "OutboxEntry(unknown)", err)
}

func retryMakesDue(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink, b := store.SinkObservability, parties(2)
	x := d.happens(b[0], seating.EventBookingCreated, seating.EventBookingConfirmed)
	y := d.happens(b[1], seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x[0], x[1], y[0])
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(rows[0], time.Hour), failed(rows[2], time.Hour)}})
	w.hands(sink)
	got, err := e.Store.Retry(t.Context(), []int64{rows[0].ID, 1 << 40}, note("outbox.retry"))
	if err != nil || !cmp.Equal(got, []int64{rows[0].ID}) {
		t.Errorf("Retry = %v, %v, want the one that is there", got, err)
	}
	again := w.hands(sink, x...)
	if again[0].Attempts != 1 {
		t.Errorf("the row comes with %d attempts, want the one it had", again[0].Attempts)
	}
	if n := backlogOf(t, e.Store, sink); n.Parked != 1 {
		t.Errorf("Backlog = %+v, want the other party still parked", n)
	}
}

// dies gives rows up.
func (w *outboxWorker) dies(cause string, rows ...store.OutboxRow) {
	w.t.Helper()
	turn := store.Turn{Sink: rows[0].Sink}
	for _, row := range rows {
		turn.Dead = append(turn.Dead, store.Died{Settled: at(row), Cause: cause, Error: "no", Key: store.ToldKey(NewID[[16]byte]())})
	}
	if n := len(w.turn(turn).Settled); n != len(rows) {
		w.t.Fatalf("%d of %d rows died", n, len(rows))
	}
}

func retryRaisesDead(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.endpoint()
	sink := store.SinkWebhook
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	was := w.sweep(sink, 10)[0]
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(was, time.Minute)}})
	w.dies(store.CauseExhausted, was)
	e.Clock.Advance(time.Second)
	if got, err := e.Store.Retry(t.Context(), []int64{was.ID}, note("outbox.retry")); err != nil || !cmp.Equal(got, []int64{was.ID}) {
		t.Errorf("Retry of a dead row = %v, %v, want it", got, err)
	}
	was.NextAttemptAt = e.Clock.Instant() // and its attempts at 0, its error forgotten
	if got := w.sweep(sink, 10); !cmp.Equal(got, []store.OutboxRow{was}) {
		t.Errorf("what comes back (-want +got):\n%s", cmp.Diff([]store.OutboxRow{was}, got))
	}
	if n := backlogOf(t, e.Store, sink); n.Dead != 0 || n.Rows != 1 {
		t.Errorf("Backlog = %+v, want none dead", n)
	}
}

func redriveBringsBack(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.endpoint()
	sink, b := store.SinkWebhook, parties(2)
	d.happens(b[0], seating.EventBookingCreated, seating.EventBookingConfirmed)
	d.happens(b[1], seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	was := w.sweep(sink, 10)
	w.dies(store.CauseRefused, was[2], was[0], was[1])
	d.happens(b[0], seating.EventBookingCompleted)
	later := w.sweep(sink, 10)
	dry, err := e.Store.Redrive(t.Context(), store.Redrive{Sink: sink, Limit: 2, DryRun: true}, note("outbox.redrive"))
	if err != nil || dry != (store.Redriven{Rows: 2, Left: 1}) {
		t.Errorf("Redrive(dry) = %+v, %v, want two, and one left", dry, err)
	}
	if n := backlogOf(t, e.Store, sink); n.Dead != 3 || n.Rows != 1 {
		t.Errorf("Backlog = %+v after a dry run, want nothing changed", n)
	}
	if ops, err := e.Store.Operations(t.Context(), 0, 10); err != nil || len(ops) != 0 {
		t.Errorf("Operations = %+v, %v, want none of a dry run", ops, err)
	}
	e.Clock.Advance(time.Second)
	done, err := e.Store.Redrive(t.Context(), store.Redrive{Sink: sink, Limit: 2}, note("outbox.redrive"))
	if err != nil || done != (store.Redriven{Rows: 2, Left: 1}) {
		t.Fatalf("Redrive = %+v, %v, want two, and one left", done, err)
	}
	want := slices.Concat(slices.Clone(was[:2]), later)
	for i := range want[:2] {
		want[i].NextAttemptAt = e.Clock.Instant()
	}
	if diff := cmp.Diff(want, w.sweep(sink, 10)); diff != "" {
		t.Errorf("handed out (-want +got):\n%s", diff)
	}
	if entry, err := e.Store.OutboxEntry(t.Context(), was[2].ID); err != nil || entry.State != store.RowDead {
		t.Errorf("OutboxEntry(the one that was left) = %+v, %v, want it dead", entry, err)
	}
	// Delivered now, they do not come back.
	w.done(want...)
	if done, err := e.Store.Redrive(t.Context(), store.Redrive{Sink: sink, Limit: 10}, note("outbox.redrive")); err != nil || done != (store.Redriven{Rows: 1}) {
		t.Errorf("Redrive(the rest) = %+v, %v, want one", done, err)
	}
	if done, err := e.Store.Redrive(t.Context(), store.Redrive{Sink: sink, Limit: 10}, note("outbox.redrive")); err != nil || done != (store.Redriven{}) {
		t.Errorf("Redrive(nothing dead) = %+v, %v, want none", done, err)
	}
}

func redriveTakesWhatIsAsked(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	sink := store.SinkObservability
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated, seating.EventBookingConfirmed)
	o.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	for _, row := range w.sweep(sink, 10) {
		if row.Restaurant == o.ID() {
			w.dies(store.CauseMalformed, row)
		}
	}
	e.Clock.Advance(time.Second)
	for _, row := range queued(t, e.Store, sink) {
		if row.Restaurant == d.ID() && row.EventType != seating.EventOutboxDead {
			w.dies(store.CauseRefused, row)
		}
	}
	for name, tt := range map[string]struct {
		r    store.Redrive
		rows int64
	}{
		"all":                      {store.Redrive{}, 3},
		"of the sink":              {store.Redrive{Sink: sink}, 3},
		"of another sink":          {store.Redrive{Sink: store.SinkWebhook}, 0},
		"of a type":                {store.Redrive{Type: seating.EventBookingCreated}, 2},
		"of a restaurant":          {store.Redrive{Restaurant: d.ID()}, 2},
		"of a cause":               {store.Redrive{Cause: store.CauseMalformed}, 1},
		"since":                    {store.Redrive{Since: Opening.Add(time.Second)}, 2},
		"since later":              {store.Redrive{Since: Opening.Add(2 * time.Second)}, 0},
		"of a type and restaurant": {store.Redrive{Type: seating.EventBookingCreated, Restaurant: d.ID()}, 1},
	} {
		tt.r.Limit, tt.r.DryRun = 10, true
		if got, err := e.Store.Redrive(t.Context(), tt.r, note("outbox.redrive")); err != nil || got != (store.Redriven{Rows: tt.rows}) {
			t.Errorf("Redrive(%s) = %+v, %v, want %d", name, got, err, tt.rows)
		}
	}
}

func redriveSpreads(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.endpoint()
	sink, b := store.SinkWebhook, parties(2)
	d.happens(b[0], seating.EventBookingCreated, seating.EventBookingConfirmed)
	d.happens(b[1], seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	was := w.sweep(sink, 10)
	w.dies(store.CauseRefused, was...)
	if _, err := e.Store.Redrive(t.Context(), store.Redrive{Limit: 10, Gap: 4 * time.Second}, note("outbox.redrive")); err != nil {
		t.Fatalf("Redrive = %v", err)
	}
	d.happens(b[0], seating.EventBookingCompleted)
	next := queued(t, e.Store, sink)[3]
	key := keys(was)
	w.hands(sink, key[0])
	e.Clock.Advance(4 * time.Second)
	w.beats()
	w.hands(sink, key[0], key[1], next.DedupeKey)
	e.Clock.Advance(4*time.Second - time.Microsecond)
	w.beats()
	w.hands(sink, key[0], key[1], next.DedupeKey)
	e.Clock.Advance(time.Microsecond)
	w.hands(sink, key[0], key[1], key[2], next.DedupeKey)
}

func skipTakesOut(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink, b := store.SinkObservability, NewID[seating.BookingID]()
	x := d.happens(b, seating.EventBookingCreated, seating.EventBookingConfirmed)
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x...)
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(rows[0], time.Hour)}})
	if err := e.Store.Skip(t.Context(), rows[0].ID, "the till knows", note("outbox.skip")); err != nil {
		t.Fatalf("Skip = %v", err)
	}
	w.hands(sink, x[1])
	entry, err := e.Store.OutboxEntry(t.Context(), rows[0].ID)
	if err != nil || entry.State != store.RowDead || entry.Reason != store.CauseSkipped || entry.LastError != "the till knows" || entry.DeadAt != e.Clock.Instant() {
		t.Errorf("OutboxEntry = %+v, %v, want it skipped, with the reason", entry, err)
	}
	notFound(t, "Skip(a dead row)", e.Store.Skip(t.Context(), rows[0].ID, "again", note("outbox.skip")))
	notFound(t, "Skip(unknown)", e.Store.Skip(t.Context(), 1<<40, "again", note("outbox.skip")))
	// What its worker says of it now is nothing, and it is in the dump all the same.
	if turned := w.done(rows[0]); len(turned.Settled) != 0 {
		t.Errorf("Turn = %+v, want nothing settled", turned)
	}
	if dump := d.Dump(); len(dump.Outbox) != 2 {
		t.Errorf("Dump has the events %v, want both", dump.Outbox)
	}
}

func pauseIsOfOneSink(t *testing.T, e Env) {
	notFound(t, "Pause(unknown)", e.Store.Pause(t.Context(), "fax", true, note("outbox.pause")))
	for _, paused := range []bool{true, true, false, true} {
		if err := e.Store.Pause(t.Context(), store.SinkWebhook, paused, note("outbox.pause")); err != nil {
			t.Fatalf("Pause = %v", err)
		}
		if hook, other := backlogOf(t, e.Store, store.SinkWebhook), backlogOf(t, e.Store, store.SinkObservability); hook.Paused != paused || other.Paused {
			t.Errorf("after Pause(%t) the sinks are paused %t and %t", paused, hook.Paused, other.Paused)
		}
	}
}

func operationsTell(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated, seating.EventBookingConfirmed)
	rows := queued(t, e.Store, store.SinkObservability)
	ctx := t.Context()
	failures := []error{}
	do := func(err error) {
		e.Clock.Advance(time.Second)
		failures = append(failures, err)
	}
	_, err := e.Store.Retry(ctx, []int64{rows[0].ID}, note("outbox.retry"))
	do(err)
	do(e.Store.Skip(ctx, rows[0].ID, "why", note("outbox.skip")))
	_, err = e.Store.Redrive(ctx, store.Redrive{Limit: 1}, note("outbox.redrive"))
	do(err)
	do(e.Store.Pause(ctx, store.SinkWebhook, true, note("outbox.pause")))
	do(e.Store.Operate(ctx, d.ID(), store.Note{Principal: "operator:y", Action: "holds.expire"}))
	for i, err := range failures {
		if err != nil {
			t.Fatalf("operation %d = %v", i, err)
		}
	}
	all, err := e.Store.Operations(ctx, 0, 10)
	if err != nil || len(all) != 5 {
		t.Fatalf("Operations = %+v, %v, want five", all, err)
	}
	for i, action := range []string{"holds.expire", "outbox.pause", "outbox.redrive", "outbox.skip", "outbox.retry"} {
		o := all[i]
		if o.Action != action || o.At != Opening.Add(time.Duration(4-i)*time.Second) || i > 0 && o.Principal != "operator:x" || i > 0 && o.ID >= all[i-1].ID {
			t.Errorf("operation %d = %+v, want %s", i, o, action)
		}
		var detail map[string]int
		if err := json.Unmarshal(o.Detail, &detail); err != nil || i > 0 && detail["n"] != 1 {
			t.Errorf("operation %d has the detail %s, %v", i, o.Detail, err)
		}
	}
	if all[0].Restaurant != d.ID() || all[0].Principal != "operator:y" || !all[1].Restaurant.IsZero() {
		t.Errorf("operations = %+v and %+v, want the first of the restaurant, the second of none", all[0], all[1])
	}
	if page, err := e.Store.Operations(ctx, all[1].ID, 2); err != nil || !cmp.Equal(page, all[2:4]) {
		t.Errorf("Operations(before the second, 2) = %+v, %v, want the next two", page, err)
	}
	// What finds nothing leaves nothing behind.
	notFound(t, "Skip(unknown)", e.Store.Skip(ctx, 1<<40, "why", note("outbox.skip")))
	if again, err := e.Store.Operations(ctx, 0, 10); err != nil || len(again) != 5 {
		t.Errorf("Operations = %d, %v, want five still", len(again), err)
	}
}
