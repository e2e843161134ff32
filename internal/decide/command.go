package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Command is what somebody wants of one restaurant. The commands are the types
// of this package.
type Command interface {
	// Name is the stable word for the command in journal, history and metrics.
	Name() string
	decide(d *draft) (Result, *seating.Error)
}

// Env is the circumstances a command is decided in.
type Env struct {
	Change  seating.ChangeID    // the ID of the change, should there be one
	Now     servicetime.Instant // the database's time
	Actor   seating.Actor
	Attempt int // how often the command was decided on a base that failed; picks another reference

	IfMatch *seating.Version // the version the caller saw; nil: judged on the current state
	// Touched are all touches after IfMatch up to the house, oldest first;
	// TooOld says that they are not known any more.
	Touched []house.Touched
	TooOld  bool

	Facts Facts
}

// Facts are stored facts that are not part of a house. A first decision is made
// without them; when it names some in Ask, the caller reads them and, where
// there are any, decides again on the same house.
type Facts struct {
	Ended  map[seating.HoldID]seating.EndedHold
	Closed map[seating.BookingID]servicetime.Date
}

// Ask names facts that may change a refusal.
type Ask struct {
	Holds    []seating.HoldID
	Bookings []seating.BookingID
}

// Decision is what became of a command.
type Decision struct {
	Change  *house.Change  // nil: refused, or nothing to do
	Result  Result         // when not refused
	Refusal *seating.Error // nil: granted
	Ask     Ask            // with a refusal
}

// Result is the answer of a granted command, free of guest data: it is kept in
// the receipt and rendered for whoever asks. Which parts are set depends on the
// command.
type Result struct {
	Version    seating.Version  `json:"version"` // after the change
	Booking    *Booking         `json:"booking,omitempty"`
	Other      *Booking         `json:"other,omitempty"` // the second booking of a swap
	Hold       *Hold            `json:"hold,omitempty"`
	Assignment *Assignment      `json:"assignment,omitempty"`
	Swapped    *Assignment      `json:"swapped,omitempty"` // the second assignment of a swap
	Checks     []seating.Check  `json:"checks,omitempty"`
	Summary    *seating.Summary `json:"summary,omitempty"`
	NoTable    *NoTable         `json:"noTable,omitempty"` // autoAssign found none; the booking is pending
	Floor      *Floor           `json:"floor,omitempty"`
	Count      int              `json:"count,omitempty"` // holds expired, bookings closed or imported
}

// Booking is a booking with its tables.
type Booking struct {
	seating.Booking
	Tables []seating.TableID `json:"tableIds"`
}

// Hold is a hold with its tables.
type Hold struct {
	seating.Hold
	Tables []seating.TableID `json:"tableIds"`
	Raised bool              `json:"ttlRaised,omitempty"` // the request was below the minimum
}

// Assignment is the tables of a booking in its window.
type Assignment struct {
	Booking  seating.BookingID  `json:"bookingId"`
	Tables   []seating.TableID  `json:"tableIds"`
	Window   servicetime.Window `json:"window"`
	Combined bool               `json:"combined"` // more than one table, as one unit
}

// NoTable says why no table was found, and when one would be free.
type NoTable struct {
	Reason  string           `json:"reason"`
	Choices []seating.Choice `json:"alternatives"`
}

// Floor is a whole plan as it stands.
type Floor struct {
	Zones        []seating.Zone        `json:"zones"`
	Tables       []seating.Table       `json:"tables"` // not retired, by number
	Edges        []seating.Edge        `json:"adjacencies"`
	Combinations []seating.Combination `json:"combinations"`
}

// Transition is what a confirm or an assignment does to the booking's state.
type Transition string

// The transitions; the zero value is the default: confirmed for a pending or
// waitlisted booking, none otherwise.
const (
	ToConfirmed Transition = "confirmed"
	ToCheckedIn Transition = "checked_in"
	ToNone      Transition = "none"
)

