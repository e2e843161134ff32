package house

import (
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Day is the shard of one service date. Its windows may reach past midnight;
// span covers all of them.
type Day struct {
	Date    servicetime.Date
	entries []*Entry                   // by booking ID
	held    []*Entry                   // those with a hold, by booking ID
	tables  map[seating.TableID][]Slot // by start
	span    servicetime.Window
}

// Slot is one allocation with whose it is.
type Slot struct {
	seating.Allocation
	Entry *Entry         // of a booking or its hold; nil for a block
	Block *seating.Block // of a block
}

// Entries are the day's bookings by ID. A nil day has none.
func (d *Day) Entries() []*Entry {
	if d == nil {
		return nil
	}
	return d.entries
}

func (d *Day) find(id seating.BookingID) *Entry {
	if d == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(d.entries, id, func(e *Entry, t seating.BookingID) int { return e.ID.Compare(t) })
	if !ok {
		return nil
	}
	return d.entries[i]
}
