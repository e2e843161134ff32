package decide_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// walkIn is a party at the door that becomes booking n.
func walkIn(n, covers int, tables ...int) decide.WalkIn {
	return decide.WalkIn{ID: housetest.Booking(n), Covers: covers, Tables: housetest.Tables(tables...)}
}

// TestWalkIn_SitsFromNow: made, seated and checked in by one change, to the second,
// without time to lay the table.
func TestWalkIn_SitsFromNow(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.BufferBefore, s.Policy.BufferAfter = 30, 5 })
	s.now = housetest.At("18:07").Add(20*time.Second + time.Microsecond)
	c := walkIn(20, 2, 5)
	c.Guest = seating.Guest{Name: "Ada"}
	r := s.ok(anna, c)
	b := r.Booking.Booking
	want := servicetime.Window{Start: s.now, End: s.now.Add(65 * time.Minute)}
	if b.Window != want || b.Dining.Start != s.now || b.Dining.End != s.now.Add(time.Hour) || b.Time != servicetime.NewClock(18, 7) || b.Date != housetest.Friday || b.ServiceDate != housetest.Friday {
		t.Errorf("booking = %+v, want an hour from %v on", b, s.now)
	}
	if b.Status != seating.CheckedIn || b.ArrivedAt != s.now || b.CheckedInAt != s.now || b.Source != seating.SourceWalkIn || b.ChosenBy != seating.ChosenByPerson || b.Version != s.h.Version {
		t.Errorf("booking = %+v, want checked in now, by a person", b)
	}
	s.row(20, 5, want)
	if r.Assignment == nil || len(r.Checks) != 13 || r.Summary == nil {
		t.Errorf("walk_in = %+v, want the assignment and its checks", r)
	}
	if want := []seating.EventType{seating.EventBookingCreated, seating.EventAssignmentSync, seating.EventBookingCheckedIn}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	if len(s.last.Guests) != 1 || len(s.last.Guards) != 1 || s.last.Guards[0].Kind != house.GuardReference {
		t.Errorf("guests %+v, guards %+v, want the guest, and the reference guarded", s.last.Guests, s.last.Guards)
	}
	s.ok(anna, walkIn(21, 4)) // nobody's name, and the planner's choice
	s.sits(21, seating.CheckedIn, 1)
	if got := s.entry(21).ChosenBy; got != seating.ChosenByPlanner || len(s.last.Guests) != 0 {
		t.Errorf("chosen by %s, guests %+v, want the planner and none", got, s.last.Guests)
	}
	if d := decide.Decide(s.h, walkIn(22, 4), func() decide.Env { e := s.env(anna); e.Attempt = 1; return e }()); d.Result.Booking.Reference == seating.ReferenceFor(housetest.Booking(22), 0) {
		t.Error("the second attempt has the reference of the first")
	}
}

func TestWalkIn_Fields(t *testing.T) {
	s := evening(t, nil)
	bad := walkIn(20, 0)
	bad.Turn, bad.ZoneWish, bad.SeatingWish = 601, housetest.ID[seating.ZoneID](77), "hammock"
	s.fields(anna, bad, "/covers", "/turnMinutes", "/zoneId", "/seatingPreference")
}

