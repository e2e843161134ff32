package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// choreEvery is how often a chore is begun, ± 20 %.
const choreEvery = 10 * time.Minute

// chore is a job that is not due work: it goes through all restaurants now and
// then, beside the rounds.
type chore struct {
	r    *Runner
	job  string
	do   func(ctx context.Context, h *held) (outcome, error)
	away func() // the job is another process's
	mu   sync.Mutex
	next time.Time // zero: it was not seen yet
	busy bool
}

// outcome of a chore.
type outcome struct {
	idle bool // it was not time: nothing to tell
	done int64
	lag  time.Duration
}

// newChores are the chores in the order of their names' list: what a journal can be
// replayed from is written before the journal is shortened.
func newChores(r *Runner) []*chore {
	p := &pruner{r: r, behind: map[store.Kept]behind{}, next: map[store.Kept]int{}}
	return []*chore{
		{r: r, job: JobCheckpoint, do: r.checkpoint, away: func() {}},
		{r: r, job: JobPrune, do: p.prune, away: p.away},
	}
}

// see begins the chore when it is time, or somebody wants it now, if this process
// has the lease. The first is within one interval.
func (c *chore) see(ctx context.Context, work *sync.WaitGroup, mine map[string]held) {
	h, ok := mine[c.job]
	now := c.r.c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next.IsZero() {
		c.next = now.Add(c.r.c.Jitter(choreEvery))
	}
	if !ok && !c.busy {
		c.away()
	}
	if !ok || h.lost() || c.busy || ctx.Err() != nil || now.Before(c.next) && !h.wanted {
		return
	}
	c.busy = true
	work.Go(func() {
		c.run(ctx, &h)
		spread := time.Duration(2 * jitter * float64(choreEvery))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.busy, c.next = false, c.r.c.Now().Add(choreEvery-spread/2+c.r.c.Jitter(spread))
	})
}

// run does the chore while the lease is held, and tells what came of it.
func (c *chore) run(ctx context.Context, h *held) {
	began := c.r.c.Now()
	within, release := h.within(ctx)
	defer release()
	out, err := c.do(within, h)
	if within.Err() != nil || out.idle && err == nil {
		return // stopping, or somebody else's now; or not its time
	}
	report := store.JobReport{Job: c.job, Took: c.r.c.Now().Sub(began), Done: out.done, Lag: out.lag}
	if err != nil {
		report.Error = err.Error()
		c.r.c.Logger.WarnContext(ctx, "a job fails", slog.String("job", c.job), slog.Any("error", err))
	}
	c.r.tell(ctx, h, report)
}
