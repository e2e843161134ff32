package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
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
