package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var restaurant = housetest.ID[seating.RestaurantID](1)

// shelf is a store of one restaurant in memory, which counts what it is asked and
// can be made slow or dead.
type shelf struct {
	store.Seating
	mu      sync.Mutex
	h       *house.House
	entries []store.Entry
	loads   int
	reads   int
	gone    bool // the journal is not kept
	err     error
	gate    chan struct{} // when set, Load reads first and answers when it is closed
	loading chan struct{} // told when a Load has read
	n       int
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	return &shelf{h: housetest.New(t, func(s *house.State) {
		for i := range 6 {
			housetest.Party(s, i+1, 4, "19:00")
		}
	})}
}

var now = housetest.At("18:00")

// commit makes a hold of booking n on table n, as another process would.
func (s *shelf) commit(t *testing.T, n int) *house.Change {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	d := decide.Decide(s.h, decide.MakeHold{ID: housetest.Hold(n), Booking: housetest.Booking(n), Tables: housetest.Tables(n)},
		decide.Env{Change: housetest.ID[seating.ChangeID](s.n), Now: now, Actor: housetest.Host("anna")})
	if d.Change == nil {
		t.Fatalf("hold %d = %v, want granted", n, d.Refusal)
	}
	next, err := house.Apply(s.h, d.Change)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	s.h = next
	s.entries = append(s.entries, store.Entry{Version: next.Version, Head: next.Head, Change: d.Change})
	return d.Change
}

func (s *shelf) Load(ctx context.Context, id seating.RestaurantID) (*house.House, servicetime.Instant, error) {
	s.mu.Lock()
	s.loads++
	h, err, gate, loading := s.h, s.err, s.gate, s.loading
	s.mu.Unlock()
	if gate != nil {
		if loading != nil {
			loading <- struct{}{}
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	if err == nil && id != restaurant {
		err = store.ErrNotFound
	}
	return h, now, err
}

func (s *shelf) Journal(_ context.Context, _ seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.gone {
		return nil, store.ErrGone
	}
	var out []store.Entry
	for _, e := range s.entries {
		if e.Version > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, s.err
}

func (s *shelf) state() store.State {
	return store.State{Epoch: s.h.Epoch, Version: s.h.Version, Head: s.h.Head, Revisions: s.h.Revisions}
}

func (s *shelf) States(context.Context, []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[seating.RestaurantID]store.State{restaurant: s.state()}, s.err
}

func (s *shelf) Prove(_ context.Context, id seating.RestaurantID, _ store.Ask) (store.Proof, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != restaurant {
		return store.Proof{}, store.ErrNotFound
	}
	return store.Proof{State: s.state(), Now: now}, s.err
}

func get(t *testing.T, s *live.Houses) *house.House {
	t.Helper()
	h, err := s.Get(t.Context(), restaurant)
	if err != nil {
		t.Fatalf("Get = %v", err)
	}
	return h
}

func TestK18_ConcurrentMissesShareOneLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		s.gate = make(chan struct{})
		houses := live.New(s, live.Config{})
		for range 200 {
			go func() { get(t, houses) }()
		}
		synctest.Wait()
		close(s.gate)
		synctest.Wait()
		if s.loads != 1 {
			t.Errorf("%d loads for 200 who asked at once, want 1", s.loads)
		}
	})
}

// A load that has read version 0 answers only after version 1 was published.
func TestK01_SlowLoadDoesNotOverwriteSomethingNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		houses := live.New(s, live.Config{})
		base := get(t, houses)
		houses.Invalidate(restaurant, "test")
		gate := make(chan struct{})
		s.gate, s.loading = gate, make(chan struct{}, 1)
		done := make(chan struct{})
		go func() {
			get(t, houses)
			close(done)
		}()
		<-s.loading
		s.commit(t, 1)
		// Meanwhile the newest house takes the place, as after a quicker load.
		live.Replace(houses, s.h)
		close(gate)
		<-done
		if h := get(t, houses); h.Version != 1 || base.Version != 0 {
			t.Errorf("Get = version %d after a slow load of version 0, want 1", h.Version)
		}
	})
}

func TestProvedRefreshesFromTheJournal(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	get(t, houses)
	s.commit(t, 1)
	s.commit(t, 2)
	if h := get(t, houses); h.Version != 0 {
		t.Fatalf("Get = version %d, want 0 from memory", h.Version)
	}
	h, err := houses.Proved(t.Context(), restaurant)
	if err != nil || h.Version != 2 || h.Hold(housetest.Hold(2)) == nil {
		t.Errorf("Proved = %v, %v, want version 2 with its hold", h, err)
	}
	if s.loads != 1 {
		t.Errorf("%d loads, want 1: the journal leads on", s.loads)
	}
}

func TestRefreshLoadsWhereTheJournalDoesNotLeadOn(t *testing.T) {
	for name, spoil := range map[string]func(*shelf){
		"not kept":     func(s *shelf) { s.gone = true },
		"reload entry": func(s *shelf) { s.entries[0].Change = nil },
		"other head":   func(s *shelf) { s.entries[0].Change.BaseHead = housetest.ID[seating.ChangeID](99) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			houses := live.New(s, live.Config{})
			get(t, houses)
			s.commit(t, 1)
			spoil(s)
			h, err := houses.Proved(t.Context(), restaurant)
			if err != nil || h.Version != 1 || s.loads != 2 {
				t.Errorf("Proved = %v, %v after %d loads, want version 1 after 2", h, err, s.loads)
			}
		})
	}
}

