package webhook

import (
	"encoding/json"
	"fmt"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// cloudEvent is the body of a delivery: CloudEvents 1.0 in its JSON format. Version
// and sequence are extensions: the state of the restaurant that the event tells of,
// by which a receiver drops what is older than what it knows, and its number alone,
// written so that texts compare as numbers do.
type cloudEvent struct {
	SpecVersion string              `json:"specversion"`
	ID          string              `json:"id"`
	Source      string              `json:"source"`
	Type        seating.EventType   `json:"type"`
	Subject     string              `json:"subject"`
	Time        servicetime.Instant `json:"time"`
	ContentType string              `json:"datacontenttype"`
	Version     seating.Version     `json:"version"`
	Sequence    string              `json:"sequence"`
	Data        json.RawMessage     `json:"data"`
}

const contentType = "application/cloudevents+json"

// eventBody writes an event as its receivers get it. It is the same at each try:
// what is signed, and what a receiver compares, does not change.
func eventBody(item outbox.Item) ([]byte, error) {
	row := item.Row
	subject := "restaurant"
	if !row.Booking.IsZero() {
		subject = "booking:" + row.Booking.String()
	}
	return json.Marshal(cloudEvent{
		SpecVersion: "1.0", ID: row.DedupeKey, Source: "/restaurants/" + row.Restaurant.String(), Type: row.EventType, Subject: subject,
		Time: item.Event.At, ContentType: "application/json",
		Version: item.Event.Version, Sequence: fmt.Sprintf("%019d", row.AggregateSeq), Data: row.Payload,
	})
}
