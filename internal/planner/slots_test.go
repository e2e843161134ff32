package planner_test

import (
	"fmt"
	"slices"
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

// told spells slots out: the time on the wall, the instant, and the tables or
// why there are none.
func told(h *house.House, slots []planner.Slot) []string {
	var lines []string
	for _, s := range slots {
		what := string(s.Reason)
		if what == "" {
			var numbers []string
			for _, ref := range h.Floor.Refs(s.Tables) {
				numbers = append(numbers, ref.Number)
			}
			what = strings.Join(numbers, "+")
		}
		lines = append(lines, fmt.Sprintf("%s %s%s %s %s", s.Date, s.Time, s.Offset, s.Start, what))
	}
	return lines
}

// two asks for a party of two at noon of the Friday.
func two() planner.Party {
	return planner.Party{Covers: 2, Principal: anna, Now: housetest.At("12:00")}
}

// between cuts the slots of Friday from one time on the wall to another out.
func between(slots []planner.Slot, from, to string) []planner.Slot {
	return slices.DeleteFunc(slices.Clone(slots), func(s planner.Slot) bool { return s.Start < housetest.At(from) || s.Start > housetest.At(to) })
}

func TestSlotsOfAnOpenDay(t *testing.T) {
	h := housetest.New(t, nil)
	slots := planner.Slots(h, two(), housetest.Friday)
	// lunch 11:30 to 16:00 are 19 quarters, dinner 17:00 to 22:30 are 23
	if len(slots) != 42 {
		t.Errorf("%d slots, want 42: every quarter from each period's start to its last seating", len(slots))
	}
	got := told(h, between(slots, "11:45", "12:00"))
	want := []string{"2026-11-27 11:45+01:00 2026-11-27T10:45:00Z past", "2026-11-27 12:00+01:00 2026-11-27T11:00:00Z T5"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("slots around now (-want +got):\n%s", d)
	}
	// dinner does not overrun: an hour from 22:30 ends as it does
	if last := slots[len(slots)-1]; last.Reason != "" || last.Start != housetest.At("22:30") {
		t.Errorf("last slot = %+v, want 22:30 free", last)
	}
	four := two()
	four.Covers = 4
	got = told(h, between(planner.Slots(h, four, housetest.Friday), "22:15", "22:30"))
	want = []string{"2026-11-27 22:15+01:00 2026-11-27T21:15:00Z T1", "2026-11-27 22:30+01:00 2026-11-27T21:30:00Z overrun"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("last slots of four (-want +got):\n%s", d)
	}
}

func TestSlotsSayWhyNot(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*house.State)
		ask  func(*planner.Party)
		date servicetime.Date
		at   string
		want planner.SlotReason
	}{
		"all taken": {edit: func(s *house.State) {
			for n := 1; n <= 8; n++ {
				housetest.Party(s, n, 2, "19:00", n)
			}
		}, at: "19:30", want: planner.SlotFull},
		"too many for the floor":  {ask: func(p *planner.Party) { p.Covers = 60 }, at: "19:00", want: planner.SlotFull},
		"a wish nobody can grant": {ask: func(p *planner.Party) { p.SeatingWish = seating.SeatingBooth }, at: "19:00", want: planner.SlotFull},
		"pacing": {edit: func(s *house.State) {
			s.Policy.Pacing.PartiesPerSlot = 1
			housetest.Party(s, 1, 2, "19:10")
		}, at: "19:00", want: planner.SlotPacing},
		"a long stay":        {ask: func(p *planner.Party) { p.Turn = 120 }, at: "22:00", want: planner.SlotOverrun},
		"further than taken": {edit: func(s *house.State) { s.Policy.MaxAdvance = 6 }, date: housetest.Friday.AddDays(7), at: "19:00", want: planner.SlotTooFar},
		"no bookings taken":  {edit: func(s *house.State) { s.Restaurant.Active = false }, at: "19:00", want: planner.SlotClosed},
		"a closed day":       {edit: func(s *house.State) { s.OpenFrom = housetest.Friday.AddDays(1) }, at: "19:00", want: planner.SlotClosed},
	} {
		t.Run(name, func(t *testing.T) {
			h := housetest.New(t, c.edit)
			p := two()
			if c.ask != nil {
				c.ask(&p)
			}
			date := housetest.Friday
			if c.date != 0 {
				date = c.date
			}
			at := housetest.At(c.at).Add(time.Duration(date-housetest.Friday) * 24 * time.Hour)
			slots := planner.Slots(h, p, date)
			i := slices.IndexFunc(slots, func(s planner.Slot) bool { return s.Start == at })
			if i < 0 {
				t.Fatalf("no slot at %s of %v", at, told(h, slots))
			}
			if got := slots[i]; got.Reason != c.want || len(got.Tables) > 0 {
				t.Errorf("slot at %s = %+v, want %s without tables", c.at, got, c.want)
			}
		})
	}
	h := housetest.New(t, func(s *house.State) {
		s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
	})
	if slots := planner.Slots(h, two(), housetest.Friday); len(slots) != 0 {
		t.Errorf("slots of a closure = %v, want none", told(h, slots))
	}
}

