package house

import (
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Apply returns the house after the change. It refuses a change that was made
// for another base, or whose rows do not fit: that is a bug or a broken journal,
// never a conflict.
func Apply(h *House, c *Change) (*House, error) {
	switch {
	case c.Restaurant != h.Restaurant.ID:
		return nil, fmt.Errorf("change %s is of restaurant %s", c.ID, c.Restaurant)
	case c.Epoch != h.Epoch || c.Base != h.Version || c.BaseHead != h.Head:
		return nil, fmt.Errorf("change %s is based on %s.%d (%s), not on %s (%s)", c.ID, c.Epoch, c.Base, c.BaseHead, h.Public(), h.Head)
	}
	next := *h
	next.Version, next.Head = c.Version(), c.ID
	next.LastAt = max(h.LastAt, c.At)
	next.Revisions = h.Revisions.With(next.Version, c.Aspects)
	if c.Rows.Epoch != "" {
		next.Epoch = c.Rows.Epoch
	}
	if err := next.applySettings(&c.Rows); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.ID, err)
	}
	next.applyFloor(&c.Rows)
	if err := next.applyBookings(&c.Rows, c.At); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.ID, err)
	}
	if c.Rows.OpenFrom != nil {
		next.closeBefore(*c.Rows.OpenFrom)
	}
	return &next, nil
}

func (h *House) applySettings(r *Rows) error {
	if r.Restaurant != nil {
		zone, err := servicetime.LoadZone(r.Restaurant.Zone)
		if err != nil {
			return err
		}
		h.Restaurant, h.Calendar.Zone = *r.Restaurant, zone
	}
	if r.Policy != nil {
		h.Policy = *r.Policy
	}
	if r.Periods != nil {
		h.Calendar.Periods = *r.Periods
	}
	if r.Closures != nil {
		h.Calendar.Closures = *r.Closures
	}
	return nil
}

func (h *House) applyFloor(r *Rows) {
	if len(r.DropEdges)+len(r.DropCombinations)+len(r.DropBlocks)+len(r.DropTables)+len(r.DropZones)+
		len(r.PutZones)+len(r.PutTables)+len(r.PutEdges)+len(r.PutCombinations)+len(r.PutBlocks) == 0 {
		return
	}
	f := h.Floor
	h.Floor = newFloor(
		replaced(f.zones, r.DropZones, r.PutZones, func(z seating.Zone) seating.ZoneID { return z.ID }),
		replaced(f.tables, r.DropTables, r.PutTables, func(t seating.Table) seating.TableID { return t.ID }),
		replaced(f.edges, r.DropEdges, r.PutEdges, func(e seating.Edge) seating.Edge { return e }),
		replaced(f.combinations, r.DropCombinations, r.PutCombinations, func(c seating.Combination) seating.CombinationID { return c.ID }),
		replaced(f.blocks, r.DropBlocks, r.PutBlocks, func(b seating.Block) seating.BlockID { return b.ID }),
	)
}

// replaced returns rows without the dropped keys, with the put rows in place of
// those of the same key.
func replaced[R any, K comparable](rows []R, drop []K, put []R, key func(R) K) []R {
	if len(drop)+len(put) == 0 {
		return rows
	}
	gone := make(map[K]bool, len(drop)+len(put))
	for _, k := range drop {
		gone[k] = true
	}
	for _, r := range put {
		gone[key(r)] = true
	}
	next := make([]R, 0, len(rows)+len(put))
	for _, r := range rows {
		if !gone[key(r)] {
			next = append(next, r)
		}
	}
	return append(next, put...)
}

// applyBookings follows the order in which the rows are written.
func (h *House) applyBookings(r *Rows, at servicetime.Instant) error {
	e := newEdit(h)
	for _, a := range r.DropAllocations {
		if err := e.free(a); err != nil {
			return err
		}
	}
	for _, id := range r.Reown {
		if err := e.reown(id); err != nil {
			return err
		}
	}
	for _, ended := range r.EndHolds {
		holder := e.holder(ended.ID)
		if holder == nil {
			return fmt.Errorf("hold %s is not there", ended.ID)
		}
		if len(holder.Hold.Allocations) > 0 {
			return fmt.Errorf("hold %s ends with allocations", ended.ID)
		}
		holder.Hold = nil
	}
	for _, b := range r.PutBookings {
		if entry := e.entry(b.ID); entry != nil {
			entry.Booking = b
		} else {
			e.put(&Entry{Booking: b})
		}
	}
	for _, hold := range r.PutHolds {
		entry := e.entry(hold.Booking)
		switch {
		case entry == nil:
			return fmt.Errorf("hold %s: its booking %s is not there", hold.ID, hold.Booking)
		case entry.Hold == nil:
			entry.Hold = &HoldEntry{Hold: hold}
		case entry.Hold.ID == hold.ID:
			entry.Hold.Hold = hold
		default:
			return fmt.Errorf("booking %s has the hold %s already", entry.ID, entry.Hold.ID)
		}
	}
	for _, a := range r.PutAllocations {
		if err := e.allocate(a); err != nil {
			return err
		}
	}
	for _, g := range r.Grants {
		entry := e.entry(g.Booking)
		if entry == nil {
			return fmt.Errorf("grant of hold %s: its booking %s is not there", g.Hold, g.Booking)
		}
		entry.Grants = slices.DeleteFunc(append(entry.Grants, g.Grant), func(o seating.Grant) bool { return !countable(o, at) })
	}
	for entry := range e.entries() {
		if entry.Hold != nil && len(entry.Hold.Allocations) == 0 {
			return fmt.Errorf("hold %s has no allocations", entry.Hold.ID)
		}
	}
	e.finish()
	return nil
}

// reown gives a hold's allocations to its booking.
func (e *edit) reown(id seating.HoldID) error {
	entry := e.holder(id)
	if entry == nil {
		return fmt.Errorf("hold %s is not there", id)
	}
	for _, a := range entry.Hold.Allocations {
		a.Kind, a.Owner = seating.OwnedByBooking, seating.AnyID(entry.ID)
		if err := e.allocate(a); err != nil {
			return err
		}
	}
	entry.Hold.Allocations = nil
	return nil
}

// closeBefore drops the days that are closed.
func (h *House) closeBefore(date servicetime.Date) {
	h.OpenFrom = date
	i, _ := slices.BinarySearchFunc(h.days, date, func(d *Day, t servicetime.Date) int { return int(d.Date) - int(t) })
	where := indexEdit{x: &h.where}
	for _, d := range h.days[:i] {
		for _, e := range d.entries {
			where.drop(e.ID)
		}
	}
	h.days = slices.Clone(h.days[i:])
}
