package planner_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// drawFloor draws a small restaurant in which some tables are taken, held or
// blocked around 19:00.
func drawFloor(t *rapid.T) house.State {
	s := housetest.State()
	n := rapid.SampledFrom([]int{7, 6, 5, 6, 7, 4, 3, 2, 1}).Draw(t, "tables") // most have a choice to offer
	s.Tables, s.Edges, s.Combinations = nil, nil, nil
	for i := 1; i <= n; i++ {
		most := rapid.IntRange(1, 8).Draw(t, "max")
		s.Tables = append(s.Tables, seating.Table{
			ID: housetest.Table(rapid.SampledFrom([]int{i, i + 100}).Draw(t, "id")), Number: fmt.Sprintf("T%d", (i*7)%13),
			Zone:      rapid.SampledFrom([]seating.ZoneID{housetest.Main, housetest.Main, housetest.Patio}).Draw(t, "zone"),
			MinCovers: rapid.IntRange(1, most).Draw(t, "min"), MaxCovers: most,
			Movable: rapid.IntRange(0, 4).Draw(t, "movable") > 0, Active: rapid.IntRange(0, 9).Draw(t, "active") > 0,
			Seating: rapid.SampledFrom([]seating.SeatingType{seating.SeatingStandard, seating.SeatingStandard, seating.SeatingSofa}).Draw(t, "seating"),
		})
	}
	ids := make([]seating.TableID, n)
	for i := range s.Tables {
		ids[i] = s.Tables[i].ID
	}
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			if rapid.Bool().Draw(t, "edge") {
				s.Edges = append(s.Edges, seating.NewEdge(a, b))
			}
		}
	}
	if n > 1 {
		for c := range rapid.IntRange(0, 2).Draw(t, "combinations") {
			set := slices.Clone(rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 2, n, rapid.ID).Draw(t, "combination"))
			slices.SortFunc(set, seating.TableID.Compare)
			if c > 0 && slices.Equal(set, s.Combinations[0].Tables) {
				continue
			}
			most := rapid.IntRange(1, 16).Draw(t, "declared max")
			s.Combinations = append(s.Combinations, seating.Combination{
				ID: housetest.ID[seating.CombinationID](c + 1), Tables: set, MinCovers: rapid.IntRange(1, most).Draw(t, "declared min"), MaxCovers: most,
			})
		}
	}
	s.Policy.MaxTables = rapid.IntRange(1, 5).Draw(t, "maxTables")
	s.Policy.SlackBudget = rapid.IntRange(0, 8).Draw(t, "slack")
	s.Policy.CrossZone = rapid.Bool().Draw(t, "crossZone")
	s.Policy.AdjacencyRule = rapid.SampledFrom([]seating.AdjacencyRule{seating.RuleConnected, seating.RulePairwise, seating.RuleHub}).Draw(t, "rule")
	s.Policy.Adjacency = rapid.SampledFrom([]seating.AdjacencyMode{seating.AdjacencyRequired, seating.AdjacencyAdvised}).Draw(t, "mode")
	s.Policy.Minimum = rapid.SampledFrom([]seating.Strictness{seating.Advise, seating.Enforce}).Draw(t, "minimum")
	free := slices.Clone(ids)
	for i, kind := range rapid.SliceOfN(rapid.SampledFrom([]string{"booking", "later", "hold", "lapsed", "block", "overstay"}), 0, 3).Draw(t, "claims") {
		if len(free) == 0 {
			break
		}
		j := rapid.IntRange(0, len(free)-1).Draw(t, "table")
		claim(&s, 2+i, kind, free[j])
		free = slices.Delete(free, j, j+1)
	}
	return s
}

// claim puts somebody on a table.
func claim(s *house.State, n int, kind string, table seating.TableID) {
	switch kind {
	case "booking", "later", "overstay":
		at := map[string]string{"booking": "19:30", "later": "20:20", "overstay": "16:30"}[kind]
		b := housetest.Party(s, n, 2, at, 1)
		s.Allocations[len(s.Allocations)-1].Table = table
		if kind == "overstay" {
			s.Bookings[len(s.Bookings)-1].Status = seating.CheckedIn
		}
		_ = b
	case "hold", "lapsed":
		held(s, n, housetest.Party(s, n, 2, "19:30"), "user:ben", map[string]string{"hold": "18:03", "lapsed": "17:59"}[kind], 1)
		s.Allocations[len(s.Allocations)-1].Table = table
	case "block":
		block(n, "20:00", "20:30", 1)(s)
		s.Blocks[len(s.Blocks)-1].Tables = []seating.TableID{table}
	}
}

