package store

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// MaxWebhooks bounds the endpoints of one restaurant.
const MaxWebhooks = 10

// Webhooks keeps the endpoints of restaurants. Secrets come and go sealed. Each
// change writes its event for the observability sink in the same transaction.
type Webhooks interface {
	// PutWebhook adds an endpoint or changes one, and writes the event. ErrExists when
	// the restaurant has MaxWebhooks already, ErrNotFound for the restaurant, and when
	// w.CreatedAt is zero (a change) for the endpoint. A change is made to what was
	// read: ErrChanged when w.Seen is given and is not the endpoint's ChangedAt any
	// more. One that becomes inactive
	// gets no more rows; those that wait are the worker's to give up.
	PutWebhook(ctx context.Context, w Webhook, e Told) error
	// DropWebhook removes an endpoint with its rows, parked and dead ones too, and its
	// delivery log; ErrNotFound.
	DropWebhook(ctx context.Context, restaurant seating.RestaurantID, id seating.EndpointID, e Told) error
	// Webhooks lists those of a restaurant, oldest first.
	Webhooks(ctx context.Context, restaurant seating.RestaurantID) ([]Webhook, error)
	// Endpoint returns one of any restaurant, for the worker; ErrNotFound.
	Endpoint(ctx context.Context, id seating.EndpointID) (Webhook, error)
	// TestWebhook queues an event for one endpoint alone, whatever its filter says;
	// ErrNotFound when the restaurant has none such.
	TestWebhook(ctx context.Context, id seating.EndpointID, e Told) error
	// Deliveries returns the log of an endpoint, newest first, below before (0: from
	// the newest), at most limit.
	Deliveries(ctx context.Context, restaurant seating.RestaurantID, id seating.EndpointID, before int64, limit int) ([]Delivery, error)
	// ObservabilityEvents returns what the sink has kept of a restaurant, newest
	// first.
	ObservabilityEvents(ctx context.Context, restaurant seating.RestaurantID, q ObservedQuery) ([]ObservedEvent, error)
	// Record queues events that no change made for the observability sink, all or
	// none. Those of a restaurant that does not exist are left out.
	Record(ctx context.Context, events []Told) error
}

// Webhook is an endpoint to which events of a restaurant are sent.
type Webhook struct {
	ID             seating.EndpointID
	Restaurant     seating.RestaurantID
	URL            string
	Description    string
	Events         []string // types, or prefixes that end in .*; none: all
	Active         bool
	Secret         []byte // sealed
	PreviousSecret []byte // sealed; nil: none
	PreviousUntil  servicetime.Instant
	CreatedAt      servicetime.Instant
	CreatedBy      string
	ChangedAt      servicetime.Instant
	Seen           servicetime.Instant // in a change: ChangedAt as it was read
}

// Told is an event that no change made.
type Told struct {
	Restaurant seating.RestaurantID
	Version    int64  // of the restaurant, when it was told
	Key        string // see ToldKey
	Event      seating.Event
}

// Delivery is one attempt at one endpoint.
type Delivery struct {
	ID         int64 // 0 in what is to be written
	Restaurant seating.RestaurantID
	Endpoint   seating.EndpointID
	EventID    int64 // of the outbox
	EventType  seating.EventType
	DedupeKey  string
	Attempt    int
	At         servicetime.Instant
	Took       time.Duration
	Outcome    string // delivered, failed, dead
	Status     int    // of HTTP; 0: no answer
	Error      string
}

// ObservedQuery selects observability events. Empty fields select all.
type ObservedQuery struct {
	Types    []seating.EventType
	Severity []seating.Severity
	Booking  seating.BookingID
	From, To servicetime.Instant // of creation; To is not included
	Before   int64               // ids below; 0: from the newest
	Limit    int
}

// ObservedEvent is an event as the observability sink keeps it.
type ObservedEvent struct {
	ID            int64
	Key           string
	Booking       seating.BookingID
	Source        string
	Type          seating.EventType
	Severity      seating.Severity
	Version       int64
	SchemaVersion int
	Context       []byte // JSON
	CreatedAt     servicetime.Instant
	RecordedAt    servicetime.Instant
}
