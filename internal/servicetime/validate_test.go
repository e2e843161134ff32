package servicetime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	st "github.com/maitred/maitred/internal/servicetime"
)

// pointers is where the faults are; a fault without a message gets a mark.
func pointers(faults []st.Fault) []string {
	var list []string
	for _, f := range faults {
		if f.Message == "" {
			f.Pointer += " without a message"
		}
		list = append(list, f.Pointer)
	}
	return list
}

func TestValidatePeriodsOfOne(t *testing.T) {
	t.Parallel()
	bands := func(list ...st.TurnBand) func(*st.Period) { return func(p *st.Period) { p.Bands = list } }
	name := func(s string) func(*st.Period) { return func(p *st.Period) { p.Name = s } }
	days := func(list ...time.Weekday) func(*st.Period) { return func(p *st.Period) { p.Weekdays = list } }
	times := func(start, end, lastSeating string) func(*st.Period) {
		return func(p *st.Period) {
			p.Start, p.End, p.LastSeating = clock(t, start), clock(t, end), clock(t, lastSeating)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*st.Period)
		want   []string
	}{
		{"valid", func(*st.Period) {}, nil},
		{"no name", name(""), []string{"/0/name"}},
		{"blank name", name(" "), []string{"/0/name"}},
		{"name not trimmed", name("lunch "), []string{"/0/name"}},
		{"name of 60 runes", name(strings.Repeat("é", 60)), nil},
		{"name of 61 runes", name(strings.Repeat("é", 61)), []string{"/0/name"}},
		{"name with a control character", name("lu\x1bnch"), []string{"/0/name"}},
		{"name with two lines", name("lu\nnch"), []string{"/0/name"}},
		{"name that is not UTF-8", name("lu\xffnch"), []string{"/0/name"}},
		{"no day", days(), []string{"/0/weekdays"}},
		{"date and weekdays", func(p *st.Period) { p.Date = new(date(t, "2026-12-31")) }, []string{"/0/date"}},
		{"date", func(p *st.Period) { *p = onDate(t, *p, "2026-12-31") }, nil},
		{"weekday 7", days(0, 7), []string{"/0/weekdays/1"}},
		{"weekday -1", days(-1), []string{"/0/weekdays/0"}},
		{"weekday twice", days(1, 2, 1), []string{"/0/weekdays/2"}},
		{"eight weekdays", days(0, 1, 2, 3, 4, 5, 6, 0), []string{"/0/weekdays"}},
		{"start out of the day", func(p *st.Period) { p.Start = -1 }, []string{"/0/start"}},
		{"end out of the day", func(p *st.Period) { p.End = 1440 }, []string{"/0/end"}},
		{"last seating out of the day", func(p *st.Period) { p.LastSeating = 1440 }, []string{"/0/lastSeating"}},
		{"24 hours", times("18:00", "18:00", "18:00"), []string{"/0/end"}},
		{"last minute of the day", times("23:59", "00:00", "23:59"), nil},
		{"a minute less than 24 hours", times("18:00", "17:59", "17:58"), nil},
		{"last seating at the start", times("11:30", "15:00", "11:30"), nil},
		{"last seating a minute before the end", times("11:30", "15:00", "14:59"), nil},
		{"last seating at the end", times("11:30", "15:00", "15:00"), []string{"/0/lastSeating"}},
		{"last seating before the start", times("11:30", "15:00", "11:29"), []string{"/0/lastSeating"}},
		{"last seating after midnight", times("18:00", "02:00", "01:59"), nil},
		{"last seating at the end after midnight", times("18:00", "02:00", "02:00"), []string{"/0/lastSeating"}},
		{"last seating before the start of a late period", times("18:00", "02:00", "17:59"), []string{"/0/lastSeating"}},
		{"no band", bands(), []string{"/0/turnBands"}},
		{"one band", bands(st.TurnBand{Turn: 90}), nil},
		{"last band bounded", bands(st.TurnBand{UpTo: 4, Turn: 90}), []string{"/0/turnBands/0/upToCovers"}},
		{"first band unbounded", bands(st.TurnBand{Turn: 60}, st.TurnBand{Turn: 90}), []string{"/0/turnBands/0/upToCovers"}},
		{"negative band", bands(st.TurnBand{UpTo: -1, Turn: 60}, st.TurnBand{Turn: 90}), []string{"/0/turnBands/0/upToCovers"}},
		{"band of 100", bands(st.TurnBand{UpTo: 100, Turn: 60}, st.TurnBand{Turn: 90}), nil},
		{"band of 101", bands(st.TurnBand{UpTo: 101, Turn: 60}, st.TurnBand{Turn: 90}), []string{"/0/turnBands/0/upToCovers"}},
		{
			"bands do not rise", bands(st.TurnBand{UpTo: 4, Turn: 60}, st.TurnBand{UpTo: 4, Turn: 75}, st.TurnBand{Turn: 90}),
			[]string{"/0/turnBands/1/upToCovers"},
		},
		{"turn of 0", bands(st.TurnBand{UpTo: 4, Turn: 0}, st.TurnBand{Turn: 1}), []string{"/0/turnBands/0/minutes"}},
		{"turn of 601", bands(st.TurnBand{UpTo: 4, Turn: 600}, st.TurnBand{Turn: 601}), []string{"/0/turnBands/1/minutes"}},
		{"20 bands", bands(rising(20)...), nil},
		{"21 bands", bands(rising(21)...), []string{"/0/turnBands"}},
	} {
		p := period(t, "lunch", "11:30", "15:00", "14:00")
		c.change(&p)
		if got := pointers(st.ValidatePeriods([]st.Period{p})); !slices.Equal(got, c.want) {
			t.Errorf("%s: ValidatePeriods = %q, want %q", c.name, got, c.want)
		}
	}
}

