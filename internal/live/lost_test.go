package live_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// forgotten makes the shelf what a standby is that has not received the last n
// commits.
func (s *shelf) forgotten(t *testing.T, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append([]store.Entry(nil), s.entries[:len(s.entries)-n]...)
	first := newShelf(t).h
	h, _, err := live.Follow(first, s.entries)
	if err != nil {
		t.Fatalf("Follow: %v", err)
	}
	s.h = h
}

// rotate begins a new epoch, as another process would.
func (s *shelf) rotate(t *testing.T, epoch string) *house.Change {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	c := &house.Change{
		ID: housetest.ID[seating.ChangeID](s.n), Restaurant: restaurant, Epoch: s.h.Epoch, Base: s.h.Version, BaseHead: s.h.Head,
		Actor: seating.System(), Command: "rotate_epoch", At: now, Now: now, Rows: house.Rows{Epoch: epoch}, Touch: house.Touch{Many: true},
	}
	next, err := house.Apply(s.h, c)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	s.h = next
	s.entries = append(s.entries, store.Entry{Version: next.Version, Head: next.Head, BaseHead: c.BaseHead, Change: c})
	return c
}

// paths are all that reads where a restaurant stands.
var paths = map[string]func(ctx context.Context, houses *live.Houses) error{
	"prove": func(ctx context.Context, houses *live.Houses) error {
		_, err := houses.Proved(ctx, restaurant)
		return err
	},
	"prove facts": func(ctx context.Context, houses *live.Houses) error {
		_, _, err := houses.Prove(ctx, restaurant, store.Ask{Holds: []seating.HoldID{housetest.Hold(1)}})
		return err
	},
	"refresh": func(ctx context.Context, houses *live.Houses) error {
		_, err := houses.Refresh(ctx, restaurant)
		return err
	},
	"poll": func(ctx context.Context, houses *live.Houses) error { return houses.Poll(ctx) },
	"get": func(ctx context.Context, houses *live.Houses) error {
		time.Sleep(time.Minute) // bubble time
		_, err := houses.Get(ctx, restaurant)
		return err
	},
}

// Commits that were known here are not stored any more: what is stored is served,
// and the restaurant is lost until another epoch is there.
func TestLostCommitsAreNoticed(t *testing.T) {
	for loss, spoil := range map[string]func(d *desk){
		"a lower version":                     func(d *desk) { d.forgotten(d.t, 3) },
		"the same version with another head":  func(d *desk) { d.forgotten(d.t, 3); d.pass(d.t, 3) },
		"a later version behind another head": func(d *desk) { d.forgotten(d.t, 3); d.pass(d.t, 4) },
		"a reload behind another head": func(d *desk) {
			d.forgotten(d.t, 3)
			d.pass(d.t, 4)
			d.entries[5].Change, d.entries[5].BaseHead = nil, d.entries[4].Head
		},
	} {
		for path, read := range paths {
			t.Run(loss+", "+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newDesk(t)
					var told []seating.RestaurantID
					var houses *live.Houses
					houses = live.New(d, live.Config{Shared: true, OnLost: func(id seating.RestaurantID) {
						told = append(told, id)
						houses.OnChange(func(live.Changed) {})() // it is told under no lock
						if h := get(t, houses); h.Version != d.h.Version || !houses.Lost(id) {
							t.Errorf("OnLost was told with version %d in memory and lost %t, want what is stored and true", h.Version, houses.Lost(id))
						}
					}})
					d.pass(t, 5)
					get(t, houses)
					if err := read(t.Context(), houses); err != nil || houses.Lost(restaurant) {
						t.Fatalf("%s before = %v, lost %t", path, err, houses.Lost(restaurant))
					}
					spoil(d)
					for range 2 { // noticed once
						if err := read(t.Context(), houses); err != nil {
							t.Fatalf("%s = %v", path, err)
						}
						if h := get(t, houses); h.Version != d.h.Version || h.Head != d.h.Head {
							t.Errorf("Get = version %d (%s), want what is stored, %d (%s)", h.Version, h.Head, d.h.Version, d.h.Head)
						}
						if !houses.Lost(restaurant) || len(told) != 1 || told[0] != restaurant {
							t.Errorf("Lost = %t and told %v, want true and told once", houses.Lost(restaurant), told)
						}
					}
					houses.Invalidate(restaurant, "test") // another load tells nothing new
					get(t, houses)
					d.pass(t, 1)
					if err := houses.Poll(t.Context()); err != nil || !houses.Lost(restaurant) {
						t.Errorf("Lost after another change of the epoch = false, %v, want it to stay", err)
					}
					d.rotate(t, "fresh0")
					if err := houses.Poll(t.Context()); err != nil || houses.Lost(restaurant) || len(told) != 1 {
						t.Errorf("Lost in a new epoch = %t, %v, told %v, want false", houses.Lost(restaurant), err, told)
					}
					if h := get(t, houses); h.Epoch != "fresh0" {
						t.Errorf("Get = %s, want the new epoch", h.Public())
					}
					// The next loss is another one.
					past := d.h
					d.pass(t, 1)
					if err := houses.Poll(t.Context()); err != nil {
						t.Fatal(err)
					}
					d.shelf.mu.Lock()
					d.h, d.entries = past, d.entries[:len(d.entries)-1]
					d.shelf.mu.Unlock()
					if err := houses.Poll(t.Context()); err != nil || !houses.Lost(restaurant) || len(told) != 2 {
						t.Errorf("Lost in the new epoch = %t, %v, told %v, want a second loss", houses.Lost(restaurant), err, told)
					}
				})
			})
		}
	}
}

