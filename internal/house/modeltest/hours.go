package modeltest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Days are counted from the Friday of the games, which is 0; times of a day are
// minutes from its midnight. No clock changes in that week.

var midnight = housetest.At("00:00")

const daily = 24 * 60

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func at(day, minute int) servicetime.Instant { return midnight.Add(minutes(day*daily + minute)) }

// dayOf is the day on the calendar.
func dayOf(i servicetime.Instant) int {
	day := -3
	for at(day+1, 0) <= i {
		day++
	}
	return day
}

func date(day int) servicetime.Date { return housetest.Friday.AddDays(day) }

// wall is what the clock shows at a minute of a day, which may be after midnight.
func wall(minute int) servicetime.Clock {
	return servicetime.NewClock(minute/60%24, minute%60)
}

// mHours is when the restaurant serves: the same each day, but not on closures.
type mHours struct {
	periods []mPeriod
	shut    map[int]bool // days
}

// mPeriod is a service of every day. Its times are minutes from the midnight
// before it.
type mPeriod struct {
	name             string
	start, end, last int
	overrun          bool
	stays            [4]int // of up to two, four, six, and more
}

func (p mPeriod) stay(covers int) int {
	switch {
	case covers > 6:
		return p.stays[3]
	case covers > 4:
		return p.stays[2]
	case covers > 2:
		return p.stays[1]
	}
	return p.stays[0]
}

// serves is the service that takes a party arriving at the instant, and its day;
// else why there is none.
func (m *model) serves(start servicetime.Instant) (day int, p *mPeriod, code seating.Code) {
	code = seating.CodeOutsideServiceHours
	for _, day := range []int{dayOf(start) - 1, dayOf(start)} {
		for _, p := range m.periods {
			switch {
			case start < at(day, p.start) || start > at(day, p.last):
			case m.shut[day]:
				code = seating.CodeClosed
			default:
				return day, &p, granted
			}
		}
	}
	return m.dayAt(start), nil, code
}

// open is the service that is open at the instant, and its day; nil when none is.
func (m *model) open(i servicetime.Instant) (day int, open *mPeriod) {
	for _, day := range []int{dayOf(i) - 1, dayOf(i)} {
		for _, p := range m.periods {
			if at(day, p.start) <= i && i < at(day, p.end) && !m.shut[day] {
				return day, &p
			}
		}
	}
	return 0, nil
}

// dayAt is the day of service: that of the calendar, or the day before while it is
// still open.
func (m *model) dayAt(i servicetime.Instant) int {
	if day, p := m.open(i); p != nil {
		return day
	}
	return dayOf(i)
}

// dayEnd is when a day is over: not before midnight.
func (m *model) dayEnd(day int) servicetime.Instant {
	end := at(day+1, 0)
	for _, p := range m.periods {
		if !m.shut[day] {
			end = max(end, at(day, p.end))
		}
	}
	return end
}

// arrival judges a start that somebody asks for, on a day at a service (nil: none,
// and code says why). again: the party had that start before. paced: it counts as
// one that arrives.
func (m *model) arrival(b *mBooking, start, leaves servicetime.Instant, day int, p *mPeriod, code seating.Code, again, paced bool) seating.Code {
	switch {
	case again && b.end <= m.now:
		return seating.CodePast
	case !again && code != granted:
		return code
	case p != nil && !p.overrun && leaves > at(day, p.end):
		return seating.CodeServiceOverrun
	case !again && start < m.now.Add(-5*time.Minute):
		return seating.CodePast
	case paced:
		return m.paced(b, start, day, p)
	}
	return granted
}

// paced counts who arrives in the same quarter of an hour, and in the same service.
func (m *model) paced(b *mBooking, start servicetime.Instant, day int, p *mPeriod) seating.Code {
	quarter := midnight
	for quarter.Add(15*time.Minute) <= start {
		quarter = quarter.Add(15 * time.Minute)
	}
	parties, covers, all := 1, b.covers, b.covers
	for _, o := range m.bookings {
		if o == b || o.status == seating.Cancelled || o.status == seating.NoShow || o.status == seating.Waitlisted {
			continue
		}
		if quarter <= o.dines && o.dines < quarter.Add(15*time.Minute) {
			parties++
			covers += o.covers
		}
		if p != nil && at(day, p.start) <= o.dines && o.dines < at(day, p.end) {
			all += o.covers
		}
	}
	if m.parties > 0 && parties > m.parties || m.quarter > 0 && covers > m.quarter || m.evening > 0 && all > m.evening {
		return seating.CodePacingExceeded
	}
	return granted
}

func (m *model) putPeriods(next []mPeriod) seating.Code {
	for i, p := range next {
		for _, q := range next[:i] {
			if p.name == q.name || p.start < q.end && q.start < p.end {
				return seating.CodeInvalid
			}
		}
	}
	m.periods = next
	return granted
}

func (m *model) putClosures(from, to int) seating.Code {
	if to < from {
		return seating.CodeInvalid
	}
	m.shut = map[int]bool{}
	for day := from; day <= to; day++ {
		m.shut[day] = true
	}
	return granted
}

// spelled is the period as the engine has it.
func (p mPeriod) spelled() servicetime.Period {
	every := []time.Weekday{time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday}
	s := servicetime.Period{
		Name: p.name, Weekdays: every, Start: wall(p.start), End: wall(p.end), LastSeating: wall(p.last), Overrun: p.overrun,
	}
	for i, turn := range p.stays {
		s.Bands = append(s.Bands, servicetime.TurnBand{UpTo: []int{2, 4, 6, 0}[i], Turn: servicetime.Minutes(turn)})
	}
	return s
}

// compareHours demands that the same is served when the model says so.
func (m *model) compareHours(h *house.House, fail func(string, ...any)) {
	want := make([]servicetime.Period, len(m.periods))
	for i, p := range m.periods {
		want[i] = p.spelled()
	}
	if got := fmt.Sprintf("%+v", h.Calendar.Periods); got != fmt.Sprintf("%+v", want) {
		fail("serves %s, want %+v", got, want)
	}
	shut := map[int]bool{}
	for _, c := range h.Calendar.Closures {
		for d := c.From; d <= c.To; d++ {
			shut[int(d-housetest.Friday)] = true
		}
	}
	if !reflect.DeepEqual(shut, m.shut) {
		fail("is closed on %v, want %v", shut, m.shut)
	}
}
