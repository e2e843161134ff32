package planner_test

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// asks is a party at 19:00 that asks at 18:00.
func asks(covers int) planner.Request {
	return planner.Request{Covers: covers, Window: housetest.Window("19:00", "20:20"), Principal: anna, Now: housetest.At("18:00")}
}

func sets(found []planner.Candidate) (all [][]seating.TableID) {
	for _, c := range found {
		all = append(all, c.Tables)
	}
	return all
}

func demand(t *testing.T, what string, got []planner.Candidate, want ...[]int) {
	t.Helper()
	var ids [][]seating.TableID
	for _, w := range want {
		ids = append(ids, housetest.Tables(w...))
	}
	if !slices.EqualFunc(sets(got), ids, slices.Equal[[]seating.TableID]) {
		t.Errorf("Best(%s) = %v, want %v", what, sets(got), ids)
	}
}

// TestP08: tables of 8, 6 and 2 in a row, a party of eight, a budget of four.
func TestP08_EveryLegalSetIsConsidered(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		for i, most := range []int{8, 6, 2} {
			s.Tables[i].MaxCovers, s.Tables[i].MinCovers = most, 1
		}
		s.Tables = s.Tables[:3]
		s.Edges, s.Combinations = s.Edges[:2], nil
	})
	r := asks(8)
	demand(t, "8 at 8-6-2", planner.Best(h, r, 10), []int{1}, []int{2, 3})

	h = housetest.New(t, func(s *house.State) { // 6 between 8 and 2 is out: 8+2 are neighbours
		for i, most := range []int{8, 6, 2} {
			s.Tables[i].MaxCovers, s.Tables[i].MinCovers = most, 1
		}
		s.Tables = s.Tables[:3]
		s.Edges = []seating.Edge{seating.NewEdge(housetest.Table(1), housetest.Table(3)), seating.NewEdge(housetest.Table(2), housetest.Table(3))}
		s.Combinations = nil
	})
	demand(t, "8 at 6-2-8", planner.Best(h, r, 10), []int{1}, []int{2, 3}, []int{1, 3})
}

func TestBest_RanksByWasteThenTablesThenNumber(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		s.Tables[0].Number, s.Tables[1].Number, s.Tables[2].Number = "T12", "T2", "t3"
	})
	demand(t, "4", planner.Best(h, asks(4), 100), []int{2}, []int{3}, []int{4}, []int{7}, []int{8}, []int{1}, []int{6}, []int{2, 3}, []int{1, 2}, []int{3, 4}, []int{7, 8})
	demand(t, "4, two", planner.Best(h, asks(4), 2), []int{2}, []int{3})
	demand(t, "4, none", planner.Best(h, asks(4), 0))
	demand(t, "4, fewer than none", planner.Best(h, asks(4), -1))
	demand(t, "10: the declared set first", planner.Best(h, asks(10), 10), []int{5, 6}, []int{2, 3, 4}, []int{1, 2, 3})
}

func TestV20_NobodySeatsAnImpossibleParty(t *testing.T) {
	h := housetest.New(t, nil)
	for _, covers := range []int{17, 101, 10_000} {
		demand(t, "an impossible party", planner.Best(h, asks(covers), 10))
	}
	demand(t, "sixteen", planner.Best(h, asks(16), 10), []int{1, 2, 3, 4})
}

func TestBest_WishesBind(t *testing.T) {
	h := housetest.New(t, func(s *house.State) { s.Tables[7].Seating = seating.SeatingBooth })
	r := asks(4)
	r.ZoneWish = housetest.Patio
	demand(t, "4 on the patio", planner.Best(h, r, 10), []int{7}, []int{8}, []int{7, 8})
	r.SeatingWish = seating.SeatingBooth
	demand(t, "4 in a booth on the patio", planner.Best(h, r, 10), []int{8})
	r.ZoneWish = housetest.Main
	demand(t, "4 in a booth in the main room", planner.Best(h, r, 10))
}

func TestBest_AdvisedAdjacencyBindsThePlanner(t *testing.T) {
	h := housetest.New(t, func(s *house.State) { s.Policy.Adjacency = seating.AdjacencyAdvised })
	if v := planner.Judge(h, asks(8), housetest.Tables(1, 3)); !v.OK {
		t.Fatalf("Judge(T1+T3) = %+v, want a person may", seating.FirstError(v.Checks))
	}
	for _, set := range sets(planner.Best(h, asks(8), 100)) {
		if slices.Equal(set, housetest.Tables(1, 3)) {
			t.Error("Best(8) offers T1+T3, which are not adjacent")
		}
	}
}

func TestBest_Reasons(t *testing.T) {
	h := housetest.New(t, nil)
	r := asks(8)
	r.ZoneWish = housetest.Main
	for _, c := range planner.Best(h, r, 10) {
		var want []string
		switch {
		case slices.Equal(c.Tables, housetest.Tables(6)):
			want = []string{"seats the party exactly", "in the wished zone"}
		case slices.Equal(c.Tables, housetest.Tables(1, 2)):
			want = []string{"seats the party exactly", "joins 2 adjacent tables", "in the wished zone"}
		case slices.Equal(c.Tables, housetest.Tables(5, 6)):
			want = []string{"leaves 2 of 10 seats empty", "a declared combination", "in the wished zone"}
		default:
			continue
		}
		if !slices.Equal(c.Reasons, want) {
			t.Errorf("reasons for %v = %q, want %q", c.Tables, c.Reasons, want)
		}
	}
}

