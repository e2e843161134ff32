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
// overridable. Source: docs/domain.md, checks.
func CheckService(_ *house.House, r Request, _ Selection) seating.Check {
	if r.Arrival == nil {
		switch {
		case r.Window.End <= r.Now:
			c := refuse(seating.CodePast, "The window has ended.")
			c.Ends = r.Window.End
			return c
		case r.Window.Start <= r.Now:
			return warn(seating.CodePast, "The window has begun.")
		}
		return seating.Check{}
	}
	a := r.Arrival
	switch {
	case errors.Is(a.Err, servicetime.ErrClosed):
		return refuse(seating.CodeClosed, "The restaurant is closed on that date.")
	case a.Err != nil:
		return refuse(seating.CodeOutsideServiceHours, "No service period takes a party at that time.")
	case !a.Service.Period.Overrun && a.Dining.End > a.Service.Window.End:
		c := refuse(seating.CodeServiceOverrun, fmt.Sprintf("Dining would end after %s does.", a.Service.Period.Name))
		c.Ends = a.Service.Window.End
		return c
	case a.Dining.Start < r.Now.Add(-seating.PastGrace.Duration()):
		return refuse(seating.CodePast, "The start is in the past.")
	}
	return seating.Check{}
}
