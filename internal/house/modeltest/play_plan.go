package modeltest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// planMade counts what games have made: numbers are not used again.
type planMade struct{ tables, fresh int }

// How many tables there may be: enough to sit at, few enough to try every set.
const (
	fewestTables = 6
	mostTables   = 9
)

// planned is one change of the plan: the command for it alone, and the same done to
// a whole plan; nil when only the command can say it.
type planned struct {
	alone decide.Command
	whole func(p *decide.Plan)
	fresh []seating.AnyID // of what the whole plan makes
	want  seating.Code
}

// drawPlan changes one thing of the floor, by itself or as a whole plan.
func (g *game) drawPlan() (decide.Command, seating.Code) {
	var x planned
	switch kind := evenly(g.t, 17, "plan"); {
	case kind < 4:
		x = g.drawTable()
	case kind < 6:
		x = g.drawTables()
	case kind < 10:
		x = g.drawZone()
	case kind < 12:
		n, ready := g.tableOrNone(), rapid.Bool().Draw(g.t, "ready")
		x = planned{alone: decide.MarkReady{Table: housetest.Table(n), Ready: ready}, want: g.m.markReady(n, ready)}
	case kind < 14:
		x = g.drawEdges()
	default:
		x = g.drawCombos()
	}
	if x.whole == nil || evenly(g.t, 3, "whole") > 0 {
		return x.alone, x.want
	}
	p := planOf(g.s.House().Floor)
	x.whole(&p)
	return decide.PutFloor{Plan: p, Fresh: append(x.fresh, g.freshIDs()...)}, x.want
}

// tableOrNone picks a table that there is, every third time a held one, or at times
// none.
func (g *game) tableOrNone() int {
	for _, b := range g.m.bookings {
		if g.m.live(b.hold) && !slices.ContainsFunc(b.hold.tables, g.m.unknown) && evenly(g.t, 3, "a held table") == 0 {
			return b.hold.tables[0]
		}
	}
	if all := g.m.inUse(); evenly(g.t, 8, "a table there is") > 0 {
		return all[evenly(g.t, len(all), "table")]
	}
	return rapid.SampledFrom([]int{9, 9 + g.plan.tables}).Draw(g.t, "no table")
}

// drawTable changes a table. What is out of service soon comes back.
func (g *game) drawTable() planned {
	n := g.tableOrNone()
	id := housetest.Table(n)
	if g.m.unknown(n) {
		return planned{alone: decide.ChangeTable{ID: id, Active: new(true)}, want: seating.CodeNotFound}
	}
	t, number := g.m.tables[n], n
	switch kind := evenly(g.t, 8, "what"); {
	case kind < 2:
		t.out = evenly(g.t, 4, "active") == 0
	case kind < 5:
		t.low = rapid.SampledFrom([]int{0, 1, 2, 2, 4}).Draw(g.t, "low")
		t.high = rapid.SampledFrom([]int{2, 4, 4, 6, 8, 51}).Draw(g.t, "high")
	case kind < 6:
		t.movable = !t.movable
	case kind < 7:
		t.zone = rapid.SampledFrom([]int{1, 1, 2, 3, 99}).Draw(g.t, "zone")
	default:
		number = g.m.inUse()[0]
		t.bare = !t.bare
	}
	t.out = t.out && evenly(g.t, 2, "comes back") == 0
	c := decide.ChangeTable{
		ID: id, Number: new(fmt.Sprintf("T%d", number)), Zone: new(zoneID(t.zone)), MinCovers: &t.low, MaxCovers: &t.high,
		Movable: &t.movable, Active: new(!t.out), Ready: new(!t.bare),
	}
	whole := func(p *decide.Plan) {
		i := slices.IndexFunc(p.Tables, func(o decide.PlanTable) bool { return o.Ref == id.String() })
		o := &p.Tables[i]
		o.Zone, o.Table = zoneID(t.zone).String(), t.spelled(o.Table, number)
	}
	return planned{alone: c, whole: whole, want: g.m.putTable(n, number, t)}
}

