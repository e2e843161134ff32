package seating

import (
	"slices"

	"github.com/maitred/maitred/internal/servicetime"
)

// Hold is a temporary claim of one booking on tables. Its tables are its
// allocations. It is live until ExpiresAt, lapsed from then on until a change
// records its end.
type Hold struct {
	ID               HoldID              `json:"id"`
	Booking          BookingID           `json:"bookingId"`
	Window           servicetime.Window  `json:"window"`
	ExpiresAt        servicetime.Instant `json:"expiresAt"`
	HeldSince        servicetime.Instant `json:"heldSince"` // inherited by a replacement that shares a table
	CreatedAt        servicetime.Instant `json:"createdAt"`
	CreatedBy        string              `json:"createdBy"` // principal
	RequireAdjacency bool                `json:"requireAdjacency,omitempty"`
	Override         *Override           `json:"override,omitempty"`
	Made             int64               `json:"made"` // version of the change that made it: drift is judged against it
}

// Live reports whether the hold counts at that instant.
func (h Hold) Live(now servicetime.Instant) bool { return now < h.ExpiresAt }

// HoldEnd says how a hold ended.
type HoldEnd string

// The ways in which a hold ends.
const (
	EndReleased   HoldEnd = "released"
	EndExpired    HoldEnd = "expired"
	EndSuperseded HoldEnd = "superseded"
	EndConfirmed  HoldEnd = "confirmed"
)

// EndedHold is the record of a hold that is over, kept 30 days.
type EndedHold struct {
	Hold
	Tables  []TableID           `json:"tableIds"`
	How     HoldEnd             `json:"how"`
	EndedAt servicetime.Instant `json:"endedAt"`
	EndedBy string              `json:"endedBy"` // principal
}

// Grant is one granted creation of a hold, counted by the budget.
type Grant struct {
	Principal string              `json:"principal"`
	At        servicetime.Instant `json:"at"`
	Hold      HoldID              `json:"hold"`
}

// Override names the overridable checks that somebody with the capability sets
// aside, and why. The note is staff's free text: kept apart, never here.
type Override struct {
	Checks []CheckID `json:"checks"`
	Reason string    `json:"reason"` // ^[a-z][a-z0-9_]{0,39}$
}

// Covers reports whether the override sets the check aside; nil sets none.
func (o *Override) Covers(id CheckID) bool {
	return o != nil && slices.Contains(o.Checks, id)
}

// OwnerKind says what an allocation belongs to.
type OwnerKind string

// The owners of allocations.
const (
	OwnedByHold    OwnerKind = "hold"
	OwnedByBooking OwnerKind = "booking"
	OwnedByBlock   OwnerKind = "block"
)

// Allocation is one table for one window: the only record of occupancy. The
// claimant is the booking for both its hold and its assignment, the block for
// a block; allocations of different claimants never overlap on a table.
type Allocation struct {
	Table    TableID            `json:"tableId"`
	Window   servicetime.Window `json:"window"`
	Kind     OwnerKind          `json:"kind"`
	Owner    AnyID              `json:"owner"`    // hold, booking or block
	Claimant AnyID              `json:"claimant"` // booking or block
}
