package main

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/maitred/maitred/internal/outbox"
)

// idle asks what a worker costs that has nothing to do, with its default lease.
var idle = figure{
	name: "idle", title: "A worker with nothing to do",
	contenders: []contender{
		{"maitred", maitredIdle},
		riverIdle("River, default", riverDefault),
		riverIdle("River, tuned", riverBench),
		riverIdle("River, as quick as it accepts", riverQuickest),
	},
	demands: []demand{
		{id: "G14", what: "round trips a second: a look each second, and the lease's renewals", row: "maitred: round trips", most: 1.3},
		{id: "G14", what: "rows changed a second: the renewals of the lease", row: "maitred: rows changed", most: 0.3},
	},
}

// settle is how long a worker is left alone before it is measured: so late may the
// server's statistics hear what a connection did that then fell idle.
const settle = 11 * time.Second

func maitredIdle(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, stores := s.pool(db.Admin), s.stores(db, 1)
	s.run(admin, stores, &taker{}, outbox.Config{Lease: 15 * time.Second})
	s.rest(settle)
	return func() []reading {
		changed := s.changed(admin)
		before, began := stores[0].Stats().Flushes, now()
		s.rest(2 * s.size.span)
		trips, seconds := stores[0].Stats().Flushes-before, since(began).Seconds()
		return []reading{
			{"maitred: round trips", "/s", float64(trips) / seconds},
			{"maitred: rows changed", "/s", float64(s.changed(admin)-changed) / seconds},
		}
	}
}

func riverIdle(name string, c river.Config) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.riverDatabase()
		client := s.riverClient(p, c, nil)
		s.ok(client.Start(s.ctx))
		s.Cleanup(func() { s.ok(client.Stop(s.ctx)) })
		return func() []reading {
			changed := s.changed(p)
			before, began := s.transactions(p), now()
			s.rest(2 * s.size.span)
			transactions, seconds := s.transactions(p)-before, since(began).Seconds()
			return []reading{
				{name + ": transactions", "/s", float64(transactions) / seconds},
				{name + ": rows changed", "/s", float64(s.changed(p)-changed) / seconds},
			}
		}
	}}
}

// changed counts the rows that were updated or deleted in a database: each leaves a dead
// one behind. What sessions did comes to the statistics a second late.
func (s *stage) changed(p *pgxpool.Pool) int64 {
	s.rest(1500 * time.Millisecond)
	return ask[int64](s, p, "SELECT COALESCE(sum(n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables")
}

func (s *stage) transactions(p *pgxpool.Pool) int64 {
	return ask[int64](s, p, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
}
