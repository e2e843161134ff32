package seating

import "slices"

// steps is the table of allowed steps. A step that needs more (a free table, a
// time limit, a capability) is judged further by its command.
// Source: docs/domain.md, booking states.
var steps = map[Status][]Status{
	Waitlisted: {Pending, Confirmed, CheckedIn, Cancelled},
	Pending:    {Confirmed, CheckedIn, Cancelled, NoShow, Waitlisted},
	Confirmed:  {Pending, CheckedIn, Cancelled, NoShow, Waitlisted},
	CheckedIn:  {Completed, Confirmed, NoShow},
	Completed:  {CheckedIn},
	Cancelled:  {Pending},
	NoShow:     {Confirmed, Pending},
}

// CanBecome reports whether the table of states has the step.
func (s Status) CanBecome(to Status) bool {
	return slices.Contains(steps[s], to)
}

// Statuses lists the states in the order of a booking's life.
func Statuses() []Status {
	return []Status{Waitlisted, Pending, Confirmed, CheckedIn, Completed, Cancelled, NoShow}
}
