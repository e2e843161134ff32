package house

import (
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Format of a Change in the journal. A journal entry of another format is read
// as a reload.
const Format = 1

// Change is one committed step of a restaurant: from version Base to Base+1.
// What is marked `json:"-"` is stored elsewhere and is not part of the journal.
type Change struct {
	ID         seating.ChangeID     `json:"id"` // becomes the head
	Restaurant seating.RestaurantID `json:"restaurantId"`
	Epoch      string               `json:"epoch"`
	Base       int64                `json:"base"`
	BaseHead   seating.ChangeID     `json:"baseHead,omitzero"`
	Actor      seating.Actor        `json:"actor"`
	Command    string               `json:"command"`
	At         servicetime.Instant  `json:"at"`  // never runs backwards in a restaurant
	Now        servicetime.Instant  `json:"now"` // the database's time it was decided with; guarded against its clock
	Rows       Rows                 `json:"rows"`
	Aspects    []seating.Aspect     `json:"aspects"`
	Touch      Touch                `json:"touch"`

	Events  []seating.Event `json:"-"` // outbox rows; dedupe key <id>/<ordinal>
	History []HistoryRow    `json:"-"`
	Due     DueChange       `json:"-"`
	Guards  []Guard         `json:"-"`
	Receipt *Receipt        `json:"-"`
	Guests  []GuestPut      `json:"-"` // never in journal, outbox, history, receipts, logs
	Patches []GuestPatch    `json:"-"` // likewise
	Notes   []NotePut       `json:"-"` // staff's free text, likewise
	// Erase removes, before anything of the change is put, what is known of the
	// guests of these bookings of any day, and all staff notes on them and their holds.
	Erase []seating.BookingID `json:"-"`
}

// Version is the number of the state the change leads to.
func (c *Change) Version() int64 { return c.Base + 1 }

// Public is the version as clients see it, after the change.
func (c *Change) Public() seating.Version {
	epoch := c.Epoch
	if c.Rows.Epoch != "" {
		epoch = c.Rows.Epoch
	}
	return seating.Version{Epoch: epoch, N: c.Version()}
}

// Rows are the rows a change deletes and puts, in the order in which they are
// written: allocations dropped, owners switched, holds ended, other rows
// dropped, puts. A put inserts or replaces by key.
type Rows struct {
	DropAllocations []seating.Allocation `json:"dropAllocations,omitempty"`
	// Reown switches all allocations of a hold to its booking.
	Reown []seating.HoldID `json:"reown,omitempty"`
	// EndHolds moves holds to the ended ones; their allocations are dropped or
	// re-owned by the same change.
	EndHolds         []seating.EndedHold     `json:"endHolds,omitempty"`
	DropEdges        []seating.Edge          `json:"dropEdges,omitempty"`
	DropCombinations []seating.CombinationID `json:"dropCombinations,omitempty"`
	DropBlocks       []seating.BlockID       `json:"dropBlocks,omitempty"`
	DropTables       []seating.TableID       `json:"dropTables,omitempty"` // never had an allocation
	DropZones        []seating.ZoneID        `json:"dropZones,omitempty"`

	Restaurant      *seating.Restaurant    `json:"restaurant,omitempty"`
	PutZones        []seating.Zone         `json:"putZones,omitempty"`
	PutTables       []seating.Table        `json:"putTables,omitempty"`
	PutEdges        []seating.Edge         `json:"putEdges,omitempty"`
	PutCombinations []seating.Combination  `json:"putCombinations,omitempty"`
	PutBlocks       []seating.Block        `json:"putBlocks,omitempty"`
	Policy          *seating.Policy        `json:"policy,omitempty"`
	Periods         *[]servicetime.Period  `json:"periods,omitempty"`  // the whole list
	Closures        *[]servicetime.Closure `json:"closures,omitempty"` // the whole list
	PutBookings     []seating.Booking      `json:"putBookings,omitempty"`
	PutHolds        []seating.Hold         `json:"putHolds,omitempty"`
	PutAllocations  []seating.Allocation   `json:"putAllocations,omitempty"`
	Grants          []GrantPut             `json:"grants,omitempty"`
	OpenFrom        *servicetime.Date      `json:"openFrom,omitempty"`
	Epoch           string                 `json:"epoch,omitempty"` // rotate_epoch
}

// GrantPut counts one creation of a hold against a booking's budget. The stores
// keep no row for it: a hold, live or ended, is its own record.
type GrantPut struct {
	Booking seating.BookingID `json:"bookingId"`
	seating.Grant
}

// Touch says what a change may have altered, for If-Match and for screens.
// Window is the hull of the windows touched; with Many, nothing is named and
// everything may have changed.
type Touch struct {
	Bookings []seating.BookingID `json:"bookings,omitempty"`
	Tables   []seating.TableID   `json:"tables,omitempty"`
	Window   servicetime.Window  `json:"window,omitzero"`
	Many     bool                `json:"many,omitempty"`
}

// Touched is the touch of one version, as If-Match judges it.
type Touched struct {
	Version seating.Version
	Command string
	At      servicetime.Instant
	Aspects []seating.Aspect
	Touch   Touch
}

// TouchedBy is the record of a change in the list of touches.
func TouchedBy(c *Change) Touched {
	return Touched{Version: c.Public(), Command: c.Command, At: c.At, Aspects: c.Aspects, Touch: c.Touch}
}

// HistoryRow is one line of the history: what happened to one subject at one
// version. Stored with the change's actor, command and time.
type HistoryRow struct {
	Subject string `json:"subject"` // "booking:<id>" (its holds too), "floor", "policy", "day:<date>", "restaurant"
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	Reason  string `json:"reason,omitempty"` // a reason code
	Detail  string `json:"detail,omitempty"` // JSON with ids and codes; never free text
}

// DueKind is a kind of due work.
type DueKind string

// The kinds of due work.
const (
	DueHoldExpiry DueKind = "hold_expiry"    // a hold has lapsed; subject "hold:<id>"
	DueLate       DueKind = "late"           // a party is late; subject "booking:<id>"
	DueOverstay   DueKind = "overstay"       // a party stays past its end; subject "booking:<id>"
	DuePending    DueKind = "pending_expiry" // a web booking was not confirmed; subject "booking:<id>"
	DueCloseDay   DueKind = "close_day"      // a service date can be closed; subject "day:<date>"
)

// DueRow is work that is to be done at a time, written and removed by the
// commands' own changes. Unique by subject and kind.
type DueRow struct {
	Subject string              `json:"subject"`
	Kind    DueKind             `json:"kind"`
	RunAt   servicetime.Instant `json:"runAt"`
	Attempt int                 `json:"attempt"`
}

// DueChange are the due rows a change removes (all kinds of a subject when Kind
// is empty) and puts.
type DueChange struct {
	Drop []DueRow
	Put  []DueRow
}

// GuardKind says what a guard demands at commit, after the lock, of the
// database and its clock.
type GuardKind string

// The guards.
const (
	GuardHoldLive   GuardKind = "hold_live"   // the hold is there and not past its expiry
	GuardHoldLapsed GuardKind = "hold_lapsed" // the hold is there and past its expiry
	GuardAccess     GuardKind = "access"      // the subject's access revision is Access
	GuardReference  GuardKind = "reference"   // no booking of the restaurant has the reference
	GuardBefore     GuardKind = "before"      // the clock has not reached Until
)

// Guard is one demand.
type Guard struct {
	Kind      GuardKind
	Hold      seating.HoldID
	Subject   string
	Access    int64
	Reference string
	Until     servicetime.Instant
}

// ReceiptKey names a request that must act at most once.
type ReceiptKey struct {
	Principal string
	Key       string
}

// Receipt is the answer of a request's one effect, written with its change and
// kept 48 h. Body is the non-guest result in JSON; Fingerprint identifies the
// request.
type Receipt struct {
	ReceiptKey
	Fingerprint string
	Command     string
	Status      int // the HTTP status of the first answer
	Version     seating.Version
	Body        []byte
	At          servicetime.Instant
}

// GuestPut stores a booking's guest.
type GuestPut struct {
	Booking seating.BookingID
	Guest   seating.Guest
}

// GuestPatch changes some of what is known of a booking's guest; a booking of
// which nothing is known gets a row.
type GuestPatch struct {
	Booking seating.BookingID
	seating.GuestPatch
}

// NotePut stores a staff note beside a history row of the change.
type NotePut struct {
	Subject string
	Text    string
}
