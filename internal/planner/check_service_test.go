package planner_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestCheckService_TablesForAStandingWindow: a window that has begun warns, one
// that is over refuses.
func TestCheckService_TablesForAStandingWindow(t *testing.T) {
	now := func(i servicetime.Instant) func(*planner.Request) {
		return func(r *planner.Request) {
			r.Now = i
			r.Window = planner.Remaining(r.Window, i)
		}
	}
	start, end := housetest.At("19:00"), housetest.At("20:20")
	begun := warning(seating.CodePast, "The window has begun.")
	over := with(refusal(seating.CodePast, "The window ended at 20:20 on 2026-11-27."), func(c *seating.Check) { c.Ends = end })
	run(t, seating.CheckService, []checkCase{
		{name: "to come", tables: []int{1}},
		{name: "1 ms before its start", ask: now(start.Add(-time.Millisecond)), tables: []int{1}},
		{name: "at its start", ask: now(start), tables: []int{1}, want: begun},
		{name: "1 ms after its start", ask: now(start.Add(time.Millisecond)), tables: []int{1}, want: begun},
		{name: "an hour after its start: no 5 minutes' grace is needed", ask: now(start.Add(time.Hour)), tables: []int{1}, want: begun},
		{name: "1 ms before its end", ask: now(end.Add(-time.Millisecond)), tables: []int{1}, want: begun},
		{name: "at its end", ask: now(end), tables: []int{1}, want: over},
		{name: "1 ms after its end", ask: now(end.Add(time.Millisecond)), tables: []int{1}, want: over},
		{name: "closed since: no rule for a standing window", edit: func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}}
		}, tables: []int{1}},
		{name: "outside today's periods: likewise", edit: func(s *house.State) { s.Periods = nil }, tables: []int{1}},
	})
}

// arriving chooses a start on Friday for the turn in minutes.
func arriving(h *house.House, r planner.Request, at string, turn servicetime.Minutes) planner.Request {
	clock, _ := servicetime.ParseClock(at)
	service, start, err := h.Calendar.Resolve(housetest.Friday, clock, servicetime.AnyOffset)
	if err != nil {
		start = housetest.At(at)
	}
	dining := servicetime.Dining(start, turn)
	r.Arrival = &planner.Arrival{Dining: dining, Service: service, Err: err}
	r.Window = servicetime.WithBuffers(dining, h.Policy.BufferBefore, h.Policy.BufferAfter)
	return r
}

// TestCheckService_ChosenStart: create and reschedule judge the start itself.
func TestCheckService_ChosenStart(t *testing.T) {
	closed := func(s *house.State) {
		s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}}
	}
	at := func(clock string, away time.Duration) servicetime.Instant { return housetest.At(clock).Add(away) }
	leak := &servicetime.Closure{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}
	hours := []seating.ServiceHours{
		{Name: "Lunch", Window: housetest.Window("11:30", "17:00"), LastSeating: housetest.At("16:00")},
		{Name: "Dinner", Window: housetest.Window("17:00", "23:30"), LastSeating: housetest.At("22:30")},
	}
	outside := func(at string) seating.Check {
		return with(refusal(seating.CodeOutsideServiceHours, "No service takes a party at "+at+". Friday 2026-11-27 has "+
			"Lunch 11:30–17:00 (last seating 16:00), Dinner 17:00–23:30 (last seating 22:30)."), func(c *seating.Check) { c.Hours = hours })
	}
	overrun := with(refusal(seating.CodeServiceOverrun, "Dining would end at 23:31; Dinner ends at 23:30."), func(c *seating.Check) { c.Ends = housetest.At("23:30") })
	past := with(refusal(seating.CodePast, "The start, 19:00 on 2026-11-27, is more than 5 minutes ago."), func(c *seating.Check) { c.Starts = housetest.At("19:00") })
	shut := func(code seating.Code, message string) seating.Check {
		return with(refusal(code, message), func(c *seating.Check) { c.Closure = leak })
	}
	tests := []struct {
		name  string
		edit  func(*house.State)
		start string
		turn  servicetime.Minutes
		now   servicetime.Instant
		want  seating.Check
	}{
		{name: "dinner", start: "19:00", turn: 75, now: at("18:00", 0)},
		{name: "the first minute", start: "17:00", turn: 75, now: at("12:00", 0)},
		{name: "lunch's first minute", start: "11:30", turn: 60, now: at("09:00", 0)},
		{name: "a minute before it opens", start: "11:29", turn: 60, now: at("09:00", 0), want: outside("11:29")},
		{name: "P06 last seating", start: "22:30", turn: 60, now: at("18:00", 0)},
		{name: "P06 a minute later: no fall-back", start: "22:31", turn: 30, now: at("18:00", 0), want: outside("22:31")},
		{name: "P06 after lunch's last seating, before dinner", start: "16:30", turn: 20, now: at("12:00", 0), want: outside("16:30")},
		{name: "dining ends with dinner", start: "22:30", turn: 60, now: at("18:00", 0)},
		{name: "a minute of overrun", start: "22:30", turn: 61, now: at("18:00", 0), want: overrun},
		{name: "the buffer may overrun", start: "22:30", turn: 60, now: at("18:00", 0)},
		{name: "lunch may overrun", start: "16:00", turn: 120, now: at("12:00", 0)},
		{name: "closed", edit: closed, start: "19:00", turn: 75, now: at("12:00", 0), want: shut(seating.CodeClosed, "The restaurant is closed on 2026-11-27 (leak).")},
		{name: "closed, and no period either", edit: closed, start: "10:00", turn: 75, now: at("09:00", 0), want: shut(
			seating.CodeOutsideServiceHours, "No service takes a party at 10:00. The restaurant is closed on 2026-11-27 (leak).")},
		{name: "PAST: 5 min ago", start: "19:00", turn: 75, now: at("19:05", 0)},
		{name: "PAST: 5 min and 1 ms ago", start: "19:00", turn: 75, now: at("19:05", time.Millisecond), want: past},
		{name: "PAST: 1 ms less than 5 min ago", start: "19:00", turn: 75, now: at("19:05", -time.Millisecond)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := housetest.New(t, tt.edit)
			r := arriving(h, planner.Request{Covers: 2, Principal: anna, Now: tt.now}, tt.start, tt.turn)
			want := tt.want
			want.ID = seating.CheckService
			if want.Outcome == "" {
				want.Outcome = seating.OutcomeOK
			}
			got := find(planner.Judge(h, r, housetest.Tables(5)), seating.CheckService)
			alone := find(planner.JudgeArrival(h, r), seating.CheckService)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Judge(%s): service differs (-want +got):\n%s", tt.start, diff)
			}
			if alone.Outcome != got.Outcome || alone.Code != got.Code {
				t.Errorf("JudgeArrival(%s): service = %+v, want the same as with tables %+v", tt.start, alone, got)
			}
		})
	}
}

// TestP11_OneVerdict: with and without tables the same rules judge the start.
func TestP11_JudgeArrivalAppliesServiceAndPacingAlone(t *testing.T) {
	h := housetest.New(t, nil)
	r := arriving(h, planner.Request{Covers: 2, Principal: anna, Now: housetest.At("18:00")}, "19:00", 60)
	v := planner.JudgeArrival(h, r)
	if len(v.Checks) != 2 || v.Checks[0].ID != seating.CheckService || v.Checks[1].ID != seating.CheckPacing || !v.OK || v.Summary.Party != 2 {
		t.Errorf("JudgeArrival() = %+v, want service and pacing, ok, party 2", v)
	}
}