// TestD30_WalkInPassesTheSameChecks: pacing, capacity, conflicts and hours hold for
// a party at the door, and only an override that is written down sets one aside.
func TestD30_WalkInPassesTheSameChecks(t *testing.T) {
	full := func(s *house.State) { s.Policy.Pacing.CoversPerSlot = 10 } // ten arrive at 19:00
	override := func(c decide.WalkIn, id seating.CheckID) decide.WalkIn {
		c.Override = &seating.Override{Checks: []seating.CheckID{id}, Reason: "regulars"}
		return c
	}
	stay := func(c decide.WalkIn, m servicetime.Minutes) decide.WalkIn { c.Turn = m; return c }
	tests := []struct {
		name string
		edit func(*house.State)
		now  string
		give decide.WalkIn
		want seating.Code
	}{
		{"the slot is full", full, "19:14", walkIn(20, 1, 5), seating.CodePacingExceeded},
		{"the slot is full, for the planner", full, "19:14", walkIn(20, 1), seating.CodePacingExceeded},
		{"the next slot", full, "19:15", walkIn(20, 1, 5), ""},
		{"too small", nil, "18:00", walkIn(20, 3, 5), seating.CodeCapacityInsufficient},
		{"somebody comes for it", nil, "18:10", walkIn(20, 2, 4), seating.CodeAssignmentConflict},
		{"somebody comes for it, but it is short", nil, "18:10", stay(walkIn(20, 2, 4), 44), ""},
		{"before lunch", nil, "11:29", walkIn(20, 2, 5), seating.CodeOutsideServiceHours},
		{"after last seating", nil, "22:31", walkIn(20, 2, 5), seating.CodeOutsideServiceHours},
		{"P06 between services", nil, "16:01", walkIn(20, 2, 5), seating.CodeOutsideServiceHours},
		{"at last seating", nil, "22:30", walkIn(20, 2, 5), ""},
		{"too long for the evening", nil, "22:00", stay(walkIn(20, 2, 5), 91), seating.CodeServiceOverrun},
		{"closed", func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
		}, "19:00", walkIn(20, 2, 5), seating.CodeClosed},
		{"a closed day", func(s *house.State) {
			s.Bookings, s.Allocations, s.OpenFrom = nil, nil, housetest.Friday.AddDays(1)
		}, "19:00", walkIn(20, 2, 5), seating.CodeDayClosed},
		{"no such table", nil, "18:00", walkIn(20, 2, 9), seating.CodeTableNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, tt.edit)
			s.now = housetest.At(tt.now).Add(30 * time.Second) // the minute counts, not the second
			if tt.want == "" {
				s.ok(anna, tt.give)
				s.soldOnce()
				return
			}
			s.refused(anna, tt.give, tt.want)
		})
	}
	s := evening(t, full)
	s.now = housetest.At("19:14")
	s.refused(anna, override(walkIn(20, 1, 5), seating.CheckPacing), seating.CodeOverrideRequired)
	s.ok(cleo, override(walkIn(20, 1, 5), seating.CheckPacing))
	if !slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool { return l.To == "override" && l.Reason == "regulars" }) {
		t.Errorf("history = %+v, want the override", s.last.History)
	}
	s.now = housetest.At("23:40")
	s.refused(cleo, walkIn(21, 2, 7), seating.CodeOutsideServiceHours)
	s.fields(cleo, override(walkIn(21, 2, 7), seating.CheckService), "/turnMinutes")
	s.ok(cleo, override(stay(walkIn(21, 2, 7), 30), seating.CheckService))
}

// TestWalkIn_NoTable: it is told when tables come free, and those times are true.
func TestWalkIn_NoTable(t *testing.T) {
	s := evening(t, func(s *house.State) {
		for i := range s.Tables {
			s.Tables[i].Active = i == 4 || i == 3 // T5 for two, T4 for four
		}
		s.Policy.BufferBefore = 10
		housetest.Party(s, 8, 2, "18:30", 5)
		housetest.Party(s, 9, 4, "20:40", 4)
	})
	s.now = housetest.At("18:45")
	err := s.refused(anna, walkIn(20, 2), seating.CodeNoTable)
	var times []string
	for _, c := range err.Details.Choices {
		times = append(times, c.Time.String()+" "+c.Tables[0].Number)
	}
	if want := []string{"19:50 T5", "20:20 T5", "22:00 T5"}; !slices.Equal(times, want) || err.Details.Reason != "no_table_free" {
		t.Errorf("times = %v (%s), want %v", times, err.Details.Reason, want)
	}
	s.now = housetest.At("19:50")
	s.ok(anna, walkIn(20, 2))
	s.sits(20, seating.CheckedIn, 5)
}

func TestWalkIn_SweepsLapsedHolds(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(ben, hold(1, 1, 1))
	s.refused(anna, walkIn(20, 4, 1), seating.CodeHoldConflict)
	s.now = r.Hold.ExpiresAt
	s.ok(anna, walkIn(20, 4, 1))
	if s.h.Hold(housetest.Hold(1)) != nil {
		t.Error("the lapsed hold still has the rows")
	}
}

// TestWalkIn_PastMidnight: at 00:30 it is still the evening that opened before.
func TestWalkIn_PastMidnight(t *testing.T) {
	s := evening(t, func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating, s.Periods[1].Overrun = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0), true
	})
	s.now = housetest.At("23:59").Add(31 * time.Minute)
	b := s.ok(anna, walkIn(20, 2, 5)).Booking
	if b.ServiceDate != housetest.Friday || b.Date != housetest.Friday.AddDays(1) || b.Time != servicetime.NewClock(0, 30) {
		t.Errorf("booking = %+v, want Friday's, at 00:30 on Saturday", b.Booking)
	}
}

