package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Crasher is implemented by stores whose factory can end them as a killed process
// would end.
type Crasher interface {
	// Crash ends everything the store has open, at this moment and without any
	// goodbye, and returns a new store on what is there. Nobody is told of a commit
	// by the old store any more, and what it still does never reaches the new one.
	// Other goroutines may be in the middle of a commit.
	Crash(t testing.TB) store.Store
}

var crashTests = []test{
	{"AcknowledgedCommitsMustBeThereAfterACrash", func(t *testing.T, e Env) {
		crasher := crasherOf(t, e)
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.lived()
		house, dump := d.House, d.Dump()
		d.Store = crasher.Crash(t)
		d.Unchanged(dump)
		SameHouse(t, d.Load(), house)
		sound(t, d)
		guests, err := d.Store.Guests(t.Context(), d.ID(), []seating.BookingID{b.ID})
		if err != nil || guests[b.ID].Name != "Ada Lovelace" {
			t.Errorf("Guests after the crash = %v, %v, want Ada Lovelace", guests, err)
		}
		lines, err := d.Store.History(t.Context(), d.ID(), "booking:"+b.ID.String(), 0, 10)
		if err != nil || len(lines) != 1 || lines[0].Note != "by the window" {
			t.Errorf("History after the crash = %+v, %v, want the line with its note", lines, err)
		}
		if _, err := d.Store.TokenByHash(t.Context(), d.New.Token.Hash); err != nil {
			t.Errorf("TokenByHash after the crash = %v", err)
		}
		// Life goes on from there, and the old store is out of it.
		d.Commit(d.Book(d.Booking("AFTER", 0, 60), d.Tables[4]))
		if _, err := e.Store.Commit(t.Context(), d.Batch(d.Book(d.Booking("GHOST", 0, 60), d.Tables[5]))); err == nil {
			t.Error("Commit by the store that has crashed = nil: the crash was none")
		}
		d.Same()
		sound(t, d)
	}},
	{"ABatchSentAgainAfterACrashMustGetItsDefiniteAnswer", func(t *testing.T, e Env) {
		crasher := crasherOf(t, e)
		d := Plant(t, e.Store, e.Clock, "one")
		there, err := d.visit("THERE", 0, d.Tables[0])
		if err != nil {
			t.Fatal(err)
		}
		d.Commit(there...)
		unsent, err := d.visit("UNSENT", 1, d.Tables[0])
		if err != nil {
			t.Fatal(err)
		}
		overtaken, err := d.visit("OVERTAKEN", 2, d.Tables[0])
		if err != nil {
			t.Fatal(err)
		}
		before := d.Dump()
		d.Store = crasher.Crash(t)
		again := func(changes []*house.Change) error {
			_, err := d.Store.Commit(t.Context(), d.Batch(changes...))
			return err
		}
		for range 2 {
			if err := again(there); err != nil {
				t.Errorf("Commit of a batch that is there = %v, want nil", err)
			}
		}
		d.Unchanged(before)
		for range 2 { // now, and because it is there
			if err := again(unsent); err != nil {
				t.Errorf("Commit of a batch that never arrived = %v, want nil", err)
			}
		}
		d.taken(unsent...)
		d.Same()
		before = d.Dump()
		for range 2 {
			moved, ok := errors.AsType[*store.MovedError](again(overtaken))
			if !ok || moved.State != stateOf(d.House) {
				t.Errorf("Commit of a batch that can never be = %+v, want *MovedError with where the restaurant stands", moved)
			}
		}
		d.Unchanged(before)
		sound(t, d)
	}},
	{"ACrashUnderTheLockLeavesNothing", func(t *testing.T, e Env) {
		crasher := crasherOf(t, e)
		d := Plant(t, e.Store, e.Clock, "one")
		lost, err := d.visit("LOST", 0, d.Tables[0])
		if err != nil {
			t.Fatal(err)
		}
		before := d.Dump()
		inside, crashed := make(chan struct{}), make(chan struct{})
		var enter sync.Once
		told := make(chan error, 1)
		go func() {
			told <- d.locked(d.House.Version, func(store.Locked) (store.Batch, error) {
				enter.Do(func() { close(inside) })
				<-crashed
				return d.Batch(lost...), nil
			})
		}()
		<-inside
		fresh := crasher.Crash(t)
		close(crashed)
		if err := <-told; !errors.Is(err, store.ErrAmbiguous) && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("CommitLocked of a process that was killed = %v, want ErrAmbiguous or ErrUnavailable", err)
		}
		d.Store = fresh
		d.Unchanged(before)
		d.Commit(lost...) // the lock went with the process
		d.Same()
		sound(t, d)
	}},
	{"ACrashWhileManyCommitLosesNothingTold", crashWhileManyCommit},
}

