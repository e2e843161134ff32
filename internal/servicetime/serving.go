package servicetime

import (
	"fmt"
	"slices"
)

// Serving is the service that takes a party arriving at the instant; its
// ServiceDate may be the day before, past midnight. Errors: ErrClosed, ErrOutside,
// as those of Resolve.
func (c Calendar) Serving(start Instant) (Service, error) {
	d := DateIn(start, c.Zone)
	found, refusal := c.serving(d, start)
	if refusal != nil {
		return Service{}, fmt.Errorf("%s: %w", start, refusal)
	}
	return found, nil
}

// During is the service that is open at the instant, also after its last seating;
// false when none is.
func (c Calendar) During(i Instant) (Service, bool) {
	today := DateIn(i, c.Zone)
	for _, d := range []Date{today.AddDays(-1), today} {
		for _, s := range c.Services(d) {
			if s.Window.Contains(i) {
				return s, true
			}
		}
	}
	return Service{}, false
}

// Closed is the closure that the service date lies in; false when there is none.
func (c Calendar) Closed(d Date) (Closure, bool) {
	i := slices.IndexFunc(c.Closures, func(x Closure) bool { return x.From <= d && d <= x.To })
	if i < 0 {
		return Closure{}, false
	}
	return c.Closures[i], true
}
