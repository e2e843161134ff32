package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var lockedTests = []test{
	{"CommitLockedShowsWhatWasCommittedBefore", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		base := d.House
		d.Commit(d.Book(d.Booking("B1", 0, 60), d.Tables[0]))
		d.Commit(d.Book(d.Booking("B2", 0, 60), d.Tables[1]))
		e.Clock.Advance(time.Second)
		var seen store.Locked
		c := d.Book(d.Booking("B3", 0, 60), d.Tables[2])
		done, err := e.Store.CommitLocked(t.Context(), d.ID(), base.Version, store.Ask{}, func(l store.Locked) (store.Batch, error) {
			seen = l
			h := base
			for _, entry := range l.Entries {
				var err error
				if h, err = house.Apply(h, entry.Change); err != nil {
					return store.Batch{}, err
				}
			}
			SameHouse(t, h, d.House)
			return d.Batch(c), nil
		})
		if err != nil || done.Now != e.Clock.Instant() {
			t.Fatalf("CommitLocked = %+v, %v, want the time and nil", done, err)
		}
		if seen.Gone || len(seen.Entries) != 2 || seen.State != stateOf(d.House) || seen.Now != e.Clock.Instant() {
			t.Errorf("decide was shown %+v, want two entries up to %s", seen, d.House.Public())
		}
		d.taken(c)
		d.Same()
		dump := d.Dump()
		if dump.History[c.Version()] != 1 || dump.Outbox[c.ID.String()+"/0"] != c.Version() {
			t.Errorf("Dump has history %v, outbox %v", dump.History, dump.Outbox)
		}
		replayEqualsLoad(t, d)
	}},
	{"CommitLockedShowsNothingNewAtTheNewestVersion", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		changes := chain(t, d, func(d *Seed) *house.Change { return d.Book(d.Booking("B1", 0, 60), d.Tables[0]) },
			func(d *Seed) *house.Change { return d.Book(d.Booking("B2", 0, 60), d.Tables[1]) })
		if err := d.locked(d.House.Version, func(l store.Locked) (store.Batch, error) {
			if l.Gone || len(l.Entries) > 0 || l.State != stateOf(d.House) {
				t.Errorf("decide was shown %+v, want the state %+v alone", l, stateOf(d.House))
			}
			return d.Batch(changes...), nil
		}); err != nil {
			t.Fatalf("CommitLocked = %v", err)
		}
		d.taken(changes...)
		d.Same()
	}},
	{"AnErrorOfDecideMustWriteNothingAndComeBackAsItIs", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		before := d.Dump()
		mine := seating.Refuse(seating.CodeHoldConflict, "The table is taken.")
		for name, cause := range map[string]error{
			"own": mine, "wrapped": fmt.Errorf("decide: %w", mine), "joined with one of the contract": errors.Join(mine, store.ErrAmbiguous),
		} {
			err := d.locked(0, func(store.Locked) (store.Batch, error) { return d.Batch(d.Change("lost", house.Rows{})), cause })
			if got, ok := errors.AsType[*seating.Error](err); !ok || got != mine || !errors.Is(err, cause) || err.Error() != cause.Error() {
				t.Errorf("CommitLocked(%s error) = %v, want it as it is", name, err)
			}
		}
		d.Unchanged(before)
		d.Commit(d.Change("next", house.Rows{})) // the lock is gone
	}},
	{"AnEmptyBatchMustWriteNothing", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		before := d.Dump()
		if err := d.locked(0, func(store.Locked) (store.Batch, error) { return store.Batch{Restaurant: d.ID()}, nil }); err != nil {
			t.Errorf("CommitLocked(empty batch) = %v, want nil", err)
		}
		d.Unchanged(before)
		d.Commit(d.Change("next", house.Rows{}))
	}},
	{"CommitLockedMustMoveFromTheBase", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		stale := d.Change("stale", house.Rows{})
		d.Commit(d.Change("first", house.Rows{}))
		other := *d.Change("other head", house.Rows{})
		other.BaseHead = NewID[seating.ChangeID]()
		for _, c := range []*house.Change{stale, &other} {
			want := &store.MovedError{State: stateOf(d.House), Now: e.Clock.Instant()}
			moved, ok := errors.AsType[*store.MovedError](d.lockedRefused(c))
			if diff := cmp.Diff(want, moved); !ok || diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.Command, diff)
			}
		}
	}},
	{"CommitLockedMustFailAsCommitDoes", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		key := house.ReceiptKey{Principal: d.Actor.Principal, Key: "again"}
		first := d.Book(d.Booking("B1", 0, 60), d.Tables[0])
		first.Receipt = receipt(d, key, first)
		d.Commit(first)
		again := d.Book(d.Booking("B2", 0, 60))
		again.Receipt = receipt(d, key, again)
		if replay, ok := errors.AsType[*store.ReplayError](d.lockedRefused(again)); !ok || replay.Index != 0 || replay.Receipt.Command != first.Command {
			t.Errorf("a second effect of a key = %+v, want *ReplayError with the first receipt", replay)
		}
		guarded := d.Change("guarded", house.Rows{})
		guarded.Guards = []house.Guard{{Kind: house.GuardBefore, Until: e.Clock.Instant()}}
		if guard, ok := errors.AsType[*store.GuardError](d.lockedRefused(guarded)); !ok || guard.Index != 0 || guard.Guard != guarded.Guards[0] {
			t.Errorf("a failing guard = %+v, want *GuardError", guard)
		}
		late := d.Change("late", house.Rows{})
		late.Now -= 2_000_000
		if clock, ok := errors.AsType[*store.ClockError](d.lockedRefused(late)); !ok || clock.Now != e.Clock.Instant() {
			t.Errorf("decided two seconds ago = %+v, want *ClockError with the time", clock)
		}
		if err := d.lockedRefused(d.Book(d.Booking("B3", 30, 90), d.Tables[0])); !errors.Is(err, store.ErrImpossible) {
			t.Errorf("an overlap = %v, want ErrImpossible", err)
		}
		if err := d.lockedRefused(d.Change("a", house.Rows{}), d.Change("b", house.Rows{})); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("a batch that does not chain = %v, want ErrInvalid", err)
		}
		d.Same()
	}},
	{"ABatchOfAnotherRestaurantMustBeInvalid", func(t *testing.T, e Env) {
		d, other := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		err := d.locked(0, func(store.Locked) (store.Batch, error) {
			return other.Batch(other.Change("foreign", house.Rows{})), nil
		})
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("CommitLocked(batch of another restaurant) = %v, want ErrInvalid", err)
		}
		d.Same()
		other.Same()
	}},
	{"CommitLockedSaysWhenTheJournalDoesNotLeadOn", func(t *testing.T, e Env) {
		raw := rawOf(t, e)
		d := Plant(t, e.Store, e.Clock, "one")
		for range 4 {
			d.Commit(d.Change("step", house.Rows{}))
		}
		if err := raw.RawSQL(t.Context(), "DELETE FROM journal WHERE restaurant_id = '"+d.ID().String()+"' AND version <= 2"); err != nil {
			t.Fatalf("pruning = %v", err)
		}
		for after, gone := range map[int64]bool{0: true, 1: true, 2: false, 5: false} {
			shown := d.shown(after, store.Ask{})
			if shown.Gone != gone || !gone && len(shown.Entries) != int(d.House.Version-after) {
				t.Errorf("decide was shown after %d: gone %t and %d entries, want gone %t", after, shown.Gone, len(shown.Entries), gone)
			}
		}
	}},
	{"CommitLockedShowsAtMostTwoHundredEntries", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		for d.House.Version <= store.LockedEntries {
			steps := make([]func(d *Seed) *house.Change, min(50, store.LockedEntries+1-d.House.Version))
			for i := range steps {
				steps[i] = func(d *Seed) *house.Change { return d.Change("step", house.Rows{}) }
			}
			d.Commit(chain(t, d, steps...)...)
		}
		if all := d.shown(1, store.Ask{}); all.Gone || len(all.Entries) != store.LockedEntries {
			t.Errorf("decide was shown %d entries, gone %t, want %d", len(all.Entries), all.Gone, store.LockedEntries)
		} else {
			for i, entry := range all.Entries {
				if entry.Version != int64(i)+2 {
					t.Fatalf("entry %d is of version %d, want them in order", i, entry.Version)
				}
			}
		}
		if more := d.shown(0, store.Ask{}); !more.Gone || len(more.Entries) > store.LockedEntries {
			t.Errorf("decide was shown %d entries, gone %t, want gone: there are %d", len(more.Entries), more.Gone, d.House.Version)
		}
	}},
	{"CommitLockedShowsAReload", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		big := d.Change("huge", house.Rows{Closures: &[]servicetime.Closure{{From: Today, To: Today, Reason: long}}}, seating.AspectPolicy)
		d.Commit(big)
		if shown := d.shown(big.Base, store.Ask{}); shown.Gone || len(shown.Entries) != 1 || shown.Entries[0].Change != nil || shown.Entries[0].Head != big.ID {
			t.Errorf("decide was shown %+v, want one reload", shown)
		}
	}},
	{"CommitLockedReadsFactsUnderTheLock", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		old, b := d.Booking("OLD", -24*60, -23*60), d.Booking("B1", 0, 60)
		old.ServiceDate = Yesterday
		key := house.ReceiptKey{Principal: "p", Key: "k"}
		book := d.Book(old)
		book.Receipt = receipt(d, key, book)
		d.Commit(book)
		d.Commit(d.Book(b))
		h := d.Hold(b)
		d.Commit(d.TakeHold(h, d.Tables[0]))
		ended := d.Release(h, seating.EndReleased, d.Tables[0])
		d.Commit(ended)
		today := Today
		d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}))
		ask := store.Ask{
			Keys:  []house.ReceiptKey{key, {Principal: "q", Key: "k"}},
			Holds: []seating.HoldID{h.ID, NewID[seating.HoldID]()}, Bookings: []seating.BookingID{old.ID, b.ID},
		}
		got := d.shown(d.House.Version, ask)
		want := store.Proof{
			State: stateOf(d.House), Now: e.Clock.Instant(),
			Receipts: map[house.ReceiptKey]house.Receipt{key: *book.Receipt},
			Ended:    map[seating.HoldID]seating.EndedHold{h.ID: ended.Rows.EndHolds[0]},
			Closed:   map[seating.BookingID]servicetime.Date{old.ID: Yesterday},
		}
		if diff := cmp.Diff(want, got.Proof); diff != "" {
			t.Errorf("decide was shown (-want +got):\n%s", diff)
		}
		look := d.Batch(d.Change("look", house.Rows{}))
		look.Lookup = []house.ReceiptKey{key}
		done, err := e.Store.CommitLocked(t.Context(), d.ID(), d.House.Version, store.Ask{}, func(store.Locked) (store.Batch, error) { return look, nil })
		if diff := cmp.Diff(want.Receipts, done.Receipts); err != nil || diff != "" {
			t.Errorf("CommitLocked(lookup) = %v, receipts (-want +got):\n%s", err, diff)
		}
	}},
	{"CommitLockedMustSayErrNotFound", func(t *testing.T, e Env) {
		Plant(t, e.Store, e.Clock, "one")
		_, err := e.Store.CommitLocked(t.Context(), NewID[seating.RestaurantID](), 0, store.Ask{}, func(store.Locked) (store.Batch, error) {
			t.Error("decide was called for a restaurant that does not exist")
			return store.Batch{}, nil
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("CommitLocked(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"CommitLockedOfAnEndedContextWritesNothing", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := d.Dump()
		_, err := e.Store.CommitLocked(ctx, d.ID(), 0, store.Ask{}, func(store.Locked) (store.Batch, error) {
			return d.Batch(d.Change("late", house.Rows{})), nil
		})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("CommitLocked(ended context) = %v, want ErrUnavailable", err)
		}
		d.Unchanged(before)
	}},
	{"DecideIsNotCalledAfterTheCallerWasTold", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		for n := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			told := false // guarded by nothing: the race detector is the judge
			c := d.Change(fmt.Sprintf("step%d", n), house.Rows{})
			_, err := e.Store.CommitLocked(ctx, d.ID(), d.House.Version, store.Ask{}, func(store.Locked) (store.Batch, error) {
				if told {
					t.Error("decide was called after CommitLocked had returned")
				}
				cancel() // the caller leaves while the lock is held
				return d.Batch(c), nil
			})
			told = true
			cancel()
			// The identical batch says what became of it.
			if _, again := e.Store.Commit(t.Context(), d.Batch(c)); again != nil {
				t.Fatalf("Commit of the batch that CommitLocked ended with %v = %v, want nil", err, again)
			}
			if err != nil && !errors.Is(err, store.ErrAmbiguous) && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("CommitLocked of a caller who left = %v, want nil, ErrAmbiguous or ErrUnavailable", err)
			}
			d.taken(c)
		}
		d.Same()
	}},
	{"DecideIsNotCalledForACallerWhoLeft", callerLeaves},
	{"TwoAtOnceUnderTheLockMustBothBeCommitted", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		const rivals, each = 4, 10
		start := d.House
		var g errgroup.Group
		for i := range rivals {
			g.Go(func() error {
				for n := range each {
					if err := d.lockedBooking(start, fmt.Sprintf("R%dN%d", i, n), n, d.Tables[i]); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatalf("CommitLocked beside others = %v, want nil: it cannot be overtaken", err)
		}
		d.consecutive(start, rivals*each)
	}},
	{"ACommitBesideThoseUnderTheLock", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		const each = 20
		start, moved := d.House, 0
		var g errgroup.Group
		g.Go(func() error {
			for n := range each {
				if err := d.lockedBooking(start, fmt.Sprintf("L%d", n), n, d.Tables[0]); err != nil {
					return fmt.Errorf("under the lock: %w", err)
				}
			}
			return nil
		})
		g.Go(func() error {
			h := start
			for n := 0; n < each; {
				c := ChangeOn(h, d.Actor, e.Clock.Instant(), "plain", house.Rows{})
				_, err := e.Store.Commit(t.Context(), store.Batch{Restaurant: d.ID(), Changes: []*house.Change{c}})
				switch _, overtaken := errors.AsType[*store.MovedError](err); {
				case err == nil:
					n++
				case overtaken:
					moved++
				default:
					return err
				}
				if h, _, err = e.Store.Load(t.Context(), d.ID()); err != nil {
					return err
				}
			}
			return nil
		})
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		t.Logf("the one without the lock was overtaken %d times", moved)
		d.consecutive(start, 2*each)
	}},
}

