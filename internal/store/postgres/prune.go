package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// ofOne are the kinds that are pruned of one restaurant at a time, with its rights.
var ofOne = []store.Kept{store.KeptReceipts, store.KeptEndedHolds, store.KeptHistory, store.KeptJournal}

// queuePrune queues one batch of a kind, and how old the oldest is that is left.
func queuePrune(f *flush, p store.Prune, rows *int64, oldest, now *servicetime.Instant) error {
	here := uid(p.Restaurant)
	left := func(name string, args ...any) { f.one(name, args, nil, instant(oldest), instant(now)) }
	own := slices.Contains(ofOne, p.Kept)
	if own == p.Restaurant.IsZero() || p.Limit <= 0 {
		return fmt.Errorf("%w: prune %s of restaurant %s, at most %d", store.ErrInvalid, p.Kept, p.Restaurant, p.Limit)
	}
	if own {
		f.as(roleApp, p.Restaurant)
	} else {
		f.as(roleSystem, noRestaurant)
	}
	switch p.Kept {
	case store.KeptReceipts:
		f.counted("PruneReceipts", rows, here, p.Keep, p.Limit)
		left("OldestReceipt", here)
	case store.KeptEndedHolds:
		f.counted("PruneEndedHolds", rows, here, p.Keep, p.Limit)
		left("OldestEndedHold", here, p.Keep)
	case store.KeptHistory:
		f.exec("PruneNotes", here, p.Keep, p.Limit)
		f.counted("PruneHistory", rows, here, p.Keep, p.Limit)
		left("OldestHistory", here)
	case store.KeptJournal:
		f.exec("PruneCheckpoints", here, p.Keep, p.Versions)
		f.counted("PruneJournal", rows, here, p.Keep, p.Versions, p.Limit)
		left("OldestJournal", here, p.Keep, p.Versions)
	case store.KeptDead:
		f.counted("PruneDead", rows, p.Keep, p.Limit)
		left("OldestDead")
	case store.KeptObserved:
		f.counted("PruneObserved", rows, p.Keep, p.Limit)
		left("OldestObserved")
	case store.KeptDeliveries:
		f.counted("PruneDeliveries", rows, p.Keep, p.Limit)
		left("OldestDelivery")
	case store.KeptOperations:
		f.counted("PruneOperations", rows, p.Keep, p.Limit)
		left("OldestOperation")
	default:
		return fmt.Errorf("%w: nothing is kept by the name of %q", store.ErrInvalid, p.Kept)
	}
	return nil
}

// counted queues a statement and tells how many rows it touched.
func (f *flush) counted(name string, rows *int64, args ...any) {
	f.batch.Queue(statement(name), args...)
	f.answers = append(f.answers, func(br pgx.BatchResults) error {
		tag, err := br.Exec()
		*rows = tag.RowsAffected()
		return labelled(name, err)
	})
}

// Prune implements store.Jobs. The lease is held until the end of the
// transaction: nobody takes it over before that.
func (s *Store) Prune(ctx context.Context, p store.Prune) (store.Pruned, error) {
	var done store.Pruned
	var oldest, now servicetime.Instant
	err := s.tx(ctx, func(send func(func(*flush)) error) error {
		done = store.Pruned{}
		if p.Job.Job != "" {
			var held bool
			err := send(func(f *flush) {
				f.as(roleSystem, noRestaurant)
				f.one("HoldsJob", []any{p.Job.Job, p.Holder, p.Job.Token}, &held, new(int))
			})
			if err != nil || !held {
				done.Lost = err == nil
				return err
			}
		}
		var wrong error
		err := send(func(f *flush) { wrong = queuePrune(f, p, &done.Rows, &oldest, &now) })
		if wrong != nil {
			return wrong
		}
		return err
	})
	if err != nil {
		return store.Pruned{}, err
	}
	done.More = done.Rows >= int64(p.Limit) && !done.Lost
	if oldest != 0 {
		done.Oldest = max(now.Sub(oldest)-p.Keep, 0)
	}
	return done, nil
}

// Checkpoint implements store.Jobs: the house as one read shows it.
func (s *Store) Checkpoint(ctx context.Context, r seating.RestaurantID) error {
	h, _, err := s.Load(ctx, r)
	if err != nil {
		return err
	}
	body, err := encoded(h.State())
	if err != nil {
		return err
	}
	f := &flush{}
	f.as(roleApp, r)
	f.exec("PutCheckpoint", uid(r), h.Version, body)
	return s.once(ctx, f)
}
