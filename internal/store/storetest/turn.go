package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// turnTests say what is handed out, what becomes of it, and that nothing of a lane
// that was lost counts.
var turnTests = []test{
	{"RowsAreHandedOutInOrder", rowsInOrder},
	{"WhatIsDeliveredGoesRowByRow", deliveredGoes},
	{"AFailedRowParksItsAggregate", failedParks},
	{"AFailureThatIsNotCountedOnlyParks", uncountedParks},
	{"ADeadRowIsKeptAndTold", deadIsKept},
	{"ARowThatIsNotDueHoldsBackItsAggregate", notDueHoldsBack},
	{"AHintNeverLetsARowOvertake", hintNeverOvertakes},
	{"AnOpenCircuitLetsOneRowThrough", openCircuit},
	{"AClosedCircuitFreesItsFlow", closedCircuitFrees},
	{"NothingOfALostLaneCounts", nothingOfALostLane},
	{"APausedSinkHandsOutNothing", pausedHandsOutNothing},
	{"OneFlowDoesNotCrowdOutAnother", flowsAreFair},
	{"ASweepGoesOnWhereItEnded", sweepGoesOn},
	{"BusyFlowsAreLeftOut", busyFlowsAreLeftOut},
	{"OnlyFlowsOfClaimedLanesAreHandedOut", onlyClaimedLanes},
	{"EventsAreMovedOnce", eventsAreMovedOnce},
	{"MovesAreFencedAndInOrder", movesAreFenced},
}

// place names a flow from its beginning.
func place[I ~[16]byte](id I) store.FlowRef {
	return store.FlowRef{Lane: laneOf(id), Flow: seating.FlowID(id)}
}

func rowsInOrder(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := parties(2)
	var want []string
	want = append(want, d.happens(b[0], seating.EventBookingCreated, seating.EventAssignmentSync)...)
	want = append(want, d.happens(b[1], seating.EventBookingCreated)...)
	want = append(want, d.happens(seating.BookingID{}, seating.EventFloorChanged)...)
	want = append(want, d.happens(b[0], seating.EventBookingConfirmed)...)
	w := e.worker(t)
	w.beats()
	all := queued(t, e.Store, store.SinkObservability)
	if diff := cmp.Diff(want, keys(all)); diff != "" {
		t.Fatalf("what waits (-committed +waits):\n%s", diff)
	}
	turned := w.turn(store.Turn{Sink: store.SinkObservability, Sweep: true, Limit: 100, PerFlow: 100})
	if diff := cmp.Diff(all, turned.Rows); diff != "" {
		t.Errorf("handed out (-waits +handed out):\n%s", diff)
	}
	if turned.Now != e.Clock.Instant() || len(turned.Lost) != 0 || turned.Next != (store.FlowRef{}) || turned.Paused {
		t.Errorf("Turn = %+v, want the time, nothing lost, the end", turned)
	}
	if none := w.turn(store.Turn{Sink: store.SinkObservability, Sweep: true, Limit: 0, PerFlow: 100}); len(none.Rows) != 0 || none.More {
		t.Errorf("Turn(limit 0) = %+v, want nothing", none)
	}
	if none := w.turn(store.Turn{Sink: store.SinkObservability, Limit: 100, PerFlow: 100}); len(none.Rows) != 0 {
		t.Errorf("Turn(no flows, no sweep) = %+v, want nothing", none)
	}
}

