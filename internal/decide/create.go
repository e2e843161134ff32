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
// all; any other stays pending where none is found. One for the waitlist has none.
func (c CreateBooking) decide(d *draft) (Result, *seating.Error) {
	if err := d.takesBookings(); err != nil {
		return Result{}, err
	}
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
	d.line(bookingSubject(b.ID), "", string(b.Status), "", "")
	d.event(seating.EventBookingCreated, seating.SeverityInfo, b.ID, seating.EventPayload{Window: b.Window, Status: b.Status})
	if !c.Guest.Empty() {
		d.guests = append(d.guests, house.GuestPut{Booking: b.ID, Guest: c.Guest})
	}
	d.guards = append(d.guards, house.Guard{Kind: house.GuardReference, Reference: b.Reference})

	tables, by, missing := c.Tables, seating.ChosenByPerson, (*NoTable)(nil)
	if c.AutoAssign || c.Source == seating.SourceWeb && len(tables) == 0 {
		tables, by, missing = nil, seating.ChosenByPlanner, nil
		best, truncated := planner.Search(d.h, r, 1)
		if len(best) > 0 {
			tables = best[0].Tables
		} else {
			missing = noTable(truncated, planner.Alternatives(d.h, r, c.Turn))
		}
	}
	if missing != nil && c.Source == seating.SourceWeb {
		return Result{}, d.noTable(missing, c.Covers, b.Dining.Start)
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
	to := seating.Confirmed
	if c.Transition == ToNone {
		to = seating.Pending
	}
	result := d.assigned(e, b, v.Tables, to, by)
	result.Checks, result.Summary = v.Checks, &v.Summary
	return result, nil
}

// valid refuses what can be refused without looking at the time.
func (c CreateBooking) valid(d *draft) *seating.Error {
	var fields []seating.Field
	add := func(pointer, message string) {
		fields = append(fields, seating.Field{Pointer: pointer, Message: message})
	}
	d.partyFields(add, c.Covers, c.Turn, c.ZoneWish, c.SeatingWish)
	c.transitionFields(add)
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

// transitionFields refuses a state that the booking cannot have when it is made.
func (c CreateBooking) transitionFields(add func(pointer, message string)) {
	chosen := len(c.Tables) > 0 || c.AutoAssign || c.Source == seating.SourceWeb
	switch c.Transition {
	case "", ToNone:
	case ToConfirmed:
		if !chosen && !c.Waitlist {
			add("/transition", "a booking is confirmed with tables: name them, or let the planner choose")
		}
	default:
		add("/transition", "one of confirmed, none")
	}
	if !c.Waitlist {
		if c.Priority != 0 || c.Quoted != 0 {
			add("/waitlist", "only a booking on the waitlist has a priority and a quoted wait")
		}
		return
	}
	waitingFields(add, "/waitlist", c.Priority, c.Quoted)
	if c.Transition != "" {
		add("/transition", "a booking on the waitlist is waitlisted")
	}
	switch {
	case c.Source == seating.SourceWeb:
		add("/waitlist", "a booking from the web leaves with tables and cannot wait")
	case chosen:
		add("/waitlist", "a booking on the waitlist has no tables: leave out tableIds and autoAssign")
	}
}

// arrive resolves the start and makes the booking and what is asked for it.
func (c CreateBooking) arrive(d *draft) (seating.Booking, planner.Request, *seating.Error) {
	a, serviceDate, err := chosen{
		Date: c.Date, Time: c.Time, Offset: c.Offset, Covers: c.Covers, Turn: c.Turn, Override: c.Override,
	}.resolve(d)
	if err != nil {
		return seating.Booking{}, planner.Request{}, err
	}
	b := seating.Booking{
		ID: c.ID, Reference: seating.ReferenceFor(c.ID, d.env.Attempt), Covers: c.Covers, Date: c.Date, Time: c.Time, ServiceDate: serviceDate,
		Window: servicetime.WithBuffers(a.Dining, d.h.Policy.BufferBefore, d.h.Policy.BufferAfter), Dining: a.Dining, Turn: c.Turn,
		Status: seating.Pending, ZoneWish: c.ZoneWish, SeatingWish: c.SeatingWish, Source: c.Source,
		CreatedAt: d.at, CreatedBy: d.env.Actor.Principal,
	}
	if c.Source == seating.SourceWeb && c.Transition == ToNone {
		b.PendingUntil = d.env.Now.Add(d.h.Policy.Pending.Duration())
	}
	if c.Waitlist {
		b.Status, b.Priority, b.Quoted = seating.Waitlisted, c.Priority, c.Quoted
		a.Unpaced = true // who waits does not arrive yet
	}
	r := planner.RequestFor(&house.Entry{Booking: b}, d.env.Actor.Principal, d.env.Now)
	r.Override = c.Override
	r.Arrival = &a
	return b, r, nil
}

// chosen is a start that somebody asks for.
type chosen struct {
	Date     servicetime.Date
	Time     servicetime.Clock
	Offset   servicetime.Offset
	Covers   int
	Turn     servicetime.Minutes // 0: the band's
	Override *seating.Override
}

// resolve finds the service and the instants of a chosen start, and the service
// date it belongs to. Whether the start will do is for the checks to say; refused
// here is what leaves nothing to check.
func (c chosen) resolve(d *draft) (planner.Arrival, servicetime.Date, *seating.Error) {
	h := d.h
	refused := func(err *seating.Error) (planner.Arrival, servicetime.Date, *seating.Error) {
		return planner.Arrival{}, 0, err
	}
	service, start, fault := h.Calendar.Resolve(c.Date, c.Time, c.Offset)
	if errors.Is(fault, servicetime.ErrNoSuchTime) || errors.Is(fault, servicetime.ErrOffset) {
		return refused(seating.Refuse(seating.CodeLocalTimeInvalid, "%s.", fault))
	}
	serviceDate, turn := service.ServiceDate, c.Turn
	if fault != nil {
		// Outside every period, or closed: only an override leads on, and then the
		// stay has to be said; no other period's turn is borrowed (P06).
		local, err := servicetime.Local(h.Calendar.Zone, c.Date, c.Time, c.Offset)
		if err != nil {
			return refused(seating.Refuse(seating.CodeLocalTimeInvalid, "%s.", err))
		}
		start, serviceDate = local, h.Calendar.ServiceDate(local)
		if turn == 0 && c.Override.Covers(seating.CheckService) {
			return refused(seating.Invalid("/turnMinutes", "outside service hours say how long the party stays"))
		}
	} else if turn == 0 {
		turn = service.Period.Turn(c.Covers)
	}
	if serviceDate < h.OpenFrom {
		return refused(seating.Refuse(seating.CodeDayClosed, "The service of %s has been closed.", serviceDate))
	}
	if last := h.Calendar.ServiceDate(d.env.Now).AddDays(h.Policy.MaxAdvance); serviceDate > last {
		return refused(seating.Invalid("/date", "bookings are taken up to %s", last))
	}
	return planner.Arrival{Dining: servicetime.Dining(start, turn), Service: service, Err: fault}, serviceDate, nil
}

func noteOn(subject, text string) house.NotePut { return house.NotePut{Subject: subject, Text: text} }
