package seating

import "slices"

// EventFamily groups the types of events that are read together; it names their
// page.
type EventFamily string

// The families.
const (
	FamilyCapacity   EventFamily = "capacity"
	FamilyBooking    EventFamily = "booking"
	FamilyRestaurant EventFamily = "restaurant"
	FamilyRefusal    EventFamily = "refusal"
	FamilyDelivery   EventFamily = "delivery"
)

// EventFamilies lists them in the order of the pages.
func EventFamilies() []EventFamily {
	return []EventFamily{FamilyCapacity, FamilyBooking, FamilyRestaurant, FamilyRefusal, FamilyDelivery}
}

// EventEntry is the row of a type in the table of events.
type EventEntry struct {
	Type       EventType
	Family     EventFamily
	Says       string     // what happened, one sentence
	Severities []Severity // the usual one first
	Told       bool       // no change makes it, its key is its own
	Always     []string   // fields of its payload, beside those that every payload has
	Maybe      []string   // fields that are absent where they have nothing to say
	Example    EventPayload
}

// PayloadFields are what every payload has.
func PayloadFields() []string {
	return []string{"schemaVersion", "restaurantId", "version", "at", "actor"}
}

// EventTypes is the one table of all events, by family. Documentation pages and
// filters of webhooks are made from it.
func EventTypes() []EventEntry {
	return slices.Concat(capacityEvents(), bookingEvents(), restaurantEvents(), refusalEvents(), deliveryEvents())
}

var eventTable = func() map[EventType]EventEntry {
	table := map[EventType]EventEntry{}
	for _, e := range EventTypes() {
		table[e.Type] = e
	}
	return table
}()

// KnownEvent reports whether this binary knows the type, and its row.
func KnownEvent(t EventType) (EventEntry, bool) {
	e, ok := eventTable[t]
	return e, ok
}

func fields(names ...string) []string { return names }

func capacityEvents() []EventEntry {
	hold := fields("bookingId", "holdId", "tableIds", "window", "expiresAt")
	why := fields("reason")
	return inFamily(FamilyCapacity, []EventEntry{
		{Type: EventHoldCreated, Says: "Tables are held for a booking.", Always: hold, Maybe: fields("combined", "reason")},
		{Type: EventHoldExtended, Says: "A hold lasts longer.", Always: hold},
		{Type: EventHoldReleased, Says: "A hold was given up.", Always: hold, Maybe: why, Example: EventPayload{Reason: "cancelled"}},
		{Type: EventHoldExpired, Says: "A hold has lapsed.", Always: hold, Maybe: why, Example: EventPayload{Actor: System()}},
		{Type: EventHoldSuperseded, Says: "A hold made way for another one.", Always: hold, Maybe: why},
		{Type: EventHoldConfirmed, Says: "A hold became the booking's assignment.", Always: hold, Maybe: why},
		{
			Type: EventAssignmentSync, Says: "These are all the tables that the booking has now.",
			Always: fields("bookingId", "tableIds", "window"), Maybe: fields("combined"), Example: EventPayload{Combined: true},
		},
		{
			Type: EventAssignmentCleared, Says: "The booking has no table any more; these are those it had.",
			Always: fields("bookingId", "tableIds", "window"), Maybe: why, Example: EventPayload{Reason: "cancelled"},
		},
	})
}

func bookingEvents() []EventEntry {
	of := fields("bookingId", "status", "window")
	status := func(t EventType, s Status, says string) EventEntry {
		return EventEntry{Type: t, Says: says, Always: of, Maybe: fields("reason"), Example: EventPayload{Status: s}}
	}
	return inFamily(FamilyBooking, []EventEntry{
		status(EventBookingCreated, Pending, "There is a new booking."),
		{
			Type: EventBookingChanged, Says: "Something of a booking changed; what says it.",
			Always: fields("bookingId", "what"), Maybe: fields("status", "window", "reason"), Example: EventPayload{What: "guest"},
		},
		{
			Type: EventBookingRescheduled, Says: "A booking is for another time; what lists all that changed.",
			Always: fields("bookingId", "status", "window", "what"), Example: EventPayload{Status: Confirmed, What: "time,covers"},
		},
		status(EventBookingConfirmed, Confirmed, "A booking is confirmed."),
		status(EventBookingCheckedIn, CheckedIn, "The party sits."),
		status(EventBookingCompleted, Completed, "The party has left."),
		status(EventBookingCancelled, Cancelled, "A booking was called off."),
		status(EventBookingNoShow, NoShow, "The party did not come."),
		{
			Type: EventBookingLate, Says: "The party has not arrived in time; told once.", Severities: []Severity{SeverityNotice},
			Always: of, Maybe: fields("tableIds", "minutes"), Example: EventPayload{Status: Confirmed, Minutes: 15, Actor: System()},
		},
		{
			Type: EventBookingOverstaying, Says: "The party sits past its end; told once.", Severities: []Severity{SeverityWarning},
			Always: of, Maybe: fields("tableIds", "minutes"), Example: EventPayload{Status: CheckedIn, Minutes: 5, Actor: System()},
		},
	})
}

