package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestOutsideHours_NamesWhatIsServed: who is refused learns when to come instead,
// also past midnight, on a day without service, and while it is closed.
func TestOutsideHours_NamesWhatIsServed(t *testing.T) {
	night := func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0)
	}
	midnight := func(s *house.State) { s.Periods[1].End = servicetime.NewClock(0, 0) }
	lunch := "Lunch 11:30–17:00 (last seating 16:00)"
	tests := []struct {
		name  string
		edit  func(*house.State)
		date  servicetime.Date
		clock string
		want  string
		hours int
	}{
		{"past last seating, past midnight", night, housetest.Friday.AddDays(1), "01:30", "No service takes a party at 01:30. Saturday 2026-11-28 has " +
			"Dinner 17:00–02:00 (last seating 01:00) of the day before, " + lunch + ", Dinner 17:00–02:00 (last seating 01:00).", 3},
		{"an evening that ends at midnight is not of the next day", midnight, housetest.Friday.AddDays(1), "10:00", "No service takes a party at 10:00. Saturday 2026-11-28 has " +
			lunch + ", Dinner 17:00–00:00 (last seating 22:30).", 2},
		{"a day without service", func(s *house.State) {
			s.Periods = s.Periods[:1]
			s.Periods[0].Weekdays = []time.Weekday{time.Monday}
		}, housetest.Friday, "19:00", "No service takes a party at 19:00. Friday 2026-11-27 has no service.", 0},
		{"no service and closed", func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday.AddDays(2)}}
		}, housetest.Friday, "10:00", "No service takes a party at 10:00. The restaurant is closed from 2026-11-27 to 2026-11-29.", 0},
		{"closed in between", func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday.AddDays(2), Reason: "leak"}}
		}, housetest.Friday.AddDays(1), "19:00", "The restaurant is closed from 2026-11-27 to 2026-11-29 (leak).", 0},
		{"past midnight of an evening that is closed", func(s *house.State) {
			night(s)
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}}
		}, housetest.Friday.AddDays(1), "00:30", "The restaurant is closed on 2026-11-27 (leak).", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, tt.edit)
			clock, _ := servicetime.ParseClock(tt.clock)
			_, _, err := h.Calendar.Resolve(tt.date, clock, servicetime.AnyOffset)
			start, _ := servicetime.Local(h.Calendar.Zone, tt.date, clock, servicetime.AnyOffset)
			r := planner.Request{Covers: 2, Now: housetest.At("09:00"), Arrival: &planner.Arrival{Dining: servicetime.Dining(start, 60), Err: err}}
			c := find(planner.JudgeArrival(h, r), seating.CheckService)
			if c.Message != tt.want || len(c.Hours) != tt.hours {
				t.Errorf("service = %q with %d services, want %q with %d", c.Message, len(c.Hours), tt.want, tt.hours)
			}
			if closed := strings.Contains(tt.want, "closed"); (c.Closure != nil) != closed {
				t.Errorf("closure = %v, want one: %v", c.Closure, closed)
			}
		})
	}
}

// TestCheckService_AStartThatStands is judged by what comes after it alone, and a
// party that sits not at all.
func TestCheckService_AStartThatStands(t *testing.T) {
	closed := func(s *house.State) {
		s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
	}
	tests := []struct {
		name  string
		edit  func(*house.State)
		start string
		turn  servicetime.Minutes
		now   string
		sits  bool
		want  seating.Code
	}{
		{name: "an hour ago", start: "19:00", turn: 75, now: "20:00"},
		{name: "its window is over", start: "19:00", turn: 75, now: "20:20", want: seating.CodePast},
		{name: "a minute before that", start: "19:00", turn: 75, now: "20:19"},
		{name: "too long", start: "22:00", turn: 91, now: "20:00", want: seating.CodeServiceOverrun},
		{name: "outside hours, where it was let in", start: "23:00", turn: 91, now: "20:00"},
		{name: "closed since", edit: closed, start: "19:00", turn: 75, now: "18:00"},
		{name: "sits, its window is over", start: "19:00", turn: 75, now: "20:20", sits: true},
		{name: "sits too long", start: "22:00", turn: 91, now: "22:30", sits: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, tt.edit)
			r := arriving(h, planner.Request{Covers: 2, Now: housetest.At(tt.now)}, tt.start, tt.turn)
			r.Arrival.Stands, r.Sits = true, tt.sits
			if got := find(planner.Judge(h, r, housetest.Tables(5)), seating.CheckService); got.Code != tt.want {
				t.Errorf("service = %+v, want %q", got, tt.want)
			}
		})
	}
}

func TestCheckPacing_NobodyMoreArrives(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		housetest.Party(s, 1, 4, "19:00")
		s.Policy.Pacing = seating.Pacing{CoversPerSlot: 1, PartiesPerSlot: 1, CoversPerPeriod: 1}
	})
	for name, set := range map[string]func(*planner.Request){
		"it waits or does not grow": func(r *planner.Request) { r.Arrival.Unpaced = true },
		"it sits":                   func(r *planner.Request) { r.Sits = true },
	} {
		r := arriving(h, planner.Request{Covers: 2, Now: housetest.At("18:00")}, "19:00", 60)
		if got := find(planner.JudgeArrival(h, r), seating.CheckPacing); got.Code != seating.CodePacingExceeded {
			t.Fatalf("pacing = %+v, want it exceeded", got)
		}
		set(&r)
		if got := find(planner.JudgeArrival(h, r), seating.CheckPacing); got.Outcome != seating.OutcomeOK {
			t.Errorf("%s: pacing = %+v, want ok", name, got)
		}
	}
}

// TestBlockers_NameAnotherDate: who asks for Friday is told the date of a claim that
// is not Friday's, and of no other.
func TestBlockers_NameAnotherDate(t *testing.T) {
	long := servicetime.Window{Start: housetest.At("19:00").Add(-48 * time.Hour), End: housetest.At("21:00")}
	h := housetest.New(t, func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating = servicetime.NewClock(2, 0), servicetime.NewClock(1, 0)
		housetest.Party(s, 1, 4, "19:00")
		s.Blocks = []seating.Block{{ID: housetest.ID[seating.BlockID](1001), Tables: housetest.Tables(1), Window: long, Reason: "wobbly"}}
		b := housetest.Party(s, 2, 4, "12:00", 2)
		s.Allocations[len(s.Allocations)-1].Window = servicetime.Window{Start: b.Window.Start, End: housetest.At("23:59")}
		housetest.Party(s, 3, 4, "23:30", 3)
	})
	ask := func(w servicetime.Window, table int) string {
		r := planner.Request{Covers: 4, Window: w, Now: housetest.At("10:00")}
		return find(planner.Judge(h, r, housetest.Tables(table)), seating.CheckConflict).Message
	}
	past := servicetime.Window{Start: housetest.At("23:59").Add(21 * time.Minute), End: housetest.At("23:59").Add(time.Hour)}
	for _, x := range []struct {
		got, want string
	}{
		{ask(housetest.Window("19:00", "20:00"), 1), "T1 blocked 19:00–21:00 on 2026-11-25 (wobbly)."},
		{ask(housetest.Window("19:00", "20:00"), 2), "T2 busy 12:00–23:59 by booking " + seating.ReferenceFor(housetest.Booking(2), 0) + "."},
		{ask(past, 3), "T3 busy 23:30–00:50 by booking " + seating.ReferenceFor(housetest.Booking(3), 0) + "."},
	} {
		if diff := cmp.Diff(x.want, x.got); diff != "" {
			t.Errorf("conflict (-want +got):\n%s", diff)
		}
	}
}
