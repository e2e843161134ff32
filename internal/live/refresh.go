package live

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// refreshBatch is how many journal entries are read at once; a house that is
// further behind than refreshLimit is loaded instead. refreshRounds is how often
// it may move on between two reads before it is.
const (
	refreshBatch  = 200
	refreshLimit  = 2000
	refreshRounds = 3
)

var errGap = errors.New("live: the journal does not lead on")

// Refresh brings the house forward from the journal, or loads it where the
// journal does not lead on (a gap, a reload entry, another epoch or head). It
// returns the newest house known after it.
func (s *Houses) Refresh(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	from := s.known(id)
	if from == nil {
		return s.load(ctx, id)
	}
	h := from
	for rounds := 0; h.Version-from.Version < refreshLimit && rounds < refreshRounds; {
		asked := s.clock.mono()
		entries, err := s.store.Journal(ctx, id, h.Version, refreshBatch)
		if errors.Is(err, store.ErrGone) {
			break
		}
		if err != nil {
			return nil, s.refusal(ctx, id, err)
		}
		if len(entries) == 0 {
			newest, moved, err := s.end(ctx, id, h)
			if err != nil || newest != nil {
				return newest, err
			}
			if rounds++; moved {
				continue
			}
			break
		}
		if forks(h, entries[0]) {
			s.lose(id, h, store.State{Epoch: h.Epoch, Version: entries[0].Version})
			break
		}
		next, changes, err := Follow(h, entries)
		if err != nil {
			break
		}
		short := len(entries) < refreshBatch
		if !short {
			asked = never // there may be more
		}
		s.advance(next, changes, asked, false)
		if h = next; short {
			return s.newest(id, h), nil
		}
	}
	s.drop(id, from, h)
	return s.load(ctx, id)
}

// end answers a journal that has nothing after h: h is the newest; or the
// restaurant has moved on since the journal was read; or the store has another
// history (a lower version, another head, another epoch).
func (s *Houses) end(ctx context.Context, id seating.RestaurantID, h *house.House) (newest *house.House, moved bool, err error) {
	asked := s.clock.mono()
	states, err := s.store.States(ctx, []seating.RestaurantID{id})
	if err != nil {
		return nil, false, s.refusal(ctx, id, err)
	}
	state, ok := states[id]
	if !ok {
		return nil, false, s.refusal(ctx, id, store.ErrNotFound)
	}
	s.compare(id, h, state, asked)
	if at(h, state) {
		return s.newest(id, h), false, nil
	}
	return nil, h.Epoch == state.Epoch && h.Version < state.Version, nil
}

// Follow applies entries of the journal to the house they come after, and returns
// their changes. It fails where they do not lead on: then the house is to be
// refreshed.
func Follow(h *house.House, entries []store.Entry) (*house.House, []*house.Change, error) {
	changes := make([]*house.Change, 0, len(entries))
	for _, e := range entries {
		if e.Change == nil {
			return nil, nil, errGap
		}
		next, err := house.Apply(h, e.Change)
		if err != nil {
			return nil, nil, err
		}
		h, changes = next, append(changes, e.Change)
	}
	return h, changes, nil
}

// newest returns the house in memory, unless h is newer.
func (s *Houses) newest(id seating.RestaurantID, h *house.House) *house.House {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slot(id)
	if sl.house != nil && (sl.lost == h.Epoch || sl.house.Epoch == h.Epoch && sl.house.Version >= h.Version) {
		return sl.house
	}
	return h
}

// drop forgets what a refresh that failed began with or came to, unless another
// house has taken its place.
func (s *Houses) drop(id seating.RestaurantID, from, to *house.House) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slot(id)
	if h := sl.house; h != nil && (h.Epoch == from.Epoch || h.Epoch == to.Epoch) && h.Version >= from.Version && h.Version <= to.Version {
		sl.forget()
	}
}
