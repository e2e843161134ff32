package house

import (
	"maps"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// index finds a booking's service date. It is split by the last, random, byte
// of the ID, so that a change copies one 256th of it.
type index [256]map[seating.BookingID]servicetime.Date

func (x *index) find(id seating.BookingID) (servicetime.Date, bool) {
	d, ok := x[id[15]][id]
	return d, ok
}

// indexEdit changes an index without touching the one it came from.
type indexEdit struct {
	x      *index
	copied [256]bool
}

func (e *indexEdit) shard(id seating.BookingID) map[seating.BookingID]servicetime.Date {
	i := id[15]
	if !e.copied[i] {
		e.copied[i] = true
		if e.x[i] = maps.Clone(e.x[i]); e.x[i] == nil {
			e.x[i] = map[seating.BookingID]servicetime.Date{}
		}
	}
	return e.x[i]
}

func (e *indexEdit) set(id seating.BookingID, d servicetime.Date) {
	if have, ok := e.x.find(id); !ok || have != d {
		e.shard(id)[id] = d
	}
}

func (e *indexEdit) drop(id seating.BookingID) { delete(e.shard(id), id) }