// Whoever rotated has seen to what was lost before: a new epoch is no loss,
// wherever it stands.
func TestAnotherEpochIsNoLoss(t *testing.T) {
	for name, change := range map[string]func(d *desk){
		"the next version":                    func(d *desk) { d.rotate(d.t, "fresh0") },
		"some versions on":                    func(d *desk) { d.rotate(d.t, "fresh0"); d.pass(d.t, 3) },
		"a lower version":                     func(d *desk) { d.forgotten(d.t, 3); d.rotate(d.t, "fresh0") },
		"the same version":                    func(d *desk) { d.forgotten(d.t, 1); d.rotate(d.t, "fresh0") },
		"a later version behind another head": func(d *desk) { d.forgotten(d.t, 3); d.rotate(d.t, "fresh0"); d.pass(d.t, 4) },
		"another head, and rotated later":     func(d *desk) { d.forgotten(d.t, 3); d.pass(d.t, 4); d.rotate(d.t, "fresh0") },
	} {
		for path, read := range paths {
			t.Run(name+", "+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newDesk(t)
					told := 0
					var log bytes.Buffer
					houses := live.New(d, live.Config{
						Shared: true, OnLost: func(seating.RestaurantID) { told++ }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
					})
					d.pass(t, 5)
					get(t, houses)
					change(d)
					if err := read(t.Context(), houses); err != nil {
						t.Fatalf("%s = %v", path, err)
					}
					if h := get(t, houses); h.Head != d.h.Head || houses.Lost(restaurant) || told > 0 {
						t.Errorf("Get = %s, lost %t, told %d times, want %s and no loss", h.Public(), houses.Lost(restaurant), told, d.h.Public())
					}
					// The journal may show that commits were lost before somebody rotated.
					if strings.Contains(log.String(), "lost") && name != "another head, and rotated later" {
						t.Errorf("the log tells of a loss: %s", log.String())
					}
				})
			})
		}
	}
}

// A read that was sent before a commit of this process was published is older than
// the house: that is no loss, on any path.
func TestASlowReadIsNoLoss(t *testing.T) {
	for _, tt := range []struct{ path, slow string }{
		{"prove", "prove"}, {"prove facts", "prove"}, {"get", "prove"}, {"poll", "states"}, {"refresh", "journal"}, {"refresh", "states"},
	} {
		t.Run(tt.path+", slow "+tt.slow, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				houses := live.New(d, live.Config{Shared: true, OnLost: func(seating.RestaurantID) { t.Error("OnLost was told") }})
				d.pass(t, 1)
				get(t, houses)
				open := d.gate(tt.slow)
				var all sync.WaitGroup
				all.Go(func() {
					if err := paths[tt.path](t.Context(), houses); err != nil {
						t.Errorf("%s = %v", tt.path, err)
					}
				})
				if got := <-d.reading; got != tt.slow {
					t.Fatalf("%s is slow, want %s", got, tt.slow)
				}
				for range 3 {
					c := d.commitOne(t)
					houses.Publish(d.h, []*house.Change{c}, houses.Monotonic())
				}
				open()
				all.Wait()
				if h := get(t, houses); h.Version != 4 || houses.Lost(restaurant) || d.loads != 1 {
					t.Errorf("Get = version %d, lost %t after %d loads, want 4, no loss and one load", h.Version, houses.Lost(restaurant), d.loads)
				}
			})
		})
	}
}

