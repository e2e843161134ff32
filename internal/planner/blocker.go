package planner

import (
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Blocking describes an allocation to somebody whom it stands in the way of.
func Blocking(h *house.House, slot house.Slot) seating.Blocker {
	b := seating.Blocker{Table: h.Floor.Ref(slot.Table), Kind: slot.Kind, Window: slot.Window}
	if slot.Block != nil {
		b.Reason = slot.Block.Reason
		return b
	}
	b.Booking, b.Reference = slot.Entry.ID, slot.Entry.Reference
	if slot.Kind == seating.OwnedByHold {
		b.Hold, b.HeldBy, b.Until = slot.Entry.Hold.ID, slot.Entry.Hold.CreatedBy, slot.Entry.Hold.ExpiresAt
	}
	return b
}

// Busy says in a sentence who has a table, in the restaurant's time.
func Busy(h *house.House, b seating.Blocker) string {
	return busy(h, b, clockAt(h, b.Window.Start)+"–"+clockAt(h, b.Window.End)+" on "+servicetime.DateIn(b.Window.Start, h.Calendar.Zone).String())
}

// busyFor is Busy for somebody who asks for tables: the date is left out when it is
// the one that was asked for, on the calendar or in service.
func busyFor(h *house.House, r Request, b seating.Blocker) string {
	there, here := b.Window.Start, r.Window.Start
	if servicetime.DateIn(there, h.Calendar.Zone) != servicetime.DateIn(here, h.Calendar.Zone) &&
		h.Calendar.ServiceDate(there) != h.Calendar.ServiceDate(here) {
		return Busy(h, b)
	}
	return busy(h, b, clockAt(h, b.Window.Start)+"–"+clockAt(h, b.Window.End))
}

func busy(h *house.House, b seating.Blocker, when string) string {
	switch b.Kind {
	case seating.OwnedByBlock:
		return fmt.Sprintf("%s blocked %s (%s).", b.Table.Number, when, b.Reason)
	case seating.OwnedByHold:
		return fmt.Sprintf("%s held %s for booking %s until %s.", b.Table.Number, when, b.Reference,
			b.Until.Time().In(h.Calendar.Zone).Format("15:04:05"))
	default:
		return fmt.Sprintf("%s busy %s by booking %s.", b.Table.Number, when, b.Reference)
	}
}

// are lists tables as the subject of a sentence: "T1 is", "T1 and T2 are".
func are(tables []seating.TableRef) string {
	if len(tables) == 1 {
		return Numbers(tables) + " is"
	}
	return Numbers(tables) + " are"
}

// Numbers lists tables, at least one, in a sentence: "T1", "T1, T2 and T3".
func Numbers(tables []seating.TableRef) string {
	numbers := make([]string, len(tables))
	for i, t := range tables {
		numbers[i] = t.Number
	}
	last := len(numbers) - 1
	if last == 0 {
		return numbers[0]
	}
	return strings.Join(numbers[:last], ", ") + " and " + numbers[last]
}
