package postgres

import (
	"context"
	"fmt"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// CommitLocked implements store.Seating, in two flushes: the lock with what is to
// be seen under it, and the batch. The statements behind the lock are statements
// of their own under READ COMMITTED, so they see what the one who had it wrote;
// and nothing changes between them, because every change takes that lock.
func (s *Store) CommitLocked(ctx context.Context, r seating.RestaurantID, after int64, ask store.Ask,
	decide func(store.Locked) (store.Batch, error),
) (store.Committed, error) {
	done, err := s.commitLocked(ctx, r, after, ask, decide)
	if s.freed(ctx, err) {
		done, err = s.commitLocked(ctx, r, after, ask, decide)
	}
	return done, err
}

func (s *Store) commitLocked(ctx context.Context, r seating.RestaurantID, after int64, ask store.Ask,
	decide func(store.Locked) (store.Batch, error),
) (store.Committed, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return store.Committed{}, fmt.Errorf("%w: %w", store.ErrUnavailable, redacted(err))
	}
	defer conn.Release()
	rollback := func() {
		// When this fails too, the connection goes, and the transaction with it.
		f := &flush{}
		f.exec("Rollback")
		_ = s.send(context.WithoutCancel(ctx), conn, f)
	}
	var locked store.Locked
	found := false
	f := &flush{}
	f.exec("Begin")
	f.as(roleApp, r)
	f.exec("Lock", uid(r))
	queueProof(f, r, ask, &locked.Proof, &found)
	s.queueJournal(ctx, f, r, after, store.LockedEntries+1, &locked.Entries)
	if err := s.send(ctx, conn, f); err != nil {
		rollback()
		return store.Committed{}, unwritten(translate(err))
	}
	if !found {
		rollback()
		return store.Committed{}, store.ErrNotFound
	}
	leadOn(&locked, after)
	b, err := decide(locked)
	if err != nil || len(b.Changes) == 0 {
		rollback()
		return store.Committed{Now: locked.Now, Receipts: locked.Receipts}, err
	}
	if b.Restaurant != r {
		rollback()
		return store.Committed{}, fmt.Errorf("%w: the batch is of another restaurant", store.ErrInvalid)
	}
	f = &flush{}
	w, err := s.queueBatch(f, b)
	if err != nil {
		rollback()
		return store.Committed{}, err
	}
	f.exec("Commit")
	if err = s.send(ctx, conn, f); err != nil {
		rollback()
	}
	return s.outcome(ctx, w, err)
}

// leadOn says whether the entries lead from a version to the current one.
func leadOn(l *store.Locked, after int64) {
	want := l.Version - after
	switch {
	case want <= 0:
		l.Entries = nil
	case want > store.LockedEntries, int64(len(l.Entries)) != want, l.Entries[0].Version != after+1:
		l.Entries, l.Gone = nil, true
	}
}
