package decide_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// oneThing draws a change of one thing of the floor, and the same change made by
// hand in a plan.
func oneThing(r *rapid.T) (decide.Command, func(*decide.Plan)) {
	name := rapid.SampledFrom([]string{"Salle", "main", "T1", "t8", "", "x\ny", strings.Repeat("n", 30)}).Draw(r, "name")
	covers := rapid.IntRange(-1, 52)
	table := rapid.IntRange(1, 8).Draw(r, "table")
	id := housetest.Table(table)
	zone := rapid.SampledFrom([]seating.ZoneID{housetest.Main, housetest.Patio}).Draw(r, "zone")
	inPlan := func(p *decide.Plan) *decide.PlanTable {
		return &p.Tables[slices.IndexFunc(p.Tables, func(t decide.PlanTable) bool { return t.Ref == id.String() })]
	}
	zoneInPlan := func(p *decide.Plan) *decide.PlanZone {
		return &p.Zones[slices.IndexFunc(p.Zones, func(z decide.PlanZone) bool { return z.Ref == zone.String() })]
	}
	fresh := housetest.ID[seating.AnyID](5000) // the first a plan takes
	made := seating.Table{
		Number: name, MinCovers: covers.Draw(r, "min"), MaxCovers: covers.Draw(r, "max"), Category: seating.CategoryBar,
		Seating: seating.SeatingSofa, Position: housetest.State().Tables[0].Position, Active: rapid.Bool().Draw(r, "active"),
	}
	switch rapid.IntRange(0, 8).Draw(r, "kind") {
	case 0:
		z := seating.Zone{Name: name, Order: covers.Draw(r, "order"), Active: made.Active}
		return decide.CreateZone{ID: seating.ZoneID(fresh), Zone: z}, func(p *decide.Plan) { p.Zones = append(p.Zones, decide.PlanZone{Ref: "new", Zone: z}) }
	case 1:
		return decide.ChangeZone{ID: zone, Rename: &name}, func(p *decide.Plan) { zoneInPlan(p).Zone.Name = name }
	case 2:
		return decide.RemoveZone{ID: zone}, func(p *decide.Plan) {
			p.Zones = slices.DeleteFunc(p.Zones, func(z decide.PlanZone) bool { return z.Ref == zone.String() })
		}
	case 3:
		x := made
		x.Zone = zone
		return decide.CreateTable{ID: seating.TableID(fresh), Table: x}, func(p *decide.Plan) {
			p.Tables = append(p.Tables, decide.PlanTable{Ref: "new", Zone: zone.String(), Table: made})
		}
	case 4:
		return decide.ChangeTable{ID: id, Number: &name, MinCovers: &made.MinCovers, MaxCovers: &made.MaxCovers, Zone: &zone, Active: &made.Active}, func(p *decide.Plan) {
			t := inPlan(p)
			t.Zone, t.Table.Number, t.Table.MinCovers, t.Table.MaxCovers, t.Table.Active = zone.String(), name, made.MinCovers, made.MaxCovers, made.Active
		}
	case 5:
		return decide.RemoveTable{ID: id}, without(table)
	case 6:
		var c decide.PutAdjacencies
		for range rapid.IntRange(0, 5).Draw(r, "edges") {
			c.Pairs = append(c.Pairs, [2]seating.TableID{
				housetest.Table(rapid.IntRange(1, 9).Draw(r, "a")), housetest.Table(rapid.IntRange(1, 9).Draw(r, "b")),
			})
		}
		return c, func(p *decide.Plan) {
			p.Adjacencies = nil
			for _, e := range c.Pairs {
				p.Adjacencies = append(p.Adjacencies, [2]string{e[0].String(), e[1].String()})
			}
		}
	case 7:
		var cs []decide.PlanCombination
		for range rapid.IntRange(0, 4).Draw(r, "combinations") {
			cs = append(cs, combined(covers.Draw(r, "low"), covers.Draw(r, "high"), rapid.SliceOfN(rapid.IntRange(1, 9), 1, 4).Draw(r, "tables")...))
		}
		c := combinations(cs...)
		for i := range c.Fresh {
			c.Fresh[i] = housetest.ID[seating.AnyID](5000 + i)
		}
		return c, func(p *decide.Plan) { p.Combinations = cs }
	}
	return decide.ChangeTable{ID: id, Active: &made.Active}, func(p *decide.Plan) { inPlan(p).Table.Active = made.Active }
}

// TestOneThingIsThePlanEditedByHand: a single command leaves the floor that a plan
// with the same change leaves, and is refused when it is, at the same fields.
func TestOneThingIsThePlanEditedByHand(t *testing.T) {
	granted, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		one, all := evening(t, nil), evening(t, nil)
		c, edit := oneThing(r)
		_, err := one.try(cleo, c)
		_, want := all.try(cleo, all.plan(edit))
		if (err == nil) != (want == nil) {
			r.Fatalf("%s %+v = %v, the plan = %v", c.Name(), c, err, want)
		}
		if _, zoneGoes := c.(decide.RemoveZone); err != nil && !zoneGoes { // the plan's fault is at its tables
			refused++
			if err.Code != want.Code || !slices.Equal(lastParts(err), lastParts(want)) || !slices.Equal(err.Details.Blockers, want.Details.Blockers) {
				r.Fatalf("%s %+v = %v %v, the plan = %v %v", c.Name(), c, err, err.Details.Fields, want, want.Details.Fields)
			}
		}
		if err == nil && one.last != nil {
			granted++
		}
		plan := func(h *house.House) house.State {
			s := h.State()
			return house.State{Zones: s.Zones, Tables: s.Tables, Edges: s.Edges, Combinations: s.Combinations, Bookings: s.Bookings, Allocations: s.Allocations}
		}
		if diff := cmp.Diff(plan(all.h), plan(one.h)); diff != "" {
			r.Fatalf("%s %+v differs from the plan (-plan +single):\n%s", c.Name(), c, diff)
		}
	})
	if granted < 10 || refused < 10 {
		t.Errorf("%d changes and %d refusals: the property tries too little", granted, refused)
	}
}

// lastParts are the fields a refusal points at, without where the thing is.
func lastParts(err *seating.Error) []string {
	var parts []string
	for _, f := range err.Details.Fields {
		parts = append(parts, f.Pointer[strings.LastIndex(f.Pointer, "/")+1:])
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}
