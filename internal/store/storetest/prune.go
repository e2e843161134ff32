package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// pruneTests say what goes when it has been kept for its time, and what never does.
var pruneTests = []test{
	{"ReceiptsGoWhenTheirTimeIsOver", receiptsGo},
	{"EndedHoldsGoWhenTheirTimeIsOver", endedHoldsGo},
	{"HistoryGoesWithItsNotes", historyGoes},
	{"TheJournalGoesUpToACheckpoint", journalGoes},
	{"TheJournalStaysWithoutACheckpoint", journalStays},
	{"ACheckpointIsTheHouseAsItStands", checkpointIsTheHouse},
	{"DeadLettersAndEventsHaveTimesOfTheirOwn", deadAndEventsGo},
	{"DeliveriesAndOperationsGo", deliveriesAndOperationsGo},
	{"APrunerWithoutItsLeaseDeletesNothing", prunerWithoutLease},
	{"WhatIsNotKeptCannotBePruned", unknownKept},
}

// prunes runs batches until there is no more, and returns how many rows went.
func (e Env) prunes(t *testing.T, p store.Prune) int64 {
	t.Helper()
	var rows int64
	for range 100 {
		done, err := e.Store.Prune(t.Context(), p)
		if err != nil {
			t.Fatalf("Prune(%s) = %v", p.Kept, err)
		}
		if done.Rows > int64(p.Limit) || done.More != (done.Rows == int64(p.Limit)) || done.Lost {
			t.Fatalf("Prune(%s) = %+v, the limit is %d", p.Kept, done, p.Limit)
		}
		if rows += done.Rows; !done.More {
			if done.Oldest != 0 {
				t.Errorf("Prune(%s) = %+v, want nothing too old when it is through", p.Kept, done)
			}
			return rows
		}
	}
	t.Fatalf("Prune(%s) does not end", p.Kept)
	return 0
}

// pruneOnce is one batch.
func (e Env) pruneOnce(t *testing.T, p store.Prune) store.Pruned {
	t.Helper()
	done, err := e.Store.Prune(t.Context(), p)
	if err != nil {
		t.Fatalf("Prune(%s) = %v", p.Kept, err)
	}
	return done
}

// through demands that five rows, an hour between them, go in batches of two when
// they are older than the time they are kept, and no other.
func (e Env) through(t *testing.T, p store.Prune, left func() int) {
	t.Helper()
	p.Limit, p.Keep = 2, 5*time.Hour-time.Minute // after the fifth came: its first is five hours old
	if done := e.pruneOnce(t, p); done.Rows != 1 || done.More || done.Oldest != 0 || left() != 4 {
		t.Errorf("Prune(%s, %s) = %+v, %d left, want the first to go", p.Kept, p.Keep, done, left())
	}
	p.Keep = 90 * time.Minute
	if done := e.pruneOnce(t, p); done.Rows != 2 || !done.More || done.Oldest != 30*time.Minute || left() != 2 {
		t.Errorf("Prune(%s, %s) = %+v, %d left, want two to go, and one that is 30 min too old", p.Kept, p.Keep, done, left())
	}
	if n := e.prunes(t, p); n != 1 || left() != 1 {
		t.Errorf("Prune(%s, %s) took %d more, %d left, want one of each", p.Kept, p.Keep, n, left())
	}
	if n := e.prunes(t, p); n != 0 || left() != 1 {
		t.Errorf("Prune(%s, %s) took %d that are not old enough", p.Kept, p.Keep, n)
	}
}

// hourly does something five times, an hour apart, and ends an hour after the last.
func (e Env) hourly(do func(i int)) {
	for i := range 5 {
		do(i)
		e.Clock.Advance(time.Hour)
	}
}

func receiptsGo(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	e.hourly(func(i int) {
		for _, s := range []*Seed{d, o} {
			c := s.Change("step", house.Rows{})
			c.Receipt = receipt(s, house.ReceiptKey{Principal: fmt.Sprintf("p%d", 9-i), Key: "k"}, c)
			s.Commit(c)
		}
	})
	e.through(t, store.Prune{Kept: store.KeptReceipts, Restaurant: d.ID()}, func() int { return len(d.Dump().Receipts) })
	if got := d.Dump().Receipts; len(got) != 1 || got[0].Principal != "p5" {
		t.Errorf("the receipts that are left are %+v, want the newest", got)
	}
	if n := len(o.Dump().Receipts); n != 5 {
		t.Errorf("the other restaurant has %d receipts, want all five", n)
	}
	d.Same()
}