func deliveredGoes(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	for _, b := range parties(4) {
		d.happens(b, seating.EventBookingCreated)
	}
	w := e.worker(t)
	w.beats()
	rows := w.sweep(store.SinkObservability, 100)
	elsewhere := (rows[2].Lane + 1) % store.Lanes
	turned := w.turn(store.Turn{Sink: store.SinkObservability, Done: []store.Settled{
		at(rows[1]), at(rows[0]), {ID: rows[2].ID, Lane: elsewhere}, {ID: rows[3].ID + 1000, Lane: rows[3].Lane},
	}})
	if diff := cmp.Diff([]int64{rows[0].ID, rows[1].ID}, turned.Settled, sortedIDs); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
	if again := w.done(rows[:2]...); len(again.Settled) != 0 {
		t.Errorf("settled again = %v, want nothing", again.Settled)
	}
	// The lane must be claimed, whatever the worker owns.
	if other := w.turn(store.Turn{Sink: store.SinkObservability, Claims: []store.Claim{}, Done: []store.Settled{at(rows[2])}}); len(other.Settled) != 0 {
		t.Errorf("settled without a claim = %v", other.Settled)
	}
	// And of the sink that is named.
	if other := w.turn(store.Turn{Sink: store.SinkWebhook, Done: []store.Settled{at(rows[2])}}); len(other.Settled) != 0 {
		t.Errorf("settled as a row of another sink = %v", other.Settled)
	}
	if diff := cmp.Diff(rows[2:], queued(t, e.Store, store.SinkObservability)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

var sortedIDs = cmp.Transformer("sorted", func(ids []int64) map[int64]int {
	n := map[int64]int{}
	for _, id := range ids {
		n[id]++
	}
	return n
})

// hands demands what a sweep hands out now.
func (w *outboxWorker) hands(sink string, want ...string) []store.OutboxRow {
	w.t.Helper()
	rows := w.sweep(sink, 100)
	if diff := cmp.Diff(want, keys(rows)); len(want)+len(rows) > 0 && diff != "" {
		w.t.Errorf("handed out (-want +got):\n%s", diff)
	}
	return rows
}

func failedParks(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink, b := store.SinkObservability, parties(2)
	x1 := d.happens(b[0], seating.EventBookingCreated)[0]
	y1 := d.happens(b[1], seating.EventBookingCreated)[0]
	x2 := d.happens(b[0], seating.EventBookingConfirmed)[0]
	w := e.worker(t)
	w.beats()
	head := w.hands(sink, x1, y1, x2)[0]
	report := failed(head, 10*time.Second)
	report.Error, report.Spent = strings.Repeat("é", 2000), 3*time.Second+time.Microsecond
	if turned := w.turn(store.Turn{Sink: sink, Failed: []store.Failed{report}}); !cmp.Equal(turned.Settled, []int64{head.ID}) {
		t.Fatalf("Turn = %+v, want the failure to count", turned)
	}
	y := w.hands(sink, y1)
	w.done(y...)
	y2 := d.happens(b[1], seating.EventBookingConfirmed)[0]
	w.hands(sink, y2)
	got := queued(t, e.Store, sink)[0]
	if got.ID != head.ID || got.Attempts != 1 || got.FailedFor != report.Spent || got.NextAttemptAt != e.Clock.Instant().Add(10*time.Second) {
		t.Errorf("the failed row is %+v, want one attempt, %s of failing, due in 10 s", got, report.Spent)
	}
	if n := len(got.LastError); n == 0 || n > 1000 || !strings.HasPrefix(report.Error, got.LastError) {
		t.Errorf("the error is kept with %d bytes, want its beginning", n)
	}
	if n := backlogOf(t, e.Store, sink); n.Parked != 1 || n.Circuits != 0 || n.Rows != 3 {
		t.Errorf("Backlog = %+v, want one parked aggregate of three rows", n)
	}
	e.Clock.Advance(10*time.Second - time.Microsecond)
	w.hands(sink, y2)
	e.Clock.Advance(time.Microsecond)
	again := w.hands(sink, x1, x2, y2)
	if again[0].Attempts != 1 || again[0].FailedFor != report.Spent {
		t.Errorf("the failed row comes back as %+v", again[0])
	}
	// A second failure adds up, and the delivery frees what is behind it at once.
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(again[0], 5*time.Second)}})
	w.hands(sink, y2)
	if got := queued(t, e.Store, sink)[0]; got.Attempts != 2 || got.FailedFor != report.Spent+5*time.Second {
		t.Errorf("after the second failure the row is %+v", got)
	}
	w.done(again[0])
	w.hands(sink, x2, y2)
	if n := backlogOf(t, e.Store, sink); n.Parked != 0 {
		t.Errorf("Backlog = %+v, want nothing parked", n)
	}
}

func uncountedParks(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink := store.SinkObservability
	x := d.happens(NewID[seating.BookingID](), seating.EventBookingCreated, "booking.of.tomorrow")
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x...)
	report := failed(rows[0], time.Minute)
	report.Counted, report.Reason = false, store.ParkedUnknownType
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{report}})
	w.hands(sink)
	got := queued(t, e.Store, sink)[0]
	if got.Attempts != 0 || got.FailedFor != 0 {
		t.Errorf("the row is %+v, want no attempt counted", got)
	}
	entry, err := e.Store.OutboxEntry(t.Context(), rows[0].ID)
	if err != nil || entry.State != store.RowParked || entry.Reason != store.ParkedUnknownType || entry.ParkedUntil != e.Clock.Instant().Add(time.Minute) {
		t.Errorf("OutboxEntry = %+v, %v, want it parked for a minute for its unknown type", entry, err)
	}
	e.Clock.Advance(time.Minute)
	w.beats()
	w.hands(sink, x...)
}

