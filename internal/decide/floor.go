package decide

import (
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
	changed, err := d.setFloor(f)
	if err != nil {
		return Result{}, err
	}
	if changed > 0 {
		d.settingsChanged(seating.AspectFloor, seating.EventFloorChanged, "floor", []string{"plan"})
	}
	return Result{Floor: &f, Count: changed}, nil
}
