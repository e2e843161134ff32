package decide

import (
	"slices"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// undoWithin is how long a step may be taken back by whoever takes such steps;
// after it, taking it back corrects the book. Source: docs/domain.md, booking states.
const undoWithin = 15 * time.Minute

// only refuses a step from any other state than these, and one that the table of
// states does not have.
func (d *draft) only(e *house.Entry, to seating.Status, from ...seating.Status) *seating.Error {
	if !slices.Contains(from, e.Status) {
		return wrongState(e, "It would have to be %s.", oneOf(from))
	}
	return d.step(e, to)
}

func oneOf(list []seating.Status) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return strings.Join(words, " or ")
}

// undoable refuses to take back what happened long ago to an actor without the
// capability correct.
func (d *draft) undoable(since servicetime.Instant) *seating.Error {
	if d.env.Now.Sub(since) <= undoWithin || d.env.Actor.Can(seating.CapCorrect) {
		return nil
	}
	return seating.Refuse(seating.CodeForbidden, "That was at %s, %d minutes ago; after %d minutes, taking it back takes the capability correct.",
		d.clock(since), minutesSince(since, d.env.Now), undoWithin/time.Minute)
}

// sameDay refuses a step back when the booking's service day is over: at its end,
// or with the party's own window where that reaches past it.
func (d *draft) sameDay(e *house.Entry) *seating.Error {
	if end := max(d.h.Calendar.DayEnd(e.ServiceDate), e.Window.End); d.env.Now >= end {
		return wrongState(e, "Its service day, %s, is over; that can be taken back on the same day only.", e.ServiceDate)
	}
	return nil
}

// clock is an instant on the restaurant's wall.
func (d *draft) clock(i servicetime.Instant) string {
	return i.Time().In(d.h.Calendar.Zone).Format("15:04")
}

// leftTables are the tables a booking that is over had when it ended; of one that
// came from elsewhere, those of its last stretch.
func leftTables(e *house.Entry) []seating.TableID {
	if len(e.Left) > 0 {
		return e.Left
	}
	return e.Tables()
}

// absence is what a booking that is over has given up of a window; empty when it
// ended after it.
func absence(e *house.Entry, w servicetime.Window) servicetime.Window {
	return servicetime.Window{Start: max(w.Start, e.EndedAt), End: w.End}
}

// instant is the shortest window there is.
func instant(i servicetime.Instant) servicetime.Window {
	return servicetime.Window{Start: i, End: i + 1}
}

// stillFree refuses tables that are out of service, or that somebody else has or
// holds in the window, or sits at past its end when the party comes back to them.
func (d *draft) stillFree(e *house.Entry, tables []seating.TableID, w servicetime.Window, back servicetime.Instant) *seating.Error {
	s := planner.Select(d.h, tables)
	if len(s.Unknown) > 0 {
		err := seating.Refuse(seating.CodeTableUnavailable, "A table of booking %s has been removed.", e.Reference)
		err.Details.Tables = d.h.Floor.Refs(s.Unknown)
		return err
	}
	r := planner.RequestFor(e, d.env.Actor.Principal, d.env.Now)
	r.Window = w
	sits := r
	sits.Window.Start = back
	checks := []seating.Check{
		planner.CheckAvailable(d.h, r, s), planner.CheckOccupied(d.h, sits, s), planner.CheckConflict(d.h, r, s), planner.CheckHolds(d.h, r, s),
	}
	for i, id := range []seating.CheckID{seating.CheckAvailable, seating.CheckOccupied, seating.CheckConflict, seating.CheckHolds} {
		checks[i].ID = id
	}
	return verdict(checks)
}

// reaches are the rows of a booking that is over as if it had never left the
// tables: the stretch it ended with reaches to the window's end, earlier ones stay.
func reaches(e *house.Entry, w servicetime.Window, tables []seating.TableID) []seating.Allocation {
	cut := min(e.EndedAt, e.Window.End)
	rows := slices.Clone(e.Allocations)
	for _, t := range tables {
		at := servicetime.Window{Start: max(w.Start, e.EndedAt), End: w.End}
		rows = slices.DeleteFunc(rows, func(a seating.Allocation) bool {
			last := a.Table == t && a.Window.End == cut
			if last {
				at.Start = max(w.Start, a.Window.Start)
			}
			return last
		})
		rows = append(rows, bookingAllocation(e.ID, t, at))
	}
	return rows
}
