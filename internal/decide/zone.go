package decide

import (
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (CreateZone) Name() string { return "create_zone" }

func (c CreateZone) decide(d *draft) (Result, *seating.Error) {
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	z := c.Zone
	z.ID = c.ID
	f := d.floor()
	f.Zones = append(f.Zones, z)
	return d.zoned(f, z, "created")
}

// Name implements Command.
func (ChangeZone) Name() string { return "change_zone" }

// decide changes what is given and keeps the rest (G05). A zone may go out of
// service under bookings: they keep their tables, and a confirm says so.
func (c ChangeZone) decide(d *draft) (Result, *seating.Error) {
	have, err := d.zone(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	z := *have
	set(&z.Name, c.Rename)
	set(&z.Order, c.Order)
	set(&z.Active, c.Active)
	f := d.floor()
	f.Zones[slices.Index(f.Zones, *have)] = z
	return d.zoned(f, z, "changed")
}

// Name implements Command.
func (RemoveZone) Name() string { return "remove_zone" }

// decide removes a zone without tables; whoever wished for it wishes no more.
func (c RemoveZone) decide(d *draft) (Result, *seating.Error) {
	z, err := d.zone(c.ID)
	if err != nil {
		return Result{}, err
	}
	if err := d.unrevised(seating.AspectFloor); err != nil {
		return Result{}, err
	}
	if in := tablesIn(d.h.Floor, c.ID); len(in) > 0 {
		err := seating.Refuse(seating.CodeTableInUse, "%s still has %s.", z.Name, planner.Numbers(in))
		err.Details.Tables = in
		return Result{}, err
	}
	f := d.floor()
	f.Zones = slices.DeleteFunc(f.Zones, func(o seating.Zone) bool { return o.ID == c.ID })
	return Result{Zone: z}, d.saves(f, "zone", "removed", seating.AnyID(c.ID))
}

// zone finds a zone.
func (d *draft) zone(id seating.ZoneID) (*seating.Zone, *seating.Error) {
	if z := d.h.Floor.Zone(id); z != nil {
		return z, nil
	}
	return nil, seating.Refuse(seating.CodeNotFound, "There is no such zone.")
}

// zoned judges a zone among the others of the floor, and stores the floor.
func (d *draft) zoned(f Floor, z seating.Zone, did string) (Result, *seating.Error) {
	var r ruling
	r.bound("", len(f.Zones), seating.MaxZones)
	names := map[string]bool{}
	for _, o := range f.Zones {
		if o.ID != z.ID {
			names[strings.ToLower(o.Name)] = true
		}
	}
	r.zone("", z, names)
	if err := seating.InvalidFields(r.fields); err != nil {
		return Result{}, err
	}
	return Result{Zone: &z}, d.saves(f, "zone", did, seating.AnyID(z.ID))
}

// tablesIn names the tables in use that stand in a zone.
func tablesIn(f *house.Floor, zone seating.ZoneID) []seating.TableRef {
	var in []seating.TableRef
	for _, t := range f.Tables() {
		if t.Zone == zone {
			in = append(in, f.Ref(t.ID))
		}
	}
	return in
}

// set gives a field the value that was asked for; what is nil stays.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
