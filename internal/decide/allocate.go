package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func bookingAllocation(id seating.BookingID, table seating.TableID, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: table, Window: w, Kind: seating.OwnedByBooking, Owner: seating.AnyID(id), Claimant: seating.AnyID(id)}
}

func holdAllocation(id seating.HoldID, booking seating.BookingID, table seating.TableID, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: table, Window: w, Kind: seating.OwnedByHold, Owner: seating.AnyID(id), Claimant: seating.AnyID(booking)}
}

// seatAt gives the booking exactly the tables for what is left of its window. A
// checked-in party's past stays where it was: its old tables end now, new ones
// start now. Before check-in a table that is left was never used and goes whole.
// Source: docs/domain.md, time.
func (d *draft) seatAt(e *house.Entry, left servicetime.Window, tables []seating.TableID) {
	early := left.Start < e.Window.Start // every row begins anew
	var want []seating.Allocation
	has := map[seating.TableID]bool{}
	for _, a := range e.Allocations {
		if slices.Contains(tables, a.Table) && a.Window.End == left.End && !early {
			want = append(want, a)
			has[a.Table] = true
		}
	}
	if e.Status == seating.CheckedIn {
		want = append(want, d.past(e, left, tables, has)...)
	}
	for _, t := range tables {
		if !has[t] {
			want = append(want, bookingAllocation(e.ID, t, left))
		}
	}
	d.replace(e.Allocations, want)
}

// past are the rows that a party that sits leaves behind; has are those of the
// tables that it keeps. A party past its end leaves a table the moment before: the
// tables whose rows reach the window's end are the ones it sits at.
func (d *draft) past(e *house.Entry, left servicetime.Window, tables []seating.TableID, has map[seating.TableID]bool) []seating.Allocation {
	stays := len(has) == len(tables) // nothing begins, so what was over before stays as it was
	var rows []seating.Allocation
	for _, a := range e.Allocations {
		sits := a.Window.End == left.End
		if sits && has[a.Table] {
			continue
		}
		if sits || !stays {
			if a.Window.Start >= d.env.Now {
				continue
			}
			a.Window.End = min(a.Window.End, max(d.env.Now, left.Start), left.End-1)
		}
		if slices.Contains(tables, a.Table) && !has[a.Table] { // it comes back
			a.Window.End = min(a.Window.End, left.Start)
		}
		if !a.Window.Empty() {
			rows = append(rows, a)
		}
	}
	return rows
}

// truncate ends the booking's occupancy now; what lies in the past stays. It
// returns the tables that the booking is still shown with: those of its past.
func (d *draft) truncate(e *house.Entry) []seating.TableID {
	var want []seating.Allocation
	for _, a := range e.Allocations {
		if a.Window.Start < d.env.Now {
			a.Window.End = min(a.Window.End, d.env.Now)
			want = append(want, a)
		}
	}
	d.replace(e.Allocations, want)
	return (&house.Entry{Allocations: want}).Tables()
}

// replace drops and puts what differs between two lists of allocations.
func (d *draft) replace(have, want []seating.Allocation) {
	for _, a := range have {
		if !slices.Contains(want, a) {
			d.rows.DropAllocations = append(d.rows.DropAllocations, a)
		}
	}
	for _, a := range want {
		if !slices.Contains(have, a) {
			d.rows.PutAllocations = append(d.rows.PutAllocations, a)
		}
	}
}

// endHold records the end of a booking's hold and frees its tables, unless they
// are re-owned. A lapse is guarded by the database's clock and touches nothing;
// any other end touches the tables.
func (d *draft) endHold(e *house.Entry, how seating.HoldEnd, reason string) {
	hold := e.Hold
	tables := hold.Tables()
	by := d.env.Actor.Principal
	if how == seating.EndExpired {
		by = seating.System().Principal
		d.guards = append(d.guards, house.Guard{Kind: house.GuardHoldLapsed, Hold: hold.ID})
	} else {
		d.touches(e.ID, hold.Window, tables...)
	}
	if how != seating.EndConfirmed {
		d.rows.DropAllocations = append(d.rows.DropAllocations, hold.Allocations...)
	}
	d.rows.EndHolds = append(d.rows.EndHolds, seating.EndedHold{Hold: hold.Hold, Tables: tables, How: how, EndedAt: d.at, EndedBy: by})
	d.changes(seating.AspectHolds)
	d.due.Drop = append(d.due.Drop, house.DueRow{Subject: holdSubject(hold.ID), Kind: house.DueHoldExpiry})
	d.line(bookingSubject(e.ID), "hold_live", "hold_"+string(how), reason, detail(map[string]any{"hold": hold.ID, "tables": tables}))
	d.event(holdEvents[how], seating.SeverityInfo, e.ID, seating.EventPayload{Hold: hold.ID, Tables: tables, Window: hold.Window, ExpiresAt: hold.ExpiresAt, Reason: reason})
}

var holdEvents = map[seating.HoldEnd]seating.EventType{
	seating.EndReleased:   seating.EventHoldReleased,
	seating.EndExpired:    seating.EventHoldExpired,
	seating.EndSuperseded: seating.EventHoldSuperseded,
	seating.EndConfirmed:  seating.EventHoldConfirmed,
}

// endOwnHold ends the booking's hold, whoever has it: expired when it has
// lapsed, else as how says.
func (d *draft) endOwnHold(e *house.Entry, how seating.HoldEnd, reason string) {
	switch {
	case e.Hold == nil:
	case e.Hold.Live(d.env.Now):
		d.endHold(e, how, reason)
	default:
		d.endHold(e, seating.EndExpired, "")
	}
}

// sweep ends the lapsed holds of other bookings that still have rows on the
// tables: a lapsed hold never blocks.
func (d *draft) sweep(tables []seating.TableID, w servicetime.Window, except ...seating.BookingID) {
	for _, t := range tables {
		for slot := range d.h.Occupancy(t, w) {
			if slot.Kind != seating.OwnedByHold || slot.Entry.Hold.Live(d.env.Now) ||
				slices.Contains(except, slot.Entry.ID) || d.ends(slot.Entry.Hold.ID) {
				continue
			}
			d.endHold(slot.Entry, seating.EndExpired, "")
		}
	}
}

// ends reports whether the draft has ended the hold already.
func (d *draft) ends(id seating.HoldID) bool {
	return slices.ContainsFunc(d.rows.EndHolds, func(e seating.EndedHold) bool { return e.ID == id })
}

// synced records that the booking's tables are now these.
func (d *draft) synced(id seating.BookingID, w servicetime.Window, tables []seating.TableID) {
	d.event(seating.EventAssignmentSync, seating.SeverityInfo, id, seating.EventPayload{Tables: tables, Window: w, Combined: len(tables) > 1})
}

// cleared records that the booking has no tables any more.
func (d *draft) cleared(id seating.BookingID, w servicetime.Window, tables []seating.TableID, reason string) {
	d.event(seating.EventAssignmentCleared, seating.SeverityInfo, id, seating.EventPayload{Tables: tables, Window: w, Reason: reason})
}
