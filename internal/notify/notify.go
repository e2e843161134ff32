package notify

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Bounds of the two streams.
const (
	gather     = 2 * time.Millisecond // what is told within it goes together
	sendWithin = 2 * time.Second      // for one notification
	againFirst = 100 * time.Millisecond
	againLast  = 10 * time.Second
)

// Config of a notifier; functions may be nil and must not block.
type Config struct {
	Logger *slog.Logger
	// OnMoved is told what other processes have changed; nil: anything may have
	// changed.
	OnMoved func(moved []seating.RestaurantID)
	// OnSent and OnHeard count notifications and the restaurants in them;
	// OnConnected counts connections of the listener.
	OnSent, OnHeard func(restaurants int)
	OnConnected     func()
}

// Notifier tells other processes what this one has changed, and hears what they
// have.
type Notifier struct {
	signals store.Signals
	c       Config

	mu      sync.Mutex
	pending map[seating.RestaurantID]bool
	wake    chan struct{} // room for one
}

// New makes a notifier; signals are nil where there is one process only.
func New(signals store.Signals, c Config) *Notifier {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnMoved == nil {
		c.OnMoved = func([]seating.RestaurantID) {}
	}
	if c.OnSent == nil {
		c.OnSent = func(int) {}
	}
	if c.OnHeard == nil {
		c.OnHeard = func(int) {}
	}
	if c.OnConnected == nil {
		c.OnConnected = func() {}
	}
	return &Notifier{signals: signals, c: c, pending: map[seating.RestaurantID]bool{}, wake: make(chan struct{}, 1)}
}

// Tell notes that this process has changed a restaurant. It never blocks.
func (n *Notifier) Tell(id seating.RestaurantID) {
	if n.signals == nil {
		return
	}
	n.mu.Lock()
	n.pending[id] = true
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default: // a send is to come already
	}
}

// Run sends and listens until ctx ends.
func (n *Notifier) Run(ctx context.Context) {
	if n.signals == nil {
		<-ctx.Done()
		return
	}
	var work sync.WaitGroup
	work.Go(func() { n.send(ctx) })
	work.Go(func() { n.listen(ctx) })
	work.Wait()
}

// Flush sends what waits, once; for a process that is about to end.
func (n *Notifier) Flush(ctx context.Context) error {
	ids := n.take()
	if len(ids) == 0 || n.signals == nil {
		return nil
	}
	if err := n.signals.Notify(ctx, ids); err != nil {
		n.putBack(ids)
		return err
	}
	n.c.OnSent(len(ids))
	return nil
}

func (n *Notifier) take() []seating.RestaurantID {
	n.mu.Lock()
	defer n.mu.Unlock()
	ids := make([]seating.RestaurantID, 0, len(n.pending))
	for id := range n.pending {
		ids = append(ids, id)
	}
	clear(n.pending)
	slices.SortFunc(ids, seating.RestaurantID.Compare)
	return ids
}

func (n *Notifier) putBack(ids []seating.RestaurantID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		n.pending[id] = true
	}
}

// send sends what was told, everything that came together in one notification.
func (n *Notifier) send(ctx context.Context) {
	retry := backoff{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		if !pause(ctx, gather) {
			return
		}
		for {
			within, cancel := context.WithTimeout(ctx, sendWithin)
			err := n.Flush(within)
			cancel()
			if err == nil {
				if retry.over() {
					n.c.Logger.InfoContext(ctx, "notifications are sent again")
				}
				break
			}
			if ctx.Err() != nil {
				return
			}
			if retry.first() {
				n.c.Logger.WarnContext(ctx, "notifications cannot be sent; other processes notice changes by their poll", slog.Any("error", err))
			}
			if !pause(ctx, retry.next()) {
				return
			}
		}
	}
}

// listen hears what others tell. What was told while it did not listen is lost, so
// each connection begins with anything may have moved.
func (n *Notifier) listen(ctx context.Context) {
	retry := backoff{}
	for {
		err := n.signals.Listen(ctx, func() {
			if retry.over() {
				n.c.Logger.InfoContext(ctx, "notifications are heard again")
			}
			n.c.OnConnected()
			n.c.OnMoved(nil)
		}, func(moved []seating.RestaurantID) {
			n.c.OnHeard(len(moved))
			n.c.OnMoved(moved)
		})
		if ctx.Err() != nil {
			return
		}
		if retry.first() {
			n.c.Logger.WarnContext(ctx, "notifications are not heard; changes of other processes are noticed by the poll", slog.Any("error", err))
		}
		if !pause(ctx, retry.next()) {
			return
		}
	}
}

// backoff counts the tries of an outage.
type backoff struct{ tries int }

// first reports whether the outage has just begun.
func (b *backoff) first() bool { return b.tries == 0 }

// next is the pause before another try: doubled each time, and then up to a half of
// it taken off, so that processes do not come back in step.
func (b *backoff) next() time.Duration {
	most := min(againFirst<<min(b.tries, 20), againLast)
	b.tries++
	return most/2 + rand.N(most/2+1) //nolint:gosec // spreads load
}

// over ends an outage and reports whether there was one.
func (b *backoff) over() bool {
	was := b.tries > 0
	b.tries = 0
	return was
}

// pause waits and reports whether ctx is still on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
