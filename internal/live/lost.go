package live

import (
	"log/slog"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// When has the database lost commits?
//
// It may: a failover to a standby that had not received them, a backup that was
// restored. Versions are then given out a second time in the same epoch, and a
// client's If-Match of the lost past could match a present it never saw. So the
// house is dropped, what is stored is loaded, and the restaurant is lost until it
// is in another epoch, which the line sees to before it decides anything else.
//
// What makes it safe to say: a house gets into memory only by what was committed
// when it was put there (an own commit that was acknowledged, entries of the
// journal, a load). A read that begins after that sees at least as much, unless
// commits are gone. So a read speaks of loss only against a house that was in
// memory, or had been read from the journal, before the read was sent; each path
// takes that house first and asks the store then:
//
//   - prove, Poll: the house before Prove or States. A house that is published
//     while they are under way may be ahead of what they bring; that is no loss.
//   - Refresh: the house that the journal is read after, and again before States.
//   - load: the house before Load, if any.
//   - what CommitLocked shows is compared with nothing here: entries that do not
//     lead on make the line call Refresh.
//
// Such a read contradicts the house (contradicts, forks) when the restaurant is in
// the same epoch at a lower version, or at its version with another head, or the
// entry after its version came after another head. Another epoch is never loss:
// whoever made it has seen to what was lost before.

// contradicts reports whether a read that began when h was known shows that h is
// not part of what is stored.
func contradicts(h *house.House, s store.State) bool {
	return h.Epoch == s.Epoch && (h.Version > s.Version || h.Version == s.Version && h.Head != s.Head)
}

// forks reports the same of the journal's first entry after h.
func forks(h *house.House, e store.Entry) bool {
	epoch, base := h.Epoch, e.BaseHead
	if e.Change != nil {
		epoch, base = e.Change.Epoch, e.Change.BaseHead
	}
	return e.Version == h.Version+1 && epoch == h.Epoch && base != h.Head
}

// verdict is what a read says about the house in memory.
type verdict int

const (
	behind  verdict = iota // another house is to be read
	current                // it is what the read saw
	newer                  // it was published while the read was under way
)

// compare judges the house in memory by a state that a read sent at asked brought,
// before which the house before was known.
func (s *Houses) compare(id seating.RestaurantID, before *house.House, state store.State, asked time.Duration) (*house.House, verdict) {
	if before != nil && contradicts(before, state) {
		s.lose(id, before, state)
		return nil, behind
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[id]
	if sl == nil || sl.house == nil {
		return nil, behind
	}
	v := behind
	switch h := sl.house; {
	case at(h, state):
		v = current
	case h.Epoch == state.Epoch && h.Version > state.Version:
		v = newer
	}
	if v != behind {
		sl.current = max(sl.current, asked)
	}
	return sl.house, v
}

// lose drops a house that what is stored contradicts, and what was made of it.
func (s *Houses) lose(id seating.RestaurantID, h *house.House, stored store.State) {
	s.mu.Lock()
	sl := s.slot(id)
	if now := sl.house; now != nil && (now.Epoch != h.Epoch || now.Version < h.Version) {
		s.mu.Unlock() // what is stored was loaded meanwhile
		return
	}
	sl.forget()
	first := sl.lost != h.Epoch
	if first {
		sl.lost, sl.told = h.Epoch, false
	}
	s.mu.Unlock()
	if first {
		s.log.Error("the database has lost commits; a new epoch is to begin", slog.String("restaurant", id.String()),
			slog.String("known", h.Public().String()), slog.String("stored", seating.Version{Epoch: stored.Epoch, N: stored.Version}.String()))
	}
}

// Lost reports whether commits of the restaurant are lost, and no other epoch has
// begun since.
func (s *Houses) Lost(id seating.RestaurantID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[id]
	return sl != nil && sl.lost != ""
}

func at(h *house.House, s store.State) bool {
	return h.Epoch == s.Epoch && h.Version == s.Version && h.Head == s.Head
}

func stateOf(h *house.House) store.State {
	return store.State{Epoch: h.Epoch, Version: h.Version, Head: h.Head, Revisions: h.Revisions}
}
