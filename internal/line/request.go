package line

import (
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Request is a command on its way to a restaurant.
type Request struct {
	Restaurant  seating.RestaurantID
	Command     decide.Command
	Actor       seating.Actor
	Key         string           // idempotency key; empty: none
	Fingerprint string           // of the request the key was sent with
	Status      int              // HTTP status of a granted command, kept in its receipt
	IfMatch     *seating.Version // the version the caller saw; nil: none
}

// Answer is the outcome of a granted command.
type Answer struct {
	Result   decide.Result
	Status   int                 // HTTP status: the request's, or the receipt's
	Replayed bool                // the receipt's answer; nothing was done now
	Now      servicetime.Instant // the database's time
}
