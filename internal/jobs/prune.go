package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Bounds of the pruner. A run that meets one goes on where it stopped the next
// time; what it is behind by is measured.
const (
	pruneRows    = 500                    // of a batch, which is one transaction
	pruneBatches = 20                     // of a kind in one run, those that found something
	pruneLooks   = 1000                   // restaurants of a kind that are looked at in one run
	prunePause   = 100 * time.Millisecond // after a batch, so that the work of guests goes first
)

// pruner deletes what is older than it is kept.
type pruner struct {
	r      *Runner
	behind map[store.Kept]behind
	next   map[store.Kept]int // place with which the next run begins
}

// behind is how much older than its keep the oldest row was, when a restaurant was
// looked at last; the zero restaurant is all of them.
type behind map[seating.RestaurantID]time.Duration

// most is that of the oldest of all.
func (b behind) most() (most time.Duration) {
	for _, d := range b {
		most = max(most, d)
	}
	return most
}

// away forgets how things stand: another process prunes now, and tells.
func (p *pruner) away() {
	for k := range p.behind {
		p.r.c.Metrics.PruneBehind(string(k), 0)
	}
	clear(p.behind)
}

// errPruneLost ends a run whose lease the store says is lost.
var errPruneLost = fmt.Errorf("prune: %w", errLost)

// prune is one run. A kind that fails keeps none of the others.
func (p *pruner) prune(ctx context.Context, h *held) (outcome, error) {
	var out outcome
	ids, err := p.r.restaurants(ctx)
	if err != nil {
		return out, err
	}
	var failed []error
	for _, k := range keeps {
		places := []seating.RestaurantID{{}}
		if k.PerRestaurant {
			places = ids
		}
		rows, err := p.kind(ctx, h, k, places)
		out.done += rows
		late := p.behind[k.Kept].most()
		p.r.c.Metrics.PruneBehind(string(k.Kept), late)
		out.lag = max(out.lag, late)
		switch {
		case errors.Is(err, errPruneLost):
			p.r.leases.drop(h)
			return out, err
		case ctx.Err() != nil:
			return out, ctx.Err()
		case err != nil:
			failed = append(failed, err)
		}
	}
	return out, first(failed)
}

// kind prunes one kind, in one place after the other, beginning behind the one with
// which the run before stopped: who makes more than can be pruned keeps nobody
// else's rows from going.
func (p *pruner) kind(ctx context.Context, h *held, k Keep, places []seating.RestaurantID) (rows int64, _ error) {
	was := p.behind[k.Kept]
	p.behind[k.Kept] = behind{}
	for _, id := range places {
		if d, ok := was[id]; ok {
			p.behind[k.Kept][id] = d // a restaurant that is gone is forgotten
		}
	}
	var failed []error
	batches := 0
	for looks := 0; looks < min(len(places), pruneLooks) && batches < pruneBatches; looks++ {
		id := places[p.next[k.Kept]%len(places)]
		p.next[k.Kept]++
		n, err := p.place(ctx, h, k, id, &batches)
		rows += n
		if err != nil {
			if errors.Is(err, errLost) || errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
				return rows, err
			}
			failed = append(failed, fmt.Errorf("prune %s of %s: %w", k.Kept, whose(id), err))
		}
	}
	return rows, first(failed)
}

func whose(id seating.RestaurantID) string {
	if id.IsZero() {
		return "all restaurants"
	}
	return "restaurant " + id.String()
}

// place prunes one kind in one place, batch after batch, until nothing is left to
// prune there or the run has had its batches.
func (p *pruner) place(ctx context.Context, h *held, k Keep, id seating.RestaurantID, batches *int) (rows int64, _ error) {
	for *batches < pruneBatches {
		got, err := p.batch(ctx, h, k, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return rows, nil // gone meanwhile
		case err != nil:
			return rows, err
		case got.Lost:
			return rows, errPruneLost
		}
		rows += got.Rows
		p.behind[k.Kept][id] = got.Oldest
		p.r.c.Metrics.PruneRows(string(k.Kept), got.Rows)
		if got.Rows == 0 {
			return rows, nil
		}
		*batches++
		select {
		case <-ctx.Done():
			return rows, ctx.Err()
		case <-time.After(prunePause):
		}
		if !got.More {
			return rows, nil
		}
	}
	return rows, nil
}

func (p *pruner) batch(ctx context.Context, h *held, k Keep, id seating.RestaurantID) (store.Pruned, error) {
	ctx, cancel := context.WithTimeout(ctx, choreIn)
	defer cancel()
	return p.r.c.Work.Prune(ctx, store.Prune{
		Kept: k.Kept, Restaurant: id, Keep: k.For, Versions: k.Versions, Limit: pruneRows, Job: h.JobLease, Holder: p.r.c.Holder,
	})
}
