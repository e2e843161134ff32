package servicetime

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const minutesOfWeek = 7 * minutesOfDay

// validateTogether finds the periods that cannot stand side by side: one fault per
// pair and kind, at the later of the two. A period whose own days or times are
// wrong is not laid beside others: its fault is known, its overlaps would be noise.
func validateTogether(f *faults, periods []Period) {
	sound := make([]bool, len(periods))
	for j, b := range periods {
		sound[j] = wellTimed(b)
		for i, a := range periods[:j] {
			if !sound[i] || !sound[j] {
				continue
			}
			if strings.EqualFold(a.Name, b.Name) && a.Name != "" && sameDay(a, b) {
				f.add(fmt.Sprintf("is also the name of period %d on that day", i+1), j, "name")
			}
			if x, y, ok := clash(periods, a, b); ok {
				f.add(fmt.Sprintf("%s overlaps %s", y, x), j, "start")
			}
		}
	}
}

// wellTimed reports whether the period's own days and times are in order.
func wellTimed(p Period) bool {
	var f faults
	validateDays(&f, p, 0)
	validateTimes(&f, p, 0)
	return len(f) == 0
}

// sameDay reports whether the two periods open on one date. A dated period and a
// weekly one never do: the dated one replaces the other.
func sameDay(a, b Period) bool {
	if a.Date != nil && b.Date != nil {
		return *a.Date == *b.Date
	}
	return a.Date == nil && b.Date == nil &&
		slices.ContainsFunc(a.Weekdays, func(day time.Weekday) bool { return slices.Contains(b.Weekdays, day) })
}

// occurrence is a period on one of its days, with the minute at which it opens:
// of the week, or since 1970-01-01 when day is a date.
type occurrence struct {
	period Period
	day    fmt.Stringer // a time.Weekday or a Date
	opens  int
}

func (o occurrence) String() string {
	return fmt.Sprintf("%q (%s %s to %s)", o.period.Name, o.day, o.period.Start, o.period.End)
}

// clash finds an occurrence of a and one of b that overlap on the clock.
//
// A period lasts less than a day, so only those of the same or of neighbouring
// dates can meet. Weekly ones meet around the week: one of Saturday that ends
// after midnight meets those of Sunday.
func clash(periods []Period, a, b Period) (x, y occurrence, found bool) {
	switch {
	case a.Date == nil && b.Date == nil:
		for _, x := range weekly(a) {
			for _, y := range weekly(b) {
				apart := (y.opens - x.opens + minutesOfWeek) % minutesOfWeek
				if apart < a.length() || minutesOfWeek-apart < b.length() {
					return x, y, true
				}
			}
		}
		return x, y, false
	case a.Date == nil:
		y, x, found = clash(periods, b, a)
		return x, y, found
	}
	x = onDate(a, *a.Date)
	for _, y := range nearby(periods, *a.Date, b) {
		if x.opens < y.opens+b.length() && y.opens < x.opens+a.length() {
			return x, y, true
		}
	}
	return x, y, false
}

// weekly lists the occurrences of a weekly period in a week.
func weekly(p Period) []occurrence {
	list := make([]occurrence, 0, 7)
	for _, day := range p.Weekdays {
		list = append(list, occurrence{p, day, int(day)*minutesOfDay + int(p.Start)})
	}
	return list
}

// onDate is the occurrence of a period on a date.
func onDate(p Period, d Date) occurrence {
	return occurrence{p, d, int(d)*minutesOfDay + int(p.Start)}
}

// nearby lists the occurrences of a period that a dated one on d might meet: on its
// own date, or weekly on the day before or after unless that day is special too.
func nearby(periods []Period, d Date, p Period) []occurrence {
	if p.Date != nil {
		return []occurrence{onDate(p, *p.Date)}
	}
	var list []occurrence
	for _, date := range []Date{d.AddDays(-1), d.AddDays(1)} {
		if !special(periods, date) && slices.Contains(p.Weekdays, date.Weekday()) {
			list = append(list, onDate(p, date))
		}
	}
	return list
}
