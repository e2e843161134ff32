package verify

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Finding is one thing that ought not to be.
type Finding struct {
	Invariant int    `json:"invariant"` // number in docs/architecture.md; 0: the database itself
	Check     string `json:"check"`
	Subject   string `json:"subject"` // the row it is about, such as "table T12" or "hold <id>"
	Message   string `json:"message"`
}

func (f Finding) String() string {
	return fmt.Sprintf("invariant %d, %s: %s: %s", f.Invariant, f.Check, f.Subject, f.Message)
}

// Named is a check with what it holds true.
type Named struct {
	Invariant int    `json:"invariant"`
	Name      string `json:"check"`
	Claim     string `json:"claim"`

	run func(v *view)
}

// checks in the order of the invariants. Each lives in the file of its invariant.
var checks = []Named{
	{1, "overlap", "no two allocations of one table with different claimants overlap", checkOverlap},
	{1, "window", "every allocation and block has a window that ends after it starts", checkWindows},
	{2, "hold-tables", "a hold that has not ended has exactly the tables it was made with, for its window", checkHoldTables},
	{2, "ended-hold", "a hold that has ended owns nothing, and says how and when it ended", checkEndedHolds},
	{2, "hold-booking", "a hold belongs to a booking that is not over, and is its only one", checkHoldBooking},
	{2, "hold-times", "a hold's times are in order and within their bounds", checkHoldTimes},
	{2, "hold-due", "each hold has its expiry as due work, and no other hold has", checkHoldDue},
	{3, "booking-window", "a booking's allocations lie within its window and are its own", checkBookingWindow},
	{3, "booking-cover", "at each instant of its window a seated booking has tables, and no table twice", checkBookingCover},
	{3, "allocation-owner", "every allocation belongs to a hold, booking or block of this restaurant and to one of its tables", checkAllocationOwner},
	{3, "block-tables", "a block's allocations are exactly its tables for its window", checkBlockTables},
	{3, "booking-status", "confirmed and checked-in bookings have a table, waitlisted ones have none", checkBookingStatus},
	{3, "planned-start", "only a booking that sat down early remembers when it was planned to start", checkPlannedStart},
	{3, "booking-day", "bookings of open days are open, those before are closed and over", checkBookingDay},
	{3, "reference", "references are unique in the restaurant", checkReferences},
	{4, "ended-booking", "a booking that is over owns nothing past the instant at which it ended", checkEndedBooking},
	{4, "left-tables", "only a booking that is over remembers the tables it left, each once and in order", checkLeft},
	{5, "journal-gaps", "versions have no gaps and each has one entry", checkJournalGaps},
	{5, "journal-chain", "each entry names the head before it, and the last is the restaurant's", checkJournalChain},
	{5, "journal-change", "each entry's change is the one that its columns say", checkJournalChange},
	{5, "replay", "the checkpoint with the journal replayed gives the state", checkReplay},
	{5, "history", "each version has its lines in the history, and no line is of another", checkHistory},
	{6, "outbox", "each event is one that its change made, in order", checkOutbox},
	{6, "outbox-lost", "each event that a change made waits, has arrived or is dead, until it is pruned", checkLost},
	{6, "outbox-expected", "each version says how many events it made", checkExpected},
	{7, "receipt-unique", "a key has one receipt, and a change at most one", checkReceiptUnique},
	{7, "receipt-effect", "each receipt is of a change that was committed, by its principal", checkReceiptEffect},
	{7, "receipt-guest", "no receipt holds guest data", checkReceiptGuest},
	{8, "stray", "no row refers to a row of another restaurant", checkStrays},
	{8, "reference-of-rows", "every row refers to rows that are there", checkRows},
	{9, "booking-due", "each booking of an open day has exactly the due work it needs, and nothing else has such work", checkBookingDue},
	{9, "day-due", "each open day with bookings is to be closed, and no closed day is", checkDayDue},
}

// Checks lists what Check checks.
func Checks() []Named { return checks }

// Check runs all checks. No findings means that the rows show nothing wrong.
func Check(d *store.Dump) []Finding {
	v := newView(d)
	for i := range checks {
		v.at = &checks[i]
		checks[i].run(v)
	}
	return v.findings
}

// view is a dump with what the checks look up in it.
type view struct {
	*store.Dump
	bookings map[seating.BookingID]*seating.Booking // of open and closed days
	open     map[seating.BookingID]bool
	holds    map[seating.HoldID]*seating.Hold
	ended    map[seating.HoldID]*seating.EndedHold
	blocks   map[seating.BlockID]*seating.Block
	tables   map[seating.TableID]*seating.Table
	owned    map[owner][]seating.Allocation
	entries  map[int64]*store.Entry
	journal  []*house.Change // of entries that have one

	at       *Named
	findings []Finding
}

// owner of allocations.
type owner struct {
	kind seating.OwnerKind
	id   seating.AnyID
}

func newView(d *store.Dump) *view {
	v := &view{
		Dump:     d,
		bookings: map[seating.BookingID]*seating.Booking{},
		open:     map[seating.BookingID]bool{},
		holds:    map[seating.HoldID]*seating.Hold{},
		ended:    map[seating.HoldID]*seating.EndedHold{},
		blocks:   map[seating.BlockID]*seating.Block{},
		tables:   map[seating.TableID]*seating.Table{},
		owned:    map[owner][]seating.Allocation{},
		entries:  map[int64]*store.Entry{},
	}
	for i := range d.Past {
		v.bookings[d.Past[i].ID] = &d.Past[i]
	}
	for i := range d.State.Bookings {
		v.bookings[d.State.Bookings[i].ID] = &d.State.Bookings[i]
		v.open[d.State.Bookings[i].ID] = true
	}
	for i := range d.State.Holds {
		v.holds[d.State.Holds[i].ID] = &d.State.Holds[i]
	}
	for i := range d.Ended {
		v.ended[d.Ended[i].ID] = &d.Ended[i]
	}
	for i := range d.State.Blocks {
		v.blocks[d.State.Blocks[i].ID] = &d.State.Blocks[i]
	}
	for i := range d.State.Tables {
		v.tables[d.State.Tables[i].ID] = &d.State.Tables[i]
	}
	for _, a := range d.Occupancy {
		o := owner{a.Kind, a.Owner}
		v.owned[o] = append(v.owned[o], a)
	}
	for i := range d.Journal {
		e := &d.Journal[i]
		v.entries[e.Version] = e
		if e.Change != nil {
			v.journal = append(v.journal, e.Change)
		}
	}
	return v
}

// report notes a finding of the check that runs.
func (v *view) report(subject, format string, args ...any) {
	v.findings = append(v.findings, Finding{
		Invariant: v.at.Invariant, Check: v.at.Name, Subject: subject, Message: fmt.Sprintf(format, args...),
	})
}

// table names a table as staff do, with its ID when the number says nothing.
func (v *view) table(id seating.TableID) string {
	if t := v.tables[id]; t != nil {
		return "table " + t.Number
	}
	return "table " + id.String()
}

func (v *view) booking(b *seating.Booking) string { return "booking " + b.Reference }

func of(w servicetime.Window) string { return w.Start.String() + "–" + w.End.String() }

// base is the version from which the journal is replayed.
func (v *view) base() int64 {
	if v.Checkpoint == nil {
		return 0
	}
	return v.Checkpoint.Version
}

// kept reports whether the journal has the version.
func (v *view) kept(version int64) bool { return v.entries[version] != nil }
