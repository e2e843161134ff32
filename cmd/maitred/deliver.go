package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/telemetry"
)

// gatherWithin is how long woken work gathers before it is begun on SQLite, where
// each exchange with the outbox is a disk commit; on PostgreSQL it is begun at once.
const gatherWithin = 20 * time.Millisecond

// sinks lists where this process delivers to, besides observability, which the
// store itself serves.
func sinks(c config.Config, a *control.App) []outbox.Sink {
	return []outbox.Sink{webhookSink(c.Webhooks, a.Store, a.Logger)}
}

// worker makes a worker of the outbox; metrics may be nil.
func worker(c config.Config, a *control.App, metrics *telemetry.Metrics) *outbox.Worker {
	cfg := outbox.Config{
		Queue: a.Store, Sinks: sinks(c, a), NewID: control.NewID, Logger: a.Logger, Metrics: metrics, Now: time.Now,
		Backlog: a.Store.Backlog, Rows: a.Store.Outbox, Lease: c.OutboxLease,
	}
	if !c.DB.Postgres() {
		cfg.Linger = gatherWithin
	}
	return outbox.New(cfg)
}

// startWorker has events delivered until stop, which waits for deliveries at hand
// as long as it is given.
func startWorker(ctx context.Context, c config.Config, a *control.App, metrics *telemetry.Metrics) (stop func(within time.Duration)) {
	w := worker(c, a, metrics)
	deaf := a.OnWork(w.Wake)
	end := until(ctx, w.Run, func(within time.Duration) {
		a.Logger.WarnContext(ctx, "deliveries were cut; they are made again", slog.Duration("waited", within))
	})
	return func(within time.Duration) {
		deaf()
		end(within)
	}
}

// startRecorder has what is told to the App queued until stop, which queues the
// rest.
func startRecorder(ctx context.Context, a *control.App, metrics *telemetry.Metrics) (stop func(within time.Duration)) {
	r := outbox.NewRecorder(outbox.RecorderConfig{Record: a.Store.Record, Logger: a.Logger, Metrics: metrics}, time.Now)
	a.Tell = r.Tell
	return until(ctx, r.Run, func(within time.Duration) {
		a.Logger.WarnContext(ctx, "events that no change made were dropped", slog.Duration("waited", within))
	})
}

// until runs something until stop, which waits for its end as long as it is given,
// and then says that it did not end.
func until(ctx context.Context, run func(context.Context), late func(within time.Duration)) (stop func(within time.Duration)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	return func(within time.Duration) {
		cancel()
		select {
		case <-ended:
		case <-time.After(within):
			late(within)
		}
	}
}

// drainHere drains by a worker of this process.
func drainHere(c config.Config) control.Operations {
	return control.Operations{control.OutboxDrain: control.DrainBy(func(ctx context.Context, a *control.App) error {
		_, err := worker(c, a, nil).Drain(ctx)
		return err
	})}
}

// drainBeside drains where a worker of this process is working already.
func drainBeside() control.Operations {
	return control.Operations{control.OutboxDrain: control.DrainBy(control.Await)}
}
