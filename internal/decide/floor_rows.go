package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
)

// floor is the plan as it stands, for a command to edit.
func (d *draft) floor() Floor {
	f := Floor{
		Zones: slices.Clone(d.h.Floor.Zones()), Tables: []seating.Table{},
		Edges: slices.Clone(d.h.Floor.Edges()), Combinations: slices.Clone(d.h.Floor.Combinations()),
	}
	for _, t := range d.h.Floor.Tables() {
		f.Tables = append(f.Tables, *t)
	}
	return f
}

// setFloor stores a plan as its difference to the one that stands, and says how
// much differs. A whole plan and a single change go through here.
func (d *draft) setFloor(f Floor) (changed int, err *seating.Error) {
	changed = d.putZones(f)
	more, err := d.putTables(f)
	if err != nil {
		return 0, err
	}
	return changed + more + d.putEdges(f) + d.putCombinations(f), nil
}

// saves stores the floor after one thing of it was made, changed or removed, and
// tells of it; a floor that is as it was tells nothing.
func (d *draft) saves(f Floor, thing, did string, id seating.AnyID) *seating.Error {
	changed, err := d.setFloor(f)
	if err != nil || changed == 0 {
		return err
	}
	what := map[string]any{"changed": []string{thing}}
	if !id.IsZero() {
		what["id"] = id
	}
	d.changes(seating.AspectFloor)
	d.touch.Many = true
	d.line("floor", "", thing+"_"+did, "", detail(what))
	d.event(seating.EventFloorChanged, seating.SeverityNotice, seating.BookingID{}, seating.EventPayload{What: thing})
	return nil
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

// putEdges looks edges up in sets: there may be thousands, and every change of the
// floor compares them.
func (d *draft) putEdges(f Floor) (changed int) {
	set := func(edges []seating.Edge) map[seating.Edge]bool {
		in := make(map[seating.Edge]bool, len(edges))
		for _, e := range edges {
			in[e] = true
		}
		return in
	}
	have, want := set(d.h.Floor.Edges()), set(f.Edges)
	for _, e := range f.Edges {
		if !have[e] {
			d.rows.PutEdges = append(d.rows.PutEdges, e)
		}
	}
	for _, e := range d.h.Floor.Edges() {
		if !want[e] {
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
