package live

import (
	"math"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// staleAfter bounds how old what Get serves may be: it was the current house at
// some moment since. Source: docs/architecture.md, live houses.
const staleAfter = time.Second

// never is before every reading of the monotonic clock.
const never = time.Duration(math.MinInt64 / 2)

// slot is what is known of one restaurant. It is guarded by Houses.mu.
type slot struct {
	house   *house.House // nil: not in memory
	touches touches
	moved   chan struct{} // closed and replaced whenever another house is published

	used     time.Duration // when somebody last asked for the house
	current  time.Duration // the house has all that was committed before
	watchers int           // who wants it kept current though nobody asks

	lost string // the epoch in which commits were lost, until another one is there
	told bool   // OnLost was told

	refreshing, again bool // a woken refresh is under way, and another has to follow
}

// slot returns the slot of a restaurant and makes it when there is none. It needs
// mu.
func (s *Houses) slot(id seating.RestaurantID) *slot {
	sl := s.slots[id]
	if sl == nil {
		sl = &slot{moved: make(chan struct{}), used: never, current: never}
		s.slots[id] = sl
	}
	return sl
}

// use notes that somebody wants the house, and returns the one in memory; good
// says whether it may be served without a proof.
func (s *Houses) use(id seating.RestaurantID, asked time.Duration) (h *house.House, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slot(id)
	sl.used = max(sl.used, asked)
	return sl.house, sl.house != nil && (!s.shared || asked-sl.current <= staleAfter)
}

// kept reports whether the house is to be kept current: somebody watches it, or
// asked for it of late.
func (sl *slot) kept(now time.Duration) bool { return sl.watchers > 0 || now-sl.used <= usedFor }

// publish puts a house in place that has all that was committed before asked.
func (sl *slot) publish(h *house.House, asked time.Duration) {
	if sl.lost != h.Epoch {
		sl.lost, sl.told = "", false
	}
	sl.house, sl.current = h, max(sl.current, asked)
	close(sl.moved)
	sl.moved = make(chan struct{})
}

// forget drops the house: the next who asks loads it.
func (sl *slot) forget() { sl.house, sl.current = nil, never }

// leadOn returns those of consecutive changes that come after the house; none
// when they do not start at or before it.
func (sl *slot) leadOn(changes []*house.Change) []*house.Change {
	if sl.house == nil {
		return nil
	}
	for i, c := range changes {
		if c.Base == sl.house.Version && c.BaseHead == sl.house.Head && c.Epoch == sl.house.Epoch {
			return changes[i:]
		}
	}
	return nil
}

// gone forgets a restaurant that does not exist.
func (s *Houses) gone(id seating.RestaurantID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[id]
	if sl == nil {
		return
	}
	sl.forget()
	if sl.watchers == 0 && !sl.refreshing {
		delete(s.slots, id)
	}
}

// Watch keeps the house current from now on, asked for or not, until stop is
// called. It needs Run.
func (s *Houses) Watch(id seating.RestaurantID) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slot(id)
	sl.watchers++
	stopped := false
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !stopped {
			stopped = true
			sl.watchers--
		}
	}
}
