package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// workerTests say who owns which lanes of the outbox, and until when.
var workerTests = []test{
	{"AWorkerAloneHasEveryLane", aloneWorkerHasAll},
	{"WorkersShareTheLanesFairly", workersShareFairly},
	{"LanesGoOverWhenTheLeaseEnds", lanesGoOver},
	{"AWorkerThatIsLateKeepsWhatNobodyTook", lateWorkerKeeps},
	{"AWorkerGivesItsLanesUpInOrder", workerGivesUp},
	{"ADeadWorkersRowsAreSuspects", deadWorkersSuspects},
	{"WhatWasSettledIsNoSuspect", settledIsNoSuspect},
	{"ASuspectIsHandedOutOneAtATime", suspectOneAtATime},
	{"ASuspectThatIsParkedStays", parkedSuspectStays},
	{"SinksOfOthersAreLeftAlone", sinksOfOthers},
	{"WorkersThatAreLongGoneAreForgotten", goneWorkersAreForgotten},
	{"WaitingNamesTheSinksWithWork", waitingNamesSinks},
}

// lanesOf counts the lanes of each sink.
func lanesOf(s store.Share) map[string]int {
	n := map[string]int{}
	for _, l := range s.Lanes {
		n[l.Sink]++
	}
	return n
}

func aloneWorkerHasAll(t *testing.T, e Env) {
	w := e.worker(t)
	first := w.beats()
	want := map[string]int{store.SinkObservability: store.Lanes, store.SinkWebhook: store.Lanes}
	if diff := cmp.Diff(want, lanesOf(first)); diff != "" || first.Workers != 1 || first.Fair != store.Lanes || len(first.Paused) != 0 {
		t.Errorf("Beat = %+v, lanes (-want +got):\n%s", first, diff)
	}
	if first.Now != Opening || first.Until != Opening.Add(lease) {
		t.Errorf("the lease is from %s to %s, want %s from %s on", first.Now, first.Until, lease, Opening)
	}
	e.Clock.Advance(lease - 1)
	second := w.beats()
	if second.Until != e.Clock.Instant().Add(lease) {
		t.Errorf("the second lease ends %s, want %s", second.Until, e.Clock.Instant().Add(lease))
	}
	if diff := cmp.Diff(first.Lanes, second.Lanes); diff != "" {
		t.Errorf("a beat in time changed the lanes (-first +second):\n%s", diff)
	}
	one := e.worker(t, store.SinkWebhook)
	if share := one.beats(); len(share.Lanes) != 0 || share.Fair != store.Lanes/2 || share.Workers != 2 {
		t.Errorf("Beat of a second worker = %+v, want no lane and the half of them as its fair share", share)
	}
}

// tokens are those of all lanes of all workers; a lane of two is an error.
func tokens(t *testing.T, workers ...*outboxWorker) map[store.LaneRef]int64 {
	t.Helper()
	all := map[store.LaneRef]int64{}
	for _, w := range workers {
		for _, l := range w.share.Lanes {
			ref := store.LaneRef{Sink: l.Sink, Lane: l.Lane}
			if _, taken := all[ref]; taken {
				t.Errorf("two workers have the lane %v", ref)
			}
			all[ref] = l.Token
		}
	}
	return all
}

// giveSurplus gives up what a worker has above its fair share.
func (w *outboxWorker) giveSurplus() {
	w.t.Helper()
	w.beats()
	has := map[string]int{}
	var surplus []store.LaneRef
	for _, l := range w.share.Lanes {
		if has[l.Sink]++; has[l.Sink] > w.share.Fair {
			surplus = append(surplus, store.LaneRef{Sink: l.Sink, Lane: l.Lane})
		}
	}
	if surplus == nil {
		return
	}
	if err := w.store.GiveUp(w.t.Context(), w.name, surplus); err != nil {
		w.t.Fatalf("GiveUp = %v", err)
	}
	w.beats()
}

