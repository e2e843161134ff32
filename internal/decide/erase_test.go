package decide_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// X05: erasing names the bookings, and changes nothing else of them.
func TestEraseGuests(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		housetest.Party(s, 1, 4, "19:00", 1)
		housetest.Party(s, 2, 2, "19:00")
	})
	env := decide.Env{
		Now: housetest.At("18:00"), Actor: housetest.Manager("mia"),
		Facts: decide.Facts{Closed: map[seating.BookingID]servicetime.Date{housetest.Booking(9): housetest.Friday.AddDays(-9)}},
	}
	got := decide.Decide(h, decide.EraseGuests{Bookings: []seating.BookingID{housetest.Booking(9), housetest.Booking(1), housetest.Booking(9)}}, env)
	if got.Refusal != nil || got.Change == nil {
		t.Fatalf("erase = %+v, want a change", got)
	}
	both := []seating.BookingID{housetest.Booking(1), housetest.Booking(9)}
	c := got.Change
	if !slices.Equal(c.Erase, both) || !slices.Equal(got.Result.Erased, both) || got.Result.Count != 2 {
		t.Errorf("erased %v, told %v and %d; want 1 and 9, each once", c.Erase, got.Result.Erased, got.Result.Count)
	}
	if d := cmp.Diff(house.Rows{}, c.Rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	lines := []house.HistoryRow{{Subject: "booking:" + both[0].String(), To: "guest_erased"}, {Subject: "booking:" + both[1].String(), To: "guest_erased"}}
	if d := cmp.Diff(lines, c.History); d != "" {
		t.Errorf("history (-want +got):\n%s", d)
	}
	if len(c.Events) != 1 || c.Events[0].Type != seating.EventBookingChanged || c.Events[0].Booking != both[0] || c.Events[0].Payload.What != "guest_erased" {
		t.Errorf("events = %+v, want one, of the booking of the open day", c.Events)
	}
	if !slices.Equal(c.Touch.Bookings, both[:1]) || len(c.Touch.Tables) != 0 || c.Touch.Many || !slices.Equal(c.Aspects, []seating.Aspect{seating.AspectBookings}) {
		t.Errorf("touch = %+v of %v, want the booking of the open day", c.Touch, c.Aspects)
	}
	after, err := house.Apply(h, c)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Booking(both[0]).Booking, after.Booking(both[0]).Booking); d != "" {
		t.Errorf("the booking changed:\n%s", d)
	}
	// again is a change again: nobody here knows whether anything is left
	if again := decide.Decide(after, decide.EraseGuests{Bookings: both}, env); again.Change == nil || !slices.Equal(again.Change.Erase, both) {
		t.Errorf("erase again = %+v, want a change", again)
	}
}

func TestEraseGuestsRefusals(t *testing.T) {
	h := housetest.New(t, func(s *house.State) { housetest.Party(s, 1, 4, "19:00") })
	env := decide.Env{Now: housetest.At("18:00"), Actor: housetest.Manager("mia")}
	known, unknown := housetest.Booking(1), housetest.Booking(7)
	got := decide.Decide(h, decide.EraseGuests{Bookings: []seating.BookingID{unknown, known}}, env)
	if got.Change != nil || got.Refusal == nil || got.Refusal.Code != seating.CodeNotFound || !slices.Equal(got.Ask.Bookings, []seating.BookingID{unknown}) {
		t.Errorf("erase of an unknown booking = %+v, want NOT_FOUND and a question about it", got)
	}
	many := make([]seating.BookingID, decide.MaxErased+1)
	if got := decide.Decide(h, decide.EraseGuests{Bookings: many}, env); got.Refusal == nil || got.Refusal.Code != seating.CodeInvalid {
		t.Errorf("erase of %d = %+v, want INVALID", len(many), got)
	}
	if got := decide.Decide(h, decide.EraseGuests{}, env); got.Change != nil || got.Refusal != nil {
		t.Errorf("erase of none = %+v, want nothing to do", got)
	}
}