func drawRequest(t *rapid.T) planner.Request {
	r := planner.Request{
		Covers: rapid.SampledFrom([]int{2, 3, 4, 1, 5, 6, 4, 3, 7, 8, 9, 10, 12, 14}).Draw(t, "covers"), Principal: anna, Now: housetest.At("18:00"),
		Window: servicetime.Window{
			Start: housetest.At(rapid.SampledFrom([]string{"18:05", "19:00", "19:00"}).Draw(t, "start")), End: housetest.At("20:20"),
		},
		RequireAdjacency: rapid.Bool().Draw(t, "requireAdjacency"),
	}
	if rapid.IntRange(0, 3).Draw(t, "wish") == 0 {
		r.ZoneWish = rapid.SampledFrom([]seating.ZoneID{housetest.Main, housetest.Patio}).Draw(t, "zone wish")
	}
	if rapid.IntRange(0, 3).Draw(t, "seat wish") == 0 {
		r.SeatingWish = seating.SeatingStandard
	}
	if c := rapid.SampledFrom([]seating.CheckID{"", "", seating.CheckSlack, seating.CheckMinimum, seating.CheckAdjacency}).Draw(t, "override"); c != "" {
		r.Override = &seating.Override{Checks: []seating.CheckID{c}, Reason: "regulars"}
	}
	return r
}

// bruteForce judges every subset of the tables.
func bruteForce(h *house.House, r planner.Request) [][]seating.TableID {
	type found struct {
		ids     []seating.TableID
		waste   int
		numbers []string
	}
	var all []found
	tables := h.Floor.Tables()
	for mask := 1; mask < 1<<len(tables); mask++ {
		var f found
		wished := true
		for i, table := range tables {
			if mask>>i&1 == 1 {
				f.ids = append(f.ids, table.ID)
				f.numbers = append(f.numbers, table.Number)
				wished = wished && (r.ZoneWish.IsZero() || table.Zone == r.ZoneWish) && (r.SeatingWish == "" || table.Seating == r.SeatingWish)
			}
		}
		slices.SortFunc(f.ids, seating.TableID.Compare)
		v := planner.Judge(h, r, f.ids)
		if v.OK && wished && find(v, seating.CheckAdjacency).Outcome == seating.OutcomeOK {
			f.waste = v.Summary.Slack
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.waste, b.waste), cmp.Compare(len(a.ids), len(b.ids)), slices.CompareFunc(a.numbers, b.numbers, house.CompareNumbers))
	})
	var ids [][]seating.TableID
	for _, f := range all {
		ids = append(ids, f.ids)
	}
	return ids
}

// TestP08_BestEqualsBruteForce: the search finds what judging every subset finds,
// in the same order; in any order of rows; and a limit cuts the list.
func TestP08_BestEqualsBruteForce(t *testing.T) {
	several := 0
	rapid.Check(t, func(t *rapid.T) {
		s, r := drawFloor(t), drawRequest(t)
		h, err := house.New(s)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		got := planner.Best(h, r, 1000)
		want := bruteForce(h, r)
		if !slices.EqualFunc(sets(got), want, slices.Equal[[]seating.TableID]) {
			t.Fatalf("Best(%+v) = %v, want %v", r, sets(got), want)
		}
		if len(want) > 1 {
			several++
		}
		for _, c := range got {
			if v := planner.Judge(h, r, c.Tables); c.Summary != v.Summary || c.Waste != v.Summary.Slack || c.Combination != v.Summary.Combination {
				t.Fatalf("Best: %v has summary %+v, Judge says %+v", c.Tables, c.Summary, v.Summary)
			}
		}
		limit := rapid.IntRange(0, 4).Draw(t, "limit")
		if few := sets(planner.Best(h, r, limit)); !slices.EqualFunc(few, want[:min(limit, len(want))], slices.Equal[[]seating.TableID]) {
			t.Fatalf("Best(limit %d) = %v, want the first of %v", limit, few, want)
		}
		shuffled := s
		shuffled.Tables = rapid.Permutation(s.Tables).Draw(t, "tables again")
		shuffled.Edges = rapid.Permutation(s.Edges).Draw(t, "edges again")
		shuffled.Combinations = rapid.Permutation(s.Combinations).Draw(t, "combinations again")
		again, err := house.New(shuffled)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		if diff := gocmp.Diff(got, planner.Best(again, r, 1000), cmpopts.IgnoreUnexported(planner.Candidate{})); diff != "" {
			t.Fatalf("Best depends on the order of rows (-first +shuffled):\n%s", diff)
		}
	})
	if several < 10 {
		t.Errorf("only %d floors had several candidates; the property is not tried", several)
	}
}

// TestBest_AFreeTableNeverHurts: whatever was legal stays legal beside one more.
func TestBest_AFreeTableNeverHurts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := drawFloor(t), drawRequest(t)
		h, err := house.New(s)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		most := rapid.IntRange(1, 8).Draw(t, "its covers")
		s.Tables = append(slices.Clone(s.Tables), seating.Table{
			ID: housetest.Table(50), Number: "T50", Zone: housetest.Main, MinCovers: 1, MaxCovers: most, Movable: true, Active: true, Seating: seating.SeatingStandard,
		})
		for _, n := range s.Tables[:len(s.Tables)-1] {
			if rapid.Bool().Draw(t, "its edge") {
				s.Edges = append(s.Edges, seating.NewEdge(n.ID, housetest.Table(50)))
			}
		}
		larger, err := house.New(s)
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		after := sets(planner.Best(larger, r, 10_000))
		for _, set := range sets(planner.Best(h, r, 1000)) {
			if !slices.ContainsFunc(after, func(o []seating.TableID) bool { return slices.Equal(o, set) }) {
				t.Fatalf("Best(%+v) loses %v when T50 is added: %v", r, set, after)
			}
		}
	})
}
