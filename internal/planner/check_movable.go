package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckMovable refuses to join a table that cannot be moved, unless the
// restaurant declared the combination. Code: TABLE_FIXED. Source: docs/domain.md, checks.
func CheckMovable(_ *house.House, _ Request, s Selection) seating.Check {
	if len(s.Tables) < 2 || s.Combination != nil {
		return seating.Check{}
	}
	var fixed []*seating.Table
	for _, t := range s.Tables {
		if !t.Movable {
			fixed = append(fixed, t)
		}
	}
	if len(fixed) == 0 {
		return seating.Check{}
	}
	c := refuse(seating.CodeTableFixed, are(refs(fixed))+" fixed and cannot be joined.")
	c.Tables = refs(fixed)
	return c
}
