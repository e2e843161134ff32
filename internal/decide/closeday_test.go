package decide_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// closing is a Friday with a booking in every state, and one on Saturday.
func closing(t *testing.T) *stage {
	t.Helper()
	return evening(t, func(s *house.State) {
		for i, status := range seating.Statuses() {
			b := housetest.Party(s, 20+i, 2, fmt.Sprintf("%02d:00", 12+i))
			last := &s.Bookings[len(s.Bookings)-1]
			last.Status = status
			if status == seating.Confirmed || status == seating.CheckedIn || status == seating.Completed {
				s.Allocations = append(s.Allocations, seating.Allocation{
					Table: housetest.Table(5), Window: b.Window, Kind: seating.OwnedByBooking, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID),
				})
			}
			if status.Ended() {
				last.EndedAt = b.Window.End
			}
		}
		b := housetest.Party(s, 40, 2, "19:00")
		last := &s.Bookings[len(s.Bookings)-1]
		last.ServiceDate, last.Date = b.ServiceDate.AddDays(1), b.Date.AddDays(1)
		for _, w := range []*servicetime.Window{&last.Window, &last.Dining} {
			w.Start += 24 * 3600 * 1e6
			w.End += 24 * 3600 * 1e6
		}
	})
}

func TestCloseDay(t *testing.T) {
	s := closing(t)
	s.ok(anna, hold(1, 1, 1))
	thursday, friday := decide.CloseDay{Date: housetest.Friday.AddDays(-1)}, decide.CloseDay{Date: housetest.Friday}
	due := housetest.At("23:59") + 60*1e6 + 6*3600*1e6 // the calendar date ends after dinner does
	s.now = due - 1
	s.fields(seating.Operator(), friday, "/date")
	s.ok(seating.System(), thursday)
	s.nothing(seating.Operator(), thursday)
	s.now = due
	before := map[int]seating.Status{}
	for n := range 27 {
		if e := s.h.Booking(housetest.Booking(n)); e != nil {
			before[n] = e.Status
		}
	}
	r := s.ok(seating.System(), friday)
	if got, want := s.h.OpenFrom, housetest.Friday.AddDays(1); got != want {
		t.Errorf("openFrom = %s, want %s", got, want)
	}
	want := map[seating.Status]seating.Status{
		seating.CheckedIn: seating.Completed, seating.Confirmed: seating.NoShow, seating.Pending: seating.NoShow, seating.Waitlisted: seating.Cancelled,
	}
	ended := 0
	for n, from := range before {
		if s.h.Booking(housetest.Booking(n)) != nil {
			t.Errorf("booking %d is still in memory", n)
		}
		i := slices.IndexFunc(s.last.Rows.PutBookings, func(b seating.Booking) bool { return b.ID == housetest.Booking(n) })
		to, ends := want[from]
		if ends != (i >= 0) {
			t.Errorf("booking %d, %s: ended %v, want %v", n, from, i >= 0, ends)
			continue
		}
		if !ends {
			continue
		}
		ended++
		if b := s.last.Rows.PutBookings[i]; b.Status != to || b.EndedAt != s.now {
			t.Errorf("booking %d, %s, became %s at %v, want %s now", n, from, b.Status, b.EndedAt, to)
		}
		if !slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool {
			return l.Subject == "booking:"+housetest.Booking(n).String() && l.From == string(from) && l.To == string(to) && l.Reason == "closed"
		}) {
			t.Errorf("booking %d: no line for %s to %s with reason closed", n, from, to)
		}
	}
	if r.Count != ended || ended != 8 {
		t.Errorf("count = %d, ended %d, want 8", r.Count, ended)
	}
	if s.ended[housetest.Hold(1)].How != seating.EndExpired {
		t.Errorf("hold 1 ended %q, want expired (its time was over)", s.ended[housetest.Hold(1)].How)
	}
	if got := s.events(); got[len(got)-1] != seating.EventDayClosed || len(got) != 8+2 {
		t.Errorf("events = %v, want one for each, and day.closed", got)
	}
	if s.last.Touch.Bookings != nil || s.last.Touch.Tables != nil || !s.last.Touch.Many {
		t.Errorf("touch = %+v, want many and nothing named", s.last.Touch)
	}
	if s.h.Booking(housetest.Booking(40)) == nil {
		t.Error("Saturday's booking is gone")
	}
	s.nothing(seating.Operator(), friday)
	s.refused(anna, create(50, 2, "20:00"), seating.CodeDayClosed)
	s.ok(anna, onDay(create(50, 2, "20:00"), 1))
}

// TestCloseDay_FactsOfClosedDays: a booking of a closed day is DAY_CLOSED once the
// fact is known, and asked for before.
func TestCloseDay_FactsOfClosedDays(t *testing.T) {
	s := closing(t)
	s.now = housetest.At("23:59") + 7*3600*1e6
	s.ok(seating.System(), decide.CloseDay{Date: housetest.Friday})
	d := decide.Decide(s.h, decide.Cancel{Booking: housetest.Booking(1)}, s.env(anna))
	if d.Refusal.Code != seating.CodeNotFound || !slices.Equal(d.Ask.Bookings, []seating.BookingID{housetest.Booking(1)}) {
		t.Errorf("cancel = %v, asks %v, want NOT_FOUND and the booking asked for", d.Refusal, d.Ask)
	}
	env := s.env(anna)
	env.Facts.Closed = map[seating.BookingID]servicetime.Date{housetest.Booking(1): housetest.Friday}
	if d := decide.Decide(s.h, decide.Cancel{Booking: housetest.Booking(1)}, env); d.Refusal.Code != seating.CodeDayClosed {
		t.Errorf("cancel with the fact = %v, want DAY_CLOSED", d.Refusal)
	}
}

// TestCloseDay_AfterItsLastPeriod: a service past midnight moves the hour.
func TestCloseDay_AfterItsLastPeriod(t *testing.T) {
	late := func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0)
	}
	s := evening(t, late)
	s.now = housetest.At("02:00") + (24+6)*3600*1e6
	twin := *s
	twin.now--
	twin.fields(seating.Operator(), decide.CloseDay{Date: housetest.Friday}, "/date")
	s.ok(seating.System(), decide.CloseDay{Date: housetest.Friday})
}

func TestRotateEpoch(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(seating.Operator(), decide.RotateEpoch{Epoch: "next1", Reason: "restored"})
	if s.h.Epoch != "next1" || r.Version.Epoch != "next1" || r.Version.N != 1 || s.last.Events[0].Payload.Version != r.Version {
		t.Errorf("epoch = %s, answer %v, want next1.1", s.h.Epoch, r.Version)
	}
	if rev := s.h.Revisions; rev != (seating.Revisions{Floor: 1, Policy: 1, Bookings: 1, Holds: 1}) || !s.last.Touch.Many {
		t.Errorf("revisions = %+v, want all of them", rev)
	}
	for _, bad := range []string{"", "next1", "Next2", "a.b", "a b", "123456789012345678901234567890123"} {
		s.fields(seating.Operator(), decide.RotateEpoch{Epoch: bad}, "/epoch")
	}
	s.fields(seating.Operator(), decide.RotateEpoch{Epoch: "next2", Reason: "Ada's party"}, "/reason")
	s.ok(seating.Operator(), decide.RotateEpoch{Epoch: "12345678901234567890123456789012"})
}
