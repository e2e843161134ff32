package house

import (
	"cmp"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// Floor is the plan of a restaurant with the look-ups the rules need. It is
// immutable.
type Floor struct {
	zones        []seating.Zone
	tables       []seating.Table // retired ones too
	edges        []seating.Edge
	combinations []seating.Combination
	blocks       []seating.Block

	zone       map[seating.ZoneID]*seating.Zone
	table      map[seating.TableID]*seating.Table
	neighbours map[seating.TableID][]seating.TableID
	declared   map[string]*seating.Combination // by setKey
	blocksOf   map[seating.TableID][]*seating.Block
	inUse      []*seating.Table // not retired, by number
}

// newFloor sorts what is listed, so that a plan reads the same whether changes led to
// it or it was loaded.
func newFloor(zones []seating.Zone, tables []seating.Table, edges []seating.Edge, combinations []seating.Combination, blocks []seating.Block) *Floor {
	zones = slices.SortedFunc(slices.Values(zones), func(a, b seating.Zone) int { return a.ID.Compare(b.ID) })
	edges = slices.SortedFunc(slices.Values(edges), func(a, b seating.Edge) int { return cmp.Or(a.A.Compare(b.A), a.B.Compare(b.B)) })
	combinations = slices.SortedFunc(slices.Values(combinations), func(a, b seating.Combination) int { return a.ID.Compare(b.ID) })
	blocks = slices.SortedFunc(slices.Values(blocks), func(a, b seating.Block) int { return a.ID.Compare(b.ID) })
	f := &Floor{
		zones: zones, tables: tables, edges: edges, combinations: combinations, blocks: blocks,
		zone:       make(map[seating.ZoneID]*seating.Zone, len(zones)),
		table:      make(map[seating.TableID]*seating.Table, len(tables)),
		neighbours: make(map[seating.TableID][]seating.TableID, len(tables)),
		declared:   make(map[string]*seating.Combination, len(combinations)),
		blocksOf:   map[seating.TableID][]*seating.Block{},
	}
	for i := range zones {
		f.zone[zones[i].ID] = &zones[i]
	}
	for i := range tables {
		f.table[tables[i].ID] = &tables[i]
		if !tables[i].Retired {
			f.inUse = append(f.inUse, &tables[i])
		}
	}
	slices.SortFunc(f.inUse, func(a, b *seating.Table) int { return CompareNumbers(a.Number, b.Number) })
	for _, e := range edges {
		f.neighbours[e.A] = append(f.neighbours[e.A], e.B)
		f.neighbours[e.B] = append(f.neighbours[e.B], e.A)
	}
	for _, n := range f.neighbours {
		slices.SortFunc(n, seating.TableID.Compare)
	}
	for i := range combinations {
		f.declared[setKey(combinations[i].Tables)] = &combinations[i]
	}
	for i := range blocks {
		for _, t := range blocks[i].Tables {
			f.blocksOf[t] = append(f.blocksOf[t], &blocks[i])
		}
	}
	for _, on := range f.blocksOf { // by start, whatever path led here: who stands in the way is told in this order
		slices.SortFunc(on, func(a, b *seating.Block) int {
			return cmp.Or(cmp.Compare(a.Window.Start, b.Window.Start), a.ID.Compare(b.ID))
		})
	}
	return f
}

// CompareNumbers orders table numbers as a person does: T2 before T12. Runs of
// digits compare by value, the rest ignoring case.
func CompareNumbers(a, b string) int {
	x, y := strings.ToLower(a), strings.ToLower(b)
	for x != "" && y != "" {
		dx, rx := digits(x)
		dy, ry := digits(y)
		if dx != "" && dy != "" {
			dx, dy = strings.TrimLeft(dx, "0"), strings.TrimLeft(dy, "0")
			if c := cmp.Or(cmp.Compare(len(dx), len(dy)), cmp.Compare(dx, dy)); c != 0 {
				return c
			}
			x, y = rx, ry
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func digits(s string) (run, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// Zones by ID.
func (f *Floor) Zones() []seating.Zone { return f.zones }

// Zone finds a zone; nil when there is none.
func (f *Floor) Zone(id seating.ZoneID) *seating.Zone { return f.zone[id] }

// Tables that are not retired, by number.
func (f *Floor) Tables() []*seating.Table { return f.inUse }

// Table finds a table, retired or not; nil when there is none.
func (f *Floor) Table(id seating.TableID) *seating.Table { return f.table[id] }

// Ref names a table to a person, retired or not.
func (f *Floor) Ref(id seating.TableID) seating.TableRef {
	if t := f.table[id]; t != nil {
		return seating.TableRef{ID: id, Number: t.Number}
	}
	return seating.TableRef{ID: id}
}

// Refs names tables, by number.
func (f *Floor) Refs(ids []seating.TableID) []seating.TableRef {
	refs := make([]seating.TableRef, 0, len(ids))
	for _, id := range ids {
		refs = append(refs, f.Ref(id))
	}
	slices.SortFunc(refs, func(a, b seating.TableRef) int { return CompareNumbers(a.Number, b.Number) })
	return refs
}

// Neighbours of a table, by ID.
func (f *Floor) Neighbours(id seating.TableID) []seating.TableID { return f.neighbours[id] }

// Adjacent reports whether there is an edge between the two.
func (f *Floor) Adjacent(a, b seating.TableID) bool {
	_, ok := slices.BinarySearchFunc(f.neighbours[a], b, seating.TableID.Compare)
	return ok
}

// Edges of the adjacency graph.
func (f *Floor) Edges() []seating.Edge { return f.edges }

// Combinations declared by the restaurant.
func (f *Floor) Combinations() []seating.Combination { return f.combinations }

// Declared finds the combination of exactly these tables, in any order; nil
// when the restaurant declared none.
func (f *Floor) Declared(tables []seating.TableID) *seating.Combination {
	if len(f.declared) == 0 || len(tables) < 2 {
		return nil
	}
	return f.declared[setKey(tables)]
}

// Blocks by ID.
func (f *Floor) Blocks() []seating.Block { return f.blocks }

func setKey(tables []seating.TableID) string {
	sorted := slices.Clone(tables)
	slices.SortFunc(sorted, seating.TableID.Compare)
	b := make([]byte, 0, 16*len(sorted))
	for _, t := range sorted {
		b = append(b, t[:]...)
	}
	return string(b)
}