func workersShareFairly(t *testing.T, e Env) {
	var workers []*outboxWorker
	for n, fair := range []int{16, 8, 6} {
		w := e.worker(t)
		w.beats()
		before := tokens(t, append(workers, w)...)
		for _, o := range workers {
			o.giveSurplus()
		}
		w.beats()
		workers = append(workers, w)
		for _, o := range workers {
			o.beats()
			if o.share.Workers != n+1 || o.share.Fair != fair {
				t.Errorf("with %d workers Beat says %d workers and a fair share of %d, want %d", n+1, o.share.Workers, o.share.Fair, fair)
			}
			for sink, has := range lanesOf(o.share) {
				if has > fair || has < store.Lanes-n*fair {
					t.Errorf("with %d workers one has %d lanes of %s, want at most %d and the rest for the last", n+1, has, sink, fair)
				}
			}
		}
		after := tokens(t, workers...)
		if len(after) != 2*store.Lanes {
			t.Errorf("%d workers have %d lanes, want all %d", n+1, len(after), 2*store.Lanes)
		}
		for _, l := range w.share.Lanes {
			ref := store.LaneRef{Sink: l.Sink, Lane: l.Lane}
			if was, known := before[ref]; known && n > 0 && l.Token <= was {
				t.Errorf("the lane %v went over with the token %d, it was %d", ref, l.Token, was)
			}
		}
	}
}

func lanesGoOver(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	dead, heir := e.worker(t), e.worker(t)
	dead.beats()
	was := tokens(t, dead)
	e.Clock.Advance(lease - time.Microsecond)
	if share := heir.beats(); len(share.Lanes) != 0 || share.Workers != 2 {
		t.Errorf("Beat before the other's lease ended = %+v, want no lane", share)
	}
	e.Clock.Advance(time.Microsecond)
	if share := heir.beats(); len(share.Lanes) != 2*store.Lanes || share.Workers != 1 || share.Fair != store.Lanes {
		t.Errorf("Beat at the end of the other's lease = %d lanes, %d workers, fair %d, want all", len(share.Lanes), share.Workers, share.Fair)
	}
	for ref, token := range tokens(t, heir) {
		if token <= was[ref] {
			t.Errorf("the lane %v went over with the token %d, it was %d", ref, token, was[ref])
		}
	}
	// The dead one comes back and has nothing.
	turned := dead.turn(store.Turn{Sink: store.SinkObservability, Sweep: true, Limit: 10, PerFlow: 10})
	if len(turned.Rows) != 0 || len(turned.Lost) != store.Lanes {
		t.Errorf("Turn of who lost its lanes = %d rows, lost %v, want no row and all lanes lost", len(turned.Rows), turned.Lost)
	}
	if share := dead.beats(); len(share.Lanes) != 0 {
		t.Errorf("Beat of who lost its lanes = %+v, want none", share.Lanes)
	}
	if got := heir.sweep(store.SinkObservability, 10); len(got) != 1 {
		t.Errorf("the heir is handed %d rows, want the one", len(got))
	}
}

func lateWorkerKeeps(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	w := e.worker(t)
	w.beats()
	rows := w.sweep(store.SinkObservability, 10)
	was := tokens(t, w)
	e.Clock.Advance(lease)
	if turned := w.done(rows...); len(turned.Settled) != 0 || len(turned.Lost) != store.Lanes {
		t.Errorf("Turn after the lease = settled %v, lost %v, want nothing settled and all lost", turned.Settled, turned.Lost)
	}
	w.beats()
	if diff := cmp.Diff(was, tokens(t, w)); diff != "" {
		t.Errorf("lanes of who is late, that nobody took (-before +after):\n%s", diff)
	}
	if turned := w.done(rows...); len(turned.Settled) != 1 {
		t.Errorf("Turn after the next beat = %+v, want the row settled", turned)
	}
}

