package planner_test

import (
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func TestCheckAvailable(t *testing.T) {
	out := func(message string, tables ...int) seating.Check {
		return with(refusal(seating.CodeTableUnavailable, message), func(c *seating.Check) { c.Tables = refs(tables...) })
	}
	blocked := func(_ int, start, end string) seating.Check {
		return with(out("T1 is out of service.", 1), func(c *seating.Check) {
			c.Blockers = []seating.Blocker{{
				Table: refs(1)[0], Kind: seating.OwnedByBlock, Window: housetest.Window(start, end), Reason: "wobbly",
			}}
		})
	}
	run(t, seating.CheckAvailable, []checkCase{
		{name: "in service", tables: []int{1}},
		{name: "H14 inactive", edit: func(s *house.State) { s.Tables[0].Active = false }, tables: []int{1}, want: out("T1 is out of service.", 1)},
		{name: "another is inactive", edit: func(s *house.State) { s.Tables[0].Active = false }, tables: []int{2}},
		{
			name: "one of two is inactive", edit: func(s *house.State) { s.Tables[0].Active = false }, tables: []int{2, 1},
			want: out("T1 is out of service.", 1),
		},
		{
			name: "H14 zone inactive", edit: func(s *house.State) { s.Zones[0].Active = false }, tables: []int{2, 1},
			want: out("T1 and T2 are out of service.", 1, 2),
		},
		{name: "another zone is inactive", edit: func(s *house.State) { s.Zones[1].Active = false }, tables: []int{1}},
		{name: "ready is a flag without a rule", edit: func(s *house.State) { s.Tables[0].Ready = false }, tables: []int{1}},
		{name: "blocked in the meal", edit: block(1, "19:30", "19:40", 1), tables: []int{1}, want: blocked(1, "19:30", "19:40")},
		{name: "blocked for its last minute", edit: block(1, "20:19", "22:00", 1), tables: []int{1}, want: blocked(1, "20:19", "22:00")},
		{name: "blocked from its end on", edit: block(1, "20:20", "22:00", 1), tables: []int{1}},
		{name: "blocked until its start", edit: block(1, "12:00", "19:00", 1), tables: []int{1}},
		{name: "blocked for its first minute", edit: block(1, "12:00", "19:01", 1), tables: []int{1}, want: blocked(1, "12:00", "19:01")},
		{name: "another table is blocked", edit: block(1, "19:30", "19:40", 2), tables: []int{1}},
	})
}

func TestCheckCapacity(t *testing.T) {
	few := func(seats, party int, message string) seating.Check {
		return with(refusal(seating.CodeCapacityInsufficient, message), func(c *seating.Check) { c.Party, c.Covers = party, seats })
	}
	run(t, seating.CheckCapacity, []checkCase{
		{name: "exact", tables: []int{1}},
		{name: "one too many guests", ask: party(5), tables: []int{1}, want: few(4, 5, "The tables seat 4; the party is 5.")},
		{name: "C32 a party of eight at one two-top", ask: party(8), tables: []int{5}, want: few(2, 8, "The tables seat 2; the party is 8.")},
		{name: "sum of two", ask: party(8), tables: []int{1, 2}},
		{name: "one more than the sum", ask: party(9), tables: []int{1, 2}, want: few(8, 9, "The tables seat 8; the party is 9.")},
		{name: "H08 a table counts once", ask: party(8), tables: []int{1, 1}, want: few(4, 8, "The tables seat 4; the party is 8.")},
		{name: "declared 4+4 may seat ten", edit: declare(2, 4, 10, 1, 2), ask: party(10), tables: []int{1, 2}},
		{
			name: "declared 4+4 does not seat eleven", edit: declare(2, 4, 10, 1, 2), ask: party(11), tables: []int{1, 2},
			want: few(10, 11, "The tables seat 10; the party is 11."),
		},
		{
			name: "declared 4+4 may seat fewer than the sum", edit: declare(2, 4, 6, 1, 2), ask: party(7), tables: []int{1, 2},
			want: few(6, 7, "The tables seat 6; the party is 7."),
		},
		{name: "V20 ten thousand", ask: party(10_000), tables: []int{1, 2, 3, 4}, want: few(16, 10_000, "The tables seat 16; the party is 10000.")},
		{name: "no tables are another check's matter", ask: party(5)},
	})
}

// declare adds a combination of exactly these tables.
func declare(n, low, high int, tables ...int) func(*house.State) {
	return func(s *house.State) {
		s.Combinations = append(s.Combinations, seating.Combination{
			ID: housetest.ID[seating.CombinationID](n), Tables: housetest.Tables(tables...), MinCovers: low, MaxCovers: high,
		})
	}
}

func TestCheckMinimum(t *testing.T) {
	enforce := func(s *house.State) { s.Policy.Minimum = seating.Enforce }
	both := func(edits ...func(*house.State)) func(*house.State) {
		return func(s *house.State) {
			for _, e := range edits {
				e(s)
			}
		}
	}
	small := func(c seating.Check, limit, party int) seating.Check {
		return with(c, func(c *seating.Check) { c.Limit, c.Party = limit, party })
	}
	warned := small(warning(seating.CodeBelowMinimum, "The tables are for 4 or more; the party is 3."), 4, 3)
	refused := small(refusal(seating.CodeBelowMinimum, "The tables are for 4 or more; the party is 3."), 4, 3)
	run(t, seating.CheckMinimum, []checkCase{
		{name: "at the minimum", ask: party(4), tables: []int{6}},
		{name: "advised: one below warns", ask: party(3), tables: []int{6}, want: warned},
		{name: "enforced: one below refuses", edit: enforce, ask: party(3), tables: []int{6}, want: refused},
		{name: "enforced: at the minimum", edit: enforce, ask: party(4), tables: []int{6}},
		{name: "the largest minimum of the tables counts", ask: party(3), tables: []int{5, 1, 6}, want: warned},
		{
			name: "a declared combination has a minimum of its own", ask: party(5), tables: []int{5, 6},
			want: small(warning(seating.CodeBelowMinimum, "The tables are for 6 or more; the party is 5."), 6, 5),
		},
		{name: "at the declared minimum", ask: party(6), tables: []int{5, 6}},
		{name: "a declared minimum may be below the tables'", edit: both(enforce, declare(2, 1, 8, 3, 4)), ask: party(1), tables: []int{3, 4}},
		{name: "no tables", edit: enforce, ask: party(1)},
	})
}

func TestCheckSlack(t *testing.T) {
	budget := func(n int) func(*house.State) { return func(s *house.State) { s.Policy.SlackBudget = n } }
	wastes := func(party, covers, limit int, message string) seating.Check {
		return with(refusal(seating.CodeSlackExceeded, message), func(c *seating.Check) { c.Party, c.Covers, c.Limit = party, covers, limit })
	}
	run(t, seating.CheckSlack, []checkCase{
		{name: "the budget of four exactly", ask: party(4), tables: []int{6}},
		{name: "one more", ask: party(3), tables: []int{6}, want: wastes(3, 8, 4, "5 seats would stay empty; at most 4 may.")},
		{name: "budget 0, exact", edit: budget(0), ask: party(4), tables: []int{1}},
		{name: "budget 0, one seat", edit: budget(0), ask: party(3), tables: []int{1}, want: wastes(3, 4, 0, "1 seats would stay empty; at most 0 may.")},
		{name: "budget 12, twelve seats", edit: budget(12), ask: party(4), tables: []int{1, 2, 3, 4}},
		{name: "budget 12, thirteen", edit: budget(12), ask: party(3), tables: []int{1, 2, 3, 4}, want: wastes(3, 16, 12, "13 seats would stay empty; at most 12 may.")},
		{name: "a declared combination's own covers", ask: party(6), tables: []int{5, 6}},
		{name: "too small a selection wastes nothing", ask: party(9), tables: []int{1}},
		{name: "P08 8, 6 and 2 for eight: 8+2 is within four", edit: func(s *house.State) {
			s.Tables[0].MaxCovers, s.Tables[1].MaxCovers = 8, 2
		}, ask: party(8), tables: []int{1, 2}},
	})
}
