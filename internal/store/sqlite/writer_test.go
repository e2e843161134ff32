package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// gate is a clock that can be made to stand in the writer's way.
type gate struct {
	clock *storetest.Clock
	mu    sync.Mutex
	shut  chan struct{} // nil: open
	here  chan struct{} // told when somebody stands before it
}

func (g *gate) Now() time.Time {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		g.here <- struct{}{}
		<-shut
	}
	return g.clock.Now()
}

// close stops the next one who asks for the time; the function it returns opens
// the gate again.
func (g *gate) close() (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.here = make(chan struct{}), make(chan struct{}, 100)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		close(g.shut)
		g.shut = nil
	}
}

// gated opens a store whose clock is a gate.
func gated(t *testing.T) (*testStore, *gate) {
	t.Helper()
	g := &gate{clock: storetest.NewClock()}
	return open(t, storetest.Options{Now: g.Now}), g
}

// TestGroupSharesOneDiskCommit lets six restaurants meet at the writer. One of
// them fails a guard, one a reference that is checked at the end of the
// transaction only: both alone.
func TestGroupSharesOneDiskCommit(t *testing.T) {
	for _, spoiled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := &gate{clock: storetest.NewClock()}
			path := filepath.Join(t.TempDir(), "maitred.db")
			if err := os.WriteFile(path, sqlite.Template(), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: g.Now, Readers: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var seeds []*storetest.Seed
			for i := range 6 {
				seeds = append(seeds, storetest.Plant(t, s, g.clock, fmt.Sprintf("r%d", i)))
			}
			before := s.Stats()
			open := g.close()
			changes, errs := make([]*house.Change, len(seeds)), make([]error, len(seeds))
			var callers sync.WaitGroup
			for i, d := range seeds {
				b := d.Booking("B1", 0, 60)
				if spoiled && i == 4 {
					b.ZoneWish = seeds[0].Zone
				}
				changes[i] = d.Book(b, d.Tables[0])
				if i == 3 {
					changes[i].Guards = []house.Guard{{Kind: house.GuardBefore, Until: 1}}
				}
				callers.Go(func() { _, errs[i] = s.Commit(t.Context(), d.Batch(changes[i])) })
				if i == 0 {
					<-g.here // the writer has taken the first one; the others will wait
				}
			}
			synctest.Wait()
			open()
			callers.Wait()
			for i, d := range seeds {
				_, guard := errors.AsType[*store.GuardError](errs[i])
				switch {
				case i == 3:
					if !guard {
						t.Errorf("the failing guard = %v, want *GuardError", errs[i])
					}
				case spoiled && i == 4:
					if !errors.Is(errs[i], store.ErrImpossible) {
						t.Errorf("the foreign zone = %v, want ErrImpossible", errs[i])
					}
				case errs[i] != nil:
					t.Errorf("Commit of %d = %v", i, errs[i])
				default:
					if d.House, err = house.Apply(d.House, changes[i]); err != nil {
						t.Fatal(err)
					}
				}
				d.Same()
			}
			after := s.Stats()
			commits, batches := after.DiskCommits-before.DiskCommits, after.Batches-before.Batches
			if !spoiled && (commits != 2 || batches != 5) {
				t.Errorf("six batches, one refused: %d disk commits of %d batches, want 2 of 5", commits, batches)
			}
			if spoiled && batches != 4 {
				t.Errorf("six batches, two refused: %d batches, want 4", batches)
			}
		})
	}
}

func TestACallerWhoGivesUpGetsErrAmbiguousAndTheBatchIsFinished(t *testing.T) {
	t.Parallel()
	s, g := gated(t)
	d := storetest.Plant(t, s, g.clock, "one")
	c := d.Book(d.Booking("B1", 0, 60), d.Tables[0])
	ctx, cancel := context.WithCancel(t.Context())
	open := g.close()
	go func() {
		<-g.here
		cancel()
	}()
	if _, err := s.Commit(ctx, d.Batch(c)); !errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("Commit = %v, want ErrAmbiguous", err)
	}
	open()
	// The identical batch again gives the definite answer.
	if _, err := s.Commit(t.Context(), d.Batch(c)); err != nil {
		t.Errorf("Commit again = %v", err)
	}
	var err error
	if d.House, err = house.Apply(d.House, c); err != nil {
		t.Fatal(err)
	}
	d.Same()
}

