package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckHolds refuses tables that a live hold of another booking has at any time
// in the window, and a booking that another principal holds tables for. A lapsed
// hold is invisible. Code: HOLD_CONFLICT. Source: docs/domain.md, checks.
func CheckHolds(h *house.House, r Request, s Selection) seating.Check {
	var blockers []seating.Blocker
	if e := h.Booking(r.Booking); e != nil && e.Hold != nil && e.Hold.Live(r.Now) && e.Hold.CreatedBy != r.Principal {
		for _, a := range e.Hold.Allocations {
			blockers = append(blockers, Blocking(h, house.Slot{Allocation: a, Entry: e}))
		}
	}
	for _, t := range s.Tables {
		for slot := range h.Occupancy(t.ID, r.Window) {
			if slot.Kind == seating.OwnedByHold && slot.Entry.Hold.Live(r.Now) && !r.ours(slot.Claimant) {
				blockers = append(blockers, Blocking(h, slot))
			}
		}
	}
	if len(blockers) == 0 {
		return seating.Check{}
	}
	c := refuse(seating.CodeHoldConflict, busyFor(h, r, blockers[0]))
	c.Blockers = blockers
	return c
}