// crasherOf gives the means to crash the store, or skips.
func crasherOf(t *testing.T, e Env) Crasher {
	t.Helper()
	c, ok := e.Store.(Crasher)
	if !ok {
		t.Skip("the factory cannot crash its store")
	}
	return c
}

// lived lets everything happen to a restaurant that leaves a row, and returns the
// booking with guest and note.
func (d *Seed) lived() seating.Booking {
	d.T.Helper()
	seated, waiting := d.Booking("SEATED", 0, 60), d.Booking("WAITING", 0, 60)
	book := d.Book(seated, d.Tables[0])
	book.Receipt = receipt(d, house.ReceiptKey{Principal: d.Actor.Principal, Key: "seated"}, book)
	book.Guests = []house.GuestPut{{Booking: seated.ID, Guest: seating.Guest{Name: "Ada Lovelace", Phone: "+44 1", Email: "ada@example.org", Notes: "nuts"}}}
	book.Notes = []house.NotePut{{Subject: book.History[0].Subject, Text: "by the window"}}
	d.Commit(book)
	d.Commit(d.Book(waiting))
	gone, live := d.Hold(waiting), d.Hold(waiting)
	d.Commit(d.TakeHold(gone, d.Tables[1]))
	d.Commit(d.Release(gone, seating.EndReleased, d.Tables[1]))
	d.Commit(d.TakeHold(live, d.Tables[1], d.Tables[2]))
	d.Commit(d.Change("block", house.Rows{PutBlocks: []seating.Block{block(0, 60, d.Tables[3])}}, seating.AspectFloor))
	return seated
}

// visit spells out a batch in which a party books, holds a table and, every other
// time, confirms it.
func (d *Seed) visit(reference string, slot int, table seating.TableID) ([]*house.Change, error) {
	v := *d
	b := v.Booking(reference, slot*60, slot*60+60)
	h := v.Hold(b)
	steps := []func() *house.Change{
		func() *house.Change {
			c := v.Book(b)
			c.Receipt = receipt(&v, house.ReceiptKey{Principal: v.Actor.Principal, Key: reference}, c)
			c.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Guest of " + reference}}}
			c.Notes = []house.NotePut{{Subject: c.History[0].Subject, Text: reference}}
			return c
		},
		func() *house.Change {
			h.Made = v.House.Version + 1
			return v.TakeHold(h, table)
		},
		func() *house.Change { return v.Confirm(b, h, table) },
	}
	var changes []*house.Change
	for _, step := range steps[:2+slot%2] {
		c := step()
		next, err := house.Apply(v.House, c)
		if err != nil {
			return nil, fmt.Errorf("apply %s: %w", c.Command, err)
		}
		changes, v.House = append(changes, c), next
	}
	return changes, nil
}

// attempt is a batch and what its caller was told.
type attempt struct {
	batch store.Batch
	err   error
}

// crowd commits from many goroutines to few restaurants until the store answers
// none of them any more.
type crowd struct {
	mu       sync.Mutex
	attempts []attempt
	told     int // commits that were acknowledged

	want  int           // after so many the process is killed
	kill  func()        // by whoever was told of the last of them, at once
	ended chan struct{} // closed when it is
}

func (c *crowd) note(a attempt) {
	c.mu.Lock()
	c.attempts = append(c.attempts, a)
	last := false
	if a.err == nil {
		c.told++
		last = c.told == c.want
	}
	c.mu.Unlock()
	if last {
		c.kill()
		close(c.ended)
	}
}

