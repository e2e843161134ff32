package main

import (
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/store"
)

// paused asks what those who commit notice of a sink that has been paused for a week.
var paused = figure{
	name: "paused", title: "Commits beside a sink that is paused, with many rows waiting",
	contenders: []contender{
		{"nothing waits", pausedCommits("nothing waits", false)},
		{"a week waits", pausedCommits("a week waits", true)},
	},
	demands: []demand{
		{id: "paused", what: "commit p50 with a week waiting and with nothing waiting", row: "a week waits: p50", rivals: []string{"nothing waits: p50"}, most: 1.05},
	},
}

func pausedCommits(name string, waiting bool) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		db := s.server().Database(s)
		admin, stores := s.pool(db.Admin), s.stores(db, 1)
		diners := s.plant(stores[0], 1)
		s.exec(admin, "UPDATE maitred.outbox_sink SET paused = true WHERE sink = 'webhook'")
		if waiting {
			for range 10 {
				s.copyOutbox(admin, store.SinkWebhook, newFacts(s.size.week/10, newFlows(200), 4))
			}
		}
		s.exec(admin, "VACUUM ANALYZE maitred.capacity_outbox")
		s.exec(admin, "CHECKPOINT")
		return func() []reading {
			crew := s.run(admin, stores, &taker{}, outbox.Config{})
			defer crew.stop()
			var all []float64
			for began := now(); since(began) < s.size.span; {
				at := now()
				diners[0].change()
				all = append(all, ms(since(at)))
				crew.wake()
			}
			return percentiles(name, all)
		}
	}
}
