package house

import (
	"cmp"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// State is a house spelled out as rows, in a canonical order: what a store
// loads, what a checkpoint keeps, and what two houses are compared by.
type State struct {
	Restaurant   seating.Restaurant    `json:"restaurant"`
	Epoch        string                `json:"epoch"`
	Version      int64                 `json:"version"`
	Head         seating.ChangeID      `json:"head,omitzero"`
	Revisions    seating.Revisions     `json:"revisions"`
	LastAt       servicetime.Instant   `json:"lastAt,omitempty"`
	OpenFrom     servicetime.Date      `json:"openFrom"`
	Zones        []seating.Zone        `json:"zones"`
	Tables       []seating.Table       `json:"tables"`
	Edges        []seating.Edge        `json:"edges"`
	Combinations []seating.Combination `json:"combinations"`
	Blocks       []seating.Block       `json:"blocks"`
	Policy       seating.Policy        `json:"policy"`
	Periods      []servicetime.Period  `json:"periods"`
	Closures     []servicetime.Closure `json:"closures"`
	Bookings     []seating.Booking     `json:"bookings"`
	Holds        []seating.Hold        `json:"holds"`
	Allocations  []seating.Allocation  `json:"allocations"` // of bookings and holds; a block's follow from it
	Grants       []GrantPut            `json:"grants"`      // made within MaxBudgetWindow of LastAt
}

// Canonical sorts every list by key and drops grants that no budget can count
// any more, so that equal houses have equal states whatever path led to them.
func (s *State) Canonical() {
	slices.SortFunc(s.Zones, func(a, b seating.Zone) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Tables, func(a, b seating.Table) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Edges, func(a, b seating.Edge) int { return cmp.Or(a.A.Compare(b.A), a.B.Compare(b.B)) })
	slices.SortFunc(s.Combinations, func(a, b seating.Combination) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Blocks, func(a, b seating.Block) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Bookings, func(a, b seating.Booking) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Holds, func(a, b seating.Hold) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(s.Allocations, CompareAllocations)
	s.Grants = slices.DeleteFunc(s.Grants, func(g GrantPut) bool { return !countable(g.Grant, s.LastAt) })
	slices.SortFunc(s.Grants, func(a, b GrantPut) int {
		return cmp.Or(cmp.Compare(a.At, b.At), a.Hold.Compare(b.Hold))
	})
	s.Zones, s.Tables, s.Edges, s.Combinations, s.Blocks = some(s.Zones), some(s.Tables), some(s.Edges), some(s.Combinations), some(s.Blocks)
	s.Periods, s.Closures = some(s.Periods), some(s.Closures)
	s.Bookings, s.Holds, s.Allocations, s.Grants = some(s.Bookings), some(s.Holds), some(s.Allocations), some(s.Grants)
}

// some makes an empty list nil.
func some[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// countable reports whether a budget may still count the grant at lastAt.
func countable(g seating.Grant, lastAt servicetime.Instant) bool {
	return g.At.Add(seating.MaxBudgetWindow.Duration()) > lastAt
}

// CompareAllocations orders allocations by table, start, owner: their key.
func CompareAllocations(a, b seating.Allocation) int {
	return cmp.Or(a.Table.Compare(b.Table), cmp.Compare(a.Window.Start, b.Window.Start),
		cmp.Compare(a.Kind, b.Kind), a.Owner.Compare(b.Owner))
}