// commits goes on until the process is gone. It works on a Seed of its own.
func (c *crowd) commits(ctx context.Context, d Seed, name string, table seating.TableID, slot int) error {
	for n := slot; ; {
		changes, err := d.visit(fmt.Sprintf("%sN%d", name, n), n, table)
		if err != nil {
			return err
		}
		batch := d.Batch(changes...)
		_, err = d.Store.Commit(ctx, batch)
		c.note(attempt{batch: batch, err: err})
		switch _, moved := errors.AsType[*store.MovedError](err); {
		case err == nil:
			n++
		case !moved:
			return nil
		}
		if d.House, _, err = d.Store.Load(ctx, d.ID()); err != nil {
			return nil //nolint:nilerr // the process is gone, which is how this ends
		}
	}
}

// crashWhileManyCommit: sixteen goroutines commit to four restaurants when the
// process is killed, again and again. Each knows what it was told (H06, D31, C01).
func crashWhileManyCommit(t *testing.T, e Env) {
	crasherOf(t, e)
	seeds := stage(t, e, "one", "two", "three", "four")
	s := e.Store
	const goroutines, want = 16, 12
	for round := range 4 {
		var fresh store.Store
		c := &crowd{want: want, kill: func() { fresh = s.(Crasher).Crash(t) }, ended: make(chan struct{})}
		var g errgroup.Group
		for i := range goroutines {
			// A table and hours of its own: only versions stand in each other's way.
			d, table := *seeds[i%len(seeds)], i/len(seeds)
			g.Go(func() error {
				return c.commits(t.Context(), d, fmt.Sprintf("R%dG%d", round, i), d.Tables[table], round*500)
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c.ended:
		default:
			t.Fatalf("all have stopped before the crash, the last was told %v", c.attempts[len(c.attempts)-1].err)
		}
		s = fresh
		t.Logf("round %d: %d commits were tried, %d told", round, len(c.attempts), c.told)
		for _, d := range seeds {
			d.Store = s
			c.definite(t, d)
			d.House = d.Load()
			sound(t, d)
		}
	}
}

// definite compares what the callers were told with what is there, and lets those
// who were told nothing ask again.
func (c *crowd) definite(t *testing.T, d *Seed) {
	t.Helper()
	heads := d.heads()
	var open []store.Batch
	for _, a := range c.attempts {
		if a.batch.Restaurant != d.ID() {
			continue
		}
		there, reference := whole(t, heads, a.batch), a.batch.Changes[0].Rows.PutBookings[0].Reference
		_, moved := errors.AsType[*store.MovedError](a.err)
		switch {
		case a.err == nil:
			if !there {
				t.Errorf("%s was acknowledged and is not there", reference)
			}
		case moved, errors.Is(a.err, store.ErrUnavailable):
			if there {
				t.Errorf("%s is there, and its caller was told %v", reference, a.err)
			}
		case errors.Is(a.err, store.ErrAmbiguous):
			open = append(open, a.batch)
		default:
			t.Errorf("Commit of a process that was killed = %v, want nil, *MovedError, ErrAmbiguous or ErrUnavailable", a.err)
		}
	}
	for _, b := range open {
		for range 2 {
			before := whole(t, d.heads(), b)
			_, err := d.Store.Commit(t.Context(), b)
			_, never := errors.AsType[*store.MovedError](err)
			if err != nil && !never || before && never {
				t.Errorf("Commit again = %v, want the definite answer (it was there: %t)", err, before)
			}
			if after := whole(t, d.heads(), b); after == never {
				t.Errorf("Commit again = %v, and the batch is there: %t", err, after)
			}
		}
	}
}

// heads are the ids of the changes that are in the journal.
func (d *Seed) heads() map[seating.ChangeID]bool {
	d.T.Helper()
	entries, err := d.Store.Journal(d.T.Context(), d.ID(), 0, 10_000)
	if err != nil {
		d.T.Fatalf("Journal = %v", err)
	}
	heads := map[seating.ChangeID]bool{}
	for _, entry := range entries {
		heads[entry.Head] = true
	}
	return heads
}

// whole reports whether a batch is in the journal. It must be there whole, or not
// at all.
func whole(t *testing.T, heads map[seating.ChangeID]bool, b store.Batch) bool {
	t.Helper()
	n := 0
	for _, c := range b.Changes {
		if heads[c.ID] {
			n++
		}
	}
	if n != 0 && n != len(b.Changes) {
		t.Errorf("%d of %d changes of a batch are there", n, len(b.Changes))
	}
	return n > 0
}

// sound fails when what is stored of a restaurant contradicts itself. Its day is
// open and nothing of it was pruned.
func sound(t *testing.T, d *Seed) {
	t.Helper()
	if found, err := d.Store.Integrity(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("Integrity = %v, %v, want nothing", found, err)
	}
	dump := d.Dump()
	if len(dump.Strays) > 0 {
		t.Errorf("strays: %v", dump.Strays)
	}
	soundJournal(t, d, dump)
	soundHolds(t, dump)
	for i, a := range dump.Occupancy {
		for _, b := range dump.Occupancy[i+1:] {
			if a.Table == b.Table && a.Claimant != b.Claimant && a.Window.Overlaps(b.Window) {
				t.Errorf("two have table %s: %+v and %+v", a.Table, a, b)
			}
		}
	}
}

// soundJournal: the checkpoint and the entries behind it lead to what is there;
// each has its events and lines; a receipt is of a change.
func soundJournal(t *testing.T, d *Seed, dump *store.Dump) {
	t.Helper()
	h := d.replayed(dump)
	SameHouse(t, d.Load(), h)
	if dump.State.Version != h.Version || dump.State.Head != h.Head {
		t.Errorf("the state is at %d, the journal leads to %d", dump.State.Version, h.Version)
	}
	events := map[int64]int{}
	for _, version := range dump.Outbox {
		events[version]++
	}
	commands := map[int64]string{}
	for _, entry := range dump.Journal {
		commands[entry.Version] = entry.Command
		if events[entry.Version] != dump.Expected[entry.Version] {
			t.Errorf("version %d has %d events, want %d", entry.Version, events[entry.Version], dump.Expected[entry.Version])
		}
		if entry.Version > 0 && dump.History[entry.Version] == 0 {
			t.Errorf("version %d has no line in the history", entry.Version)
		}
	}
	for _, r := range dump.Receipts {
		if commands[r.Version.N] != r.Command {
			t.Errorf("the receipt of %s is of version %d, which is %q", r.Key, r.Version.N, commands[r.Version.N])
		}
	}
}

// replayed brings the checkpoint of a dump forward by the journal behind it.
func (d *Seed) replayed(dump *store.Dump) *house.House {
	d.T.Helper()
	if dump.Checkpoint == nil {
		d.T.Fatal("Dump has no checkpoint")
	}
	h, err := house.New(*dump.Checkpoint)
	if err != nil {
		d.T.Fatalf("New(checkpoint) = %v", err)
	}
	for _, entry := range dump.Journal {
		if entry.Version <= dump.Checkpoint.Version {
			continue
		}
		if entry.Change == nil {
			d.T.Fatalf("entry %d is a reload", entry.Version)
		}
		if h, err = house.Apply(h, entry.Change); err != nil {
			d.T.Fatalf("Apply(entry %d) = %v", entry.Version, err)
		}
	}
	return h
}

// soundHolds: a hold that is not over has its tables and its due work, one that is
// over has none.
func soundHolds(t *testing.T, dump *store.Dump) {
	t.Helper()
	tables := map[seating.HoldID]int{}
	for _, a := range dump.Occupancy {
		if a.Kind == seating.OwnedByHold {
			tables[seating.HoldID(a.Owner)]++
		}
	}
	for _, h := range dump.State.Holds {
		if tables[h.ID] == 0 || tables[h.ID] != dump.TableCounts[h.ID] {
			t.Errorf("hold %s has %d tables, its row says %d", h.ID, tables[h.ID], dump.TableCounts[h.ID])
		}
		delete(tables, h.ID)
		if !slices.ContainsFunc(dump.Due, func(w house.DueRow) bool { return w.Subject == "hold:"+h.ID.String() && w.RunAt == h.ExpiresAt }) {
			t.Errorf("nobody looks after the expiry of hold %s", h.ID)
		}
	}
	for hold, n := range tables {
		t.Errorf("%d tables are held by %s, which is none", n, hold)
	}
}