// callerLeaves: two wait for the lock; while the first one has it, the other one
// leaves, and is not decided any more.
func callerLeaves(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	held, free := make(chan struct{}), make(chan struct{})
	var g errgroup.Group
	g.Go(func() error { // so that the two wait together
		return d.locked(0, func(store.Locked) (store.Batch, error) {
			close(held)
			<-free
			return store.Batch{}, nil
		})
	})
	<-held
	var turn sync.Mutex
	first := -1
	one, leaveOne := context.WithCancel(t.Context())
	other, leaveOther := context.WithCancel(t.Context())
	defer leaveOne()
	defer leaveOther()
	ctx, leave := []context.Context{one, other}, []context.CancelFunc{leaveOne, leaveOther}
	left := []chan struct{}{make(chan struct{}), make(chan struct{})}
	for i := range 2 {
		g.Go(func() error {
			defer close(left[i])
			_, err := e.Store.CommitLocked(ctx[i], d.ID(), 0, store.Ask{}, func(store.Locked) (store.Batch, error) {
				turn.Lock()
				mine := first < 0
				if mine {
					first = i
				}
				turn.Unlock()
				if !mine {
					t.Error("decide was called for a caller who had left")
					return store.Batch{}, nil
				}
				leave[1-i]()
				<-left[1-i]
				return store.Batch{}, nil
			})
			turn.Lock()
			defer turn.Unlock()
			if first == i && err != nil || first != i && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("CommitLocked of %d, the first being %d = %v, want nil for the first and ErrUnavailable for who left", i, first, err)
			}
			return nil
		})
	}
	for range 1000 {
		runtime.Gosched() // let them come to wait; it is no failure when they do not
	}
	close(free)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// long is more than a journal entry keeps.
