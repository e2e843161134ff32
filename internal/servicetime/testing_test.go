package servicetime_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	st "github.com/maitred/maitred/internal/servicetime"
)

// zones of the property tests: whole and half hours, both hemispheres, one whose
// clocks change at midnight, one that changes by 30 minutes, one that lost a day.
var zones = []string{
	"Europe/Paris", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "America/New_York",
	"Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut", "UTC",
}

func zone(t interface {
	Helper()
	Fatal(...any)
}, name string,
) *time.Location {
	t.Helper()
	z, err := st.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(t testing.TB, s string) st.Date {
	t.Helper()
	d, err := st.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func clock(t testing.TB, s string) st.Clock {
	t.Helper()
	c, err := st.ParseClock(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func instant(t testing.TB, s string) st.Instant {
	t.Helper()
	i, err := st.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// offset reads "" as AnyOffset.
func offset(t testing.TB, s string) st.Offset {
	t.Helper()
	var o st.Offset
	if err := o.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return o
}

// everyDay lists the seven weekdays.
var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

// period is a valid weekly one for every day.
func period(t testing.TB, name, start, end, lastSeating string) st.Period {
	t.Helper()
	return st.Period{
		Name: name, Weekdays: everyDay,
		Start: clock(t, start), End: clock(t, end), LastSeating: clock(t, lastSeating),
		Bands: []st.TurnBand{{UpTo: 2, Turn: 60}, {Turn: 90}},
	}
}

// onDate makes the period a dated one.
func onDate(t testing.TB, p st.Period, d string) st.Period {
	t.Helper()
	p.Weekdays, p.Date = nil, new(date(t, d))
	return p
}
