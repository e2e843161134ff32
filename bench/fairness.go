package main

import (
	"time"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// fairness asks what restaurant B notices of the backlog of restaurant A, whose rows are in
// the same lane.
var fairness = figure{
	name: "fairness", title: "A restaurant beside another's backlog, both in one lane, 50 events a second",
	contenders: []contender{
		{"alone", fair("alone", false)},
		{"beside a backlog", fair("beside a backlog", true)},
	},
	demands: []demand{
		{id: "G11", what: "p95 beside the backlog and alone", row: "beside a backlog: p95", rivals: []string{"alone: p95"}, most: 2},
		{id: "G11", what: "p50 beside the backlog and alone", row: "beside a backlog: p50", rivals: []string{"alone: p50"}},
	},
}

// sending is how long a receiver takes, whose items come side by side.
const sending = 10 * time.Millisecond

func fair(name string, crowded bool) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		db := s.server().Database(s)
		admin, stores := s.pool(db.Admin), s.stores(db, 1)
		return func() []reading {
			s.exec(admin, "TRUNCATE maitred.capacity_outbox")
			a, b := flowInLane(3), flowInLane(3)
			w := newWatch()
			mine := map[int64]bool{}
			t := &taker{seen: w.end}
			crew := s.run(admin, stores, slow{t, sending}, outbox.Config{})
			defer crew.stop()
			if crowded {
				s.copyOutbox(admin, store.SinkWebhook, newFacts(s.size.bulk, []flow{a}, 4))
				crew.wake()
				s.until("the backlog is being delivered", 10*time.Millisecond, func() bool { return t.taken.Load() > 0 })
			}
			begin := now()
			s.paced(func() {
				f := newFact(b, newID[seating.BookingID]())
				s.exec(admin, insertOutbox, outboxRow(store.SinkWebhook, f)...)
				w.begin(f.event.Version.N)
				mine[f.event.Version.N] = true
				crew.workers[0].Wake(b.restaurant, outbox.SourceCommit)
			})
			s.until("everything of B is delivered", 10*time.Millisecond, w.complete)
			readings := percentiles(name, w.milliseconds())
			if crowded {
				took := since(begin)
				left := ask[int](s, admin, "SELECT count(*) FROM maitred.capacity_outbox")
				readings = append(readings,
					reading{name + ": of the backlog left when B was measured", "rows", float64(left)},
					reading{name + ": of the backlog delivered meanwhile", "rows/s", float64(t.taken.Load()-int64(len(mine))) / took.Seconds()})
			}
			return readings
		}
	}
}
