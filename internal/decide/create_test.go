package decide_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// create is booking n, by phone, on Friday.
func create(n, covers int, at string, tables ...int) decide.CreateBooking {
	c, err := servicetime.ParseClock(at)
	if err != nil {
		panic(err)
	}
	return decide.CreateBooking{
		ID: housetest.Booking(n), Covers: covers, Date: housetest.Friday, Time: c, Source: seating.SourcePhone, Tables: housetest.Tables(tables...),
		Guest: seating.Guest{Name: "Ada"},
	}
}

// fields demands a refusal with exactly these pointers.
func (s *stage) fields(who seating.Actor, c decide.Command, want ...string) {
	s.t.Helper()
	err := s.refused(who, c, seating.CodeInvalid)
	var got []string
	for _, f := range err.Details.Fields {
		got = append(got, f.Pointer)
		if f.Message == "" {
			s.t.Errorf("%s: no message at %s", c.Name(), f.Pointer)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("%s refused %v, want %v", c.Name(), got, want)
	}
}

func setting[C any](c C, set func(*C)) C {
	set(&c)
	return c
}

func TestCreate_Fields(t *testing.T) {
	ok := create(20, 4, "20:00")
	edit := func(set func(*decide.CreateBooking)) decide.CreateBooking { return setting(ok, set) }
	tests := []struct {
		name string
		give decide.CreateBooking
		want []string
	}{
		{"A06 one cover", edit(func(c *decide.CreateBooking) { c.Covers = 1 }), nil},
		{"A06 a hundred covers", edit(func(c *decide.CreateBooking) { c.Covers = 100 }), nil},
		{"A06 no covers", edit(func(c *decide.CreateBooking) { c.Covers = 0 }), []string{"/covers"}},
		{"A06 minus one", edit(func(c *decide.CreateBooking) { c.Covers = -1 }), []string{"/covers"}},
		{"A06 a hundred and one", edit(func(c *decide.CreateBooking) { c.Covers = 101 }), []string{"/covers"}},
		{"A06 a billion", edit(func(c *decide.CreateBooking) { c.Covers = 1e9 }), []string{"/covers"}},
		{"A05 a stay of one minute", edit(func(c *decide.CreateBooking) { c.Turn = 1 }), nil},
		{"A05 a stay of 600 minutes", edit(func(c *decide.CreateBooking) {
			c.Turn = 600
			c.Time = servicetime.NewClock(13, 0)
			c.Date = c.Date.AddDays(1)
		}), nil},
		{"A05 a stay of 601 minutes", edit(func(c *decide.CreateBooking) { c.Turn = 601 }), []string{"/turnMinutes"}},
		{"A05 a negative stay", edit(func(c *decide.CreateBooking) { c.Turn = -1 }), []string{"/turnMinutes"}},
		{"a wished zone", edit(func(c *decide.CreateBooking) { c.ZoneWish = housetest.Patio }), nil},
		{"T13 a wished zone of nobody", edit(func(c *decide.CreateBooking) { c.ZoneWish = housetest.ID[seating.ZoneID](77) }), []string{"/zoneId"}},
		{"a wished seating", edit(func(c *decide.CreateBooking) { c.SeatingWish = seating.SeatingBooth }), nil},
		{"no such seating", edit(func(c *decide.CreateBooking) { c.SeatingWish = "hammock" }), []string{"/seatingPreference"}},
		{"no such source", edit(func(c *decide.CreateBooking) { c.Source = "fax" }), []string{"/source"}},
		{"no source", edit(func(c *decide.CreateBooking) { c.Source = "" }), []string{"/source"}},
		{"an import is another command", edit(func(c *decide.CreateBooking) { c.Source = seating.SourceImport }), []string{"/source"}},
		{"both tables and autoAssign", edit(func(c *decide.CreateBooking) { c.Tables, c.AutoAssign = housetest.Tables(1), true }), []string{"/autoAssign"}},
		{"web without contact", edit(func(c *decide.CreateBooking) { c.Source = seating.SourceWeb }), []string{"/guest"}},
		{"web with a phone number", edit(func(c *decide.CreateBooking) { c.Source, c.Guest.Phone = seating.SourceWeb, "+331" }), nil},
		{"web with an e-mail address", edit(func(c *decide.CreateBooking) { c.Source, c.Guest.Email = seating.SourceWeb, "ada@example.org" }), nil},
		{"nobody's name by phone", edit(func(c *decide.CreateBooking) { c.Guest = seating.Guest{} }), nil},
		{"everything at once", edit(func(c *decide.CreateBooking) { c.Covers, c.Turn, c.Source = 0, 601, "fax" }), []string{"/covers", "/turnMinutes", "/source"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, nil)
			if tt.want == nil {
				s.ok(anna, tt.give)
				return
			}
			s.fields(anna, tt.give, tt.want...)
		})
	}
}