// onlyT5 leaves one table for two in service.
func onlyT5(s *house.State) {
	for i := range s.Tables {
		s.Tables[i].Active = i == 4
	}
}

func TestAlternatives(t *testing.T) {
	busy := func(windows ...[2]string) func(*house.State) {
		return func(s *house.State) {
			onlyT5(s)
			for i, w := range windows {
				block(i, w[0], w[1], 5)(s)
			}
		}
	}
	late := func(s *house.State) { // a night service behind dinner
		night := s.Periods[1]
		night.Name, night.Start, night.End, night.LastSeating = "Night", servicetime.NewClock(0, 0), servicetime.NewClock(3, 0), servicetime.NewClock(2, 0)
		s.Periods = append(s.Periods, night)
	}
	both := func(edits ...func(*house.State)) func(*house.State) {
		return func(s *house.State) {
			for _, e := range edits {
				e(s)
			}
		}
	}
	tests := []struct {
		name string
		edit func(*house.State)
		at   string
		turn servicetime.Minutes
		now  servicetime.Instant
		want []string
	}{
		{name: "nearest first, the earlier of two equally near", edit: busy([2]string{"19:00", "19:05"}), at: "19:00", turn: 5, now: housetest.At("12:00"), want: []string{"18:45", "19:15", "18:30"}},
		{name: "the period's turn where none is asked for", edit: busy([2]string{"19:00", "20:20"}), at: "19:30", now: housetest.At("12:00"), want: []string{"20:30", "20:45", "21:00"}},
		{name: "a longer stay needs a longer gap", edit: busy([2]string{"18:00", "20:20"}), at: "19:30", turn: 175, now: housetest.At("12:00"), want: []string{"20:30"}},
		{name: "never in the past", edit: busy([2]string{"19:00", "19:05"}), at: "19:00", turn: 5, now: housetest.At("18:45").Add(time.Millisecond), want: []string{"19:15", "19:30", "19:45"}},
		{name: "now is not the past", edit: busy([2]string{"19:00", "19:05"}), at: "19:00", turn: 5, now: housetest.At("18:45"), want: []string{"18:45", "19:15", "19:30"}},
		{name: "never after last seating", edit: busy([2]string{"21:00", "22:30"}), at: "22:00", turn: 5, now: housetest.At("12:00"), want: []string{"22:30", "20:45", "20:30"}},
		{name: "within two hours", edit: busy([2]string{"17:00", "21:15"}), at: "19:00", turn: 60, now: housetest.At("12:00"), want: nil},
		{name: "two hours away", edit: busy([2]string{"17:00", "21:00"}), at: "19:00", turn: 60, now: housetest.At("12:00"), want: []string{"21:00"}},
		{name: "never on a closed date", edit: both(busy([2]string{"19:00", "19:05"}), func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
		}), at: "19:00", turn: 5, now: housetest.At("12:00"), want: nil},
		{name: "never on a day that has been closed", edit: both(busy([2]string{"19:00", "19:05"}), func(s *house.State) { s.OpenFrom = housetest.Friday.AddDays(1) }), at: "19:00", turn: 5, now: housetest.At("12:00"), want: nil},
		{name: "past midnight into the next service", edit: both(late, busy([2]string{"19:00", "23:50"})), at: "22:30", turn: 60, now: housetest.At("12:00"), want: []string{"00:00", "00:15", "00:30"}},
		{name: "never past maxAdvanceDays", edit: both(late, busy([2]string{"19:00", "23:50"}), func(s *house.State) { s.Policy.MaxAdvance = 1 }), at: "22:30", turn: 60, now: housetest.At("12:00").Add(-24 * time.Hour), want: nil},
		{name: "up to maxAdvanceDays", edit: both(late, busy([2]string{"19:00", "23:50"}), func(s *house.State) { s.Policy.MaxAdvance = 2 }), at: "22:30", turn: 60, now: housetest.At("12:00").Add(-24 * time.Hour), want: []string{"00:00", "00:15", "00:30"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, tt.edit)
			turn := tt.turn
			if turn == 0 {
				turn = 60
			}
			r := arriving(h, planner.Request{Covers: 2, Principal: anna, Now: tt.now}, tt.at, turn)
			var got []string
			for _, c := range planner.Alternatives(h, r, tt.turn) {
				got = append(got, c.Time.String())
				if len(c.Tables) != 1 || c.Tables[0].Number != "T5" {
					t.Errorf("alternative at %s = %v, want T5", c.Time, c.Tables)
				}
				if want := housetest.Friday.AddDays(map[bool]int{true: 1}[c.Time < servicetime.NewClock(4, 0)]); c.Date != want {
					t.Errorf("alternative at %s is on %s, want %s", c.Time, c.Date, want)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Alternatives(2 at %s) = %v, want %v", tt.at, got, tt.want)
			}
		})
	}
}
