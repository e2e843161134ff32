package decide_test

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func assign(booking int, tables ...int) decide.Assign {
	return decide.Assign{Booking: housetest.Booking(booking), Tables: housetest.Tables(tables...)}
}

func unassign(booking int, table ...int) decide.Unassign {
	c := decide.Unassign{Booking: housetest.Booking(booking)}
	if len(table) > 0 {
		c.Table = housetest.Table(table[0])
	}
	return c
}

// checkIn seats booking n at the tables at once.
func (s *stage) checkIn(n int, tables ...int) {
	s.t.Helper()
	c := assign(n, tables...)
	c.Transition = decide.ToCheckedIn
	s.ok(anna, c)
}

func TestD01_TwoAssignsOfOneTable(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	err := s.refused(ben, assign(2, 1), seating.CodeAssignmentConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Booking != housetest.Booking(1) {
		t.Errorf("blockers = %+v, want booking 1", b)
	}
	s.ok(ben, assign(2, 2))
	s.ok(ben, assign(4, 1)) // 20:30 is after booking 1
}

func TestD02_AssignMeetsAHold(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	s.refused(ben, assign(2, 1), seating.CodeHoldConflict)
	s.refused(anna, assign(2, 1), seating.CodeHoldConflict) // her own, but for another booking
	s.ok(ben, assign(2, 2))
	s.ok(ben, unassign(2))
	s.now = r.Hold.ExpiresAt
	s.ok(ben, assign(2, 1)) // a lapsed hold blocks nobody
	if !slices.Contains(s.events(), seating.EventHoldExpired) {
		t.Errorf("events = %v, want the lapse recorded", s.events())
	}
}

func TestH26_AnothersHoldForTheBookingRefusesAnAssign(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.refused(ben, assign(1, 2), seating.CodeHoldConflict)
	s.ok(anna, assign(1, 2))
}

// TestH34: assigning past the own hold consumes it.
func TestH34_OwnHoldEndsWithTheAssignment(t *testing.T) {
	for name, table := range map[string]int{"the held table": 1, "another table": 2} {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			s.ok(anna, hold(1, 1, 1))
			s.ok(anna, assign(1, table))
			if e := s.entry(1); e.Hold != nil {
				t.Errorf("hold = %+v, want none", e.Hold)
			}
			if got := s.ended[housetest.Hold(1)].How; got != seating.EndSuperseded {
				t.Errorf("the hold ended %q, want superseded", got)
			}
			s.ok(ben, hold(2, 2, 3-table))
		})
	}
	s := evening(t, nil) // a refused one leaves it
	s.ok(anna, hold(1, 1, 1))
	s.refused(anna, assign(1, 4), seating.CodeAssignmentConflict)
	if s.entry(1).Hold == nil {
		t.Error("a refused assignment took the hold away")
	}
}

func TestD08_SameTablesAgainAfterUnassign(t *testing.T) {
	s := evening(t, nil)
	for range 3 {
		s.ok(anna, assign(1, 1))
		s.sits(1, seating.Confirmed, 1)
		if n := len(s.entry(1).Allocations); n != 1 {
			t.Fatalf("%d rows, want 1", n)
		}
		s.ok(anna, unassign(1))
		s.sits(1, seating.Pending)
	}
}