func TestCreate_WindowFromPolicy(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.BufferBefore, s.Policy.BufferAfter = 10, 5 })
	r := s.ok(anna, create(20, 5, "20:00"))
	b := r.Booking
	if b.Dining != housetest.Window("20:00", "21:25") || b.Window != housetest.Window("19:50", "21:30") || b.ServiceDate != housetest.Friday || b.Turn != 0 {
		t.Errorf("booking = %+v, want dining 20:00-21:25, window 19:50-21:30", b.Booking)
	}
	if b.Status != seating.Pending || b.CreatedBy != anna.Principal || b.CreatedAt != s.now || b.Reference == "" || b.Version != 1 {
		t.Errorf("booking = %+v, want pending, by anna, now, with a reference, version 1", b.Booking)
	}
	c := create(21, 5, "20:00")
	c.Turn = 120
	if b := s.ok(anna, c).Booking; b.Dining != housetest.Window("20:00", "22:00") || b.Turn != 120 {
		t.Errorf("booking = %+v, want dining 20:00-22:00", b.Booking)
	}
}

// TestP01: New York, the gap of 8 March and the fold of 1 November 2026.
func TestP01_GapAndFold(t *testing.T) {
	night := func(s *house.State) {
		s.Restaurant.Zone = "America/New_York"
		s.OpenFrom = servicetime.NewDate(2026, time.January, 1)
		s.Periods = s.Periods[1:]
		s.Periods[0].Start, s.Periods[0].End, s.Periods[0].LastSeating, s.Periods[0].Overrun = servicetime.NewClock(0, 0), servicetime.NewClock(6, 0), servicetime.NewClock(5, 0), true
		s.Bookings, s.Allocations = nil, nil
	}
	at := func(month time.Month, day, hour, minute int) servicetime.Instant {
		return servicetime.InstantOf(time.Date(2026, month, day, hour, minute, 0, 0, time.UTC))
	}
	offset := func(text string) servicetime.Offset {
		o, err := servicetime.ParseOffset(text)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	tests := []struct {
		name   string
		date   servicetime.Date
		clock  string
		offset string
		want   servicetime.Instant // 0: refused
	}{
		{"before the gap", servicetime.NewDate(2026, time.March, 8), "01:59", "", at(time.March, 8, 6, 59)},
		{"in the gap", servicetime.NewDate(2026, time.March, 8), "02:30", "", 0},
		{"in the gap, with an offset", servicetime.NewDate(2026, time.March, 8), "02:30", "-05:00", 0},
		{"after the gap", servicetime.NewDate(2026, time.March, 8), "03:00", "", at(time.March, 8, 7, 0)},
		{"in the fold: the first", servicetime.NewDate(2026, time.November, 1), "01:30", "", at(time.November, 1, 5, 30)},
		{"in the fold, summer", servicetime.NewDate(2026, time.November, 1), "01:30", "-04:00", at(time.November, 1, 5, 30)},
		{"in the fold, winter", servicetime.NewDate(2026, time.November, 1), "01:30", "-05:00", at(time.November, 1, 6, 30)},
		{"in the fold, an offset that does not fit", servicetime.NewDate(2026, time.November, 1), "01:30", "-06:00", 0},
		{"elsewhere, an offset that does not fit", servicetime.NewDate(2026, time.November, 2), "01:30", "-04:00", 0},
		{"elsewhere, the right offset", servicetime.NewDate(2026, time.November, 2), "01:30", "-05:00", at(time.November, 2, 6, 30)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, night)
			s.now = at(time.February, 1, 12, 0)
			c := create(20, 2, tt.clock)
			c.Date = tt.date
			if tt.offset != "" {
				c.Offset = offset(tt.offset)
			}
			if tt.want == 0 {
				s.refused(anna, c, seating.CodeLocalTimeInvalid)
				return
			}
			if b := s.ok(anna, c).Booking; b.Dining.Start != tt.want || b.Dining.End.Sub(b.Dining.Start) != time.Hour || b.Date != tt.date {
				t.Errorf("dining = %v, want an hour from %v", b.Dining, tt.want)
			}
		})
	}
}

