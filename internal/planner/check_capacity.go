package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckCapacity refuses a selection that seats fewer covers than the party has.
// A declared combination has covers of its own; any other set seats the sum of
// its tables. Code: CAPACITY_INSUFFICIENT. Source: docs/domain.md, checks.
func CheckCapacity(_ *house.House, r Request, s Selection) seating.Check {
	if len(s.Tables) == 0 || s.Covers >= r.Covers {
		return seating.Check{}
	}
	c := refuse(seating.CodeCapacityInsufficient, fmt.Sprintf("The tables seat %d; the party is %d.", s.Covers, r.Covers))
	c.Party, c.Covers = r.Covers, s.Covers
	return c
}
