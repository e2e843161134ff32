package query

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// MaxSuggestions is how many selections a context suggests.
const MaxSuggestions = 5

// TableState is what a table is to a booking in its window.
type TableState string

// The states of a table in a window. Where several apply, the first of this list
// does.
const (
	TableUnavailable TableState = "unavailable" // it, or its zone, is inactive
	TableBlocked     TableState = "blocked"
	TableAssigned    TableState = "assigned" // to another booking
	TableHeld        TableState = "held"     // for another booking
	TableOwn         TableState = "own"      // assigned to this booking
	TableOwnHold     TableState = "own_hold" // held for this booking
	TableFree        TableState = "free"
)

// TableStates lists the states, for the schema.
func TableStates() []TableState {
	return []TableState{TableFree, TableOwn, TableOwnHold, TableHeld, TableAssigned, TableBlocked, TableUnavailable}
}

// Context is everything a person needs to choose tables for a booking. It holds
// no guest data.
type Context struct {
	Booking      store.BookingRow
	Tables       []TableInWindow
	Zones        []seating.Zone
	Edges        []seating.Edge
	Combinations []seating.Combination
	Hold         *Hold  // the booking's own, when live
	OtherHolds   []Hold // live ones of other bookings that meet the window
	Policy       seating.Policy
	Suggestions  []planner.Candidate
	Truncated    bool // the search for suggestions was stopped by its bound
	Revisions    seating.Revisions
}

// TableInWindow is a table with what stands in its way.
type TableInWindow struct {
	seating.Table
	State      TableState
	Neighbours []seating.TableID
	Conflicts  []seating.Blocker
}

// ContextOf builds the context of a booking for a principal, from memory alone.
func ContextOf(h *house.House, e *house.Entry, principal string, now servicetime.Instant) Context {
	c := Context{
		Booking:      RowOf(e),
		Zones:        h.Floor.Zones(),
		Edges:        h.Floor.Edges(),
		Combinations: h.Floor.Combinations(),
		Policy:       h.Policy,
		Revisions:    h.Revisions,
	}
	for _, t := range h.Floor.Tables() {
		c.Tables = append(c.Tables, tableInWindow(h, e, *t, now))
	}
	for _, hold := range Holds(h, now) {
		switch {
		case hold.Booking == e.ID:
			c.Hold = &hold
		case hold.Window.Overlaps(planner.Remaining(e.Window, now)):
			c.OtherHolds = append(c.OtherHolds, hold)
		}
	}
	if !e.Status.Ended() {
		c.Suggestions, c.Truncated = planner.Search(h, planner.RequestFor(e, principal, now), MaxSuggestions)
	}
	return c
}

func tableInWindow(h *house.House, e *house.Entry, t seating.Table, now servicetime.Instant) TableInWindow {
	in := TableInWindow{Table: t, State: TableFree, Neighbours: h.Floor.Neighbours(t.ID)}
	zone := h.Floor.Zone(t.Zone)
	if !t.Active || zone == nil || !zone.Active {
		in.State = TableUnavailable
	}
	for s := range h.Occupancy(t.ID, planner.Remaining(e.Window, now)) {
		state, blocker := stateOf(h, e, s, now)
		if rank(state) < rank(in.State) {
			in.State = state
		}
		if blocker != nil {
			in.Conflicts = append(in.Conflicts, *blocker)
		}
	}
	return in
}

// stateOf is what one allocation makes of a table, and the blocker it is. A
// lapsed hold is nothing.
func stateOf(h *house.House, e *house.Entry, s house.Slot, now servicetime.Instant) (TableState, *seating.Blocker) {
	b := seating.Blocker{Table: h.Floor.Ref(s.Table), Kind: s.Kind, Window: s.Window}
	switch s.Kind {
	case seating.OwnedByBlock:
		b.Reason = s.Block.Reason
		return TableBlocked, &b
	case seating.OwnedByBooking:
	case seating.OwnedByHold:
		if !s.Entry.Hold.Live(now) {
			return TableFree, nil
		}
		if s.Entry.ID == e.ID {
			return TableOwnHold, nil
		}
		b.Booking, b.Reference = s.Entry.ID, s.Entry.Reference
		b.Hold, b.HeldBy, b.Until = s.Entry.Hold.ID, s.Entry.Hold.CreatedBy, s.Entry.Hold.ExpiresAt
		return TableHeld, &b
	}
	if s.Entry.ID == e.ID {
		return TableOwn, nil
	}
	b.Booking, b.Reference = s.Entry.ID, s.Entry.Reference
	return TableAssigned, &b
}

func rank(s TableState) int {
	switch s {
	case TableUnavailable:
		return 0
	case TableBlocked:
		return 1
	case TableAssigned:
		return 2
	case TableHeld:
		return 3
	case TableOwn:
		return 4
	case TableOwnHold:
		return 5
	case TableFree:
	}
	return 6
}
