package store

import (
	"context"
	"encoding/json"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Queue is the outbox as its worker and its operators see it.
type Queue interface {
	// Backlog returns, per sink, how many rows wait (an estimate is allowed above
	// 10,000) and when the oldest was created.
	Backlog(ctx context.Context) ([]Backlog, error)
	// OutboxRows returns rows of a sink with an id above after, by id, at most limit.
	OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]OutboxRow, error)
}

// SinkObservability is the sink every event goes to.
const SinkObservability = "observability"

// Lanes is the number of lanes of a sink; a row's lane is a hash of restaurant
// and aggregate, so that rows of one aggregate stay in order.
const Lanes = 16

// Backlog of one sink.
type Backlog struct {
	Sink   string
	Rows   int64
	Oldest servicetime.Instant // 0: empty
}

// OutboxRow is one event on its way to one sink.
type OutboxRow struct {
	ID            int64
	Sink          string
	Lane          int
	Restaurant    seating.RestaurantID
	Booking       seating.BookingID
	Aggregate     string
	AggregateSeq  int64
	EventType     seating.EventType
	SchemaVersion int
	DedupeKey     string
	Payload       json.RawMessage
	Attempts      int
	NextAttemptAt servicetime.Instant
	LastError     string
	CreatedAt     servicetime.Instant
}
