package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Config of the live houses; the zero value works.
type Config struct {
	Logger *slog.Logger
	// Monotonic is a clock that never goes back; only differences of it are used.
	Monotonic func() time.Duration
}

// Houses keeps the newest known house of each restaurant that is in use.
type Houses struct {
	store store.Seating
	log   *slog.Logger
	clock *Clock
	loads singleflight.Group

	mu     sync.Mutex // guards slots and each slot's writes
	slots  map[seating.RestaurantID]*slot
	onMu   sync.Mutex // guards watchers; held while they are told, so that they hear in order
	nextID int
	on     map[int]func(Changed)
}

// slot holds one house; readers take the pointer without a lock.
type slot struct {
	house   atomic.Pointer[house.House]
	touches touches       // guarded by Houses.mu
	moved   chan struct{} // closed and replaced whenever the house changes; guarded by Houses.mu
}

// Changed tells that a house moved on. Touched is empty when the steps between
// are not known (Reloaded): then anything may have changed.
type Changed struct {
	Restaurant seating.RestaurantID
	From, To   seating.Version
	Touched    []house.Touched
	Reloaded   bool
}

// New makes an empty set of live houses over a store.
func New(s store.Seating, c Config) *Houses {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Houses{
		store: s, log: c.Logger, clock: newClock(c.Monotonic),
		slots: map[seating.RestaurantID]*slot{}, on: map[int]func(Changed){},
	}
}

// Get returns the newest known house: from memory when it is there, else by one
// load that all who ask at once share (K18). The error is a *seating.Error,
// NOT_FOUND or UNAVAILABLE.
func (s *Houses) Get(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	if h := s.known(id); h != nil {
		return h, nil
	}
	return s.load(ctx, id)
}

// known returns the house in memory; nil when there is none.
func (s *Houses) known(id seating.RestaurantID) *house.House {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.slots[id]; sl != nil {
		return sl.house.Load()
	}
	return nil
}

// Proved returns a house that was the current one at some moment of the call.
// Whoever says that something does not exist says it from a proved house.
func (s *Houses) Proved(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	h, _, err := s.Prove(ctx, id, store.Ask{})
	return h, err
}

// Prove returns the current house together with the facts asked for, read
// together with the proof.
func (s *Houses) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (*house.House, store.Proof, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, store.Proof{}, err
	}
	for {
		before := s.known(id)
		asked := s.clock.mono()
		proof, err := s.store.Prove(ctx, id, ask)
		if err != nil {
			return nil, store.Proof{}, s.refusal(ctx, id, err)
		}
		s.clock.set(proof.Now, asked)
		h := s.known(id)
		if h != nil && at(h, proof.State) {
			return h, proof, nil
		}
		// Moved on while the store was asked: that is as good, but the facts of the
		// proof belong to the version before. A house that was ahead from the start is
		// not to be believed: the store has lost commits.
		if h != nil && ask.Empty() && before != nil && !ahead(before, proof.State) && ahead(h, proof.State) {
			return h, proof, nil
		}
		if h, err = s.Refresh(ctx, id); err != nil {
			return nil, store.Proof{}, err
		}
		if at(h, proof.State) {
			return h, proof, nil
		}
		// The restaurant moved on between proof and refresh: prove again, so that
		// the facts belong to the house.
	}
}

func at(h *house.House, s store.State) bool {
	return h.Epoch == s.Epoch && h.Version == s.Version && h.Head == s.Head
}

// ahead reports whether the house came after the state: what is published here
// was committed.
func ahead(h *house.House, s store.State) bool { return h.Epoch == s.Epoch && h.Version > s.Version }

// Now is the database's time. Before the first contact with the database it is
// an error to ask: Get or Prove come first.
func (s *Houses) Now() servicetime.Instant { return s.clock.now() }

// Heard takes the database's time as told by a commit that was sent at asked.
func (s *Houses) Heard(now servicetime.Instant, asked time.Duration) { s.clock.set(now, asked) }

// Monotonic is the clock that Heard's asked is measured on.
func (s *Houses) Monotonic() time.Duration { return s.clock.mono() }

// load reads the house anew and publishes it unless something newer is there.
func (s *Houses) load(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	result := s.loads.DoChan(string(id[:]), func() (any, error) {
		// The load goes on for the others when the one who asked first leaves.
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		asked := s.clock.mono()
		h, now, err := s.store.Load(free, id)
		if err != nil {
			return nil, s.refusal(free, id, err)
		}
		s.clock.set(now, asked)
		return s.replace(h), nil
	})
	select {
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*house.House), nil
	}
}

// loadTimeout bounds one load.
const loadTimeout = 30 * time.Second

