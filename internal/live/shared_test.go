package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// desk is a shelf that other processes write to as well. It counts what it is
// asked, and can hold answers back or fail.
type desk struct {
	*shelf
	t        *testing.T
	mu       sync.Mutex
	polls    []time.Time // when States was asked
	proves   int
	journals int
	down     error                    // every answer
	hold     map[string]chan struct{} // what has read, and answers when the channel is closed
	reading  chan string              // told of what has read and is held
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, shelf: newShelf(t), hold: map[string]chan struct{}{}, reading: make(chan string, 2000)}
}

// held waits, after a read, until its answer may go out.
func (d *desk) held(ctx context.Context, what string) error {
	d.mu.Lock()
	gate, down := d.hold[what], d.down
	d.mu.Unlock()
	if gate == nil {
		return down
	}
	d.reading <- what
	select {
	case <-gate:
		return down
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *desk) gate(what string) (open func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gate := make(chan struct{})
	d.hold[what] = gate
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.hold[what] == gate {
			delete(d.hold, what)
		}
		close(gate)
	}
}

func (d *desk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = err
}

func (d *desk) count(n *int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *n
}

func (d *desk) asked() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]time.Time(nil), d.polls...)
}

func (d *desk) States(ctx context.Context, ids []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	d.mu.Lock()
	d.polls = append(d.polls, time.Now())
	d.mu.Unlock()
	states, err := d.shelf.States(ctx, ids)
	return states, errors.Join(err, d.held(ctx, "states"))
}

func (d *desk) Load(ctx context.Context, id seating.RestaurantID) (*house.House, servicetime.Instant, error) {
	h, now, err := d.shelf.Load(ctx, id)
	return h, now, errors.Join(err, d.held(ctx, "load"))
}

func (d *desk) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	d.mu.Lock()
	d.proves++
	d.mu.Unlock()
	proof, err := d.shelf.Prove(ctx, id, ask)
	return proof, errors.Join(err, d.held(ctx, "prove"))
}

func (d *desk) Journal(ctx context.Context, id seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	d.mu.Lock()
	d.journals++
	d.mu.Unlock()
	entries, err := d.shelf.Journal(ctx, id, after, limit)
	return entries, errors.Join(err, d.held(ctx, "journal"))
}

// running runs the houses until the test ends.
func running(t *testing.T, houses *live.Houses) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		houses.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// shared is houses that others write to.
func shared(t *testing.T) (*desk, *live.Houses) {
	t.Helper()
	d := newDesk(t)
	return d, live.New(d, live.Config{Shared: true})
}

// elapse lets time pass until everybody waits again.
func elapse(d time.Duration) {
	time.Sleep(d) // bubble time
	synctest.Wait()
}

// K02: without poll and notifications a house is served for a second, and proved
// by whoever asks after that.
func TestK02_GetProvesWhatNobodyKeepsCurrent(t *testing.T) {
	for after, want := range map[time.Duration]int64{0: 0, time.Second: 0, time.Second + 1: 1, time.Hour: 1} {
		synctest.Test(t, func(t *testing.T) {
			d, houses := shared(t)
			get(t, houses)
			d.pass(t, 1)
			elapse(after)
			if h := get(t, houses); h.Version != want || d.proves != int(want) || d.loads != 1 {
				t.Errorf("Get after %v = version %d with %d proofs and %d loads, want %d with as many and one load", after, h.Version, d.proves, d.loads, want)
			}
			get(t, houses)
			if d.proves != int(want) {
				t.Errorf("another Get right after it = %d proofs, want %d", d.proves, want)
			}
		})
	}
}

func TestAHouseThatNobodyElseWritesToIsNeverProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		houses := live.New(d, live.Config{})
		running(t, houses)
		get(t, houses)
		elapse(time.Hour)
		houses.Moved(nil)
		houses.Moved([]seating.RestaurantID{restaurant})
		synctest.Wait()
		get(t, houses)
		if d.proves+len(d.asked())+d.journals > 0 {
			t.Errorf("%d proofs, %d polls and %d reads of the journal, want none", d.proves, len(d.asked()), d.journals)
		}
	})
}

// K18: whoever asks for an unproved house at once shares one proof.
func TestK18_AThousandShareOneProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		get(t, houses)
		d.pass(t, 1)
		elapse(time.Minute)
		open := d.gate("prove")
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if h := get(t, houses); h.Version != 1 {
					t.Errorf("Get = version %d, want 1", h.Version)
				}
			})
		}
		synctest.Wait()
		open()
		all.Wait()
		if d.proves != 1 {
			t.Errorf("%d proofs for a thousand who asked at once, want 1", d.proves)
		}
	})
}

