package line_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/verify"
)

// stored is the whole engine on a store, as the model's opponent.
type stored struct {
	*restaurant
	t *rapid.T
}

func (s *stored) Advance(d time.Duration) { s.clock.Advance(d) }

func (s *stored) Do(who seating.Actor, c decide.Command) *seating.Error {
	_, err := s.do(s.t.Context(), who, c)
	return err
}

func (s *stored) House() *house.House {
	h, err := s.houses.Get(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatalf("Get: %v", err)
	}
	return h
}

// Check demands load(v) == replay(v) == what is in memory, and what verify
// demands.
func (s *stored) Check() {
	loaded, _, err := s.store.Load(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatalf("Load: %v", err)
	}
	if diff := cmp.Diff(s.House().State(), loaded.State()); diff != "" {
		s.t.Fatalf("the loaded house differs (-live +loaded):\n%s", diff)
	}
	dump, err := s.store.Dump(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatalf("Dump: %v", err)
	}
	if found := verify.Check(dump); len(found) > 0 {
		s.t.Fatalf("verify found %+v", found)
	}
}

// modelGames is how many games the models of a store play: more than 20,000 steps.
// The race detector, which looks for something else, watches a tenth of them; make
// test runs both.
func modelGames(t *testing.T) (restore func()) {
	t.Helper()
	if racing {
		return drawGames(t, 17)
	}
	return drawGames(t, 170)
}

// watchedGames is all of a property's games, or a quarter of them while the race
// detector watches.
func watchedGames(t *testing.T) (restore func()) {
	t.Helper()
	if racing {
		return fewerGames(t, 4)
	}
	return fewerGames(t, 1)
}

// TestModelSQLite plays games of 120 commands on one database, a restaurant a game.
func TestModelSQLite(t *testing.T) {
	defer modelGames(t)()
	s := newStack(t)
	games, total := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		games++
		s.clock.Set(modeltest.Start)
		total += modeltest.Play(r, &stored{restaurant: s.restaurant(t, fmt.Sprintf("game-%d", games), nil), t: r}, 120)
	})
	if total < 15*games {
		t.Errorf("only %d commands were granted in %d games; they do not reach far", total, games)
	}
}
