package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// errNothing ends a job that has nothing to write: what it was told is beside it.
var errNothing = errors.New("sqlite: nothing was to be written")

// CommitLocked implements store.Seating. The lock is the writer's transaction.
func (s *Store) CommitLocked(ctx context.Context, r seating.RestaurantID, after int64, ask store.Ask, decide func(store.Locked) (store.Batch, error)) (store.Committed, error) {
	l := &lockedCommit{s: s, restaurant: r, after: after, ask: ask, decide: decide}
	j := &job{done: make(chan error, 1)}
	j.run = func(ctx context.Context, q session, now servicetime.Instant) error {
		changes, err := l.run(ctx, q, now)
		j.changes = changes
		return err
	}
	err := s.hand(ctx, j)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	switch {
	case err == nil:
		return l.done, nil
	case errors.Is(err, errNothing):
		return l.done, l.refusal
	case errors.Is(err, store.ErrAmbiguous) && !l.writes:
		return store.Committed{}, fmt.Errorf("%w: nothing was to be written: %s", store.ErrUnavailable, err.Error())
	}
	return store.Committed{}, err
}

// lockedCommit is one call of CommitLocked. The caller may leave while the writer
// is at it: mu keeps decide from being called after that.
type lockedCommit struct {
	s          *Store
	restaurant seating.RestaurantID
	after      int64
	ask        store.Ask
	decide     func(store.Locked) (store.Batch, error)

	mu      sync.Mutex
	left    bool
	writes  bool  // decide gave a batch to be written
	refusal error // of decide
	done    store.Committed
}

// run is the job. It returns how many changes it has written.
func (l *lockedCommit) run(ctx context.Context, q session, now servicetime.Instant) (int, error) {
	locked, err := l.s.readLocked(ctx, q, l.restaurant, l.after, l.ask, now)
	if err != nil {
		return 0, err
	}
	b, err := l.asked(locked)
	if err != nil {
		return 0, err
	}
	done, err := commit(ctx, q, now, b)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = done
	return len(b.Changes), nil
}

// asked calls decide, unless the caller has left. errNothing: there is no batch.
func (l *lockedCommit) asked(locked store.Locked) (store.Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return store.Batch{}, errNothing
	}
	b, err := l.decide(locked)
	l.done, l.refusal, l.writes = store.Committed{Now: locked.Now}, err, false
	if err != nil || len(b.Changes) == 0 {
		return store.Batch{}, errNothing
	}
	if b.Restaurant != l.restaurant {
		return store.Batch{}, fmt.Errorf("%w: the batch is of another restaurant", store.ErrInvalid)
	}
	l.writes = true
	return b, b.WellFormed()
}

func (s *Store) readLocked(ctx context.Context, q session, r seating.RestaurantID, after int64, ask store.Ask, now servicetime.Instant) (store.Locked, error) {
	proof, err := prove(ctx, q, r, ask, func() servicetime.Instant { return now })
	if err != nil {
		return store.Locked{}, err
	}
	locked := store.Locked{Proof: proof}
	if after >= proof.Version {
		return locked, nil
	}
	entries, err := s.readJournal(ctx, q, r, after, store.LockedEntries+1)
	if err != nil {
		return store.Locked{}, err
	}
	if len(entries) > store.LockedEntries || !leadOn(entries, after) {
		locked.Gone = true
		return locked, nil
	}
	locked.Entries = entries
	return locked, nil
}