// rising is a valid list of n bands, but for its length.
func rising(n int) []st.TurnBand {
	list := make([]st.TurnBand, n)
	for i := range list {
		list[i] = st.TurnBand{UpTo: i + 1, Turn: 60}
	}
	list[n-1].UpTo = 0
	return list
}

func TestValidatePeriodsTogether(t *testing.T) {
	t.Parallel()
	weekly := func(name, start, end string, days ...time.Weekday) st.Period {
		p := period(t, name, start, end, start)
		p.Weekdays = days
		return p
	}
	dated := func(name, start, end, day string) st.Period {
		return onDate(t, period(t, name, start, end, start), day)
	}
	late := weekly("a", "17:00", "19:00", 1)
	late.LastSeating = late.End
	// 2026-12-31 is a Thursday.
	for _, c := range []struct {
		name string
		in   []st.Period
		want []string
	}{
		{"one ends as the other starts", []st.Period{weekly("a", "11:00", "15:00", 1), weekly("b", "15:00", "22:00", 1)}, nil},
		{"a minute too long", []st.Period{weekly("a", "11:00", "15:01", 1), weekly("b", "15:00", "22:00", 1)}, []string{"/1/start"}},
		{"the later one first", []st.Period{weekly("b", "15:00", "22:00", 1), weekly("a", "11:00", "15:01", 1)}, []string{"/1/start"}},
		{"one within the other", []st.Period{weekly("a", "11:00", "22:00", 1), weekly("b", "13:00", "14:00", 1)}, []string{"/1/start"}},
		{"on other days", []st.Period{weekly("a", "11:00", "15:00", 1), weekly("b", "11:00", "15:00", 2)}, nil},
		{"past midnight up to the next day's", []st.Period{weekly("a", "18:00", "02:00", 1), weekly("b", "02:00", "04:00", 2)}, nil},
		{"past midnight into the next day's", []st.Period{weekly("a", "18:00", "02:00", 1), weekly("b", "01:59", "04:00", 2)}, []string{"/1/start"}},
		{"past midnight, next day free", []st.Period{weekly("a", "18:00", "02:00", 1), weekly("b", "01:59", "04:00", 1, 3)}, nil},
		{"past midnight across the week", []st.Period{weekly("a", "18:00", "02:00", 6), weekly("b", "01:00", "04:00", 0)}, []string{"/1/start"}},
		{"across the week, the later one first", []st.Period{weekly("b", "01:00", "04:00", 0), weekly("a", "18:00", "02:00", 6)}, []string{"/1/start"}},
		{"past midnight up to its own next day", []st.Period{weekly("a", "18:00", "17:59", 0, 1, 2, 3, 4, 5, 6)}, nil},
		{"three, two pairs", []st.Period{weekly("a", "10:00", "12:00", 1), weekly("b", "11:00", "14:00", 1), weekly("c", "13:00", "15:00", 1)}, []string{"/1/start", "/2/start"}},
		{"a special day replaces the weekly one", []st.Period{weekly("a", "18:00", "23:00", 4), dated("g", "19:00", "22:00", "2026-12-31")}, nil},
		{"two of a special day", []st.Period{dated("g", "19:00", "22:00", "2026-12-31"), dated("h", "21:00", "23:00", "2026-12-31")}, []string{"/1/start"}},
		{"special days that follow", []st.Period{dated("g", "19:00", "03:00", "2026-12-31"), dated("h", "02:00", "04:00", "2027-01-01")}, []string{"/1/start"}},
		{"special days apart", []st.Period{dated("g", "19:00", "03:00", "2026-12-31"), dated("h", "02:00", "04:00", "2027-01-02")}, nil},
		{"the evening before a special day", []st.Period{weekly("a", "18:00", "03:00", 3), dated("g", "02:00", "04:00", "2026-12-31")}, []string{"/1/start"}},
		{"the morning after a special day", []st.Period{dated("g", "19:00", "03:00", "2026-12-31"), weekly("a", "02:00", "04:00", 5)}, []string{"/1/start"}},
		{
			"the morning after is special itself",
			[]st.Period{dated("g", "19:00", "03:00", "2026-12-31"), weekly("a", "02:00", "04:00", 5), dated("h", "12:00", "14:00", "2027-01-01")},
			nil,
		},
		{"a faulty one is not compared", []st.Period{late, weekly("b", "18:00", "22:00", 1)}, []string{"/0/lastSeating"}},
		{"same name on one day", []st.Period{weekly("Lunch", "11:00", "13:00", 1, 2), weekly("lunch", "13:00", "15:00", 2)}, []string{"/1/name"}},
		{"same name on other days", []st.Period{weekly("lunch", "11:00", "13:00", 1), weekly("lunch", "13:00", "15:00", 2)}, nil},
		{"same name on one special day", []st.Period{dated("g", "11:00", "13:00", "2026-12-31"), dated("g", "13:00", "15:00", "2026-12-31")}, []string{"/1/name"}},
		{"same name on two special days", []st.Period{dated("g", "11:00", "13:00", "2026-12-31"), dated("g", "13:00", "15:00", "2027-01-01")}, nil},
		{"same name as the weekly one it replaces", []st.Period{weekly("g", "11:00", "13:00", 4), dated("g", "11:00", "13:00", "2026-12-31")}, nil},
	} {
		if got := pointers(st.ValidatePeriods(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%s: ValidatePeriods = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestValidatePeriodsSaysWhichOverlap(t *testing.T) {
	t.Parallel()
	late, brunch := period(t, "late", "18:00", "02:00", "01:00"), period(t, "brunch", "01:00", "04:00", "03:00")
	late.Weekdays, brunch.Weekdays = []time.Weekday{time.Saturday}, []time.Weekday{time.Sunday}
	got := st.ValidatePeriods([]st.Period{late, brunch})
	want := []st.Fault{{"/1/start", `"brunch" (Sunday 01:00 to 04:00) overlaps "late" (Saturday 18:00 to 02:00)`}}
	if !slices.Equal(got, want) {
		t.Errorf("ValidatePeriods = %q, want %q", got, want)
	}
	brunch = onDate(t, brunch, "2026-12-27")
	got = st.ValidatePeriods([]st.Period{late, brunch})
	want = []st.Fault{{"/1/start", `"brunch" (2026-12-27 01:00 to 04:00) overlaps "late" (2026-12-26 18:00 to 02:00)`}}
	if !slices.Equal(got, want) {
		t.Errorf("ValidatePeriods = %q, want %q", got, want)
	}
	got = st.ValidatePeriods([]st.Period{brunch, late})
	want = []st.Fault{{"/1/start", `"late" (2026-12-26 18:00 to 02:00) overlaps "brunch" (2026-12-27 01:00 to 04:00)`}}
	if !slices.Equal(got, want) {
		t.Errorf("ValidatePeriods = %q, want %q", got, want)
	}
}

func TestValidatePeriodsBoundsTheList(t *testing.T) {
	t.Parallel()
	list := make([]st.Period, 51)
	for i := range list {
		list[i] = onDate(t, period(t, "lunch", "11:30", "15:00", "14:00"), date(t, "2026-01-01").AddDays(i).String())
	}
	if got := st.ValidatePeriods(list[:50]); got != nil {
		t.Errorf("ValidatePeriods(50 periods) = %v, want none", got)
	}
	if got := pointers(st.ValidatePeriods(list)); !slices.Equal(got, []string{""}) {
		t.Errorf("ValidatePeriods(51 periods) = %q, want one fault at the list", got)
	}
	if got := st.ValidatePeriods(nil); got != nil {
		t.Errorf("ValidatePeriods(nil) = %v, want none", got)
	}
}

func TestValidateClosures(t *testing.T) {
	t.Parallel()
	closure := func(from, to, reason string) st.Closure {
		return st.Closure{From: date(t, from), To: date(t, to), Reason: reason}
	}
	for _, c := range []struct {
		name string
		in   []st.Closure
		want []string
	}{
		{"one day", []st.Closure{closure("2026-12-25", "2026-12-25", "Christmas")}, nil},
		{"no reason", []st.Closure{closure("2026-12-25", "2026-12-25", "")}, nil},
		{"overlapping", []st.Closure{closure("2026-12-25", "2026-12-27", ""), closure("2026-12-26", "2026-12-26", "")}, nil},
		{"ends before it starts", []st.Closure{closure("2026-12-25", "2026-12-24", "")}, []string{"/0/to"}},
		{"366 days", []st.Closure{closure("2026-01-01", "2027-01-01", "")}, nil},
		{"367 days", []st.Closure{closure("2026-01-01", "2027-01-02", "")}, []string{"/0/to"}},
		{"reason of 120 runes", []st.Closure{closure("2026-01-01", "2026-01-01", strings.Repeat("é", 120))}, nil},
		{"reason of 121 runes", []st.Closure{closure("2026-01-01", "2026-01-01", strings.Repeat("é", 121))}, []string{"/0/reason"}},
		{
			"reason with a control character",
			[]st.Closure{closure("2026-01-01", "2026-01-01", ""), closure("2026-01-02", "2026-01-02", "a\tb")},
			[]string{"/1/reason"},
		},
		{"200", make([]st.Closure, 200), nil},
		{"201", make([]st.Closure, 201), []string{""}},
	} {
		if got := pointers(st.ValidateClosures(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%s: ValidateClosures = %q, want %q", c.name, got, c.want)
		}
	}
}