func restaurantEvents() []EventEntry {
	notice := []Severity{SeverityNotice}
	return inFamily(FamilyRestaurant, []EventEntry{
		{
			Type: EventFloorChanged, Says: "The floor changed; what says which part.", Severities: []Severity{SeverityNotice, SeverityInfo},
			Always: fields("what"), Maybe: fields("tableIds", "window", "reason"), Example: EventPayload{What: "table"},
		},
		{
			Type: EventPolicyChanged, Says: "A rule of the restaurant changed; what says which one, when it is one.", Severities: notice,
			Maybe: fields("what"), Example: EventPayload{What: "servicePeriods"},
		},
		{
			Type: EventDayClosed, Says: "A service date is over.", Severities: notice,
			Always: fields("serviceDate"), Example: EventPayload{Actor: System()},
		},
		{
			Type: EventEpochRotated, Says: "Versions of before cannot be compared with those to come; reason says why.",
			Severities: []Severity{SeverityWarning}, Maybe: fields("reason"), Example: EventPayload{Reason: "restore", Actor: Operator()},
		},
	})
}

// refusalEvents are about what did not happen.
func refusalEvents() []EventEntry {
	refused, of := fields("command", "code"), fields("bookingId", "holdId", "tableIds", "window", "reason")
	return told(inFamily(FamilyRefusal, []EventEntry{
		{
			Type: EventValidate, Says: "Tables were tried for a booking; without a code they would do. One in ten is told.",
			Severities: []Severity{SeverityDebug, SeverityInfo}, Always: fields("bookingId", "window", "command"), Maybe: fields("tableIds", "code"),
			Example: EventPayload{Command: "validate-selection", Code: CodeSlackExceeded, Tables: []TableID{exampleTable}},
		},
		{
			Type: EventConflict, Says: "A command was refused because somebody has a table, or sits at it still.", Severities: []Severity{SeverityNotice},
			Always: refused, Maybe: of, Example: EventPayload{Command: "hold", Code: CodeHoldConflict, Booking: exampleBooking, Tables: []TableID{exampleTable}},
		},
		{
			Type: EventPolicyDrift, Says: "A hold could not be confirmed, as floor or policy changed; reason is the check.",
			Severities: []Severity{SeverityNotice}, Always: refused, Maybe: of,
			Example: EventPayload{Command: "confirm", Code: CodePolicyDrift, Booking: exampleBooking, Hold: exampleHold, Reason: "slack"},
		},
		{
			Type: EventAccessDenied, Says: "Somebody asked for what their role may not do, or for another restaurant.",
			Severities: []Severity{SeverityWarning}, Always: refused, Maybe: of, Example: EventPayload{Command: "put-floor", Code: CodeForbidden},
		},
	}))
}

func deliveryEvents() []EventEntry {
	return told(inFamily(FamilyDelivery, []EventEntry{
		{
			Type: EventOutboxDead, Says: "An event was given up for a destination; event is its dedupe key, reason the cause.",
			Severities: []Severity{SeverityError}, Always: fields("event", "reason"), Maybe: fields("bookingId", "endpointId"),
			Example: EventPayload{Actor: System(), Booking: exampleBooking, Endpoint: exampleEndpoint, Reason: "exhausted"},
		},
		{
			Type: EventWebhookChanged, Says: "An endpoint for webhooks was made, changed or removed; what says which.",
			Severities: []Severity{SeverityNotice}, Always: fields("endpointId", "what"), Example: EventPayload{What: "created"},
		},
		{Type: EventWebhookTest, Says: "Somebody tries an endpoint out; nothing happened.", Always: fields("endpointId")},
	}))
}

// told marks the types that no change makes.
func told(list []EventEntry) []EventEntry {
	for i := range list {
		list[i].Told = true
	}
	return list
}

// inFamily fills in what rows have in common, and their examples.
func inFamily(f EventFamily, list []EventEntry) []EventEntry {
	for i := range list {
		list[i].Family = f
		if list[i].Severities == nil {
			list[i].Severities = []Severity{SeverityInfo}
		}
		list[i].Example = exampleOf(list[i])
	}
	return list
}
