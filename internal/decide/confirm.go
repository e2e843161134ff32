package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (ConfirmHold) Name() string { return "confirm" }

// decide turns the hold's rows into the booking's: there is no instant at which
// the tables are free, and never other tables than the ones held (C14).
func (c ConfirmHold) decide(d *draft) (Result, *seating.Error) {
	if e := d.confirmedBefore(c.Hold); e != nil {
		return d.seated(e.Booking, e.Tables()), nil
	}
	e, err := d.hold(c.Hold)
	if err != nil {
		return Result{}, err
	}
	if err := d.mine(e.Hold); err != nil {
		return Result{}, err
	}
	tables := e.Hold.Tables()
	to, err := d.target(e, c.Transition)
	if err != nil {
		return Result{}, err
	}
	if err := d.fresh(e.ID, tables); err != nil {
		return Result{}, err
	}
	r := planner.RequestFor(e, e.Hold.CreatedBy, d.env.Now)
	r.RequireAdjacency, r.Override = e.Hold.RequireAdjacency, e.Hold.Override
	r.Window = planner.Remaining(e.Hold.Window, d.env.Now) // what it kept everybody out of, and no more
	v := planner.Judge(d.h, r, tables)
	if err := d.drift(e, v); err != nil {
		return Result{}, err
	}

	d.guards = append(d.guards, house.Guard{Kind: house.GuardHoldLive, Hold: e.Hold.ID})
	b := e.Booking
	var early *seating.Check
	if to == seating.CheckedIn {
		// A party that sits keeps its past; what it gets starts now, not with the
		// hold's rows.
		left := r.Window
		var moved bool
		if moved, early = d.seatEarly(&b, tables); moved {
			left = b.Window
		}
		d.seatAt(e, left, tables)
		d.rows.DropAllocations = append(d.rows.DropAllocations, e.Hold.Allocations...)
	} else {
		d.rows.DropAllocations = append(d.rows.DropAllocations, e.Allocations...)
		d.rows.Reown = append(d.rows.Reown, e.Hold.ID)
	}
	d.endHold(e, seating.EndConfirmed, "")
	result := d.assigned(e, b, tables, to, seating.ChosenByPerson)
	result.Checks = beside(nil, early)
	return result, nil
}

// confirmedBefore finds the booking that the hold was confirmed for, when that is
// still so and the actor might have confirmed it; nil otherwise.
func (d *draft) confirmedBefore(id seating.HoldID) *house.Entry {
	ended, ok := d.env.Facts.Ended[id]
	if !ok || ended.How != seating.EndConfirmed || d.mine(&house.HoldEntry{Hold: ended.Hold}) != nil {
		return nil
	}
	e := d.h.Booking(ended.Booking)
	if e == nil || e.Status.Ended() || len(e.Tables()) == 0 {
		return nil
	}
	return e
}

// drift says why a held selection that was legal no longer is: a table gone or
// out of service, floor or policy changed since the hold, or time has passed.
// Conflicts cannot be: the hold kept everybody out.
func (d *draft) drift(e *house.Entry, v planner.Verdict) *seating.Error {
	first := seating.FirstError(v.Checks)
	if first == nil {
		return nil
	}
	var err *seating.Error
	switch {
	case first.Code == seating.CodeTableNotFound || first.ID == seating.CheckAvailable:
		err = seating.Refuse(seating.CodeTableDrift, "%s", first.Message)
		err.Details.Tables = first.Tables
	case first.ID == seating.CheckConflict || first.ID == seating.CheckHolds:
		return seating.Bug("confirm hold %s: %s", e.Hold.ID, first.Message)
	case first.ID != seating.CheckService && first.ID != seating.CheckOccupied &&
		max(d.h.Revisions.Floor, d.h.Revisions.Policy) > e.Hold.Made:
		err = seating.Refuse(seating.CodePolicyDrift, "Since the hold the rules have changed. %s", first.Message)
	default:
		return verdict(v.Checks)
	}
	err.Details.Cause = first.ID
	err.Details.Checks = v.Checks
	err.Details.Blockers = first.Blockers
	return err
}

// assigned puts the booking with its new tables and state, and makes the answer.
func (d *draft) assigned(e *house.Entry, b seating.Booking, tables []seating.TableID, to seating.Status, by seating.ChosenBy) Result {
	b.ChosenBy = by
	before := e.Tables()
	d.line(bookingSubject(b.ID), "", "assigned", "", fromTo(before, tables))
	d.synced(b.ID, b.Window, tables)
	if to != b.Status {
		d.becomes(&b, to, "")
	}
	d.put(b, slices.Concat(before, tables)...)
	b.Version = d.version()
	return d.seated(b, tables)
}

// seated is the answer that a booking has tables.
func (d *draft) seated(b seating.Booking, tables []seating.TableID) Result {
	return Result{
		Booking:    &Booking{Booking: b, Tables: tables},
		Assignment: &Assignment{Booking: b.ID, Tables: tables, Window: b.Window, Combined: len(tables) > 1},
	}
}