func deadIsKept(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	sink, b := store.SinkWebhook, NewID[seating.BookingID]()
	d.happens(b, seating.EventBookingCreated, seating.EventBookingConfirmed)
	w := e.worker(t)
	w.beats()
	w.done(w.sweep(store.SinkObservability, 100)...)
	rows := w.sweep(sink, 100)
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(rows[0], time.Minute)}})
	e.Clock.Advance(5 * time.Second)
	died := store.Died{Settled: at(rows[0]), Cause: store.CauseExhausted, Error: "410 Gone", Key: store.ToldKey(NewID[[16]byte]())}
	if turned := w.turn(store.Turn{Sink: sink, Dead: []store.Died{died}}); !cmp.Equal(turned.Settled, []int64{rows[0].ID}) {
		t.Fatalf("Turn = %+v, want the death to count", turned)
	}
	w.hands(sink, rows[1].DedupeKey)
	entry, err := e.Store.OutboxEntry(t.Context(), rows[0].ID)
	want := store.OutboxEntry{OutboxRow: rows[0], State: store.RowDead, Reason: store.CauseExhausted, DeadAt: e.Clock.Instant()}
	want.Attempts, want.FailedFor, want.LastError, want.NextAttemptAt = 1, time.Minute, "410 Gone", entry.NextAttemptAt
	if diff := cmp.Diff(want, entry); err != nil || diff != "" {
		t.Errorf("OutboxEntry = %v (-want +got):\n%s", err, diff)
	}
	told := queued(t, e.Store, store.SinkObservability)
	if len(told) != 1 || told[0].DedupeKey != died.Key || told[0].EventType != seating.EventOutboxDead || told[0].Severity != seating.SeverityError ||
		told[0].Restaurant != d.ID() || told[0].Booking != b || told[0].Flow != seating.FlowID(d.ID()) || told[0].Lane != laneOf(d.ID()) {
		t.Fatalf("told = %+v, want the one death, in the flow of the restaurant", told)
	}
	if !containsAll(string(told[0].Payload), rows[0].DedupeKey, store.CauseExhausted, endpoint.String(), b.String(), d.ID().String(), `"system"`) {
		t.Errorf("payload = %s", told[0].Payload)
	}
	// A second report of it is nothing, nor does it tell a second time.
	if turned := w.turn(store.Turn{Sink: sink, Dead: []store.Died{died}}); len(turned.Settled) != 0 {
		t.Errorf("a second death counts: %+v", turned)
	}
	if told := queued(t, e.Store, store.SinkObservability); len(told) != 1 {
		t.Errorf("told %d deaths, want one", len(told))
	}
	if n := backlogOf(t, e.Store, sink); n.Dead != 1 || n.Rows != 1 || n.Parked != 0 {
		t.Errorf("Backlog = %+v, want one dead, one waiting, none parked", n)
	}
}

func notDueHoldsBack(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	sink, b := store.SinkObservability, parties(2)
	x1 := d.happens(b[0], seating.EventBookingCreated)[0]
	x2 := d.happens(b[0], seating.EventBookingConfirmed)[0]
	y1 := d.happens(b[1], seating.EventBookingCreated)[0]
	x3 := d.happens(b[0], seating.EventBookingCompleted)[0]
	w := e.worker(t)
	w.beats()
	due := e.Clock.Instant().Add(10 * time.Second)
	if err := raw.RawSQL(t.Context(), "UPDATE capacity_outbox SET next_attempt_at = "+raw.Literal(due)+" WHERE dedupe_key = '"+x2+"'"); err != nil {
		t.Fatal(err)
	}
	rows := w.hands(sink, x1, y1)
	w.done(rows...)
	w.hands(sink)
	e.Clock.Set(due)
	w.hands(sink, x2, x3)
}

