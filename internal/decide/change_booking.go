package decide

import (
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (ChangeBooking) Name() string { return "change_booking" }

// decide changes what was asked for and differs; what is left out stays (G05). A new
// time, number or stay is judged like a new booking's before anything is given up:
// a refusal leaves window, tables and state as they were (D13).
// Source: docs/domain.md, changing a booking.
func (c ChangeBooking) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if err := c.valid(d, e); err != nil {
		return Result{}, err
	}
	if err := d.override(c.Override, c.Note); err != nil {
		return Result{}, err
	}
	x, err := c.compare(d, e)
	if err != nil {
		return Result{}, err
	}
	if len(x.what()) == 0 {
		return d.stands(e.Booking, e.Tables()), nil
	}
	if err := x.allowed(e); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	if x.when || x.covers || x.turn {
		return c.reschedule(d, e, x)
	}
	x.record(d, e, "changed", nil)
	d.put(x.b)
	x.b.Version = d.version()
	return d.stands(x.b, e.Tables()), nil
}

// valid refuses what no booking can have, whatever it is now.
func (c ChangeBooking) valid(d *draft, e *house.Entry) *seating.Error {
	var fields []seating.Field
	add := func(pointer, message string) {
		fields = append(fields, seating.Field{Pointer: pointer, Message: message})
	}
	d.partyFields(add, wanted(c.Covers, e.Covers), wanted(c.Turn, 0), wanted(c.ZoneWish, seating.ZoneID{}), wanted(c.SeatingWish, ""))
	waitingFields(add, "", wanted(c.Priority, 0), wanted(c.Quoted, 0))
	if c.Offset != servicetime.AnyOffset && c.Date == nil && c.Time == nil {
		add("/utcOffset", "says which of two times is meant; give date or time")
	}
	switch c.Tables {
	case "", KeepTables, ReplanTables:
	default:
		add("/tables", "one of keep, replan")
	}
	if g := c.Guest; g != nil {
		if g.Name != nil && *g.Name == "" {
			add("/guest/name", "must not be empty")
		}
		if e.Source == seating.SourceWeb && g.Phone != nil && *g.Phone == "" && g.Email != nil && *g.Email == "" {
			add("/guest", "a booking from the web needs a phone number or an e-mail address")
		}
	}
	return seating.InvalidFields(fields)
}

// wanted is what was asked for, or else what is.
func wanted[T any](asked *T, is T) T {
	if asked == nil {
		return is
	}
	return *asked
}

// bookingEdit is a booking as it was asked for, and what of it differs.
type bookingEdit struct {
	b                                          seating.Booking
	when, covers, turn, wishes, waiting, guest bool
}

// compare finds what differs from what is.
func (c ChangeBooking) compare(d *draft, e *house.Entry) (bookingEdit, *seating.Error) {
	b := e.Booking
	b.Covers, b.Date, b.Time, b.Turn = wanted(c.Covers, b.Covers), wanted(c.Date, b.Date), wanted(c.Time, b.Time), wanted(c.Turn, b.Turn)
	b.ZoneWish, b.SeatingWish = wanted(c.ZoneWish, b.ZoneWish), wanted(c.SeatingWish, b.SeatingWish)
	b.Priority, b.Quoted = wanted(c.Priority, b.Priority), wanted(c.Quoted, b.Quoted)
	x := bookingEdit{
		b: b, when: b.Date != e.Date || b.Time != e.Time, covers: b.Covers != e.Covers, turn: b.Turn != e.Turn,
		wishes:  b.ZoneWish != e.ZoneWish || b.SeatingWish != e.SeatingWish,
		waiting: b.Priority != e.Priority || b.Quoted != e.Quoted,
		guest:   c.Guest != nil && *c.Guest != (seating.GuestPatch{}),
	}
	if x.guest {
		d.patches = append(d.patches, house.GuestPatch{Booking: b.ID, GuestPatch: *c.Guest})
	}
	if !x.when && c.Offset != servicetime.AnyOffset { // the same time on the wall may be the other of two
		start, err := servicetime.Local(d.h.Calendar.Zone, b.Date, b.Time, c.Offset)
		if err != nil {
			return x, seating.Refuse(seating.CodeLocalTimeInvalid, "%s.", err)
		}
		x.when = start != e.Dining.Start
	}
	return x, nil
}

