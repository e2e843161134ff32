package live

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// refreshBatch is how many journal entries are read at once; a house that is
// further behind than refreshLimit is loaded instead.
const (
	refreshBatch = 200
	refreshLimit = 2000
)

// Refresh brings the house forward from the journal, or loads it where the
// journal does not lead on (a gap, a reload entry, another epoch or head). It
// returns the newest house known after it.
func (s *Houses) Refresh(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	from := s.known(id)
	if from == nil {
		return s.load(ctx, id)
	}
	h := from
	for h.Version-from.Version < refreshLimit {
		entries, err := s.store.Journal(ctx, id, h.Version, refreshBatch)
		if errors.Is(err, store.ErrGone) {
			break
		}
		if err != nil {
			return nil, s.refusal(ctx, id, err)
		}
		if len(entries) == 0 {
			return s.reload(ctx, id, h)
		}
		next, changes, err := follow(h, entries)
		if err != nil {
			break
		}
		s.Publish(h, next, changes)
		if h = next; len(entries) < refreshBatch {
			return s.newest(id, h), nil
		}
	}
	s.drop(id, from)
	return s.load(ctx, id)
}

// reload answers a journal that has nothing after h: either h is the newest, or
// the store has another history (a lower version, another head).
func (s *Houses) reload(ctx context.Context, id seating.RestaurantID, h *house.House) (*house.House, error) {
	states, err := s.store.States(ctx, []seating.RestaurantID{id})
	if err != nil {
		return nil, s.refusal(ctx, id, err)
	}
	state, ok := states[id]
	if !ok {
		return nil, s.refusal(ctx, id, store.ErrNotFound)
	}
	if at(h, state) {
		return s.newest(id, h), nil
	}
	s.drop(id, h)
	return s.load(ctx, id)
}

func follow(h *house.House, entries []store.Entry) (*house.House, []*house.Change, error) {
	var changes []*house.Change
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

func (s *Houses) newest(id seating.RestaurantID, h *house.House) *house.House {
	if known := s.known(id); known != nil && known.Epoch == h.Epoch && known.Version >= h.Version {
		return known
	}
	return h
}

// drop forgets a house that is not to be believed any more, unless another one
// has taken its place.
func (s *Houses) drop(id seating.RestaurantID, h *house.House) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl := s.slots[id]; sl != nil && (sl.house.Load() == h || sl.house.Load().Version >= h.Version) {
		delete(s.slots, id)
	}
}
