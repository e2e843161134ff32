package servicetime

import (
	"cmp"
	"slices"
)

// Services lists the services that open on the service date, by their start; none
// when the restaurant is closed.
func (c Calendar) Services(d Date) []Service {
	if c.closed(d) {
		return nil
	}
	return slices.SortedStableFunc(c.planned(d), func(a, b Service) int {
		return cmp.Compare(a.Window.Start, b.Window.Start)
	})
}

// DayEnd is when the service date is over: the end of its last service, at the
// earliest the midnight that ends the calendar date. Without services it is that
// midnight.
func (c Calendar) DayEnd(d Date) Instant {
	end := endOfDate(c.Zone, d)
	if c.closed(d) {
		return end
	}
	for s := range c.planned(d) {
		end = max(end, s.Window.End)
	}
	return end
}

// ServiceDate is the service date the instant belongs to: the calendar date in the
// restaurant's zone (failure catalogue P14), or the day before while a service
// that opened then is still open. Staff at 00:30 are still working the evening.
func (c Calendar) ServiceDate(now Instant) Date {
	today := DateIn(now, c.Zone)
	yesterday := today.AddDays(-1)
	if c.closed(yesterday) {
		return today
	}
	for s := range c.planned(yesterday) {
		if s.Window.Contains(now) {
			return yesterday
		}
	}
	return today
}
