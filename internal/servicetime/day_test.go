package servicetime_test

import (
	"testing"
	"time"

	st "github.com/maitred/maitred/internal/servicetime"
)

func TestServicesAreSortedByStart(t *testing.T) {
	t.Parallel()
	c := st.Calendar{
		Zone: zone(t, "Europe/Paris"),
		Periods: []st.Period{
			period(t, "late", "22:00", "02:00", "01:00"),
			period(t, "lunch", "11:30", "15:00", "14:00"),
			period(t, "dinner", "17:00", "22:00", "21:00"),
		},
		Closures: []st.Closure{{From: date(t, "2026-12-25"), To: date(t, "2026-12-25")}},
	}
	var got []string
	for _, s := range c.Services(date(t, "2026-11-27")) {
		got = append(got, s.Period.Name+" "+s.Window.Start.String()+" "+s.LastSeating.String()+" "+s.Window.End.String())
	}
	want := []string{
		"lunch 2026-11-27T10:30:00Z 2026-11-27T13:00:00Z 2026-11-27T14:00:00Z",
		"dinner 2026-11-27T16:00:00Z 2026-11-27T20:00:00Z 2026-11-27T21:00:00Z",
		"late 2026-11-27T21:00:00Z 2026-11-28T00:00:00Z 2026-11-28T01:00:00Z",
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("Services(2026-11-27) = %q, want %q", got, want)
	}
	if got := c.Services(date(t, "2026-12-25")); len(got) != 0 {
		t.Errorf("Services(2026-12-25, closed) = %v, want none", got)
	}
}

func TestP14_ServiceDateIsTheRestaurantsEvening(t *testing.T) {
	t.Parallel()
	late := []st.Period{period(t, "late", "18:00", "02:00", "01:30")}
	dinner := []st.Period{period(t, "dinner", "17:00", "23:30", "22:00")}
	for _, c := range []struct {
		name, zone, now, want string
		periods               []st.Period
	}{
		{"west of UTC at 20:00", "America/Los_Angeles", "2026-11-28T04:00:00Z", "2026-11-27", dinner},
		{"east of UTC at 09:00", "Pacific/Auckland", "2026-11-27T20:00:00Z", "2026-11-28", dinner},
		{"at 00:30 of a late evening", "America/Los_Angeles", "2026-11-28T08:30:00Z", "2026-11-27", late},
		{"when the late evening ends", "America/Los_Angeles", "2026-11-28T10:00:00Z", "2026-11-28", late},
		{"at 00:30 after an early end", "America/Los_Angeles", "2026-11-28T08:30:00Z", "2026-11-28", dinner},
		{"at 00:30 after a closed evening", "America/Los_Angeles", "2026-12-26T08:30:00Z", "2026-12-26", late},
	} {
		cal := st.Calendar{Zone: zone(t, c.zone), Periods: c.periods, Closures: []st.Closure{
			{From: date(t, "2026-12-25"), To: date(t, "2026-12-25")},
		}}
		if got := cal.ServiceDate(instant(t, c.now)); got.String() != c.want {
			t.Errorf("%s: ServiceDate(%s) = %s, want %s", c.name, c.now, got, c.want)
		}
	}
}

func TestDayEnd(t *testing.T) {
	t.Parallel()
	late := period(t, "late", "18:00", "02:00", "01:30")
	dinner := period(t, "dinner", "17:00", "23:30", "22:00")
	for _, c := range []struct {
		name, zone, date, want string
		period                 st.Period
	}{
		{"the last service ends after midnight", "Europe/Paris", "2026-11-27", "2026-11-28T01:00:00Z", late},
		{"the last service ends before midnight", "Europe/Paris", "2026-11-27", "2026-11-27T23:00:00Z", dinner},
		{"closed", "Europe/Paris", "2026-12-25", "2026-12-25T23:00:00Z", late},
		{"no midnight: the next day begins at 01:00", "America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z", dinner},
		{"the last hour happens twice", "America/Sao_Paulo", "2019-02-16", "2019-02-17T03:00:00Z", dinner},
		{"midnight happens twice, both after the date", "America/Havana", "2026-10-31", "2026-11-01T04:00:00Z", dinner},
		{"00:01 goes back to 23:01", "America/St_Johns", "2010-11-06", "2010-11-07T03:30:00Z", dinner},
		{"the date was skipped", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", late},
		{"leap year's end", "America/New_York", "2040-12-31", "2041-01-01T05:00:00Z", dinner},
	} {
		cal := st.Calendar{Zone: zone(t, c.zone), Periods: []st.Period{c.period}, Closures: []st.Closure{
			{From: date(t, "2026-12-25"), To: date(t, "2026-12-25")},
		}}
		if got := cal.DayEnd(date(t, c.date)); got.String() != c.want {
			t.Errorf("%s: DayEnd(%s) = %s, want %s", c.name, c.date, got, c.want)
		}
	}
}

func TestP04_TurnTimeIsElapsedTime(t *testing.T) {
	t.Parallel()
	start, err := st.Local(zone(t, "America/New_York"), date(t, "2026-03-08"), clock(t, "01:30"), st.AnyOffset)
	if err != nil {
		t.Fatal(err)
	}
	dining := st.Dining(start, 90)
	if want := (st.Window{Start: start, End: start.Add(90 * time.Minute)}); dining != want {
		t.Errorf("Dining(%s, 90) = %v, want %v", start, dining, want)
	}
	want := st.Window{Start: start.Add(-10 * time.Minute), End: start.Add(95 * time.Minute)}
	if got := st.WithBuffers(dining, 10, 5); got != want {
		t.Errorf("WithBuffers(%v, 10, 5) = %v, want %v", dining, got, want)
	}
}