func workerGivesUp(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	lane := laneOf(d.ID())
	w, o := e.worker(t), e.worker(t)
	w.beats()
	rows := w.sweep(store.SinkObservability, 10)
	ctx := t.Context()
	// Nobody gives up the lanes of another, and an empty list is nothing.
	if err := e.Store.GiveUp(ctx, o.name, []store.LaneRef{{Sink: store.SinkObservability, Lane: lane}}); err != nil {
		t.Fatalf("GiveUp = %v", err)
	}
	if err := e.Store.GiveUp(ctx, w.name, []store.LaneRef{}); err != nil {
		t.Fatalf("GiveUp = %v", err)
	}
	if share := w.beats(); len(share.Lanes) != 2*store.Lanes {
		t.Fatalf("Beat = %d lanes, want all of them still", len(share.Lanes))
	}
	if err := e.Store.GiveUp(ctx, w.name, []store.LaneRef{{Sink: store.SinkObservability, Lane: lane}}); err != nil {
		t.Fatalf("GiveUp = %v", err)
	}
	if turned := w.done(rows...); len(turned.Settled) != 0 || !cmp.Equal(turned.Lost, []int{lane}) {
		t.Errorf("Turn in a lane that was given up = settled %v, lost %v, want nothing settled and %d lost", turned.Settled, turned.Lost, lane)
	}
	share := o.beats()
	if len(share.Lanes) != 1 || share.Lanes[0].Lane != lane || share.Lanes[0].Sink != store.SinkObservability {
		t.Fatalf("Beat of another = %+v, want the one lane that was given up", share.Lanes)
	}
	if s := share.Lanes[0].Suspects; len(s) != 0 {
		t.Errorf("a lane that was given up in order has the suspects %v", s)
	}
	if got := o.sweep(store.SinkObservability, 10); !cmp.Equal(idsOf(got), idsOf(rows)) {
		t.Errorf("the other is handed %v, want %v", idsOf(got), idsOf(rows))
	}
	// Without a list all lanes are free and the worker is forgotten.
	if err := e.Store.GiveUp(ctx, w.name, nil); err != nil {
		t.Fatalf("GiveUp = %v", err)
	}
	if share := o.beats(); share.Workers != 1 || len(share.Lanes) != 2*store.Lanes {
		t.Errorf("Beat after the other went = %d workers, %d lanes, want one with all", share.Workers, len(share.Lanes))
	}
}

// suspects are those of all lanes of the last beat.
func (w *outboxWorker) suspects() []store.Handed {
	var all []store.Handed
	for _, l := range w.share.Lanes {
		all = append(all, l.Suspects...)
	}
	return all
}

// heir makes a worker that takes over what another had.
func (w *outboxWorker) heir(e Env) *outboxWorker {
	w.t.Helper()
	e.Clock.Advance(lease)
	next := e.worker(w.t, w.sinks...)
	next.beats()
	if len(next.share.Lanes) != len(w.sinks)*store.Lanes {
		w.t.Fatalf("the heir has %d lanes, want all", len(next.share.Lanes))
	}
	return next
}

// suspect asks for the next suspect of a flow.
func (w *outboxWorker) suspect(sink string, flow seating.FlowID, last int64) *store.OutboxRow {
	w.t.Helper()
	row, err := w.store.Suspect(w.t.Context(), w.name, sink, w.claim(sink, flow), flow, last)
	if err != nil {
		w.t.Fatalf("Suspect = %v", err)
	}
	return row
}

func deadWorkersSuspects(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	for _, s := range []*Seed{d, o} {
		for _, b := range parties(3) {
			s.happens(b, seating.EventBookingCreated)
		}
	}
	first := e.worker(t)
	first.beats()
	if got := first.suspects(); len(got) != 0 {
		t.Errorf("a first worker has the suspects %v", got)
	}
	flow := seating.FlowID(d.ID())
	turned := first.turn(store.Turn{Sink: store.SinkObservability, Flows: []store.FlowRef{{Lane: store.Lane(flow), Flow: flow}}, Limit: 2, PerFlow: 2})
	if len(turned.Rows) != 2 {
		t.Fatalf("Turn = %d rows, want two", len(turned.Rows))
	}
	second := first.heir(e)
	want := []store.Handed{{Flow: flow, Last: turned.Rows[1].ID}}
	if diff := cmp.Diff(want, second.suspects()); diff != "" {
		t.Errorf("suspects (-want +got):\n%s", diff)
	}
	for _, l := range second.share.Lanes {
		if len(l.Suspects) > 0 && (l.Sink != store.SinkObservability || l.Lane != store.Lane(flow)) {
			t.Errorf("the suspects are those of lane %d of %s, want %d of observability", l.Lane, l.Sink, store.Lane(flow))
		}
	}
	if second.beats(); len(second.suspects()) != 0 {
		t.Errorf("the next beat tells the suspects again: %v", second.suspects())
	}
	// Who inherits them and dies at once leaves them behind.
	third := second.heir(e)
	if diff := cmp.Diff(want, third.suspects()); diff != "" {
		t.Errorf("suspects of the second heir (-want +got):\n%s", diff)
	}
}