// hintNeverOvertakes: rows that a hint says need not be looked at may still be in
// front of one that comes after it.
func hintNeverOvertakes(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink, b := store.SinkObservability, parties(2)
	x1 := d.happens(b[0], seating.EventBookingCreated)[0]
	y1 := d.happens(b[1], seating.EventBookingCreated)[0]
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x1, y1)
	w.turn(store.Turn{Sink: sink, Done: []store.Settled{at(rows[1])}, Failed: []store.Failed{failed(rows[0], 10*time.Second)}})
	x2 := d.happens(b[0], seating.EventBookingConfirmed)[0]
	y2 := d.happens(b[1], seating.EventBookingConfirmed)[0]
	after := place(d.ID())
	after.After = rows[1].ID
	hinted := func(when string) {
		t.Helper()
		var got []string
		for _, row := range w.turn(store.Turn{Sink: sink, Flows: []store.FlowRef{after}, Limit: 10, PerFlow: 10}).Rows {
			if row.DedupeKey != x1 {
				got = append(got, row.DedupeKey)
			} else if len(got) > 0 {
				t.Errorf("%s the row that failed comes behind %v", when, got)
			}
		}
		if !cmp.Equal(got, []string{y2}) && !cmp.Equal(got, []string{x2, y2}) {
			t.Errorf("%s, behind the hint = %v, want %s", when, got, y2)
		}
		if len(got) == 2 && !cmp.Equal(keys(w.turn(store.Turn{Sink: sink, Flows: []store.FlowRef{after}, Limit: 1, PerFlow: 1}).Rows), []string{x1}) {
			t.Errorf("%s a row overtakes the one of its party that failed", when)
		}
	}
	hinted("while it is parked")
	e.Clock.Advance(10 * time.Second)
	w.beats()
	hinted("when its time has come")
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(rows[0], time.Hour)}})
	if _, err := e.Store.Retry(t.Context(), []int64{rows[0].ID}, note("outbox.retry")); err != nil {
		t.Fatalf("Retry = %v", err)
	}
	hinted("when an operator retries it")
	w.hands(sink, x1, x2, y2)
}

func openCircuit(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	bad, good := d.endpoint(), d.endpoint()
	sink, flow := store.SinkWebhook, seating.FlowID(bad)
	var wantGood []string
	for _, b := range parties(3) {
		wantGood = append(wantGood, d.happens(b, seating.EventBookingCreated)[0]+"/"+good.String())
	}
	w := e.worker(t)
	w.beats()
	circuit := store.Circuit{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Minute, Failures: 5}
	w.turn(store.Turn{Sink: sink, Circuits: []store.Circuit{circuit}})
	if n := backlogOf(t, e.Store, sink); n.Circuits != 1 || n.Parked != 0 || n.Rows != 6 {
		t.Errorf("Backlog = %+v, want one open circuit", n)
	}
	entries, err := e.Store.Outbox(t.Context(), store.OutboxQuery{State: store.RowParked, Limit: 10})
	if err != nil || len(entries) != 3 || entries[0].Endpoint != bad || entries[0].Reason != store.ParkedCircuit || entries[0].ParkedUntil != At(1) {
		t.Errorf("Outbox(parked) = %+v, %v, want the three behind the circuit", entries, err)
	}
	w.hands(sink, wantGood...)
	e.Clock.Set(At(1) - 1)
	w.beats()
	w.hands(sink, wantGood...)
	e.Clock.Set(At(1))
	w.beats()
	probed := func(failures int) store.OutboxRow {
		t.Helper()
		turned := w.turn(store.Turn{Sink: sink, Flows: []store.FlowRef{place(bad)}, Limit: 10, PerFlow: 10})
		if len(turned.Rows) != 1 || turned.Rows[0].Endpoint != bad || turned.Rows[0].CircuitFailures != failures {
			t.Fatalf("handed out = %+v, want one row with %d failures", turned.Rows, failures)
		}
		return turned.Rows[0]
	}
	probe := probed(5)
	circuit.Failures, circuit.Wait = 6, 2*time.Minute
	report := failed(probe, 2*time.Minute)
	report.Counted, report.Reason = false, store.ParkedCircuit
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{report}, Circuits: []store.Circuit{circuit}})
	w.hands(sink, wantGood...)
	e.Clock.Set(At(3))
	w.beats()
	probe = probed(6)
	if probe.Attempts != 0 {
		t.Errorf("the probe counted %d attempts, want none", probe.Attempts)
	}
	for _, row := range w.sweep(sink, 100) {
		if row.Endpoint == good && row.CircuitFailures != 0 {
			t.Errorf("a row of the other endpoint is handed out as a probe: %+v", row)
		}
	}
}

