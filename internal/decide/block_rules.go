package decide

import (
	"fmt"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// blockable judges a block by itself, and sorts its tables. Its past is not
// judged: whoever calls decides what of it may stand.
// Source: docs/domain.md, blocks.
func (d *draft) blockable(b *seating.Block, note string) *seating.Error {
	var r ruling
	if len(b.Tables) == 0 || len(b.Tables) > seating.MaxTables {
		r.fault("/tableIds", "a block is of 1 to %d tables", seating.MaxTables)
	}
	for i, id := range b.Tables {
		if t := d.h.Floor.Table(id); t == nil || t.Retired {
			r.fault(fmt.Sprintf("/tableIds/%d", i), "there is no table %q", id)
		}
	}
	switch w, now := b.Window, d.env.Now; {
	case w.Empty():
		r.fault("/end", "a block ends after it starts, at %s", w.Start)
	case w.End <= now:
		r.fault("/end", "the time has passed: it is %s", now)
	case w.End.Sub(w.Start) > seating.MaxBlockDays*24*time.Hour:
		r.fault("/end", "a block lasts at most %d days", seating.MaxBlockDays)
	}
	if !seating.ReasonCode(b.Reason) {
		r.fault("/reason", "a reason is a code like repair: lower-case letters, digits and _, at most 40")
	}
	if len(note) > maxNote {
		r.fault("/note", "at most %d bytes", maxNote)
	}
	ahead := 1
	for _, o := range d.h.Floor.Blocks() {
		if o.ID != b.ID && o.Window.End > d.env.Now {
			ahead++
		}
	}
	r.bound("", ahead, seating.MaxBlocks)
	b.Tables = slices.Clone(b.Tables)
	slices.SortFunc(b.Tables, seating.TableID.Compare)
	b.Tables = slices.Compact(b.Tables)
	return seating.InvalidFields(r.fields)
}

// unoccupied refuses a block over anybody who has one of its tables in its window,
// and names them all: a block never moves a party. Lapsed holds are ended.
func (d *draft) unoccupied(b seating.Block) *seating.Error {
	var taken, held []seating.Blocker
	for _, t := range b.Tables {
		for slot := range d.h.Occupancy(t, b.Window) {
			switch {
			case slot.Block != nil && slot.Block.ID == b.ID:
			case slot.Kind != seating.OwnedByHold:
				taken = append(taken, planner.Blocking(d.h, slot))
			case slot.Entry.Hold.Live(d.env.Now):
				held = append(held, planner.Blocking(d.h, slot))
			}
		}
	}
	code := seating.CodeAssignmentConflict
	if len(taken) == 0 {
		code = seating.CodeHoldConflict
	}
	if all := slices.Concat(taken, held); len(all) > 0 {
		err := seating.Refuse(code, "%s", planner.Busy(d.h, all[0]))
		err.Details.Blockers = all
		return err
	}
	d.sweep(b.Tables, b.Window)
	return nil
}
