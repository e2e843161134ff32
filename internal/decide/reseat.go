package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// reseat gives a booking its tables in a new window. Before check-in it never used
// what it had: the old rows go, and the new ones are what is left of the window. A
// party that sits keeps its past; at tables that it keeps only the end moves, those
// that it leaves are free now, and new ones begin now.
// Source: docs/domain.md, changing a booking.
func (d *draft) reseat(e *house.Entry, w servicetime.Window, tables []seating.TableID) {
	left := planner.Remaining(w, d.env.Now)
	has := map[seating.TableID]bool{}
	var want []seating.Allocation
	if e.Status == seating.CheckedIn {
		if w == e.Window && slices.Equal(tables, e.Tables()) {
			return
		}
		want = d.stretches(e, w, tables, has)
	}
	for _, t := range tables {
		if !has[t] {
			want = append(want, bookingAllocation(e.ID, t, left))
		}
	}
	d.replace(e.Allocations, want)
}

// stretches are the rows that a party that sits already has, as the new window
// leaves them; has are the tables among them that reach its end. A party past its
// end was there all along: the rows it ended with reach over that time too, but
// not where somebody else had the table meanwhile.
func (d *draft) stretches(e *house.Entry, w servicetime.Window, tables []seating.TableID, has map[seating.TableID]bool) []seating.Allocation {
	var rows []seating.Allocation
	for _, a := range e.Allocations {
		sits := a.Window.End == e.Window.End
		switch {
		case !sits || !d.stayed(e.ID, a): // it is the past
		case slices.Contains(tables, a.Table):
			a.Window.End = w.End
			has[a.Table] = true
		case e.Window.End < d.env.Now:
			a.Window.End = d.env.Now
		default:
			a.Window.End = min(a.Window.End, d.env.Now)
		}
		if !a.Window.Empty() {
			rows = append(rows, a)
		}
	}
	return rows
}

// stayed reports whether a table was nobody else's between the end of a party's
// row and now. Lapsed holds in that time end: they do not block.
func (d *draft) stayed(id seating.BookingID, a seating.Allocation) bool {
	since := servicetime.Window{Start: a.Window.End, End: d.env.Now}
	for slot := range d.h.Occupancy(a.Table, since) {
		lapsed := slot.Kind == seating.OwnedByHold && !slot.Entry.Hold.Live(d.env.Now)
		if slot.Claimant != seating.AnyID(id) && !lapsed {
			return false
		}
	}
	d.sweep([]seating.TableID{a.Table}, since, id)
	return true
}
