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
	Seat       Seat             `json:"seat,omitempty"`    // of a step back: what became of the tables
	Floor      *Floor           `json:"floor,omitempty"`
	Zone       *seating.Zone    `json:"zone,omitempty"`
	Table      *seating.Table   `json:"table,omitempty"`
	Block      *seating.Block   `json:"block,omitempty"`
	Count      int              `json:"count,omitempty"` // holds expired, bookings closed or imported

	Restaurant *seating.Restaurant `json:"restaurant,omitempty"`
	Erased     []seating.BookingID `json:"erased,omitempty"` // whose guests were erased
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

// Seat says what became of a booking's tables when a step was taken back.
type Seat string

// Restored: it has them again. Unavailable: somebody else has one of them now, so
// it has none. None: it had none.
const (
	SeatRestored    Seat = "restored"
	SeatUnavailable Seat = "unavailable"
	SeatNone        Seat = "none"
)

// TableMode says what a changed booking does with its tables.
type TableMode string

// Keep refuses a change that the tables do not allow; replan looks for the best
// ones. The zero value keeps what a person chose and replans what the planner did.
const (
	KeepTables   TableMode = "keep"
	ReplanTables TableMode = "replan"
)

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
		Transition  Transition          // with tables: ToConfirmed, the default, or ToNone, which leaves it pending
		Waitlist    bool                // waits, without tables
		Priority    int                 // on the waitlist, 0–9
		Quoted      servicetime.Minutes // on the waitlist, 0–600
		Override    *seating.Override
		Note        string // staff's, with the override
	}

	// WalkIn seats a party that stands at the door: it makes the booking, gives it
	// tables and checks it in, in one change.
	WalkIn struct {
		ID          seating.BookingID
		Covers      int
		Tables      []seating.TableID // none: the best ones
		Guest       seating.Guest
		ZoneWish    seating.ZoneID
		SeatingWish seating.SeatingType
		Turn        servicetime.Minutes // 0: the band's
		Override    *seating.Override
		Note        string
	}

	// ChangeBooking changes a booking; what is nil stays. The seat is kept until
	// the new one is certain, and a refusal changes nothing.
	ChangeBooking struct {
		Booking     seating.BookingID
		Covers      *int
		Date        *servicetime.Date
		Time        *servicetime.Clock
		Offset      servicetime.Offset   // with Date or Time
		Turn        *servicetime.Minutes // 0: the band's
		Guest       *seating.GuestPatch
		ZoneWish    *seating.ZoneID      // zero: none
		SeatingWish *seating.SeatingType // empty: none
		Priority    *int                 // of a waitlisted booking
		Quoted      *servicetime.Minutes // of a waitlisted booking
		Tables      TableMode
		Override    *seating.Override
		Note        string
	}

	// Arrive notes that the party is here.
	Arrive struct{ Booking seating.BookingID }

	// CheckIn notes that the party sits at the booking's tables.
	CheckIn struct{ Booking seating.BookingID }

	// UndoCheckIn takes a check-in back.
	UndoCheckIn struct{ Booking seating.BookingID }

	// CheckOut notes that the party has left.
	CheckOut struct{ Booking seating.BookingID }

	// Reopen takes a check-out back.
	Reopen struct{ Booking seating.BookingID }

	// MarkNoShow notes that the party did not come.
	MarkNoShow struct {
		Booking seating.BookingID
		Reason  string // a reason code; may be empty
	}

	// UndoNoShow takes a no-show back.
	UndoNoShow struct{ Booking seating.BookingID }

	// Reinstate takes a cancellation back.
	Reinstate struct{ Booking seating.BookingID }

	// Wait puts a booking that has not sat down on the waitlist.
	Wait struct {
		Booking  seating.BookingID
		Priority int                 // 0–9, the highest first
		Quoted   servicetime.Minutes // 0–600
	}

	// Unwait takes a booking off the waitlist; it is pending again.
	Unwait struct{ Booking seating.BookingID }

	// MarkLate is due work: a party has not come in time.
	MarkLate struct{ Booking seating.BookingID }

	// MarkOverstay is due work: a party stays past its end.
	MarkOverstay struct{ Booking seating.BookingID }

	// ExpirePending is due work: a web booking was not confirmed in time.
	ExpirePending struct{ Booking seating.BookingID }

	// EraseGuests removes what is known of the guests of bookings, open or closed,
	// and what staff noted on them.
	EraseGuests struct{ Bookings []seating.BookingID } // 1–200

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

	// CreateZone adds a zone.
	CreateZone struct {
		ID   seating.ZoneID
		Zone seating.Zone // ID ignored
	}

	// ChangeZone changes a zone; what is nil stays.
	ChangeZone struct {
		ID     seating.ZoneID
		Rename *string
		Order  *int
		Active *bool
	}

	// RemoveZone removes a zone without tables.
	RemoveZone struct{ ID seating.ZoneID }

	// CreateTable adds a table.
	CreateTable struct {
		ID    seating.TableID
		Table seating.Table // ID ignored
	}

	// ChangeTable changes a table; what is nil stays.
	ChangeTable struct {
		ID        seating.TableID
		Number    *string
		Zone      *seating.ZoneID
		MinCovers *int
		MaxCovers *int
		Movable   *bool
		Category  *seating.Category
		Seating   *seating.SeatingType
		Position  *seating.Position
		Active    *bool
		Ready     *bool
	}

	// RemoveTable retires a table.
	RemoveTable struct{ ID seating.TableID }

	// MarkReady sets the flag that says a table is laid.
	MarkReady struct {
		Table seating.TableID
		Ready bool
	}

	// PutAdjacencies replaces the adjacency of the tables.
	PutAdjacencies struct{ Pairs [][2]seating.TableID }

	// PutCombinations replaces the declared combinations.
	PutCombinations struct {
		Combinations []PlanCombination
		Fresh        []seating.AnyID // at least one for each combination
	}

	// CreateBlock takes tables out of service for a window.
	CreateBlock struct {
		ID     seating.BlockID
		Tables []seating.TableID
		Window servicetime.Window
		Reason string // a reason code
		Note   string // staff's
	}

	// ChangeBlock changes a block; what is nil stays.
	ChangeBlock struct {
		ID     seating.BlockID
		Tables *[]seating.TableID
		Start  *servicetime.Instant
		End    *servicetime.Instant
		Reason *string
		Note   string
	}

	// RemoveBlock puts tables into service again.
	RemoveBlock struct{ ID seating.BlockID }

	// ChangeRestaurant changes what the restaurant is called, its zone, and whether
	// it takes bookings; what is nil stays.
	ChangeRestaurant struct {
		Rename *string
		Zone   *string // IANA
		Active *bool
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