func TestD09_MoveOntoATakenTable(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	err := s.refused(anna, assign(1, 4), seating.CodeAssignmentConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Table.ID != housetest.Table(4) || b[0].Booking != housetest.Booking(3) {
		t.Errorf("blockers = %+v, want booking 3 at T4", b)
	}
	s.sits(1, seating.Confirmed, 1)
	s.ok(anna, assign(1, 3))
	s.sits(1, seating.Confirmed, 3)
}

func TestD11_WhatCannotMove(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	s.refused(anna, assign(1, 5), seating.CodeCapacityInsufficient)
	s.refused(anna, assign(99, 1), seating.CodeNotFound)
	s.ok(anna, assign(1, 2))
	for _, status := range []seating.Status{seating.Completed, seating.Cancelled, seating.NoShow} {
		s := evening(t, func(s *house.State) { s.Bookings[0].Status, s.Bookings[0].EndedAt = status, housetest.At("17:00") })
		for _, c := range []decide.Command{assign(1, 1), unassign(1), decide.Swap{A: housetest.Booking(1), B: housetest.Booking(3)}, decide.Swap{A: housetest.Booking(3), B: housetest.Booking(1)}} {
			if err := s.refused(anna, c, seating.CodeBookingState); err.Details.Status != status {
				t.Errorf("%s of a %s booking: currentStatus = %s", c.Name(), status, err.Details.Status)
			}
		}
	}
}

// TestD19: the booking's own rows are never in its way, also when it grows,
// shrinks and shifts over its own tables.
func TestD19_GrowingAndShiftingOverOwnTables(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8; s.Policy.SlackBudget = 8 })
	for _, tables := range [][]int{{1, 2}, {2, 3}, {1, 2, 3}, {2, 3}, {1, 2}, {6}, {1, 2, 3}} {
		s.ok(anna, assign(1, tables...))
		s.sits(1, seating.Confirmed, tables...)
		if n := len(s.entry(1).Allocations); n != len(tables) {
			t.Fatalf("at %v: %d rows, want %d", tables, n, len(tables))
		}
	}
	s.ok(anna, hold(1, 1, 2, 3)) // a hold over its own assignment
	s.ok(anna, confirm(1))
	s.sits(1, seating.Confirmed, 2, 3)
}

func TestAssign_RepeatedIsNothing(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	first := s.ok(anna, assign(1, 1, 2))
	for _, c := range []decide.Assign{assign(1, 1, 2), assign(1, 2, 1, 2)} {
		again := s.nothing(anna, c)
		if !slices.Equal(again.Assignment.Tables, first.Assignment.Tables) || again.Version != first.Version || !again.Assignment.Combined {
			t.Errorf("assign again = %+v at %v, want %+v at %v", again.Assignment, again.Version, first.Assignment, first.Version)
		}
	}
	c := assign(1, 1, 2)
	c.Transition = decide.ToCheckedIn
	s.ok(anna, c) // the same tables, another state
	s.nothing(anna, c)
	s.nothing(anna, assign(1, 1, 2))
	s.now = housetest.At("21:00")
	s.nothing(anna, assign(1, 1, 2)) // even when its time is over
}

// TestAssign_ATableThatIsGoneIsNoTable: naming the party's table and one that is not
// there any more is no repetition of what it has.
func TestAssign_ATableThatIsGoneIsNoTable(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	s.ok(cleo, s.plan(without(2)))
	s.refused(anna, assign(1, 1, 2), seating.CodeTableNotFound)
	s.nothing(anna, assign(1, 1, 1))
	s.sits(1, seating.Confirmed, 1)
}

func TestAssign_BeforeCheckInAMoveReplacesTheWholeWindow(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	s.row(1, 1, housetest.Window("19:00", "20:20"))
	s.ok(anna, assign(1, 2))
	s.row(1, 2, housetest.Window("19:00", "20:20"))
	s.now = housetest.At("19:10") // it is late
	s.ok(anna, assign(1, 1))
	if n := len(s.entry(1).Allocations); n != 1 {
		t.Errorf("%d rows, want 1: a table that was left was never used", n)
	}
	s.row(1, 1, housetest.Window("19:10", "20:20"))
}

func TestAssign_MovingASeatedPartyKeepsItsPast(t *testing.T) {
	s := evening(t, nil)
	s.now = housetest.At("19:00")
	s.checkIn(1, 1)
	s.now = housetest.At("19:30")
	s.ok(anna, assign(1, 2))
	s.row(1, 1, housetest.Window("19:00", "19:30"))
	s.row(1, 2, housetest.Window("19:30", "20:20"))
	s.ok(ben, assign(2, 1)) // T1 is free at that instant
	s.row(2, 1, housetest.Window("19:30", "20:20"))
	s.refused(anna, assign(1, 1), seating.CodeAssignmentConflict)
	s.ok(ben, unassign(2))
	s.now = housetest.At("19:40")
	s.ok(anna, assign(1, 1))
	s.row(1, 1, housetest.Window("19:40", "20:20"))
	s.sits(1, seating.CheckedIn, 1)
}

