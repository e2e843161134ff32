package planner_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

func TestReplan(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(*house.State)
		ask     func(*planner.Request)
		covers  int
		present []int
		want    []int
	}{
		{name: "equal rank keeps", covers: 4, present: []int{4}, want: []int{4}},
		{name: "less waste wins", covers: 2, present: []int{4}, want: []int{5}},
		{name: "fewer tables win", covers: 8, present: []int{1, 2}, want: []int{6}},
		{name: "equal rank of two tables keeps", edit: func(s *house.State) { s.Tables[5].Active = false }, covers: 8, present: []int{3, 4}, want: []int{3, 4}},
		{name: "not adjacent: not offered", edit: func(s *house.State) {
			s.Tables[5].Active = false
			s.Policy.Adjacency = seating.AdjacencyAdvised
		}, covers: 8, present: []int{1, 3}, want: []int{1, 2}},
		{name: "declared: needs no adjacency", covers: 10, present: []int{5, 6}, want: []int{5, 6}},
		{name: "against its wish: not offered", ask: func(r *planner.Request) { r.ZoneWish = housetest.Patio }, covers: 4, present: []int{4}, want: []int{7}},
		{name: "out of service", edit: func(s *house.State) { s.Tables[3].Active = false }, covers: 4, present: []int{4}, want: []int{1}},
		{name: "taken", edit: func(s *house.State) { housetest.Party(s, 2, 4, "19:30", 4) }, covers: 4, present: []int{4}, want: []int{1}},
		{name: "its own rows are not in its way", edit: func(s *house.State) { housetest.Party(s, 1, 4, "19:00", 4) }, covers: 4, present: []int{4}, want: []int{4}},
		{name: "none will do", covers: 90, present: []int{4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, tt.edit)
			r := planner.Request{Booking: housetest.Booking(1), Covers: tt.covers, Window: housetest.Window("19:00", "20:20"), Now: housetest.At("18:00"), Principal: anna}
			if tt.ask != nil {
				tt.ask(&r)
			}
			got, ok, truncated := planner.Replan(h, r, housetest.Tables(tt.present...))
			if ok != (tt.want != nil) || truncated || !slices.Equal(got.Tables, housetest.Tables(tt.want...)) && ok {
				t.Errorf("Replan(%d at T%v) = %v, %v, %v, want T%v", tt.covers, tt.present, got.Tables, ok, truncated, tt.want)
			}
		})
	}
}

// TestReplan_RanksWithTheBest: what it gives passes every check and ranks as the best
// of the search does, in seats and tables.
func TestReplan_RanksWithTheBest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := housetest.New(t, func(s *house.State) {
			for i := range s.Tables {
				if rapid.Bool().Draw(r, "taken") {
					housetest.Party(s, 10+i, 2, rapid.SampledFrom([]string{"17:30", "19:00", "20:30"}).Draw(r, "at"), i+1)
				}
			}
		})
		q := planner.Request{Booking: housetest.Booking(1), Covers: rapid.IntRange(1, 12).Draw(r, "covers"), Window: housetest.Window("19:00", "20:20"), Now: housetest.At("18:00"), Principal: anna}
		present := rapid.SampledFrom([][]int{{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {1, 2}, {2, 3}, {3, 4}, {7, 8}, {5, 6}, {1, 3}}).Draw(r, "present")
		best, _ := planner.Search(h, q, 1)
		got, ok, _ := planner.Replan(h, q, housetest.Tables(present...))
		if ok != (len(best) > 0) {
			r.Fatalf("Replan = %v, the search finds %v", ok, best)
		}
		if !ok {
			return
		}
		if got.Waste != best[0].Waste || len(got.Tables) != len(best[0].Tables) {
			r.Fatalf("Replan = %+v, want the rank of %+v", got, best[0])
		}
		if v := planner.Judge(h, q, got.Tables); !v.OK {
			r.Fatalf("Replan = %v, which %+v refuses", got.Tables, seating.FirstError(v.Checks))
		}
	})
}

// TestNextFree: the minutes at which tables come free today, soonest first.
func TestNextFree(t *testing.T) {
	full := func(s *house.State) {
		for i := range s.Tables {
			s.Tables[i].Active = i == 4 || i == 3
		}
		housetest.Party(s, 2, 2, "18:00", 5) // until 19:20
		housetest.Party(s, 3, 2, "18:30", 4) // until 19:50
		housetest.Party(s, 4, 2, "21:30", 5) // until 22:50: too late for today
	}
	tests := []struct {
		name   string
		edit   func(*house.State)
		covers int
		want   []string
	}{
		{"both, for two", nil, 2, []string{"19:20 T5", "19:50 T5"}},
		{"the large one, for four", nil, 4, []string{"19:50 T4"}},
		{"no time to lay is needed", func(s *house.State) { s.Policy.BufferBefore = 30 }, 2, []string{"19:20 T5", "19:50 T5"}},
		{"to the full minute", func(s *house.State) { s.Allocations[0].Window.End += 30e6 }, 2, []string{"19:21 T5", "19:50 T5"}},
		{"a full slot is passed over", func(s *house.State) {
			s.Policy.Pacing.PartiesPerSlot = 1
			housetest.Party(s, 5, 2, "19:15")
		}, 2, []string{"19:50 T5"}},
		{"none for nine", nil, 9, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, func(s *house.State) {
				full(s)
				if tt.edit != nil {
					tt.edit(s)
				}
			})
			r := arriving(h, planner.Request{Covers: tt.covers, Now: housetest.At("18:45"), Principal: anna}, "18:45", 60)
			var got []string
			for _, c := range planner.NextFree(h, r, 0) {
				got = append(got, c.Time.String()+" "+c.Tables[0].Number)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("NextFree(%d) = %v, want %v", tt.covers, got, tt.want)
			}
		})
	}
}
