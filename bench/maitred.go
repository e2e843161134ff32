package main

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/telemetry"
)

// taker is a sink that takes everything at once, counts, and looks whether anything of an
// aggregate comes out of order.
type taker struct {
	seen func(n int64) // nil: nobody asks

	taken, disorder atomic.Int64
	shards          [store.Lanes]shard
}

// shard is the last row of each aggregate, by lane.
type shard struct {
	sync.Mutex
	last map[string]int64
}

func (t *taker) Name() string { return store.SinkWebhook }

func (t *taker) Deliver(_ context.Context, batch []outbox.Item) []outbox.Result {
	results := make([]outbox.Result, len(batch))
	for i, item := range batch {
		if t.seen != nil {
			t.seen(item.Event.Version.N)
		}
		t.order(item.Row)
		results[i].Outcome = outbox.Delivered
	}
	t.taken.Add(int64(len(batch)))
	return results
}

func (t *taker) order(row store.OutboxRow) {
	s := &t.shards[row.Lane]
	s.Lock()
	defer s.Unlock()
	if s.last == nil {
		s.last = map[string]int64{}
	}
	if s.last[row.Aggregate] >= row.ID {
		t.disorder.Add(1)
	}
	s.last[row.Aggregate] = row.ID
}

func (t *taker) reset() {
	t.taken.Store(0)
	t.disorder.Store(0)
}

// crew are workers, each with a store of its own, as in processes of their own.
type crew struct {
	s       *stage
	stores  []*postgres.Store
	workers []*outbox.Worker
	stop    func()
}

// open opens a store.
func (s *stage) open(db *pgtest.DB) *postgres.Store {
	st, err := postgres.Open(s.ctx, postgres.Config{URL: db.URL})
	s.ok(err)
	s.Cleanup(func() { s.ok(st.Close()) })
	return st
}

// stores opens several.
func (s *stage) stores(db *pgtest.DB, n int) []*postgres.Store {
	all := make([]*postgres.Store, n)
	for i := range all {
		all[i] = s.open(db)
	}
	return all
}

// newWorker makes a worker as serve does: with metrics, with the clock.
func newWorker(queue store.Queue, sink outbox.Sink, c outbox.Config) *outbox.Worker {
	c.Queue, c.Now = queue, now
	c.Sinks = []outbox.Sink{sink}
	c.NewID = func() [16]byte { return uuid.Must(uuid.NewV7()) }
	c.Metrics = telemetry.New(prometheus.NewRegistry(), "bench")
	c.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return outbox.New(c)
}

// run starts workers and returns when all lanes are shared out evenly.
func (s *stage) run(admin *pgxpool.Pool, stores []*postgres.Store, sink outbox.Sink, c outbox.Config) *crew {
	if c.Lease == 0 {
		c.Lease = 3 * time.Second
	}
	ctx, cancel := context.WithCancel(s.ctx)
	var running sync.WaitGroup
	w := &crew{s: s, stores: stores}
	for _, st := range stores {
		worker := newWorker(st, sink, c)
		w.workers = append(w.workers, worker)
		running.Go(func() { worker.Run(ctx) })
	}
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			cancel()
			running.Wait()
		})
	}
	s.Cleanup(w.stop)
	s.until("lanes are shared out", 20*time.Millisecond, func() bool { return evenly(s, admin, len(stores)) })
	return w
}

// evenly reports whether each of so many workers has its share of each sink's lanes.
func evenly(s *stage, admin *pgxpool.Pool, workers int) bool {
	return ask[bool](s, admin, `SELECT count(*) = $1 AND bool_and(lanes >= $2) FROM (
		SELECT count(*) AS lanes FROM maitred.outbox_lane WHERE worker_id IS NOT NULL GROUP BY sink, worker_id) AS shares`,
		2*workers, store.Lanes/workers)
}

func (w *crew) wake() {
	for _, worker := range w.workers {
		worker.Wake(seating.RestaurantID{}, outbox.SourceCommit)
	}
}

// maitredDrain delivers what waits through two workers; a row counts when it is gone from
// the outbox.
func maitredDrain(name, sink string, batch, perBooking int) contender {
	return contender{name, func(s *stage) func() []reading {
		db := s.server().Database(s)
		admin, stores := s.pool(db.Admin), s.stores(db, 2)
		return func() []reading {
			n := s.size.rows
			s.exec(admin, "TRUNCATE maitred.capacity_outbox, maitred.observability_events")
			t := &taker{}
			w := s.run(admin, stores, t, outbox.Config{Batch: batch})
			defer w.stop()
			s.copyOutbox(admin, sink, newFacts(n, newFlows(drainFlows), perBooking))
			began := now()
			w.wake()
			if sink == store.SinkWebhook {
				s.until("the sink has everything", time.Millisecond, func() bool { return t.taken.Load() >= int64(n) })
			}
			s.until("the outbox is empty", 5*time.Millisecond, func() bool {
				return !ask[bool](s, admin, "SELECT EXISTS (SELECT FROM maitred.capacity_outbox)")
			})
			took := since(began)
			readings := []reading{{name, "rows/s", float64(n) / took.Seconds()}}
			if sink == store.SinkWebhook {
				if got := t.taken.Load(); got != int64(n) {
					s.Fatalf("%d of %d rows were delivered", got, n)
				}
				readings = append(readings, reading{name + ": out of order", "rows", float64(t.disorder.Load())})
			}
			return readings
		}
	}}
}