var long = strings.Repeat("x", 256<<10)

// taken applies changes that were committed.
func (d *Seed) taken(changes ...*house.Change) {
	d.T.Helper()
	for _, c := range changes {
		next, err := house.Apply(d.House, c)
		if err != nil {
			d.T.Fatalf("Apply(%s) = %v", c.Command, err)
		}
		d.House = next
	}
}

// locked calls CommitLocked and asks for nothing.
func (d *Seed) locked(after int64, decide func(store.Locked) (store.Batch, error)) error {
	_, err := d.Store.CommitLocked(d.T.Context(), d.ID(), after, store.Ask{}, decide)
	return err
}

// lockedRefused is Refused under the lock.
func (d *Seed) lockedRefused(changes ...*house.Change) error {
	d.T.Helper()
	before := d.Dump()
	err := d.locked(d.House.Version, func(store.Locked) (store.Batch, error) { return d.Batch(changes...), nil })
	if err == nil {
		d.T.Fatalf("CommitLocked(%s) = nil, want a refusal", changes[0].Command)
	}
	d.Unchanged(before)
	return err
}

// shown is what decide is shown after a version.
func (d *Seed) shown(after int64, ask store.Ask) store.Locked {
	d.T.Helper()
	var shown store.Locked
	if _, err := d.Store.CommitLocked(d.T.Context(), d.ID(), after, ask, func(l store.Locked) (store.Batch, error) {
		shown = l
		return store.Batch{}, nil
	}); err != nil {
		d.T.Fatalf("CommitLocked = %v", err)
	}
	return shown
}

