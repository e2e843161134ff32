package decide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (PutFloor) Name() string { return "put_floor" }

// decide replaces the whole plan and stores the difference. A table that is
// left out is retired: it goes from every plan and stays behind the bookings
// that sat at it; one with allocations from now on cannot go (TABLE_IN_USE).
func (c PutFloor) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	f, fields := c.resolve(d.h.Floor)
	if err := seating.InvalidFields(fields); err != nil {
		return Result{}, err
	}
	changed := d.putZones(f)
	more, err := d.putTables(f)
	if err != nil {
		return Result{}, err
	}
	changed += more + d.putEdges(f) + d.putCombinations(f)
	if changed > 0 {
		d.settingsChanged(seating.AspectFloor, seating.EventFloorChanged, "floor", []string{"plan"})
	}
	return Result{Floor: &f, Count: changed}, nil
}

// resolver turns the references of a plan into IDs.
type resolver struct {
	fresh  []seating.AnyID
	fields []seating.Field
}

func (r *resolver) fault(pointer, format string, args ...any) {
	r.fields = append(r.fields, seating.Field{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
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
	bound := func(pointer string, n, most int) {
		if n > most {
			r.fault(pointer, "at most %d", most)
		}
	}
	bound("/zones", len(c.Plan.Zones), seating.MaxZones)
	bound("/tables", len(c.Plan.Tables), seating.MaxTables)
	bound("/adjacencies", len(c.Plan.Adjacencies), seating.MaxEdges)
	bound("/combinations", len(c.Plan.Combinations), seating.MaxCombinations)
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
		r.name(at+"/name", z.Name, 60, names)
		if z.Order < 0 || z.Order > 10000 {
			r.fault(at+"/order", "must be 0 to 10000")
		}
		if ok {
			zones = append(zones, z)
		}
	}
	slices.SortFunc(zones, func(a, b seating.Zone) int { return cmp.Or(cmp.Compare(a.Order, b.Order), a.ID.Compare(b.ID)) })
	return zones, ids
}

// name admits a name of at most so many characters that nothing else has, case
// ignored.
func (r *resolver) name(pointer, name string, most int, names map[string]bool) {
	folded := strings.ToLower(name)
	switch {
	case !seating.Printable(name, most):
		r.fault(pointer, "1 to %d characters, none of them a control character, no space at the ends", most)
	case names[folded]:
		r.fault(pointer, "%q is there twice", name)
	}
	names[folded] = true
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
		r.name(at+"/number", t.Number, 20, numbers)
		if t.MaxCovers < 1 || t.MaxCovers > seating.MaxTableCovers {
			r.fault(at+"/maxCovers", "must be 1 to %d", seating.MaxTableCovers)
		}
		if t.MinCovers < 1 || t.MinCovers > max(t.MaxCovers, 1) {
			r.fault(at+"/minCovers", "must be 1 to maxCovers")
		}
		for _, f := range t.Faults() {
			r.fault(at+f.Pointer, "%s", f.Message)
		}
		zone, known := zones[canonical(p.Zone)]
		if !known {
			r.fault(at+"/zoneId", "the plan has no zone %q", p.Zone)
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
			r.fault(at+"/0", "the plan has no table %q", p[0])
		case !okB:
			r.fault(at+"/1", "the plan has no table %q", p[1])
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
				r.fault(fmt.Sprintf("%s/tableIds/%d", at, j), "the plan has no table %q", ref)
			}
			c.Tables = append(c.Tables, id)
		}
		slices.SortFunc(c.Tables, seating.TableID.Compare)
		c.Tables = slices.Compact(c.Tables)
		if len(c.Tables) < 2 || len(c.Tables) > 8 {
			r.fault(at+"/tableIds", "a combination joins 2 to 8 tables")
		}
		if c.MaxCovers < 1 || c.MaxCovers > seating.MaxPartyCovers {
			r.fault(at+"/maxCovers", "must be 1 to %d", seating.MaxPartyCovers)
		}
		if c.MinCovers < 1 || c.MinCovers > max(c.MaxCovers, 1) {
			r.fault(at+"/minCovers", "must be 1 to maxCovers")
		}
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

func (d *draft) putZones(f Floor) (changed int) {
	for _, z := range f.Zones {
		if have := d.h.Floor.Zone(z.ID); have == nil || *have != z {
			d.rows.PutZones = append(d.rows.PutZones, z)
		}
	}
	for _, z := range d.h.Floor.Zones() {
		if !slices.ContainsFunc(f.Zones, func(o seating.Zone) bool { return o.ID == z.ID }) {
			d.rows.DropZones = append(d.rows.DropZones, z.ID)
			d.forgetWish(z.ID)
		}
	}
	return len(d.rows.PutZones) + len(d.rows.DropZones)
}

// forgetWish takes a zone that goes from the open bookings that wished for it:
// a wish nobody can grant would keep the planner from seating them.
func (d *draft) forgetWish(zone seating.ZoneID) {
	for e := range d.h.Bookings() {
		if e.ZoneWish == zone {
			b := e.Booking
			b.ZoneWish = seating.ZoneID{}
			d.line(bookingSubject(b.ID), "", "wish_dropped", "zone_removed", "")
			d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{What: "zone_wish", Reason: "zone_removed"})
			d.put(b)
		}
	}
}

