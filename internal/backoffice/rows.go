package backoffice

import (
	"context"
	"errors"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// RowsQuery selects rows of the outbox. Empty fields select all.
type RowsQuery struct {
	Sink       string               `json:"sink,omitempty"`
	State      store.RowState       `json:"state,omitempty"`
	Restaurant seating.RestaurantID `json:"restaurantId,omitzero"`
	Endpoint   seating.EndpointID   `json:"endpointId,omitzero"`
	Type       seating.EventType    `json:"type,omitempty"`
	Cause      string               `json:"cause,omitempty"`
	After      int64                `json:"after,omitempty"` // id
	Limit      int                  `json:"limit,omitempty"` // 0: DefaultLimit
}

// OutboxRow is a row of the outbox as operators see it.
type OutboxRow struct {
	ID            int64                `json:"id"`
	State         store.RowState       `json:"state" enum:"waiting,parked,dead"`
	Sink          string               `json:"sink"`
	Lane          int                  `json:"lane"`
	Type          seating.EventType    `json:"type"`
	Severity      seating.Severity     `json:"severity"`
	SchemaVersion int                  `json:"schemaVersion"`
	Restaurant    seating.RestaurantID `json:"restaurantId" format:"uuid"`
	Booking       seating.BookingID    `json:"bookingId,omitzero" format:"uuid"`
	Endpoint      seating.EndpointID   `json:"endpointId,omitzero" format:"uuid"`
	Aggregate     string               `json:"aggregate" doc:"Whose rows are delivered one after the other."`
	Version       int64                `json:"version" doc:"Of the restaurant, when it was written."`
	Key           string               `json:"dedupeKey"`
	Attempts      int                  `json:"attempts"`
	Handovers     int                  `json:"handovers" doc:"How often a worker that had it died."`
	FailedFor     servicetime.Seconds  `json:"failedForSeconds"`
	CreatedAt     servicetime.Instant  `json:"createdAt" format:"date-time"`
	NextAttemptAt servicetime.Instant  `json:"nextAttemptAt,omitempty" format:"date-time"`
	ParkedUntil   servicetime.Instant  `json:"parkedUntil,omitempty" format:"date-time"`
	DeadAt        servicetime.Instant  `json:"deadAt,omitempty" format:"date-time"`
	Reason        string               `json:"reason,omitempty" doc:"Why it is parked, or why it was given up."`
	LastError     string               `json:"lastError,omitempty"`
}

// RowsPage is a page of rows by id. Next is the id to go on after; 0: there are no
// more.
type RowsPage struct {
	Rows []OutboxRow `json:"rows"`
	Next int64       `json:"next,omitempty"`
}

// states and causes are what can be asked for.
var (
	states = []store.RowState{store.RowWaiting, store.RowParked, store.RowDead}
	causes = []string{store.CauseRefused, store.CauseExhausted, store.CauseMalformed, store.CauseCrashLoop, store.CauseSkipped, store.CauseGone}
)

// States lists where a row may be; Causes, why it may be dead.
func States() []store.RowState { return states }

// Causes lists why a row may be dead.
func Causes() []string { return causes }

// Rows returns a page of rows that wait or are dead.
func (o *Office) Rows(ctx context.Context, q RowsQuery) (RowsPage, error) {
	limit, err := limited(q.Limit)
	err = first(err, known("sink", q.Sink, store.Sinks()), known("state", q.State, states), known("cause", q.Cause, causes), plain("type", string(q.Type)))
	switch {
	case err != nil:
		return RowsPage{}, err
	case q.After < 0:
		return RowsPage{}, seating.Invalid("after", "must be the id of a row, not %d", q.After)
	case q.Cause != "" && q.State != "" && q.State != store.RowDead:
		return RowsPage{}, seating.Invalid("cause", "only dead rows have one, and those that are %s are asked for", q.State)
	}
	if q.Cause != "" {
		q.State = store.RowDead
	}
	// One more than is wanted tells whether there is another page.
	entries, err := o.outbox.Outbox(ctx, store.OutboxQuery{
		Sink: q.Sink, State: q.State, Restaurant: q.Restaurant, Endpoint: q.Endpoint, Type: q.Type, Cause: q.Cause, After: q.After, Limit: limit + 1,
	})
	if err != nil {
		return RowsPage{}, err
	}
	page := RowsPage{Rows: []OutboxRow{}}
	if len(entries) > limit {
		entries = entries[:limit]
		page.Next = entries[limit-1].ID
	}
	for _, e := range entries {
		page.Rows = append(page.Rows, shown(e))
	}
	return page, nil
}

// Row returns one row that waits or is dead.
func (o *Office) Row(ctx context.Context, id int64) (OutboxRow, error) {
	e, err := o.outbox.OutboxEntry(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return OutboxRow{}, noRow(id)
	}
	if err != nil {
		return OutboxRow{}, err
	}
	return shown(e), nil
}

func noRow(id int64) error {
	return seating.Refuse(seating.CodeNotFound, "there is no row %d in the outbox: it was delivered, or never was", id)
}

func shown(e store.OutboxEntry) OutboxRow {
	r := OutboxRow{
		ID: e.ID, State: e.State, Sink: e.Sink, Lane: e.Lane, Type: e.EventType, Severity: e.Severity, SchemaVersion: e.SchemaVersion,
		Restaurant: e.Restaurant, Booking: e.Booking, Endpoint: e.Endpoint, Aggregate: e.Aggregate, Version: e.AggregateSeq, Key: e.DedupeKey,
		Attempts: e.Attempts, Handovers: e.Handovers, FailedFor: servicetime.Seconds(e.FailedFor / time.Second), CreatedAt: e.CreatedAt,
		ParkedUntil: e.ParkedUntil, DeadAt: e.DeadAt, Reason: e.Reason, LastError: e.LastError,
	}
	if e.State != store.RowDead {
		r.NextAttemptAt = e.NextAttemptAt
	}
	return r
}