// TestCreate_TransitionNone: it leaves with tables and is still to be confirmed; one
// from the web has a time until which.
func TestCreate_TransitionNone(t *testing.T) {
	s := evening(t, nil)
	c := create(20, 4, "19:00", 1)
	c.Transition = decide.ToNone
	s.ok(anna, c)
	s.sits(20, seating.Pending, 1)
	if e := s.entry(20); e.PendingUntil != 0 || e.ChosenBy != seating.ChosenByPerson {
		t.Errorf("booking = %+v, want no end of its waiting", e.Booking)
	}
	if want := []seating.EventType{seating.EventBookingCreated, seating.EventAssignmentSync}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	s.refused(anna, assign(1, 1), seating.CodeAssignmentConflict) // a pending booking blocks
	web := create(21, 4, "19:00")
	web.Source, web.Guest.Phone, web.Transition = seating.SourceWeb, "+331", decide.ToNone
	if b := s.ok(anna, web).Booking; b.Status != seating.Pending || len(b.Tables) != 1 || b.PendingUntil != s.now.Add(15*time.Minute) {
		t.Errorf("web = %+v, want pending at a table for 15 minutes", b)
	}
	web.ID, web.Transition = housetest.Booking(22), ""
	if b := s.ok(anna, web).Booking; b.Status != seating.Confirmed || b.PendingUntil != 0 {
		t.Errorf("web = %+v, want confirmed", b)
	}
	web.ID, web.Transition = housetest.Booking(23), decide.ToConfirmed
	if b := s.ok(anna, web).Booking; b.Status != seating.Confirmed {
		t.Errorf("web = %+v, want confirmed", b)
	}
}

func TestCreate_Waitlist(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.Pacing.PartiesPerSlot = 1 })
	w := create(20, 4, "19:00")
	w.Waitlist, w.Priority, w.Quoted = true, 9, 600
	r := s.ok(anna, w) // three arrive then already: who waits does not arrive yet
	if b := r.Booking; b.Status != seating.Waitlisted || b.Priority != 9 || b.Quoted != 600 || len(b.Tables) != 0 || r.NoTable != nil || r.Assignment != nil {
		t.Errorf("waitlist = %+v, want waitlisted with priority 9, 600 minutes", r)
	}
	if p := s.payload(seating.EventBookingCreated); p.Status != seating.Waitlisted {
		t.Errorf("booking.created says %s, want waitlisted", p.Status)
	}
	if diff := cmp.Diff([]string{"booking14:>waitlisted"}, s.lines()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	late := w
	late.ID, late.Time = housetest.Booking(21), servicetime.NewClock(23, 0)
	s.refused(anna, late, seating.CodeOutsideServiceHours)
	edit := func(set func(*decide.CreateBooking)) decide.CreateBooking {
		c := setting(w, set)
		c.ID = housetest.Booking(22)
		return c
	}
	plain := func(set func(*decide.CreateBooking)) decide.CreateBooking {
		return setting(create(22, 4, "20:00"), set)
	}
	for _, x := range []struct {
		name string
		give decide.CreateBooking
		want []string
	}{
		{"with tables", edit(func(c *decide.CreateBooking) { c.Tables = housetest.Tables(1) }), []string{"/waitlist"}},
		{"with autoAssign", edit(func(c *decide.CreateBooking) { c.AutoAssign = true }), []string{"/waitlist"}},
		{"from the web", edit(func(c *decide.CreateBooking) { c.Source, c.Guest.Phone = seating.SourceWeb, "+331" }), []string{"/waitlist"}},
		{"priority ten", edit(func(c *decide.CreateBooking) { c.Priority = 10 }), []string{"/waitlist/priority"}},
		{"a quote of 601", edit(func(c *decide.CreateBooking) { c.Quoted = 601 }), []string{"/waitlist/quotedMinutes"}},
		{"confirmed", edit(func(c *decide.CreateBooking) { c.Transition = decide.ToConfirmed }), []string{"/transition"}},
		{"a priority without a list", plain(func(c *decide.CreateBooking) { c.Priority = 1 }), []string{"/waitlist"}},
		{"checked in", plain(func(c *decide.CreateBooking) { c.Tables, c.Transition = housetest.Tables(1), decide.ToCheckedIn }), []string{"/transition"}},
		{"confirmed without tables", plain(func(c *decide.CreateBooking) { c.Transition = decide.ToConfirmed }), []string{"/transition"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := *s
			s.t = t
			s.fields(anna, x.give, x.want...)
		})
	}
}
