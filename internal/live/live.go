package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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
	// Shared says that other processes write to the database as well: houses are
	// kept current by Run, and proved where that has not been done of late.
	Shared bool
	// OnLost is told once of a restaurant of which the database has lost commits
	// that were known here, see Lost. It must not block.
	OnLost func(seating.RestaurantID)
}

// Houses keeps the newest known house of each restaurant that is in use.
type Houses struct {
	store  store.Seating
	log    *slog.Logger
	clock  *Clock
	shared bool
	onLost func(seating.RestaurantID)
	loads  singleflight.Group
	proofs singleflight.Group

	mu     sync.Mutex // guards slots, each slot's parts, and what is woken
	slots  map[seating.RestaurantID]*slot
	wakes  wakes
	onMu   sync.Mutex // guards watchers; held while they are told, so that they hear in order
	nextID int
	on     map[int]func(Changed)
}

// Changed tells that a house moved on. Touched is empty when the steps between
// are not known (Reloaded): then anything may have changed. Local says that this
// process committed it, and not that it came from the journal or a load; a change
// of this process that came back through the journal first is not Local.
type Changed struct {
	Restaurant seating.RestaurantID
	From, To   seating.Version
	Touched    []house.Touched
	Reloaded   bool
	Local      bool
}

// New makes an empty set of live houses over a store.
func New(s store.Seating, c Config) *Houses {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnLost == nil {
		c.OnLost = func(seating.RestaurantID) {}
	}
	return &Houses{
		store: s, log: c.Logger, clock: newClock(c.Monotonic), shared: c.Shared, onLost: c.OnLost,
		slots: map[seating.RestaurantID]*slot{}, wakes: newWakes(), on: map[int]func(Changed){},
	}
}

// Get returns the newest known house: from memory when it is there, else by one
// load that all who ask at once share (K18). Where other processes write as well,
// a house in memory is served when it was the current one at some moment of the
// last second, and proved first when not, by one read that all share (K02). The
// error is a *seating.Error, NOT_FOUND or UNAVAILABLE.
func (s *Houses) Get(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	asked := s.clock.mono()
	h, good := s.use(id, asked)
	if h == nil {
		loaded, err := s.load(ctx, id)
		if err != nil || !s.shared {
			return loaded, err
		}
		h, good = s.use(id, asked) // the load may have begun long before it was asked for
	}
	if good {
		return h, nil
	}
	return s.provedSince(ctx, id, asked)
}

// provedSince proves the house by one read for all who ask at once. Who joins a
// read that began too long ago joins the next one, too.
func (s *Houses) provedSince(ctx context.Context, id seating.RestaurantID, asked time.Duration) (*house.House, error) {
	type proved struct {
		house *house.House
		began time.Duration
	}
	for {
		result := s.proofs.DoChan(string(id[:]), func() (any, error) {
			free, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
			defer cancel()
			began := s.clock.mono()
			h, _, err := s.prove(free, id, store.Ask{})
			return proved{house: h, began: began}, err
		})
		select {
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		case r := <-result:
			if r.Err != nil {
				return nil, r.Err
			}
			if p := r.Val.(proved); p.began >= asked-staleAfter {
				return p.house, nil
			}
		}
	}
}

// known returns the house in memory; nil when there is none.
func (s *Houses) known(id seating.RestaurantID) *house.House {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.slots[id]; sl != nil {
		return sl.house
	}
	return nil
}

// Known returns the house in memory as it is, proved or not; nil when there is
// none. It asks nobody, and is no use of the house.
func (s *Houses) Known(id seating.RestaurantID) *house.House { return s.known(id) }

// Proved returns a house that was the current one at some moment of the call.
// Whoever says that something does not exist says it from a proved house.
func (s *Houses) Proved(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	h, _, err := s.Prove(ctx, id, store.Ask{})
	return h, err
}

// Prove returns the current house together with the facts asked for, read
// together with the proof.
func (s *Houses) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (*house.House, store.Proof, error) {
	s.use(id, s.clock.mono())
	return s.prove(ctx, id, ask)
}

