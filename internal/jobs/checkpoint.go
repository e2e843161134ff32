package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// checkpointEvery is how often each restaurant is written down as a whole.
const checkpointEvery = day

// checkpoint writes down every restaurant that has changed since it was written
// down last, when a day has passed since all were, by whatever process, or when
// somebody wants it.
func (r *Runner) checkpoint(ctx context.Context, h *held) (outcome, error) {
	due, err := r.checkpointDue(ctx)
	if err != nil || !due && !h.wanted {
		return outcome{idle: true}, err
	}
	var out outcome
	ids, err := r.restaurants(ctx)
	if err != nil {
		return out, err
	}
	var failed []error
	for _, id := range ids {
		switch err := r.written(ctx, id); {
		case ctx.Err() != nil:
			return out, ctx.Err()
		case errors.Is(err, store.ErrUnavailable):
			return out, err
		case err != nil:
			failed = append(failed, fmt.Errorf("write down restaurant %s: %w", id, err))
		default:
			out.done++
		}
	}
	return out, first(failed)
}

func (r *Runner) written(ctx context.Context, id seating.RestaurantID) error {
	ctx, cancel := context.WithTimeout(ctx, choreIn)
	defer cancel()
	err := r.c.Work.Checkpoint(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // gone meanwhile
	}
	return err
}

// checkpointDue asks when all were written down last.
func (r *Runner) checkpointDue(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	states, err := r.c.Work.JobStates(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range states {
		if s.Job == JobCheckpoint {
			return s.LastSuccessAt.IsZero() || s.Now.Sub(s.LastSuccessAt) >= checkpointEvery, nil
		}
	}
	return true, nil
}

// restaurants are the ids of all there are.
func (r *Runner) restaurants(ctx context.Context) ([]seating.RestaurantID, error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	all, err := r.c.Work.Restaurants(ctx)
	ids := make([]seating.RestaurantID, len(all))
	for i, one := range all {
		ids[i] = one.ID
	}
	return ids, err
}

// choreIn bounds one step of a chore.
const choreIn = 20 * time.Second

// first is the first of several failures, and how many there are.
func first(failed []error) error {
	if len(failed) < 2 {
		return errors.Join(failed...)
	}
	return fmt.Errorf("%d failures, the first: %w", len(failed), failed[0])
}
