package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// leaseFor is how long a lease lasts without a sign of life. A round renews it, and
// where rounds are far apart or take long, a heartbeat every third of it.
const leaseFor = 30 * time.Second

// freeIn bounds giving the leases back: a process that stops does not wait for a
// store that does not answer.
const freeIn = time.Second

// errLost ends what runs of a job whose lease was lost.
var errLost = errors.New("the lease of the job was lost")

// leases are the jobs that this process runs, by the word of the store. A lease
// spares work done twice; nothing is wrong where two processes believe they have
// it, as happens when one stands still for long.
type leases struct {
	c     *Config
	names []string

	asking sync.Mutex // one question at a time: answers are noted in their order

	tried bool // the store may know of this process

	mu    sync.Mutex
	held  map[string]*held
	asked time.Time // when the last answer was asked for
}

// held is a lease from when it was taken until it is lost or given back.
type held struct {
	store.JobLease
	wanted bool                    // somebody wants the job run now
	scope  context.Context         //nolint:containedctx // a lease is a scope: what runs under it ends with it
	end    context.CancelCauseFunc // of the scope
	timer  *time.Timer             // ends it when it was not renewed in time
}

func newLeases(c *Config) *leases {
	l := &leases{c: c, held: map[string]*held{}}
	for _, j := range List() {
		l.names = append(l.names, j.Name)
	}
	return l
}

// take renews what is held and takes what is free. When the store does not answer,
// what is held stays so until its time is over.
func (l *leases) take(ctx context.Context) (map[string]held, error) {
	l.asking.Lock()
	defer l.asking.Unlock()
	began := l.c.Now()
	l.tried = true
	within, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	got, err := l.c.Work.HoldJobs(within, l.c.Holder, l.names, leaseFor)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.note(ctx, got, leaseFor-l.c.Now().Sub(began))
		l.asked = began
	}
	now := map[string]held{}
	for job, h := range l.held {
		if h.lost() {
			l.c.Metrics.JobsHeld(job, false)
		} else {
			now[job] = *h
		}
	}
	return now, err
}

// note takes over what the store answered. Another token is another lease: in
// between somebody else had the job.
func (l *leases) note(ctx context.Context, got []store.JobLease, left time.Duration) {
	before := l.held
	l.held = map[string]*held{}
	for _, g := range got {
		h := before[g.Job]
		if h == nil || h.Token != g.Token || h.scope.Err() != nil {
			h = newHeld()
		}
		h.JobLease, h.wanted = g, g.Asked
		h.timer.Reset(left)
		l.held[g.Job] = h
		l.c.Metrics.JobsHeld(g.Job, true)
	}
	var gone []string
	for job, h := range before {
		if l.held[job] != h {
			h.lose()
		}
		if l.held[job] == nil {
			l.c.Metrics.JobsHeld(job, false)
			gone = append(gone, job)
		}
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		l.c.Logger.InfoContext(ctx, "the lease of a job was lost", slog.String("job", strings.Join(gone, " ")))
	}
}

func newHeld() *held {
	h := &held{}
	h.scope, h.end = context.WithCancelCause(context.Background())
	h.timer = time.AfterFunc(leaseFor, h.lose)
	return h
}

func (h *held) lose() {
	h.timer.Stop()
	h.end(errLost)
}

// within is ctx for what runs under the lease.
func (h *held) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(h.scope, func() { cancel(errLost) })
	return ctx, func() { stop(); cancel(nil) }
}

// lost reports whether the lease is over.
func (h *held) lost() bool { return h.scope.Err() != nil }

// drop ends a lease that turned out to be somebody else's.
func (l *leases) drop(h *held) {
	h.lose()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.held[h.Job]; now != nil && now.Token == h.Token {
		delete(l.held, h.Job)
		l.c.Metrics.JobsHeld(h.Job, false)
	}
}

// beat renews the leases every third of their time where no round has done so.
func (l *leases) beat(ctx context.Context) {
	timer := time.NewTimer(leaseFor / 3)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		l.mu.Lock()
		fresh := leaseFor/3 - l.c.Now().Sub(l.asked)
		l.mu.Unlock()
		if fresh <= 0 {
			_, _ = l.take(ctx) // the round tells of a store that does not answer
			fresh = leaseFor / 3
		}
		timer.Reset(fresh)
	}
}

// free gives all back, so that another process goes on at once.
func (l *leases) free(ctx context.Context) {
	l.asking.Lock()
	defer l.asking.Unlock()
	l.mu.Lock()
	before := l.held
	l.held = map[string]*held{}
	l.mu.Unlock()
	if !l.tried {
		return
	}
	for job, h := range before {
		h.lose()
		l.c.Metrics.JobsHeld(job, false)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freeIn)
	defer cancel()
	if err := l.c.Work.FreeJobs(ctx, l.c.Holder); err != nil {
		l.c.Logger.WarnContext(ctx, "the leases of jobs could not be given back; they run out", slog.Any("error", err))
	}
}
