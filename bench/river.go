package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/maitred/maitred/internal/seating"
)

// told is the event as a job of River's; it reads the payload itself.
type told struct{ seating.EventPayload }

func (told) Kind() string { return "told" }

// work is a job that does nothing.
type work struct {
	river.WorkerDefaults[told]
	seen func(n int64) // nil: nobody asks
}

func (w *work) Work(_ context.Context, job *river.Job[told]) error {
	if w.seen != nil {
		w.seen(job.Args.Version.N)
	}
	return nil
}

// The settings of a client.
var (
	// riverBench are those of River's own benchmark: here it is called tuned.
	riverBench = river.Config{FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond}
	// riverQuickest are the least that it accepts: it asks a thousand times a second.
	riverQuickest = river.Config{FetchCooldown: river.FetchCooldownMin, FetchPollInterval: river.FetchPollIntervalMin}
	riverDefault  = river.Config{}
)

// riverDatabase makes a database with River's tables.
func (s *stage) riverDatabase() *pgxpool.Pool {
	p := s.pool(s.server().Empty(s).Admin)
	m, err := rivermigrate.New(riverpgxv5.New(p), nil)
	s.ok(err)
	_, err = m.Migrate(s.ctx, rivermigrate.DirectionUp, nil)
	s.ok(err)
	return p
}

// riverClient makes a client that works jobs; it is not started.
func (s *stage) riverClient(p *pgxpool.Pool, c river.Config, seen func(n int64)) *river.Client[pgx.Tx] {
	c.Workers = river.NewWorkers()
	river.AddWorker(c.Workers, &work{seen: seen})
	c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}}
	c.Logger = slog.New(slog.DiscardHandler)
	client, err := river.NewClient(riverpgxv5.New(p), &c)
	s.ok(err)
	return client
}

// riverInsert makes jobs of the facts, in one transaction.
func (s *stage) riverInsert(p *pgxpool.Pool, facts []fact) {
	client, err := river.NewClient(riverpgxv5.New(p), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	s.ok(err)
	jobs := make([]river.InsertManyParams, len(facts))
	for i, f := range facts {
		jobs[i].Args = told{f.event}
	}
	_, err = client.InsertManyFast(s.ctx, jobs)
	s.ok(err)
}

// riverDrain works what waits; a job counts when the database knows that it is completed.
func riverDrain(name string, clients int) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.riverDatabase()
		return func() []reading {
			n := s.size.rows
			s.exec(p, "TRUNCATE river_job")
			s.riverInsert(p, newFacts(n, newFlows(drainFlows), 4))
			s.exec(p, "VACUUM ANALYZE river_job")
			var completed atomic.Int64
			all := make(chan struct{})
			var running []*river.Client[pgx.Tx]
			for range clients {
				client := s.riverClient(p, riverBench, nil)
				events, cancel := client.SubscribeConfig(&river.SubscribeConfig{ChanSize: 2 * n, Kinds: []river.EventKind{river.EventKindJobCompleted}})
				defer cancel()
				go func() {
					for range events {
						if completed.Add(1) == int64(n) {
							close(all)
						}
					}
				}()
				running = append(running, client)
			}
			began := now()
			for _, client := range running {
				s.ok(client.Start(s.ctx))
			}
			<-all
			took := since(began)
			for _, client := range running {
				s.ok(client.Stop(s.ctx))
			}
			if got := ask[int](s, p, "SELECT count(*) FROM river_job WHERE state = 'completed'"); got != n {
				s.Fatalf("River completed %d of %d jobs", got, n)
			}
			return []reading{{name, "rows/s", float64(n) / took.Seconds()}}
		}
	}}
}
