package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckAvailable refuses tables that are inactive, in an inactive zone, or
// blocked at any time in the window. Code: TABLE_UNAVAILABLE. Source: docs/domain.md, checks.
func CheckAvailable(h *house.House, r Request, s Selection) seating.Check {
	var out []*seating.Table
	var blockers []seating.Blocker
	for _, t := range s.Tables {
		blocks := blocksOn(h, r, t)
		if !open(h, t) || len(blocks) > 0 {
			out = append(out, t)
		}
		blockers = append(blockers, blocks...)
	}
	if len(out) == 0 {
		return seating.Check{}
	}
	c := refuse(seating.CodeTableUnavailable, are(refs(out))+" out of service.")
	c.Tables, c.Blockers = refs(out), blockers
	return c
}

// open reports whether the table and its zone are in service.
func open(h *house.House, t *seating.Table) bool {
	z := h.Floor.Zone(t.Zone)
	return t.Active && !t.Retired && z != nil && z.Active
}

func blocksOn(h *house.House, r Request, t *seating.Table) []seating.Blocker {
	var blockers []seating.Blocker
	for slot := range h.Occupancy(t.ID, r.Window) {
		if slot.Kind == seating.OwnedByBlock {
			blockers = append(blockers, Blocking(h, slot))
		}
	}
	return blockers
}
