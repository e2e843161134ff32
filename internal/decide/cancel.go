package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (Cancel) Name() string { return "cancel" }

// decide cancels a booking that has not sat down. Its hold ends, its tables are
// free at that instant, in the same change (H35). Again is fine and does nothing.
func (c Cancel) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if c.Reason != "" && !seating.ReasonCode(c.Reason) {
		return Result{}, seating.Invalid("/reason", "a reason is a code like guest_called: lower-case letters, digits and _, at most 40")
	}
	if e.Status == seating.Cancelled {
		return stands(e), nil
	}
	if err := d.step(e, seating.Cancelled); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	return d.over(e, seating.Cancelled, c.Reason, "cancelled"), nil
}

// over ends a booking: its hold, its occupancy from now on, its life, all in one
// change (D22). What it had is remembered for the step back. Cause says why hold
// and tables are free, reason is what somebody gave for the end.
func (d *draft) over(e *house.Entry, to seating.Status, reason, cause string) Result {
	had := e.Tables()
	b := e.Booking
	d.endOwnHold(e, seating.EndReleased, cause)
	shown := d.truncate(e)
	if len(had) > 0 {
		d.cleared(b.ID, b.Window, had, cause)
	}
	d.becomes(&b, to, reason)
	b.Left = had
	d.put(b, had...)
	b.Version = d.version()
	return Result{Booking: &Booking{Booking: b, Tables: shown}}
}

// stands answers with the booking as it is: what was asked for has happened.
func stands(e *house.Entry) Result {
	return Result{Booking: &Booking{Booking: e.Booking, Tables: e.Tables()}}
}
