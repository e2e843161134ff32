package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// becomes moves a booking to a state: its times, its line in the history and its
// event. The booking is not put yet.
func (d *draft) becomes(b *seating.Booking, to seating.Status, reason string) {
	from := b.Status
	enters(b, to)
	switch to {
	case seating.CheckedIn:
		b.CheckedInAt = d.env.Now
		if b.ArrivedAt.IsZero() {
			b.ArrivedAt = d.env.Now
		}
	case seating.Completed, seating.Cancelled, seating.NoShow:
		b.EndedAt = d.env.Now
	default: // the other states have no time of their own
	}
	d.line(bookingSubject(b.ID), string(from), string(to), reason, "")
	d.event(statusEvent(to), seating.SeverityInfo, b.ID, seating.EventPayload{
		Status: to, Window: b.Window, Reason: reason, What: changedWhat(to),
	})
}

// enters puts a booking into a state and forgets what has a meaning in others
// only: the place on the waitlist, the time by which it must be confirmed, its end.
func enters(b *seating.Booking, to seating.Status) {
	b.Status = to
	if to != seating.Waitlisted {
		b.Priority, b.Quoted = 0, 0
	}
	if to != seating.Pending {
		b.PendingUntil = 0
	}
	if !to.Ended() {
		b.EndedAt, b.Left = 0, nil
	}
}

// goesBack takes a step back: what says which one. The booking is not put yet.
func (d *draft) goesBack(b *seating.Booking, to seating.Status, what string) {
	from := b.Status
	enters(b, to)
	d.line(bookingSubject(b.ID), string(from), string(to), what, "")
	d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{Status: to, Window: b.Window, What: what})
}

func statusEvent(s seating.Status) seating.EventType {
	switch s {
	case seating.Confirmed:
		return seating.EventBookingConfirmed
	case seating.CheckedIn:
		return seating.EventBookingCheckedIn
	case seating.Completed:
		return seating.EventBookingCompleted
	case seating.Cancelled:
		return seating.EventBookingCancelled
	case seating.NoShow:
		return seating.EventBookingNoShow
	default:
		return seating.EventBookingChanged
	}
}

// changedWhat names the step where the event's type does not.
func changedWhat(s seating.Status) string {
	if statusEvent(s) == seating.EventBookingChanged {
		return string(s)
	}
	return ""
}

// put stores a booking as changed by this change, with its due work.
func (d *draft) put(b seating.Booking, tables ...seating.TableID) {
	b.Version = d.version()
	d.remind(b)
	d.rows.PutBookings = append(d.rows.PutBookings, b)
	d.changes(seating.AspectBookings)
	d.touches(b.ID, b.Window, tables...)
}

// target is the state a confirm or an assignment leads to.
// Source: docs/domain.md, transition.
func (d *draft) target(e *house.Entry, t Transition) (seating.Status, *seating.Error) {
	if t == "" {
		t = ToNone
		if e.Status == seating.Pending || e.Status == seating.Waitlisted {
			t = ToConfirmed
		}
	}
	if e.Status.Ended() {
		return "", wrongState(e, "It takes no tables.")
	}
	var to seating.Status
	switch t {
	case ToNone:
		if e.Status == seating.Waitlisted {
			return "", wrongState(e, "With tables it must become confirmed or checked in.")
		}
		return e.Status, nil
	case ToConfirmed:
		to = seating.Confirmed
		if e.Status == seating.CheckedIn {
			return "", wrongState(e, "Undoing the check-in is a step of its own.")
		}
	case ToCheckedIn:
		to = seating.CheckedIn
		if !d.env.Actor.Can(seating.CapSeat) {
			return "", seating.Refuse(seating.CodeForbidden, "Checking in takes the capability seat.")
		}
		if err := d.onItsDay(e); err != nil {
			return "", err
		}
	default:
		return "", seating.Invalid("/transition", "one of confirmed, checked_in, none")
	}
	if to == e.Status {
		return to, nil
	}
	return to, d.step(e, to)
}

// onItsDay refuses that a party is here, or sits, on a day before its service date.
func (d *draft) onItsDay(e *house.Entry) *seating.Error {
	if today := d.h.Calendar.ServiceDate(d.env.Now); e.ServiceDate > today {
		return wrongState(e, "It is for %s and cannot arrive or be checked in before that day.", e.ServiceDate)
	}
	return nil
}

// seatEarly lets a party that checks in before its window claim its tables from
// now, if they are free until then and nobody overstays at them; else the window
// stays, and the check says who has a table until when. It reports whether it
// moved the window. Source: docs/domain.md, time.
func (d *draft) seatEarly(b *seating.Booking, tables []seating.TableID) (moved bool, warning *seating.Check) {
	if b.Window.Start <= d.env.Now {
		return false, nil
	}
	gap := servicetime.Window{Start: d.env.Now, End: b.Window.Start}
	var busy []seating.Blocker
	for _, t := range tables {
		if o := planner.Overstaying(d.h, t, planner.Request{Booking: b.ID, Now: d.env.Now}); o != nil {
			busy = append(busy, *o)
		}
		for slot := range d.h.Occupancy(t, gap) {
			lapsed := slot.Kind == seating.OwnedByHold && !slot.Entry.Hold.Live(d.env.Now)
			if slot.Claimant != seating.AnyID(b.ID) && !lapsed {
				busy = append(busy, planner.Blocking(d.h, slot))
			}
		}
	}
	if len(busy) > 0 {
		return false, &seating.Check{
			ID: seating.CheckConflict, Outcome: seating.OutcomeWarning, Code: seating.CodeAssignmentConflict,
			Message: "It has its tables from the start of its window. " + planner.Busy(d.h, busy[0]), Blockers: busy,
		}
	}
	d.sweep(tables, gap, b.ID)
	b.PlannedStart, b.Window.Start = b.Window.Start, d.env.Now
	return true, nil
}

// beside puts the warning of an early check-in among the checks.
func beside(checks []seating.Check, warning *seating.Check) []seating.Check {
	if warning == nil {
		return checks
	}
	i := slices.IndexFunc(checks, func(c seating.Check) bool { return c.ID == warning.ID })
	if i < 0 {
		return append(slices.Clone(checks), *warning)
	}
	checks = slices.Clone(checks)
	checks[i] = *warning
	return checks
}
