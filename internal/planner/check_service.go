package planner

import (
	"errors"
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// CheckService judges the time. Where a start is chosen (r.Arrival): outside
// every period, closed, dining past the end of a period without overrun, or a
// start more than PastGrace (5 min) ago. Where tables are chosen for a window
// that stands: an error only when the window has ended; a start in the past
// is a warning. Codes: OUTSIDE_SERVICE_HOURS, CLOSED, SERVICE_OVERRUN, PAST,
// overridable. A start that stands is judged by what comes after it alone, a
// party that sits not at all. Source: docs/domain.md, checks.
func CheckService(h *house.House, r Request, _ Selection) seating.Check {
	a := r.Arrival
	switch {
	case r.Sits:
		return seating.Check{}
	case a == nil || a.Stands && r.Window.End <= r.Now:
		return standing(h, r)
	case a.Stands && a.Err != nil: // it was outside when it was chosen, or hours have changed since
		return seating.Check{}
	case errors.Is(a.Err, servicetime.ErrClosed):
		return closedThen(h, a.Dining.Start)
	case a.Err != nil:
		return outside(h, a.Dining.Start)
	case !a.Service.Period.Overrun && a.Dining.End > a.Service.Window.End:
		c := refuse(seating.CodeServiceOverrun, fmt.Sprintf("Dining would end at %s; %s ends at %s.",
			clockAt(h, a.Dining.End), a.Service.Period.Name, clockAt(h, a.Service.Window.End)))
		c.Ends = a.Service.Window.End
		return c
	case a.Stands:
		return seating.Check{}
	case a.Dining.Start < r.Now.Add(-seating.PastGrace.Duration()):
		c := refuse(seating.CodePast, fmt.Sprintf("The start, %s, is more than %d minutes ago.", momentAt(h, a.Dining.Start), seating.PastGrace))
		c.Starts = a.Dining.Start
		return c
	}
	return seating.Check{}
}

// standing judges a window that is not chosen now.
func standing(h *house.House, r Request) seating.Check {
	switch {
	case r.Window.End <= r.Now:
		c := refuse(seating.CodePast, fmt.Sprintf("The window ended at %s.", momentAt(h, r.Window.End)))
		c.Ends = r.Window.End
		return c
	case r.Window.Start <= r.Now:
		return warn(seating.CodePast, "The window has begun.")
	}
	return seating.Check{}
}