// A party that is within the grace of five minutes can still be booked.
func TestSlotsKeepTheGrace(t *testing.T) {
	h := housetest.New(t, nil)
	p := two()
	p.Now = housetest.At("12:00").Add(5 * time.Minute)
	if s := between(planner.Slots(h, p, housetest.Friday), "12:00", "12:00")[0]; s.Reason != "" {
		t.Errorf("slot five minutes ago = %q, want available", s.Reason)
	}
	p.Now = p.Now.Add(time.Microsecond)
	if s := between(planner.Slots(h, p, housetest.Friday), "12:00", "12:00")[0]; s.Reason != planner.SlotPast {
		t.Errorf("slot more than five minutes ago = %q, want past", s.Reason)
	}
}

// Who had a table before now is not in the way of a party that comes now.
func TestSlotsLookAtWhatIsLeft(t *testing.T) {
	h := housetest.New(t, block(1, "11:00", "12:02", 5))
	p := two()
	p.Now = housetest.At("12:03")
	got := told(h, between(planner.Slots(h, p, housetest.Friday), "12:00", "12:00"))
	if d := cmp.Diff([]string{"2026-11-27 12:00+01:00 2026-11-27T11:00:00Z T5"}, got); d != "" {
		t.Errorf("slot that has begun (-want +got):\n%s", d)
	}
}

// The same free tables are searched once, and a table that is free again is
// found again.
func TestSlotsFollowTheTables(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		housetest.Party(s, 1, 2, "19:00", 5) // until 20:20
	})
	got := told(h, between(planner.Slots(h, two(), housetest.Friday), "17:45", "20:30"))
	want := []string{}
	for i, table := range []string{"T5", "T1", "T1", "T1", "T1", "T1", "T1", "T1", "T1", "T1", "T1", "T5"} {
		start := housetest.At("17:45").Add(time.Duration(i) * 15 * time.Minute)
		want = append(want, fmt.Sprintf("2026-11-27 %s+01:00 %s %s", start.Time().Add(time.Hour).Format("15:04"), start, table))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("slots around a party at T5 (-want +got):\n%s", d)
	}
}

