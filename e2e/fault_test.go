package e2e

import (
	"math/rand/v2"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// fault is something that happens, and is over when play returns.
type fault struct {
	name string
	play func()
}

// faults are one of each kind, their victims and moments drawn.
func (s *stage) faults(r *rand.Rand, c *crowd) []fault {
	server := func() *host { return s.hosts[r.IntN(len(s.hosts))] }
	wire := func() *pgtest.Proxy { return s.wires[r.IntN(len(s.wires))] }
	some := func() time.Duration { return time.Duration(500+r.IntN(2500)) * time.Millisecond }
	deck := []fault{
		{"a server killed", func() { h := server(); h.life.kill(); h.start() }},
		{"a server stopped for a while", func() { server().stopped(some()) }},
		{"the database crashed", func() { s.cluster.Restart(s.t) }},
		{"the database stalled", func() { s.stalled(some()) }},
		{"a connection cut anywhere", func() {
			s.cut(wire(), pgtest.Cut{Dir: pgtest.Direction(r.IntN(2)), After: r.IntN(200)}, c)
		}},
		{"a connection cut in a commit", func() {
			s.cut(wire(), pgtest.Cut{Dir: pgtest.Direction(r.IntN(2)), After: r.IntN(50), From: commits}, c)
		}},
		{"a connection cut on one side in a commit", func() {
			w := wire()
			s.cut(w, pgtest.Cut{Dir: pgtest.Direction(r.IntN(2)), After: r.IntN(50), From: commits, Half: true}, c)
			// A backend that has half a commit waits for the rest with the lock in its
			// hands, until the first who waits for that in vain ends it.
			c.moments(20)
			w.Release()
		}},
		{"a server cut off from the database", func() {
			w := wire()
			w.Refuse(true)
			w.Drop()
			<-time.After(some())
			w.Refuse(false)
		}},
		{"a network that passes nothing on, one way", func() {
			w := wire()
			w.Stall(pgtest.Direction(r.IntN(2)))
			<-time.After(some())
			w.Resume()
		}},
	}
	if soak() {
		deck = append(deck, fault{"a server cut off in a commit for longer than it asks what became of it", func() {
			w := wire()
			w.Refuse(true) // the next connection, when this one is cut
			s.cut(w, pgtest.Cut{Dir: pgtest.Direction(r.IntN(2)), After: r.IntN(50), From: commits}, c)
			w.Drop()
			<-time.After(6500 * time.Millisecond)
			w.Refuse(false)
		}})
	}
	return deck
}

// commits is where a commit begins.
var commits = pgtest.Runs("maitred.advance")

// cut breaks a connection at a message, if there is one like it soon.
func (s *stage) cut(w *pgtest.Proxy, at pgtest.Cut, c *crowd) {
	w.Arm(at)
	select {
	case <-w.Cut():
	case <-c.done:
	case <-time.After(2 * time.Second):
	}
	w.Disarm()
}

// stalled lets the database stand still for a while, with all connections open.
func (s *stage) stalled(d time.Duration) {
	s.cluster.Pause()
	<-time.After(d)
	s.cluster.Resume()
}
