package planner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestCheckPacing: four sit down at 19:00, two at 19:14, two at 19:15, three at
// lunch, and one of eight at 19:00 in a state that a case says.
func TestCheckPacing(t *testing.T) {
	evening := func(p seating.Pacing, last seating.Status) func(*house.State) {
		return func(s *house.State) {
			housetest.Party(s, 1, 4, "19:00")
			housetest.Party(s, 2, 2, "19:14")
			housetest.Party(s, 3, 2, "19:15")
			housetest.Party(s, 4, 3, "12:00")
			housetest.Party(s, 5, 8, "19:00")
			s.Bookings[4].Status = last
			s.Policy.Pacing = p
		}
	}
	too := func(n, limit int, message string, slot servicetime.Window) seating.Check {
		return with(refusal(seating.CodePacingExceeded, message), func(c *seating.Check) { c.Covers, c.Limit, c.Slot = n, limit, &slot })
	}
	covers := func(n int) seating.Pacing { return seating.Pacing{CoversPerSlot: n} }
	parties := func(n int) seating.Pacing { return seating.Pacing{PartiesPerSlot: n} }
	period := func(n int) seating.Pacing { return seating.Pacing{CoversPerPeriod: n} }
	tests := []struct {
		name    string
		pacing  seating.Pacing
		other   seating.Status // of booking 5
		booking int            // who asks; 0: nobody yet
		covers  int
		start   string
		want    seating.Check
	}{
		{name: "no limit", covers: 100, start: "19:00"},
		{name: "covers: exactly the limit", pacing: covers(10), other: seating.Cancelled, covers: 4, start: "19:00"},
		{name: "covers: one more", pacing: covers(10), other: seating.Cancelled, covers: 5, start: "19:00", want: too(11, 10, "11 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "covers: any minute of the slot", pacing: covers(10), other: seating.Cancelled, covers: 5, start: "19:14", want: too(11, 10, "11 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "covers: the next slot", pacing: covers(10), other: seating.Cancelled, covers: 8, start: "19:15"},
		{name: "covers: the next slot, one more", pacing: covers(10), other: seating.Cancelled, covers: 9, start: "19:29", want: too(11, 10, "11 covers would arrive from 19:15 to 19:30; at most 10 may.", housetest.Window("19:15", "19:30"))},
		{name: "parties: exactly the limit", pacing: parties(3), other: seating.Cancelled, covers: 1, start: "19:07"},
		{name: "parties: one more", pacing: parties(2), other: seating.Cancelled, covers: 1, start: "19:07", want: too(3, 2, "3 parties would arrive from 19:00 to 19:15; at most 2 may.", housetest.Window("19:00", "19:15"))},
		{name: "period: exactly the limit", pacing: period(18), other: seating.Cancelled, covers: 10, start: "21:00"},
		{name: "period: one more", pacing: period(18), other: seating.Cancelled, covers: 11, start: "21:00", want: too(19, 18, "19 covers would come to Dinner; at most 18 may.", housetest.Window("17:00", "23:30"))},
		{name: "period: lunch is not dinner", pacing: period(18), other: seating.Cancelled, covers: 15, start: "13:00"},
		{name: "no-shows do not count", pacing: covers(10), other: seating.NoShow, covers: 4, start: "19:00"},
		{name: "the waiting do not count", pacing: covers(10), other: seating.Waitlisted, covers: 4, start: "19:00"},
		{name: "the pending count", pacing: covers(10), other: seating.Pending, covers: 4, start: "19:00", want: too(18, 10, "18 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "the confirmed count", pacing: covers(10), other: seating.Confirmed, covers: 4, start: "19:00", want: too(18, 10, "18 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "those who sit count", pacing: covers(10), other: seating.CheckedIn, covers: 4, start: "19:00", want: too(18, 10, "18 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "those who have sat count", pacing: covers(10), other: seating.Completed, covers: 4, start: "19:00", want: too(18, 10, "18 covers would arrive from 19:00 to 19:15; at most 10 may.", housetest.Window("19:00", "19:15"))},
		{name: "a booking does not count twice", pacing: covers(10), other: seating.Pending, booking: 5, covers: 4, start: "19:00"},
		{name: "parties are told before covers", pacing: seating.Pacing{CoversPerSlot: 1, PartiesPerSlot: 1, CoversPerPeriod: 1}, other: seating.Cancelled, covers: 4, start: "19:00", want: too(3, 1, "3 parties would arrive from 19:00 to 19:15; at most 1 may.", housetest.Window("19:00", "19:15"))},
		{name: "V20 a party beyond any limit", pacing: covers(10), other: seating.Cancelled, covers: 11, start: "20:00", want: too(11, 10, "11 covers would arrive from 20:00 to 20:15; at most 10 may.", housetest.Window("20:00", "20:15"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, evening(tt.pacing, tt.other))
			r := planner.Request{Covers: tt.covers, Principal: anna, Now: housetest.At("09:00")}
			if tt.booking > 0 {
				r.Booking = housetest.Booking(tt.booking)
			}
			want := tt.want
			want.ID = seating.CheckPacing
			if want.Outcome == "" {
				want.Outcome = seating.OutcomeOK
			}
			arrival := arriving(h, r, tt.start, 60)
			if diff := cmp.Diff(want, find(planner.Judge(h, arrival, housetest.Tables(1)), seating.CheckPacing)); diff != "" {
				t.Errorf("Judge(%d at %s): pacing differs (-want +got):\n%s", tt.covers, tt.start, diff)
			}
			r.Window = arrival.Window // tables for a window that stands are not paced
			if got := find(planner.Judge(h, r, housetest.Tables(1)), seating.CheckPacing); got.Outcome != seating.OutcomeOK {
				t.Errorf("Judge(no arrival): pacing = %+v, want ok", got)
			}
		})
	}
}

// TestCheckPacing_OutsideEveryPeriod: a start that an override lets through still
// meets the parties of its quarter of an hour, whatever service day they are of.
func TestCheckPacing_OutsideEveryPeriod(t *testing.T) {
	for name, limit := range map[string]int{"one more": 5, "the limit": 6} {
		t.Run(name, func(t *testing.T) {
			h := housetest.New(t, func(s *house.State) {
				housetest.Party(s, 1, 4, "23:00")
				s.Policy.Pacing.CoversPerSlot = limit
			})
			r := arriving(h, planner.Request{Covers: 2, Principal: anna, Now: housetest.At("18:00")}, "23:05", 60)
			if r.Arrival.Err == nil {
				t.Fatal("23:05 is within a period; the case needs one outside")
			}
			got := find(planner.JudgeArrival(h, r), seating.CheckPacing).Outcome
			if want := map[bool]seating.Outcome{true: seating.OutcomeError, false: seating.OutcomeOK}[limit < 6]; got != want {
				t.Errorf("JudgeArrival(2 at 23:05 beside 4, limit %d): pacing = %s, want %s", limit, got, want)
			}
		})
	}
}

// TestCheckPacing_P04: parties of the evening before who arrive after midnight
// are counted with those of the same quarter of an hour.
func TestCheckPacing_P04_AcrossMidnight(t *testing.T) {
	late := func(s *house.State) {
		s.Periods[1].End, s.Periods[1].LastSeating, s.Periods[1].Overrun = servicetime.NewClock(2, 0), servicetime.NewClock(1, 30), true
		b := housetest.Party(s, 1, 4, "00:30")
		shift := servicetime.Instant(24 * 3600 * 1e6)
		last := &s.Bookings[0]
		last.Date = b.Date.AddDays(1)
		last.Dining.Start += shift
		last.Dining.End += shift
		last.Window.Start += shift
		last.Window.End += shift
		s.Policy.Pacing.CoversPerSlot = 5
	}
	h := housetest.New(t, late)
	service, start, err := h.Calendar.Resolve(housetest.Friday.AddDays(1), servicetime.NewClock(0, 35), servicetime.AnyOffset)
	if err != nil || service.ServiceDate != housetest.Friday {
		t.Fatalf("Resolve(Sat 00:35) = service date %v, %v, want Friday", service.ServiceDate, err)
	}
	r := planner.Request{Covers: 2, Principal: anna, Now: housetest.At("18:00"), Arrival: &planner.Arrival{Dining: servicetime.Dining(start, 60), Service: service}}
	if got := find(planner.JudgeArrival(h, r), seating.CheckPacing); got.Covers != 6 || got.Outcome != seating.OutcomeError {
		t.Errorf("JudgeArrival(2 at 00:35 beside 4 at 00:30): pacing = %+v, want an error with 6 covers", got)
	}
}
