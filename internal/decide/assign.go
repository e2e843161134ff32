package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (Assign) Name() string { return "assign" }

// decide seats the booking at exactly these tables, or moves it there, in one
// change. The booking's own hold ends with it; another principal's stands in the
// way.
func (c Assign) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if err := d.override(c.Override, c.Note); err != nil {
		return Result{}, err
	}
	to, err := d.target(e, c.Transition)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.Waitlisted && to == seating.CheckedIn {
		e = d.fromNow(e)
	}
	r := planner.RequestFor(e, d.env.Actor.Principal, d.env.Now)
	r.Override = c.Override
	v := planner.Judge(d.h, r, c.Tables)
	if slices.Equal(asked(c.Tables), e.Tables()) && to == e.Status && len(c.Tables) > 0 && (e.Hold == nil || !e.Hold.Live(d.env.Now)) {
		return d.seated(e.Booking, e.Tables()), nil // it sits there already
	}
	if err := d.fresh(c.Booking, c.Tables); err != nil {
		return Result{}, err
	}
	if err := verdict(v.Checks); err != nil {
		return Result{}, err
	}
	b := e.Booking
	var early *seating.Check
	if to == seating.CheckedIn {
		_, early = d.seatEarly(&b, v.Tables)
	}
	d.endOwnHold(e, seating.EndSuperseded, "assigned")
	left := planner.Remaining(b.Window, d.env.Now)
	d.sweep(v.Tables, left, e.ID)
	d.seatAt(e, left, v.Tables)
	d.overridden(bookingSubject(e.ID), c.Override, c.Note, v.Checks)
	result := d.assigned(e, b, v.Tables, to, seating.ChosenByPerson)
	result.Checks, result.Summary = beside(v.Checks, early), &v.Summary
	return result, nil
}

// asked are the tables that were named, each once: also one that is not there any
// more, so that a selection with it is never taken for the rest of it.
func asked(tables []seating.TableID) []seating.TableID {
	ids := slices.Clone(tables)
	slices.SortFunc(ids, seating.TableID.Compare)
	return slices.Compact(ids)
}

// fromNow is a waiting party whose time to dine has begun: it has its whole stay
// from the moment it sits down. Source: docs/domain.md, waitlist.
func (d *draft) fromNow(e *house.Entry) *house.Entry {
	waited := d.env.Now.Sub(e.Dining.Start)
	if waited <= 0 {
		return e
	}
	late := *e
	for _, w := range []*servicetime.Window{&late.Dining, &late.Window} {
		w.Start, w.End = w.Start.Add(waited), w.End.Add(waited)
	}
	return &late
}

// Name implements Command.
func (Unassign) Name() string { return "unassign" }

// decide takes one table or all from a booking. Taking what it does not have
// does nothing (D07). A confirmed booking that loses its last table is pending
// again; a checked-in one keeps its last table.
func (c Unassign) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status.Ended() {
		return Result{}, wrongState(e, "Its tables are history.")
	}
	have := e.Tables()
	left := slices.DeleteFunc(slices.Clone(have), func(t seating.TableID) bool { return c.Table.IsZero() || t == c.Table })
	if len(left) == len(have) {
		return d.seated(e.Booking, have), nil
	}
	if err := d.fresh(c.Booking, have); err != nil {
		return Result{}, err
	}
	if len(left) == 0 && e.Status == seating.CheckedIn {
		return Result{}, wrongState(e, "A party that sits keeps its last table; move it or check it out.")
	}
	b := e.Booking
	d.seatAt(e, planner.Remaining(b.Window, d.env.Now), left)
	d.line(bookingSubject(b.ID), "", "unassigned", "", fromTo(have, left))
	if len(left) > 0 {
		d.synced(b.ID, b.Window, left)
	} else {
		b.ChosenBy = ""
		d.cleared(b.ID, b.Window, have, "unassigned")
		if b.Status == seating.Confirmed {
			d.becomes(&b, seating.Pending, "unassigned")
		}
	}
	d.put(b, have...)
	b.Version = d.version()
	return d.seated(b, left), nil
}