// TestAssign_JudgedForWhatIsLeft: who had the table before now does not matter.
func TestAssign_JudgedForWhatIsLeft(t *testing.T) {
	s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "18:00", 1) }) // until 19:20
	s.now = housetest.At("19:20") - 1
	s.refused(anna, assign(1, 1), seating.CodeAssignmentConflict)
	s.now = housetest.At("19:20")
	s.ok(anna, assign(1, 1))
	s.row(1, 1, housetest.Window("19:20", "20:20"))
	s.now = housetest.At("20:20") - 1
	s.ok(anna, assign(2, 2))
	s.now = housetest.At("20:20")
	s.refused(anna, assign(2, 3), seating.CodePast)
}

func TestD05_OneTableOfThree(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 12; s.Bookings[0].ZoneWish = housetest.Main })
	s.ok(anna, assign(1, 1, 2, 3))
	r := s.ok(anna, unassign(1, 2))
	s.sits(1, seating.Confirmed, 1, 3)
	if got := s.entry(1); got.ZoneWish != housetest.Main || len(got.Allocations) != 2 || got.ChosenBy != seating.ChosenByPerson {
		t.Errorf("booking = %+v, want two rows, zone and chooser kept", got)
	}
	if len(s.last.Rows.DropAllocations) != 1 || len(s.last.Rows.PutAllocations) != 0 || s.last.Rows.DropAllocations[0].Table != housetest.Table(2) {
		t.Errorf("rows = %+v, want exactly T2's dropped", s.last.Rows)
	}
	if !slices.Equal(r.Assignment.Tables, housetest.Tables(1, 3)) || !slices.Equal(s.events(), []seating.EventType{seating.EventAssignmentSync}) {
		t.Errorf("answer %v, events %v, want T1+T3 and a sync", r.Assignment.Tables, s.events())
	}
	s.ok(ben, assign(2, 2))
}

func TestD06_LastTable(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.ok(anna, assign(1, 1, 2))
	s.ok(anna, unassign(1, 1))
	s.ok(anna, unassign(1, 2))
	s.sits(1, seating.Pending)
	if e := s.entry(1); len(e.Allocations) != 0 || e.ChosenBy != "" {
		t.Errorf("booking = %+v, want no rows, chosen by nobody", e)
	}
	if want := []seating.EventType{seating.EventAssignmentCleared, seating.EventBookingChanged}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	s.ok(anna, assign(1, 1, 2))
	s.ok(anna, unassign(1)) // all at once
	s.sits(1, seating.Pending)
}

func TestD07_TakingWhatItDoesNotHave(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	for _, table := range []int{2, 4, 99} { // free, another's, unknown
		s.nothing(anna, unassign(1, table))
		s.sits(1, seating.Confirmed, 1)
		s.sits(3, seating.Confirmed, 4)
	}
	s.nothing(anna, unassign(2))
	s.refused(anna, unassign(99, 1), seating.CodeNotFound)
	s.ok(anna, unassign(1, 1))
}

func TestUnassign_ASeatedPartyKeepsItsLastTable(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.now = housetest.At("19:00")
	s.checkIn(1, 1, 2)
	s.now = housetest.At("19:30")
	s.ok(anna, unassign(1, 2))
	s.sits(1, seating.CheckedIn, 1)
	s.row(1, 2, housetest.Window("19:00", "19:30")) // it sat there
	for _, c := range []decide.Unassign{unassign(1, 1), unassign(1)} {
		if err := s.refused(anna, c, seating.CodeBookingState); err.Details.Status != seating.CheckedIn {
			t.Errorf("currentStatus = %s, want checked_in", err.Details.Status)
		}
	}
	s.nothing(anna, unassign(1, 2))
}

// TestUnassign_PastItsEnd: a party that overstays gives a table back: it counts
// as occupied no more, and its past stays.
func TestUnassign_PastItsEnd(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.now = housetest.At("19:00")
	s.checkIn(1, 1, 2)
	s.now = housetest.At("20:30")
	s.refused(anna, assign(4, 2), seating.CodeTableOccupied)
	s.ok(anna, unassign(1, 2))
	s.sits(1, seating.CheckedIn, 1)
	if n := len(s.entry(1).Allocations); n != 2 {
		t.Errorf("%d rows, want 2: it did sit at T2", n)
	}
	s.nothing(anna, unassign(1, 2))
	s.ok(anna, assign(4, 2))
	s.refused(anna, assign(2, 1), seating.CodeTableOccupied)
}

