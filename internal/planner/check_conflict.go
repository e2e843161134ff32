package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckConflict refuses tables that another booking's assignment or a block has
// at any time in the window. Code: ASSIGNMENT_CONFLICT. Source: docs/domain.md, checks.
func CheckConflict(h *house.House, r Request, s Selection) seating.Check {
	var blockers []seating.Blocker
	for _, t := range s.Tables {
		for slot := range h.Occupancy(t.ID, r.Window) {
			if slot.Kind != seating.OwnedByHold && !r.ours(slot.Claimant) {
				blockers = append(blockers, Blocking(h, slot))
			}
		}
	}
	if len(blockers) == 0 {
		return seating.Check{}
	}
	c := refuse(seating.CodeAssignmentConflict, busyFor(h, r, blockers[0]))
	c.Blockers = blockers
	return c
}
