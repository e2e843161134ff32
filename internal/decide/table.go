package decide

import (
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (CreateTable) Name() string { return "create_table" }

func (c CreateTable) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	t := c.Table
	t.ID, t.Retired = c.ID, false
	f := d.floor()
	f.Tables = append(f.Tables, t)
	return d.tabled(f, t, "created")
}

// Name implements Command.
func (ChangeTable) Name() string { return "change_table" }

// decide changes what is given and keeps the rest (G05). A table may change under
// bookings: they keep it, and a confirm is judged by what it is by then.
func (c ChangeTable) decide(d *draft) (Result, *seating.Error) {
	have, err := d.table(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	t := *have
	set(&t.Number, c.Number)
	set(&t.Zone, c.Zone)
	set(&t.MinCovers, c.MinCovers)
	set(&t.MaxCovers, c.MaxCovers)
	set(&t.Movable, c.Movable)
	set(&t.Category, c.Category)
	set(&t.Seating, c.Seating)
	set(&t.Position, c.Position)
	set(&t.Active, c.Active)
	set(&t.Ready, c.Ready)
	laid := *have
	if laid.Ready = t.Ready; laid == t { // the flag alone revises nothing
		return d.marked(*have, t.Ready), nil
	}
	f := d.floor()
	f.Tables[slices.Index(f.Tables, *have)] = t
	return d.tabled(f, t, "changed")
}

// Name implements Command.
func (RemoveTable) Name() string { return "remove_table" }

// decide retires a table that nobody has from now on. Its adjacency and the
// combinations it is part of go with it: a plan could not name it either.
func (c RemoveTable) decide(d *draft) (Result, *seating.Error) {
	t, err := d.table(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	f := d.floor()
	f.Tables = slices.DeleteFunc(f.Tables, func(o seating.Table) bool { return o.ID == c.ID })
	f.Edges = slices.DeleteFunc(f.Edges, func(e seating.Edge) bool { return e.A == c.ID || e.B == c.ID })
	f.Combinations = slices.DeleteFunc(f.Combinations, func(o seating.Combination) bool { return slices.Contains(o.Tables, c.ID) })
	return Result{Table: t}, d.saves(f, "table", "removed", seating.AnyID(c.ID))
}

// table finds a table that is in use.
func (d *draft) table(id seating.TableID) (*seating.Table, *seating.Error) {
	if t := d.h.Floor.Table(id); t != nil && !t.Retired {
		return t, nil
	}
	return nil, seating.Refuse(seating.CodeNotFound, "There is no such table.")
}

// tabled judges a table among the others of the floor, and stores the floor.
func (d *draft) tabled(f Floor, t seating.Table, did string) (Result, *seating.Error) {
	var r ruling
	r.bound("", len(f.Tables), seating.MaxTables)
	numbers := map[string]bool{}
	for _, o := range f.Tables {
		if o.ID != t.ID {
			numbers[strings.ToLower(o.Number)] = true
		}
	}
	r.table("", t, numbers)
	if d.h.Floor.Zone(t.Zone) == nil {
		r.fault("/zoneId", "there is no zone %q", t.Zone)
	}
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	return Result{Table: &t}, d.saves(f, "table", did, seating.AnyID(t.ID))
}
