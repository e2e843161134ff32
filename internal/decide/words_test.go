package decide_test

import (
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// TestRefusal_NamesWhoAndWhen: whoever reads a refusal on a screen of its own knows
// which booking, and which time, it is about.
func TestRefusal_NamesWhoAndWhen(t *testing.T) {
	web := create(20, 40, "20:30")
	web.Source, web.Guest.Email = seating.SourceWeb, "a@example.com"
	for _, tt := range []struct {
		name string
		do   decide.Command
		code seating.Code
		want string
	}{
		{"the state", decide.CheckOut{Booking: nine}, seating.CodeBookingState, "Booking " + seating.ReferenceFor(nine, 0) + " is confirmed."},
		{"no table for a booking", web, seating.CodeNoTable, "40 on 2026-11-27 at 20:30."},
		{"no table at the door", decide.WalkIn{ID: housetest.Booking(21), Covers: 40}, seating.CodeNoTable, "40 on 2026-11-27 at 19:10."},
		{"no table at another time", change(9, covers(40), at("21:15"), mode(decide.ReplanTables)), seating.CodeNoTable, "40 on 2026-11-27 at 21:15."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := in(t, seating.Confirmed)
			s.later(seating.AspectPolicy, func(s *house.State) { s.Policy.BufferBefore = 10 })
			if err := s.refused(anna, tt.do, tt.code); !strings.Contains(err.Msg, tt.want) {
				t.Errorf("refused with %q, want it to say %q", err.Msg, tt.want)
			}
		})
	}
}

// TestArrive_OnItsDay: nobody is here for another day, so that a slip of the finger
// does not keep next week's party from ever being late.
func TestArrive_OnItsDay(t *testing.T) {
	s := living(t, nil)
	s.ok(anna, change(9, days(1)))
	err := s.refused(anna, decide.Arrive{Booking: nine}, seating.CodeBookingState)
	if !strings.Contains(err.Msg, "2026-11-28") {
		t.Errorf("refused with %q, want the day", err.Msg)
	}
	s.now = s.now.Add(24 * 3600e9)
	s.ok(anna, decide.Arrive{Booking: nine})
}

// TestChange_AnotherDayIsNotArrived: who was here on the one day can be late on the
// other. On the same day it stays here.
func TestChange_AnotherDayIsNotArrived(t *testing.T) {
	s := living(t, nil).at("18:50")
	s.ok(anna, decide.CheckIn{Booking: nine})
	s.ok(cleo, decide.MarkNoShow{Booking: nine})
	s.ok(anna, decide.UndoNoShow{Booking: nine})
	s.ok(anna, change(9, at("19:30")))
	if b := s.entry(9); b.ArrivedAt.IsZero() || b.CheckedInAt.IsZero() {
		t.Errorf("booking = %+v, want it here still", b.Booking)
	}
	s.ok(anna, change(9, days(1)))
	if b := s.entry(9); !b.ArrivedAt.IsZero() || !b.CheckedInAt.IsZero() {
		t.Errorf("booking = %+v, want it not here yet", b.Booking)
	}
	if want := "+late9"; !strings.Contains(strings.Join(s.due(), " "), want) {
		t.Errorf("due work %v, want %s", s.due(), want)
	}
}

// TestChange_OfTheGuestOfABookingThatIsOver answers without tables: they are the past.
func TestChange_OfTheGuestOfABookingThatIsOver(t *testing.T) {
	s := in(t, seating.Completed)
	notes := "left a scarf"
	r := s.ok(anna, decide.ChangeBooking{Booking: nine, Guest: &seating.GuestPatch{Notes: &notes}})
	if r.Assignment != nil || r.Booking.Status != seating.Completed {
		t.Errorf("answer = %+v, want the booking without an assignment", r)
	}
}
