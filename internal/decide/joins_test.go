package decide_test

import (
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func pairs(ns ...int) (p [][2]seating.TableID) {
	for i := 0; i < len(ns); i += 2 {
		p = append(p, [2]seating.TableID{housetest.Table(ns[i]), housetest.Table(ns[i+1])})
	}
	return p
}

func combined(low, high int, tables ...int) decide.PlanCombination {
	c := decide.PlanCombination{MinCovers: low, MaxCovers: high}
	for _, id := range housetest.Tables(tables...) {
		c.Tables = append(c.Tables, id.String())
	}
	return c
}

func combinations(cs ...decide.PlanCombination) decide.PutCombinations {
	c := decide.PutCombinations{Combinations: cs}
	for i := range cs {
		c.Fresh = append(c.Fresh, housetest.ID[seating.AnyID](6000+i))
	}
	return c
}

func TestPutAdjacencies(t *testing.T) {
	s := evening(t, nil)
	before := planOf(s.h)
	r := s.ok(cleo, decide.PutAdjacencies{Pairs: pairs(2, 1, 4, 3, 3, 4, 1, 7)})
	if rows := s.last.Rows; len(rows.PutEdges) != 1 || len(rows.DropEdges) != 2 || len(rows.PutTables)+len(rows.PutZones)+len(rows.DropCombinations) != 0 {
		t.Errorf("rows = %+v, want one edge new and two gone", rows)
	}
	if len(r.Floor.Edges) != 3 || !s.h.Floor.Adjacent(housetest.Table(7), housetest.Table(1)) {
		t.Errorf("edges = %+v, want three", r.Floor.Edges)
	}
	s.nothing(cleo, decide.PutAdjacencies{Pairs: pairs(1, 2, 3, 4, 7, 1)})
	s.fields(cleo, decide.PutAdjacencies{Pairs: pairs(1, 2, 1, 77, 77, 2, 3, 3)}, "/adjacencies/1/1", "/adjacencies/2/0", "/adjacencies/3")
	s.fields(cleo, decide.PutAdjacencies{Pairs: make([][2]seating.TableID, 5001)}, "/adjacencies")
	s.ok(cleo, decide.PutAdjacencies{})
	if len(s.h.Floor.Edges()) != 0 || len(planOf(s.h).Tables) != len(before.Tables) || len(s.h.Floor.Combinations()) != 1 {
		t.Errorf("floor = %+v, want no edges and the rest as it was", planOf(s.h))
	}
}

func TestPutCombinations(t *testing.T) {
	s := evening(t, nil)
	s.nothing(cleo, combinations(combined(6, 10, 6, 5)))
	r := s.ok(cleo, combinations(combined(2, 9, 1, 2), combined(6, 9, 5, 6)))
	if rows := s.last.Rows; len(rows.PutCombinations) != 2 || len(rows.DropCombinations)+len(rows.PutEdges)+len(rows.PutTables) != 0 || len(r.Floor.Combinations) != 2 {
		t.Errorf("rows = %+v, want one new and one changed", rows)
	}
	if got := s.h.Floor.Declared(housetest.Tables(5, 6)); got.ID != housetest.ID[seating.CombinationID](1) || got.MaxCovers != 9 {
		t.Errorf("T5 and T6 = %+v, want the same combination, for 9", got)
	}
	s.fields(cleo, combinations(combined(1, 5, 1), combined(0, 101, 2, 3), combined(2, 3, 4, 77), combined(2, 3, 3, 2)),
		"/combinations/0/tableIds", "/combinations/1/maxCovers", "/combinations/1/minCovers", "/combinations/2/tableIds/1", "/combinations/3/tableIds")
	s.fields(cleo, combinations(make([]decide.PlanCombination, 1001)...), "/combinations")
	s.ok(cleo, combinations())
	if len(s.h.Floor.Combinations()) != 0 || len(s.h.Floor.Edges()) != 4 {
		t.Errorf("floor = %+v, want no combinations and the rest as it was", planOf(s.h))
	}
}

// TestG02_TheSecondReplacementIsWhole: two replacements made from one plan do not
// mix; the second is refused with If-Match and whole without.
func TestG02_TheSecondReplacementIsWhole(t *testing.T) {
	s := evening(t, nil)
	saw := s.sees()
	first, second := combinations(combined(2, 8, 1, 2)), combinations(combined(2, 8, 7, 8), combined(2, 7, 2, 3))
	second.Fresh = []seating.AnyID{housetest.ID[seating.AnyID](7001), housetest.ID[seating.AnyID](7002)}
	saw.does(cleo, first)
	if d := saw.judge(cleo, second); !stale(d) {
		t.Errorf("the second replacement with If-Match = %v, want STALE_CONTEXT", d.Refusal)
	}
	s.ok(cleo, second)
	got := slices.Clone(s.h.Floor.Combinations())
	if len(got) != 2 || s.h.Floor.Declared(housetest.Tables(7, 8)) == nil || s.h.Floor.Declared(housetest.Tables(2, 3)) == nil {
		t.Errorf("combinations = %+v, want the second's alone", got)
	}
}