// TestP04: a service past midnight belongs to the evening it opened on.
func TestP04_PastMidnight(t *testing.T) {
	s := evening(t, func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating, s.Periods[1].Overrun = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0), true
	})
	first := create(20, 2, "23:30", 5)
	first.Turn = 115 // window until 01:30
	s.ok(anna, first)
	second := create(21, 2, "00:30", 5)
	second.Date = housetest.Friday.AddDays(1)
	s.refused(anna, second, seating.CodeAssignmentConflict)
	third := create(21, 2, "00:45")
	third.Date = housetest.Friday.AddDays(1)
	b := s.ok(anna, third).Booking
	if b.ServiceDate != housetest.Friday || b.Date != housetest.Friday.AddDays(1) {
		t.Errorf("serviceDate %s, date %s, want Friday, Saturday", b.ServiceDate, b.Date)
	}
	late := create(22, 2, "01:01") // last seating is 01:00
	late.Date = housetest.Friday.AddDays(1)
	s.refused(anna, late, seating.CodeOutsideServiceHours)
}

func TestP06_NoSilentFallback(t *testing.T) {
	s := evening(t, nil)
	for at, want := range map[string]seating.Code{
		"22:30": "", "22:31": seating.CodeOutsideServiceHours, "16:01": seating.CodeOutsideServiceHours, "16:00": "",
		"16:59": seating.CodeOutsideServiceHours, "17:00": "", "11:29": seating.CodeOutsideServiceHours, "11:30": "", "03:00": seating.CodeOutsideServiceHours,
	} {
		c := create(20, 2, at)
		c.Date = c.Date.AddDays(1)
		s := *s
		if want == "" {
			s.ok(anna, c)
		} else {
			s.refused(anna, c, want)
		}
	}
	c := create(20, 2, "22:30")
	c.Turn = 61
	err := s.refused(anna, c, seating.CodeServiceOverrun)
	if got := seating.FirstError(err.Details.Checks).Ends; got != housetest.At("23:30") {
		t.Errorf("ends = %v, want 23:30", got)
	}
	c.Turn = 60
	s.ok(anna, c)
}

func TestCreate_Override(t *testing.T) {
	service := &seating.Override{Checks: []seating.CheckID{seating.CheckService}, Reason: "owner_said_so"}
	c := create(20, 2, "23:00", 5)
	s := evening(t, nil)
	s.refused(cleo, c, seating.CodeOutsideServiceHours)
	c.Override = service
	s.refused(anna, c, seating.CodeOverrideRequired)
	s.fields(cleo, c, "/turnMinutes") // outside every period nobody knows how long
	c.Turn = 60
	r := s.ok(cleo, c)
	if r.Booking.ServiceDate != housetest.Friday || r.Booking.Dining != housetest.Window("23:00", "23:59").Hull(servicetime.Dining(housetest.At("23:00"), 60)) {
		t.Errorf("booking = %+v, want Friday, an hour from 23:00", r.Booking.Booking)
	}
	if !slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool {
		return l.To == "override" && l.Reason == "owner_said_so" && strings.Contains(l.Detail, `"service"`)
	}) {
		t.Errorf("history = %+v, want the override of service", s.last.History)
	}

	overrun := create(21, 2, "22:30")
	overrun.Turn = 90
	s.refused(cleo, overrun, seating.CodeServiceOverrun)
	overrun.Override = service
	s.ok(cleo, overrun)

	closed := evening(t, func(s *house.State) {
		s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
	})
	c = create(20, 2, "20:00")
	closed.refused(cleo, c, seating.CodeClosed)
	c.Override, c.Turn = service, 60
	closed.ok(cleo, c)
}

