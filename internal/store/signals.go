package store

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
)

// Signals carries wake-ups between the processes that share a database. They may
// be lost, doubled or late: nothing may depend on them but how soon something is
// noticed. A store of one process has none.
type Signals interface {
	// Notify tells the other processes that the restaurants have moved on. It is
	// never part of a transaction that changes anything.
	Notify(ctx context.Context, moved []seating.RestaurantID) error
	// Listen calls ready once it listens, and then heard for each wake-up, until
	// ctx ends (nil) or the connection is lost (the error). heard(nil) says that any
	// restaurant may have moved. What was told before ready is not heard, nor is
	// what this very store told.
	Listen(ctx context.Context, ready func(), heard func(moved []seating.RestaurantID)) error
}
