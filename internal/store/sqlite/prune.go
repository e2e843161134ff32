package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Prune implements store.Jobs.
func (s *Store) Prune(ctx context.Context, p store.Prune) (store.Pruned, error) {
	var pruned store.Pruned
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		pruned, err = prune(ctx, q, now, p)
		return err
	})
	if err != nil {
		return store.Pruned{}, err
	}
	return pruned, nil
}

func prune(ctx context.Context, q session, now servicetime.Instant, p store.Prune) (store.Pruned, error) {
	if p.Job.Job != "" {
		held, err := q.one(ctx, "JobHeld", []any{p.Job.Job, p.Holder, p.Job.Token, int64(now)}, new(int))
		if err != nil || !held {
			return store.Pruned{Lost: !held}, err
		}
	}
	c := cut{q: q, now: now, Prune: p, before: now.Add(-p.Keep), here: text(p.Restaurant)}
	switch p.Kept {
	case store.KeptReceipts:
		return c.rows(ctx, "PruneReceipts", "OldestReceipt", c.here)
	case store.KeptEndedHolds:
		return c.rows(ctx, "PruneEndedHolds", "OldestEndedHold", c.here)
	case store.KeptHistory:
		return c.history(ctx)
	case store.KeptJournal:
		return c.journal(ctx)
	case store.KeptDead:
		return c.rows(ctx, "PruneDead", "OldestDead")
	case store.KeptObserved:
		return c.rows(ctx, "PruneObserved", "OldestObserved")
	case store.KeptDeliveries:
		return c.rows(ctx, "PruneDeliveries", "OldestDelivery")
	case store.KeptOperations:
		return c.rows(ctx, "PruneOperations", "OldestOperation")
	}
	return store.Pruned{}, fmt.Errorf("%w: nothing is kept as %q", store.ErrInvalid, p.Kept)
}

// cut is one batch of pruning.
type cut struct {
	store.Prune
	q      session
	now    servicetime.Instant
	before servicetime.Instant
	here   any
}

// rows deletes what a statement says, and looks at the oldest that is left.
func (c cut) rows(ctx context.Context, statement, oldest string, args ...any) (store.Pruned, error) {
	n, err := c.q.exec(ctx, statement, append(slices.Clip(args), int64(c.before), c.Limit)...)
	if err != nil {
		return store.Pruned{}, err
	}
	return c.pruned(ctx, n, oldest, args...)
}

// pruned is the outcome of a batch that deleted so many rows.
func (c cut) pruned(ctx context.Context, n int64, oldest string, args ...any) (store.Pruned, error) {
	p := store.Pruned{Rows: n, More: n > 0 && n >= int64(c.Limit)}
	var first servicetime.Instant
	if _, err := c.q.one(ctx, oldest, args, instant(&first)); err != nil {
		return p, err
	}
	if first != 0 {
		p.Oldest = max(c.before.Sub(first), 0)
	}
	return p, nil
}

// history goes with the notes beside it, the oldest lines first.
func (c cut) history(ctx context.Context) (store.Pruned, error) {
	type line struct {
		version int64
		ordinal int
		at      servicetime.Instant
	}
	var lines []line
	err := rowsOf(ctx, c.q, "OldHistory", []any{c.here, c.Limit}, &lines, func(l *line) []any { return []any{&l.version, &l.ordinal, instant(&l.at)} })
	if err != nil {
		return store.Pruned{}, err
	}
	old := 0
	for old < len(lines) && lines[old].at < c.before {
		old++
	}
	if old == 0 {
		return c.pruned(ctx, 0, "OldestHistory", c.here)
	}
	last := lines[old-1]
	if _, err := c.q.exec(ctx, "PruneNotes", c.here, last.version, last.ordinal); err != nil {
		return store.Pruned{}, err
	}
	n, err := c.q.exec(ctx, "PruneHistory", c.here, last.version, last.ordinal, int64(c.before))
	if err != nil {
		return store.Pruned{}, err
	}
	return c.pruned(ctx, n, "OldestHistory", c.here)
}

// journal goes up to a checkpoint. Older checkpoints go first: an entry that is gone
// behind one would be a gap.
func (c cut) journal(ctx context.Context) (store.Pruned, error) {
	var upTo int64
	found, err := c.q.one(ctx, "PrunableVersion", []any{c.here, int64(c.before), c.Versions}, &upTo)
	if err != nil || !found {
		return store.Pruned{}, err
	}
	if _, err := c.q.exec(ctx, "PruneCheckpoints", c.here, upTo); err != nil {
		return store.Pruned{}, err
	}
	n, err := c.q.exec(ctx, "PruneJournal", c.here, upTo, c.Limit)
	if err != nil {
		return store.Pruned{}, err
	}
	return c.pruned(ctx, n, "OldestEntry", c.here, upTo)
}

// Checkpoint implements store.Jobs. The house is read beside the writer; it was at
// that version, whatever came after.
func (s *Store) Checkpoint(ctx context.Context, r seating.RestaurantID) error {
	h, _, err := s.Load(ctx, r)
	if err != nil {
		return err
	}
	return s.putCheckpoint(ctx, h)
}

func (s *Store) putCheckpoint(ctx context.Context, h *house.House) error {
	state := h.State()
	body, err := encoded(&state)
	if err != nil {
		return err
	}
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		if err := exists(ctx, q, h.Restaurant.ID); err != nil {
			return err
		}
		_, err := q.exec(ctx, "PutCheckpoint", text(h.Restaurant.ID), h.Version, body, int64(now))
		return err
	})
}
