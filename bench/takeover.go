package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
)

// takeover asks how long an event waits whose worker was killed.
var takeover = figure{
	name: "takeover", title: "Takeover after kill -9 of the process that has the lanes, lease 3 s",
	contenders: []contender{{"maitred", killed}},
	demands: []demand{
		{id: "G12", what: "from the kill to the first delivery, s: the lease and a second", row: "maitred: first delivery after the kill", most: takeoverLease.Seconds() + 1},
		{id: "G12", what: "from the kill to the last of 160 events, s", row: "maitred: last delivery after the kill", most: takeoverLease.Seconds() + 1},
	},
}

const takeoverLease = 3 * time.Second

// childWord tells the program that it is the worker to be killed.
const childWord = "-worker"

// child delivers until it is killed, or until whoever started it is gone.
func child(url string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	st, err := postgres.Open(ctx, postgres.Config{URL: url})
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is the signal
		cancel()
	}()

	newWorker(st, &taker{}, outbox.Config{Lease: takeoverLease}).Run(ctx)
	return st.Close()
}

func killed(s *stage) func() []reading {
	db := s.server().Database(s)
	admin, stores := s.pool(db.Admin), s.stores(db, 1)
	return func() []reading {
		s.exec(admin, "TRUNCATE maitred.capacity_outbox")
		w := newWatch()
		crew := s.run(admin, stores, &taker{seen: w.end}, outbox.Config{Lease: takeoverLease})
		defer crew.stop()
		kill := s.victim(admin, db.URL)
		lost := s.lanesOfOthers(admin)
		kill()
		for lane := range store.Lanes {
			for range 10 {
				f := newFact(flowInLane(lane), newID[seating.BookingID]())
				s.exec(admin, insertOutbox, outboxRow(store.SinkWebhook, f)...)
				if lost[lane] {
					w.begin(f.event.Version.N)
				}
				crew.wake()
			}
		}
		s.until("everything is delivered", 10*time.Millisecond, w.complete)
		all := w.milliseconds()
		return []reading{
			{"maitred: first delivery after the kill", "s", quantile(all, 0) / 1000},
			{"maitred: last delivery after the kill", "s", quantile(all, 1) / 1000},
		}
	}
}

// victim starts a process with a worker and waits until it has its share of the lanes.
func (s *stage) victim(admin *pgxpool.Pool, url string) (kill func()) {
	self, err := os.Executable()
	s.ok(err)
	other := exec.CommandContext(s.ctx, self, childWord, url)
	other.Stderr = os.Stderr
	input, err := other.StdinPipe()
	s.ok(err)
	s.Cleanup(func() { _ = input.Close() }) // so that it ends when it was not killed
	s.ok(other.Start())
	s.until("the other process has its lanes", 20*time.Millisecond, func() bool { return evenly(s, admin, 2) })
	return func() {
		s.ok(other.Process.Kill())
		_ = other.Wait() // it says that it was killed
	}
}

// lanesOfOthers are the lanes of the webhook sink that the later worker has.
func (s *stage) lanesOfOthers(admin *pgxpool.Pool) map[int]bool {
	rows, err := admin.Query(s.ctx, `SELECT lane FROM maitred.outbox_lane WHERE sink = 'webhook'
		AND worker_id = (SELECT id FROM maitred.outbox_worker ORDER BY started_at DESC LIMIT 1)`)
	s.ok(err)
	defer rows.Close()
	lanes := map[int]bool{}
	for rows.Next() {
		var lane int
		s.ok(rows.Scan(&lane))
		lanes[lane] = true
	}
	s.ok(rows.Err())
	if len(lanes) == 0 {
		s.Fatal("the other process has no lanes")
	}
	return lanes
}
