package decide_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// soldOnce demands that no two claimants have a table at the same time.
func (s *stage) soldOnce() {
	s.t.Helper()
	for _, t := range s.h.Floor.Tables() {
		var seen []seating.Allocation
		for slot := range s.h.From(t.ID, 0) {
			for _, a := range seen {
				if a.Claimant != slot.Claimant && a.Window.Overlaps(slot.Window) {
					s.t.Errorf("%s is sold twice: %v and %v", t.Number, a, slot.Allocation)
				}
			}
			seen = append(seen, slot.Allocation)
		}
	}
}

var serviceAside = &seating.Override{Checks: []seating.CheckID{seating.CheckService}, Reason: "late"}

// TestConfirm_WindowThatIsOver: a hold that sets service aside confirms after the
// window's end for what it held, and for nothing before it.
func TestConfirm_WindowThatIsOver(t *testing.T) {
	for _, transition := range []decide.Transition{decide.ToConfirmed, decide.ToCheckedIn} {
		s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "18:50", 1) }) // until 20:10
		s.now = housetest.At("20:15")
		c := hold(1, 1, 1)
		c.Override, c.TTL = serviceAside, 600
		s.ok(cleo, c)
		s.now = housetest.At("20:21")
		s.ok(cleo, confirm(1, transition))
		s.row(1, 1, housetest.Window("20:15", "20:20"))
		s.soldOnce()
	}
}

// TestConfirm_ClockGoesBack: what is confirmed is what was held, also when the
// database's clock has gone back behind the hold.
func TestConfirm_ClockGoesBack(t *testing.T) {
	for _, transition := range []decide.Transition{decide.ToConfirmed, decide.ToCheckedIn} {
		s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "18:10", 1) }) // until 19:30
		s.now = housetest.At("19:30")
		s.ok(anna, hold(1, 1, 1))
		s.now = housetest.At("19:29")
		s.ok(anna, confirm(1, transition))
		s.row(1, 1, housetest.Window("19:30", "20:20"))
		s.soldOnce()
	}
}

// TestUnassign_ClockGoesBack: a table that stays is not claimed anew for a time
// at which somebody else had it.
func TestUnassign_ClockGoesBack(t *testing.T) {
	s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "18:10", 1) })
	s.now = housetest.At("19:30")
	s.ok(anna, assign(1, 1, 2))
	s.now = housetest.At("19:25")
	s.ok(anna, unassign(1, 2))
	s.row(1, 1, housetest.Window("19:30", "20:20"))
	s.soldOnce()
}

func TestSwap_ClockGoesBack(t *testing.T) {
	s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "18:10", 1) })
	s.now = housetest.At("19:30")
	s.ok(anna, assign(1, 1))
	s.now = housetest.At("19:25")
	s.ok(anna, decide.Swap{A: housetest.Booking(9), B: housetest.Booking(1)})
	s.soldOnce()
}

// TestEarlyCheckIn_BesideAnOverstay: a table at which a party still sits is not
// free until the window.
func TestEarlyCheckIn_BesideAnOverstay(t *testing.T) {
	in := func(s *stage) {
		s.ok(anna, decide.Assign{Booking: housetest.Booking(4), Tables: housetest.Tables(1), Transition: decide.ToCheckedIn})
	}
	stay := func(s *house.State) { housetest.Party(s, 9, 4, "17:30", 1) } // until 18:50
	s := evening(t, stay)
	s.now = housetest.At("18:00")
	s.checkIn(9, 1)
	s.now = housetest.At("19:00")
	in(s)
	s.row(4, 1, housetest.Window("20:30", "21:50"))

	s = evening(t, stay) // never came: the table is free
	s.now = housetest.At("19:00")
	in(s)
	s.row(4, 1, housetest.Window("19:00", "21:50"))
}

// TestG03_SaveFromTheFuture: a version that the restaurant has not reached was
// seen in another past, and is no ground to save on.
func TestG03_SaveFromTheFuture(t *testing.T) {
	s := evening(t, nil)
	policy := setting(s.h.Policy, func(p *seating.Policy) { p.SlackBudget = 5 })
	for _, cmd := range []decide.Command{s.plan(without(8)), decide.PutPolicy{Policy: policy}} {
		env := s.env(cleo)
		env.IfMatch, env.TooOld = &seating.Version{Epoch: s.h.Epoch, N: s.h.Version + 1}, true
		if d := decide.Decide(s.h, cmd, env); !stale(d) || d.Refusal.Details.Reason != "too_old" {
			t.Errorf("%s ahead of the current version = %v, want STALE_CONTEXT too_old", cmd.Name(), d.Refusal)
		}
	}
}

// TestImport_WhatNoRowCanBe: what the database would refuse is refused by name,
// before anything is written.
func TestImport_WhatNoRowCanBe(t *testing.T) {
	for want, set := range map[string]func(*decide.Imported){
		"/source":            func(in *decide.Imported) { in.Booking.Source = "fax" },
		"/seatingPreference": func(in *decide.Imported) { in.Booking.SeatingWish = "hammock" },
		"/chosenBy":          func(in *decide.Imported) { in.Booking.ChosenBy = "chance" },
		"/turnMinutes":       func(in *decide.Imported) { in.Booking.Turn = servicetime.MaxTurn + 1 },
		"/createdBy":         func(in *decide.Imported) { in.Booking.CreatedBy = strings.Repeat("x", 201) },
		"/tableIds":          func(in *decide.Imported) { in.Booking.Status = seating.Waitlisted },
	} {
		in := imported(20, seating.Confirmed, "12:00", 1)
		set(&in)
		evening(t, nil).fields(seating.Operator(), imports(in), "/bookings/0"+want)
	}
}

