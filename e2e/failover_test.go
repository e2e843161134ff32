package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// TestFault_Failover: the database fails over to a standby that has not got the last
// commits. The servers notice it: the restaurant begins a new epoch, and nothing
// that names the old one passes. What the standby had is there; what it had not is
// gone altogether, and can be done again.
func TestFault_Failover(t *testing.T) {
	t.Parallel()
	f := newFailover(t)
	standby := f.cluster.Standby(t)
	for n := range some {
		f.kept = append(f.kept, f.seat(n))
	}
	standby.CatchUp(t)
	standby.StopReceiving(t)
	for n := range some {
		f.lost = append(f.lost, f.seat(some+n))
	}
	f.gone = deed{order: order{method: http.MethodPost, path: f.room.root + "/bookings", token: f.room.token, key: "gone", body: map[string]any{
		"covers": 4, "date": f.room.day, "time": "21:00", "guest": map[string]any{"name": "Gone"},
	}}}
	if f.gone.reply = f.hosts[0].ask(f.gone.order, 20*time.Second); !f.gone.reply.granted() {
		t.Fatalf("booking = %v", f.gone.reply)
	}
	for _, h := range f.hosts { // each knows the past that will be lost
		f.room.reached(h, f.gone.reply.said.Version)
	}

	f.cluster.StopImmediate(t)
	standby.Promote(t)
	f.database = standby.Same(f.database)
	f.db = f.database.URL
	f.stored = f.stage.stored(f.room)
	for _, w := range f.wires {
		w.Target(t, f.database.URL)
	}

	f.nothingOfTheLostPastPasses()
	f.oneNewEpoch()
	f.nothingOfTheOldEpochPasses()
	f.whatTheStandbyHadIsThere()
	f.whatItHadNotIsGone()
	o := f.late(0)
	o.key, o.ifMatch = "new", f.room.version(f.hosts[2])
	if a := f.definite(f.hosts[2], o); !a.granted() {
		t.Errorf("a hold with If-Match %s of the new epoch = %v", o.ifMatch, a)
	}
	f.verified()
	f.stop()
}

// some is how many parties there are of each kind.
const some = 6

// failover is the stage of a failover. Of its parties and tables, number by number,
// the first are seated and survive, the second are seated and lost, the others come
// late, with what they know of the past.
type failover struct {
	*stage
	room       *room
	parties    []string
	kept, lost []deed
	gone       deed            // a booking, lost
	stored     map[string]told // what the standby has
}

// deed is an order that was acknowledged.
type deed struct {
	order
	reply          reply
	table, booking string
}

func newFailover(t testing.TB) *failover {
	t.Helper()
	f := &failover{stage: onPostgres(t, pgtest.Options{}, 3)}
	f.room = newRoom(f.fleet, "failover", 4*some)
	for n := range f.room.tables {
		f.parties = append(f.parties, f.room.book(t, f.hosts[0], fmt.Sprint("party-", n)))
	}
	return f
}

// seat gives a party its table, by a hold or for good.
func (f *failover) seat(n int) deed {
	f.t.Helper()
	d := deed{table: f.room.tables[n], booking: f.parties[n]}
	d.order = order{
		method: http.MethodPost, path: f.room.root + "/bookings/" + d.booking + "/holds", token: f.room.token, key: fmt.Sprint("seat-", n),
		body: map[string]any{"tableIds": []string{d.table}},
	}
	if n%2 == 1 {
		d.method, d.path = http.MethodPut, f.room.root+"/bookings/"+d.booking+"/assignment"
	}
	if d.reply = f.hosts[n%len(f.hosts)].ask(d.order, 20*time.Second); !d.reply.granted() {
		f.t.Fatalf("%s %s = %v", d.method, d.path, d.reply)
	}
	return d
}

// late is a hold that one of the late parties asks for, at a table nobody has.
func (f *failover) late(n int) order {
	party := 2*some + n%(2*some)
	return order{
		method: http.MethodPost, path: f.room.root + "/bookings/" + f.parties[party] + "/holds", token: f.room.token, key: fmt.Sprint("late-", n),
		body: map[string]any{"tableIds": []string{f.room.tables[party]}},
	}
}

