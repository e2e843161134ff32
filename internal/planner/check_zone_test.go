package planner_test

import (
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

func TestCheckZone(t *testing.T) {
	cross := func(s *house.State) { s.Policy.CrossZone = true }
	wish := func(z seating.ZoneID, st seating.SeatingType) func(*planner.Request) {
		return func(r *planner.Request) { r.ZoneWish, r.SeatingWish = z, st }
	}
	sofa := func(s *house.State) { s.Tables[0].Seating = seating.SeatingSofa }
	against := func(message string, tables ...int) seating.Check {
		return with(warning(seating.CodeZoneMismatch, message), func(c *seating.Check) { c.Tables = refs(tables...) })
	}
	run(t, seating.CheckZone, []checkCase{
		{name: "one zone", tables: []int{1, 2}},
		{
			name: "H15 two zones", tables: []int{7, 1},
			want: with(refusal(seating.CodeZoneMismatch, "The tables stand in 2 zones; they may not be joined across zones."), func(c *seating.Check) { c.Tables = refs(1, 7) }),
		},
		{name: "two zones where the policy allows it", edit: cross, tables: []int{1, 7}},
		{
			name: "declared, but across zones", edit: declare(2, 4, 8, 1, 7), tables: []int{1, 7},
			want: with(refusal(seating.CodeZoneMismatch, "The tables stand in 2 zones; they may not be joined across zones."), func(c *seating.Check) { c.Tables = refs(1, 7) }),
		},
		{name: "no wish", tables: []int{7}},
		{name: "the wished zone", ask: wish(housetest.Patio, ""), tables: []int{7, 8}},
		{name: "not the wished zone", ask: wish(housetest.Patio, ""), tables: []int{1}, want: against("T1 is not what the party wished for.", 1)},
		{
			name: "partly the wished zone", edit: cross, ask: wish(housetest.Patio, ""), tables: []int{7, 2, 1},
			want: against("T1 and T2 are not what the party wished for.", 1, 2),
		},
		{name: "the wished seating", edit: sofa, ask: wish(seating.ZoneID{}, seating.SeatingSofa), tables: []int{1}},
		{name: "not the wished seating", edit: sofa, ask: wish(seating.ZoneID{}, seating.SeatingSofa), tables: []int{2}, want: against("T2 is not what the party wished for.", 2)},
		{name: "the zone but not the seating", ask: wish(housetest.Main, seating.SeatingBooth), tables: []int{2}, want: against("T2 is not what the party wished for.", 2)},
	})
}

func TestCheckMovable(t *testing.T) {
	fix := func(ns ...int) func(*house.State) {
		return func(s *house.State) {
			for _, n := range ns {
				s.Tables[n-1].Movable = false
			}
		}
	}
	fixed := func(message string, tables ...int) seating.Check {
		return with(refusal(seating.CodeTableFixed, message), func(c *seating.Check) { c.Tables = refs(tables...) })
	}
	run(t, seating.CheckMovable, []checkCase{
		{name: "a fixed table alone", tables: []int{6}},
		{name: "movable ones", tables: []int{1, 2}},
		{name: "one of two is fixed", edit: fix(2), tables: []int{1, 2}, want: fixed("T2 is fixed and cannot be joined.", 2)},
		{name: "all are fixed", edit: fix(1, 2, 3), tables: []int{3, 2, 1}, want: fixed("T1, T2 and T3 are fixed and cannot be joined.", 1, 2, 3)},
		{name: "declared with a fixed one", tables: []int{5, 6}},
		{name: "more than the declared set", tables: []int{4, 5, 6}, want: fixed("T6 is fixed and cannot be joined.", 6)},
	})
}

// TestCheckAdjacency: every rule on a path, a triangle, a star and two pieces,
// required and advised, with the request tightening.
func TestCheckAdjacency(t *testing.T) {
	floor := func(rule seating.AdjacencyRule, mode seating.AdjacencyMode, pairs ...[2]int) func(*house.State) {
		return func(s *house.State) {
			s.Policy.AdjacencyRule, s.Policy.Adjacency = rule, mode
			s.Edges = nil
			for _, p := range pairs {
				s.Edges = append(s.Edges, seating.NewEdge(housetest.Table(p[0]), housetest.Table(p[1])))
			}
		}
	}
	path := [][2]int{{1, 2}, {2, 3}, {3, 4}}
	triangle := [][2]int{{1, 2}, {2, 3}, {1, 3}}
	star := [][2]int{{2, 1}, {2, 3}, {2, 4}}
	pieces := [][2]int{{1, 2}, {3, 4}}
	shapes := []struct {
		name                     string
		pairs                    [][2]int
		tables                   []int
		connected, pairwise, hub bool
	}{
		{"two neighbours", path, []int{1, 2}, true, true, true},
		{"two strangers", path, []int{1, 3}, false, false, false},
		{"path of three", path, []int{1, 2, 3}, true, false, true},
		{"path of four", path, []int{1, 2, 3, 4}, true, false, false},
		{"path with a gap", path, []int{1, 2, 4}, false, false, false},
		{"triangle", triangle, []int{1, 2, 3}, true, true, true},
		{"star", star, []int{1, 2, 3, 4}, true, false, true},
		{"star without its middle", star, []int{1, 3, 4}, false, false, false},
		{"two pieces", pieces, []int{1, 2, 3, 4}, false, false, false},
		{"no edges", nil, []int{1, 2}, false, false, false},
		{"one table", nil, []int{1}, true, true, true},
	}
	var cases []checkCase
	for _, sh := range shapes {
		for rule, meets := range map[seating.AdjacencyRule]bool{
			seating.RuleConnected: sh.connected, seating.RulePairwise: sh.pairwise, seating.RuleHub: sh.hub,
		} {
			message := map[int]string{2: "", 3: "", 4: ""}
			switch {
			case len(sh.tables) == 2:
				message[2] = refs(sh.tables[0])[0].Number + " and " + refs(sh.tables[1])[0].Number
			case len(sh.tables) == 3:
				message[3] = refs(sh.tables[0])[0].Number + ", " + refs(sh.tables[1])[0].Number + " and " + refs(sh.tables[2])[0].Number
			case len(sh.tables) == 4:
				message[4] = "T1, T2, T3 and T4"
			}
			text := message[len(sh.tables)] + " are not adjacent (" + string(rule) + ")."
			bad := func(c seating.Check) seating.Check {
				if meets {
					return seating.Check{}
				}
				return with(c, func(c *seating.Check) { c.Tables = refs(sh.tables...) })
			}
			name := sh.name + ", " + string(rule)
			tighten := func(r *planner.Request) { r.RequireAdjacency = true }
			cases = append(cases,
				checkCase{name: name + ", required", edit: floor(rule, seating.AdjacencyRequired, sh.pairs...), tables: sh.tables, want: bad(refusal(seating.CodeNotAdjacent, text))},
				checkCase{name: name + ", advised", edit: floor(rule, seating.AdjacencyAdvised, sh.pairs...), tables: sh.tables, want: bad(warning(seating.CodeNotAdjacent, text))},
				checkCase{name: name + ", advised but asked for", edit: floor(rule, seating.AdjacencyAdvised, sh.pairs...), ask: tighten, tables: sh.tables, want: bad(refusal(seating.CodeNotAdjacent, text))},
				checkCase{name: name + ", required and asked for", edit: floor(rule, seating.AdjacencyRequired, sh.pairs...), ask: tighten, tables: sh.tables, want: bad(refusal(seating.CodeNotAdjacent, text))},
			)
		}
	}
	cases = append(cases,
		checkCase{name: "declared without an edge", edit: declare(2, 4, 8, 1, 4), tables: []int{1, 4}},
		checkCase{name: "declared, asked for", edit: declare(2, 4, 8, 1, 4), ask: func(r *planner.Request) { r.RequireAdjacency = true }, tables: []int{1, 4}},
	)
	run(t, seating.CheckAdjacency, cases)
}
