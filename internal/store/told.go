package store

import (
	"fmt"

	"github.com/maitred/maitred/internal/seating"
)

// ToldRow is the row of an event that no change made, for the observability sink.
func ToldRow(t Told) (EventRow, error) {
	e := t.Event
	payload, err := encoded(e.Payload)
	if err != nil {
		return EventRow{}, fmt.Errorf("event %s: %w", t.Key, err)
	}
	headers, err := encoded(map[string]string{"principal": e.Payload.Actor.Principal})
	if err != nil {
		return EventRow{}, err
	}
	aggregate := t.Restaurant.String()
	if !e.Booking.IsZero() {
		aggregate = e.Booking.String()
	}
	return EventRow{
		Sink: SinkObservability, Lane: Lane(seating.FlowID(t.Restaurant)), Booking: e.Booking, Aggregate: aggregate, AggregateSeq: t.Version,
		Type: e.Type, Severity: e.Severity, SchemaVersion: max(e.Payload.SchemaVersion, seating.EventSchemaVersion),
		DedupeKey: t.Key, Payload: payload, Headers: headers,
	}, nil
}