func (f *failover) mustBeStale(h *host, o order) {
	if a := f.definite(h, o); a.status != http.StatusPreconditionFailed || a.said.Code != "STALE_CONTEXT" {
		f.t.Errorf("a hold with If-Match %s at server %s = %v, want STALE_CONTEXT", o.ifMatch, h.name, a)
	}
}

// nothingOfTheLostPastPasses: from the first request on, at whichever server.
func (f *failover) nothingOfTheLostPastPasses() {
	past := []string{f.gone.reply.said.Version, f.lost[0].reply.said.Version, f.lost[some-1].reply.said.Version}
	each(3*len(past)*len(f.hosts), func(n int) {
		o := f.late(n)
		o.ifMatch = past[n%len(past)]
		f.mustBeStale(f.hosts[n/len(past)%len(f.hosts)], o)
	})
}

// oneNewEpoch: the servers come to it by themselves, and all to the same.
func (f *failover) oneNewEpoch() {
	f.t.Helper()
	was, _, _ := strings.Cut(f.room.begin, ".")
	var epochs []string
	for _, h := range f.hosts {
		epochs = append(epochs, f.newEpoch(h, was))
	}
	if slices.Sort(epochs); epochs[0] != epochs[len(epochs)-1] {
		f.t.Errorf("the servers are in epochs %v, want one", epochs)
	}
}

// newEpoch waits until a server is in another epoch.
func (f *failover) newEpoch(h *host, was string) string {
	f.t.Helper()
	var a reply
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a = h.ask(order{method: http.MethodGet, path: f.room.root + "/version", token: f.room.token}, 20*time.Second)
		if epoch, _, _ := strings.Cut(a.said.Version, "."); a.granted() && epoch != was {
			return epoch
		}
		<-time.After(20 * time.Millisecond)
	}
	f.t.Fatalf("20 seconds after commits were lost server %s is in epoch %s still: %v", h.name, was, a)
	return ""
}

// nothingOfTheOldEpochPasses: not even a version that the standby had.
func (f *failover) nothingOfTheOldEpochPasses() {
	for n, version := range []string{f.gone.reply.said.Version, f.kept[0].reply.said.Version, f.kept[some-1].reply.said.Version, f.room.begin} {
		for _, h := range f.hosts {
			o := f.late(n)
			o.key, o.ifMatch = fmt.Sprint("old-", h.name, n), version
			f.mustBeStale(h, o)
		}
	}
}

func (f *failover) whatTheStandbyHadIsThere() {
	for n, d := range f.kept {
		if at := f.stored[d.table]; at.blocker != d.booking {
			f.t.Errorf("table %s is stored for %q, want %s: it was acknowledged before the standby's last commit", d.table, at.blocker, d.booking)
		}
		a := f.definite(f.hosts[(n+1)%len(f.hosts)], d.order)
		if !a.replayed || a.status != d.reply.status || a.said.Version != d.reply.said.Version || a.said.Hold.ID != d.reply.said.Hold.ID {
			f.t.Errorf("%s %s was acknowledged with %v and is now %v", d.method, d.path, d.reply, a)
		}
	}
}

// whatItHadNotIsGone: of a lost commit nothing is left, its receipt neither, so that
// who repeats it has it done.
func (f *failover) whatItHadNotIsGone() {
	for n, d := range append(f.lost, f.gone) {
		if at := f.stored[d.table]; at != (told{}) {
			f.t.Errorf("table %s is stored as %v, want it free: that commit was lost", d.table, at)
		}
		a := f.definite(f.hosts[(n+1)%len(f.hosts)], d.order)
		if !a.granted() || a.replayed || a.said.Version == d.reply.said.Version || d.reply.said.Hold.ID != "" && a.said.Hold.ID == d.reply.said.Hold.ID {
			f.t.Errorf("%s %s, lost, is made again with %v", d.method, d.path, a)
		}
	}
	for _, h := range f.hosts {
		o := order{method: http.MethodGet, path: f.room.root + "/bookings/" + f.gone.reply.said.Booking.ID, token: f.room.token}
		if a := h.ask(o, 20*time.Second); a.status != http.StatusNotFound {
			f.t.Errorf("the lost booking at server %s = %v, want 404", h.name, a)
		}
	}
}
