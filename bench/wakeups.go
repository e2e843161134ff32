package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

// wakeups asks what telling others costs those who commit.
var wakeups = figure{
	name: "wakeups", title: "Sixteen writers, whole commits, with wake-ups and without",
	contenders: []contender{
		{"nobody is told", wakingCommits("nobody is told", false, false)},
		{"told after the commit", wakingCommits("told after the commit", true, false)},
		{"NOTIFY in the transaction", wakingCommits("NOTIFY in the transaction", false, true)},
		{"bare transaction", bareNotify("bare transaction", false)},
		{"bare transaction with NOTIFY", bareNotify("bare transaction with NOTIFY", true)},
	},
	demands: []demand{
		{id: "G5", what: "commits told of beside commits that nobody is told of", row: "told after the commit", rivals: []string{"nobody is told"}, least: 0.9},
		{id: "G5", what: "commits with NOTIFY in the transaction beside those without", row: "NOTIFY in the transaction", rivals: []string{"nobody is told"}},
		{id: "G5", what: "bare transactions with NOTIFY beside those without", row: "bare transaction with NOTIFY", rivals: []string{"bare transaction"}},
	},
}

const wakingWriters = 16

// diner is a restaurant with one booking that changes over and over, so that its house
// stays as small as it is.
type diner struct {
	*storetest.Seed
	booking seating.Booking
}

// plant makes restaurants of one booking each.
func (s *stage) plant(st store.Store, n int) []*diner {
	all := make([]*diner, n)
	for i := range all {
		clock := storetest.NewClock()
		clock.Set(servicetime.InstantOf(now()))
		d := &diner{Seed: storetest.Plant(s, st, clock, fmt.Sprintf("diner%d", i))}
		d.booking = d.Booking("R1", 0, 90)
		clock.Set(servicetime.InstantOf(now()))
		d.Commit(d.Book(d.booking, d.Tables[0]))
		all[i] = d
	}
	return all
}

// change commits one more change of the booking, with its history line and its event.
func (d *diner) change() {
	d.Clock.Set(servicetime.InstantOf(now()))
	d.booking.Covers = d.booking.Covers%4 + 1
	d.booking.Version = d.House.Version + 1
	c := d.Change("change_booking", house.Rows{PutBookings: []seating.Booking{d.booking}}, seating.AspectBookings)
	c.History = []house.HistoryRow{{Subject: "booking:" + d.booking.ID.String(), To: string(d.booking.Status)}}
	c.Events = []seating.Event{{
		Type: seating.EventBookingChanged, Severity: seating.SeverityInfo, Booking: d.booking.ID,
		Payload: seating.EventPayload{
			SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: c.Public(), At: c.At, Actor: c.Actor, Booking: d.booking.ID,
		},
	}}
	d.Commit(c)
}

// notifyTrigger puts a notification into the transaction of each commit that has events.
const notifyTrigger = `
	CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('maitred_moved', 'in the transaction'); RETURN NULL; END $$;
	CREATE TRIGGER tell AFTER INSERT ON maitred.capacity_outbox FOR EACH STATEMENT EXECUTE FUNCTION tell()`

// wakingCommits counts commits while a worker in another process delivers.
func wakingCommits(name string, told, inTransaction bool) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		db := s.server().Database(s)
		admin, here, there := s.pool(db.Admin), s.open(db), s.stores(db, 1)
		diners := s.plant(here, wakingWriters)
		if inTransaction {
			s.exec(admin, notifyTrigger)
		}
		return func() []reading {
			crew := s.run(admin, there, &taker{}, outbox.Config{})
			defer crew.stop()
			ctx, cancel := context.WithCancel(s.ctx)
			defer cancel()
			connected := make(chan struct{}, 8)
			heard := notify.New(there[0], notify.Config{
				OnConnected: func() { connected <- struct{}{} },
				OnMoved:     func([]seating.RestaurantID) { crew.wake() },
			})
			tells := notify.New(here, notify.Config{})
			go heard.Run(ctx)
			go tells.Run(ctx)
			<-connected
			rate := s.flatOut(wakingWriters, s.size.span, func(writer int) {
				diners[writer].change()
				if told {
					tells.Tell(diners[writer].ID())
				}
			})
			return []reading{{name, "commits/s", rate}}
		}
	}
}

// bareNotify is the same without maitred: one insert in a transaction, and somebody who
// listens.
func bareNotify(name string, told bool) func(s *stage) func() []reading {
	return func(s *stage) func() []reading {
		p := s.bareDatabase()
		flows := newFlows(wakingWriters)
		return func() []reading {
			s.exec(p, "TRUNCATE bare")
			ctx, cancel := context.WithCancel(s.ctx)
			defer cancel()
			heard := s.listen(ctx, p)
			rate := s.flatOut(wakingWriters, s.size.span, func(writer int) {
				f := newFact(flows[writer], newID[seating.BookingID]())
				s.inTransaction(p, func(tx pgx.Tx) {
					_, err := tx.Exec(s.ctx, "INSERT INTO bare (payload) VALUES ($1)", string(f.body))
					s.ok(err)
					if told {
						_, err = tx.Exec(s.ctx, "SELECT pg_notify('moved', $1)", f.flow.restaurant.String())
						s.ok(err)
					}
				})
			})
			if told && heard.Load() == 0 {
				s.Fatalf("nobody heard of %s", name)
			}
			return []reading{{name, "tx/s", rate}}
		}
	}
}

func (s *stage) inTransaction(p *pgxpool.Pool, do func(tx pgx.Tx)) {
	tx, err := p.Begin(s.ctx)
	s.ok(err)
	do(tx)
	s.ok(tx.Commit(s.ctx))
}

// listen counts what is heard on the channel until ctx ends.
func (s *stage) listen(ctx context.Context, p *pgxpool.Pool) *atomic.Int64 {
	conn, err := pgx.Connect(ctx, p.Config().ConnString())
	s.ok(err)
	_, err = conn.Exec(ctx, "LISTEN moved")
	s.ok(err)
	var heard atomic.Int64
	go func() {
		for {
			if _, err := conn.WaitForNotification(ctx); err != nil {
				_ = conn.Close(context.WithoutCancel(ctx)) // its time is over
				return
			}
			heard.Add(1)
		}
	}()
	return &heard
}