// TestAssign_PastItsEndForTheRecord: with an override of service a party past its
// end is recorded at the table it moved to, and at no other.
func TestAssign_PastItsEndForTheRecord(t *testing.T) {
	s := evening(t, nil)
	s.now = housetest.At("19:00")
	s.checkIn(1, 1)
	s.now = housetest.At("20:30")
	c := assign(1, 2)
	s.refused(cleo, c, seating.CodePast)
	c.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckService}, Reason: "moved"}
	r := s.ok(cleo, c)
	s.sits(1, seating.CheckedIn, 2)
	if !slices.Equal(r.Assignment.Tables, housetest.Tables(2)) {
		t.Errorf("answer = %v, want T2", r.Assignment.Tables)
	}
	s.ok(anna, assign(4, 1))
	s.ok(anna, unassign(4))
	s.refused(anna, assign(4, 2), seating.CodeTableOccupied)
}

func TestSwap(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	s.ok(anna, assign(2, 2))
	r := s.ok(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(2)})
	s.sits(1, seating.Confirmed, 2)
	s.sits(2, seating.Confirmed, 1)
	if !slices.Equal(r.Assignment.Tables, housetest.Tables(2)) || !slices.Equal(r.Swapped.Tables, housetest.Tables(1)) || r.Other.ID != housetest.Booking(2) {
		t.Errorf("answer = %+v and %+v, want T2 and T1", r.Assignment, r.Swapped)
	}
	if want := []seating.EventType{seating.EventAssignmentSync, seating.EventAssignmentSync}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	s.ok(anna, decide.Swap{A: housetest.Booking(2), B: housetest.Booking(1)})
	s.sits(1, seating.Confirmed, 1)
	s.refused(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(1)}, seating.CodeInvalid)
	s.refused(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(99)}, seating.CodeNotFound)
	s.refused(anna, decide.Swap{A: housetest.Booking(99), B: housetest.Booking(1)}, seating.CodeNotFound)
	s.refused(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(4)}, seating.CodeBookingState) // 4 has no tables
}

func TestSwap_JudgesBothSides(t *testing.T) {
	s := evening(t, func(s *house.State) {
		housetest.Party(s, 8, 2, "19:00", 5)
		housetest.Party(s, 9, 4, "20:00", 1)
	})
	s.ok(anna, assign(1, 2))
	s.refused(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(8)}, seating.CodeCapacityInsufficient) // four at T5
	s.refused(anna, decide.Swap{A: housetest.Booking(8), B: housetest.Booking(1)}, seating.CodeCapacityInsufficient)
	s.ok(anna, assign(2, 3))
	s.ok(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(2)})
	s.refused(anna, decide.Swap{A: housetest.Booking(4), B: housetest.Booking(9)}, seating.CodeBookingState)
	s.ok(anna, assign(4, 2)) // 20:30 to 21:50, where booking 9 would be from 20:00
	s.refused(anna, decide.Swap{A: housetest.Booking(9), B: housetest.Booking(2)}, seating.CodeAssignmentConflict)
	s.ok(anna, decide.Swap{A: housetest.Booking(9), B: housetest.Booking(1)})
}

func TestSwap_HoldsOfBoth(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, assign(1, 1))
	s.ok(anna, assign(2, 2))
	s.ok(anna, hold(1, 1, 3))
	s.refused(ben, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(2)}, seating.CodeHoldConflict)
	s.refused(ben, decide.Swap{A: housetest.Booking(2), B: housetest.Booking(1)}, seating.CodeHoldConflict)
	s.ok(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(2)})
	if s.entry(1).Hold != nil {
		t.Error("the hold outlived the swap")
	}
}

func TestSwap_ASeatedPartyWithOneToCome(t *testing.T) {
	s := evening(t, nil)
	s.now = housetest.At("19:00")
	s.checkIn(1, 1)
	s.ok(anna, assign(4, 2))
	s.now = housetest.At("19:30")
	s.ok(anna, decide.Swap{A: housetest.Booking(1), B: housetest.Booking(4)})
	s.sits(1, seating.CheckedIn, 2)
	s.sits(4, seating.Confirmed, 1)
	s.row(1, 1, housetest.Window("19:00", "19:30"))
	s.row(1, 2, housetest.Window("19:30", "20:20"))
	s.row(4, 1, housetest.Window("20:30", "21:50"))
}

