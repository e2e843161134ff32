package main

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
)

// embedded asks the same of SQLite, with its disk (synchronous=FULL).
var embedded = figure{
	name: "embedded", title: "SQLite: whole commits, and the drain of what waits",
	contenders: []contender{
		{"one by one", embeddedCommits("commits one by one", 1)},
		{"64 callers", embeddedCommits("commits of 64 callers", 64)},
		{"maitred", embeddedDrain},
		{"River", riverEmbedded("River, completed")},
	},
	demands: []demand{
		{id: "G9", what: "commits of 64 callers beside one by one", row: "commits of 64 callers", rivals: []string{"commits one by one"}, least: 2.5},
		{id: "G10", what: "ordered drain b=100 beside River", row: "maitred, ordered, b=100", rivals: []string{"River, completed"}, least: 15},
	},
}

// insertEmbedded is insertOutbox without a schema.
var insertEmbedded = strings.ReplaceAll(insertOutbox, "maitred.", "")

// file opens a database in a folder of its own.
func (s *stage) file() (*sqlite.Store, string) {
	path := filepath.Join(s.TempDir(), "bench.sqlite")
	st, err := sqlite.Open(s.ctx, sqlite.Config{Path: path})
	s.ok(err)
	s.Cleanup(func() { s.ok(st.Close()) })
	return st, path
}

// beside opens the file a second time, to write rows and to look at them.
func (s *stage) beside(path string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	s.ok(err)
	db.SetMaxOpenConns(1)
	s.Cleanup(func() { s.ok(db.Close()) })
	return db
}

func embeddedCommits(name string, callers int) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		st, _ := s.file()
		diners := s.plant(st, callers)
		return func() []reading {
			return []reading{{name, "commits/s", s.flatOut(callers, s.size.span, func(caller int) { diners[caller].change() })}}
		}
	}
}

func embeddedDrain(s *stage) func() []reading {
	st, path := s.file()
	db := s.beside(path)
	flows := newFlows(200)
	return func() []reading {
		n := s.size.rows
		t := &taker{}

		worker := newWorker(st, t, outbox.Config{Batch: 100})
		s.writeEmbedded(db, newFacts(n, flows, 4))
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		var running sync.WaitGroup
		began := now()
		running.Go(func() { worker.Run(ctx) })
		worker.Wake(seating.RestaurantID{}, outbox.SourceCommit)
		s.until("the sink has everything", time.Millisecond, func() bool { return t.taken.Load() >= int64(n) })
		s.until("the outbox is empty", 5*time.Millisecond, func() bool {
			var left bool
			s.ok(db.QueryRowContext(s.ctx, "SELECT EXISTS (SELECT 1 FROM capacity_outbox)").Scan(&left))
			return !left
		})
		took := since(began)
		cancel()
		running.Wait()
		if t.taken.Load() != int64(n) || t.disorder.Load() != 0 {
			s.Fatalf("%d of %d rows were delivered, %d out of order", t.taken.Load(), n, t.disorder.Load())
		}
		return []reading{{"maitred, ordered, b=100", "rows/s", float64(n) / took.Seconds()}}
	}
}

// riverEmbedded works n/20 jobs: it takes that much longer.
func riverEmbedded(name string) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		db := s.beside(filepath.Join(s.TempDir(), "river.sqlite"))
		m, err := rivermigrate.New(riversqlite.New(db), nil)
		s.ok(err)
		_, err = m.Migrate(s.ctx, rivermigrate.DirectionUp, nil)
		s.ok(err)
		return func() []reading {
			n := max(500, s.size.rows/20)
			_, err := db.ExecContext(s.ctx, "DELETE FROM river_job")
			s.ok(err)
			c := riverBench
			c.Workers = river.NewWorkers()
			river.AddWorker(c.Workers, &work{})
			c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}}
			c.Logger = slog.New(slog.DiscardHandler)
			client, err := river.NewClient(riversqlite.New(db), &c)
			s.ok(err)
			jobs := make([]river.InsertManyParams, n)
			for i, f := range newFacts(n, newFlows(16), 4) {
				jobs[i].Args = told{f.event}
			}
			_, err = client.InsertManyFast(s.ctx, jobs)
			s.ok(err)
			events, cancel := client.SubscribeConfig(&river.SubscribeConfig{ChanSize: 2 * n, Kinds: []river.EventKind{river.EventKindJobCompleted}})
			defer cancel()
			var completed atomic.Int64
			all := make(chan struct{})
			go func() {
				for range events {
					if completed.Add(1) == int64(n) {
						close(all)
					}
				}
			}()
			began := now()
			s.ok(client.Start(s.ctx))
			<-all
			took := since(began)
			s.ok(client.Stop(s.ctx))
			return []reading{{name, "rows/s", float64(n) / took.Seconds()}}
		}
	}
}

// writeEmbedded puts events into the outbox in one transaction.
func (s *stage) writeEmbedded(db *sql.DB, facts []fact) {
	tx, err := db.BeginTx(s.ctx, nil)
	s.ok(err)
	for _, f := range facts {
		row := outboxRow(store.SinkWebhook, f)
		for i, x := range row {
			if at, ok := x.(time.Time); ok {
				row[i] = at.UnixMicro()
			}
		}
		_, err = tx.ExecContext(s.ctx, insertEmbedded, row...)
		s.ok(err)
	}
	s.ok(tx.Commit())
}