func TestPast_FiveMinutes(t *testing.T) {
	c := create(20, 2, "19:00", 5)
	for away, code := range map[time.Duration]seating.Code{
		5*time.Minute - time.Millisecond: "", 5 * time.Minute: "", 5*time.Minute + time.Millisecond: seating.CodePast,
	} {
		s := evening(t, nil)
		s.now = housetest.At("19:00").Add(away)
		if code == "" {
			r := s.ok(anna, c)
			s.row(20, 5, servicetime.Window{Start: s.now, End: r.Booking.Window.End})
			continue
		}
		s.refused(anna, c, code)
		over := c
		over.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckService}, Reason: "walked_in"}
		s.ok(cleo, over)
	}
}

func TestCreate_DayClosedAndFarAhead(t *testing.T) {
	s := evening(t, func(s *house.State) { s.OpenFrom = housetest.Friday })
	c := create(20, 2, "20:00")
	c.Date = housetest.Friday.AddDays(-1)
	s.refused(cleo, c, seating.CodeDayClosed)
	c.Override, c.Turn = &seating.Override{Checks: []seating.CheckID{seating.CheckService}, Reason: "late"}, 60
	s.refused(cleo, c, seating.CodeDayClosed) // no right opens it
	c.Date = housetest.Friday.AddDays(365)
	c.Override = nil
	s.ok(cleo, c)
	c.Date, c.ID = housetest.Friday.AddDays(366), housetest.Booking(21)
	s.fields(cleo, c, "/date")
}

func TestV20_P11_PacingAtCreate(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Policy.Pacing.CoversPerSlot = 12 }) // ten arrive at 19:00
	s.ok(anna, create(20, 2, "19:00"))
	c := create(21, 1, "19:14", 5)
	s.refused(anna, c, seating.CodePacingExceeded)
	c.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckPacing}, Reason: "regulars"}
	s.ok(cleo, c)
	s.ok(anna, create(22, 2, "19:15"))
}

func TestC32_CreateAtTooSmallATable(t *testing.T) {
	s := evening(t, nil)
	s.refused(anna, create(20, 8, "20:00", 5), seating.CodeCapacityInsufficient)
	if s.h.Booking(housetest.Booking(20)) != nil {
		t.Error("a refused booking is there")
	}
	s.ok(anna, create(20, 8, "20:00", 6))
	s.sits(20, seating.Confirmed, 6)
}

func TestCreate_TablesOrPlanner(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, create(20, 4, "19:00", 2))
	if r.Booking.Status != seating.Confirmed || r.Booking.ChosenBy != seating.ChosenByPerson || r.Assignment == nil || r.Summary == nil || len(r.Checks) != 13 {
		t.Errorf("with tables = %+v, want confirmed by a person, with all checks", r)
	}
	c := create(21, 4, "19:00")
	c.AutoAssign = true
	r = s.ok(anna, c)
	if r.Booking.ChosenBy != seating.ChosenByPlanner || !slices.Equal(r.Booking.Tables, housetest.Tables(1)) {
		t.Errorf("autoAssign = %+v, want T1 by the planner", r.Booking)
	}
	if want := []seating.EventType{seating.EventBookingCreated, seating.EventAssignmentSync, seating.EventBookingConfirmed}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	c = create(22, 17, "19:00")
	c.AutoAssign = true
	r = s.ok(anna, c) // by phone it stays, pending, with the reason
	if r.Booking.Status != seating.Pending || r.NoTable == nil || r.NoTable.Reason == "" || r.Assignment != nil {
		t.Errorf("autoAssign of 17 = %+v, want pending with a reason", r)
	}
	s.refused(anna, create(23, 4, "19:00", 4), seating.CodeAssignmentConflict)
}

