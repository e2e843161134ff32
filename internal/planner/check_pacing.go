package planner

import (
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// pacingSlot is the stretch in which arrivals are counted together, from each
// quarter of an hour.
const pacingSlot = 15 * time.Minute

// CheckPacing refuses a chosen start at which too many would arrive: covers or
// parties in its 15 minutes, or covers in its period, with the limits of the
// policy (none by default). Bookings that ended without sitting down do not
// count. Code: PACING_EXCEEDED, overridable. Source: docs/domain.md, checks.
func CheckPacing(h *house.House, r Request, _ Selection) seating.Check {
	p := h.Policy.Pacing
	if r.Arrival == nil || r.Arrival.Unpaced || r.Sits || p == (seating.Pacing{}) {
		return seating.Check{}
	}
	start := r.Arrival.Dining.Start
	slotStart := start - start%servicetime.Instant(pacingSlot/time.Microsecond)
	slot := servicetime.Window{Start: slotStart, End: slotStart.Add(pacingSlot)}
	parties, covers, inPeriod := 1, r.Covers, r.Covers
	// Whoever arrives then may be of the service day before, or after (P04).
	today := servicetime.DateIn(start, h.Calendar.Zone)
	for date := today.AddDays(-1); date <= today.AddDays(1); date++ {
		for _, e := range h.Day(date).Entries() {
			if e.ID == r.Booking || e.Status == seating.Cancelled || e.Status == seating.NoShow || e.Status == seating.Waitlisted {
				continue
			}
			if slot.Contains(e.Dining.Start) {
				parties++
				covers += e.Covers
			}
			if r.Arrival.Service.Window.Contains(e.Dining.Start) {
				inPeriod += e.Covers
			}
		}
	}
	arrive := "would arrive from " + clockAt(h, slot.Start) + " to " + clockAt(h, slot.End)
	switch {
	case p.PartiesPerSlot > 0 && parties > p.PartiesPerSlot:
		return pacing(parties, p.PartiesPerSlot, "parties "+arrive, slot)
	case p.CoversPerSlot > 0 && covers > p.CoversPerSlot:
		return pacing(covers, p.CoversPerSlot, "covers "+arrive, slot)
	case p.CoversPerPeriod > 0 && inPeriod > p.CoversPerPeriod:
		return pacing(inPeriod, p.CoversPerPeriod, "covers would come to "+r.Arrival.Service.Period.Name, r.Arrival.Service.Window)
	}
	return seating.Check{}
}

func pacing(n, limit int, what string, slot servicetime.Window) seating.Check {
	c := refuse(seating.CodePacingExceeded, fmt.Sprintf("%d %s; at most %d may.", n, what, limit))
	c.Covers, c.Limit, c.Slot = n, limit, &slot
	return c
}
