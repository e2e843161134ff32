package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// tellWithin bounds how long a command waits to tell others what it changed. They
// find out by themselves when it does not get through.
const tellWithin = time.Second

// peers are the other processes on the database.
type peers struct {
	signals store.Signals
	logger  *slog.Logger
	deaf    func()             // ends hearing of changes here
	cancel  context.CancelFunc // ends following; nil in a process that does not
	work    sync.WaitGroup     // what follows

	mu    sync.Mutex
	moved map[seating.RestaurantID]bool // not told yet; a process that follows tells at once
}

// meet begins to tell the others what changes here and, in a process that stays,
// to follow what they change, until leave. The caller's context ends neither.
func meet(ctx context.Context, a *App, signals store.Signals, c Config) *peers {
	p := &peers{signals: signals, logger: a.Logger, moved: map[seating.RestaurantID]bool{}}
	tell := p.note
	if c.Follow {
		n := notify.New(signals, notify.Config{Logger: a.Logger, OnMoved: a.Houses.Moved})
		tell = n.Tell
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		p.cancel = cancel
		p.work.Go(func() { n.Run(ctx) })
		p.work.Go(func() { a.Houses.Run(ctx) })
	}
	p.deaf = a.Houses.OnChange(func(changed live.Changed) {
		if changed.Local {
			tell(changed.Restaurant)
		}
	})
	return p
}

func (p *peers) note(r seating.RestaurantID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved[r] = true
}

// leave tells what was not told yet and waits for what follows.
func (p *peers) leave() {
	p.deaf()
	if p.cancel != nil {
		p.cancel()
		p.work.Wait()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.moved) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
	defer cancel()
	moved := make([]seating.RestaurantID, 0, len(p.moved))
	for r := range p.moved {
		moved = append(moved, r)
	}
	if err := p.signals.Notify(ctx, moved); err != nil {
		p.logger.Info("other processes were not told; they find out by themselves", slog.Any("error", err))
	}
}
