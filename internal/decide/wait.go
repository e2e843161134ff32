package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (Wait) Name() string { return "wait" }

// decide puts a booking that has not sat down on the waitlist: tables and hold go,
// whoever had chosen them. One that waits already gets another place in the queue,
// or nothing where the place is the same. Source: docs/domain.md, waitlist.
func (c Wait) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	var fields []seating.Field
	waitingFields(func(pointer, message string) {
		fields = append(fields, seating.Field{Pointer: pointer, Message: message})
	}, "", c.Priority, c.Quoted)
	if err := seating.InvalidFields(fields); err != nil {
		return Result{}, err
	}
	waits := e.Status == seating.Waitlisted
	if waits && e.Priority == c.Priority && e.Quoted == c.Quoted {
		return d.seated(e.Booking, nil), nil
	}
	if !waits {
		if err := d.step(e, seating.Waitlisted); err != nil {
			return Result{}, err
		}
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	b, had := e.Booking, e.Tables()
	if waits {
		d.line(bookingSubject(b.ID), "", "waitlist", "", detail(map[string]any{"priority": c.Priority, "quotedMinutes": c.Quoted}))
		d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{
			Status: b.Status, Window: b.Window, What: string(seating.Waitlisted),
		})
	} else {
		d.frees(e, &b, "waitlisted")
		d.becomes(&b, seating.Waitlisted, "")
	}
	b.Priority, b.Quoted = c.Priority, c.Quoted
	d.put(b, had...)
	b.Version = d.version()
	return d.seated(b, nil), nil
}

// frees takes hold and tables from a booking that has not sat down, its past with
// them: it never used them.
func (d *draft) frees(e *house.Entry, b *seating.Booking, reason string) {
	d.endOwnHold(e, seating.EndReleased, reason)
	if had := e.Tables(); len(had) > 0 {
		d.cleared(b.ID, b.Window, had, reason)
	}
	d.replace(e.Allocations, nil)
	b.ChosenBy = ""
}

// Name implements Command.
func (Unwait) Name() string { return "unwait" }

// decide takes a booking off the waitlist: it is pending again. Again is fine and
// does nothing.
func (c Unwait) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.Pending {
		return d.seated(e.Booking, e.Tables()), nil
	}
	if err := d.only(e, seating.Pending, seating.Waitlisted); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	b := e.Booking
	d.becomes(&b, seating.Pending, "")
	d.put(b)
	b.Version = d.version()
	return d.seated(b, nil), nil
}
