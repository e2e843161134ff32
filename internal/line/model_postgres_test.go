package line_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/house/modeltest"
)

// TestModelPostgres is TestModelSQLite on PostgreSQL.
func TestModelPostgres(t *testing.T) {
	const steps = 120
	defer modelGames(t)()
	s := newStackOn(t, openPostgres)
	games, total := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		games++
		s.clock.Set(modeltest.Start)
		place := s.restaurant(t, fmt.Sprintf("game-%d", games), nil)
		defer place.drop(t)
		total += modeltest.Play(r, &stored{restaurant: place, t: r}, steps)
	})
	t.Logf("%d steps, %d commands granted", games*steps, total)
	if total < 15*games {
		t.Errorf("only %d commands were granted in %d games; they do not reach far", total, games)
	}
}