// prove is Prove by whoever does not use the house.
func (s *Houses) prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (*house.House, store.Proof, error) {
	if s.known(id) == nil {
		if _, err := s.load(ctx, id); err != nil {
			return nil, store.Proof{}, err
		}
	}
	for {
		before := s.known(id)
		asked := s.clock.mono()
		proof, err := s.store.Prove(ctx, id, ask)
		if err != nil {
			return nil, store.Proof{}, s.refusal(ctx, id, err)
		}
		s.clock.set(proof.Now, asked)
		h, v := s.compare(id, before, proof.State, asked)
		// Moved on while the store was asked: that is as good, but the facts of the
		// proof belong to the version before.
		if v == current || v == newer && ask.Empty() {
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
		before := s.known(id)
		asked := s.clock.mono()
		h, now, err := s.store.Load(free, id)
		if err != nil {
			return nil, s.refusal(free, id, err)
		}
		s.clock.set(now, asked)
		return s.replace(h, before, asked), nil
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

// loadTimeout bounds one load, and one proof that is shared.
const loadTimeout = 30 * time.Second

// replace publishes a house that was loaded by a read asked for at asked, when
// before was in memory. A newer one of the same epoch that has come since stays:
// the load was slower than a commit (K01). Another epoch, or another head at a
// version known here, is the truth and replaces what was believed.
func (s *Houses) replace(h, before *house.House, asked time.Duration) *house.House {
	id := h.Restaurant.ID
	if before != nil && contradicts(before, stateOf(h)) {
		s.lose(id, before, stateOf(h))
	}
	s.mu.Lock()
	sl := s.slot(id)
	old := sl.house
	if old != nil && old.Epoch == h.Epoch && old.Version >= h.Version && (old.Version > h.Version || old.Head == h.Head) {
		sl.current = max(sl.current, asked)
		s.mu.Unlock()
		return old
	}
	sl.publish(h, asked)
	sl.touches.reset(h.Version)
	lost := sl.lost != "" && !sl.told
	sl.told = sl.told || lost
	var from seating.Version
	if old != nil {
		from = old.Public()
	}
	s.tell(Changed{Restaurant: id, From: from, To: h.Public(), Reloaded: true})
	if lost {
		s.onLost(id)
	}
	return h
}

// Publish makes the result of changes that this process committed, in a commit
// sent at asked, the newest house, unless it is past them already.
func (s *Houses) Publish(to *house.House, changes []*house.Change, asked time.Duration) {
	s.advance(to, changes, asked, true)
}

// Advance is Publish of changes that were read from the journal at asked, behind
// the lock of a commit.
func (s *Houses) Advance(to *house.House, changes []*house.Change, asked time.Duration) {
	s.advance(to, changes, asked, false)
}

// advance publishes the house that changes lead to, when one of them starts where
// the house in memory stands: some of them may have come another way.
func (s *Houses) advance(to *house.House, changes []*house.Change, asked time.Duration, local bool) {
	s.mu.Lock()
	sl := s.slots[to.Restaurant.ID]
	if sl == nil {
		s.mu.Unlock()
		return
	}
	changes = sl.leadOn(changes)
	if len(changes) == 0 {
		s.mu.Unlock()
		return
	}
	from := sl.house.Public()
	sl.publish(to, asked)
	touched := sl.touches.follow(changes)
	s.tell(Changed{Restaurant: to.Restaurant.ID, From: from, To: to.Public(), Touched: touched, Local: local})
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

// tell needs mu, and gives it back before it calls anybody: whoever publishes next
// waits for its turn to tell.
func (s *Houses) tell(c Changed) {
	s.onMu.Lock()
	s.mu.Unlock()
	defer s.onMu.Unlock()
	for _, f := range s.on {
		f(c)
	}
}

// Invalidate forgets the house: the next who asks loads it. For operators and
// scripts that changed rows by hand.
func (s *Houses) Invalidate(id seating.RestaurantID, reason string) {
	s.mu.Lock()
	if sl := s.slots[id]; sl != nil {
		sl.forget()
	}
	s.mu.Unlock()
	s.log.Info("house invalidated", slog.String("restaurant", id.String()), slog.String("reason", reason))
}

// Loaded is the number of houses in memory.
func (s *Houses) Loaded() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sl := range s.slots {
		if sl.house != nil {
			n++
		}
	}
	return n
}

// refusal turns a store's error into what the caller is told.
func (s *Houses) refusal(ctx context.Context, id seating.RestaurantID, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		s.gone(id)
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
		h, moved := s.next(id)
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

// next returns the house in memory and what is closed when another takes its
// place.
func (s *Houses) next(id seating.RestaurantID) (*house.House, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slot(id)
	return sl.house, sl.moved
}