// commitOne is pass of one change, and returns it.
func (s *shelf) commitOne(t *testing.T) *house.Change {
	t.Helper()
	s.pass(t, 1)
	return s.entries[len(s.entries)-1].Change
}

// A load that is slower than commits is no loss; one that shows less than what was
// in memory before it is.
func TestLoadAndLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		houses := live.New(d, live.Config{Shared: true})
		d.pass(t, 2)
		d.shelf.gate, d.loading = make(chan struct{}), make(chan struct{}, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			get(t, houses)
		}()
		<-d.loading
		d.pass(t, 1)
		live.Replace(houses, d.h)
		close(d.shelf.gate)
		<-done
		if h := get(t, houses); h.Version != 3 || houses.Lost(restaurant) {
			t.Errorf("Get after a slow load = version %d, lost %t, want 3 and no loss", h.Version, houses.Lost(restaurant))
		}
		known := d.h
		d.forgotten(t, 1)
		live.ReplaceSince(houses, d.h, known)
		if h := get(t, houses); h.Version != 2 || !houses.Lost(restaurant) {
			t.Errorf("Get after a load that began after version 3 was known = version %d, lost %t, want 2 and a loss", h.Version, houses.Lost(restaurant))
		}
	})
}

// While the store does not answer after a loss nothing is told and nothing served.
func TestLossIsToldOnceWhatIsStoredIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		told := 0
		houses := live.New(d, live.Config{Shared: true, OnLost: func(seating.RestaurantID) { told++ }})
		d.pass(t, 5)
		get(t, houses)
		d.forgotten(t, 2)
		d.shelf.gate, d.loading = make(chan struct{}), make(chan struct{}, 1)
		var all sync.WaitGroup
		all.Go(func() { _ = houses.Poll(t.Context()) })
		<-d.loading
		if !houses.Lost(restaurant) || told > 0 || houses.Loaded() > 0 {
			t.Errorf("Lost = %t, told %d times, Loaded() = %d, want true, not yet, and nothing served", houses.Lost(restaurant), told, houses.Loaded())
		}
		close(d.shelf.gate)
		all.Wait()
		if told != 1 {
			t.Errorf("told %d times, want once", told)
		}
	})
}

// The touches of an epoch begin with it.
func TestTouchesBeginWithTheEpoch(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	get(t, houses)
	var changes []*house.Change
	changes = append(changes, s.commitOne(t), s.rotate(t, "fresh0"), s.commitOne(t))
	houses.Publish(s.h, changes, houses.Monotonic())
	for since, want := range map[seating.Version]int{
		{Epoch: "fresh0", N: 2}: 1, {Epoch: "fresh0", N: 3}: 0, {Epoch: "test0", N: 1}: -1, {Epoch: "test0", N: 2}: -1,
	} {
		s.reads = 0
		touched, tooOld, err := houses.Touched(t.Context(), s.h, since)
		if err != nil || tooOld != (want < 0) || len(touched) != max(want, 0) || s.reads > 0 {
			t.Errorf("Touched(%s) = %d touches, too old %t, %v after %d reads, want %d from memory", since, len(touched), tooOld, err, s.reads, want)
		}
	}
}

// What was followed behind a lock and what came the other way may overlap: each
// version is told once, in order.
func TestAdvanceTakesUpWhereTheHouseStands(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	get(t, houses)
	var told []live.Changed
	houses.OnChange(func(c live.Changed) { told = append(told, c) })
	var changes []*house.Change
	var steps []*house.House
	for range 4 {
		changes, steps = append(changes, s.commitOne(t)), append(steps, s.h)
	}
	houses.Advance(steps[0], changes[:1], houses.Monotonic())
	houses.Advance(steps[2], changes[:3], houses.Monotonic()) // the first is there already
	houses.Publish(steps[3], changes[3:], houses.Monotonic())
	houses.Publish(steps[3], changes[3:], houses.Monotonic())
	houses.Advance(steps[1], changes[:2], houses.Monotonic()) // late
	want := []struct {
		from, to int64
		local    bool
	}{{0, 1, false}, {1, 3, false}, {3, 4, true}}
	if len(told) != len(want) {
		t.Fatalf("told %+v, want %v", told, want)
	}
	for i, w := range want {
		if c := told[i]; c.From.N != w.from || c.To.N != w.to || c.Local != w.local || int64(len(c.Touched)) != w.to-w.from {
			t.Errorf("told %+v, want %v", c, w)
		}
	}
	if h := get(t, houses); h != steps[3] {
		t.Errorf("Get = version %d, want 4", h.Version)
	}
}