func TestD20_Cancel(t *testing.T) {
	for _, status := range []seating.Status{seating.CheckedIn, seating.Completed, seating.NoShow} {
		s := evening(t, func(s *house.State) { s.Bookings[0].Status, s.Bookings[0].EndedAt = status, housetest.At("17:00") })
		if err := s.refused(anna, decide.Cancel{Booking: housetest.Booking(1)}, seating.CodeBookingState); err.Details.Status != status {
			t.Errorf("cancel of a %s booking: currentStatus = %s", status, err.Details.Status)
		}
	}
	for _, status := range []seating.Status{seating.Waitlisted, seating.Pending, seating.Confirmed} {
		s := evening(t, func(s *house.State) { s.Bookings[0].Status = status })
		s.ok(anna, decide.Cancel{Booking: housetest.Booking(1), Reason: "guest_called"})
		s.sits(1, seating.Cancelled)
		if got := s.entry(1).EndedAt; got != s.now {
			t.Errorf("endedAt = %v, want %v", got, s.now)
		}
		again := s.nothing(anna, decide.Cancel{Booking: housetest.Booking(1), Reason: "guest_called"})
		if again.Booking.Status != seating.Cancelled {
			t.Errorf("cancel again = %+v, want the cancelled booking", again.Booking)
		}
	}
	s := evening(t, nil)
	s.refused(anna, decide.Cancel{Booking: housetest.Booking(99)}, seating.CodeNotFound)
	s.refused(anna, decide.Cancel{Booking: housetest.Booking(1), Reason: "Guest called."}, seating.CodeInvalid)
}

// TestH35: hold, rows and assignment go with the booking in the same change.
func TestH35_NothingSurvivesACancellation(t *testing.T) {
	for name, lapsed := range map[string]bool{"live hold": false, "lapsed hold": true} {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			s.ok(anna, assign(1, 2))
			r := s.ok(anna, hold(1, 1, 1))
			want, how := []seating.EventType{seating.EventHoldReleased, seating.EventAssignmentCleared, seating.EventBookingCancelled}, seating.EndReleased
			if lapsed {
				s.now = r.Hold.ExpiresAt
				want[0], how = seating.EventHoldExpired, seating.EndExpired
			}
			s.ok(ben, decide.Cancel{Booking: housetest.Booking(1)})
			e := s.entry(1)
			if e.Hold != nil || len(e.Allocations) != 0 || s.h.Hold(housetest.Hold(1)) != nil || s.ended[housetest.Hold(1)].How != how {
				t.Errorf("booking = %+v, hold ended %q, want nothing left and %s", e, s.ended[housetest.Hold(1)].How, how)
			}
			if !slices.Equal(s.events(), want) {
				t.Errorf("events = %v, want %v", s.events(), want)
			}
			s.ok(ben, assign(2, 2))
			s.ok(ben, hold(2, 2, 1))
		})
	}
}

// TestCancel_KeepsPastOccupancy: the table is free at that instant, not before.
func TestCancel_KeepsPastOccupancy(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.ok(anna, assign(1, 2, 3))
	s.now = housetest.At("19:10")
	s.ok(anna, assign(1, 1, 2)) // T2 since 19:00, T1 since 19:10
	twin := *s                  // at the very instant T1 was never used
	r := twin.ok(anna, decide.Cancel{Booking: housetest.Booking(1)})
	twin.row(1, 2, housetest.Window("19:00", "19:10"))
	if got := twin.entry(1).Tables(); !slices.Equal(got, housetest.Tables(2)) || !slices.Equal(r.Booking.Tables, got) {
		t.Errorf("answer %v, house %v, want T2", r.Booking.Tables, got)
	}
	s.now = s.now.Add(time.Minute)
	r = s.ok(anna, decide.Cancel{Booking: housetest.Booking(1)})
	s.row(1, 2, housetest.Window("19:00", "19:11"))
	s.row(1, 1, housetest.Window("19:10", "19:11"))
	if !slices.Equal(r.Booking.Tables, s.entry(1).Tables()) {
		t.Errorf("answer %v, house %v, want the same", r.Booking.Tables, s.entry(1).Tables())
	}
	s.ok(ben, assign(2, 1))
}
