package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (CheckIn) Name() string { return "check_in" }

// decide seats the party at the tables it has. One that comes early has them from
// now on if they are free, else from the start of its window, and the answer warns
// of who is in the way. Again is fine and does nothing: no time is written over
// (D24). Source: docs/domain.md, time.
func (c CheckIn) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	tables := e.Tables()
	if e.Status == seating.CheckedIn {
		return d.seated(e.Booking, tables), nil
	}
	if err := d.only(e, seating.CheckedIn, seating.Waitlisted, seating.Pending, seating.Confirmed); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	if err := d.maySit(e, tables); err != nil {
		return Result{}, err
	}
	b := e.Booking
	moved, warning := d.seatEarly(&b, tables)
	if moved {
		d.seatAt(e, b.Window, tables)
	}
	d.endOwnHold(e, seating.EndSuperseded, "checked_in")
	if moved {
		d.synced(b.ID, b.Window, tables)
	}
	d.becomes(&b, seating.CheckedIn, "")
	d.put(b, tables...)
	b.Version = d.version()
	result := d.seated(b, tables)
	result.Checks = beside(nil, warning)
	return result, nil
}

// maySit refuses a check-in that is not possible now: before its day, without
// tables, after its time, or where the party before has not left.
func (d *draft) maySit(e *house.Entry, tables []seating.TableID) *seating.Error {
	if err := d.onItsDay(e); err != nil {
		return err
	}
	if len(tables) == 0 {
		return seating.Refuse(seating.CodeTablesRequired, "Booking %s has no table yet; give it one, or seat it by an assignment.", e.Reference)
	}
	if e.Window.End <= d.env.Now {
		return seating.Refuse(seating.CodePast, "The time of booking %s ended at %s; change its time or stay first.", e.Reference, d.clock(e.Window.End))
	}
	r := planner.RequestFor(e, d.env.Actor.Principal, d.env.Now)
	r.Window = servicetime.Window{Start: d.env.Now, End: e.Window.End} // it sits down now, whenever its window begins
	occupied := planner.CheckOccupied(d.h, r, planner.Select(d.h, tables))
	occupied.ID = seating.CheckOccupied
	return verdict([]seating.Check{occupied})
}

// Name implements Command.
func (UndoCheckIn) Name() string { return "undo_check_in" }

// decide takes a check-in back: the party never sat. It has its present tables in
// the window that was planned; a hold it made since then ends. After a while that
// is a correction of the book. Again is fine and does nothing.
func (c UndoCheckIn) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	tables := e.Tables()
	if e.Status == seating.Confirmed {
		return d.seated(e.Booking, tables), nil
	}
	if err := d.only(e, seating.Confirmed, seating.CheckedIn); err != nil {
		return Result{}, err
	}
	if err := d.undoable(e.CheckedInAt); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	b := e.Booking
	d.endOwnHold(e, seating.EndReleased, "check_in_undone")
	planned(&b)
	d.replace(e.Allocations, stays(e, b.Window, tables))
	if b.ArrivedAt == b.CheckedInAt {
		b.ArrivedAt = 0
	}
	b.CheckedInAt, b.OverstayAt = 0, 0
	d.synced(b.ID, b.Window, tables)
	d.goesBack(&b, seating.Confirmed, "check_in_undone")
	d.touches(b.ID, e.Window, tables...)
	d.put(b, tables...)
	b.Version = d.version()
	return d.seated(b, tables), nil
}

// planned takes back what an early check-in did to the window.
func planned(b *seating.Booking) {
	if !b.PlannedStart.IsZero() {
		b.Window.Start, b.PlannedStart = b.PlannedStart, 0
	}
}

// stays are the rows of a party that has not sat, at the tables it has: each from
// when it had the table, within the window. Stretches at other tables are gone.
func stays(e *house.Entry, w servicetime.Window, tables []seating.TableID) []seating.Allocation {
	var rows []seating.Allocation
	for _, t := range tables {
		for _, a := range e.Allocations {
			if a.Table == t && a.Window.End == e.Window.End {
				a.Window.Start = max(a.Window.Start, w.Start)
				rows = append(rows, a)
			}
		}
	}
	return rows
}
