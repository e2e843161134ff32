package postgres

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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

// Over is a store on connections that a test has made.
func Over(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool, self: newSelf(), logger: slog.New(slog.DiscardHandler)}
}

// Queries are the statements by name.
func Queries() map[string]string { return queries }
