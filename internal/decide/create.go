package decide

import (
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (CreateBooking) Name() string { return "create_booking" }

// decide makes the booking, with the tables that were asked for or, with
// AutoAssign, the best ones. A booking from the web leaves with tables or not at
// all; any other stays pending where none is found.
func (c CreateBooking) decide(d *draft) (Result, *seating.Error) {
	if err := c.valid(d); err != nil {
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
	e := &house.Entry{Booking: b}
	d.line(bookingSubject(b.ID), "", string(seating.Pending), "", "")
	d.event(seating.EventBookingCreated, seating.SeverityInfo, b.ID, seating.EventPayload{Window: b.Window, Status: b.Status})
	if !c.Guest.Empty() {
		d.guests = append(d.guests, house.GuestPut{Booking: b.ID, Guest: c.Guest})
	}
	d.guards = append(d.guards, house.Guard{Kind: house.GuardReference, Reference: b.Reference})

	tables, by, missing := c.Tables, seating.ChosenByPerson, (*NoTable)(nil)
	if c.AutoAssign || c.Source == seating.SourceWeb && len(tables) == 0 {
		tables, by, missing = nil, seating.ChosenByPlanner, nil
		best, truncated := planner.Search(d.h, r, 1)
		switch {
		case len(best) > 0:
			tables = best[0].Tables
		case truncated:
			missing = &NoTable{Reason: "search_stopped", Choices: planner.Alternatives(d.h, r, c.Turn)}
		default:
			missing = &NoTable{Reason: "no_table_free", Choices: planner.Alternatives(d.h, r, c.Turn)}
		}
	}
	if missing != nil && c.Source == seating.SourceWeb {
		err := seating.Refuse(seating.CodeNoTable, "No table is free for %d at that time.", c.Covers)
		err.Details.Reason, err.Details.Choices = missing.Reason, missing.Choices
		return Result{}, err
	}
	if len(tables) == 0 {
		v := planner.JudgeArrival(d.h, r)
		d.overridden(bookingSubject(b.ID), c.Override, c.Note, v.Checks)
		d.put(b)
		b.Version = d.version()
		return Result{Booking: &Booking{Booking: b}, NoTable: missing, Checks: v.Checks}, nil
	}
	v := planner.Judge(d.h, r, tables)
	if err := verdict(v.Checks); err != nil {
		return Result{}, err
	}
	d.overridden(bookingSubject(b.ID), c.Override, c.Note, v.Checks)
	d.sweep(v.Tables, r.Window)
	d.seatAt(e, r.Window, v.Tables)
	result := d.assigned(e, b, v.Tables, seating.Confirmed, by)
	result.Checks, result.Summary = v.Checks, &v.Summary
	return result, nil
}

// valid refuses what can be refused without looking at the time.
func (c CreateBooking) valid(d *draft) *seating.Error {
	var fields []seating.Field
	add := func(pointer, message string) {
		fields = append(fields, seating.Field{Pointer: pointer, Message: message})
	}
	if c.Covers < 1 || c.Covers > seating.MaxPartyCovers {
		add("/covers", "a party has 1 to 100 covers")
	}
	if c.Turn != 0 && (c.Turn < servicetime.MinTurn || c.Turn > servicetime.MaxTurn) {
		add("/turnMinutes", "a stay lasts 1 to 600 minutes")
	}
	if !c.ZoneWish.IsZero() && d.h.Floor.Zone(c.ZoneWish) == nil {
		add("/zoneId", "there is no such zone")
	}
	switch c.SeatingWish {
	case "", seating.SeatingStandard, seating.SeatingSofa, seating.SeatingBooth, seating.SeatingHighTop:
	default:
		add("/seatingPreference", "one of standard, sofa, booth, high_top")
	}
	switch c.Source {
	case seating.SourceWeb, seating.SourcePhone, seating.SourceWalkIn, seating.SourceAPI:
	default:
		add("/source", "one of web, phone, walk_in, api")
	}
	if len(c.Tables) > 0 && c.AutoAssign {
		add("/autoAssign", "either tableIds or autoAssign")
	}
	if c.Source == seating.SourceWeb && c.Guest.Phone == "" && c.Guest.Email == "" {
		add("/guest", "a booking from the web needs a phone number or an e-mail address")
	}
	return seating.InvalidFields(fields)
}

// arrive resolves the start and makes the booking and what is asked for it.
func (c CreateBooking) arrive(d *draft) (seating.Booking, planner.Request, *seating.Error) {
	h := d.h
	service, start, fault := h.Calendar.Resolve(c.Date, c.Time, c.Offset)
	if errors.Is(fault, servicetime.ErrNoSuchTime) || errors.Is(fault, servicetime.ErrOffset) {
		return seating.Booking{}, planner.Request{}, seating.Refuse(seating.CodeLocalTimeInvalid, "%s.", fault)
	}
	serviceDate, turn := service.ServiceDate, c.Turn
	if fault != nil {
		// Outside every period, or closed: only an override leads on, and then the
		// stay has to be said; no other period's turn is borrowed (P06).
		local, err := servicetime.Local(h.Calendar.Zone, c.Date, c.Time, c.Offset)
		if err != nil {
			return seating.Booking{}, planner.Request{}, seating.Refuse(seating.CodeLocalTimeInvalid, "%s.", err)
		}
		start, serviceDate = local, h.Calendar.ServiceDate(local)
		if turn == 0 && c.Override.Covers(seating.CheckService) {
			return seating.Booking{}, planner.Request{}, seating.Invalid("/turnMinutes", "outside service hours say how long the party stays")
		}
	} else if turn == 0 {
		turn = service.Period.Turn(c.Covers)
	}
	if serviceDate < h.OpenFrom {
		return seating.Booking{}, planner.Request{}, seating.Refuse(seating.CodeDayClosed, "The service of %s has been closed.", serviceDate)
	}
	if last := h.Calendar.ServiceDate(d.env.Now).AddDays(h.Policy.MaxAdvance); serviceDate > last {
		return seating.Booking{}, planner.Request{}, seating.Invalid("/date", "bookings are taken up to %s", last)
	}
	dining := servicetime.Dining(start, turn)
	b := seating.Booking{
		ID: c.ID, Reference: seating.ReferenceFor(c.ID, d.env.Attempt), Covers: c.Covers, Date: c.Date, Time: c.Time, ServiceDate: serviceDate,
		Window: servicetime.WithBuffers(dining, h.Policy.BufferBefore, h.Policy.BufferAfter), Dining: dining, Turn: c.Turn,
		Status: seating.Pending, ZoneWish: c.ZoneWish, SeatingWish: c.SeatingWish, Source: c.Source,
		CreatedAt: d.at, CreatedBy: d.env.Actor.Principal,
	}
	r := planner.RequestFor(&house.Entry{Booking: b}, d.env.Actor.Principal, d.env.Now)
	r.Override = c.Override
	r.Arrival = &planner.Arrival{Dining: dining, Service: service, Err: fault}
	return b, r, nil
}

func noteOn(subject, text string) house.NotePut { return house.NotePut{Subject: subject, Text: text} }
