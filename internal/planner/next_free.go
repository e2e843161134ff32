package planner

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// nextFreeStarts bounds the ends of other parties that one look tries.
const nextFreeStarts = 48

// NextFree returns, soonest first and at most three, the times of the same service
// date at which tables come free for a party that waits at the door: it needs no
// time to lay them. Tables come free only when somebody's window ends, so those
// minutes are all there is to try. turn is the stay asked for by hand, 0 for the
// period's.
func NextFree(h *house.House, r Request, turn servicetime.Minutes) []seating.Choice {
	today := h.Calendar.ServiceDate(r.Now)
	over := h.Calendar.DayEnd(today)
	var starts []servicetime.Instant
	for _, t := range h.Floor.Tables() {
		for slot := range h.Occupancy(t.ID, servicetime.Window{Start: r.Now, End: over}) {
			if start := nextMinute(slot.Window.End); start < over {
				starts = append(starts, start)
			}
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var choices []seating.Choice
	for _, start := range starts[:min(len(starts), nextFreeStarts)] {
		if len(choices) == alternativesShown {
			break
		}
		if h.Calendar.ServiceDate(start) != today {
			continue
		}
		if c, ok := choiceAt(h, r, start, turn, 0); ok {
			choices = append(choices, c)
		}
	}
	return choices
}

// nextMinute is the first instant from i on at which a clock shows a full minute:
// a time can be told in no other way.
func nextMinute(i servicetime.Instant) servicetime.Instant {
	const minute = servicetime.Instant(time.Minute / time.Microsecond)
	return (i + minute - 1) / minute * minute
}