func TestCloseFinishesWhatWasTaken(t *testing.T) {
	t.Parallel()
	s, g := gated(t)
	d := storetest.Plant(t, s, g.clock, "one")
	c := d.Book(d.Booking("B1", 0, 60), d.Tables[0])
	open := g.close()
	committed, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := s.Commit(t.Context(), d.Batch(c))
		committed <- err
	}()
	<-g.here
	go func() { closed <- s.Close() }()
	open()
	if err := <-committed; err != nil {
		t.Errorf("Commit = %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, err := s.Commit(t.Context(), d.Batch(c)); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Commit after Close = %v, want ErrUnavailable", err)
	}
	if _, _, err := s.Load(t.Context(), d.ID()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Load after Close = %v, want ErrUnavailable", err)
	}
	next, err := house.Apply(d.House, c)
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := reopen(t, s.path, d).Load(t.Context(), d.ID())
	if err != nil {
		t.Fatal(err)
	}
	storetest.SameHouse(t, h, next)
}

// TestTwoStoresOnOneFile: the second process of an operator.
func TestTwoStoresOnOneFile(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	other := reopen(t, s.path, d)
	stale := d.Change("stale", house.Rows{}, seating.AspectPolicy)
	d.Commit(d.Change("first", house.Rows{}, seating.AspectPolicy))
	if _, err := other.Commit(t.Context(), d.Batch(stale)); err == nil {
		t.Error("a stale batch through the second store was not refused")
	} else if _, ok := errors.AsType[*store.MovedError](err); !ok {
		t.Errorf("a stale batch through the second store = %v, want *MovedError", err)
	}
	c := d.Change("second", house.Rows{}, seating.AspectPolicy)
	if _, err := other.Commit(t.Context(), d.Batch(c)); err != nil {
		t.Errorf("Commit through the second store = %v", err)
	}
	if got := d.Load().Head; got != c.ID {
		t.Errorf("the first store sees %s, want %s", got, c.ID)
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			clock := storetest.NewClock()
			s := open(b, storetest.Options{Now: clock.Now})
			seeds := make([]*storetest.Seed, callers)
			bookings := make([]seating.Booking, callers)
			for i := range seeds {
				seeds[i] = storetest.Plant(b, s, clock, fmt.Sprintf("r%d", i))
				bookings[i] = seeds[i].Booking("B1", 0, 60)
				seeds[i].Commit(seeds[i].Book(bookings[i]))
			}
			before := s.Stats()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i, d := range seeds {
				wg.Go(func() { holdAndRelease(b, d, bookings[i], b.N/callers+1) })
			}
			wg.Wait()
			b.StopTimer()
			after := s.Stats()
			b.ReportMetric(float64(after.Changes-before.Changes)/float64(max(1, after.DiskCommits-before.DiskCommits)), "changes/fsync")
			b.ReportMetric(float64(after.Changes-before.Changes)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}

// holdAndRelease commits n changes, by turns a hold of one table and its release.
func holdAndRelease(b *testing.B, d *storetest.Seed, booking seating.Booking, n int) {
	b.Helper()
	var h seating.Hold
	for i := range n {
		var c *house.Change
		if i%2 == 0 {
			h = d.Hold(booking)
			c = d.TakeHold(h, d.Tables[0])
		} else {
			c = d.Release(h, seating.EndReleased, d.Tables[0])
		}
		if _, err := d.Store.Commit(b.Context(), d.Batch(c)); err != nil {
			b.Error(err)
			return
		}
		next, err := house.Apply(d.House, c)
		if err != nil {
			b.Error(err)
			return
		}
		d.House = next
	}
}