func (d *draft) putTables(f Floor) (changed int, err *seating.Error) {
	kept := map[seating.TableID]bool{}
	for _, t := range f.Tables {
		kept[t.ID] = true
		if have := d.h.Floor.Table(t.ID); have == nil || *have != t {
			d.rows.PutTables = append(d.rows.PutTables, t)
		}
	}
	for _, t := range d.h.Floor.Tables() {
		if kept[t.ID] {
			continue
		}
		if err := d.retire(*t); err != nil {
			return 0, err
		}
	}
	return len(d.rows.PutTables), nil
}

// retire takes a table off the plan, unless somebody has it from now on.
func (d *draft) retire(t seating.Table) *seating.Error {
	var blockers []seating.Blocker
	for slot := range d.h.From(t.ID, d.env.Now) {
		switch {
		case slot.Kind == seating.OwnedByHold && !slot.Entry.Hold.Live(d.env.Now):
			if !d.ends(slot.Entry.Hold.ID) {
				d.endHold(slot.Entry, seating.EndExpired, "")
			}
		default:
			blockers = append(blockers, planner.Blocking(d.h, slot))
		}
	}
	if len(blockers) > 0 {
		err := seating.Refuse(seating.CodeTableInUse, "%s", planner.Busy(d.h, blockers[0]))
		err.Details.Blockers = blockers
		err.Details.Tables = []seating.TableRef{{ID: t.ID, Number: t.Number}}
		return err
	}
	t.Retired, t.Active, t.Zone = true, false, seating.ZoneID{}
	d.rows.PutTables = append(d.rows.PutTables, t)
	return nil
}

func (d *draft) putEdges(f Floor) (changed int) {
	for _, e := range f.Edges {
		if !slices.Contains(d.h.Floor.Edges(), e) {
			d.rows.PutEdges = append(d.rows.PutEdges, e)
		}
	}
	for _, e := range d.h.Floor.Edges() {
		if !slices.Contains(f.Edges, e) {
			d.rows.DropEdges = append(d.rows.DropEdges, e)
		}
	}
	return len(d.rows.PutEdges) + len(d.rows.DropEdges)
}

func (d *draft) putCombinations(f Floor) (changed int) {
	same := func(c seating.Combination) func(seating.Combination) bool {
		return func(o seating.Combination) bool { return o.ID == c.ID }
	}
	for _, c := range f.Combinations {
		i := slices.IndexFunc(d.h.Floor.Combinations(), same(c))
		if i < 0 || d.h.Floor.Combinations()[i].MinCovers != c.MinCovers || d.h.Floor.Combinations()[i].MaxCovers != c.MaxCovers {
			d.rows.PutCombinations = append(d.rows.PutCombinations, c)
		}
	}
	for _, c := range d.h.Floor.Combinations() {
		if !slices.ContainsFunc(f.Combinations, same(c)) {
			d.rows.DropCombinations = append(d.rows.DropCombinations, c.ID)
		}
	}
	return len(d.rows.PutCombinations) + len(d.rows.DropCombinations)
}
