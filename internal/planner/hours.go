package planner

import (
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// clockAt is what the clock on the restaurant's wall shows at the instant.
func clockAt(h *house.House, i servicetime.Instant) string {
	return i.Time().In(h.Calendar.Zone).Format("15:04")
}

// momentAt is that with the date.
func momentAt(h *house.House, i servicetime.Instant) string {
	return clockAt(h, i) + " on " + servicetime.DateIn(i, h.Calendar.Zone).String()
}

// outside refuses a start that no service takes, and says which there are: who asks
// wants another time, not a lesson. Code: OUTSIDE_SERVICE_HOURS.
func outside(h *house.House, start servicetime.Instant) seating.Check {
	date := servicetime.DateIn(start, h.Calendar.Zone)
	day := date.Weekday().String() + " " + date.String()
	var told []string
	var hours []seating.ServiceHours
	// The evening before may reach past midnight (P04).
	for _, d := range []servicetime.Date{date.AddDays(-1), date} {
		for _, s := range h.Calendar.Services(d) {
			if d < date && servicetime.DateIn(s.Window.End-1, h.Calendar.Zone) < date {
				continue
			}
			text := fmt.Sprintf("%s %s–%s (last seating %s)", s.Period.Name, clockAt(h, s.Window.Start), clockAt(h, s.Window.End), clockAt(h, s.LastSeating))
			if d < date {
				text += " of the day before"
			}
			told = append(told, text)
			hours = append(hours, seating.ServiceHours{Name: s.Period.Name, Window: s.Window, LastSeating: s.LastSeating})
		}
	}
	closure, closed := h.Calendar.Closed(date)
	has := day + " has " + strings.Join(told, ", ")
	switch {
	case closed:
		has = "The restaurant is closed " + during(closure)
	case len(told) == 0:
		has = day + " has no service"
	}
	c := refuse(seating.CodeOutsideServiceHours, fmt.Sprintf("No service takes a party at %s. %s.", clockAt(h, start), has))
	c.Hours = hours
	if closed {
		c.Closure = &closure
	}
	return c
}

// closedThen refuses a start that only a closure keeps from being served.
// Code: CLOSED.
func closedThen(h *house.House, start servicetime.Instant) seating.Check {
	date := servicetime.DateIn(start, h.Calendar.Zone)
	closure, closed := h.Calendar.Closed(date)
	if !closed { // past midnight, of an evening that is closed
		closure, closed = h.Calendar.Closed(date.AddDays(-1))
	}
	if !closed {
		return refuse(seating.CodeClosed, "The restaurant is closed on that date.")
	}
	c := refuse(seating.CodeClosed, "The restaurant is closed "+during(closure)+".")
	c.Closure = &closure
	return c
}

// during says from when to when a closure is, and why.
func during(c servicetime.Closure) string {
	text := "on " + c.From.String()
	if c.To != c.From {
		text = "from " + c.From.String() + " to " + c.To.String()
	}
	if c.Reason != "" {
		text += " (" + c.Reason + ")"
	}
	return text
}
