package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckSlack refuses a selection that wastes seats: the covers it seats may
// exceed the party by at most Policy.SlackBudget (covers, 0 to 12).
// Code: SLACK_EXCEEDED, overridable. Source: docs/domain.md, checks.
func CheckSlack(h *house.House, r Request, s Selection) seating.Check {
	slack := s.Covers - r.Covers
	if len(s.Tables) == 0 || slack <= h.Policy.SlackBudget {
		return seating.Check{}
	}
	c := refuse(seating.CodeSlackExceeded, fmt.Sprintf("%d seats would stay empty; at most %d may.", slack, h.Policy.SlackBudget))
	c.Party, c.Covers, c.Limit = r.Covers, s.Covers, h.Policy.SlackBudget
	return c
}