// settledIsNoSuspect: what was delivered, failed or died is not what killed the
// worker, whatever became of it since.
func settledIsNoSuspect(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := parties(4)
	for _, party := range b[:3] {
		d.happens(party, seating.EventBookingCreated)
	}
	d.happens(b[1], seating.EventBookingConfirmed) // behind the one that fails
	w := e.worker(t)
	w.beats()
	rows := w.sweep(store.SinkObservability, 10)
	if len(rows) != 4 {
		t.Fatalf("%d rows, want 4", len(rows))
	}
	w.turn(store.Turn{
		Sink: store.SinkObservability, Done: []store.Settled{at(rows[0])}, Failed: []store.Failed{failed(rows[1], time.Second)},
		Dead: []store.Died{{Settled: at(rows[2]), Cause: store.CauseRefused, Key: store.ToldKey(NewID[[16]byte]())}},
	})
	next := w.heir(e)
	if got := next.suspects(); len(got) != 0 {
		t.Errorf("suspects = %v, want none", got)
	}
	again := next.sweep(store.SinkObservability, 10)
	if len(again) < 2 || !cmp.Equal(idsOf(again[:2]), []int64{rows[1].ID, rows[3].ID}) || again[0].Handovers != 0 || again[0].Attempts != 1 {
		t.Errorf("handed out = %+v, want the one that failed and the one behind it, without a handover", again)
	}
}

func suspectOneAtATime(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	sink, flow := store.SinkObservability, seating.FlowID(d.ID())
	for _, b := range parties(3) {
		d.happens(b, seating.EventBookingCreated)
	}
	first := e.worker(t)
	first.beats()
	rows := first.sweep(sink, 10)
	first.done(rows[0])
	second := first.heir(e)
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated) // nobody had it
	if diff := cmp.Diff([]store.Handed{{Flow: flow, Last: rows[2].ID}}, second.suspects()); diff != "" {
		t.Fatalf("suspects (-want +got):\n%s", diff)
	}
	is := func(w *outboxWorker, want store.OutboxRow, handovers int) {
		t.Helper()
		want.Handovers = handovers
		got := w.suspect(sink, flow, rows[2].ID)
		if got == nil || !cmp.Equal(*got, want) {
			t.Fatalf("Suspect = %+v, want row %d with %d handovers", got, want.ID, handovers)
		}
	}
	is(second, rows[1], 1)
	second.done(rows[1])
	is(second, rows[2], 1)
	third := second.heir(e) // died of it
	if diff := cmp.Diff([]store.Handed{{Flow: flow, Last: rows[2].ID}}, third.suspects()); diff != "" {
		t.Fatalf("suspects of the third (-want +got):\n%s", diff)
	}
	is(third, rows[2], 2)
	if row, err := e.Store.Suspect(t.Context(), second.name, sink, second.claim(sink, flow), flow, rows[2].ID); err != nil || row != nil {
		t.Errorf("Suspect of who lost the lane = %+v, %v, want nil", row, err)
	}
	for _, o := range queued(t, e.Store, sink) {
		if want := map[int64]int{rows[2].ID: 2}[o.ID]; o.Handovers != want {
			t.Errorf("row %d has %d handovers, want %d", o.ID, o.Handovers, want)
		}
	}
	fourth := third.heir(e)
	is(fourth, rows[2], 3)
	key := store.ToldKey(NewID[[16]byte]())
	fourth.turn(store.Turn{Sink: sink, Dead: []store.Died{{Settled: at(rows[2]), Cause: store.CauseCrashLoop, Key: key}}})
	if got := fourth.suspect(sink, flow, rows[2].ID); got != nil {
		t.Errorf("Suspect = %+v, want none: the next row was never handed out", got)
	}
	left := fourth.sweep(sink, 10)
	if len(left) != 2 || left[0].Handovers != 0 || left[1].DedupeKey != key {
		t.Errorf("handed out = %+v, want the innocent row and the event of the death", left)
	}
	fourth.done(left...)
	if fifth := fourth.heir(e); len(fifth.suspects()) != 0 {
		t.Errorf("suspects at the end = %v, want none", fifth.suspects())
	}
}