func endedHoldsGo(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	before := o.Dump()
	b := d.Booking("B1", 0, 600)
	d.Commit(d.Book(b))
	var last seating.Hold
	e.hourly(func(int) {
		last = d.Hold(b)
		d.Commit(d.TakeHold(last, d.Tables[0]))
		d.Commit(d.Release(last, seating.EndReleased, d.Tables[0]))
	})
	live := d.Hold(b)
	d.Commit(d.TakeHold(live, d.Tables[0]))
	e.through(t, store.Prune{Kept: store.KeptEndedHolds, Restaurant: d.ID()}, func() int { return len(d.Dump().Ended) })
	if dump := d.Dump(); len(dump.Ended) != 1 || dump.Ended[0].ID != last.ID || len(dump.State.Holds) != 1 {
		t.Errorf("the holds that are left are %+v and %+v, want the newest and the live one", dump.Ended, dump.State.Holds)
	}
	o.Unchanged(before)
}

func historyGoes(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	if n := e.prunes(t, store.Prune{Kept: store.KeptHistory, Restaurant: d.ID(), Limit: 10}); n != 0 {
		t.Fatalf("Prune took %d lines of this moment", n)
	}
	// The line of the plan goes first, out of the way.
	e.Clock.Advance(time.Hour)
	if n := e.prunes(t, store.Prune{Kept: store.KeptHistory, Restaurant: d.ID(), Limit: 10}); n != 1 {
		t.Fatalf("Prune took %d lines, want the one of the floor", n)
	}
	e.hourly(func(i int) {
		for _, s := range []*Seed{d, o} {
			c := s.Change("step", house.Rows{})
			c.Notes = []house.NotePut{{Subject: c.History[0].Subject, Text: fmt.Sprintf("note %d", i)}}
			s.Commit(c)
		}
	})
	lines := func(s *Seed) []store.HistoryLine {
		t.Helper()
		lines, err := e.Store.History(t.Context(), s.ID(), "", 0, 100)
		if err != nil {
			t.Fatalf("History = %v", err)
		}
		return lines
	}
	e.through(t, store.Prune{Kept: store.KeptHistory, Restaurant: d.ID()}, func() int { return len(lines(d)) })
	if left := lines(d); len(left) != 1 || left[0].Note != "note 4" || left[0].Version != d.House.Version {
		t.Errorf("the lines that are left are %+v, want the newest with its note", left)
	}
	if left := lines(o); len(left) != 6 || left[0].Note != "note 4" || left[4].Note != "note 0" {
		t.Errorf("the other restaurant has %+v, want all with their notes", left)
	}
	d.Same()
	d.Commit(d.Change("next", house.Rows{}))
	replayEqualsLoad(t, d)
}

// checkpoints writes the house down.
func (e Env) checkpoint(t *testing.T, d *Seed) {
	t.Helper()
	if err := e.Store.Checkpoint(t.Context(), d.ID()); err != nil {
		t.Fatalf("Checkpoint = %v", err)
	}
}

