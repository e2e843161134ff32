package servicetime

import (
	"fmt"
	"iter"
	"slices"
)

// Resolve finds the service that takes a party arriving at the wall-clock date
// and time, and the instant it arrives. The service may have opened the evening
// before (failure catalogue P04), so its ServiceDate is d or the day before d.
//
// Errors: those of Local; ErrClosed when a service would have taken the party
// but for a closure; ErrOutside when none would, also after last seating: there is
// no fall-back to another period (failure catalogue P06).
func (c Calendar) Resolve(d Date, at Clock, o Offset) (Service, Instant, error) {
	start, err := Local(c.Zone, d, at, o)
	if err != nil {
		return Service{}, 0, err
	}
	found, refusal := c.serving(d, start)
	if refusal != nil {
		return Service{}, 0, fmt.Errorf("%s %s: %w", d, at, refusal)
	}
	return found, start, nil
}

// serving finds the service that takes a party arriving at the instant, which is on
// the calendar date.
func (c Calendar) serving(d Date, start Instant) (Service, error) {
	var found Service
	refusal := ErrOutside
	for _, date := range []Date{d.AddDays(-1), d} {
		for s := range c.planned(date) {
			switch {
			case date < d && !s.Period.pastMidnight(), !s.takes(start):
			case c.closed(date):
				refusal = ErrClosed
			case found.Window.Empty() || s.Window.Start < found.Window.Start:
				found = s
			}
		}
	}
	if found.Window.Empty() {
		return Service{}, refusal
	}
	return found, nil
}

// takes reports whether a party may arrive at that instant.
func (s Service) takes(start Instant) bool {
	return s.Window.Contains(start) && start <= s.LastSeating
}

// planned yields the services that open on the date, whatever the closures say,
// in the order of the periods. A date that the zone skips opens none, nor does a
// period that lies within the gap of a clock change.
func (c Calendar) planned(d Date) iter.Seq[Service] {
	return func(yield func(Service) bool) {
		if !hasDate(c.Zone, d) {
			return
		}
		for p := range periodsOn(c.Periods, d) {
			if s := c.open(p, d); !s.Window.Empty() && !yield(s) {
				return
			}
		}
	}
}

// open resolves the period on the date. The wall-clock times become instants one
// by one: over a clock change a service is longer or shorter than it looks.
func (c Calendar) open(p Period, d Date) Service {
	endDate, lastDate := d, d
	if p.pastMidnight() {
		endDate = d.AddDays(1)
		if p.LastSeating < p.Start {
			lastDate = d.AddDays(1)
		}
	}
	return Service{
		ServiceDate: d,
		Period:      p,
		Window:      Window{Start: edge(c.Zone, d, p.Start), End: edge(c.Zone, endDate, p.End)},
		LastSeating: edge(c.Zone, lastDate, p.LastSeating),
	}
}

// closed reports whether a closure covers the service date.
func (c Calendar) closed(d Date) bool {
	_, closed := c.Closed(d)
	return closed
}

// pastMidnight reports whether the period ends on the day after it opens.
func (p Period) pastMidnight() bool { return p.End <= p.Start }

// periodsOn yields the periods of a service date: those dated on it or, when
// there are none, the weekly ones.
func periodsOn(periods []Period, d Date) iter.Seq[Period] {
	return func(yield func(Period) bool) {
		dated := special(periods, d)
		for _, p := range periods {
			on := p.datedOn(d)
			if !dated {
				on = p.Date == nil && slices.Contains(p.Weekdays, d.Weekday())
			}
			if on && !yield(p) {
				return
			}
		}
	}
}

// special reports whether the date has periods of its own.
func special(periods []Period, d Date) bool {
	return slices.ContainsFunc(periods, func(p Period) bool { return p.datedOn(d) })
}

func (p Period) datedOn(d Date) bool { return p.Date != nil && *p.Date == d }
