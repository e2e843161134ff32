package decide_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func TestChangeRestaurant(t *testing.T) {
	s := evening(t, nil)
	was := s.h.Restaurant
	r := s.ok(cleo, decide.ChangeRestaurant{Rename: new("Chez Nous")})
	was.Name = "Chez Nous"
	if s.h.Restaurant != was || *r.Restaurant != was {
		t.Errorf("restaurant = %+v, answer %+v, want only the name changed", s.h.Restaurant, r.Restaurant)
	}
	if !slices.Equal(s.last.Aspects, []seating.Aspect{seating.AspectPolicy}) || s.lines()[0] != "restaurant:>changed" || s.last.History[0].Detail != `{"changed":["name"]}` {
		t.Errorf("aspects %v, history %+v", s.last.Aspects, s.last.History)
	}
	if p := s.payload(seating.EventPolicyChanged); p.What != "restaurant" {
		t.Errorf("event = %+v, want policy.changed of the restaurant", p)
	}
	s.nothing(cleo, decide.ChangeRestaurant{Rename: new("Chez Nous"), Active: new(true), Zone: new(housetest.Paris)})
	s.nothing(cleo, decide.ChangeRestaurant{})
	for _, name := range []string{"", " a", "a\nb", strings.Repeat("é", 121)} {
		s.fields(cleo, decide.ChangeRestaurant{Rename: &name}, "/name")
	}
	s.ok(cleo, decide.ChangeRestaurant{Rename: new(strings.Repeat("é", 120))})

	saw := s.sees()
	saw.does(cleo, decide.PutClosures{Closures: nil})
	saw.does(cleo, decide.ChangeRestaurant{Active: new(false)})
	if d := saw.judge(cleo, decide.ChangeRestaurant{Rename: new("x")}); !stale(d) {
		t.Errorf("change with an old If-Match = %v, want STALE_CONTEXT", d.Refusal)
	}
}

// TestChangeRestaurant_Zone: only while nobody is to come.
func TestChangeRestaurant_Zone(t *testing.T) {
	s := evening(t, nil)
	for _, zone := range []string{"", "Paris", "Europe/Atlantis", "Local", "../UTC"} {
		s.fields(cleo, decide.ChangeRestaurant{Zone: &zone}, "/zone")
	}
	tokyo := decide.ChangeRestaurant{Zone: new("Asia/Tokyo")}
	s.fields(cleo, tokyo, "/zone")
	err := s.refused(cleo, tokyo, seating.CodeInvalid)
	if !strings.Contains(err.Msg, "4 bookings") || !strings.Contains(err.Msg, housetest.At("21:50").String()) {
		t.Errorf("refusal = %q, want 4 bookings until 21:50", err.Msg)
	}
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(4)})
	if err := s.refused(cleo, tokyo, seating.CodeInvalid); !strings.Contains(err.Msg, "3 bookings") {
		t.Errorf("refusal = %q, want 3 bookings: who cancelled does not come", err.Msg)
	}
	s.now = housetest.At("20:20") - 1
	s.refused(cleo, tokyo, seating.CodeInvalid)
	s.now = housetest.At("20:20")
	s.ok(cleo, tokyo)
	if s.h.Restaurant.Zone != "Asia/Tokyo" || s.h.Calendar.Zone.String() != "Asia/Tokyo" {
		t.Errorf("zone = %s, calendar in %s, want Tokyo", s.h.Restaurant.Zone, s.h.Calendar.Zone)
	}
}

// TestInactiveRestaurant takes nobody new, and goes on with who is booked.
func TestInactiveRestaurant(t *testing.T) {
	s := evening(t, func(st *house.State) { st.Restaurant.Active = false })
	s.refused(anna, create(20, 4, "20:00"), seating.CodeClosed)
	c := create(20, 4, "20:00")
	c.Override = serviceAside
	s.refused(cleo, c, seating.CodeClosed)
	s.ok(anna, hold(1, 1, 1))
	s.ok(anna, confirm(1))
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(2)})
	s.ok(cleo, decide.ChangeRestaurant{Active: new(true)})
	s.ok(anna, create(20, 4, "20:00"))
}