// what names what differs, as events and history say it; when is a word of its own
// in both.
func (x bookingEdit) what() []string {
	var words []string
	for _, w := range []struct {
		differs bool
		word    string
	}{
		{x.when, "time"}, {x.covers, "covers"}, {x.turn, "turn"}, {x.wishes, "wishes"}, {x.waiting, "waitlist"}, {x.guest, "guest"},
	} {
		if w.differs {
			words = append(words, w.word)
		}
	}
	return words
}

// allowed says what may change in which state: of a booking that is over only what
// is known of its guest, of a party that sits everything but when it came.
func (x bookingEdit) allowed(e *house.Entry) *seating.Error {
	switch {
	case e.Status.Ended() && (x.when || x.covers || x.turn || x.wishes || x.waiting):
		return wrongState(e, "Only what is known of its guest can still change.")
	case x.waiting && e.Status != seating.Waitlisted:
		return wrongState(e, "Only on the waitlist it has a priority and a quoted wait.")
	case x.when && e.Status == seating.CheckedIn:
		return wrongState(e, "The party sits already; extend its stay, or move it.")
	}
	return nil
}

// record writes line and events of the change; tables are those after it, where
// they may differ.
func (x bookingEdit) record(d *draft, e *house.Entry, word string, tables []seating.TableID) {
	b, what := x.b, x.what()
	facts := map[string]any{"changed": what}
	if x.when || x.covers || x.turn {
		facts["from"], facts["to"] = spelled(e.Booking, e.Tables()), spelled(b, tables)
	}
	d.line(bookingSubject(b.ID), "", word, "", detail(facts))
	if x.guest {
		d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{What: "guest"})
		what = what[:len(what)-1]
	}
	switch {
	case x.when:
		d.event(seating.EventBookingRescheduled, seating.SeverityInfo, b.ID, seating.EventPayload{Status: b.Status, Window: b.Window, What: strings.Join(what, ",")})
	case len(what) > 0:
		d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{Status: b.Status, Window: b.Window, What: strings.Join(what, ",")})
	}
}

// spelled is what a line of the history keeps of a booking: numbers and ids.
func spelled(b seating.Booking, tables []seating.TableID) map[string]any {
	return map[string]any{
		"covers": b.Covers, "date": b.Date, "time": b.Time, "start": b.Dining.Start, "end": b.Dining.End, "turnMinutes": b.Turn,
		"tables": append([]seating.TableID{}, tables...),
	}
}

// reschedule gives the booking its new time, number or stay, with tables that will
// do.
func (c ChangeBooking) reschedule(d *draft, e *house.Entry, x bookingEdit) (Result, *seating.Error) {
	r, err := c.arrive(d, e, &x)
	if err != nil {
		return Result{}, err
	}
	arrival := planner.JudgeArrival(d.h, r)
	if err := verdict(arrival.Checks); err != nil {
		return Result{}, err
	}
	had := e.Tables()
	tables, checks, summary := had, arrival.Checks, (*seating.Summary)(nil)
	if len(had) > 0 {
		v, err := c.tables(d, e, r, x.b.Dining.Start)
		if err != nil {
			return Result{}, err
		}
		tables, checks, summary = v.Tables, v.Checks, &v.Summary
		if !slices.Equal(tables, had) {
			x.b.ChosenBy = seating.ChosenByPlanner
		}
	}
	d.endOwnHold(e, seating.EndReleased, "changed")
	if len(tables) > 0 {
		d.sweep(tables, planner.Remaining(x.b.Window, d.env.Now), e.ID)
		d.reseat(e, x.b.Window, tables)
	}
	d.overridden(bookingSubject(e.ID), c.Override, c.Note, checks)
	word := "changed"
	if x.when {
		word = "rescheduled"
	}
	x.record(d, e, word, tables)
	if len(tables) > 0 && (x.b.Window != e.Window || !slices.Equal(tables, had)) {
		d.synced(e.ID, x.b.Window, tables)
	}
	d.touches(e.ID, e.Window, had...)
	d.put(x.b, tables...)
	x.b.Version = d.version()
	result := d.stands(x.b, tables)
	result.Checks, result.Summary = checks, summary
	return result, nil
}

