package decide

import (
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// retire takes a table off the plan, unless somebody has it from now on.
func (d *draft) retire(t seating.Table) *seating.Error {
	var blockers []seating.Blocker
	for slot := range d.h.From(t.ID, d.env.Now) {
		switch {
		case slot.Kind == seating.OwnedByHold && !slot.Entry.Hold.Live(d.env.Now):
			if !d.ends(slot.Entry.Hold.ID) {
				d.endHold(slot.Entry, seating.EndExpired, "")
			}
		default:
			blockers = append(blockers, planner.Blocking(d.h, slot))
		}
	}
	if len(blockers) > 0 {
		err := seating.Refuse(seating.CodeTableInUse, "%s", planner.Busy(d.h, blockers[0]))
		err.Details.Blockers = blockers
		err.Details.Tables = []seating.TableRef{{ID: t.ID, Number: t.Number}}
		return err
	}
	t.Retired, t.Active, t.Zone = true, false, seating.ZoneID{}
	d.rows.PutTables = append(d.rows.PutTables, t)
	return nil
}

// forgetWish takes a zone that goes from the open bookings that wished for it:
// a wish nobody can grant would keep the planner from seating them.
func (d *draft) forgetWish(zone seating.ZoneID) {
	for e := range d.h.Bookings() {
		if e.ZoneWish == zone {
			b := e.Booking
			b.ZoneWish = seating.ZoneID{}
			d.line(bookingSubject(b.ID), "", "wish_dropped", "zone_removed", "")
			d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{What: "zone_wish", Reason: "zone_removed"})
			d.put(b)
		}
	}
}
