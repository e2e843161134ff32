package outbox

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// tenure is the time for which a worker holds its lease without a break. It ends by
// the worker's own clock, reckoned from when a beat was sent: the database, which
// reckons from when it came, can only end it later. What was under way ends with it.
type tenure struct {
	ctx    context.Context //nolint:containedctx // a scope: a lease is one
	end    context.CancelFunc
	expiry *time.Timer
}

// newTenure begins one that ends within left, and does not end with ctx: deliveries
// at hand may end in order.
func newTenure(ctx context.Context, left time.Duration) *tenure {
	t := &tenure{}
	t.ctx, t.end = context.WithCancel(context.WithoutCancel(ctx))
	t.expiry = time.AfterFunc(left, t.end)
	return t
}

// extend moves its end; false when it has ended already.
func (t *tenure) extend(left time.Duration) bool {
	if t.ctx.Err() != nil || left <= 0 {
		return false
	}
	t.expiry.Reset(left)
	return t.ctx.Err() == nil
}

func (t *tenure) close() {
	t.expiry.Stop()
	t.end()
}

// beat sends one sign of life and returns what is left of the lease when it was
// answered.
func (w *Worker) beat(ctx context.Context) (store.Share, time.Duration, error) {
	sent := w.c.Now()
	within, cancel := context.WithTimeout(ctx, w.c.Lease/3)
	defer cancel()
	share, err := w.c.Queue.Beat(within, store.Beat{Worker: w.c.Name, Sinks: w.names, Lease: w.c.Lease})
	return share, w.c.Lease - w.c.Now().Sub(sent), err
}

// begin beats until the worker has a lease, or ctx ends.
func (w *Worker) begin(ctx context.Context) (*tenure, store.Share) {
	for ctx.Err() == nil {
		share, left, err := w.beat(ctx)
		if err == nil && left > 0 {
			w.outage.noted(ctx, "beat", nil)
			return newTenure(ctx, left), share
		}
		pause(ctx, w.outage.noted(ctx, "beat", err))
	}
	return nil, store.Share{}
}

// keep renews the lease until ctx or the tenure ends, and tells the desks what they
// have.
func (w *Worker) keep(ctx context.Context, t *tenure, desks []desk) {
	wait := w.c.Lease / 3
	for {
		pause(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		sent := w.c.Now()
		share, left, err := w.beat(ctx)
		if again := w.outage.noted(ctx, "beat", err); err != nil {
			wait = min(again, w.c.Lease/6)
			continue
		}
		if !t.extend(left) {
			t.end()
			return
		}
		w.see(share)
		for _, d := range desks {
			d.mail().put(func(m *mail) { m.shares = append(m.shares, share) })
		}
		wait = max(0, w.c.Lease/3-w.c.Now().Sub(sent))
	}
}

// pause waits, but not past the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