// replace publishes a loaded house. A newer one of the same epoch stays: the
// load was slower than a commit (K01). Another epoch, or another head at a
// version known here, is the truth and replaces what was believed.
func (s *Houses) replace(h *house.House) *house.House {
	id := h.Restaurant.ID
	s.mu.Lock()
	sl := s.slots[id]
	if sl == nil {
		sl = &slot{moved: make(chan struct{})}
		s.slots[id] = sl
	}
	old := sl.house.Load()
	if old != nil && old.Epoch == h.Epoch && old.Version >= h.Version && (old.Version > h.Version || old.Head == h.Head) {
		s.mu.Unlock()
		return old
	}
	sl.publish(h)
	sl.touches.reset(h.Version)
	var from seating.Version
	if old != nil {
		from = old.Public()
	}
	s.onMu.Lock()
	s.mu.Unlock()
	defer s.onMu.Unlock()
	s.tell(Changed{Restaurant: id, From: from, To: h.Public(), Reloaded: true})
	return h
}

func (sl *slot) publish(h *house.House) {
	sl.house.Store(h)
	close(sl.moved)
	sl.moved = make(chan struct{})
}

// Publish makes the result of changes that were committed on from the newest
// house, unless the house has moved on already.
func (s *Houses) Publish(from, to *house.House, changes []*house.Change) {
	s.mu.Lock()
	sl := s.slots[to.Restaurant.ID]
	if sl == nil || sl.house.Load() != from {
		s.mu.Unlock()
		return
	}
	sl.publish(to)
	touched := make([]house.Touched, len(changes))
	for i, c := range changes {
		touched[i] = house.TouchedBy(c)
	}
	sl.touches.add(touched)
	s.onMu.Lock()
	s.mu.Unlock()
	defer s.onMu.Unlock()
	s.tell(Changed{Restaurant: to.Restaurant.ID, From: from.Public(), To: to.Public(), Touched: touched})
}

// OnChange calls f after each change of a house, whatever its origin, in order,
// one at a time. f must not block and must not call back. The returned function
// ends it.
func (s *Houses) OnChange(f func(Changed)) (stop func()) {
	s.onMu.Lock()
	defer s.onMu.Unlock()
	id := s.nextID
	s.nextID++
	s.on[id] = f
	return func() {
		s.onMu.Lock()
		defer s.onMu.Unlock()
		delete(s.on, id)
	}
}

// tell needs onMu.
func (s *Houses) tell(c Changed) {
	for _, f := range s.on {
		f(c)
	}
}

// Invalidate forgets the house: the next who asks loads it. For operators and
// scripts that changed rows by hand.
func (s *Houses) Invalidate(id seating.RestaurantID, reason string) {
	s.mu.Lock()
	delete(s.slots, id)
	s.mu.Unlock()
	s.log.Info("house invalidated", slog.String("restaurant", id.String()), slog.String("reason", reason))
}

// Loaded is the number of houses in memory.
func (s *Houses) Loaded() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.slots)
}

// refusal turns a store's error into what the caller is told.
func (s *Houses) refusal(ctx context.Context, id seating.RestaurantID, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		s.mu.Lock()
		delete(s.slots, id)
		s.mu.Unlock()
		return seating.Refuse(seating.CodeNotFound, "There is no such restaurant.")
	}
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "store does not answer", slog.String("restaurant", id.String()), slog.Any("error", err))
	}
	return unavailable(err)
}

func unavailable(err error) *seating.Error {
	refusal := seating.Refuse(seating.CodeUnavailable, "The store does not answer; try again.")
	refusal.Details.RetryAfter = time.Second
	_ = err // told to the log, not to the caller (T06)
	return refusal
}

// AtLeast returns a house at the version or later, waiting up to a second for
// it. Code: BEHIND. Another epoch is BEHIND as well, after a proof: the client
// has to start afresh.
func (s *Houses) AtLeast(ctx context.Context, id seating.RestaurantID, v seating.Version) (*house.House, error) {
	h, err := s.Get(ctx, id)
	if err != nil || reached(h, v) {
		return h, err
	}
	if h, err = s.Proved(ctx, id); err != nil || reached(h, v) {
		return h, err
	}
	ctx, cancel := context.WithTimeout(ctx, behindAfter)
	defer cancel()
	for {
		h, moved := s.watch(id)
		if h != nil && reached(h, v) {
			return h, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			refusal := seating.Refuse(seating.CodeBehind, "The version %s is not known here yet.", v)
			refusal.Details.RetryAfter = time.Second
			return nil, refusal
		}
	}
}

const behindAfter = time.Second

func reached(h *house.House, v seating.Version) bool { return h.Epoch == v.Epoch && h.Version >= v.N }

func (s *Houses) watch(id seating.RestaurantID) (*house.House, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[id]
	if sl == nil {
		never := make(chan struct{})
		return nil, never
	}
	return sl.house.Load(), sl.moved
}

var errGap = errors.New("live: the journal does not lead on")
