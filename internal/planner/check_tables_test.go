package planner_test

import (
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

func TestCheckTables(t *testing.T) {
	most := func(n int) func(*house.State) { return func(s *house.State) { s.Policy.MaxTables = n } }
	retire := func(s *house.State) { s.Tables[1].Retired = true }
	run(t, seating.CheckTables, []checkCase{
		{name: "one", tables: []int{1}},
		{name: "H09 none", want: refusal(seating.CodeTablesRequired, "Select at least one table.")},
		{name: "five are allowed", tables: []int{1, 2, 3, 4, 5}},
		{
			name: "six are not", tables: []int{1, 2, 3, 4, 5, 6},
			want: with(refusal(seating.CodeTooManyTables, "6 tables are selected; at most 5 may be joined."), func(c *seating.Check) { c.Limit = 5 }),
		},
		{name: "H08 duplicates collapse before they are counted", tables: []int{1, 2, 3, 4, 5, 5, 1}},
		{name: "the policy's most", edit: most(2), tables: []int{1, 2}},
		{
			name: "one more than the policy's most", edit: most(2), tables: []int{1, 2, 3},
			want: with(refusal(seating.CodeTooManyTables, "3 tables are selected; at most 2 may be joined."), func(c *seating.Check) { c.Limit = 2 }),
		},
		{
			name: "unknown", tables: []int{1, 99},
			want: with(refusal(seating.CodeTableNotFound, "1 of the selected tables do not exist."), func(c *seating.Check) {
				c.Tables = []seating.TableRef{{ID: housetest.Table(99)}}
			}),
		},
		{
			name: "retired", edit: retire, tables: []int{2},
			want: with(refusal(seating.CodeTableNotFound, "1 of the selected tables do not exist."), func(c *seating.Check) {
				c.Tables = []seating.TableRef{{ID: housetest.Table(2)}}
			}),
		},
		{name: "beside a retired one", edit: retire, tables: []int{1}},
		{
			name: "unknown ones count towards the most", edit: most(2), tables: []int{1, 98, 99},
			want: with(refusal(seating.CodeTooManyTables, "3 tables are selected; at most 2 may be joined."), func(c *seating.Check) { c.Limit = 2 }),
		},
	})
}

func TestSelect(t *testing.T) {
	h := housetest.New(t, nil)
	tests := []struct {
		name            string
		tables          []int
		known, unknown  []int
		covers, minimum int
		declared        bool
	}{
		{name: "nothing"},
		{name: "one", tables: []int{1}, known: []int{1}, covers: 4, minimum: 2},
		{name: "H08 duplicates count once", tables: []int{1, 1, 1}, known: []int{1}, covers: 4, minimum: 2},
		{name: "sum of covers, largest minimum", tables: []int{3, 5, 1}, known: []int{1, 3, 5}, covers: 10, minimum: 2},
		{name: "declared in any order has covers of its own", tables: []int{6, 5}, known: []int{5, 6}, covers: 10, minimum: 6, declared: true},
		{name: "more than the declared set", tables: []int{4, 5, 6}, known: []int{4, 5, 6}, covers: 14, minimum: 4},
		{name: "declared tables beside an unknown one are not the set", tables: []int{5, 6, 99}, known: []int{5, 6}, unknown: []int{99}, covers: 10, minimum: 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids := housetest.Tables(tt.tables...)
			given := slices.Clone(ids)
			s := planner.Select(h, ids)
			if !slices.Equal(s.IDs(), housetest.Tables(tt.known...)) || !slices.Equal(s.Unknown, housetest.Tables(tt.unknown...)) {
				t.Errorf("Select(T%v) = tables %v, unknown %v, want %v, %v", tt.tables, s.IDs(), s.Unknown, tt.known, tt.unknown)
			}
			if s.Covers != tt.covers || s.Minimum != tt.minimum || (s.Combination != nil) != tt.declared {
				t.Errorf("Select(T%v) = %d covers, minimum %d, declared %v, want %d, %d, %v",
					tt.tables, s.Covers, s.Minimum, s.Combination != nil, tt.covers, tt.minimum, tt.declared)
			}
			if !slices.Equal(ids, given) {
				t.Errorf("Select(T%v) reordered its argument", tt.tables)
			}
		})
	}
}
