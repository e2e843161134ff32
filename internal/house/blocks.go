package house

import (
	"cmp"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// BlocksOn are the blocks that meet the calendar dates from to to, both included,
// in the restaurant's zone, by start.
func (h *House) BlocksOn(from, to servicetime.Date) []seating.Block {
	on := slices.DeleteFunc(slices.Clone(h.Floor.Blocks()), func(b seating.Block) bool {
		first, last := servicetime.DateIn(b.Window.Start, h.Calendar.Zone), servicetime.DateIn(b.Window.End-1, h.Calendar.Zone)
		return last < from || to < first
	})
	slices.SortFunc(on, func(a, b seating.Block) int {
		return cmp.Or(cmp.Compare(a.Window.Start, b.Window.Start), a.ID.Compare(b.ID))
	})
	return on
}