// TestImport_EndInTheFuture: a booking that is over cannot end later than now:
// its day may be closed, and its tables would be taken by nobody who is known.
func TestImport_EndInTheFuture(t *testing.T) {
	s := evening(t, nil)
	in := imported(20, seating.Completed, "17:00", 1)
	in.Booking.EndedAt = s.now + 1
	s.fields(seating.Operator(), imports(in), "/bookings/0/endedAt")
	in.Booking.EndedAt = s.now
	s.ok(seating.Operator(), imports(in))
}

// TestImport_EarlyCheckIn: what an early check-in made of a window comes back.
func TestImport_EarlyCheckIn(t *testing.T) {
	in := imported(20, seating.CheckedIn, "19:00", 1)
	in.Booking.Window.Start = in.Booking.Dining.Start.Add(-20 * time.Hour)
	s := evening(t, nil)
	s.ok(seating.Operator(), imports(in))
	in = imported(21, seating.Confirmed, "19:00", 2)
	in.Booking.Window.Start = in.Booking.Dining.Start.Add(-20 * time.Hour)
	s.fields(seating.Operator(), imports(in), "/bookings/0/window")
}

// TestAssign_BackPastItsEnd: a party that moved away and came back is recorded at
// its first table once, also past its end.
func TestAssign_BackPastItsEnd(t *testing.T) {
	s := evening(t, nil)
	s.now = housetest.At("19:00")
	s.checkIn(1, 1)
	s.now = housetest.At("19:30")
	s.ok(anna, assign(1, 2))
	s.now = housetest.At("20:30")
	c := assign(1, 1)
	c.Override = serviceAside
	s.ok(cleo, c)
	s.sits(1, seating.CheckedIn, 1)
	s.row(1, 1, housetest.Window("19:00", "20:20"))
}

// TestMove_ClockGoesBack: a party that moved, and moves or leaves a table again
// when the clock has gone back, has a table all the time and none twice.
func TestMove_ClockGoesBack(t *testing.T) {
	for _, c := range []decide.Command{unassign(1, 3), assign(1, 1), assign(1, 2), assign(1, 4), assign(1, 2, 1)} {
		for _, back := range []string{"19:25", "19:00", "18:30"} {
			s := evening(t, func(s *house.State) { s.Bookings, s.Allocations = nil, nil; housetest.Party(s, 1, 4, "19:00") })
			s.now = housetest.At("19:00")
			s.checkIn(1, 1)
			s.now = housetest.At("19:30")
			s.ok(anna, assign(1, 2, 3))
			s.now = housetest.At(back)
			s.ok(anna, c)
			s.soldOnce()
			seated := housetest.At("19:00")
			rows := slices.SortedFunc(slices.Values(s.entry(1).Allocations), func(a, b seating.Allocation) int { return cmp.Compare(a.Window.Start, b.Window.Start) })
			for i, a := range rows {
				if a.Window.Start > seated {
					t.Errorf("%s %+v at %s: no table from %s to %s", c.Name(), c, back, seated, a.Window.Start)
				}
				seated = max(seated, a.Window.End)
				for _, o := range rows[:i] {
					if o.Table == a.Table && o.Window.Overlaps(a.Window) {
						t.Errorf("%s %+v at %s: a table twice, %v and %v", c.Name(), c, back, o.Window, a.Window)
					}
				}
			}
		}
	}
}

// TestAssign_OfAPartyThatWaitsAtItsTable: one that was checked in early, at a table
// that was not free yet, and is moved to one that is, has it from now on: nobody
// else is seated there in the meantime.
func TestAssign_OfAPartyThatWaitsAtItsTable(t *testing.T) {
	for _, byHold := range []bool{false, true} {
		s := living(t, nil).at("18:50") // booking 9 has T1 from 19:00
		s.ok(anna, assign(4, 1))
		s.ok(anna, decide.CheckIn{Booking: nine})
		s.at("18:55").ok(anna, decide.CheckIn{Booking: housetest.Booking(4)}) // at 20:30
		s.row(4, 1, housetest.Window("20:30", "21:50"))
		s.at("18:57")
		if byHold {
			s.ok(anna, hold(1, 4, 2))
			s.ok(anna, confirm(1, ""))
		} else {
			s.ok(anna, assign(4, 2))
		}
		s.row(4, 2, housetest.Window("18:57", "21:50"))
		s.refused(anna, decide.WalkIn{ID: housetest.Booking(30), Covers: 2, Tables: housetest.Tables(2)}, seating.CodeAssignmentConflict)
		s.soldOnce()
		s.ok(anna, decide.UndoCheckIn{Booking: housetest.Booking(4)})
		s.row(4, 2, housetest.Window("20:30", "21:50"))
	}
}
