package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (MarkNoShow) Name() string { return "no_show" }

// decide notes that the party did not come: its tables are free at that instant,
// its hold ends (D22). Of a party that was checked in it corrects the book. Again
// is fine and does nothing. When it arrived stays known, for the step back.
func (c MarkNoShow) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if c.Reason != "" && !seating.ReasonCode(c.Reason) {
		return Result{}, seating.Invalid("/reason", "a reason is a code like no_answer: lower-case letters, digits and _, at most 40")
	}
	if e.Status == seating.NoShow {
		return stands(e), nil
	}
	if err := d.step(e, seating.NoShow); err != nil {
		return Result{}, err
	}
	if e.Status == seating.CheckedIn && !d.env.Actor.Can(seating.CapCorrect) {
		return Result{}, seating.Refuse(seating.CodeForbidden, "Booking %s is checked in; making it a no-show takes the capability correct.", e.Reference)
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	return d.over(e, seating.NoShow, c.Reason, "no_show"), nil
}

// Name implements Command.
func (UndoNoShow) Name() string { return "undo_no_show" }

// decide takes a no-show back: the booking has its tables again where they have
// been free since, else it is pending without any; whoever has them now keeps them
// (D21). Soon after, it has arrived when it had arrived; later that is forgotten.
// Again is fine and does nothing. Source: docs/domain.md, booking states.
func (c UndoNoShow) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.Confirmed || e.Status == seating.Pending {
		result := d.seated(e.Booking, e.Tables())
		result.Seat = SeatNone
		if len(e.Allocations) > 0 {
			result.Seat = SeatRestored
		}
		return result, nil
	}
	if err := d.only(e, seating.Pending, seating.NoShow); err != nil {
		return Result{}, err
	}
	late := d.env.Now.Sub(e.EndedAt) > undoWithin
	if late {
		if err := d.sameDay(e); err != nil {
			return Result{}, err
		}
	}
	if err := d.undoable(e.EndedAt); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}

	b, tables, seat := e.Booking, leftTables(e), SeatRestored
	planned(&b)
	gap := absence(e, b.Window)
	switch {
	case len(tables) == 0:
		seat = SeatNone
	case b.Window.End <= d.env.Now, d.stillFree(e, tables, gap, max(d.env.Now, gap.Start)) != nil:
		seat = SeatUnavailable
	}
	if late {
		b.ArrivedAt, b.CheckedInAt = 0, 0
	}
	b.OverstayAt = 0
	to, had := seating.Confirmed, tables
	if seat == SeatRestored {
		d.sweep(tables, gap, e.ID)
		past := func(a seating.Allocation) bool { return a.Window.End < b.Window.End } // it never sat there
		d.replace(e.Allocations, slices.DeleteFunc(reaches(e, b.Window, tables), past))
		d.synced(b.ID, b.Window, tables)
	} else {
		to, tables, b.ChosenBy = seating.Pending, nil, ""
		d.replace(e.Allocations, nil)
	}
	d.goesBack(&b, to, "no_show_undone")
	d.touches(b.ID, e.Window, slices.Concat(had, tables)...)
	d.put(b, tables...)
	b.Version = d.version()
	result := d.seated(b, tables)
	result.Seat = seat
	return result, nil
}
