package decide

import "github.com/maitred/maitred/internal/seating"

// Name implements Command.
func (CheckOut) Name() string { return "check_out" }

// decide notes that the party has left: its tables are free at that instant, its
// hold ends (D22). Again is fine and does nothing (D24).
func (c CheckOut) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.Completed {
		return stands(e), nil
	}
	if err := d.only(e, seating.Completed, seating.CheckedIn); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	return d.over(e, seating.Completed, "", "checked_out"), nil
}

// Name implements Command.
func (Reopen) Name() string { return "reopen" }

// decide takes a check-out back on the same service day: the party was there all
// along, so its tables must have been free since, and nobody may sit at them now.
// Again is fine and does nothing. Source: docs/domain.md, booking states.
func (c Reopen) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.CheckedIn {
		return d.seated(e.Booking, e.Tables()), nil
	}
	if err := d.only(e, seating.CheckedIn, seating.Completed); err != nil {
		return Result{}, err
	}
	if err := d.sameDay(e); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	tables := leftTables(e)
	if len(tables) == 0 {
		return Result{}, seating.Refuse(seating.CodeTablesRequired, "Booking %s had no table to come back to.", e.Reference)
	}
	b := e.Booking
	gap := absence(e, b.Window)
	if err := d.stillFree(e, tables, gap, d.env.Now); err != nil {
		return Result{}, err
	}
	if d.env.Now >= b.Window.End { // it overstays again
		if err := d.stillFree(e, tables, instant(d.env.Now), d.env.Now); err != nil {
			return Result{}, err
		}
	}
	d.sweep(tables, gap, e.ID)
	d.replace(e.Allocations, reaches(e, b.Window, tables))
	d.synced(b.ID, b.Window, tables)
	d.goesBack(&b, seating.CheckedIn, "reopened")
	d.put(b, tables...)
	b.Version = d.version()
	return d.seated(b, tables), nil
}