type (
	// CreateBooking makes a booking, with tables when asked.
	CreateBooking struct {
		ID          seating.BookingID
		Covers      int
		Date        servicetime.Date
		Time        servicetime.Clock
		Offset      servicetime.Offset
		Guest       seating.Guest
		ZoneWish    seating.ZoneID
		SeatingWish seating.SeatingType
		Source      seating.Source
		Tables      []seating.TableID
		AutoAssign  bool
		Turn        servicetime.Minutes // 0: the band's
		Override    *seating.Override
		Note        string // staff's, with the override
	}

	// MakeHold claims tables for a booking for a while; it replaces the same
	// principal's hold on the booking.
	MakeHold struct {
		ID               seating.HoldID
		Booking          seating.BookingID
		Tables           []seating.TableID
		TTL              servicetime.Seconds // 0: the default
		RequireAdjacency bool
		Override         *seating.Override
		Note             string
	}

	// ExtendHold moves a hold's expiry to By from now, within its bounds.
	ExtendHold struct {
		Hold seating.HoldID
		By   servicetime.Seconds
	}

	// ReleaseHold ends a hold.
	ReleaseHold struct{ Hold seating.HoldID }

	// TakeOver supersedes somebody else's hold by one of the actor's own on the
	// same tables.
	TakeOver struct {
		ID     seating.HoldID // of the new hold
		Hold   seating.HoldID
		Reason string
	}

	// ConfirmHold turns a hold into the booking's assignment.
	ConfirmHold struct {
		Hold       seating.HoldID
		Transition Transition
	}

	// Assign gives a booking exactly these tables, or moves it to them.
	Assign struct {
		Booking    seating.BookingID
		Tables     []seating.TableID
		Transition Transition
		Override   *seating.Override
		Note       string
	}

	// Unassign takes one table, or all, from a booking.
	Unassign struct {
		Booking seating.BookingID
		Table   seating.TableID // zero: all
	}

	// Swap exchanges the tables of two bookings.
	Swap struct{ A, B seating.BookingID }

	// Cancel ends a booking before it sat down.
	Cancel struct {
		Booking seating.BookingID
		Reason  string // a reason code; may be empty
	}

	// ExpireHolds records the end of those of the holds that have lapsed.
	ExpireHolds struct{ Holds []seating.HoldID }

	// PutFloor replaces the plan; it is stored as its difference.
	PutFloor struct {
		Plan  Plan
		Fresh []seating.AnyID // at least one for each zone, table and combination of the plan
	}

	// PutPolicy replaces the policy.
	PutPolicy struct{ Policy seating.Policy }

	// PutPeriods replaces the service periods.
	PutPeriods struct{ Periods []servicetime.Period }

	// PutClosures replaces the closures.
	PutClosures struct{ Closures []servicetime.Closure }

	// CloseDay ends a service date for good: it moves openFrom past it.
	CloseDay struct{ Date servicetime.Date }

	// RotateEpoch starts a new epoch: what clients saw before cannot be compared
	// with what comes. For restores, imports and lost commits.
	RotateEpoch struct {
		Epoch  string
		Reason string
	}

	// ImportBookings brings bookings in as they were elsewhere, with their
	// references, windows, states and tables. Only conflicts and what cannot be
	// are refused: history is not judged by today's policy.
	ImportBookings struct{ Bookings []Imported }
)

// Imported is a booking with what belongs to it.
type Imported struct {
	Booking seating.Booking
	Tables  []seating.TableID
	Since   servicetime.Instant // when the tables were given; zero: at the window's start
	Guest   seating.Guest
}

// Plan is a whole floor as somebody sent it. IDs are references: the ID of a
// thing that exists, or any other label, which makes a new one.
type Plan struct {
	Zones        []PlanZone
	Tables       []PlanTable
	Adjacencies  [][2]string // table references
	Combinations []PlanCombination
}

// PlanZone is a zone of a plan.
type PlanZone struct {
	Ref  string
	Zone seating.Zone // ID ignored
}

// PlanTable is a table of a plan.
type PlanTable struct {
	Ref   string
	Zone  string        // zone reference
	Table seating.Table // ID and Zone ignored
}

// PlanCombination is a declared combination of a plan; it is known by its set
// of tables.
type PlanCombination struct {
	Tables    []string // table references
	MinCovers int
	MaxCovers int
}
