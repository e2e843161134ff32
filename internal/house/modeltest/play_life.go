package modeltest

import (
	"slices"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// drawLife picks a step of a booking's life, or lets a while pass.
func (g *game) drawLife(who seating.Actor) (decide.Command, seating.Code) {
	corrects := who.Can(seating.CapCorrect)
	one := func(states ...seating.Status) (int, seating.BookingID) {
		n := g.likely(states)
		return n, housetest.Booking(n)
	}
	switch kind := evenly(g.t, 100, "step"); {
	case kind < 7:
		n, of := one(seating.Pending, seating.Confirmed)
		return decide.Arrive{Booking: of}, g.m.arrive(n)
	case kind < 23:
		n, of := one(seating.Confirmed)
		return decide.CheckIn{Booking: of}, g.m.checkIn(n)
	case kind < 29:
		n, of := one(seating.CheckedIn)
		return decide.UndoCheckIn{Booking: of}, g.m.undoCheckIn(n, corrects)
	case kind < 36:
		n, of := one(seating.CheckedIn)
		return decide.CheckOut{Booking: of}, g.m.checkOut(n)
	case kind < 43:
		n, of := one(seating.Completed)
		return decide.Reopen{Booking: of}, g.m.reopen(n)
	case kind < 49:
		n, of := one(seating.Confirmed, seating.CheckedIn)
		return decide.MarkNoShow{Booking: of}, g.m.noShow(n, corrects)
	case kind < 57:
		n, of := one(seating.NoShow)
		return decide.UndoNoShow{Booking: of}, g.m.undoNoShow(n, corrects)
	case kind < 62:
		n, of := one(seating.Cancelled)
		return decide.Reinstate{Booking: of}, g.m.reinstate(n)
	case kind < 66:
		n, of := one(seating.Pending, seating.Confirmed, seating.Waitlisted)
		p, q := evenly(g.t, 12, "priority")-1, []int{0, 25, 600, 601}[evenly(g.t, 4, "quoted")]
		return decide.Wait{Booking: of, Priority: p, Quoted: servicetime.Minutes(q)}, g.m.wait(n, p, q)
	case kind < 69:
		n, of := one(seating.Waitlisted)
		return decide.Unwait{Booking: of}, g.m.unwait(n)
	case kind < 73:
		n, of := one(seating.Waitlisted)
		ts := selections[evenly(g.t, len(selections), "tables")]
		return decide.Assign{Booking: of, Tables: housetest.Tables(ts...), Transition: decide.ToCheckedIn}, g.m.assign(n, who.Principal, ts, "checked_in")
	case kind < 79:
		n, of := one(seating.Pending, seating.Confirmed)
		g.job = true
		return decide.MarkLate{Booking: of}, g.m.markLate(n)
	case kind < 84:
		n, of := one(seating.CheckedIn)
		g.job = true
		return decide.MarkOverstay{Booking: of}, g.m.markOverstay(n)
	case kind < 86:
		g.job = true
		var n int
		for _, b := range g.m.bookings {
			if b.until != 0 && b.until <= g.m.now || n == 0 {
				n = b.n
			}
		}
		return decide.ExpirePending{Booking: housetest.Booking(n)}, g.m.expirePending(n)
	default:
		g.until(g.m.now.Add(minutes(1 + evenly(g.t, 45, "minutes"))))
		return nil, granted
	}
}

// likely picks a booking, every other time one of those in the states, where the
// step at hand leads somewhere.
func (g *game) likely(states []seating.Status) int {
	var there []int
	for _, b := range g.m.bookings {
		if slices.Contains(states, b.status) {
			there = append(there, b.n)
		}
	}
	if len(there) > 0 && evenly(g.t, 2, "where it leads somewhere") == 0 {
		return there[evenly(g.t, len(there), "booking")]
	}
	return g.anyBooking()
}

// compareLife looks at what is remembered of a booking's life.
func compareLife(e *house.Entry, b *mBooking, fail func(string, ...any)) {
	for what, pair := range map[string][2]servicetime.Instant{
		"dines": {e.Dining.Start, b.dines}, "arrived": {e.ArrivedAt, b.arrived}, "checked in": {e.CheckedInAt, b.seatedAt}, "ended": {e.EndedAt, b.overAt},
		"leaves": {e.Dining.End, b.leaves}, "late": {e.LateAt, b.late}, "overstays": {e.OverstayAt, b.overstay}, "planned": {e.PlannedStart, b.planned}, "pending until": {e.PendingUntil, b.until},
	} {
		if pair[0] != pair[1] {
			fail("booking %d: %s %v, want %v", b.n, what, pair[0], pair[1])
		}
	}
	if auto := e.ChosenBy == seating.ChosenByPlanner; auto != b.auto || e.ServiceDate != date(b.day) {
		fail("booking %d of %s has tables that the engine chose: %v; want %v, %s", b.n, e.ServiceDate, auto, b.auto, date(b.day))
	}
	if b.wish != 0 && e.ZoneWish != zoneID(b.wish) || b.wish == 0 && !e.ZoneWish.IsZero() {
		fail("booking %d wishes for zone %v, want %d", b.n, e.ZoneWish, b.wish)
	}
	if !slices.Equal(e.Left, housetest.Tables(b.left...)) || e.Priority != b.priority || int(e.Quoted) != b.quoted {
		fail("booking %d left %v with place %d, quoted %d, want %v, %d, %d", b.n, e.Left, e.Priority, e.Quoted, b.left, b.priority, b.quoted)
	}
}

// remembered demands of every booking what must be so whatever was done to it.
func remembered(h *house.House, fail func(string, ...any)) {
	for e := range h.Bookings() {
		sits := e.Status == seating.CheckedIn
		reach := false
		for _, a := range e.Allocations {
			reach = reach || a.Window.End == e.Window.End
			switch {
			case a.Window.Empty() || !a.Window.Within(e.Window):
				fail("booking %s sits at %v, its window is %v", e.Reference, a.Window, e.Window)
			case e.Status.Ended() && a.Window.End > e.EndedAt:
				fail("booking %s ended at %v and sits until %v", e.Reference, e.EndedAt, a.Window.End)
			case !e.Status.Ended() && !sits && a.Window.End != e.Window.End:
				fail("booking %s is %s and sits until %v, its window is %v", e.Reference, e.Status, a.Window.End, e.Window)
			}
		}
		switch {
		case (sits || e.Status == seating.Confirmed) && !reach:
			fail("booking %s is %s and has no table to the end", e.Reference, e.Status)
		case e.Status == seating.Waitlisted && len(e.Allocations) > 0:
			fail("booking %s waits and has %v", e.Reference, e.Allocations)
		case e.Hold != nil && (e.Status.Ended() || !e.Hold.Window.Within(e.Window)):
			fail("booking %s, %s, window %v, holds tables for %v", e.Reference, e.Status, e.Window, e.Hold.Window)
		}
	}
}