func parkedSuspectStays(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	sink, flow := store.SinkWebhook, seating.FlowID(endpoint)
	for _, b := range parties(2) {
		d.happens(b, seating.EventBookingCreated)
	}
	first := e.worker(t)
	first.beats()
	rows := first.sweep(sink, 10)
	second := first.heir(e)
	got := second.suspect(sink, flow, rows[1].ID)
	if got == nil || got.ID != rows[0].ID {
		t.Fatalf("Suspect = %+v, want row %d", got, rows[0].ID)
	}
	second.turn(store.Turn{Sink: sink, Failed: []store.Failed{failed(*got, time.Minute)}})
	if got := second.suspect(sink, flow, rows[1].ID); got == nil || got.ID != rows[1].ID {
		t.Errorf("Suspect = %+v, want the row of another party", got)
	}
	second.turn(store.Turn{Sink: sink, Circuits: []store.Circuit{{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Minute, Failures: 5}}})
	if got := second.suspect(sink, flow, rows[1].ID); got != nil {
		t.Errorf("Suspect while the circuit is open = %+v, want nil", got)
	}
	// The worker lived to see the first fail: it is not what workers die of.
	for i, o := range queued(t, e.Store, sink) {
		if o.Handovers != i {
			t.Errorf("row %d has %d handovers, want %d", i, o.Handovers, i)
		}
	}
}

func sinksOfOthers(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	err := raw.RawSQL(t.Context(), "INSERT INTO outbox_sink (sink) VALUES ('fax');\nINSERT INTO outbox_lane (sink, lane) SELECT 'fax', lane FROM outbox_lane WHERE sink = 'webhook';\n"+
		"UPDATE capacity_outbox SET sink = 'fax'")
	if err != nil {
		t.Fatal(err)
	}
	w := e.worker(t)
	if n := lanesOf(w.beats())["fax"]; n != 0 {
		t.Errorf("a worker has %d lanes of a sink that it does not serve", n)
	}
	for _, sink := range append(store.Sinks(), "fax") {
		if rows := w.sweep(sink, 10); len(rows) != 0 {
			t.Errorf("%s hands out %v", sink, rows)
		}
	}
	if rows := queued(t, e.Store, "fax"); len(rows) != 1 {
		t.Errorf("%d rows of the other's sink wait, want the one", len(rows))
	}
	if b := backlogOf(t, e.Store, "fax"); b.Rows != 1 || b.Workers != 0 {
		t.Errorf("Backlog = %+v, want one row and no worker", b)
	}
	o := e.worker(t, "fax", "pigeon")
	if diff := cmp.Diff(map[string]int{"fax": 8}, lanesOf(o.beats())); diff != "" {
		t.Errorf("lanes of who serves it (-want +got):\n%s", diff)
	}
}

func goneWorkersAreForgotten(t *testing.T, e Env) {
	raw := rawOf(t, e)
	gone, stays := e.worker(t), e.worker(t)
	gone.beats()
	count := func(want int64) {
		t.Helper()
		if n, err := raw.RawCount(t.Context(), "SELECT COUNT(id) FROM outbox_worker"); err != nil || n != want {
			t.Errorf("%d workers are remembered, %v, want %d", n, err, want)
		}
	}
	e.Clock.Advance(lease)
	stays.beats()
	count(2)
	e.Clock.Advance(24 * time.Hour)
	stays.beats()
	count(1)
}

func waitingNamesSinks(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	w := e.worker(t)
	w.beats()
	waits := func(want ...string) {
		t.Helper()
		got, err := e.Store.Waiting(t.Context(), w.name)
		if diff := cmp.Diff(want, got); err != nil || len(want)+len(got) > 0 && diff != "" {
			t.Errorf("Waiting = %v (-want +got):\n%s", err, diff)
		}
	}
	waits()
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	waits(store.SinkObservability)
	endpoint := d.endpoint()
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	waits(store.SinkObservability, store.SinkWebhook)
	if got, err := e.Store.Waiting(t.Context(), e.worker(t).name); err != nil || len(got) != 0 {
		t.Errorf("Waiting of a worker without lanes = %v, %v, want none", got, err)
	}
	if err := e.Store.Pause(t.Context(), store.SinkObservability, true, note("outbox.pause")); err != nil {
		t.Fatalf("Pause = %v", err)
	}
	waits(store.SinkWebhook)
	flow := seating.FlowID(endpoint)
	circuit := store.Circuit{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: 10 * time.Second, Failures: 5}
	w.turn(store.Turn{Sink: store.SinkWebhook, Circuits: []store.Circuit{circuit}})
	waits()
	e.Clock.Advance(10 * time.Second)
	w.beats()
	waits(store.SinkWebhook)
	w.done(w.sweep(store.SinkWebhook, 10)...)
	circuit.Open = false
	w.turn(store.Turn{Sink: store.SinkWebhook, Circuits: []store.Circuit{circuit}})
	waits()
}
