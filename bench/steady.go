package main

import (
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// steady asks what delivering costs those who commit: the same transaction everywhere, one
// row updated and one event, while a worker delivers.
var steady = figure{
	name: "steady", title: "Eight writers, one row and one event in each transaction, delivered meanwhile",
	contenders: []contender{
		{"bare transaction", bareSteady},
		{"maitred", maitredSteady},
		riverSteady("River, default", riverDefault),
		riverSteady("River, tuned", riverBench),
		riverSteady("River, as quick as it accepts", riverQuickest),
	},
	demands: []demand{
		{id: "G15", what: "transactions beside River, tuned", row: "maitred: flat out", rivals: []string{"River, tuned: flat out"}, least: 1.5},
		{
			id: "G15", what: "transactions beside River, as quick as it accepts", row: "maitred: flat out",
			rivals: []string{"River, as quick as it accepts: flat out"}, least: 1.5,
		},
		{id: "G15", what: "transactions beside River, default", row: "maitred: flat out", rivals: []string{"River, default: flat out"}},
		{id: "G15", what: "transactions beside those that nobody delivers", row: "maitred: flat out", rivals: []string{"bare transaction: flat out"}},
		{id: "G15", what: "dispatch p50 at 400 a second beside River, tuned", row: "maitred, 400 a second: p50", rivals: []string{"River, tuned, 400 a second: p50"}, most: 0.5},
		{
			id: "G15", what: "dispatch p50 at 400 a second beside River, as quick as it accepts", row: "maitred, 400 a second: p50",
			rivals: []string{"River, as quick as it accepts, 400 a second: p50"},
		},
		{id: "G15", what: "dispatch p50 at 400 a second beside River, default", row: "maitred, 400 a second: p50", rivals: []string{"River, default, 400 a second: p50"}, most: 1. / 20},
	},
}

const (
	steadyWriters  = 8
	businessSchema = `CREATE TABLE business (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
		INSERT INTO business SELECT i, 0 FROM generate_series(0, 799) AS i`
	businessUpdate = `UPDATE business SET n = n + 1 WHERE id = $1`
)

// business is one writer's transaction; each writer has rows of its own.
func (s *stage) business(p *pgxpool.Pool, writer int, n int64, with func(tx pgx.Tx)) {
	tx, err := p.Begin(s.ctx)
	s.ok(err)
	_, err = tx.Exec(s.ctx, businessUpdate, writer*100+int(n%100))
	s.ok(err)
	with(tx)
	s.ok(tx.Commit(s.ctx))
}

// bareSteady inserts the event where nobody reads it.
func bareSteady(s *stage) func() []reading {
	p := s.bareDatabase()
	s.exec(p, businessSchema)
	flows := newFlows(steadyWriters)
	return func() []reading {
		s.exec(p, "TRUNCATE bare")
		rate := s.flatOut(steadyWriters, s.size.span, func(writer int) {
			f := newFact(flows[writer], newID[seating.BookingID]())
			s.business(p, writer, f.event.Version.N, func(tx pgx.Tx) {
				_, err := tx.Exec(s.ctx, "INSERT INTO bare (payload) VALUES ($1)", string(f.body))
				s.ok(err)
			})
		})
		return []reading{{"bare transaction: flat out", "tx/s", rate}}
	}
}

func maitredSteady(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, stores := s.pool(db.Admin), s.stores(db, 1)
	s.exec(admin, businessSchema)
	flows := newFlows(steadyWriters)
	return func() []reading {
		s.exec(admin, "TRUNCATE maitred.capacity_outbox")
		w := newWatch()
		crew := s.run(admin, stores, &taker{seen: w.end}, outbox.Config{})
		defer crew.stop()
		write := func(writer int, watched bool) {
			f := newFact(flows[writer], newID[seating.BookingID]())
			s.business(admin, writer, f.event.Version.N, func(tx pgx.Tx) {
				_, err := tx.Exec(s.ctx, insertOutbox, outboxRow(store.SinkWebhook, f)...)
				s.ok(err)
			})
			if watched {
				w.begin(f.event.Version.N)
			}
			crew.workers[0].Wake(f.flow.restaurant, outbox.SourceCommit)
		}
		rate := s.flatOut(steadyWriters, s.size.span, func(writer int) { write(writer, false) })
		left := float64(ask[int](s, admin, "SELECT count(*) FROM maitred.capacity_outbox"))
		s.until("the outbox is empty", 10*time.Millisecond, func() bool {
			return !ask[bool](s, admin, "SELECT EXISTS (SELECT FROM maitred.capacity_outbox)")
		})
		s.eachPaced(func(writer int) { write(writer, true) })
		s.until("everything is delivered", 10*time.Millisecond, w.complete)
		return append([]reading{{"maitred: flat out", "tx/s", rate}, {"maitred: left when the writers stop", "rows", left}},
			percentiles("maitred, 400 a second", w.milliseconds())...)
	}
}

// eachPaced has every writer do something 50 times a second.
func (s *stage) eachPaced(do func(writer int)) {
	var work sync.WaitGroup
	for i := range steadyWriters {
		work.Go(func() { s.paced(func() { do(i) }) })
	}
	work.Wait()
}

func riverSteady(name string, c river.Config) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.riverDatabase()
		s.exec(p, businessSchema)
		flows := newFlows(steadyWriters)
		return func() []reading {
			s.exec(p, "TRUNCATE river_job")
			w := newWatch()
			worked := s.pool(p.Config().ConnString())
			client := s.riverClient(worked, c, w.end)
			s.ok(client.Start(s.ctx))
			s.rest(500 * time.Millisecond) // until it listens
			write := func(writer int, watched bool) {
				f := newFact(flows[writer], newID[seating.BookingID]())
				s.business(p, writer, f.event.Version.N, func(tx pgx.Tx) {
					_, err := client.InsertTx(s.ctx, tx, told{f.event}, nil)
					s.ok(err)
				})
				if watched {
					w.begin(f.event.Version.N)
				}
			}
			unfinished := "SELECT count(*) FROM river_job WHERE state <> 'completed'"
			rate := s.flatOut(steadyWriters, s.size.span, func(writer int) { write(writer, false) })
			left := float64(ask[int](s, p, unfinished))
			s.until("every job is completed", 20*time.Millisecond, func() bool { return ask[int](s, p, unfinished) == 0 })
			s.eachPaced(func(writer int) { write(writer, true) })
			s.until("everything is worked", 10*time.Millisecond, w.complete)
			s.ok(client.Stop(s.ctx))
			worked.Close()
			return append([]reading{{name + ": flat out", "tx/s", rate}, {name + ": left when the writers stop", "jobs", left}},
				percentiles(name+", 400 a second", w.milliseconds())...)
		}
	}}
}
