package outbox

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Sink delivers events to somewhere outside the database. It is called by many
// goroutines at a time, with batches of different flows.
type Sink interface {
	// Name is that of the sink in the outbox. It never changes.
	Name() string
	// Deliver delivers a batch of one flow and answers with one result for each item,
	// in their order. A batch has at most one row of an aggregate: the row before it was
	// delivered, the one behind it waits. So a sink may deliver the items of a batch
	// side by side. It must be done when ctx ends; an item without an answer by then
	// has failed. A panic fails the batch.
	//
	// Items come at least once: after a crash, a lost answer or a lost lease the same
	// item comes again, with the same Row.DedupeKey.
	Deliver(ctx context.Context, batch []Item) []Result
}

// Item is an event to be delivered.
type Item struct {
	Row   store.OutboxRow
	Event seating.EventPayload // Row.Payload, read
}

// Outcome of one item.
type Outcome int

// The outcomes. The zero Outcome is a failure: a sink that forgets an item has not
// delivered it.
const (
	Retry     Outcome = iota // failed, may succeed later
	Delivered                // done, for good
	Dead                     // will never be taken
)

// Result of one item.
type Result struct {
	Outcome Outcome
	// After is the least time until the next try that the receiver asked for, which
	// then holds for its whole flow; 0: it did not.
	After time.Duration
	Cause string // of Dead; empty: store.CauseRefused
	Err   error  // of what was not delivered; never with guest data or a secret
	// Log is a line for the delivery log; nil: none. The worker adds row and attempt.
	Log *store.Delivery
}
