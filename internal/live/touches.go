package live

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// TouchesKept is how many versions back a context can be judged.
// Source: docs/domain.md, If-Match.
const TouchesKept = 2000

// touches are the touches of the last versions, oldest first, without gaps, up
// to the slot's house.
type touches struct {
	since int64 // the version that the first one came after
	list  []house.Touched
}

func (t *touches) reset(version int64) { t.since, t.list = version, nil }

func (t *touches) add(more []house.Touched) {
	t.list = append(t.list, more...)
	if over := len(t.list) - TouchesKept; over > 0 {
		t.since = t.list[over-1].Version.N
		t.list = append([]house.Touched(nil), t.list[over:]...)
	}
}

// follow adds the touches of changes and returns them. A new epoch begins afresh:
// nobody can compare with what was before it.
func (t *touches) follow(changes []*house.Change) []house.Touched {
	touched := make([]house.Touched, len(changes))
	since := 0
	for i, c := range changes {
		touched[i] = house.TouchedBy(c)
		if c.Rows.Epoch != "" {
			since = i + 1
			t.reset(c.Version())
		}
	}
	t.add(touched[since:])
	return touched
}

// after returns the touches after a version; ok is false when they do not reach
// back that far.
func (t *touches) after(version int64) (list []house.Touched, ok bool) {
	if version < t.since {
		return nil, false
	}
	i := int(version - t.since)
	if i >= len(t.list) {
		return nil, true
	}
	return t.list[i:], true
}

// Touched returns the touches after a version up to h, oldest first, from memory
// or from the journal. tooOld says that they are not known: more than 2,000
// versions ago, another epoch, or a stretch that was reloaded.
func (s *Houses) Touched(ctx context.Context, h *house.House, since seating.Version) (touched []house.Touched, tooOld bool, err error) {
	id := h.Restaurant.ID
	if since.Epoch != h.Epoch || since.N > h.Version || h.Version-since.N > TouchesKept {
		return nil, true, nil
	}
	s.mu.Lock()
	if sl := s.slots[id]; sl != nil && sl.house != nil && sl.house.Epoch == h.Epoch {
		if list, ok := sl.touches.after(since.N); ok {
			s.mu.Unlock()
			return upTo(list, h.Version), false, nil
		}
	}
	s.mu.Unlock()
	entries, err := s.store.Journal(ctx, id, since.N, TouchesKept)
	if errors.Is(err, store.ErrGone) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, s.refusal(ctx, id, err)
	}
	for _, e := range entries {
		if e.Change == nil {
			return nil, true, nil
		}
		touched = append(touched, house.TouchedBy(e.Change))
	}
	return upTo(touched, h.Version), false, nil
}

// upTo cuts what came after the version, on a copy of its own.
func upTo(list []house.Touched, version int64) []house.Touched {
	cut := make([]house.Touched, 0, len(list))
	for _, t := range list {
		if t.Version.N <= version {
			cut = append(cut, t)
		}
	}
	return cut
}
