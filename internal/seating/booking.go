package seating

import "github.com/maitred/maitred/internal/servicetime"

// Status of a booking.
type Status string

// The states of a booking; the allowed steps between them are in states.go.
const (
	Waitlisted Status = "waitlisted"
	Pending    Status = "pending"
	Confirmed  Status = "confirmed"
	CheckedIn  Status = "checked_in"
	Completed  Status = "completed"
	Cancelled  Status = "cancelled"
	NoShow     Status = "no_show"
)

// Source says how a booking came in.
type Source string

// The sources.
const (
	SourceWeb    Source = "web"
	SourcePhone  Source = "phone"
	SourceWalkIn Source = "walk_in"
	SourceAPI    Source = "api"
	SourceImport Source = "import"
)

// ChosenBy says who picked the tables of a booking.
type ChosenBy string

// A person's choice is kept when the booking changes, a planner's is not.
const (
	ChosenByPerson  ChosenBy = "person"
	ChosenByPlanner ChosenBy = "planner"
)

// Booking is a party at a time. Its tables are not here: allocations are the
// only record of occupancy. Guest data is kept apart as well.
type Booking struct {
	ID          BookingID           `json:"id"`
	Reference   string              `json:"reference"`   // unique in the restaurant
	Covers      int                 `json:"covers"`      // 1–100
	Date        servicetime.Date    `json:"date"`        // wall clock on the calendar
	Time        servicetime.Clock   `json:"time"`        //
	ServiceDate servicetime.Date    `json:"serviceDate"` // the date its period opened
	Window      servicetime.Window  `json:"window"`      // occupancy: dining with buffers
	Dining      servicetime.Window  `json:"dining"`
	Turn        servicetime.Minutes `json:"turnMinutes,omitempty"` // asked for by hand; 0 means the band's
	Status      Status              `json:"status"`
	ZoneWish    ZoneID              `json:"zoneId,omitzero"`
	SeatingWish SeatingType         `json:"seatingPreference,omitempty"`
	Source      Source              `json:"source"`
	ArrivedAt   servicetime.Instant `json:"arrivedAt,omitempty"`
	CheckedInAt servicetime.Instant `json:"checkedInAt,omitempty"`
	EndedAt     servicetime.Instant `json:"endedAt,omitempty"` // completed, cancelled or no-show since
	ChosenBy    ChosenBy            `json:"chosenBy,omitempty"`
	// What the steps back need, and what jobs have noticed; zero where it does not apply.
	Left         []TableID           `json:"leftTables,omitempty"`    // the tables it had when it ended, sorted
	PlannedStart servicetime.Instant `json:"plannedStart,omitempty"`  // of the window, before an early check-in moved it
	Priority     int                 `json:"priority,omitempty"`      // on the waitlist: 0–9, the highest first
	Quoted       servicetime.Minutes `json:"quotedMinutes,omitempty"` // the wait the party was told, 0–600
	PendingUntil servicetime.Instant `json:"pendingUntil,omitempty"`  // a web booking that is not confirmed by then is cancelled
	LateAt       servicetime.Instant `json:"lateAt,omitempty"`        // noticed as late
	OverstayAt   servicetime.Instant `json:"overstayAt,omitempty"`    // noticed as overstaying
	CreatedAt    servicetime.Instant `json:"createdAt"`
	CreatedBy    string              `json:"createdBy"` // principal
	Version      int64               `json:"version"`   // the restaurant's version at its last change
}

// Blocks is the one definition of "its allocations count": pending, confirmed
// and checked-in; a completed booking's end at the instant it ended.
func (s Status) Blocks() bool {
	return s == Pending || s == Confirmed || s == CheckedIn || s == Completed
}

// Ended reports whether the booking is over.
func (s Status) Ended() bool { return s == Completed || s == Cancelled || s == NoShow }

// Guest is a booking's contact; the only guest data there is.
type Guest struct {
	Name  string `json:"name"`
	Phone string `json:"phone,omitempty"`
	Email string `json:"email,omitempty"`
	Notes string `json:"notes,omitempty"`
}

// GuestPatch changes what is known of a guest; what is nil stays (G05).
type GuestPatch struct {
	Name, Phone, Email, Notes *string
}

// Empty reports whether nothing is known of the guest.
func (g Guest) Empty() bool { return g == Guest{} }