// spelled is the table as the engine has it; the rest is as it is there.
func (t mTable) spelled(as seating.Table, number int) seating.Table {
	as.Number, as.Zone, as.MinCovers, as.MaxCovers = fmt.Sprintf("T%d", number), zoneID(t.zone), t.low, t.high
	as.Movable, as.Active, as.Ready = t.movable, !t.out, !t.bare
	return as
}

// drawTables makes a table or takes one away.
func (g *game) drawTables() planned {
	there := len(g.m.tables)
	if there < mostTables && (there <= fewestTables || rapid.Bool().Draw(g.t, "one more")) {
		return g.drawNewTable()
	}
	n := g.tableOrNone()
	ref := housetest.Table(n).String()
	x := planned{alone: decide.RemoveTable{ID: housetest.Table(n)}, want: g.m.removeTable(n)}
	if x.want != seating.CodeNotFound {
		x.whole = func(p *decide.Plan) {
			p.Tables = slices.DeleteFunc(p.Tables, func(t decide.PlanTable) bool { return t.Ref == ref })
			p.Adjacencies = slices.DeleteFunc(p.Adjacencies, func(e [2]string) bool { return slices.Contains(e[:], ref) })
			p.Combinations = slices.DeleteFunc(p.Combinations, func(c decide.PlanCombination) bool { return slices.Contains(c.Tables, ref) })
		}
	}
	return x
}

func (g *game) drawNewTable() planned {
	g.plan.tables++
	n := 9 + g.plan.tables
	number := n
	if evenly(g.t, 6, "the number of another") == 0 {
		number = g.m.inUse()[0]
	}
	t := mTable{low: 2, high: 4, movable: true, zone: rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(g.t, "zone")}
	as := t.spelled(seating.Table{
		Category: seating.CategoryDining, Seating: seating.SeatingStandard, Position: seating.Position{Shape: seating.ShapeSquare, W: 80, H: 80},
	}, number)
	return planned{
		alone: decide.CreateTable{ID: housetest.Table(n), Table: as},
		whole: func(p *decide.Plan) {
			p.Tables = append(p.Tables, decide.PlanTable{Ref: "another", Zone: zoneID(t.zone).String(), Table: as})
		},
		fresh: []seating.AnyID{seating.AnyID(housetest.Table(n))},
		want:  g.m.putTable(n, number, t),
	}
}

// drawZone makes, changes or removes a zone.
func (g *game) drawZone() planned {
	n := []int{1, 2, 2, 3, 3, 4, 99}[evenly(g.t, 7, "zone")]
	z, there := g.m.zones[n]
	at := func(p *decide.Plan) int {
		return slices.IndexFunc(p.Zones, func(o decide.PlanZone) bool { return o.Ref == zoneID(n).String() })
	}
	switch kind := evenly(g.t, 3, "what"); {
	case kind == 0 && len(g.m.zones) < 4:
		return g.drawNewZone()
	case kind == 1:
		if n < 3 { // mostly one that was made
			n++
			_, there = g.m.zones[n]
		}
		stands := g.m.standsIn(n)
		x := planned{alone: decide.RemoveZone{ID: zoneID(n)}, want: g.m.removeZone(n)}
		if there && !stands { // else the plan itself is wrong
			x.whole = func(p *decide.Plan) { p.Zones = slices.Delete(p.Zones, at(p), at(p)+1) }
		}
		return x
	case !there:
		return planned{alone: decide.ChangeZone{ID: zoneID(n), Active: new(true)}, want: seating.CodeNotFound}
	}
	z.out = !z.out && evenly(g.t, 3, "active") == 0
	if evenly(g.t, 4, "renamed") == 0 {
		z.name = rapid.SampledFrom([]string{"Main", "Patio", "Salle"}).Draw(g.t, "name")
	}
	active := !z.out
	return planned{
		alone: decide.ChangeZone{ID: zoneID(n), Active: &active, Rename: &z.name},
		whole: func(p *decide.Plan) { p.Zones[at(p)].Zone.Name, p.Zones[at(p)].Zone.Active = z.name, active },
		want:  g.m.putZone(n, z),
	}
}

