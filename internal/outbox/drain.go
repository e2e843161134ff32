package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// Drained is what a Drain has done.
type Drained struct {
	Delivered int64
	Failed    int64 // deliveries that failed and are to be tried again
	Dead      int64
	Left      int64 // rows that still wait, parked ones and those of paused sinks too
}

// Bounds of a drain.
const (
	drainLook   = 10 * time.Millisecond // between looks whether all is done
	drainPage   = 500
	drainOutage = 5 * time.Second // for which the queue may not answer
)

// Drain delivers, as a worker among others, until nothing is due in the outbox: in
// no sink that is not paused, nor in lanes that others own. What failed and waits for its
// next attempt is not due. A queue that does not answer is an error, not an empty
// queue; so is the end of ctx before that, context.DeadlineExceeded or
// context.Canceled. What was done until then is returned in any case.
func (w *Worker) Drain(ctx context.Context) (Drained, error) {
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go w.mourn(run, stop)
	w.work(run, func(tenure context.Context, desks []desk) { w.watch(tenure, desks, stop) })
	w.ended(endWithin)

	d := Drained{Delivered: w.delivered.Load(), Failed: w.failed.Load(), Dead: w.dead.Load()}
	err := context.Cause(run)
	if errors.Is(err, errDry) {
		err = nil
	}
	left, leftErr := w.left(context.WithoutCancel(ctx))
	d.Left = left
	if err == nil && leftErr != nil {
		err = leftErr
	}
	if _, out := w.outage.lasting(); out != nil && err != nil && !errors.Is(err, out) {
		err = fmt.Errorf("%w; the outbox does not answer: %w", err, out)
	}
	return d, err
}

// errDry is why a drain ends that is done.
var errDry = errors.New("nothing is due")

// mourn ends a drain whose queue does not answer.
func (w *Worker) mourn(ctx context.Context, stop context.CancelCauseFunc) {
	for ctx.Err() == nil {
		if lasts, err := w.outage.lasting(); err != nil && lasts >= drainOutage {
			stop(fmt.Errorf("the outbox does not answer for %s: %w", lasts.Round(time.Second), err))
			return
		}
		pause(ctx, againFirst)
	}
}

// watch ends a drain when nothing is due any more. Lanes of other workers are asked
// for less and less often: it takes them what it takes.
func (w *Worker) watch(ctx context.Context, desks []desk, stop context.CancelCauseFunc) {
	wait := drainLook
	for ctx.Err() == nil {
		pause(ctx, wait)
		wait = drainLook
		if !quiet(desks) {
			continue
		}
		due, err := w.dueElsewhere(ctx)
		if again := w.outage.noted(ctx, "rows", err); err != nil {
			wait = again
			continue
		}
		if !due {
			stop(errDry)
			return
		}
		wait = w.c.around(w.c.Poll)
		for _, d := range desks {
			d.mail().put(func(m *mail) { m.all = true })
		}
	}
}

// quiet reports whether all desks have swept everything and found nothing. Those that
// have nothing to do and have not are told to.
func quiet(desks []desk) bool {
	all := true
	for _, d := range desks {
		switch {
		case !d.waits():
			all = false
		case !d.dry():
			all = false
			d.mail().put(func(m *mail) { m.all = true })
		}
	}
	return all
}

// dueElsewhere reports whether rows are due that are not this worker's to deliver.
func (w *Worker) dueElsewhere(ctx context.Context) (bool, error) {
	w.mu.Lock()
	share, now := w.seen, w.seen.Now.Add(w.c.Now().Sub(w.at))
	w.mu.Unlock()
	if w.c.Rows == nil {
		return false, nil
	}
	var backlog []store.Backlog
	if w.c.Backlog != nil {
		var err error
		if backlog, err = w.c.Backlog(ctx); err != nil {
			return false, err
		}
	}
	for _, sink := range store.Sinks() {
		own := 0
		for _, l := range share.Lanes {
			if l.Sink == sink {
				own++
			}
		}
		paused := slices.Contains(share.Paused, sink) ||
			slices.ContainsFunc(backlog, func(b store.Backlog) bool { return b.Sink == sink && b.Paused })
		if own == store.Lanes || paused {
			continue
		}
		q := store.OutboxQuery{Sink: sink, State: store.RowWaiting, Limit: drainPage}
		later := map[string]bool{} // aggregates behind a row that is not due
		for {
			rows, err := w.c.Rows(ctx, q)
			if err != nil {
				return false, err
			}
			for _, r := range rows {
				waits := r.State == store.RowParked || r.NextAttemptAt.After(now)
				later[r.Aggregate] = later[r.Aggregate] || waits
				if !later[r.Aggregate] {
					return true, nil
				}
				q.After = r.ID
			}
			if len(rows) < q.Limit {
				break
			}
		}
	}
	return false, nil
}

// left counts what still waits.
func (w *Worker) left(ctx context.Context) (int64, error) {
	if w.c.Backlog == nil {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, drainOutage)
	defer cancel()
	backlog, err := w.c.Backlog(ctx)
	if err != nil {
		return 0, fmt.Errorf("count what is left: %w", err)
	}
	n := int64(0)
	for _, b := range backlog {
		n += b.Rows
	}
	return n, nil
}
