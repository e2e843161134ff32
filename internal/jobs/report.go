package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// quietFor is how often a job that finds nothing new is written down: often enough
// to see that it runs, and no write for each look of an idle night.
const quietFor = time.Minute

// round is what came of the kinds of due work in one round, its turns included.
type round struct {
	began time.Time

	mu sync.Mutex
	of []cameOf // like kinds
}

// cameOf is what came of a kind.
type cameOf struct {
	lease   *held // nil: another process has it
	done    int64
	lag     time.Duration
	failure string // the last
}

func newRound(began time.Time, mine map[string]held) *round {
	r := &round{began: began, of: make([]cameOf, len(kinds))}
	for i := range kinds {
		if h, ok := mine[string(kinds[i].due)]; ok {
			r.of[i].lease = &h
		}
	}
	return r
}

// any reports whether there is a kind to ask for.
func (r *round) any() bool {
	for _, c := range r.of {
		if c.lease != nil {
			return true
		}
	}
	return false
}

func (r *round) did(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[i].done++
}

func (r *round) failed(i int, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[i].failure = why
}

// reported is what was written down last of a job.
type reported struct {
	at      time.Time
	failure string
}

// report writes down what came of a round.
func (r *Runner) report(ctx context.Context, this *round) {
	took := r.c.Now().Sub(this.began)
	for i, c := range this.of {
		if c.lease == nil {
			continue
		}
		r.tell(ctx, c.lease, store.JobReport{Job: string(kinds[i].due), Took: took, Done: c.done, Lag: c.lag, Error: c.failure})
	}
}

// tell writes down a run, when it says something new or nothing was written for
// long. A run that cannot be written down has been done all the same.
func (r *Runner) tell(ctx context.Context, h *held, run store.JobReport) {
	now := r.c.Now()
	r.mu.Lock()
	last := r.reports[run.Job]
	r.mu.Unlock()
	news := run.Done > 0 || run.Lag > 0 || run.Error != last.failure || h.wanted
	if ctx.Err() != nil || h.lost() || !news && now.Sub(last.at) < quietFor {
		return
	}
	run.Holder, run.Token = r.c.Holder, h.Token
	within, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	written, err := r.c.Work.ReportJob(within, run)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.c.Logger.WarnContext(ctx, "what came of a job cannot be written down", slog.String("job", run.Job), slog.Any("error", err))
	case !written:
		r.c.Logger.InfoContext(ctx, "the lease of a job was lost", slog.String("job", run.Job))
		r.leases.drop(h)
	default:
		r.mu.Lock()
		r.reports[run.Job] = reported{at: now, failure: run.Error}
		r.mu.Unlock()
	}
}
