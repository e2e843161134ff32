package decide_test

import (
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// A table that was left early and given to a late party: the book of that evening
// comes in as it was.
func TestImport_TablesGivenDuringTheWindow(t *testing.T) {
	empty := func(s *house.State) { s.Bookings, s.Allocations, s.Holds = nil, nil, nil }
	var source house.State
	first, late := housetest.Party(&source, 1, 4, "18:00", 1), housetest.Party(&source, 2, 4, "19:00", 1)
	first.Status, first.EndedAt, first.CheckedInAt = seating.Completed, housetest.At("19:10"), housetest.At("18:00")
	in := func(since string) decide.ImportBookings {
		second := decide.Imported{Booking: late, Tables: housetest.Tables(1)}
		if since != "" {
			second.Since = housetest.At(since)
		}
		return decide.ImportBookings{Bookings: []decide.Imported{{Booking: first, Tables: housetest.Tables(1)}, second}}
	}
	s := evening(t, empty)
	s.now = housetest.At("20:00")
	s.refused(cleo, in(""), seating.CodeAssignmentConflict)
	s.refused(cleo, in("21:00"), seating.CodeInvalid)
	s.ok(cleo, in("19:10"))
	if got, want := s.h.Booking(late.ID).Allocations[0].Window.Start, housetest.At("19:10"); got != want {
		t.Errorf("the late party has T1 from %s, want %s", got, want)
	}
}

// A party is checked in on its day, however early; not days before.
func TestCheckInBeforeTheDay(t *testing.T) {
	s := evening(t, nil)
	c := decide.Assign{Booking: housetest.Booking(4), Tables: housetest.Tables(1), Transition: decide.ToCheckedIn}
	s.now = housetest.At("11:00").Add(-24 * 3600 * 1e9)
	s.refused(anna, c, seating.CodeBookingState)
	s.now = housetest.At("11:00")
	s.ok(anna, c)
}
