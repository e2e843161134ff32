package decide

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (MarkOverstay) Name() string { return "mark_overstay" }

// decide notes once that a party stays past its end. Its tables are taken until
// it leaves, which every selection is told of; here it is told to others.
// Source: docs/domain.md, time.
func (c MarkOverstay) decide(d *draft) (Result, *seating.Error) {
	e := d.falls(c.Booking, house.DueOverstay)
	if e == nil {
		return d.noted(c.Booking), nil
	}
	b, tables := e.Booking, e.Tables()
	b.OverstayAt = d.env.Now
	d.line(bookingSubject(b.ID), "", "overstaying", "", detail(map[string]any{"tables": tables}))
	d.event(seating.EventBookingOverstaying, seating.SeverityWarning, b.ID, seating.EventPayload{
		Status: b.Status, Window: b.Window, Tables: tables, Minutes: minutesSince(b.Window.End, d.env.Now),
	})
	d.put(b, tables...)
	b.Version = d.version()
	return d.seated(b, tables), nil
}

// minutesSince are whole minutes, rounded down.
func minutesSince(since, now servicetime.Instant) int { return int(now.Sub(since) / time.Minute) }
