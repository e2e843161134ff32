package planner_test

import (
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// dense is a floor of n movable tables for two, each adjacent to every other.
func dense(n int) func(*house.State) {
	return func(s *house.State) {
		proto := s.Tables[0]
		s.Tables, s.Edges, s.Combinations = nil, nil, nil
		for i := range n {
			t := proto
			t.ID, t.Number, t.MinCovers, t.MaxCovers = housetest.Table(i+1), t.Number+string(rune('A'+i%26))+string(rune('A'+i/26)), 1, 2
			s.Tables = append(s.Tables, t)
			for j := range i {
				s.Edges = append(s.Edges, seating.NewEdge(t.ID, housetest.Table(j+1)))
			}
		}
		housetest.Party(s, 1, 10, "19:00")
	}
}

// P12: a search that its bound stops says so, and stops soon.
func TestP12_SearchThatIsStoppedSaysSo(t *testing.T) {
	for n, want := range map[int]bool{12: false, 100: true} {
		h := housetest.New(t, dense(n))
		began := time.Now()
		found, truncated := planner.Search(h, planner.RequestFor(h.Booking(housetest.Booking(1)), "user:a", housetest.At("18:00")), 5)
		if truncated != want {
			t.Errorf("Search over %d tables = truncated %v, want %v", n, truncated, want)
		}
		if !want && (len(found) != 5 || found[0].Waste != 0) {
			t.Errorf("Search over %d tables found %d, want 5 without waste", n, len(found))
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("Search over %d tables took %v", n, took)
		}
	}
}
