package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

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
