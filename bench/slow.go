package main

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/outbox"
)

// slow is a sink whose batches take a while, as a receiver does that gets its items side
// by side.
type slow struct {
	outbox.Sink
	takes time.Duration
}

func (d slow) Deliver(ctx context.Context, batch []outbox.Item) []outbox.Result {
	select {
	case <-ctx.Done():
	case <-time.After(d.takes):
	}
	return d.Sink.Deliver(ctx, batch)
}
