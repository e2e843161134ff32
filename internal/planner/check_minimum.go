package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckMinimum looks for a party below the minimum of the selection: that of a
// declared combination, else the largest of the tables'. A warning when the
// policy advises, an error when it enforces. Code: BELOW_MINIMUM, overridable.
// Source: docs/domain.md, checks.
func CheckMinimum(h *house.House, r Request, s Selection) seating.Check {
	if len(s.Tables) == 0 || r.Covers >= s.Minimum {
		return seating.Check{}
	}
	message := fmt.Sprintf("The tables are for %d or more; the party is %d.", s.Minimum, r.Covers)
	c := warn(seating.CodeBelowMinimum, message)
	if h.Policy.Minimum == seating.Enforce {
		c = refuse(seating.CodeBelowMinimum, message)
	}
	c.Party, c.Limit = r.Covers, s.Minimum
	return c
}