func closedCircuitFrees(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	sink, flow, b := store.SinkWebhook, seating.FlowID(endpoint), parties(2)
	of := func(key string) string { return key + "/" + endpoint.String() }
	x1, y1 := of(d.happens(b[0], seating.EventBookingCreated)[0]), of(d.happens(b[1], seating.EventBookingCreated)[0])
	x2 := of(d.happens(b[0], seating.EventBookingConfirmed)[0])
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x1, y1, x2)
	circuit := store.Circuit{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Minute, Failures: 5}
	w.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(rows[0], time.Hour)}, Circuits: []store.Circuit{circuit}})
	e.Clock.Set(At(1))
	w.beats()
	probe := w.hands(sink, y1)
	circuit.Open = false
	w.turn(store.Turn{Sink: sink, Done: []store.Settled{at(probe[0])}, Circuits: []store.Circuit{circuit}})
	if n := backlogOf(t, e.Store, sink); n.Circuits != 0 || n.Parked != 0 {
		t.Errorf("Backlog = %+v, want nothing parked", n)
	}
	if got := w.hands(sink, x1, x2); len(got) == 2 && (got[0].CircuitFailures != 0 || got[0].Attempts != 1) {
		t.Errorf("handed out = %+v, want no probe, and its attempt kept", got)
	}
}