func (g *game) drawNewZone() planned {
	// The lowest that is free: parties and tables ask for zones by their numbers.
	n := 3
	for _, there := g.m.zones[n]; there; _, there = g.m.zones[n] {
		n++
	}
	z := mZone{name: fmt.Sprintf("Room %d", n)}
	if evenly(g.t, 5, "the name of another") == 0 {
		z.name = "Main"
	}
	as := seating.Zone{Name: z.name, Order: n, Active: true}
	return planned{
		alone: decide.CreateZone{ID: zoneID(n), Zone: as},
		want:  g.m.putZone(n, z),
	}
}

// drawEdges pushes two tables together, or apart.
func (g *game) drawEdges() planned {
	pair := [2]int{g.tableOrNone(), g.tableOrNone()}
	next := slices.Clone(g.m.edges)
	if g.m.touching(pair[0], pair[1]) {
		next = slices.DeleteFunc(next, func(e [2]int) bool { return e == pair || e == [2]int{pair[1], pair[0]} })
	} else {
		next = append(next, pair)
	}
	var ids [][2]seating.TableID
	var refs [][2]string
	for _, e := range next {
		a, b := housetest.Table(e[0]), housetest.Table(e[1])
		ids, refs = append(ids, [2]seating.TableID{a, b}), append(refs, [2]string{a.String(), b.String()})
	}
	return planned{
		alone: decide.PutAdjacencies{Pairs: ids},
		whole: func(p *decide.Plan) { p.Adjacencies = refs },
		want:  g.m.putEdges(next),
	}
}

// drawCombos declares a combination, changes one or takes one back.
func (g *game) drawCombos() planned {
	next := slices.Clone(g.m.combos)
	c := mCombo{
		tables: set([]int{g.tableOrNone(), g.tableOrNone()}),
		low:    rapid.SampledFrom([]int{0, 1, 2, 4, 6}).Draw(g.t, "low"),
		high:   rapid.SampledFrom([]int{4, 6, 8, 10, 10}).Draw(g.t, "high"),
	}
	switch i := evenly(g.t, len(next)+2, "combination"); {
	case i >= len(next):
		next = append(next, c)
	case rapid.Bool().Draw(g.t, "gone"):
		next = slices.Delete(next, i, i+1)
	default:
		c.tables = next[i].tables
		next[i] = c
	}
	var list []decide.PlanCombination
	for _, c := range next {
		x := decide.PlanCombination{MinCovers: c.low, MaxCovers: c.high}
		for _, t := range c.tables {
			x.Tables = append(x.Tables, housetest.Table(t).String())
		}
		list = append(list, x)
	}
	return planned{
		alone: decide.PutCombinations{Combinations: list, Fresh: g.freshIDs()},
		whole: func(p *decide.Plan) { p.Combinations = list },
		want:  g.m.putCombos(next),
	}
}

// freshIDs are enough for the combinations of a plan.
func (g *game) freshIDs() []seating.AnyID {
	var ids []seating.AnyID
	for range 20 {
		g.plan.fresh++
		ids = append(ids, housetest.ID[seating.AnyID](200_000+g.plan.fresh))
	}
	return ids
}

// planOf is the plan that stands, as somebody would send it.
func planOf(f *house.Floor) decide.Plan {
	var p decide.Plan
	for _, z := range f.Zones() {
		p.Zones = append(p.Zones, decide.PlanZone{Ref: z.ID.String(), Zone: z})
	}
	for _, t := range f.Tables() {
		p.Tables = append(p.Tables, decide.PlanTable{Ref: t.ID.String(), Zone: t.Zone.String(), Table: *t})
	}
	for _, e := range f.Edges() {
		p.Adjacencies = append(p.Adjacencies, [2]string{e.A.String(), e.B.String()})
	}
	for _, c := range f.Combinations() {
		x := decide.PlanCombination{MinCovers: c.MinCovers, MaxCovers: c.MaxCovers}
		for _, t := range c.Tables {
			x.Tables = append(x.Tables, t.String())
		}
		p.Combinations = append(p.Combinations, x)
	}
	return p
}
