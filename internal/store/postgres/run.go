package postgres

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// run is a stretch of a batch whose rows can be written together, each kind with
// one statement: all that go before all that come. That leads to the same rows as
// change after change as long as no two changes of the run write rows of the same
// owner.
type run struct {
	floor *house.Change // a change of floor or rules is a run of its own

	dropAllocations []seating.Allocation
	reown           []seating.HoldID
	endHolds        []seating.EndedHold
	putBookings     []seating.Booking
	putHolds        []heldAt
	putAllocations  []seating.Allocation
	anchor          []seating.HoldID // whose anchor and count have to be found out

	owners map[seating.AnyID]bool
}

// heldAt is a hold with the time of the change that puts it, and its anchor.
type heldAt struct {
	seating.Hold
	at     servicetime.Instant
	anchor seating.Allocation
	tables int
}

// runs cuts a batch into as few runs as its order allows.
func runs(changes []*house.Change) []*run {
	var all []*run
	var last *run
	for _, c := range changes {
		owners := ownersOf(c)
		if last == nil || last.floor != nil || writesFloor(c) || last.writesAny(owners) {
			last = &run{owners: map[seating.AnyID]bool{}}
			all = append(all, last)
		}
		last.add(c, owners)
	}
	return all
}

// ownersOf are the bookings and holds whose rows a change writes.
func ownersOf(c *house.Change) []seating.AnyID {
	var ids []seating.AnyID
	for _, a := range c.Rows.DropAllocations {
		ids = append(ids, a.Owner)
	}
	for _, h := range c.Rows.Reown {
		ids = append(ids, seating.AnyID(h))
	}
	for _, e := range c.Rows.EndHolds {
		ids = append(ids, seating.AnyID(e.ID), seating.AnyID(e.Booking))
	}
	for _, b := range c.Rows.PutBookings {
		ids = append(ids, seating.AnyID(b.ID))
	}
	for _, h := range c.Rows.PutHolds {
		ids = append(ids, seating.AnyID(h.ID))
	}
	for _, a := range c.Rows.PutAllocations {
		ids = append(ids, a.Owner)
	}
	return ids
}

func (r *run) writesAny(owners []seating.AnyID) bool {
	for _, o := range owners {
		if r.owners[o] {
			return true
		}
	}
	return false
}

// writesFloor reports whether a change writes rows of the restaurant itself, its
// floor or its rules.
func writesFloor(c *house.Change) bool {
	r := &c.Rows
	return len(r.DropEdges)+len(r.DropCombinations)+len(r.DropBlocks)+len(r.DropTables)+len(r.DropZones) > 0 ||
		len(r.PutZones)+len(r.PutTables)+len(r.PutEdges)+len(r.PutCombinations)+len(r.PutBlocks) > 0 ||
		r.Restaurant != nil || r.Policy != nil || r.Periods != nil || r.Closures != nil
}

func (r *run) add(c *house.Change, owners []seating.AnyID) {
	if writesFloor(c) {
		r.floor = c
	}
	for _, o := range owners {
		r.owners[o] = true
	}
	rows := &c.Rows
	r.dropAllocations = append(r.dropAllocations, rows.DropAllocations...)
	r.reown = append(r.reown, rows.Reown...)
	r.endHolds = append(r.endHolds, rows.EndHolds...)
	r.putBookings = append(r.putBookings, rows.PutBookings...)
	r.putAllocations = append(r.putAllocations, rows.PutAllocations...)
	for _, h := range rows.PutHolds {
		r.putHolds = append(r.putHolds, anchored(c, h))
	}
	r.anchor = append(r.anchor, unsure(c)...)
}

// anchored finds the anchor of a hold among the allocations its change puts. A
// hold without any gets one that cannot be, which is set right or refused.
func anchored(c *house.Change, h seating.Hold) heldAt {
	put := heldAt{Hold: h, at: c.At, anchor: seating.Allocation{Owner: seating.AnyID(h.ID)}}
	for _, a := range c.Rows.PutAllocations {
		if a.Kind == seating.OwnedByHold && a.Owner == seating.AnyID(h.ID) {
			if put.tables == 0 {
				put.anchor = a
			}
			put.tables++
		}
	}
	put.tables = max(put.tables, 1)
	return put
}

// unsure are the holds whose anchor and count the change may have altered, but
// for those it makes, with all their allocations, and those it ends.
func unsure(c *house.Change) []seating.HoldID {
	sure := map[seating.HoldID]bool{}
	for _, e := range c.Rows.EndHolds {
		sure[e.ID] = true
	}
	for _, h := range c.Rows.PutHolds {
		sure[h.ID] = h.Made == c.Version() && len(heldBy(c.Rows.DropAllocations, h.ID)) == 0 && len(heldBy(c.Rows.PutAllocations, h.ID)) > 0
	}
	var holds []seating.HoldID
	note := func(h seating.HoldID) {
		if !sure[h] {
			sure[h] = true
			holds = append(holds, h)
		}
	}
	for _, list := range [][]seating.Allocation{c.Rows.DropAllocations, c.Rows.PutAllocations} {
		for _, a := range list {
			if a.Kind == seating.OwnedByHold {
				note(seating.HoldID(a.Owner))
			}
		}
	}
	for _, h := range c.Rows.Reown {
		note(h)
	}
	for _, h := range c.Rows.PutHolds {
		note(h.ID)
	}
	return holds
}

func heldBy(list []seating.Allocation, hold seating.HoldID) []seating.Allocation {
	var held []seating.Allocation
	for _, a := range list {
		if a.Kind == seating.OwnedByHold && a.Owner == seating.AnyID(hold) {
			held = append(held, a)
		}
	}
	return held
}