func nothingOfALostLane(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	sink, flow := store.SinkWebhook, seating.FlowID(endpoint)
	for _, b := range parties(4) {
		d.happens(b, seating.EventBookingCreated)
	}
	old := e.worker(t, sink)
	old.beats()
	rows := old.sweep(sink, 100)
	heir := old.heir(e)
	before := queued(t, e.Store, sink)
	log := store.Delivery{
		Restaurant: d.ID(), Endpoint: endpoint, EventID: rows[0].ID, EventType: rows[0].EventType, DedupeKey: rows[0].DedupeKey, Attempt: 1,
		At: e.Clock.Instant(), Took: 20 * time.Millisecond, Outcome: "delivered", Status: 204,
	}
	circuit := store.Circuit{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Minute, Failures: 5}
	turned := old.turn(store.Turn{
		Sink: sink, Done: []store.Settled{at(rows[0])}, Failed: []store.Failed{failed(rows[1], time.Minute)},
		Dead:     []store.Died{{Settled: at(rows[2]), Cause: store.CauseRefused, Key: store.ToldKey(NewID[[16]byte]())}},
		Circuits: []store.Circuit{circuit}, Log: []store.Delivery{log}, Sweep: true, Limit: 10, PerFlow: 10,
	})
	if len(turned.Settled)+len(turned.Rows) != 0 || len(turned.Lost) != store.Lanes {
		t.Errorf("Turn of who lost its lanes = %+v, want nothing settled, nothing handed out, all lost", turned)
	}
	if diff := cmp.Diff(before, queued(t, e.Store, sink)); diff != "" {
		t.Errorf("what waits (-before +after):\n%s", diff)
	}
	if n := backlogOf(t, e.Store, sink); n.Circuits+n.Parked+n.Dead != 0 {
		t.Errorf("Backlog = %+v, want nothing parked or dead", n)
	}
	// Only the log does not ask: the attempt was made.
	got, err := e.Store.Deliveries(t.Context(), d.ID(), endpoint, 0, 10)
	if err != nil || len(got) != 1 {
		t.Fatalf("Deliveries = %+v, %v, want the one", got, err)
	}
	log.ID = got[0].ID
	if diff := cmp.Diff(log, got[0]); diff != "" || log.ID == 0 {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	// One lane alone may be lost, and one token alone be old.
	claims := heir.claims(sink)
	for i := range claims {
		if claims[i].Lane == store.Lane(flow) {
			claims[i].Token--
		}
	}
	if turned := heir.turn(store.Turn{Sink: sink, Claims: claims, Done: []store.Settled{at(rows[0])}}); len(turned.Settled) != 0 || !cmp.Equal(turned.Lost, []int{store.Lane(flow)}) {
		t.Errorf("Turn with one old token = %+v, want that lane lost", turned)
	}
	if turned := heir.done(rows[0]); len(turned.Settled) != 1 {
		t.Errorf("Turn of who has the lanes = %+v, want the row settled", turned)
	}
	old.share.Lanes = heir.share.Lanes
	if turned := old.done(rows[1]); len(turned.Settled) != 0 {
		t.Errorf("Turn with the token of another = %+v, want nothing settled", turned)
	}
}

func pausedHandsOutNothing(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink := store.SinkObservability
	x := d.happens(NewID[seating.BookingID](), seating.EventBookingCreated, seating.EventBookingConfirmed)
	w := e.worker(t)
	w.beats()
	rows := w.hands(sink, x...)
	if err := e.Store.Pause(t.Context(), sink, true, note("outbox.pause")); err != nil {
		t.Fatalf("Pause = %v", err)
	}
	if share := w.beats(); !cmp.Equal(share.Paused, []string{sink}) || len(share.Lanes) != 2*store.Lanes {
		t.Errorf("Beat = %+v, want the one sink paused", share)
	}
	turned := w.turn(store.Turn{Sink: sink, Done: []store.Settled{at(rows[0])}, Sweep: true, Limit: 10, PerFlow: 10})
	if !turned.Paused || len(turned.Rows) != 0 || len(turned.Settled) != 1 || turned.More {
		t.Errorf("Turn of a paused sink = %+v, want what was delivered to count and nothing handed out", turned)
	}
	moved, err := e.Store.Move(t.Context(), store.Move{Worker: w.name, Claims: w.claims(sink), Limit: 10, PerFlow: 10})
	if err != nil || !moved.Paused || len(moved.Rows) != 0 {
		t.Errorf("Move of a paused sink = %+v, %v, want nothing", moved, err)
	}
	if turned := w.turn(store.Turn{Sink: store.SinkWebhook, Sweep: true, Limit: 10, PerFlow: 10}); turned.Paused {
		t.Errorf("the other sink is paused, too")
	}
	if err := e.Store.Pause(t.Context(), sink, false, note("outbox.resume")); err != nil {
		t.Fatalf("Pause = %v", err)
	}
	if share := w.beats(); len(share.Paused) != 0 {
		t.Errorf("Beat = %+v, want nothing paused", share)
	}
	w.hands(sink, x[1])
}

// flowsAreFair: with 40 rows of one restaurant in front, the row of another is
// handed out in the first turn.
func flowsAreFair(t *testing.T, e Env) {
	sink := store.SinkObservability
	var all []*Seed
	for _, slug := range []string{"one", "two", "three"} {
		all = append(all, Plant(t, e.Store, e.Clock, slug))
	}
	for _, b := range parties(40) {
		all[0].happens(b, seating.EventBookingCreated)
	}
	for _, d := range all[1:] {
		d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	}
	w := e.worker(t)
	w.beats()
	turned := w.turn(store.Turn{Sink: sink, Sweep: true, Limit: 20, PerFlow: 5})
	n := map[seating.RestaurantID]int{}
	for _, row := range turned.Rows {
		n[row.Restaurant]++
	}
	if diff := cmp.Diff(map[seating.RestaurantID]int{all[0].ID(): 5, all[1].ID(): 1, all[2].ID(): 1}, n); diff != "" || !turned.More {
		t.Errorf("more %t, rows of each restaurant (-want +got):\n%s", turned.More, diff)
	}
	if turned.Next != (store.FlowRef{}) {
		t.Errorf("the sweep goes on at %+v, it was at its end", turned.Next)
	}
}

func sweepGoesOn(t *testing.T, e Env) {
	sink := store.SinkObservability
	const flows, each = 5, 3
	want := map[seating.FlowID][]string{}
	for _, slug := range []string{"one", "two", "three", "four", "five"} {
		d := Plant(t, e.Store, e.Clock, slug)
		for _, b := range parties(each) {
			want[seating.FlowID(d.ID())] = append(want[seating.FlowID(d.ID())], d.happens(b, seating.EventBookingCreated)...)
		}
	}
	w := e.worker(t)
	w.beats()
	got := map[seating.FlowID][]string{}
	var from store.FlowRef
	var order []store.FlowRef
	for range flows * each * 2 {
		turned := w.turn(store.Turn{Sink: sink, Sweep: true, From: from, Limit: 2, PerFlow: 2})
		var done []store.Settled
		for _, row := range turned.Rows {
			ref := store.FlowRef{Lane: row.Lane, Flow: row.Flow}
			if len(order) == 0 || order[len(order)-1] != ref {
				order = append(order, ref)
			}
			got[row.Flow] = append(got[row.Flow], row.DedupeKey)
			done = append(done, at(row))
		}
		if len(turned.Rows) > 2 {
			t.Fatalf("Turn = %d rows, the limit is 2", len(turned.Rows))
		}
		w.turn(store.Turn{Sink: sink, Done: done})
		if from = turned.Next; from == (store.FlowRef{}) {
			break
		}
		if !turned.More {
			t.Errorf("a sweep that goes on says that there is no more")
		}
	}
	if len(got) != flows {
		t.Errorf("one sweep came to %d of %d flows", len(got), flows)
	}
	for i, ref := range order[1:] {
		if before := order[i]; before.Lane > ref.Lane || before.Lane == ref.Lane && before.Flow.Compare(ref.Flow) >= 0 {
			t.Errorf("the sweep went from %v to %v", before, ref)
		}
	}
	rest := w.turn(store.Turn{Sink: sink, Sweep: true, Limit: 100, PerFlow: 100})
	if rest.More {
		t.Errorf("a sweep without a bound says that there is more")
	}
	for _, row := range rest.Rows {
		got[row.Flow] = append(got[row.Flow], row.DedupeKey)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("all that was handed out (-want +got):\n%s", diff)
	}
}

func busyFlowsAreLeftOut(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	sink := store.SinkObservability
	x, y := d.happens(seating.BookingID{}, seating.EventFloorChanged), o.happens(seating.BookingID{}, seating.EventFloorChanged)
	w := e.worker(t)
	w.beats()
	turned := w.turn(store.Turn{Sink: sink, Sweep: true, Busy: []seating.FlowID{seating.FlowID(d.ID())}, Limit: 10, PerFlow: 10})
	if diff := cmp.Diff(y, keys(turned.Rows)); diff != "" {
		t.Errorf("handed out beside a busy flow (-want +got):\n%s", diff)
	}
	turned = w.turn(store.Turn{Sink: sink, Flows: []store.FlowRef{place(d.ID())}, Limit: 10, PerFlow: 10})
	if diff := cmp.Diff(x, keys(turned.Rows)); diff != "" {
		t.Errorf("handed out of a flow that is asked for (-want +got):\n%s", diff)
	}
}

func onlyClaimedLanes(t *testing.T, e Env) {
	sink := store.SinkObservability
	var seeds []*Seed
	for _, slug := range []string{"one", "two", "three", "four"} {
		d := Plant(t, e.Store, e.Clock, slug)
		d.happens(seating.BookingID{}, seating.EventFloorChanged)
		seeds = append(seeds, d)
	}
	w := e.worker(t)
	w.beats()
	for _, d := range seeds {
		var rest []store.Claim
		for _, c := range w.claims(sink) {
			if c.Lane != laneOf(d.ID()) {
				rest = append(rest, c)
			}
		}
		for name, turn := range map[string]store.Turn{
			"a sweep": {Sweep: true}, "its flow": {Flows: []store.FlowRef{place(d.ID())}},
			"its flow in another lane": {Flows: []store.FlowRef{{Lane: rest[0].Lane, Flow: seating.FlowID(d.ID())}}},
		} {
			turn.Sink, turn.Claims, turn.Limit, turn.PerFlow = sink, rest, 10, 10
			for _, row := range w.turn(turn).Rows {
				if row.Restaurant == d.ID() {
					t.Errorf("%s without a claim for its lane hands out a row", name)
				}
			}
		}
	}
}

func eventsAreMovedOnce(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	b := NewID[seating.BookingID]()
	want := d.happens(b, seating.EventBookingCreated, "tomorrow.sync", "plain")
	e.Clock.Advance(3 * time.Second)
	w := e.worker(t)
	w.beats()
	rows := queued(t, e.Store, store.SinkObservability)
	// One of them arrived before, and its row is still there.
	script := "INSERT INTO observability_events (dedupe_key, id, restaurant_id, source, event_type, severity, version, schema_version, context, created_at, recorded_at) " +
		"SELECT dedupe_key, id, restaurant_id, 'tomorrow', 'was there', severity, 1, 1, '{}', created_at, created_at FROM capacity_outbox WHERE dedupe_key = '" + want[1] + "'"
	if err := raw.RawSQL(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	moved, err := e.Store.Move(t.Context(), store.Move{Worker: w.name, Claims: w.claims(store.SinkObservability), Limit: 10, PerFlow: 10})
	if err != nil || len(moved.Rows) < 2 || len(moved.Lost) != 0 || moved.Paused {
		t.Fatalf("Move = %+v, %v", moved, err)
	}
	if first := moved.Rows[0]; first != (store.MovedRow{ID: rows[0].ID, Type: seating.EventBookingCreated, Waited: 3 * time.Second}) {
		t.Errorf("the first row moved = %+v", first)
	}
	if left := queued(t, e.Store, store.SinkObservability); len(left) != 0 {
		t.Errorf("%d rows are left", len(left))
	}
	got, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), store.ObservedQuery{Limit: 10})
	if err != nil || len(got) != 3 {
		t.Fatalf("ObservabilityEvents = %+v, %v, want three", got, err)
	}
	event := store.ObservedEvent{
		ID: rows[0].ID, Key: want[0], Booking: b, Source: "booking", Type: seating.EventBookingCreated, Severity: seating.SeverityInfo, Version: d.House.Version,
		SchemaVersion: 1, Context: got[2].Context, CreatedAt: Opening, RecordedAt: e.Clock.Instant(),
	}
	if diff := cmp.Diff(event, got[2]); diff != "" {
		t.Errorf("the event (-want +got):\n%s", diff)
	}
	if !containsAll(string(got[2].Context), b.String(), d.House.Public().String()) {
		t.Errorf("its context is %s", got[2].Context)
	}
	if got[1].Type != "was there" || got[0].Source != "plain" {
		t.Errorf("the others are %+v and %+v, want the first one kept as it was, and a type of one word", got[1], got[0])
	}
	if again, err := e.Store.Move(t.Context(), store.Move{Worker: w.name, Claims: w.claims(store.SinkObservability), Limit: 10, PerFlow: 10}); err != nil || len(again.Rows) != 0 || again.More {
		t.Errorf("Move again = %+v, %v, want nothing", again, err)
	}
}

