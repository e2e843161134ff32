package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// latency asks how soon after its commit an event is with its sink.
var latency = figure{
	name: "latency", title: "From the commit to the sink, 50 events a second",
	contenders: []contender{
		{"bare insert", bareInsert},
		{"maitred, in process", maitredLatency},
		{"maitred, across processes", maitredAcross},
		riverLatency("River, default", riverDefault),
		riverLatency("River, tuned", riverBench),
		riverLatency("River, as quick as it accepts", riverQuickest),
	},
	demands: []demand{
		{id: "G3", what: "in process p50 beside the bare insert's p50", row: "maitred, in process: p50", rivals: []string{"bare insert: p50"}, most: 2},
		{id: "G3", what: "in process p50 beside River, default", row: "maitred, in process: p50", rivals: []string{"River, default: p50"}, most: 1. / 20},
		{id: "G3", what: "in process p50 beside River, tuned", row: "maitred, in process: p50", rivals: []string{"River, tuned: p50"}},
		{id: "G3", what: "in process p50 beside River, as quick as it accepts", row: "maitred, in process: p50", rivals: []string{"River, as quick as it accepts: p50"}},
		{id: "G4", what: "across processes p50, ms", row: "maitred, across processes: p50", most: 8},
		{id: "G4", what: "across processes, the longest, ms: a lost wake-up costs a poll", row: "maitred, across processes: longest", most: 1500},
	},
}

// bareInsert is how long one row takes to be on the disk.
func bareInsert(s *stage) func() []reading {
	p := s.bareDatabase()
	flows := newFlows(16)
	return func() []reading {
		var all []float64
		s.paced(func() {
			f := newFact(flows[rand.N(len(flows))], newID[seating.BookingID]())
			began := now()
			s.exec(p, "INSERT INTO bare (payload) VALUES ($1)", string(f.body))
			all = append(all, ms(since(began)))
		})
		return percentiles("bare insert", all)
	}
}

func maitredLatency(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, stores := s.pool(db.Admin), s.stores(db, 1)
	flows := newFlows(16)
	return func() []reading {
		w := newWatch()
		crew := s.run(admin, stores, &taker{seen: w.end}, outbox.Config{})
		defer crew.stop()
		s.paced(func() {
			f := newFact(flows[rand.N(len(flows))], newID[seating.BookingID]())
			s.exec(admin, insertOutbox, outboxRow(store.SinkWebhook, f)...)
			w.begin(f.event.Version.N)
			crew.workers[0].Wake(f.flow.restaurant, outbox.SourceCommit)
		})
		s.until("everything is delivered", 10*time.Millisecond, w.complete)
		return percentiles("maitred, in process", w.milliseconds())
	}
}

// maitredAcross commits in one store and delivers in another; the only thing they share is
// the database.
func maitredAcross(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, here, there := s.pool(db.Admin), s.open(db), s.stores(db, 1)
	flows := newFlows(16)
	return func() []reading {
		w := newWatch()
		crew := s.run(admin, there, &taker{seen: w.end}, outbox.Config{})
		defer crew.stop()
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		connected := make(chan struct{}, 8)
		heard := notify.New(there[0], notify.Config{
			OnConnected: func() { connected <- struct{}{} },
			OnMoved: func(moved []seating.RestaurantID) {
				for _, r := range moved {
					crew.workers[0].Wake(r, outbox.SourceCommit)
				}
			},
		})
		tells := notify.New(here, notify.Config{})
		go heard.Run(ctx)
		go tells.Run(ctx)
		<-connected
		s.paced(func() {
			f := newFact(flows[rand.N(len(flows))], newID[seating.BookingID]())
			s.exec(admin, insertOutbox, outboxRow(store.SinkWebhook, f)...)
			w.begin(f.event.Version.N)
			tells.Tell(f.flow.restaurant)
		})
		s.until("everything is delivered", 10*time.Millisecond, w.complete)
		all := w.milliseconds()
		return append(percentiles("maitred, across processes", all), reading{"maitred, across processes: longest", "ms", quantile(all, 1)})
	}
}

func riverLatency(name string, c river.Config) contender {
	return contender{name, func(s *stage) func() []reading {
		p := s.riverDatabase()
		flows := newFlows(16)
		return func() []reading {
			s.exec(p, "TRUNCATE river_job")
			w := newWatch()
			client := s.riverClient(p, c, w.end)
			s.ok(client.Start(s.ctx))
			s.rest(500 * time.Millisecond) // until it listens
			s.paced(func() {
				f := newFact(flows[rand.N(len(flows))], newID[seating.BookingID]())
				_, err := client.Insert(s.ctx, told{f.event}, nil)
				s.ok(err)
				w.begin(f.event.Version.N)
			})
			s.until("everything is worked", 10*time.Millisecond, w.complete)
			s.ok(client.Stop(s.ctx))
			return percentiles(name, w.milliseconds())
		}
	}}
}
