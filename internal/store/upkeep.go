package store

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Upkeep serves jobs, operators and verify.
type Upkeep interface {
	// Now is the database's clock.
	Now(ctx context.Context) (servicetime.Instant, error)
	// Due returns due work of a kind with runAt at or before the database's time,
	// oldest first, at most limit, in all restaurants.
	Due(ctx context.Context, kind house.DueKind, limit int) ([]DueWork, error)
	// Dump reads everything stored of one restaurant in one consistent read, raw
	// and unjudged, for verify. It works beside writers. ErrNotFound.
	Dump(ctx context.Context, id seating.RestaurantID) (*Dump, error)
	// Integrity runs the database's own checks (pages, foreign keys) and returns
	// what they found.
	Integrity(ctx context.Context) ([]string, error)
}

// DueWork is a due row of a restaurant.
type DueWork struct {
	Restaurant seating.RestaurantID
	house.DueRow
}

// Dump is a restaurant as its rows stand, for the checks of package verify.
type Dump struct {
	State       house.State // from the rows; not built into a house
	Now         servicetime.Instant
	Checkpoint  *house.State // the house at the oldest kept version
	Journal     []Entry      // all kept, by version
	Ended       []seating.EndedHold
	Past        []seating.Booking    // of closed days
	Occupancy   []seating.Allocation // every allocation row there is, blocks' and closed days' too
	TableCounts map[seating.HoldID]int
	History     map[int64]int // lines by version
	// Outbox are the events of changes on their way to the observability sink, arrived
	// there or dead: dedupe key → aggregateSeq.
	Outbox map[string]int64
	// EventsFrom is the time from which on no event has been pruned yet.
	EventsFrom servicetime.Instant
	Expected   map[int64]int // events the change of that version made, as the journal row counts them
	Receipts   []house.Receipt
	Due        []house.DueRow
	Strays     []string // rows that refer to another restaurant's rows, described
}

// Store is a database behind the contract.
type Store interface {
	Seating
	Lists
	Directory
	Queue
	Outbox
	Webhooks
	Jobs
	Upkeep
	// Close stops the writer after what it has taken, and closes the database.
	Close() error
}