func movesAreFenced(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	var want []string
	for _, b := range parties(5) {
		want = append(want, d.happens(b, seating.EventBookingCreated)...)
		o.happens(b, seating.EventBookingCreated)
	}
	sink := store.SinkObservability
	old := e.worker(t)
	old.beats()
	move := func(w *outboxWorker, m store.Move) store.Moved {
		t.Helper()
		m.Worker, m.Claims = w.name, w.claims(sink)
		moved, err := e.Store.Move(t.Context(), m)
		if err != nil {
			t.Fatalf("Move = %v", err)
		}
		return moved
	}
	moved := move(old, store.Move{Flows: []store.FlowRef{place(d.ID())}, Limit: 10, PerFlow: 2})
	if len(moved.Rows) != 2 || !moved.More {
		t.Fatalf("Move(two of a flow) = %+v, want two rows and more", moved)
	}
	heir := old.heir(e)
	if s := heir.suspects(); len(s) != 0 {
		t.Errorf("suspects = %v, want none: what is moved is nobody's", s)
	}
	if moved := move(old, store.Move{Limit: 10, PerFlow: 10}); len(moved.Rows) != 0 || len(moved.Lost) != store.Lanes {
		t.Errorf("Move of who lost its lanes = %+v, want nothing", moved)
	}
	var from store.FlowRef
	for range 20 {
		moved := move(heir, store.Move{From: from, Limit: 3, PerFlow: 3})
		from = moved.Next
		if len(moved.Rows) == 0 && !moved.More {
			break
		}
	}
	for _, s := range []*Seed{d, o} {
		got, err := e.Store.ObservabilityEvents(t.Context(), s.ID(), store.ObservedQuery{Limit: 10})
		if err != nil || len(got) != 5 {
			t.Errorf("%d events arrived, %v, want five", len(got), err)
		}
		if s == d {
			for i, key := range want {
				if got[len(got)-1-i].Key != key {
					t.Errorf("event %d is %s, want %s", i, got[len(got)-1-i].Key, key)
				}
			}
		}
	}
	if n := backlogOf(t, e.Store, sink); n.Rows != 0 || n.Oldest != 0 {
		t.Errorf("Backlog = %+v, want nothing", n)
	}
}
