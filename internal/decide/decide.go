package decide

import (
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Decide says what becomes of a command on the house: a change, a refusal, or
// nothing to do. It is deterministic: the same arguments give the same decision.
func Decide(h *house.House, c Command, env Env) Decision {
	d := &draft{h: h, env: env, at: max(env.Now, h.LastAt)}
	result, refusal := c.decide(d)
	if refusal != nil {
		return Decision{Refusal: refusal, Ask: d.ask}
	}
	if len(d.aspects) == 0 {
		result.Version = h.Public()
		return Decision{Result: result}
	}
	change := d.change(c.Name())
	result.Version = change.Public()
	return Decision{Change: change, Result: result}
}

// draft is a change in the making. A command fills it in or refuses.
type draft struct {
	h   *house.House
	env Env
	at  servicetime.Instant

	rows    house.Rows
	erase   []seating.BookingID
	aspects []seating.Aspect // what changes; none: nothing to do
	touch   house.Touch
	events  []seating.Event
	history []house.HistoryRow
	due     house.DueChange
	guards  []house.Guard
	guests  []house.GuestPut
	patches []house.GuestPatch
	notes   []house.NotePut
	ask     Ask
}

// version that the change leads to.
func (d *draft) version() int64 { return d.h.Version + 1 }

func (d *draft) change(command string) *house.Change {
	if d.touch.Many {
		d.touch = house.Touch{Many: true}
	}
	c := &house.Change{
		ID: d.env.Change, Restaurant: d.h.Restaurant.ID, Epoch: d.h.Epoch, Base: d.h.Version, BaseHead: d.h.Head,
		Actor: d.env.Actor, Command: command, At: d.at, Now: d.env.Now,
		Rows: d.rows, Aspects: d.aspects, Touch: d.touch,
		Events: d.events, History: d.history, Due: d.due, Guards: d.guards, Guests: d.guests, Patches: d.patches, Notes: d.notes,
	}
	c.Erase = d.erase
	if d.env.Actor.Access > 0 {
		c.Guards = append(c.Guards, house.Guard{Kind: house.GuardAccess, Subject: d.env.Actor.Subject, Access: d.env.Actor.Access})
	}
	for i := range c.Events {
		p := &c.Events[i].Payload
		p.SchemaVersion, p.Restaurant, p.Version = seating.EventSchemaVersion, c.Restaurant, c.Public()
		p.At, p.Actor, p.Booking = c.At, c.Actor, c.Events[i].Booking
	}
	return c
}

// changes marks an aspect as changed.
func (d *draft) changes(aspects ...seating.Aspect) {
	for _, a := range aspects {
		if !slices.Contains(d.aspects, a) {
			d.aspects = append(d.aspects, a)
		}
	}
}

// touches adds to what If-Match and the screens are told.
func (d *draft) touches(booking seating.BookingID, w servicetime.Window, tables ...seating.TableID) {
	if !booking.IsZero() && !slices.Contains(d.touch.Bookings, booking) {
		d.touch.Bookings = append(d.touch.Bookings, booking)
	}
	for _, t := range tables {
		if !slices.Contains(d.touch.Tables, t) {
			d.touch.Tables = append(d.touch.Tables, t)
		}
	}
	d.touch.Window = d.touch.Window.Hull(w)
}

func (d *draft) event(t seating.EventType, s seating.Severity, booking seating.BookingID, p seating.EventPayload) {
	d.events = append(d.events, seating.Event{Type: t, Severity: s, Booking: booking, Payload: p})
}

func (d *draft) line(subject, from, to, reason, detail string) {
	d.history = append(d.history, house.HistoryRow{Subject: subject, From: from, To: to, Reason: reason, Detail: detail})
}

func bookingSubject(id seating.BookingID) string { return "booking:" + id.String() }
func holdSubject(id seating.HoldID) string       { return "hold:" + id.String() }

// booking finds a booking on an open day.
func (d *draft) booking(id seating.BookingID) (*house.Entry, *seating.Error) {
	if e := d.h.Booking(id); e != nil {
		return e, nil
	}
	if date, ok := d.env.Facts.Closed[id]; ok {
		return nil, seating.Refuse(seating.CodeDayClosed, "The service of %s has been closed.", date)
	}
	d.ask.Bookings = append(d.ask.Bookings, id)
	return nil, seating.Refuse(seating.CodeNotFound, "There is no such booking.")
}

// state refuses a step that the table of states does not have.
func (d *draft) step(e *house.Entry, to seating.Status) *seating.Error {
	if e.Status.CanBecome(to) {
		return nil
	}
	return wrongState(e, "It cannot become %s.", to)
}

func wrongState(e *house.Entry, format string, args ...any) *seating.Error {
	err := seating.Refuse(seating.CodeBookingState, "Booking %s is %s. %s", e.Reference, e.Status, fmt.Sprintf(format, args...))
	err.Details.Status = e.Status
	return err
}

// verdict turns checks that refuse into a refusal; nil when they pass.
func verdict(checks []seating.Check) *seating.Error {
	first := seating.FirstError(checks)
	if first == nil {
		return nil
	}
	err := seating.Refuse(first.Code, "%s", first.Message)
	err.Details.Checks = checks
	err.Details.Blockers = first.Blockers
	return err
}
