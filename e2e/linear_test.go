package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// TestLinear: what three servers on one PostgreSQL answer to clients who fight for
// the same tables is what one server without faults could have answered, in an
// order that agrees with time; and that is what is stored. Meanwhile servers are
// killed and stopped, the database crashes and stalls, and connections between
// them break in the middle of a message.
func TestLinear(t *testing.T) {
	t.Parallel()
	commands, rounds, within := 3000, 2, time.Minute
	if soak() {
		commands, rounds, within = 50_000, 20, 10*time.Minute
	}
	s := onPostgres(t, pgtest.Options{}, 3)
	c := newCrowd(t, s.fleet, newRoom(s.fleet, "linear", 6), 12, func(client int) bool { return client%3 == 0 })
	played := map[string]int{}
	r := rand.New(rand.NewPCG(c.seed, 1<<32))
	for range rounds {
		deck := s.faults(r, c)
		r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, f := range deck {
			if c.moments(commands / 2 / rounds / len(deck)) {
				t.Logf("%s: %s", time.Since(c.begin).Round(time.Millisecond), f.name)
				f.play()
				played[f.name]++
			}
		}
	}
	c.enough(commands)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(played)) {
		list = append(list, fmt.Sprint(played[name], " × ", name))
	}
	t.Logf("faults: %s", strings.Join(list, ", "))
	c.judge(s, within)
}
