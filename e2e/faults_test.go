package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// TestFault_KillUnderLoad: kill -9 of one server, of two, of all at once, in the
// middle of traffic, again and again.
func TestFault_KillUnderLoad(t *testing.T) {
	t.Parallel()
	rounds := 5
	if soak() {
		rounds = 40
	}
	s := onPostgres(t, pgtest.Options{}, 3)
	c := newCrowd(t, s.fleet, newRoom(s.fleet, "kill", 6), 12, nil)
	r := rand.New(rand.NewPCG(c.seed, 1<<32))
	for n := range rounds {
		if !c.moments(50 + r.IntN(150)) {
			break
		}
		victims := s.hosts[:1+n%len(s.hosts)]
		for _, h := range victims {
			h.life.kill()
		}
		for _, h := range victims {
			h.start()
		}
	}
	c.enough(200 * rounds)
	c.judge(s, time.Minute)
}

// TestFault_DatabaseCrash: the database server crashes in the middle of traffic,
// again and again. No server ends of it.
func TestFault_DatabaseCrash(t *testing.T) {
	t.Parallel()
	rounds := 4
	if soak() {
		rounds = 40
	}
	s := onPostgres(t, pgtest.Options{}, 3)
	c := newCrowd(t, s.fleet, newRoom(s.fleet, "crash", 6), 12, nil)
	for range rounds {
		if c.moments(150) {
			s.cluster.Restart(t)
		}
	}
	c.enough(200 * rounds)
	c.judge(s, time.Minute)
}

// TestFault_ServerStoppedForTenSeconds: a server stands still amid its commits for
// longer than anybody waits, and then goes on. Who has waited gets an answer that is
// true now; what others were promised meanwhile holds.
func TestFault_ServerStoppedForTenSeconds(t *testing.T) {
	t.Parallel()
	rounds := 1
	if soak() {
		rounds = 10
	}
	s := onPostgres(t, pgtest.Options{}, 3)
	c := newCrowd(t, s.fleet, newRoom(s.fleet, "stopped", 6), 12, func(client int) bool { return client%2 == 0 })
	for n := range rounds {
		if c.moments(200) {
			s.hosts[n%len(s.hosts)].stopped(10 * time.Second)
		}
	}
	c.moments(200)
	c.enough(500 * rounds)
	c.judge(s, time.Minute)
}

// TestFault_FullDisk: with the database's disk full, what has to be written is
// refused as not done, reads go on, nothing that was acknowledged is lost, and when
// there is room again everything works as before.
func TestFault_FullDisk(t *testing.T) {
	t.Parallel()
	rounds := 1
	if soak() {
		rounds = 10
	}
	s := onPostgres(t, pgtest.Options{Disk: true}, 3)
	r := newRoom(s.fleet, "disk", 6)
	c := newCrowd(t, s.fleet, r, 12, nil)
	for round := range rounds {
		if !c.moments(200) {
			break
		}
		room := s.cluster.FullDisk(t)
		for _, h := range s.hosts {
			s.untilRefused(h, r, round)
		}
		for _, h := range s.hosts {
			for _, path := range []string{"", "/version", "/holds", "/floor", "/bookings?date=" + r.day} {
				if a := h.ask(order{method: http.MethodGet, path: r.root + path, token: r.token}, 20*time.Second); !a.granted() {
					t.Errorf("with a full disk GET %s at server %s = %v", path, h.name, a)
				}
			}
		}
		room()
	}
	c.enough(500 * rounds)
	c.judge(s, time.Minute)
}

// untilRefused makes bookings at a server until there is no room for one.
func (s *stage) untilRefused(h *host, r *room, round int) {
	s.t.Helper()
	for n := range 500 {
		a := h.ask(order{
			method: http.MethodPost, path: r.root + "/bookings", token: r.token, key: fmt.Sprintf("fill-%s-%d-%d", h.name, round, n),
			body: map[string]any{"covers": 2, "date": r.day, "time": "17:00", "guest": map[string]any{"name": strings.Repeat("x", 100)}},
		}, 20*time.Second)
		if a.granted() {
			continue
		}
		if !a.nothing() || a.said.Code != "UNAVAILABLE" {
			s.t.Errorf("with a full disk a booking at server %s = %v, want 503 and a promise that nothing was done", h.name, a)
		}
		return
	}
	s.t.Errorf("500 bookings found room on a full disk")
}

// deed is an order that was acknowledged.
type deed struct {
	order
	reply   reply
	table   string
	booking string
}

