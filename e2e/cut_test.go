package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// TestFault_AnswerOfACommitIsCut: the connection to the database breaks in the
// middle of a commit, and the caller never asks again. What it is told is true, or
// that nobody knows; a refusal because of its own change it never gets. Without a
// key too.
func TestFault_AnswerOfACommitIsCut(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Options{}, 2)
	r := newRoom(s.fleet, "cut", 60)
	rnd := rand.New(rand.NewPCG(seed(t), 0))
	moments := []moment{
		{"before its answer", pgtest.Cut{Dir: pgtest.ToClient, From: commits}, false},
		{"before its answer, unseen by the database", pgtest.Cut{Dir: pgtest.ToClient, From: commits, Half: true}, false},
		{"within its answer", pgtest.Cut{Dir: pgtest.ToClient, After: 1 + rnd.IntN(15), From: commits}, false},
		{"before it is sent", pgtest.Cut{Dir: pgtest.ToServer, From: commits}, false},
		{"while it is sent", pgtest.Cut{Dir: pgtest.ToServer, After: 1 + rnd.IntN(10), From: commits}, false},
		{"before its answer, for long", pgtest.Cut{Dir: pgtest.ToClient, From: commits}, true},
		{"while it is sent, for long", pgtest.Cut{Dir: pgtest.ToServer, After: 1 + rnd.IntN(10), From: commits}, true},
	}
	cutter := &cutter{stage: s, room: r}
	for _, m := range moments {
		for _, v := range []verb{vHold, vUnassign} {
			cutter.cut(m, v)
		}
	}
	s.verified()
	s.stop()
}

// moment is when a connection breaks.
type moment struct {
	name string
	cut  pgtest.Cut
	dark bool // the database cannot be reached again before the server gives up
}

// cutter cuts one commit after the other, each on a table of its own.
type cutter struct {
	*stage
	room *room
	next int
}

// cut has a commit cut off and checks what its caller is told. In the dark, another
// connection may be quicker than the darkness, but not always.
func (c *cutter) cut(m moment, v verb) {
	c.t.Helper()
	name := fmt.Sprintf("a %s cut off from its commit %s", v, m.name)
	for range 5 {
		o, at := c.order(v)
		h, w := c.hosts[c.next%2], c.wires[c.next%2]
		w.Arm(m.cut)
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			<-w.Cut()
			if m.dark {
				w.Refuse(true)
				w.Drop()
			}
		}()
		a := h.ask(o, 20*time.Second)
		<-cut
		w.Refuse(false)
		w.Release()
		have := c.stored(c.room)[at]
		happened := have.hold != ""
		if v == vUnassign {
			happened = have.blocker == ""
		}
		switch {
		case a.open() && a.err == nil: // nobody knows
		case a.nothing() && a.err == nil:
			if happened {
				c.t.Errorf("%s is told that nothing was done, and it was: %v", name, a)
			}
		case !a.granted():
			c.t.Errorf("%s = %v, want it granted, or 503", name, a)
		case !happened || v == vHold && have.hold != a.said.Hold.ID:
			c.t.Errorf("%s is granted with %v, stored is %v", name, a, have)
		}
		if o.key != "" { // who has a key can find out
			again := c.definite(h, o)
			if again.replayed != happened || !again.granted() || c.stored(c.room)[at].hold != again.said.Hold.ID {
				c.t.Errorf("%s, asked again, = %v; it had happened: %v", name, again, happened)
			}
		}
		if c.t.Failed() || !m.dark && !a.open() || m.dark && a.open() && happened == (m.cut.Dir == pgtest.ToClient) {
			return
		}
	}
	c.t.Errorf("%s: never %s", name, map[bool]string{true: "with an outcome that is unknown", false: "with one that is known"}[m.dark])
}

// order makes a party and what it asks for: a hold, or to be taken from the table
// that it was given.
func (c *cutter) order(v verb) (o order, table string) {
	c.t.Helper()
	table = c.room.tables[c.next]
	c.next++
	h := c.hosts[c.next%2]
	party := c.room.book(c.t, h, fmt.Sprint("party-", c.next))
	o = order{
		method: http.MethodPost, path: c.room.root + "/bookings/" + party + "/holds", token: c.room.token, key: fmt.Sprint("once-", c.next),
		body: map[string]any{"tableIds": []string{table}},
	}
	if v == vHold {
		return o, table
	}
	o.method, o.path = http.MethodPut, c.room.root+"/bookings/"+party+"/assignment"
	if a := h.ask(o, 20*time.Second); !a.granted() {
		c.t.Fatalf("assignment = %v", a)
	}
	return order{method: http.MethodDelete, path: o.path, token: c.room.token}, table // which needs no key
}
