package outbox

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

// notes is where a recorder of a test writes.
type notes struct {
	mu    sync.Mutex
	got   []string
	sizes []int
	err   error
	takes time.Duration
	tries int
}

func (n *notes) record(ctx context.Context, events []store.Told) error {
	n.mu.Lock()
	takes := n.takes
	n.tries++
	n.mu.Unlock()
	wait(ctx, takes)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return n.err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	n.sizes = append(n.sizes, len(events))
	for _, e := range events {
		n.got = append(n.got, e.Key)
	}
	return nil
}

// kept is what was written, in which batches, after how many tries.
func (n *notes) kept() (keys []string, sizes []int, tries int) {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got), slices.Clone(n.sizes), n.tries
}

func (n *notes) written() int {
	keys, _, _ := n.kept()
	return len(keys)
}

func told(key string) store.Told {
	return store.Told{Key: key, Event: seating.Event{Type: seating.EventConflict}}
}

func (n *notes) run(t *testing.T) (r *Recorder, stop func(), dropped func() float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	r = NewRecorder(RecorderConfig{Record: n.record, Metrics: telemetry.New(registry, "v"), Random: half}, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	return r, func() { cancel(); <-ended }, func() float64 { return metric(t, registry, telemetry.NameTelemetryDropped) }
}

// metric adds up all series of a counter.
func metric(t *testing.T, r *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount()) + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestRecorderWritesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{}
		r, stop, dropped := n.run(t)
		for range 450 {
			r.Tell(told("a"))
		}
		r.Tell(told("z"))
		if keys, sizes, _ := n.kept(); len(keys) != 451 || sizes[0] != 200 || sizes[1] != 200 || keys[450] != "z" {
			t.Errorf("%d written in %v", len(keys), sizes)
		}
		r.Tell(told("one"))
		synctest.Wait()
		if n.written() != 451 {
			t.Error("a single event did not wait for others")
		}
		wait(t.Context(), 1100*time.Millisecond)
		if n.written() != 452 {
			t.Error("a single event was not written after a second")
		}
		r.Tell(told("last"))
		stop()
		if n.written() != 453 || dropped() != 0 {
			t.Errorf("%d of 453 written at the end, %v dropped", n.written(), dropped())
		}
		r.Tell(told("too late"))
		if dropped() != 1 {
			t.Error("what is told after the end is not counted as dropped")
		}
	})
}

// The store stalls: who tells does not wait, what is too much is counted, and the
// rest is written when it answers again.
func TestRecorderOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{err: errGone, takes: time.Hour}
		r, stop, dropped := n.run(t)
		began := time.Now()
		for range 2100 {
			r.Tell(told("a"))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("telling took %s", took)
		}
		if dropped() != 100 {
			t.Errorf("%v dropped, want 100", dropped())
		}
		wait(t.Context(), 12*time.Second)
		n.mu.Lock()
		n.takes = 0
		tries := n.tries
		n.mu.Unlock()
		wait(t.Context(), 5*time.Minute)
		if _, _, now := n.kept(); now-tries > 80 {
			t.Errorf("%d tries in five minutes of outage", now-tries)
		}
		n.mu.Lock()
		n.err = nil
		n.mu.Unlock()
		wait(t.Context(), 15*time.Second)
		if n.written() != 2000 || dropped() != 100 {
			t.Errorf("%d written after the outage, %v dropped", n.written(), dropped())
		}
		stop()
	})
}

func TestRecorderEndsWithinABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{takes: time.Hour}
		r, stop, dropped := n.run(t)
		for range 300 {
			r.Tell(told("a"))
		}
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took > recordWithin+time.Second {
			t.Errorf("it took %s to stop", took)
		}
		if dropped() != 300 {
			t.Errorf("%v of 300 are counted as dropped", dropped())
		}
	})
}

// What the worker measures has a name of this binary.
func TestTheWorkerIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		registry := prometheus.NewRegistry()
		ids := s.hook(1, 1, 5, 50)
		s.seen(1, 10)
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			switch {
			case row.ID == ids[0] && row.Attempts == 0:
				return down, 0
			case row.ID == ids[1]:
				return Result{Outcome: Dead}, 0
			}
			return Result{Outcome: Delivered}, 0
		}
		s.memory.put(store.OutboxRow{Sink: store.SinkWebhook, Flow: flow(2), Aggregate: "x", EventType: "odd", SchemaVersion: 1})
		p := s.start("a", func(c *Config) { c.Metrics = telemetry.New(registry, "v") })
		p.w.Wake(restaurant(1), SourceNotify)
		wait(t.Context(), 20*time.Second)
		for name, want := range map[string]float64{
			telemetry.NameOutboxBacklog:   1,
			telemetry.NameOutboxOldest:    15,
			telemetry.NameOutboxAttempts:  61 + 1, // and the unknown one, put off
			telemetry.NameOutboxDead:      1,
			telemetry.NameOutboxUnknown:   1,
			telemetry.NameOutboxHandovers: 32,
			telemetry.NameOutboxFenced:    0,
		} {
			got := metric(t, registry, name)
			if got != want && (name != telemetry.NameOutboxOldest || got < want-4 || got > want+6) {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		for _, name := range []string{
			telemetry.NameOutboxLag, telemetry.NameOutboxDispatch, telemetry.NameOutboxBatchSize, telemetry.NameOutboxWakes,
		} {
			if !strings.HasPrefix(name, "maitred_outbox_") || metric(t, registry, name) == 0 {
				t.Errorf("%s measures nothing", name)
			}
		}
	})
}
