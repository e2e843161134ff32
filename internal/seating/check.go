package seating

import "github.com/maitred/maitred/internal/servicetime"

// CheckID names one rule that a selection of tables is judged by.
type CheckID string

// The checks, in the order in which their errors are told.
const (
	CheckTables    CheckID = "tables"
	CheckAvailable CheckID = "available"
	CheckOccupied  CheckID = "occupied"
	CheckCapacity  CheckID = "capacity"
	CheckMinimum   CheckID = "minimum"
	CheckSlack     CheckID = "slack"
	CheckZone      CheckID = "zone"
	CheckMovable   CheckID = "movable"
	CheckAdjacency CheckID = "adjacency"
	CheckService   CheckID = "service"
	CheckPacing    CheckID = "pacing"
	CheckConflict  CheckID = "conflict"
	CheckHolds     CheckID = "holds"
)

// CheckIDs lists the checks in order.
func CheckIDs() []CheckID {
	return []CheckID{
		CheckTables, CheckAvailable, CheckOccupied, CheckCapacity, CheckMinimum, CheckSlack, CheckZone,
		CheckMovable, CheckAdjacency, CheckService, CheckPacing, CheckConflict, CheckHolds,
	}
}

// Overridable reports whether the capability override may set the check aside.
// Never the others: a table is not made larger or freer by a right.
func (id CheckID) Overridable() bool {
	switch id {
	case CheckService, CheckSlack, CheckMinimum, CheckPacing, CheckAdjacency:
		return true
	default:
		return false
	}
}

// Outcome of one check.
type Outcome string

// The outcomes.
const (
	OutcomeOK      Outcome = "ok"
	OutcomeWarning Outcome = "warning"
	OutcomeError   Outcome = "error"
)

// TableRef names a table to a person.
type TableRef struct {
	ID     TableID `json:"id"`
	Number string  `json:"number,omitempty"`
}

// Blocker is somebody else's claim that stands in the way.
type Blocker struct {
	Table     TableRef            `json:"table"`
	Kind      OwnerKind           `json:"kind"`
	Window    servicetime.Window  `json:"window"`
	Booking   BookingID           `json:"bookingId,omitzero"`
	Reference string              `json:"reference,omitempty"`
	Hold      HoldID              `json:"holdId,omitzero"`
	HeldBy    string              `json:"heldBy,omitempty"` // principal
	Until     servicetime.Instant `json:"until,omitempty"`  // a hold's expiry
	Reason    string              `json:"reason,omitempty"` // a block's
	Minutes   int                 `json:"overstayMinutes,omitempty"`
}

// Check is the verdict of one rule with the operands a person can act on.
type Check struct {
	ID         CheckID             `json:"id"`
	Outcome    Outcome             `json:"outcome"`
	Code       Code                `json:"code,omitempty"`
	Message    string              `json:"message,omitempty"`
	Overridden bool                `json:"overridden,omitempty"`
	Tables     []TableRef          `json:"tables,omitempty"`
	Blockers   []Blocker           `json:"blockers,omitempty"`
	Party      int                 `json:"party,omitempty"`
	Covers     int                 `json:"covers,omitempty"`
	Limit      int                 `json:"limit,omitempty"`
	Ends       servicetime.Instant `json:"ends,omitempty"`
	// The time that refuses; which is set depends on the code.
	Starts  servicetime.Instant  `json:"starts,omitempty"`  // PAST: the start that was chosen
	Slot    *servicetime.Window  `json:"slot,omitempty"`    // PACING_EXCEEDED: the stretch that is full
	Hours   []ServiceHours       `json:"hours,omitempty"`   // OUTSIDE_SERVICE_HOURS: what is served around that time
	Closure *servicetime.Closure `json:"closure,omitempty"` // CLOSED
}

// ServiceHours is one service as somebody who may come at another time is told.
type ServiceHours struct {
	Name        string              `json:"name"`
	Window      servicetime.Window  `json:"window"`
	LastSeating servicetime.Instant `json:"lastSeating"`
}

// FirstError returns the first check, in order, that refuses; nil when none does.
func FirstError(checks []Check) *Check {
	for i := range checks {
		if checks[i].Outcome == OutcomeError {
			return &checks[i]
		}
	}
	return nil
}

// Summary is what a selection amounts to.
type Summary struct {
	Covers      int           `json:"covers"` // it seats
	Party       int           `json:"party"`
	Minimum     int           `json:"minimum"`
	Slack       int           `json:"slack"` // covers − party
	Tables      int           `json:"tables"`
	Zones       int           `json:"zones"`
	Combination CombinationID `json:"combinationId,omitzero"` // declared by the restaurant
}
