package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// judge checks everything once the faults are over: the history, what was
// acknowledged, the rows, and what was logged.
func (c *crowd) judge(s *stage, within time.Duration) {
	c.t.Helper()
	c.settle()
	if len(c.falses) == 0 {
		stored, version := s.stored(c.room), s.current(c.room)
		c.look(stored)
		for _, h := range s.hosts {
			c.room.reached(h, version) // a read may lag
			if seen := c.room.told(h); !maps.Equal(seen, stored) {
				c.t.Errorf("server %s tells %v, stored is %v", h.name, seen, stored)
			}
		}
		c.remembered(s, stored)
		if err := c.epochs(); err != nil {
			c.t.Error(err)
		}
	}
	c.linear(within)
	s.verified()
	s.stop()
}

// settle waits for the clients, all of whom have reached a definite answer, and
// then asks again with the keys of commands of which an attempt stayed without
// one: an attempt that was given up may have been carried out long after the
// repetition was answered. Every server must be reachable by now.
func (c *crowd) settle() {
	c.t.Helper()
	c.ended.Wait()
	slices.SortFunc(c.again, func(a, b *command) int { return int(a.call - b.call) })
	for _, cmd := range c.again {
		if len(c.falses) == 0 {
			c.reask(cmd)
		}
	}
}

func (c *crowd) reask(cmd *command) {
	late := *cmd
	late.call = c.clock()
	if err := c.insist(&late); err != nil {
		c.lie("asked again after the run: %v", err)
		return
	}
	out, err := understand(&late, late.reply)
	if err != nil {
		c.lie("asked again after the run: %v", err)
		return
	}
	before := cmd.reply
	switch {
	case cmd.single:
		late.call = cmd.call // one command, of which this is the answer
	case late.reply.replayed && before.said.Version == late.reply.said.Version:
		return // it is what was answered then
	case before.granted() && cmd.verb == vHold:
		c.lie("%s %s was answered %v and is now %v", cmd.method, cmd.path, before, late.reply)
		return
	case late.reply.replayed:
		// An earlier attempt came through behind the answer to the last one.
		late.call = cmd.last
		c.count.revived++
	}
	late.told = out
	c.enter(&late, late.call, c.clock())
}

// insist asks at one server after the other until the answer is definite.
func (c *crowd) insist(cmd *command) error {
	for try := range 100 {
		h := c.fleet.hosts[try%len(c.fleet.hosts)]
		cmd.reply = h.ask(cmd.order, 20*time.Second)
		if !cmd.reply.nothing() && !cmd.reply.open() {
			return nil
		}
		<-time.After(50 * time.Millisecond)
	}
	return fmt.Errorf("%s %s is not answered: %v", cmd.method, cmd.path, cmd.reply)
}

// remembered asks again for what was acknowledged with a change, at a server that
// saw nothing of the run, when everybody has left and every table is free for
// whoever asks: each answer must be the one that was given, and nothing happens
// anew.
func (c *crowd) remembered(s *stage, stored map[string]told) {
	c.t.Helper()
	s.hosts[0].life.kill()
	s.hosts[0].start()
	for _, at := range stored {
		if at.hold != "" {
			c.room.must(s.hosts[0], order{method: http.MethodDelete, path: c.room.root + "/holds/" + at.hold, token: c.room.token}, nil)
		}
		if at.assigned {
			c.room.must(s.hosts[0], order{method: http.MethodDelete, path: c.room.root + "/bookings/" + at.blocker + "/assignment", token: c.room.token}, nil)
		}
	}
	const limit = 5000 // spread over the run
	every, n := 1+len(c.grants)/limit, 0
	for i := 0; i < len(c.grants); i += every {
		cmd := *c.grants[i]
		was := cmd.reply
		if err := c.insist(&cmd); err != nil {
			c.t.Error(err)
			return
		}
		if n++; !cmd.reply.replayed || cmd.reply.status != was.status || cmd.reply.said.Version != was.said.Version || cmd.reply.said.Hold.ID != was.said.Hold.ID {
			c.t.Errorf("%s %s was acknowledged with %v and is now %v", cmd.method, cmd.path, was, cmd.reply)
			return
		}
	}
	if left := s.stored(c.room); len(left) > 0 {
		c.t.Errorf("asked again for what had been done, it was done anew: %v", left)
	}
	c.t.Logf("%d of %d acknowledged changes asked for again", n, len(c.grants))
}

// look enters what is stored at the end into the history.
func (c *crowd) look(stored map[string]told) {
	for _, table := range c.room.tables {
		cmd := &command{asked: asked{verb: vLook, table: table}, told: stored[table]}
		now := c.clock()
		c.enter(cmd, now, now)
	}
}

// linear checks the history, which must be decided within the time.
func (c *crowd) linear(within time.Duration) {
	c.t.Helper()
	for _, lie := range c.falses {
		c.t.Error(lie)
	}
	if c.t.Failed() {
		return
	}
	began := time.Now()
	result, info := porcupine.CheckOperationsVerbose(model, c.history, within)
	c.t.Logf("%d operations in %s, %d granted and %d refused; %d attempts, of which %d without an answer, %d with outcome unknown, %d refused as unavailable; "+
		"%d never learned, %d carried out behind a repetition; checked in %s",
		len(c.history), time.Since(c.begin).Round(time.Second), c.count.changes, c.count.refusals, c.count.attempts, c.count.unanswered, c.count.unknown,
		c.count.unavailable, c.count.maybe, c.count.revived, time.Since(began).Round(time.Millisecond))
	if result == porcupine.Ok {
		return
	}
	c.t.Errorf("the history is %s", result)
	if err := c.show(info); err != nil {
		c.t.Error(err)
	}
}

// show writes the history down as a page.
func (c *crowd) show(info porcupine.LinearizationInfo) error {
	path := filepath.Join(c.t.ArtifactDir(), "history.html")
	c.t.Logf("the history is in %s (go test -artifacts keeps it)", path)
	return porcupine.VisualizePath(model, info, path)
}

// epochs reports an epoch that changed although nothing was lost.
func (c *crowd) epochs() error {
	was, _, _ := strings.Cut(c.room.begin, ".")
	for _, h := range c.fleet.hosts {
		if now, _, _ := strings.Cut(c.room.version(h), "."); now != was {
			return errors.New("server " + h.name + " is in epoch " + now + ", the run began in " + was)
		}
	}
	return nil
}