// journalGoes: up to the newest checkpoint that is old enough and far enough back,
// and what is left replays to the house, after every batch.
func journalGoes(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	d.lived()
	o.lived()
	other := o.Dump()
	first := d.House.Version
	e.checkpoint(t, d)
	e.Clock.Advance(time.Hour)
	for range 5 {
		d.Commit(d.Change("step", house.Rows{}))
	}
	second := d.House.Version
	e.checkpoint(t, d)
	e.Clock.Advance(time.Hour)
	for range 3 {
		d.Commit(d.Change("step", house.Rows{}))
	}
	replays := func(when string, from int64, entries int64) {
		t.Helper()
		dump := d.Dump()
		if dump.Checkpoint == nil || dump.Checkpoint.Version != from || int64(len(dump.Journal)) != entries {
			t.Fatalf("%s: Dump has the checkpoint of version %d and %d entries, want %d and %d", when, dump.Checkpoint.Version, len(dump.Journal), from, entries)
		}
		SameHouse(t, d.Load(), d.replayed(dump))
		d.Same()
	}
	all := d.House.Version + 1
	p := store.Prune{Kept: store.KeptJournal, Restaurant: d.ID(), Keep: 3 * time.Hour, Limit: 2}
	if n := e.prunes(t, p); n != 0 {
		t.Errorf("Prune took %d entries before a checkpoint was old enough", n)
	}
	p.Keep = 0
	p.Versions = d.House.Version + 1
	if n := e.prunes(t, p); n != 0 {
		t.Errorf("Prune took %d entries before a checkpoint was %d versions back", n, p.Versions)
	}
	replays("at first", 0, all)
	p.Versions = d.House.Version - first + 1
	if n := e.prunes(t, p); n != 1 {
		t.Errorf("Prune took %d entries, want that of version 0, of which there is a checkpoint", n)
	}
	replays("behind version 0", 0, all-1)
	p.Versions = d.House.Version - first
	if done := e.pruneOnce(t, p); done.Rows != 2 || !done.More || done.Oldest != 2*time.Hour {
		t.Errorf("Prune(a batch) = %+v, want two rows, more, of two hours ago", done)
	}
	replays("after a batch", first, all-3)
	if n := e.prunes(t, p); n != first-2 {
		t.Errorf("Prune took %d more entries, want all %d up to version %d", n, first-2, first)
	}
	replays("up to the first", first, all-first-1)
	if _, err := e.Store.Journal(t.Context(), d.ID(), first-1, 10); !errors.Is(err, store.ErrGone) {
		t.Errorf("Journal(after %d) = %v, want ErrGone", first-1, err)
	}
	if entries, err := e.Store.Journal(t.Context(), d.ID(), first, 100); err != nil || int64(len(entries)) != d.House.Version-first {
		t.Errorf("Journal(after %d) = %d, %v, want all behind it", first, len(entries), err)
	}
	// The age decides as well: the second checkpoint is an hour old.
	p.Versions, p.Keep = 0, 61*time.Minute
	if n := e.prunes(t, p); n != 0 {
		t.Errorf("Prune took %d entries of a checkpoint that is not old enough", n)
	}
	p.Keep = 59 * time.Minute
	if n := e.prunes(t, p); n != second-first {
		t.Errorf("Prune took %d entries, want those up to version %d", n, second)
	}
	replays("up to the second", second, all-second-1)
	d.Commit(d.Book(d.Booking("MORE", 300, 360), d.Tables[0]))
	replays("with the next change", second, all-second)
	o.Unchanged(other)
}

// journalStays: the entry of the current version always, also behind a checkpoint of
// that version, and all of it where there is none.
func journalStays(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	p := store.Prune{Kept: store.KeptJournal, Restaurant: d.ID(), Limit: 10}
	d.Commit(d.Change("step", house.Rows{}))
	e.Clock.Advance(time.Hour)
	if n := e.prunes(t, p); n > 1 {
		t.Errorf("Prune took %d entries, want at most that of version 0", n)
	}
	before := len(d.Dump().Journal)
	e.checkpoint(t, d)
	e.Clock.Advance(time.Hour)
	if n := e.prunes(t, p); int(n) != before-1 {
		t.Errorf("Prune took %d of %d entries, want all but the current one", n, before)
	}
	if dump := d.Dump(); len(dump.Journal) != 1 || dump.Journal[0].Version != d.House.Version || dump.Checkpoint.Version != d.House.Version {
		t.Errorf("Dump has %d entries and the checkpoint of %d, want those of version %d", len(dump.Journal), dump.Checkpoint.Version, d.House.Version)
	}
	d.Commit(d.Change("next", house.Rows{}))
	d.Same()
	SameHouse(t, d.Load(), d.replayed(d.Dump()))
}

func checkpointIsTheHouse(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	d.lived()
	count := func(want int64) {
		t.Helper()
		if n, err := raw.RawCount(t.Context(), "SELECT COUNT(version) FROM checkpoints"); err != nil || n != want {
			t.Errorf("there are %d checkpoints, %v, want %d", n, err, want)
		}
	}
	count(1)
	e.checkpoint(t, d)
	count(2)
	e.Clock.Advance(time.Hour)
	e.checkpoint(t, d) // of the same version: nothing, also not a new time
	count(2)
	if n := e.prunes(t, store.Prune{Kept: store.KeptJournal, Restaurant: d.ID(), Keep: 30 * time.Minute, Limit: 1000}); n == 0 {
		t.Errorf("the checkpoint became younger")
	}
	count(1)
	dump := d.Dump()
	if diff := cmp.Diff(d.House.State(), mustState(t, *dump.Checkpoint)); diff != "" {
		t.Errorf("the checkpoint (-house +checkpoint):\n%s", diff)
	}
	notFound(t, "Checkpoint(unknown)", e.Store.Checkpoint(t.Context(), NewID[seating.RestaurantID]()))
}

