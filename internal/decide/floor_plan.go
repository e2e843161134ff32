package decide

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// resolver turns the references of a plan into IDs.
type resolver struct {
	ruling
	fresh []seating.AnyID
}

func (r *resolver) next() seating.AnyID {
	if len(r.fresh) == 0 {
		return seating.AnyID{}
	}
	id := r.fresh[0]
	r.fresh = r.fresh[1:]
	return id
}

// ref admits a reference: one that reads as an ID must be of a thing that
// exists; any other label makes a new one.
func (r *resolver) ref(ref, pointer string, exists func(seating.AnyID) bool) (seating.AnyID, bool) {
	if ref == "" || len(ref) > 64 {
		r.fault(pointer, "an id, or a label of 1 to 64 characters for a new one")
		return seating.AnyID{}, false
	}
	if id, err := seating.ParseID[seating.AnyID](ref); err == nil {
		if !exists(id) {
			r.fault(pointer, "there is no %s", ref)
			return id, false
		}
		return id, true
	}
	return r.next(), true
}

// canonical spells a reference one way: IDs are read in either case.
func canonical(ref string) string {
	if id, err := seating.ParseID[seating.AnyID](ref); err == nil {
		return id.String()
	}
	return ref
}

// resolve checks the plan and gives every new thing an ID.
func (c PutFloor) resolve(now *house.Floor) (Floor, []seating.Field) {
	r := &resolver{fresh: c.Fresh}
	r.bound("/zones", len(c.Plan.Zones), seating.MaxZones)
	r.bound("/tables", len(c.Plan.Tables), seating.MaxTables)
	r.bound("/adjacencies", len(c.Plan.Adjacencies), seating.MaxEdges)
	r.bound("/combinations", len(c.Plan.Combinations), seating.MaxCombinations)
	if len(r.fields) > 0 {
		return Floor{}, r.fields
	}
	zones, zoneIDs := r.zones(c.Plan.Zones, now)
	tables, tableIDs := r.tables(c.Plan.Tables, zoneIDs, now)
	f := Floor{Zones: zones, Tables: tables, Edges: r.edges(c.Plan.Adjacencies, tableIDs)}
	f.Combinations = r.combinations(c.Plan.Combinations, tableIDs, now)
	return f, r.fields
}

func (r *resolver) zones(plan []PlanZone, now *house.Floor) ([]seating.Zone, map[string]seating.ZoneID) {
	ids, names := map[string]seating.ZoneID{}, map[string]bool{}
	zones := []seating.Zone{}
	for i, p := range plan {
		at := fmt.Sprintf("/zones/%d", i)
		id, ok := r.ref(p.Ref, at+"/id", func(id seating.AnyID) bool { return now.Zone(seating.ZoneID(id)) != nil })
		if _, twice := ids[canonical(p.Ref)]; twice {
			r.fault(at+"/id", "named twice")
		}
		ids[canonical(p.Ref)] = seating.ZoneID(id)
		z := p.Zone
		z.ID = seating.ZoneID(id)
		r.zone(at, z, names)
		if ok {
			zones = append(zones, z)
		}
	}
	slices.SortFunc(zones, func(a, b seating.Zone) int { return cmp.Or(cmp.Compare(a.Order, b.Order), a.ID.Compare(b.ID)) })
	return zones, ids
}

func (r *resolver) tables(plan []PlanTable, zones map[string]seating.ZoneID, now *house.Floor) ([]seating.Table, map[string]seating.TableID) {
	ids, numbers := map[string]seating.TableID{}, map[string]bool{}
	tables := []seating.Table{}
	for i, p := range plan {
		at := fmt.Sprintf("/tables/%d", i)
		id, ok := r.ref(p.Ref, at+"/id", func(id seating.AnyID) bool {
			t := now.Table(seating.TableID(id))
			return t != nil && !t.Retired
		})
		if _, twice := ids[canonical(p.Ref)]; twice {
			r.fault(at+"/id", "named twice")
		}
		ids[canonical(p.Ref)] = seating.TableID(id)
		t := p.Table
		t.ID, t.Retired = seating.TableID(id), false
		r.table(at, t, numbers)
		zone, known := zones[canonical(p.Zone)]
		if !known {
			r.fault(at+"/zoneId", "there is no zone %q", p.Zone)
		}
		t.Zone = zone
		if ok {
			tables = append(tables, t)
		}
	}
	slices.SortFunc(tables, func(a, b seating.Table) int { return house.CompareNumbers(a.Number, b.Number) })
	return tables, ids
}

func (r *resolver) edges(plan [][2]string, tables map[string]seating.TableID) []seating.Edge {
	edges := []seating.Edge{}
	for i, p := range plan {
		at := fmt.Sprintf("/adjacencies/%d", i)
		a, okA := tables[canonical(p[0])]
		b, okB := tables[canonical(p[1])]
		switch {
		case !okA:
			r.fault(at+"/0", "there is no table %q", p[0])
		case !okB:
			r.fault(at+"/1", "there is no table %q", p[1])
		case a == b:
			r.fault(at, "a table is not adjacent to itself")
		default:
			edges = append(edges, seating.NewEdge(a, b))
		}
	}
	slices.SortFunc(edges, func(a, b seating.Edge) int { return cmp.Or(a.A.Compare(b.A), a.B.Compare(b.B)) })
	return slices.Compact(edges)
}

func (r *resolver) combinations(plan []PlanCombination, tables map[string]seating.TableID, now *house.Floor) []seating.Combination {
	combinations := []seating.Combination{}
	for i, p := range plan {
		at := fmt.Sprintf("/combinations/%d", i)
		c := seating.Combination{MinCovers: p.MinCovers, MaxCovers: p.MaxCovers}
		for j, ref := range p.Tables {
			id, ok := tables[canonical(ref)]
			if !ok {
				r.fault(fmt.Sprintf("%s/tableIds/%d", at, j), "there is no table %q", ref)
			}
			c.Tables = append(c.Tables, id)
		}
		slices.SortFunc(c.Tables, seating.TableID.Compare)
		c.Tables = slices.Compact(c.Tables)
		r.combination(at, c)
		if slices.ContainsFunc(combinations, func(o seating.Combination) bool { return slices.Equal(o.Tables, c.Tables) }) {
			r.fault(at+"/tableIds", "these tables are combined twice")
		}
		c.ID = seating.CombinationID(r.next())
		if have := now.Declared(c.Tables); have != nil {
			c.ID = have.ID
		}
		combinations = append(combinations, c)
	}
	slices.SortFunc(combinations, func(a, b seating.Combination) int { return a.ID.Compare(b.ID) })
	return combinations
}
