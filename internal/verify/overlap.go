package verify

import (
	"cmp"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// checkOverlap looks for two claimants at one table at one time, over everything
// that was ever allocated. Rows are walked by table and start beside those that
// reach furthest: one for each of the last two claimants suffices to meet an
// overlap with a third.
func checkOverlap(v *view) {
	rows := slices.SortedFunc(slices.Values(v.Occupancy), func(a, b seating.Allocation) int {
		return cmp.Or(a.Table.Compare(b.Table), cmp.Compare(a.Window.Start, b.Window.Start), house.CompareAllocations(a, b))
	})
	var reach []seating.Allocation // of the table at hand, those that may still overlap
	for i, a := range rows {
		if i == 0 || rows[i-1].Table != a.Table {
			reach = reach[:0]
		}
		reach = slices.DeleteFunc(reach, func(o seating.Allocation) bool { return o.Window.End <= a.Window.Start })
		for _, o := range reach {
			if o.Claimant != a.Claimant && o.Window.Overlaps(a.Window) {
				v.report(v.table(a.Table), "%s %s (%s) and %s %s (%s) overlap",
					o.Kind, v.name(o), of(o.Window), a.Kind, v.name(a), of(a.Window))
			}
		}
		reach = append(reach, a)
	}
}

// name of an allocation's owner, for people.
func (v *view) name(a seating.Allocation) string {
	if b := v.bookings[seating.BookingID(a.Claimant)]; b != nil {
		return b.Reference
	}
	return a.Owner.String()
}

func checkWindows(v *view) {
	for _, a := range v.Occupancy {
		if a.Window.Empty() {
			v.report(v.table(a.Table), "%s %s has the empty window %s", a.Kind, v.name(a), of(a.Window))
		}
	}
	for _, b := range v.State.Blocks {
		if b.Window.Empty() {
			v.report("block "+b.ID.String(), "has the empty window %s", of(b.Window))
		}
	}
}