// A proof that began long before somebody asked says nothing of what was committed
// since.
func TestWhoJoinsAnOldProofIsProvedAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		get(t, houses)
		elapse(time.Minute)
		open := d.gate("prove")
		var all sync.WaitGroup
		all.Go(func() { get(t, houses) })
		synctest.Wait()
		elapse(500 * time.Millisecond)
		d.pass(t, 1)
		elapse(time.Second + 1)
		all.Go(func() {
			if h := get(t, houses); h.Version != 1 {
				t.Errorf("Get a second after the commit = version %d, want 1", h.Version)
			}
		})
		synctest.Wait()
		open()
		all.Wait()
		if d.proves != 2 {
			t.Errorf("%d proofs, want 2", d.proves)
		}
	})
}

// A load that took long is no better than a proof that did.
func TestWhoJoinsAnOldLoadIsProvedAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		d.shelf.gate, d.loading = make(chan struct{}), make(chan struct{}, 1)
		var all sync.WaitGroup
		all.Go(func() { get(t, houses) })
		<-d.loading
		d.pass(t, 1)
		elapse(2 * time.Second)
		all.Go(func() {
			if h := get(t, houses); h.Version != 1 {
				t.Errorf("Get two seconds after the commit = version %d, want 1", h.Version)
			}
		})
		synctest.Wait()
		close(d.shelf.gate)
		all.Wait()
	})
}

// What a slow answer says is as old as its question: a house is good for a second
// from then on, and not from when the answer came.
func TestASlowAnswerIsAsOldAsItsQuestion(t *testing.T) {
	ctx := context.Background()
	for slow, ask := range map[string]func(d *desk, houses *live.Houses) error{
		"prove":  func(_ *desk, houses *live.Houses) error { _, err := houses.Proved(ctx, restaurant); return err },
		"states": func(_ *desk, houses *live.Houses) error { return houses.Poll(ctx) },
		"journal": func(d *desk, houses *live.Houses) error {
			d.pass(d.t, 1)
			_, err := houses.Refresh(ctx, restaurant)
			return err
		},
		"load": func(_ *desk, houses *live.Houses) error {
			houses.Invalidate(restaurant, "test")
			_, err := houses.Get(ctx, restaurant)
			return err
		},
		"commit": func(d *desk, houses *live.Houses) error {
			asked := houses.Monotonic()
			c := d.commitOne(d.t)
			to := d.h
			err := d.held(ctx, "commit")
			houses.Publish(to, []*house.Change{c}, asked)
			return err
		},
	} {
		t.Run(slow, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, houses := shared(t)
				get(t, houses)
				elapse(5 * time.Second) // in use still, but not current
				open := d.gate(slow)
				var all sync.WaitGroup
				all.Go(func() {
					if err := ask(d, houses); err != nil {
						t.Errorf("%s = %v", slow, err)
					}
				})
				<-d.reading
				d.pass(t, 1)
				elapse(800 * time.Millisecond)
				open()
				all.Wait()
				elapse(200*time.Millisecond + 1)
				if h := get(t, houses); h.Version != d.h.Version {
					t.Errorf("Get a second after the question = version %d, want %d", h.Version, d.h.Version)
				}
			})
		})
	}
}

// A house that is brought forward in several reads is current after the last one.
func TestAHouseOnItsWayIsNotCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		get(t, houses)
		d.pass(t, 250)
		elapse(5 * time.Second)
		first := d.gate("journal")
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := houses.Refresh(t.Context(), restaurant); err != nil {
				t.Errorf("Refresh = %v", err)
			}
		})
		<-d.reading
		second := d.gate("journal")
		first()
		<-d.reading
		all.Go(func() {
			if h := get(t, houses); h.Version != 250 {
				t.Errorf("Get of a house on its way = version %d, want 250", h.Version)
			}
		})
		synctest.Wait()
		second()
		all.Wait()
	})
}

// What moves on while a refresh looks whether that was all is read as well; nothing
// is loaded for it.
func TestRefreshOfARestaurantThatMovesOn(t *testing.T) {
	s := newShelf(t)
	over := &between{shelf: s}
	houses := live.New(over, live.Config{})
	get(t, houses)
	over.do = func() { s.pass(t, 1) }
	if h, err := houses.Refresh(t.Context(), restaurant); err != nil || h.Version != 1 || s.loads != 1 {
		t.Errorf("Refresh = %v, %v after %d loads, want version 1 after the first", h, err, s.loads)
	}
}
