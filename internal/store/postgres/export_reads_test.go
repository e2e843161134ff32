package postgres

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// MaxPayload bounds a notification.
const MaxPayload = maxPayload

// Payloads are the notifications that tell who has moved.
func Payloads(self string, moved []seating.RestaurantID) []string { return payloads(self, moved) }

// ListenOn listens as a store does, by way of another address, and asks sooner
// whether a silent connection still lives.
func ListenOn(ctx context.Context, url string, quiet, within time.Duration, ready func(), heard func([]seating.RestaurantID)) error {
	l := listener{url: url, self: newSelf(), quiet: quiet, within: within}
	return l.listen(ctx, ready, heard)
}