// TestNoTable: from the web it leaves with tables or not at all, and the
// alternatives can be booked.
func TestNoTable_WebLeavesWithTablesOrNotAtAll(t *testing.T) {
	full := func(s *house.State) {
		for i := range s.Tables {
			s.Tables[i].Active = i == 4 // T5, two seats
		}
		housetest.Party(s, 9, 2, "19:00", 5)
	}
	web := create(20, 2, "19:30")
	web.Source, web.Guest.Phone = seating.SourceWeb, "+331"
	s := evening(t, full)
	err := s.refused(anna, web, seating.CodeNoTable)
	var times []string
	for _, c := range err.Details.Choices {
		times = append(times, c.Time.String())
	}
	if want := []string{"20:30", "20:45", "21:00"}; !slices.Equal(times, want) || err.Details.Reason == "" {
		t.Errorf("alternatives = %v (%s), want %v", times, err.Details.Reason, want)
	}
	if s.h.Booking(housetest.Booking(20)) != nil {
		t.Error("a refused web booking is stored")
	}
	for _, choice := range err.Details.Choices {
		twin := *s
		again := web
		again.Date, again.Time = choice.Date, choice.Time
		if r := twin.ok(anna, again); r.Booking.Status != seating.Confirmed || r.Booking.Tables[0] != choice.Tables[0].ID {
			t.Errorf("booking the alternative %s = %+v, want confirmed at %v", choice.Time, r.Booking, choice.Tables)
		}
	}
	web.Time = servicetime.NewClock(20, 20)
	if r := s.ok(anna, web); r.Booking.Status != seating.Confirmed || r.Booking.ChosenBy != seating.ChosenByPlanner {
		t.Errorf("web at 20:20 = %+v, want confirmed by the planner", r.Booking)
	}
}

// TestWishes: binding for the planner, a warning for a person.
func TestCreate_Wishes(t *testing.T) {
	s := evening(t, nil)
	c := create(20, 4, "19:00")
	c.ZoneWish, c.AutoAssign = housetest.Patio, true
	if r := s.ok(anna, c); !slices.Equal(r.Booking.Tables, housetest.Tables(7)) {
		t.Errorf("the planner gives %v, want T7 on the patio", r.Booking.Tables)
	}
	c = create(21, 4, "19:00", 1)
	c.ZoneWish = housetest.Patio
	r := s.ok(anna, c)
	if i := slices.IndexFunc(r.Checks, func(c seating.Check) bool { return c.ID == seating.CheckZone }); r.Checks[i].Outcome != seating.OutcomeWarning {
		t.Errorf("zone = %+v, want a warning", r.Checks[i])
	}
}

func TestCreate_ReferenceDiffersByAttempt(t *testing.T) {
	s := evening(t, nil)
	seen := map[string]bool{}
	for attempt := range 50 {
		env := s.env(anna)
		env.Attempt = attempt
		d := decide.Decide(s.h, create(20, 2, "20:00"), env)
		ref := d.Result.Booking.Reference
		if seen[ref] || len(ref) != seating.ReferenceLength {
			t.Fatalf("attempt %d gives reference %q, want a new one of %d letters", attempt, ref, seating.ReferenceLength)
		}
		seen[ref] = true
		if !slices.Contains(d.Change.Guards, house.Guard{Kind: house.GuardReference, Reference: ref}) {
			t.Fatalf("guards = %+v, want the reference guarded", d.Change.Guards)
		}
	}
}

// TestCreate_SweepsLapsedHolds: a table with a lapsed hold is free.
func TestCreate_SweepsLapsedHolds(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(ben, hold(1, 1, 1))
	s.refused(anna, create(20, 4, "19:00", 1), seating.CodeHoldConflict)
	s.now = r.Hold.ExpiresAt
	s.ok(anna, create(20, 4, "19:00", 1))
	if s.h.Hold(housetest.Hold(1)) != nil {
		t.Error("the lapsed hold still has the rows")
	}
}

// TestC32_DefenceInDepth: Judge and create agree about every table for every
// party (P11: one verdict).
func TestP11_CreateAgreesWithJudge(t *testing.T) {
	for covers := 1; covers <= 18; covers++ {
		for _, tables := range [][]int{{1}, {5}, {6}, {1, 2}, {5, 6}, {1, 2, 3, 4}, {1, 3}, {1, 7}, {4, 6}} {
			s := evening(t, nil)
			r := planner.Request{Covers: covers, Window: housetest.Window("21:00", "21:30"), Now: s.now}
			want := ""
			if first := seating.FirstError(planner.Judge(s.h, r, housetest.Tables(tables...)).Checks); first != nil {
				want = string(first.Code)
			}
			c := create(20, covers, "21:00", tables...)
			c.Turn = 25
			got := ""
			if _, err := s.try(anna, c); err != nil {
				got = string(err.Code)
			}
			if got != want {
				t.Errorf("create(%d at T%v) = %q, Judge says %q", covers, tables, got, want)
			}
		}
	}
}