// arrive works out the new window and what is asked for it. The booking's own hold
// ends with the change, so it does not stand in the way, whoever has it.
func (c ChangeBooking) arrive(d *draft, e *house.Entry, x *bookingEdit) (planner.Request, *seating.Error) {
	a, err := c.arrival(d, e, x)
	if err != nil {
		return planner.Request{}, err
	}
	b, now := &x.b, d.env.Now
	sits := e.Status == seating.CheckedIn
	if sits && a.Dining.End <= now {
		if x.turn {
			return planner.Request{}, seating.Invalid("/turnMinutes", "the stay would have ended at %s; say one that ends after now", a.Dining.End)
		}
		a.Dining = e.Dining // a number is no reason to send a party away
	}
	b.Dining = a.Dining
	switch {
	case !sits:
		b.Window = servicetime.WithBuffers(a.Dining, d.h.Policy.BufferBefore, d.h.Policy.BufferAfter)
	case a.Dining.End > now:
		b.Window.End = a.Dining.End.Add(d.h.Policy.BufferAfter.Duration())
	}
	if b.Dining.Start != e.Dining.Start {
		b.LateAt = 0
	}
	if b.ServiceDate != e.ServiceDate { // who was here today has not come on the other day
		b.ArrivedAt, b.CheckedInAt = 0, 0
	}
	if b.Window.End > now {
		b.OverstayAt = 0
	}
	r := planner.RequestFor(&house.Entry{Booking: *b}, d.env.Actor.Principal, now)
	if e.Hold != nil {
		r.Principal = e.Hold.CreatedBy
	}
	r.Override = c.Override
	if sits {
		r.Sits = true
		r.Window.Start = min(max(r.Window.Start, now), r.Window.End) // past its end nothing is left to meet
		return r, nil
	}
	r.Arrival = &a
	return r, nil
}

// arrival is the start with the stay from it. A start that is not changed stays the
// instant that it is, and its stay is that of its own service; when that has gone
// from the calendar, the length of the stay stays too (P06).
func (c ChangeBooking) arrival(d *draft, e *house.Entry, x *bookingEdit) (planner.Arrival, *seating.Error) {
	b := &x.b
	if x.when {
		a, date, err := chosen{
			Date: b.Date, Time: b.Time, Offset: c.Offset, Covers: b.Covers, Turn: b.Turn, Override: c.Override,
		}.resolve(d)
		b.ServiceDate, a.Unpaced = date, b.Status == seating.Waitlisted
		return a, err
	}
	service, open := d.h.Calendar.During(e.Dining.Start)
	a := planner.Arrival{Service: service, Stands: true, Unpaced: b.Status == seating.Waitlisted || b.Covers <= e.Covers}
	if !open {
		a.Err = servicetime.ErrOutside
	}
	switch {
	case b.Turn != 0:
		a.Dining = servicetime.Dining(e.Dining.Start, b.Turn)
	case open:
		a.Dining = servicetime.Dining(e.Dining.Start, service.Period.Turn(b.Covers))
	case x.turn:
		return a, seating.Invalid("/turnMinutes", "there is no service at its start any more; say how long the party stays")
	default:
		a.Dining = e.Dining
	}
	return a, nil
}

// tables judges the tables that the booking has, or finds others, for what is
// asked. What a person chose, and what a party sits at, is kept unless the command
// says otherwise.
func (c ChangeBooking) tables(d *draft, e *house.Entry, r planner.Request, start servicetime.Instant) (planner.Verdict, *seating.Error) {
	mode := c.Tables
	over := r.Sits && r.Window.Empty() // there is no time left to sit anywhere else
	if over || mode == "" && (r.Sits || e.ChosenBy != seating.ChosenByPlanner) {
		mode = KeepTables
	}
	tables := e.Tables()
	if mode != KeepTables {
		best, found, truncated := planner.Replan(d.h, r, tables)
		if !found {
			var choices []seating.Choice
			if r.Arrival != nil {
				choices = planner.Alternatives(d.h, r, wanted(c.Turn, e.Turn))
			}
			return planner.Verdict{}, d.noTable(noTable(truncated, choices), r.Covers, max(start, r.Window.Start))
		}
		tables = best.Tables
	}
	v := planner.Judge(d.h, r, tables)
	return v, verdict(v.Checks)
}

// stands is the answer that the booking is as it is.
func (d *draft) stands(b seating.Booking, tables []seating.TableID) Result {
	r := d.seated(b, tables)
	if len(tables) == 0 || b.Status.Ended() { // what it had is the past
		r.Assignment = nil
	}
	return r
}
