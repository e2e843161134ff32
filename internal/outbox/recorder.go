package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

// Bounds of a recorder.
const (
	recordMost   = 2000 // that wait to be written
	recordBatch  = 200
	recordEvery  = time.Second
	recordWithin = 5 * time.Second // for one write, and for the last of all
)

// RecorderConfig of a Recorder.
type RecorderConfig struct {
	// Record queues events; a store.Webhooks does.
	Record  func(ctx context.Context, events []store.Told) error
	Logger  *slog.Logger // nil: none
	Metrics *telemetry.Metrics
	Random  func(time.Duration) time.Duration // nil: any, at random
}

// Recorder keeps events that no change made, and queues them a little later. It
// costs whoever tells it nothing: when too many wait they are dropped, and counted.
type Recorder struct {
	c      RecorderConfig
	outage *outage
	full   chan struct{} // room for one: a batch waits

	mu      sync.Mutex
	waiting []store.Told
	closed  bool
}

// NewRecorder makes one; Run writes. Now measures outages.
func NewRecorder(c RecorderConfig, now func() time.Time) *Recorder {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Random == nil {
		c.Random = rand.N[time.Duration]
	}
	return &Recorder{c: c, outage: &outage{logger: c.Logger, now: now, random: c.Random}, full: make(chan struct{}, 1)}
}

// Tell keeps an event. It never blocks. After the end of Run it drops what it is told.
func (r *Recorder) Tell(t store.Told) {
	r.mu.Lock()
	kept := !r.closed && len(r.waiting) < recordMost
	if kept {
		r.waiting = append(r.waiting, t)
	}
	batch := len(r.waiting) >= recordBatch
	r.mu.Unlock()
	if !kept {
		r.c.Metrics.TelemetryDropped(string(t.Event.Type), 1)
	}
	if batch {
		select {
		case r.full <- struct{}{}:
		default: // it is known
		}
	}
}

// Run writes every second, and as soon as a batch waits, until ctx ends; then once
// more, within 5 seconds. What cannot be written waits, while there is room.
func (r *Recorder) Run(ctx context.Context) {
	timer := time.NewTimer(recordEvery)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-r.full:
		case <-timer.C:
		}
		if ctx.Err() != nil {
			break
		}
		err := r.write(ctx)
		pause(ctx, r.outage.noted(ctx, "record", err))
		timer.Reset(recordEvery)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	r.last(last)
}

// write queues all that waits, in batches.
func (r *Recorder) write(ctx context.Context) error {
	for {
		batch := r.next()
		if len(batch) == 0 {
			return nil
		}
		within, cancel := context.WithTimeout(ctx, recordWithin)
		err := r.c.Record(within, batch)
		cancel()
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.waiting = append(r.waiting[:0], r.waiting[len(batch):]...)
		r.mu.Unlock()
	}
}

// next is the batch in front. It stays in front until it is written.
func (r *Recorder) next() []store.Told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]store.Told(nil), r.waiting[:min(len(r.waiting), recordBatch)]...)
}

// last writes what is left, once, and drops what cannot be written.
func (r *Recorder) last(ctx context.Context) {
	err := r.write(ctx)
	r.mu.Lock()
	lost := r.waiting
	r.waiting, r.closed = nil, true
	r.mu.Unlock()
	if len(lost) == 0 {
		return
	}
	for _, t := range lost {
		r.c.Metrics.TelemetryDropped(string(t.Event.Type), 1)
	}
	r.c.Logger.WarnContext(ctx, "events that no change made were dropped at the end", slog.Int("events", len(lost)), slog.Any("error", err))
}