// A restored backup: the store is behind what was seen, or has another epoch.
func TestRestoredBackupReplacesWhatWasBelieved(t *testing.T) {
	s := newShelf(t)
	old := s.h
	houses := live.New(s, live.Config{})
	s.commit(t, 1)
	if h := get(t, houses); h.Version != 1 {
		t.Fatalf("Get = version %d, want 1", h.Version)
	}
	s.mu.Lock()
	s.h, s.entries = old, nil
	s.mu.Unlock()
	if h, err := houses.Proved(t.Context(), restaurant); err != nil || h.Version != 0 {
		t.Errorf("Proved = %v, %v, want version 0", h, err)
	}
}

func TestOnChangeTellsEachChangeOnceInOrder(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	var told []live.Changed
	stop := houses.OnChange(func(c live.Changed) { told = append(told, c) })
	get(t, houses)
	for n := 1; n <= 3; n++ {
		c := s.commit(t, n)
		houses.Publish(s.h, []*house.Change{c}, houses.Monotonic())
		houses.Publish(s.h, []*house.Change{c}, houses.Monotonic()) // late and again: nothing is told
	}
	stop()
	fourth := s.commit(t, 4)
	houses.Publish(s.h, []*house.Change{fourth}, houses.Monotonic())
	if len(told) != 4 || !told[0].Reloaded {
		t.Fatalf("told %+v, want a load and three changes", told)
	}
	for n, c := range told[1:] {
		if c.From.N != int64(n) || c.To.N != int64(n+1) || !c.Local || len(c.Touched) != 1 || c.Touched[0].Touch.Tables[0] != housetest.Table(n+1) {
			t.Errorf("told %+v, want the change to version %d with its touch", c, n+1)
		}
	}
}

func TestInvalidateMakesTheNextOneLoad(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	get(t, houses)
	s.commit(t, 1)
	houses.Invalidate(restaurant, "edited by hand")
	if h := get(t, houses); h.Version != 1 || s.loads != 2 {
		t.Errorf("Get = version %d after %d loads, want 1 after 2", h.Version, s.loads)
	}
}

func TestTouched(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	s.commit(t, 1)
	get(t, houses)
	for n := 2; n <= 3; n++ {
		c := s.commit(t, n)
		houses.Publish(s.h, []*house.Change{c}, houses.Monotonic())
	}
	h := get(t, houses)
	since := func(epoch string, n int64) seating.Version { return seating.Version{Epoch: epoch, N: n} }
	tests := []struct {
		name   string
		since  seating.Version
		want   int
		tooOld bool
		reads  int
	}{
		{name: "now", since: since("test0", 3)},
		{name: "from memory", since: since("test0", 1), want: 2},
		{name: "before the load, from the journal", since: since("test0", 0), want: 3, reads: 1},
		{name: "another epoch", since: since("test9", 1), tooOld: true},
		{name: "the future", since: since("test0", 4), tooOld: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.reads = 0
			touched, tooOld, err := houses.Touched(t.Context(), h, tt.since)
			if err != nil || len(touched) != tt.want || tooOld != tt.tooOld || s.reads != tt.reads {
				t.Errorf("Touched(%s) = %d touches, tooOld %v, %v with %d reads, want %d, %v with %d",
					tt.since, len(touched), tooOld, err, s.reads, tt.want, tt.tooOld, tt.reads)
			}
			for i, c := range touched {
				if want := tt.since.N + int64(i) + 1; c.Version.N != want {
					t.Errorf("touch %d is of version %d, want %d", i, c.Version.N, want)
				}
			}
		})
	}
}

func TestAtLeastWaitsOrSaysBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(t)
		houses := live.New(s, live.Config{})
		get(t, houses)
		began := time.Now()
		_, err := houses.AtLeast(t.Context(), restaurant, seating.Version{Epoch: "test0", N: 1})
		if seating.CodeOf(err) != seating.CodeBehind || time.Since(began) != time.Second {
			t.Errorf("AtLeast = %v after %v, want BEHIND after 1s", err, time.Since(began))
		}
		got := make(chan *house.House)
		go func() {
			h, err := houses.AtLeast(t.Context(), restaurant, seating.Version{Epoch: "test0", N: 1})
			if err != nil {
				t.Errorf("AtLeast = %v", err)
			}
			got <- h
		}()
		synctest.Wait()
		c := s.commit(t, 1)
		houses.Publish(s.h, []*house.Change{c}, houses.Monotonic())
		if h := <-got; h.Version != 1 {
			t.Errorf("AtLeast = version %d, want 1", h.Version)
		}
	})
}

func TestDeadStoreIsUnavailable(t *testing.T) {
	s := newShelf(t)
	houses := live.New(s, live.Config{})
	s.err = errors.New("the disk at /var/lib is gone")
	_, err := houses.Get(t.Context(), restaurant)
	refusal, ok := errors.AsType[*seating.Error](err)
	if !ok || refusal.Code != seating.CodeUnavailable || refusal.Details.RetryAfter == 0 {
		t.Errorf("Get over a dead store = %v, want UNAVAILABLE with Retry-After", err)
	}
	s.err = nil
	get(t, houses)
	s.err = errors.New("gone again")
	if h := get(t, houses); h == nil {
		t.Error("a house in memory was not served")
	}
	if _, err := houses.Proved(t.Context(), restaurant); seating.CodeOf(err) != seating.CodeUnavailable {
		t.Errorf("Proved over a dead store = %v, want UNAVAILABLE", err)
	}
}

func TestUnknownRestaurantIsNotFound(t *testing.T) {
	houses := live.New(newShelf(t), live.Config{})
	if _, err := houses.Get(t.Context(), housetest.ID[seating.RestaurantID](9)); seating.CodeOf(err) != seating.CodeNotFound {
		t.Errorf("Get = %v, want NOT_FOUND", err)
	}
}
