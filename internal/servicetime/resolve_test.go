package servicetime_test

import (
	"errors"
	"testing"
	"time"

	st "github.com/maitred/maitred/internal/servicetime"
)

// resolved is how a case of Resolve is written: "lunch 2026-11-27 at <instant>".
func resolved(c st.Calendar, d st.Date, at st.Clock, o st.Offset) (string, error) {
	s, start, err := c.Resolve(d, at, o)
	if err != nil {
		if s.Period.Name != "" || start != 0 {
			return "a service beside an error", err
		}
		return "", err
	}
	return s.Period.Name + " " + s.ServiceDate.String() + " at " + start.String(), nil
}

type resolveCase struct {
	date, clock, offset string
	want                string
	err                 error
}

func checkResolve(t *testing.T, c st.Calendar, cases []resolveCase) {
	t.Helper()
	for _, x := range cases {
		got, err := resolved(c, date(t, x.date), clock(t, x.clock), offset(t, x.offset))
		if got != x.want || !errors.Is(err, x.err) {
			t.Errorf("Resolve(%s %s%s) = %q, %v, want %q, %v", x.date, x.clock, x.offset, got, err, x.want, x.err)
		}
	}
}

func TestP06_NoFallBackToAnotherPeriod(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: zone(t, "Europe/Paris"), Periods: []st.Period{
		period(t, "lunch", "11:30", "17:00", "14:00"),
		period(t, "dinner", "17:00", "23:30", "22:00"),
	}}
	checkResolve(t, c, []resolveCase{
		{"2026-11-27", "11:29", "", "", st.ErrOutside},
		{"2026-11-27", "11:30", "", "lunch 2026-11-27 at 2026-11-27T10:30:00Z", nil},
		{"2026-11-27", "14:00", "", "lunch 2026-11-27 at 2026-11-27T13:00:00Z", nil},
		{"2026-11-27", "14:01", "", "", st.ErrOutside}, // after last seating, before dinner
		{"2026-11-27", "16:59", "", "", st.ErrOutside},
		{"2026-11-27", "17:00", "", "dinner 2026-11-27 at 2026-11-27T16:00:00Z", nil},
		{"2026-11-27", "22:00", "", "dinner 2026-11-27 at 2026-11-27T21:00:00Z", nil},
		{"2026-11-27", "22:15", "", "", st.ErrOutside},
		{"2026-11-27", "03:00", "", "", st.ErrOutside},
		{"2026-03-29", "02:30", "", "", st.ErrNoSuchTime},
		{"2026-11-27", "19:30", "+02:00", "", st.ErrOffset},
	})
}

func TestP04_ServiceOfTheEveningBefore(t *testing.T) {
	t.Parallel()
	late := period(t, "late", "18:00", "02:00", "01:30")
	late.Weekdays = []time.Weekday{time.Friday}
	lunch := period(t, "lunch", "12:00", "15:00", "14:00")
	c := st.Calendar{Zone: zone(t, "Europe/Paris"), Periods: []st.Period{lunch, late}}
	checkResolve(t, c, []resolveCase{ // 2026-11-27 is a Friday
		{"2026-11-27", "00:30", "", "", st.ErrOutside},
		{"2026-11-27", "23:30", "", "late 2026-11-27 at 2026-11-27T22:30:00Z", nil},
		{"2026-11-28", "00:00", "", "late 2026-11-27 at 2026-11-27T23:00:00Z", nil},
		{"2026-11-28", "01:30", "", "late 2026-11-27 at 2026-11-28T00:30:00Z", nil},
		{"2026-11-28", "01:31", "", "", st.ErrOutside},
		{"2026-11-28", "18:30", "", "", st.ErrOutside},
		{"2026-11-28", "12:00", "", "lunch 2026-11-28 at 2026-11-28T11:00:00Z", nil},
	})
}

func TestLastSeatingBeforeMidnightOfAPeriodThatPassesIt(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: time.UTC, Periods: []st.Period{period(t, "late", "18:00", "02:00", "23:00")}}
	checkResolve(t, c, []resolveCase{
		{"2026-11-27", "23:00", "", "late 2026-11-27 at 2026-11-27T23:00:00Z", nil},
		{"2026-11-27", "23:01", "", "", st.ErrOutside},
		{"2026-11-28", "00:30", "", "", st.ErrOutside},
	})
}

func TestClosureClosesWholeServiceDates(t *testing.T) {
	t.Parallel()
	c := st.Calendar{
		Zone:     zone(t, "Europe/Paris"),
		Periods:  []st.Period{period(t, "late", "18:00", "02:00", "01:30")},
		Closures: []st.Closure{{From: date(t, "2026-12-24"), To: date(t, "2026-12-25"), Reason: "holidays"}},
	}
	checkResolve(t, c, []resolveCase{
		{"2026-12-24", "00:30", "", "late 2026-12-23 at 2026-12-23T23:30:00Z", nil},
		{"2026-12-24", "18:00", "", "", st.ErrClosed},
		{"2026-12-25", "00:30", "", "", st.ErrClosed},
		{"2026-12-25", "18:00", "", "", st.ErrClosed},
		{"2026-12-26", "01:30", "", "", st.ErrClosed}, // the evening of the 25th
		{"2026-12-26", "18:00", "", "late 2026-12-26 at 2026-12-26T17:00:00Z", nil},
		{"2026-12-24", "12:00", "", "", st.ErrOutside}, // never served, closed or not
		{"2026-12-26", "01:31", "", "", st.ErrOutside},
	})
}

