package live

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// How houses are kept current beside other processes. Source:
// docs/architecture.md, live houses.
const (
	usedFor     = 10 * time.Second       // a house that was asked for is polled that long
	pollEvery   = 250 * time.Millisecond // ± pollJitter, so that processes do not ask in step
	pollJitter  = 0.2
	pollSlowest = 2 * time.Second // while the store does not answer
	pollWithin  = time.Second     // for the one question of a poll
	clockEvery  = 5 * time.Second // the database's time is asked for when nothing else brought it
	atOnce      = 8               // refreshes
	refreshIn   = 10 * time.Second
)

// wakes are the restaurants that Moved named and that Run has not seen to yet.
type wakes struct {
	ids    map[seating.RestaurantID]bool
	all    bool
	signal chan struct{} // room for one
	room   chan struct{} // as many as may be refreshed at once
}

func newWakes() wakes {
	return wakes{ids: map[seating.RestaurantID]bool{}, signal: make(chan struct{}, 1), room: make(chan struct{}, atOnce)}
}

// Moved is told that other processes have changed the restaurants; nil: any of
// them. Those in use are brought forward at once by Run, of the others the next
// who asks gets a proof. It may be told too often, and never blocks.
func (s *Houses) Moved(ids []seating.RestaurantID) {
	if !s.shared {
		return
	}
	now := s.clock.mono()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ids == nil {
		s.wakes.all = true
		for _, sl := range s.slots {
			if !sl.kept(now) {
				sl.current = never
			}
		}
	}
	for _, id := range ids {
		sl := s.slots[id]
		switch {
		case sl == nil:
		case sl.kept(now):
			s.wakes.ids[id] = true
		default:
			sl.current = never
		}
	}
	select {
	case s.wakes.signal <- struct{}{}:
	default: // Run is to look already
	}
}

func (s *Houses) takeWoken() (ids []seating.RestaurantID, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.wakes.ids {
		ids = append(ids, id)
	}
	all = s.wakes.all
	clear(s.wakes.ids)
	s.wakes.all = false
	return ids, all
}

// Run keeps the houses in use current until ctx ends: by a poll several times a
// second, and at once where Moved said so. Without it, Get proves what it serves.
// It does nothing where no other process writes.
func (s *Houses) Run(ctx context.Context) {
	if !s.shared {
		<-ctx.Done()
		return
	}
	var work sync.WaitGroup
	defer work.Wait()
	failed, wait := false, pollEvery
	timer := time.NewTimer(jittered(wait))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wakes.signal:
			ids, all := s.takeWoken()
			s.bring(ctx, &work, ids)
			if !all {
				continue
			}
		case <-timer.C:
		}
		moved, err := s.round(ctx)
		s.bring(ctx, &work, moved)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && failed:
			s.log.InfoContext(ctx, "the poll of the houses goes on")
			failed, wait = false, pollEvery
		case err != nil && !failed:
			s.log.ErrorContext(ctx, "the poll of the houses fails", slog.Any("error", err))
			failed = true
		}
		if failed {
			wait = min(2*wait, pollSlowest)
		}
		timer.Reset(jittered(wait))
	}
}

// Poll is one round of Run, brought to its end.
func (s *Houses) Poll(ctx context.Context) error {
	moved, err := s.round(ctx)
	var work sync.WaitGroup
	s.bring(ctx, &work, moved)
	work.Wait()
	return err
}

func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + pollJitter*(2*rand.Float64()-1))) //nolint:gosec // spreads load
}

// round asks, in one question, where the houses in use stand, and returns those
// that have to be read again.
func (s *Houses) round(ctx context.Context) (moved []seating.RestaurantID, err error) {
	ids, before := s.inUse()
	if len(ids) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pollWithin)
	defer cancel()
	asked := s.clock.mono()
	states, err := s.store.States(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		state, ok := states[id]
		if !ok {
			s.gone(id)
		} else if _, v := s.compare(id, before[id], state, asked); v == behind {
			moved = append(moved, id)
		}
	}
	for id := range states {
		if s.clock.age() >= clockEvery {
			return moved, s.askTime(ctx, id)
		}
	}
	return moved, nil
}

// askTime asks for the database's time, by way of any restaurant.
func (s *Houses) askTime(ctx context.Context, id seating.RestaurantID) error {
	asked := s.clock.mono()
	proof, err := s.store.Prove(ctx, id, store.Ask{})
	if err == nil {
		s.clock.set(proof.Now, asked)
	}
	return err
}

// inUse are the restaurants that are kept current, and their houses.
func (s *Houses) inUse() (ids []seating.RestaurantID, houses map[seating.RestaurantID]*house.House) {
	now := s.clock.mono()
	s.mu.Lock()
	defer s.mu.Unlock()
	houses = map[seating.RestaurantID]*house.House{}
	for id, sl := range s.slots {
		if sl.kept(now) && (sl.house != nil || sl.watchers > 0) {
			ids, houses[id] = append(ids, id), sl.house
		}
	}
	return ids, houses
}

// bring refreshes restaurants beside the caller: of each one at a time, and one
// more when it was named again meanwhile.
func (s *Houses) bring(ctx context.Context, work *sync.WaitGroup, ids []seating.RestaurantID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		sl := s.slot(id)
		if sl.refreshing {
			sl.again = true
			continue
		}
		sl.refreshing = true
		work.Go(func() {
			for again := true; again; {
				err := s.refreshOne(ctx, id)
				s.mu.Lock()
				again = sl.again && err == nil
				sl.refreshing, sl.again = again, false
				s.mu.Unlock()
			}
		})
	}
}

// refreshOne refreshes one restaurant when there is room.
func (s *Houses) refreshOne(ctx context.Context, id seating.RestaurantID) error {
	select {
	case s.wakes.room <- struct{}{}:
		defer func() { <-s.wakes.room }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, refreshIn)
	defer cancel()
	_, err := s.Refresh(ctx, id) // has told the log
	return err
}
