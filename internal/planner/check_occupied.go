package planner

import (
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// longestStay bounds how far back a party that has not left can have sat down:
// the longest window and a service day.
const longestStay = 48 * time.Hour

// CheckOccupied looks for a checked-in party that has passed its end and not
// left: an error for a window that starts within OverstayHorizon (15 min) from
// now, a warning for a later one. Code: TABLE_OCCUPIED. Source: docs/domain.md, time.
func CheckOccupied(h *house.House, r Request, s Selection) seating.Check {
	var blockers []seating.Blocker
	var tables []*seating.Table
	for _, t := range s.Tables {
		if b := Overstaying(h, t.ID, r); b != nil {
			blockers = append(blockers, *b)
			tables = append(tables, t)
		}
	}
	if len(blockers) == 0 {
		return seating.Check{}
	}
	b := blockers[0]
	message := fmt.Sprintf("%s still taken by booking %s, %d min past its end.", are(refs(tables)), b.Reference, b.Minutes)
	c := warn(seating.CodeTableOccupied, message)
	if r.Window.Start < r.Now.Add(seating.OverstayHorizon.Duration()) {
		c = refuse(seating.CodeTableOccupied, message)
	}
	c.Tables, c.Blockers = refs(tables), blockers
	return c
}

// Overstaying finds the party that sits at the table past its end; nil when
// there is none, or it is the requesting one.
func Overstaying(h *house.House, table seating.TableID, r Request) *seating.Blocker {
	past := servicetime.Window{Start: r.Now.Add(-longestStay), End: r.Now}
	var found *seating.Blocker
	for slot := range h.Occupancy(table, past) {
		if slot.Kind != seating.OwnedByBooking || slot.Entry.Status != seating.CheckedIn || r.ours(slot.Claimant) {
			continue
		}
		// A party that moved away left its old table when it moved.
		if end := slot.Entry.Window.End; slot.Window.End == end && end <= r.Now {
			b := Blocking(h, slot)
			b.Minutes = int(r.Now.Sub(end) / time.Minute)
			found = &b
		}
	}
	return found
}
