package httpapi

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Webhook is an endpoint to which events of the restaurant are sent. Its secret is
// never in it.
type Webhook struct {
	ID            seating.EndpointID  `json:"id" format:"uuid"`
	URL           string              `json:"url"`
	Description   string              `json:"description,omitempty"`
	Events        []string            `json:"events" doc:"Types of events, or the beginnings of some, like booking.*; none: all."`
	Active        bool                `json:"active" doc:"false: nothing is sent, and nothing is kept to be sent."`
	CreatedAt     servicetime.Instant `json:"createdAt" format:"date-time"`
	CreatedBy     Principal           `json:"createdBy"`
	ChangedAt     servicetime.Instant `json:"changedAt" format:"date-time"`
	PreviousUntil servicetime.Instant `json:"previousSecretUntil,omitempty" format:"date-time" doc:"Until then the secret before this one signs as well."`
}

// CreateWebhookRequest is an endpoint to be made.
type CreateWebhookRequest struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" doc:"Absolute, https, without user and fragment; it must lead to a public address." example:"https://example.com/maitred"`
	Description string   `json:"description,omitempty" maxLength:"200" doc:"For people, on one line."`
	Events      []string `json:"events,omitempty" maxItems:"50" doc:"Types of events, or the beginnings of some, like booking.*; none: all."`
	Active      *bool    `json:"active,omitempty" doc:"Without: true."`
}

// ChangeWebhookRequest changes an endpoint; what is left out stays.
type ChangeWebhookRequest struct {
	URL         *string  `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"Absolute, https, without user and fragment; it must lead to a public address."`
	Description *string  `json:"description,omitempty" maxLength:"200"`
	Events      []string `json:"events,omitempty" maxItems:"50" doc:"Types of events, or the beginnings of some, like booking.*; an empty list: all."`
	Active      *bool    `json:"active,omitempty" doc:"false: nothing is sent, and what waits is given up."`
}

// RotateWebhookRequest says for how long the secret before stays good.
type RotateWebhookRequest struct {
	Overlap *int `json:"overlapHours,omitempty" minimum:"0" maximum:"168" doc:"How long the secret there was signs beside the new one. Without: 24."`
}

// WebhookAnswer is one endpoint.
type WebhookAnswer struct {
	Webhook Webhook `json:"webhook"`
	Stamp
}

// WebhookSecretAnswer is an endpoint with its new secret.
type WebhookSecretAnswer struct {
	Webhook Webhook `json:"webhook"`
	Secret  string  `json:"secret" doc:"Verifies what is sent. It is shown this once." example:"whsec_…"`
	Stamp
}

// WebhooksAnswer is the endpoints of the restaurant, oldest first.
type WebhooksAnswer struct {
	Webhooks []Webhook `json:"webhooks"`
	Stamp
}

// WebhookTestAnswer names an event that is on its way.
type WebhookTestAnswer struct {
	Event string `json:"event" doc:"Its key: what is sent has it, followed by / and the webhook's id, as webhook-id. See the deliveries for what became of it."`
	Stamp
}

// Delivery is one attempt to send one event.
type Delivery struct {
	At      servicetime.Instant `json:"at" format:"date-time"`
	Event   string              `json:"event" doc:"Its key, which is sent as webhook-id."`
	Type    seating.EventType   `json:"type"`
	Attempt int                 `json:"attempt" doc:"From 1."`
	Outcome string              `json:"outcome" enum:"delivered,failed,dead" doc:"failed: it is tried again; dead: it is given up."`
	Status  int                 `json:"status,omitempty" doc:"Of HTTP; absent: no answer."`
	Error   string              `json:"error,omitempty" doc:"What failed, in a few words of maitred." example:"timeout"`
	TookMS  int64               `json:"tookMilliseconds"`
}

// DeliveriesAnswer is attempts, newest first.
type DeliveriesAnswer struct {
	Deliveries []Delivery `json:"deliveries"`
	NextCursor string     `json:"nextCursor,omitempty" doc:"Absent on the last page."`
	Stamp
}

// ObservedEvent is an event as the deployment keeps it for 30 days.
type ObservedEvent struct {
	Event      string              `json:"event" doc:"Its key."`
	Type       seating.EventType   `json:"type"`
	Severity   seating.Severity    `json:"severity" enum:"debug,info,notice,warning,error,critical"`
	Booking    seating.BookingID   `json:"bookingId,omitzero" format:"uuid"`
	CreatedAt  servicetime.Instant `json:"createdAt" format:"date-time"`
	RecordedAt servicetime.Instant `json:"recordedAt" format:"date-time"`
	Payload    Payload             `json:"payload"`
}

// ObservedEventsAnswer is events, newest first.
type ObservedEventsAnswer struct {
	Events     []ObservedEvent `json:"events"`
	NextCursor string          `json:"nextCursor,omitempty" doc:"Absent on the last page."`
	Stamp
}

// Payload is the body of an event, as it was written.
type Payload []byte

// Schema says that it is an object; which fields it has is a matter of its type.
func (Payload) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "Its fields are those of the event's type; never guest data."}
}

// MarshalJSON implements json.Marshaler.
func (p Payload) MarshalJSON() ([]byte, error) { return json.RawMessage(p).MarshalJSON() }

func webhookOf(w store.Webhook, now servicetime.Instant, known map[string]Principal) Webhook {
	shown := Webhook{
		ID: w.ID, URL: w.URL, Description: w.Description, Events: list(w.Events), Active: w.Active,
		CreatedAt: w.CreatedAt, CreatedBy: nameOf(w.CreatedBy, known), ChangedAt: w.ChangedAt,
	}
	if len(w.PreviousSecret) > 0 && now < w.PreviousUntil {
		shown.PreviousUntil = w.PreviousUntil
	}
	return shown
}