// P01 to P04: over clock changes and past midnight each slot has its instant and
// what the wall shows then, a quarter of an hour after the one before.
func TestSlotsOverClockChanges(t *testing.T) {
	late := servicetime.Period{
		Name: "Late", Start: servicetime.NewClock(23, 30), End: servicetime.NewClock(4, 0), LastSeating: servicetime.NewClock(3, 0), Overrun: true,
		Bands:    []servicetime.TurnBand{{Turn: 60}},
		Weekdays: []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday},
	}
	for _, c := range []struct {
		zone, date string
		slots      int    // 15 on a plain night
		first      string // of the slots
		change     []string
		last       string
	}{
		{"Europe/Paris", "2026-03-28", 11, "2026-03-28 23:30+01:00 2026-03-28T22:30:00Z", []string{
			"2026-03-29 01:45+01:00 2026-03-29T00:45:00Z", "2026-03-29 03:00+02:00 2026-03-29T01:00:00Z",
		}, "2026-03-29 03:00+02:00 2026-03-29T01:00:00Z"},
		{"Europe/Paris", "2026-10-24", 19, "2026-10-24 23:30+02:00 2026-10-24T21:30:00Z", []string{
			"2026-10-25 02:45+02:00 2026-10-25T00:45:00Z", "2026-10-25 02:00+01:00 2026-10-25T01:00:00Z",
		}, "2026-10-25 03:00+01:00 2026-10-25T02:00:00Z"},
		{"America/Sao_Paulo", "2018-11-03", 11, "2018-11-03 23:30-03:00 2018-11-04T02:30:00Z", []string{
			"2018-11-03 23:45-03:00 2018-11-04T02:45:00Z", "2018-11-04 01:00-02:00 2018-11-04T03:00:00Z",
		}, "2018-11-04 03:00-02:00 2018-11-04T05:00:00Z"},
		{"America/Sao_Paulo", "2019-02-16", 19, "2019-02-16 23:30-02:00 2019-02-17T01:30:00Z", []string{
			"2019-02-16 23:45-02:00 2019-02-17T01:45:00Z", "2019-02-16 23:00-03:00 2019-02-17T02:00:00Z",
		}, "2019-02-17 03:00-03:00 2019-02-17T06:00:00Z"},
		{"America/Sao_Paulo", "2026-11-03", 15, "2026-11-03 23:30-03:00 2026-11-04T02:30:00Z", nil, "2026-11-04 03:00-03:00 2026-11-04T06:00:00Z"},
		{"Asia/Kolkata", "2026-03-28", 15, "2026-03-28 23:30+05:30 2026-03-28T18:00:00Z", []string{
			"2026-03-28 23:45+05:30 2026-03-28T18:15:00Z", "2026-03-29 00:00+05:30 2026-03-28T18:30:00Z",
		}, "2026-03-29 03:00+05:30 2026-03-28T21:30:00Z"},
		{"Pacific/Auckland", "2026-04-04", 19, "2026-04-04 23:30+13:00 2026-04-04T10:30:00Z", []string{
			"2026-04-05 02:45+13:00 2026-04-04T13:45:00Z", "2026-04-05 02:00+12:00 2026-04-04T14:00:00Z",
		}, "2026-04-05 03:00+12:00 2026-04-04T15:00:00Z"},
		{"Pacific/Auckland", "2026-09-26", 11, "2026-09-26 23:30+12:00 2026-09-26T11:30:00Z", []string{
			"2026-09-27 01:45+12:00 2026-09-26T13:45:00Z", "2026-09-27 03:00+13:00 2026-09-26T14:00:00Z",
		}, "2026-09-27 03:00+13:00 2026-09-26T14:00:00Z"},
	} {
		t.Run(c.zone+" "+c.date, func(t *testing.T) {
			date, err := servicetime.ParseDate(c.date)
			if err != nil {
				t.Fatal(err)
			}
			h := housetest.New(t, func(s *house.State) {
				s.Restaurant.Zone, s.Periods, s.OpenFrom = c.zone, []servicetime.Period{late}, date
			})
			p := two()
			p.Now = servicetime.Instant(date.AddDays(-30)) * servicetime.Instant(24*time.Hour/time.Microsecond)
			slots := planner.Slots(h, p, date)
			got := told(h, slots)
			if len(got) != c.slots || got[0] != c.first+" T5" || got[len(got)-1] != c.last+" T5" {
				t.Errorf("%d slots from %q to %q, want %d from %q to %q", len(got), got[0], got[len(got)-1], c.slots, c.first, c.last)
			}
			if c.change != nil {
				before, after := c.change[0]+" T5", c.change[1]+" T5"
				if i := slices.Index(got, before); i < 0 || got[i+1] != after {
					t.Errorf("slots %v do not go on from %q as %q", got, before, after)
				}
			}
			for i, s := range slots {
				if i > 0 && s.Start.Sub(slots[i-1].Start) != 15*time.Minute {
					t.Errorf("slot %d begins %s after the one before, want 15m", i, s.Start.Sub(slots[i-1].Start))
				}
				service, start, err := h.Calendar.Resolve(s.Date, s.Time, s.Offset)
				if err != nil || start != s.Start || service.ServiceDate != date {
					t.Errorf("%s resolves to %s of %s, %v; want its own start and day", got[i], start, service.ServiceDate, err)
				}
			}
		})
	}
}

// BenchmarkSlots looks at an evening of 150 tables in a grid, half of them taken.
func BenchmarkSlots(b *testing.B) {
	for _, c := range []struct {
		name   string
		covers int
		taken  int // of ten tables
	}{{"two of an empty house", 2, 0}, {"two of a half full house", 2, 5}, {"ten of a half full house", 10, 5}, {"ten of a full house", 10, 9}} {
		h, err := house.New(grid(c.taken))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			p := planner.Party{Covers: c.covers, Principal: anna, Now: housetest.At("09:00")}
			for b.Loop() {
				planner.Slots(h, p, housetest.Friday)
			}
		})
	}
}

// grid is ten rows of fifteen tables for four, of which some are taken by one
// party after the other.
func grid(taken int) house.State {
	s := housetest.State()
	s.Tables, s.Edges, s.Combinations = nil, nil, nil
	for i := range 150 {
		s.Tables = append(s.Tables, seating.Table{
			ID: housetest.Table(i + 1), Number: fmt.Sprintf("T%d", i+1), Zone: housetest.Main, MinCovers: 1, MaxCovers: 4, Movable: true, Active: true,
			Seating: seating.SeatingStandard,
		})
		if i%15 > 0 {
			s.Edges = append(s.Edges, seating.NewEdge(housetest.Table(i), housetest.Table(i+1)))
		}
		if i >= 15 {
			s.Edges = append(s.Edges, seating.NewEdge(housetest.Table(i-14), housetest.Table(i+1)))
		}
		for k, at := range []string{"11:30", "13:00", "14:30", "17:00", "18:30", "20:00", "21:30"} {
			if i*7%10 < taken {
				housetest.Party(&s, 1000+i*10+k, 4, at, i+1)
			}
		}
	}
	return s
}
