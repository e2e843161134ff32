package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Outbox is the outbox as its operators see it, across restaurants. Each of the
// methods that change something writes its Note in the same transaction.
type Outbox interface {
	// Backlog returns, for each sink by name, how things stand. It is cheap whatever
	// waits: numbers above 10,000 are estimates.
	Backlog(ctx context.Context) ([]Backlog, error)
	// Outbox returns rows that wait or are dead, by id, after the cursor.
	Outbox(ctx context.Context, q OutboxQuery) ([]OutboxEntry, error)
	// OutboxEntry returns one row that waits or is dead; ErrNotFound.
	OutboxEntry(ctx context.Context, id int64) (OutboxEntry, error)
	// Retry makes rows due now that wait, and frees what is parked behind them; dead
	// ones come back. It returns the ids that there were.
	Retry(ctx context.Context, ids []int64, n Note) ([]int64, error)
	// Redrive brings dead rows back under their ids, keys and places in the order, with
	// their attempts at 0, at most Redrive.Limit, oldest first. Row n is due n/rate
	// later. With DryRun it says how many there are and changes nothing.
	Redrive(ctx context.Context, r Redrive, n Note) (Redriven, error)
	// Skip takes a row that waits to the dead letters, with cause skipped, and frees
	// what is parked behind it; ErrNotFound.
	Skip(ctx context.Context, id int64, reason string, n Note) error
	// Pause stops or resumes a sink; ErrNotFound.
	Pause(ctx context.Context, sink string, paused bool, n Note) error
	// Operations returns what operators did, newest first, below before (0: from the
	// newest), at most limit.
	Operations(ctx context.Context, before int64, limit int) ([]Operated, error)
	// Operate writes down what an operator did that is not one of the above.
	Operate(ctx context.Context, restaurant seating.RestaurantID, n Note) error
}

// Note says who does what; it becomes a row of operations.
type Note struct {
	Principal string
	Action    string         // outbox.retry, outbox.redrive, outbox.skip, outbox.pause, outbox.resume, job.run, …
	Detail    map[string]any // ids, codes and numbers
}

// Operated is a row of operations.
type Operated struct {
	ID         int64
	At         servicetime.Instant
	Principal  string
	Action     string
	Restaurant seating.RestaurantID // zero: none
	Detail     json.RawMessage
}

// Backlog of one sink.
type Backlog struct {
	Sink     string
	Rows     int64               // that wait, parked ones too
	Oldest   servicetime.Instant // creation of the oldest; 0: none waits
	Now      servicetime.Instant
	Parked   int64 // aggregates
	Circuits int64 // flows whose circuit is open
	Dead     int64
	Paused   bool
	Workers  int // with a lease and a lane of it
}

// RowState says where a row of the outbox is.
type RowState string

// The states of rows.
const (
	RowWaiting RowState = "waiting" // due, or not yet
	RowParked  RowState = "parked"  // behind a failed one, or an open circuit, or failed itself
	RowDead    RowState = "dead"
)

// OutboxQuery selects rows. Empty fields select all.
type OutboxQuery struct {
	Sink       string
	State      RowState // parked are among the waiting, too
	Restaurant seating.RestaurantID
	Endpoint   seating.EndpointID
	Type       seating.EventType
	Cause      string // of dead ones
	After      int64
	Limit      int
}

// OutboxEntry is a row as operators see it.
type OutboxEntry struct {
	OutboxRow
	State       RowState
	ParkedUntil servicetime.Instant // 0: not parked
	Reason      string              // of parking, or cause of death
	DeadAt      servicetime.Instant
}

// Redrive selects dead rows to bring back.
type Redrive struct {
	Sink       string
	Type       seating.EventType
	Restaurant seating.RestaurantID
	Cause      string
	Since      servicetime.Instant // dead since then; 0: ever
	Limit      int
	Gap        time.Duration // between two rows' due times
	DryRun     bool
}

// Redriven is the outcome of a Redrive.
type Redriven struct {
	Rows int64 // brought back, or that would be
	Left int64 // that match and are over the limit
}
