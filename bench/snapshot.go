package main

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/store"
)

// snapshot asks what is left of the rate when somebody holds a snapshot, so that nothing
// that was deleted can be cleaned away.
var snapshot = figure{
	name: "snapshot", title: "Drain while a transaction holds its snapshot, at its start and after many rows",
	contenders: []contender{
		{"maitred", maitredSnapshot},
		{"a lease for each row", leasedSnapshot},
		{"bare claims", bareSnapshot},
	},
	demands: []demand{
		{id: "G7", what: "maitred at the end beside its start", row: "maitred: at the end", rivals: []string{"maitred: at the start"}, least: 0.6},
		{id: "G7", what: "at the end beside a lease for each row", row: "maitred: at the end", rivals: []string{"a lease for each row: at the end"}, least: 5},
		{id: "G7", what: "a lease for each row at the end beside its start", row: "a lease for each row: at the end", rivals: []string{"a lease for each row: at the start"}},
		{id: "G7", what: "bare claims at the end beside their start", row: "bare claims: at the end", rivals: []string{"bare claims: at the start"}},
	},
}

// underSnapshot drains portion after portion until all of it has gone through, with a
// snapshot held from before the first, and tells the rate of the first and of the last.
func (s *stage) underSnapshot(name string, p *pgxpool.Pool, drain func(n int) time.Duration) []reading {
	portion := s.size.bulk / 10
	drain(portion) // warm
	holder, err := p.BeginTx(s.ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	s.ok(err)
	_, err = holder.Exec(s.ctx, "SELECT count(*) FROM pg_class")
	s.ok(err)
	defer func() { s.ok(holder.Rollback(s.ctx)) }()
	first := drain(portion)
	for range 9 {
		drain(portion)
	}
	last := drain(portion)
	rate := func(took time.Duration) float64 { return float64(portion) / took.Seconds() }
	return []reading{{name + ": at the start", "rows/s", rate(first)}, {name + ": at the end", "rows/s", rate(last)}}
}

func maitredSnapshot(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, stores := s.pool(db.Admin), s.stores(db, 2)
	flows := newFlows(200)
	return func() []reading {
		s.exec(admin, "TRUNCATE maitred.capacity_outbox")
		t := &taker{}
		crew := s.run(admin, stores, t, outbox.Config{})
		defer crew.stop()
		return s.underSnapshot("maitred", admin, func(n int) time.Duration {
			t.reset()
			s.copyOutbox(admin, store.SinkWebhook, newFacts(n, flows, 4))
			began := now()
			crew.wake()
			s.until("the sink has everything", time.Millisecond, func() bool { return t.taken.Load() >= int64(n) })
			s.until("the outbox is empty", 5*time.Millisecond, func() bool {
				return !ask[bool](s, admin, "SELECT EXISTS (SELECT FROM maitred.capacity_outbox)")
			})
			return since(began)
		})
	}
}

func leasedSnapshot(s *stage) func() []reading {
	p := s.bareDatabase()
	flows := newFlows(200)
	return func() []reading {
		s.exec(p, "TRUNCATE leased")
		return s.underSnapshot("a lease for each row", p, func(n int) time.Duration {
			s.copyBare(p, "leased", newFacts(n, flows, 4))
			return s.claimAll(p, n, 2, 500, s.claimLeased)
		})
	}
}

func bareSnapshot(s *stage) func() []reading {
	p := s.bareDatabase()
	flows := newFlows(200)
	return func() []reading {
		s.exec(p, "TRUNCATE bare")
		return s.underSnapshot("bare claims", p, func(n int) time.Duration {
			s.copyBare(p, "bare", newFacts(n, flows, 4))
			return s.claimAll(p, n, 2, 500, s.claimBare)
		})
	}
}
