package decide

import (
	"slices"

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
		return Result{Booking: &Booking{Booking: e.Booking, Tables: e.Tables()}}, nil
	}
	if err := d.step(e, seating.Cancelled); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	had := e.Tables()
	b := e.Booking
	d.endOwnHold(e, seating.EndReleased, "cancelled")
	d.truncate(e)
	if len(had) > 0 {
		d.cleared(b.ID, b.Window, had, "cancelled")
	}
	d.becomes(&b, seating.Cancelled, c.Reason)
	d.put(b, had...)
	b.Version = d.version()
	return Result{Booking: &Booking{Booking: b, Tables: d.keeps(e.ID, had)}}, nil
}

// keeps are the tables a booking is still shown with after its occupancy was
// cut: those where it has past rows.
func (d *draft) keeps(id seating.BookingID, had []seating.TableID) []seating.TableID {
	var kept []seating.TableID
	for _, a := range d.h.Booking(id).Allocations {
		if a.Window.Start < d.env.Now && slices.Contains(had, a.Table) && !slices.Contains(kept, a.Table) {
			kept = append(kept, a.Table)
		}
	}
	return kept
}
