package store

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Seating keeps the houses. All times are the database's.
type Seating interface {
	// Load reads a house in one consistent read. It returns ErrNotFound when the
	// restaurant does not exist.
	Load(ctx context.Context, id seating.RestaurantID) (*house.House, servicetime.Instant, error)

	// Journal returns the entries after version, in order and without a gap, at most
	// limit. It must return ErrGone when the entry after that version, or one among
	// those behind it, is not kept any more, and ErrNotFound when the restaurant does
	// not exist.
	Journal(ctx context.Context, id seating.RestaurantID, after int64, limit int) ([]Entry, error)

	// States returns version and head of those of the restaurants that exist.
	States(ctx context.Context, ids []seating.RestaurantID) (map[seating.RestaurantID]State, error)

	// Commit writes the batch in one transaction, all or nothing. See Batch for
	// what it must check and the errors it must return. A nil error means the
	// batch is durable. Committing the identical batch again must return nil when
	// it had been committed, whatever came after it.
	Commit(ctx context.Context, b Batch) (Committed, error)

	// CommitLocked takes the lock of a restaurant first, reads under it the journal
	// after a version and what Prove reads, hands both to decide, and commits the
	// batch that decide returns before the lock goes. It is Commit for a restaurant
	// whose version other processes keep moving: nobody can come in between, so it
	// never returns *MovedError for a batch that decide built on what it was shown.
	// An error of decide is returned as it is, and an empty batch is nil; in both
	// cases nothing is written. decide must be quick and do no I/O; it may be called
	// again when its outcome was not used, and never after CommitLocked returned.
	// ErrNotFound as for Load, before decide is called; ErrInvalid when the batch is
	// of another restaurant; what else can fail, fails as for Commit.
	CommitLocked(ctx context.Context, id seating.RestaurantID, after int64, ask Ask, decide func(Locked) (Batch, error)) (Committed, error)

	// Prove reads, in one consistent read, the state of a restaurant, the
	// database's time and the facts asked for. ErrNotFound as for Load.
	Prove(ctx context.Context, id seating.RestaurantID, ask Ask) (Proof, error)
}

// Locked is what is shown of a restaurant while its lock is held.
type Locked struct {
	Proof
	// Entries of the journal after the version asked for, in order, at most
	// LockedEntries. Gone says that they do not lead on from there: the entry after
	// that version is not kept, or there are more.
	Entries []Entry
	Gone    bool
}

// LockedEntries bounds Locked.Entries.
const LockedEntries = 200

// State is where a restaurant stands.
type State struct {
	Epoch     string
	Version   int64
	Head      seating.ChangeID
	Revisions seating.Revisions
}

// Batch is a run of consecutive changes of one restaurant.
//
// Commit must, in this order and in one transaction: (1) move epoch, version
// and head from the first change's base to after the last change, or, when they
// are not as expected: nil if the journal has exactly these changes, else
// *MovedError; (2) look for receipts of the changes' keys (*ReplayError) and
// judge every guard and |Now − clock| ≤ 1 s (*GuardError, *ClockError) with the
// database's clock read after the lock; (3) write the rows in the order of
// house.Rows, then journal, history, outbox, receipts, due work, and change by
// change what is erased, guests, patches of guests, notes. What Erase names goes
// whatever day its bookings are of: the guests, and each note beside a line whose
// subject is one of these bookings or a hold, live or ended, of one.
// An overlap or a duplicate key behind a right version is ErrImpossible.
type Batch struct {
	Restaurant seating.RestaurantID
	Changes    []*house.Change // at least one; Base rises by one from change to change
	// Lookup are the keys of requests that were refused on top of the batch: their
	// receipts are returned by a commit that succeeds.
	Lookup []house.ReceiptKey
}

// Committed is the outcome of a commit.
type Committed struct {
	Now      servicetime.Instant // the database's time in the transaction
	Receipts map[house.ReceiptKey]house.Receipt
}

// Ask names facts that a proof brings along.
type Ask struct {
	Keys     []house.ReceiptKey
	Holds    []seating.HoldID    // holds that may have ended
	Bookings []seating.BookingID // bookings that may be on a closed day
}

// Empty reports whether nothing is asked.
func (a Ask) Empty() bool { return len(a.Keys)+len(a.Holds)+len(a.Bookings) == 0 }

// Proof is what Prove read.
type Proof struct {
	State
	Now      servicetime.Instant
	Receipts map[house.ReceiptKey]house.Receipt
	Ended    map[seating.HoldID]seating.EndedHold
	Closed   map[seating.BookingID]servicetime.Date // only bookings on days before openFrom
}

// Entry is one journal entry. Change is nil for a reload: the house cannot be
// brought forward by replay and must be loaded.
type Entry struct {
	Version  int64
	Head     seating.ChangeID
	BaseHead seating.ChangeID
	At       servicetime.Instant
	Command  string
	Change   *house.Change
}