// lockedBooking books under the lock, on top of what came after start.
func (d *Seed) lockedBooking(start *house.House, reference string, slot int, table seating.TableID) error {
	return d.locked(start.Version, func(l store.Locked) (store.Batch, error) {
		h := start
		for _, entry := range l.Entries {
			next, err := house.Apply(h, entry.Change)
			if err != nil {
				return store.Batch{}, err
			}
			h = next
		}
		if l.Gone || stateOf(h) != l.State {
			return store.Batch{}, fmt.Errorf("the entries lead to %s, the state is %s.%d", h.Public(), l.Epoch, l.Version)
		}
		b := d.Booking(reference, slot*60, slot*60+60)
		b.Version = h.Version + 1
		c := ChangeOn(h, d.Actor, l.Now, "book", house.Rows{PutBookings: []seating.Booking{b}, PutAllocations: Assigned(b, table)}, seating.AspectBookings)
		return store.Batch{Restaurant: d.ID(), Changes: []*house.Change{c}}, nil
	})
}

// consecutive demands n versions after start, each on the one before.
func (d *Seed) consecutive(start *house.House, n int) {
	d.T.Helper()
	entries, err := d.Store.Journal(d.T.Context(), d.ID(), start.Version, 10*n)
	if err != nil || len(entries) != n {
		d.T.Fatalf("Journal = %d entries, %v, want %d", len(entries), err, n)
	}
	for _, entry := range entries {
		d.taken(entry.Change)
	}
	d.Same()
	replayEqualsLoad(d.T.(*testing.T), d)
}
