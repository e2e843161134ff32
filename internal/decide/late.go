package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (MarkLate) Name() string { return "mark_late" }

// latePriority is the place on the waitlist of a party whose tables went to
// others because it was late: before those that came without a booking.
const latePriority = 1

// decide notes once that an expected party has not arrived in time. Where the
// policy says release, it loses its tables and waits. A party that has arrived,
// sat down or is over is not late. Source: docs/domain.md, late rule.
func (c MarkLate) decide(d *draft) (Result, *seating.Error) {
	e := d.falls(c.Booking, house.DueLate)
	if e == nil {
		return d.noted(c.Booking), nil
	}
	b, tables := e.Booking, e.Tables()
	b.LateAt = d.env.Now
	d.line(bookingSubject(b.ID), "", "late", "", "")
	d.event(seating.EventBookingLate, seating.SeverityNotice, b.ID, seating.EventPayload{
		Status: b.Status, Window: b.Window, Tables: tables, Minutes: minutesSince(b.Dining.Start, d.env.Now),
	})
	if d.h.Policy.Late.Action == seating.LateRelease {
		d.frees(e, &b, "late")
		d.becomes(&b, seating.Waitlisted, "late")
		b.Priority = latePriority
	}
	d.put(b, tables...)
	b.Version = d.version()
	if b.Status == seating.Waitlisted {
		tables = nil
	}
	return Result{Booking: &Booking{Booking: b, Tables: tables}}, nil
}
