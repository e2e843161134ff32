package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/store"
)

// tellWithin bounds how long a process that ends waits to tell others what it
// changed. They find out by themselves when it does not get through.
const tellWithin = time.Second

// peers are the other processes on the database.
type peers struct {
	notifier *notify.Notifier
	logger   *slog.Logger
	deaf     func()             // ends hearing of changes here
	cancel   context.CancelFunc // ends following
	work     sync.WaitGroup     // what follows
}

// meet begins to collect for the others what changes here and, in a process that
// stays, to tell it and to follow what they change, until leave. The caller's
// context ends neither.
func meet(ctx context.Context, a *App, signals store.Signals, c Config) *peers {
	p := &peers{logger: a.Logger, notifier: notify.New(signals, notify.Config{
		Logger: a.Logger, OnMoved: a.moved,
		OnSent: c.Metrics.Sent, OnHeard: c.Metrics.Heard, OnConnected: c.Metrics.Connected,
	})}
	p.deaf = a.Houses.OnChange(func(changed live.Changed) {
		if changed.Local {
			p.notifier.Tell(changed.Restaurant)
		}
	})
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if c.Follow {
		p.work.Go(func() { p.notifier.Run(ctx) })
		p.work.Go(func() { a.Houses.Run(ctx) })
	}
	return p
}

// leave ends what follows, waits for it and tells what was not told yet.
func (p *peers) leave() {
	p.deaf()
	p.cancel()
	p.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
	defer cancel()
	if err := p.notifier.Flush(ctx); err != nil {
		p.logger.Info("other processes were not told; they find out by themselves", slog.Any("error", err))
	}
}
