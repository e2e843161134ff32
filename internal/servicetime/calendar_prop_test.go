package servicetime_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	st "github.com/maitred/maitred/internal/servicetime"
)

// drawPeriod draws a period that is valid by itself, weekly or dated near d.
func drawPeriod(t *rapid.T, name string, d st.Date) st.Period {
	start := rapid.IntRange(0, 95).Draw(t, "start") * 15
	length := rapid.IntRange(1, 95).Draw(t, "length") * 15
	last := rapid.IntRange(0, length-1).Draw(t, "last seating")
	p := st.Period{
		Name: name, Bands: []st.TurnBand{{Turn: 90}},
		Start: st.Clock(start), End: st.Clock((start + length) % 1440), LastSeating: st.Clock((start + last) % 1440),
	}
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		p.Date = new(d.AddDays(rapid.IntRange(-2, 2).Draw(t, "days")))
		return p
	}
	p.Weekdays = rapid.SliceOfNDistinct(rapid.SampledFrom(everyDay), 1, 7, rapid.ID).Draw(t, "weekdays")
	return p
}

// drawPeriods draws up to n of them; together they may be invalid.
func drawPeriods(t *rapid.T, d st.Date, n int) []st.Period {
	list := make([]st.Period, rapid.IntRange(1, n).Draw(t, "periods"))
	for i := range list {
		list[i] = drawPeriod(t, fmt.Sprintf("period %d", i), d)
	}
	return list
}

// drawCalendar draws a valid calendar: of the periods drawn it keeps those that
// can stand beside the ones before.
func drawCalendar(t *rapid.T, d st.Date) st.Calendar {
	c := st.Calendar{Zone: zone(t, zoneNames.Draw(t, "zone"))}
	for _, p := range drawPeriods(t, d, 6) {
		if more := append(slices.Clip(c.Periods), p); st.ValidatePeriods(more) == nil {
			c.Periods = more
		}
	}
	if rapid.Bool().Draw(t, "closed") {
		from := d.AddDays(rapid.IntRange(-2, 1).Draw(t, "closed from"))
		c.Closures = []st.Closure{{From: from, To: from.AddDays(rapid.IntRange(0, 2).Draw(t, "more days"))}}
	}
	return c
}

// A start that resolves lies in its service, reads as the wall clock asked for,
// and belongs to the service's date. One that does not has no service that
// would take it; but for a closure, if that is the reason.
func TestPropResolvedStartIsInsideItsService(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, at := dates.Draw(t, "date"), clocks.Draw(t, "clock")
		c := drawCalendar(t, d)
		takers := func(c st.Calendar) (list []st.Service) {
			start, _ := st.Local(c.Zone, d, at, st.AnyOffset)
			for _, s := range slices.Concat(c.Services(d.AddDays(-1)), c.Services(d)) {
				if s.Window.Contains(start) && start <= s.LastSeating {
					list = append(list, s)
				}
			}
			return list
		}
		s, start, err := c.Resolve(d, at, st.AnyOffset)
		open := c
		open.Closures = nil
		switch {
		case errors.Is(err, st.ErrNoSuchTime):
		case errors.Is(err, st.ErrOutside):
			if list := takers(open); len(list) > 0 {
				t.Fatalf("Resolve(%s %s) = %v, want one of %v", d, at, err, list)
			}
		case errors.Is(err, st.ErrClosed):
			if len(takers(c)) > 0 || len(takers(open)) == 0 {
				t.Fatalf("Resolve(%s %s) = %v, want %v open, %v without closures", d, at, err, takers(c), takers(open))
			}
		case err != nil:
			t.Fatalf("Resolve(%s %s) = %v, want a service or a known error", d, at, err)
		default:
			if !s.Window.Contains(start) || start > s.LastSeating {
				t.Fatalf("Resolve(%s %s) = %v at %s, want a start from %s to %s", d, at, s, start, s.Window.Start, s.LastSeating)
			}
			if gotDate, gotClock, _ := st.LocalOf(start, c.Zone); gotDate != d || gotClock != at {
				t.Fatalf("Resolve(%s %s) starts at %s %s, want the time asked for", d, at, gotDate, gotClock)
			}
			if got := c.ServiceDate(start); got != s.ServiceDate {
				t.Fatalf("ServiceDate(%s) = %s, want %s as Resolve(%s %s)", start, got, s.ServiceDate, d, at)
			}
			if list := takers(c); len(list) != 1 || list[0].ServiceDate != s.ServiceDate || list[0].Window != s.Window {
				t.Fatalf("Resolve(%s %s) = %v, want the only one of %v", d, at, s, list)
			}
		}
	})
}

// Services of a valid calendar do not overlap, in any zone and over any clock
// change, and the day ends neither before its services nor before its midnight.
func TestPropServicesOfAValidCalendarDoNotOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := dates.Draw(t, "date")
		c := drawCalendar(t, d)
		var before st.Instant
		for day := d.AddDays(-2); day <= d.AddDays(2); day++ {
			end := c.DayEnd(day)
			for _, s := range c.Services(day) {
				if s.Window.Start < before || s.Window.Empty() || s.Window.End > end || s.ServiceDate != day {
					t.Fatalf("Services(%s) has %v, want it from %s to %s", day, s, before, end)
				}
				before = s.Window.End
			}
			skipped := c.Zone.String() == "Pacific/Apia" && day == st.NewDate(2011, 12, 30)
			if date, _, _ := st.LocalOf(end-1, c.Zone); date < day && !skipped {
				t.Fatalf("DayEnd(%s) = %s, want it not before midnight", day, end)
			}
			if date, _, _ := st.LocalOf(end, c.Zone); date <= day {
				t.Fatalf("DayEnd(%s) = %s, want it after the date", day, end)
			}
		}
	})
}

// ValidatePeriods finds an overlap exactly when there is a date on which two
// services are open at once.
func TestPropValidateFindsExactlyTheOverlapsThatHappen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := st.NewDate(2026, 6, 17)
		c := st.Calendar{Zone: time.UTC, Periods: drawPeriods(t, d, 4)}
		var all []st.Service // from the special days to a week beyond them
		for day := d.AddDays(-4); day <= d.AddDays(14); day++ {
			all = append(all, c.Services(day)...)
		}
		happens := false
		for i, a := range all {
			for _, b := range all[:i] {
				happens = happens || a.Window.Overlaps(b.Window)
			}
		}
		if faults := st.ValidatePeriods(c.Periods); (len(faults) > 0) != happens {
			t.Fatalf("ValidatePeriods(%v) = %v, want faults: %t", c.Periods, faults, happens)
		}
	})
}
