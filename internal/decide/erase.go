package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// MaxErased bounds the bookings whose guests one command erases.
const MaxErased = 200

// Name implements Command.
func (EraseGuests) Name() string { return "erase_guests" }

// decide removes what is known of the guests of bookings, open or closed. It is
// not known here whether there still is anything: guest data is no part of a
// house, so erasing commits each time, and a second time finds nothing to remove.
// Without bookings there is nothing to do. What else is kept of a booking stays.
// Source: docs/domain.md, guests.
func (c EraseGuests) decide(d *draft) (Result, *seating.Error) {
	if len(c.Bookings) > MaxErased {
		return Result{}, seating.Invalid("/bookingIds", "at most %d bookings at once, not %d", MaxErased, len(c.Bookings))
	}
	ids := slices.Clone(c.Bookings)
	slices.SortFunc(ids, seating.BookingID.Compare)
	ids = slices.Compact(ids)
	var unknown []seating.BookingID
	for _, id := range ids {
		if _, closed := d.env.Facts.Closed[id]; !closed && d.h.Booking(id) == nil {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 {
		d.ask.Bookings = append(d.ask.Bookings, unknown...)
		return Result{}, seating.Refuse(seating.CodeNotFound, "There is no booking %s.", unknown[0])
	}
	if len(ids) == 0 {
		return Result{}, nil
	}
	d.erase = ids
	d.changes(seating.AspectBookings)
	for _, id := range ids {
		d.line(bookingSubject(id), "", "guest_erased", "", "")
		if d.h.Booking(id) != nil {
			d.touches(id, servicetime.Window{})
			d.event(seating.EventBookingChanged, seating.SeverityInfo, id, seating.EventPayload{What: "guest_erased"})
		}
	}
	return Result{Count: len(ids), Erased: ids}, nil
}