// TestFault_Failover: the database fails over to a standby that has not got the last
// commits. The servers notice it: the restaurant begins a new epoch, and nothing
// that names the old one passes. What the standby had is there; what it had not is
// gone altogether, and can be done again.
func TestFault_Failover(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Options{}, 3)
	const some = 6 // parties of each kind
	r := newRoom(s.fleet, "failover", 4*some)
	var parties []string
	for n := range 4 * some {
		parties = append(parties, r.book(t, s.hosts[0], fmt.Sprint("party-", n)))
	}
	// Of parties and tables, number by number: the first are seated and survive, the
	// second are seated and lost, the others come with what they know of the past.
	seat := func(key string, n int) deed {
		h, d := s.hosts[n%len(s.hosts)], deed{table: r.tables[n], booking: parties[n]}
		d.order = order{
			method: http.MethodPost, path: r.root + "/bookings/" + d.booking + "/holds", token: r.token, key: fmt.Sprint(key, n),
			body: map[string]any{"tableIds": []string{d.table}},
		}
		if n%2 == 1 {
			d.method, d.path = http.MethodPut, r.root+"/bookings/"+d.booking+"/assignment"
		}
		if d.reply = h.ask(d.order, 20*time.Second); !d.reply.granted() {
			t.Fatalf("%s %s = %v", d.method, d.path, d.reply)
		}
		return d
	}
	standby := s.cluster.Standby(t)
	var kept, lost []deed
	for n := range some {
		kept = append(kept, seat("kept-", n))
	}
	standby.CatchUp(t)
	standby.StopReceiving(t)
	for n := range some {
		lost = append(lost, seat("lost-", some+n))
	}
	gone := order{method: http.MethodPost, path: r.root + "/bookings", token: r.token, key: "gone", body: map[string]any{
		"covers": 4, "date": r.day, "time": "21:00", "guest": map[string]any{"name": "Gone"},
	}}
	made := s.hosts[0].ask(gone, 20*time.Second)
	if !made.granted() {
		t.Fatalf("booking = %v", made)
	}
	past := made.said.Version // that nobody has any more
	for _, h := range s.hosts {
		r.reached(h, past)
	}

	s.cluster.StopImmediate(t)
	standby.Promote(t)
	s.database = standby.Same(s.database)
	s.db = s.database.URL
	stored := s.stored(r)
	for _, w := range s.wires {
		w.Target(t, s.database.URL)
	}

	// Whoever acts on what he saw before is told that it is not so any more, by
	// whichever server he asks first.
	versions := []string{past, lost[0].reply.said.Version, lost[some-1].reply.said.Version}
	refused := make([]reply, 3*some)
	stale := func(n int) order {
		party := 2*some + n%(2*some)
		return order{
			method: http.MethodPost, path: r.root + "/bookings/" + parties[party] + "/holds", token: r.token, key: fmt.Sprint("past-", n),
			ifMatch: versions[n%len(versions)], body: map[string]any{"tableIds": []string{r.tables[party]}},
		}
	}
	each(len(refused), func(n int) { refused[n] = s.definite(s.hosts[n/len(versions)%len(s.hosts)], stale(n)) })
	for n, a := range refused {
		if a.status != http.StatusPreconditionFailed || a.said.Code != "STALE_CONTEXT" {
			t.Errorf("a hold with If-Match %s of the lost past = %v, want STALE_CONTEXT", versions[n%len(versions)], a)
		}
	}

	// All agree on one new epoch.
	was, _, _ := strings.Cut(past, ".")
	now := ""
	for _, h := range s.hosts {
		now = s.newEpoch(h, r, was)
	}
	for _, h := range s.hosts {
		r.reached(h, now)
	}
	for n, version := range []string{past, kept[0].reply.said.Version, kept[some-1].reply.said.Version, r.begin} {
		for _, h := range s.hosts {
			o := stale(n)
			o.key, o.ifMatch = fmt.Sprint("old-", h.name, n), version
			if a := s.definite(h, o); a.status != http.StatusPreconditionFailed || a.said.Code != "STALE_CONTEXT" {
				t.Errorf("a hold with If-Match %s of the old epoch at server %s = %v, want STALE_CONTEXT", version, h.name, a)
			}
		}
	}

	for n, d := range kept {
		if at := stored[d.table]; at.blocker != d.booking {
			t.Errorf("table %s is stored for %q, want %s: it was acknowledged before the standby's last commit", d.table, at.blocker, d.booking)
		}
		a := s.definite(s.hosts[(n+1)%len(s.hosts)], d.order)
		if !a.replayed || a.status != d.reply.status || a.said.Version != d.reply.said.Version || a.said.Hold.ID != d.reply.said.Hold.ID {
			t.Errorf("%s %s was acknowledged with %v and is now %v", d.method, d.path, d.reply, a)
		}
	}
	for n, d := range lost {
		if at := stored[d.table]; at != (told{}) {
			t.Errorf("table %s is stored as %v, want it free: that commit was lost", d.table, at)
		}
		h := s.hosts[(n+1)%len(s.hosts)]
		if a := s.definite(h, d.order); !a.granted() || a.replayed || a.said.Version == d.reply.said.Version || d.reply.said.Hold.ID != "" && a.said.Hold.ID == d.reply.said.Hold.ID {
			t.Errorf("%s %s, lost, is made again with %v", d.method, d.path, a)
		}
	}
	for _, h := range s.hosts {
		if a := h.ask(order{method: http.MethodGet, path: r.root + "/bookings/" + made.said.Booking.ID, token: r.token}, 20*time.Second); a.status != http.StatusNotFound {
			t.Errorf("the lost booking at server %s = %v, want 404", h.name, a)
		}
	}
	if a := s.definite(s.hosts[1], gone); !a.granted() || a.replayed || a.said.Booking.ID == made.said.Booking.ID {
		t.Errorf("the lost booking is made again with %v", a)
	}
	// And what one sees now is as good as ever.
	o := stale(0)
	o.key, o.ifMatch = "new", r.version(s.hosts[2])
	if a := s.definite(s.hosts[2], o); !a.granted() {
		t.Errorf("a hold with If-Match %s of the new epoch = %v", o.ifMatch, a)
	}
	s.verified()
	s.stop()
}