func TestDatedPeriodsReplaceTheWeeklyOnesOfTheirServiceDate(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: time.UTC, Periods: []st.Period{
		period(t, "late", "18:00", "02:00", "01:30"),
		period(t, "lunch", "12:00", "15:00", "14:00"),
		onDate(t, period(t, "gala", "19:00", "23:00", "20:00"), "2026-12-31"),
	}}
	checkResolve(t, c, []resolveCase{
		{"2026-12-31", "01:00", "", "late 2026-12-30 at 2026-12-31T01:00:00Z", nil},
		{"2026-12-31", "12:00", "", "", st.ErrOutside},
		{"2026-12-31", "18:00", "", "", st.ErrOutside},
		{"2026-12-31", "19:00", "", "gala 2026-12-31 at 2026-12-31T19:00:00Z", nil},
		{"2027-01-01", "01:00", "", "", st.ErrOutside},
		{"2027-01-01", "12:00", "", "lunch 2027-01-01 at 2027-01-01T12:00:00Z", nil},
	})
}

func TestP04_ServiceOverTheClockChange(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: zone(t, "America/New_York"), Periods: []st.Period{
		period(t, "late", "22:00", "02:30", "01:45"),
		period(t, "early", "02:30", "05:00", "04:00"),
	}}
	checkResolve(t, c, []resolveCase{
		// Spring: 02:30 moves to 03:00, where late ends and early opens.
		{"2026-03-08", "01:45", "", "late 2026-03-07 at 2026-03-08T06:45:00Z", nil},
		{"2026-03-08", "02:30", "", "", st.ErrNoSuchTime},
		{"2026-03-08", "03:00", "", "early 2026-03-08 at 2026-03-08T07:00:00Z", nil},
		// Autumn: last seating is the first 01:45. The second pass of the hour is later.
		{"2026-11-01", "01:45", "", "late 2026-10-31 at 2026-11-01T05:45:00Z", nil},
		{"2026-11-01", "01:45", "-04:00", "late 2026-10-31 at 2026-11-01T05:45:00Z", nil},
		{"2026-11-01", "01:30", "-05:00", "", st.ErrOutside},
		{"2026-11-01", "02:30", "", "early 2026-11-01 at 2026-11-01T07:30:00Z", nil},
	})

	spring := c.Services(date(t, "2026-03-07"))[1].Window
	if want := 4 * time.Hour; spring.End.Sub(spring.Start) != want {
		t.Errorf("Services(2026-03-07) late lasts %s, want %s", spring.End.Sub(spring.Start), want)
	}
	autumn := c.Services(date(t, "2026-10-31"))[1].Window
	if want := 5*time.Hour + 30*time.Minute; autumn.End.Sub(autumn.Start) != want {
		t.Errorf("Services(2026-10-31) late lasts %s, want %s", autumn.End.Sub(autumn.Start), want)
	}
}

func TestPeriodWithinTheGapDoesNotHappen(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: zone(t, "Europe/Paris"), Periods: []st.Period{period(t, "night", "02:10", "02:50", "02:30")}}
	if got := c.Services(date(t, "2026-03-29")); len(got) != 0 {
		t.Errorf("Services(2026-03-29) = %v, want none", got)
	}
	checkResolve(t, c, []resolveCase{
		{"2026-03-28", "02:10", "", "night 2026-03-28 at 2026-03-28T01:10:00Z", nil},
		{"2026-03-29", "03:00", "", "", st.ErrOutside},
	})
}

func TestSkippedDateOpensNoService(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: zone(t, "Pacific/Apia"), Periods: []st.Period{period(t, "late", "18:00", "02:00", "01:30")}}
	if got := c.Services(date(t, "2011-12-30")); len(got) != 0 {
		t.Errorf("Services(2011-12-30) = %v, want none", got)
	}
	checkResolve(t, c, []resolveCase{
		{"2011-12-29", "23:00", "", "late 2011-12-29 at 2011-12-30T09:00:00Z", nil},
		{"2011-12-30", "19:00", "", "", st.ErrNoSuchTime},
		{"2011-12-31", "01:00", "", "", st.ErrOutside},
		{"2011-12-31", "19:00", "", "late 2011-12-31 at 2011-12-31T05:00:00Z", nil},
	})
}

// Validate refuses such periods; a calendar stored before a rule was tightened
// must still have one answer.
func TestOfTwoMatchingServicesTheOneOpenedFirstWins(t *testing.T) {
	t.Parallel()
	c := st.Calendar{Zone: time.UTC, Periods: []st.Period{
		period(t, "second", "12:00", "16:00", "15:00"),
		period(t, "first", "11:00", "13:00", "12:30"),
		period(t, "night", "20:00", "12:30", "12:15"),
	}}
	checkResolve(t, c, []resolveCase{
		{"2026-11-27", "12:00", "", "night 2026-11-26 at 2026-11-27T12:00:00Z", nil},
		{"2026-11-27", "12:30", "", "first 2026-11-27 at 2026-11-27T12:30:00Z", nil},
		{"2026-11-27", "12:31", "", "second 2026-11-27 at 2026-11-27T12:31:00Z", nil},
	})
}