// deadAndEventsGo: each by the time it came there, whatever happens to the other, and
// none that waits (X06).
func deadAndEventsGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.endpoint()
	w := e.worker(t)
	created := e.Clock.Instant()
	for range 5 {
		d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	}
	e.Clock.Advance(24 * time.Hour) // they are old when they die or arrive
	w.beats()
	w.sweep(store.SinkWebhook, 100)
	e.hourly(func(int) {
		w.beats()
		w.dies(store.CauseExhausted, w.sweep(store.SinkWebhook, 1)...)
	})
	e.moves(t)
	base := e.Clock.Instant()
	d.happens(NewID[seating.BookingID](), seating.EventBookingCreated) // waits
	count := func(q store.OutboxQuery) int {
		t.Helper()
		q.Limit = 100
		all, err := e.Store.Outbox(t.Context(), q)
		if err != nil {
			t.Fatalf("Outbox = %v", err)
		}
		return len(all)
	}
	dead := func() int { return count(store.OutboxQuery{State: store.RowDead}) }
	e.through(t, store.Prune{Kept: store.KeptDead}, dead)
	events := func() int {
		t.Helper()
		all, err := e.Store.ObservabilityEvents(t.Context(), d.ID(), store.ObservedQuery{Limit: 100})
		if err != nil {
			t.Fatalf("ObservabilityEvents = %v", err)
		}
		return len(all)
	}
	was := events()
	e.Clock.Set(base.Add(time.Hour))
	if n := e.prunes(t, store.Prune{Kept: store.KeptObserved, Keep: 2 * time.Hour, Limit: 3}); n != 0 || events() != was {
		t.Errorf("Prune took %d events that arrived an hour ago and happened at %s", n, created)
	}
	if n := e.prunes(t, store.Prune{Kept: store.KeptObserved, Keep: 59 * time.Minute, Limit: 3}); int(n) != was || was < 10 || events() != 0 {
		t.Errorf("Prune took %d of %d events", n, was)
	}
	if dead() != 1 || count(store.OutboxQuery{State: store.RowWaiting}) != 2 {
		t.Errorf("there are %d dead and %d waiting rows, want one dead and two waiting", dead(), count(store.OutboxQuery{State: store.RowWaiting}))
	}
}

func deliveriesAndOperationsGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint()
	w := e.worker(t)
	e.hourly(func(int) {
		w.beats()
		d.delivers(w, endpoint, 1)
		if err := e.Store.Operate(t.Context(), d.ID(), note("x")); err != nil {
			t.Fatalf("Operate = %v", err)
		}
	})
	e.through(t, store.Prune{Kept: store.KeptDeliveries}, func() int {
		all, err := e.Store.Deliveries(t.Context(), d.ID(), endpoint, 0, 100)
		if err != nil {
			t.Fatalf("Deliveries = %v", err)
		}
		return len(all)
	})
	e.through(t, store.Prune{Kept: store.KeptOperations}, func() int {
		all, err := e.Store.Operations(t.Context(), 0, 100)
		if err != nil {
			t.Fatalf("Operations = %v", err)
		}
		return len(all)
	})
}

func prunerWithoutLease(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.Commit(d.Change("step", house.Rows{}))
	e.Clock.Advance(time.Hour)
	held := e.holds(t, "a", "prune")[0]
	p := store.Prune{Kept: store.KeptHistory, Restaurant: d.ID(), Limit: 1, Job: held, Holder: "a"}
	if done := e.pruneOnce(t, p); done.Lost || done.Rows != 1 {
		t.Errorf("Prune with the lease = %+v, want a row", done)
	}
	before := d.Dump()
	lost := func(p store.Prune, when string) {
		t.Helper()
		for _, kept := range []store.Kept{store.KeptHistory, store.KeptJournal, store.KeptReceipts, store.KeptDead} {
			p.Kept = kept
			if done := e.pruneOnce(t, p); !done.Lost || done.Rows != 0 || done.More {
				t.Errorf("Prune(%s) %s = %+v, want it lost", kept, when, done)
			}
		}
	}
	other := p
	other.Holder = "b"
	lost(other, "as somebody else")
	old := p
	old.Job.Token--
	lost(old, "with an old token")
	e.Clock.Advance(lease)
	lost(p, "when the lease is over")
	e.holds(t, "b", "prune")
	lost(p, "when another has it")
	d.Unchanged(before)
}

func unknownKept(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	before := d.Dump()
	if done, err := e.Store.Prune(t.Context(), store.Prune{Kept: "bookings", Restaurant: d.ID(), Limit: 10}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Prune(bookings) = %+v, %v, want ErrInvalid", done, err)
	}
	d.Unchanged(before)
}