// definite repeats an order at a server until the answer is definite.
func (s *stage) definite(h *host, o order) reply {
	var a reply
	for range 200 {
		if a = h.ask(o, 20*time.Second); !a.nothing() && !a.open() {
			return a
		}
		<-time.After(50 * time.Millisecond)
	}
	s.t.Errorf("server %s does not answer %s %s: %v", h.name, o.method, o.path, a)
	return a
}

// newEpoch waits until a server is in another epoch and returns its version.
func (s *stage) newEpoch(h *host, r *room, was string) string {
	s.t.Helper()
	var a reply
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a = h.ask(order{method: http.MethodGet, path: r.root + "/version", token: r.token}, 20*time.Second)
		if epoch, _, _ := strings.Cut(a.said.Version, "."); a.granted() && epoch != was {
			return a.said.Version
		}
		<-time.After(20 * time.Millisecond)
	}
	s.t.Fatalf("20 seconds after it lost commits server %s is in epoch %s still: %v", h.name, was, a)
	return ""
}

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

// TestRace_OneTableThreeServers: 200 parties want one table at one time, at three
// servers, half by holds and half by assignments. One gets it; every other answer
// names who has it.
func TestRace_OneTableThreeServers(t *testing.T) {
	t.Parallel()
	rounds := 1
	if soak() {
		rounds = 20
	}
	s := onPostgres(t, pgtest.Options{}, 3)
	const parties = 200
	for round := range rounds {
		r := newRoom(s.fleet, fmt.Sprint("race-", round), 1)
		bookings := make([]string, parties)
		for i := range bookings {
			bookings[i] = r.book(t, s.hosts[i%3], fmt.Sprint("party-", i))
		}
		answers := make([]reply, parties)
		each(parties, func(i int) {
			o := order{
				method: http.MethodPost, path: r.root + "/bookings/" + bookings[i] + "/holds", token: r.token, key: fmt.Sprint("race-", i),
				body: map[string]any{"tableIds": r.tables},
			}
			if i/3%2 == 0 {
				o.method, o.path = http.MethodPut, r.root+"/bookings/"+bookings[i]+"/assignment"
			}
			answers[i] = s.hosts[i%3].ask(o, 30*time.Second)
		})
		winner := slices.IndexFunc(answers, reply.granted)
		if winner < 0 {
			t.Fatalf("nobody was granted: %v", answers[0])
		}
		for i, a := range answers {
			if i == winner {
				continue
			}
			if a.err != nil || a.status != http.StatusConflict || len(a.said.Blockers) != 1 ||
				a.said.Blockers[0].BookingID != bookings[winner] || a.said.Blockers[0].Reference == "" {
				t.Errorf("party %d = %v, want 409 that names %s, who has it", i, a, bookings[winner])
			}
		}
		if at := s.stored(r)[r.tables[0]]; at.blocker != bookings[winner] {
			t.Errorf("stored is %v, granted was %s", at, bookings[winner])
		}
	}
	s.verified()
	s.stop()
}
