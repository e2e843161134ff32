package decide

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (WalkIn) Name() string { return "walk_in" }

// decide seats a party that stands at the door. It is judged as a booking for the
// minute that the clock on the wall shows, by the same checks as any (D30), and sits
// from this instant on: nobody has to lay the table for it first.
func (c WalkIn) decide(d *draft) (Result, *seating.Error) {
	if err := d.takesBookings(); err != nil {
		return Result{}, err
	}
	var fields []seating.Field
	d.partyFields(func(pointer, message string) {
		fields = append(fields, seating.Field{Pointer: pointer, Message: message})
	}, c.Covers, c.Turn, c.ZoneWish, c.SeatingWish)
	if err := seating.InvalidFields(fields); err != nil {
		return Result{}, err
	}
	if err := d.override(c.Override, c.Note); err != nil {
		return Result{}, err
	}
	b, r, err := c.arrive(d)
	if err != nil {
		return Result{}, err
	}
	if err := verdict(planner.JudgeArrival(d.h, r).Checks); err != nil {
		return Result{}, err
	}
	tables, by := c.Tables, seating.ChosenByPerson
	if len(tables) == 0 {
		best, truncated := planner.Search(d.h, r, 1)
		if len(best) == 0 {
			return Result{}, d.noTable(noTable(truncated, planner.NextFree(d.h, r, c.Turn)), c.Covers, b.Dining.Start)
		}
		tables, by = best[0].Tables, seating.ChosenByPlanner
	}
	v := planner.Judge(d.h, r, tables)
	if err := verdict(v.Checks); err != nil {
		return Result{}, err
	}

	e := &house.Entry{Booking: b}
	d.line(bookingSubject(b.ID), "", string(b.Status), "", "")
	d.event(seating.EventBookingCreated, seating.SeverityInfo, b.ID, seating.EventPayload{Window: b.Window, Status: b.Status})
	if !c.Guest.Empty() {
		d.guests = append(d.guests, house.GuestPut{Booking: b.ID, Guest: c.Guest})
	}
	d.guards = append(d.guards, house.Guard{Kind: house.GuardReference, Reference: b.Reference})
	d.overridden(bookingSubject(b.ID), c.Override, c.Note, v.Checks)
	d.sweep(v.Tables, b.Window)
	d.seatAt(e, b.Window, v.Tables)
	result := d.assigned(e, b, v.Tables, seating.CheckedIn, by)
	result.Checks, result.Summary = v.Checks, &v.Summary
	return result, nil
}

// arrive makes the booking of a party that is here, and what it asks for.
func (c WalkIn) arrive(d *draft) (seating.Booking, planner.Request, *seating.Error) {
	h, now := d.h, d.env.Now
	date, clock, _ := servicetime.LocalOf(now, h.Calendar.Zone)
	// Last seating is a time on the wall: it lasts until that minute is over.
	minute := now - now%servicetime.Instant(time.Minute/time.Microsecond)
	service, fault := h.Calendar.Serving(minute)
	serviceDate, turn := service.ServiceDate, c.Turn
	switch {
	case fault != nil:
		serviceDate = h.Calendar.ServiceDate(now)
		if turn == 0 && c.Override.Covers(seating.CheckService) {
			return seating.Booking{}, planner.Request{}, seating.Invalid("/turnMinutes", "outside service hours say how long the party stays")
		}
	case turn == 0:
		turn = service.Period.Turn(c.Covers)
	}
	if serviceDate < h.OpenFrom {
		return seating.Booking{}, planner.Request{}, seating.Refuse(seating.CodeDayClosed, "The service of %s has been closed.", serviceDate)
	}
	dining := servicetime.Dining(now, turn)
	b := seating.Booking{
		ID: c.ID, Reference: seating.ReferenceFor(c.ID, d.env.Attempt), Covers: c.Covers, Date: date, Time: clock, ServiceDate: serviceDate,
		Window: servicetime.WithBuffers(dining, 0, h.Policy.BufferAfter), Dining: dining, Turn: c.Turn, Status: seating.Pending,
		ZoneWish: c.ZoneWish, SeatingWish: c.SeatingWish, Source: seating.SourceWalkIn, CreatedAt: d.at, CreatedBy: d.env.Actor.Principal,
	}
	r := planner.RequestFor(&house.Entry{Booking: b}, d.env.Actor.Principal, now)
	r.Override = c.Override
	r.Arrival = &planner.Arrival{Dining: servicetime.Dining(minute, turn), Service: service, Err: fault}
	return b, r, nil
}
