package seating

import "github.com/maitred/maitred/internal/servicetime"

// EventType names something that happened, for other systems.
type EventType string

// The events of this binary. Source: docs/domain.md, events.
const (
	EventHoldCreated        EventType = "capacity.hold.created"
	EventHoldExtended       EventType = "capacity.hold.extended"
	EventHoldReleased       EventType = "capacity.hold.released"
	EventHoldExpired        EventType = "capacity.hold.expired"
	EventHoldSuperseded     EventType = "capacity.hold.superseded"
	EventHoldConfirmed      EventType = "capacity.hold.confirmed"
	EventAssignmentSync     EventType = "capacity.assignment.sync"
	EventAssignmentCleared  EventType = "capacity.assignment.cleared"
	EventBookingCreated     EventType = "booking.created"
	EventBookingChanged     EventType = "booking.changed"
	EventBookingRescheduled EventType = "booking.rescheduled"
	EventBookingLate        EventType = "booking.late"
	EventBookingOverstaying EventType = "booking.overstaying"
	EventBookingConfirmed   EventType = "booking.confirmed"
	EventBookingCheckedIn   EventType = "booking.checked_in"
	EventBookingCompleted   EventType = "booking.completed"
	EventBookingCancelled   EventType = "booking.cancelled"
	EventBookingNoShow      EventType = "booking.no_show"
	EventFloorChanged       EventType = "floor.changed"
	EventPolicyChanged      EventType = "policy.changed"
	EventDayClosed          EventType = "day.closed"
	EventEpochRotated       EventType = "epoch.rotated"

	// Told without a change, at most once.
	EventValidate     EventType = "capacity.validate"
	EventConflict     EventType = "capacity.conflict"
	EventPolicyDrift  EventType = "capacity.policy.drift"
	EventAccessDenied EventType = "access.denied"

	// Of deliveries.
	EventOutboxDead     EventType = "outbox.dead"
	EventWebhookChanged EventType = "webhook.changed"
	EventWebhookTest    EventType = "webhook.test"
)

// Severity of an event.
type Severity string

// The severities.
const (
	SeverityDebug    Severity = "debug"
	SeverityInfo     Severity = "info"
	SeverityNotice   Severity = "notice"
	SeverityWarning  Severity = "warning"
	SeverityError    Severity = "error"
	SeverityCritical Severity = "critical"
)

// EventSchemaVersion is the version of the payloads' shape.
const EventSchemaVersion = 1

// Event is one effect of a change, to be delivered after its commit. It never
// holds guest data.
type Event struct {
	Type     EventType    `json:"type"`
	Severity Severity     `json:"severity"`
	Booking  BookingID    `json:"bookingId,omitzero"` // the aggregate; zero: the restaurant
	Payload  EventPayload `json:"payload"`
}

// EventPayload is the body of every event; fields that do not apply are absent.
type EventPayload struct {
	SchemaVersion int                 `json:"schemaVersion"`
	Restaurant    RestaurantID        `json:"restaurantId"`
	Version       Version             `json:"version"`
	At            servicetime.Instant `json:"at"`
	Actor         Actor               `json:"actor"`
	Booking       BookingID           `json:"bookingId,omitzero"`
	Hold          HoldID              `json:"holdId,omitzero"`
	Tables        []TableID           `json:"tableIds,omitempty"`
	Window        servicetime.Window  `json:"window,omitzero"`
	Combined      bool                `json:"combined,omitempty"`
	Status        Status              `json:"status,omitempty"`
	ExpiresAt     servicetime.Instant `json:"expiresAt,omitempty"`
	Date          *servicetime.Date   `json:"serviceDate,omitempty"`
	What          string              `json:"what,omitempty"`
	Reason        string              `json:"reason,omitempty"`
	Minutes       int                 `json:"minutes,omitempty"` // late, or past its end
	Command       string              `json:"command,omitempty"` // that was refused
	Code          Code                `json:"code,omitempty"`    // of the refusal
	Endpoint      EndpointID          `json:"endpointId,omitzero"`
	Event         string              `json:"event,omitempty"` // dedupe key of the event this one is about
}
