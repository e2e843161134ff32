package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

func (a *API) observability() []*operation {
	return []*operation{
		{
			id: "list-observability-events", method: http.MethodGet, path: base + "/observability-events", tag: tagRecords,
			summary: "The restaurant's events, newest first",
			about:   "Those of the last 30 days, refusals that were noted and deliveries that were given up among them. An event is here a moment after what it tells of.",
			who:     members, cap: seating.CapAdminister, status: http.StatusOK, answer: gives[ObservedEventsAnswer](), do: listObserved,
			query: []param{
				{name: "type", about: "Types, or the beginnings of some like booking.*, separated by commas.", schema: textSchema("")},
				{name: "severity", about: "Severities, separated by commas.", schema: textSchema("")},
				{name: "bookingId", about: "Only of this booking.", schema: textSchema("uuid")},
				{name: "from", about: "From this instant on.", schema: textSchema("date-time")},
				{name: "to", about: "Before this instant.", schema: textSchema("date-time")},
				limitParam(), cursorParam(),
			},
		},
	}
}

func listObserved(c *call) (*reply, error) {
	q, refusal := c.observed()
	if refusal != nil {
		return nil, refusal
	}
	p, refusal := c.newest(c.query.Get("type"), c.query.Get("severity"), c.query.Get("bookingId"), c.query.Get("from"), c.query.Get("to"))
	if refusal != nil {
		return nil, refusal
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	q.Before, q.Limit = p.before, p.limit+1
	rows, err := c.api.webhooks.ObservabilityEvents(c.ctx, c.restaurant, q)
	if err != nil {
		return nil, err
	}
	out := ObservedEventsAnswer{Events: []ObservedEvent{}, Stamp: c.stamp(h)}
	for _, e := range rows[:min(len(rows), p.limit)] {
		out.Events = append(out.Events, ObservedEvent{
			Event: e.Key, Type: e.Type, Severity: e.Severity, Booking: e.Booking, CreatedAt: e.CreatedAt, RecordedAt: e.RecordedAt, Payload: e.Context,
		})
	}
	out.NextCursor, err = p.next(c, len(rows), func(i int) int64 { return rows[i].ID })
	return &reply{body: out}, err
}

// observed reads which events are wanted.
func (c *call) observed() (q store.ObservedQuery, refusal *seating.Error) {
	if q.Types, refusal = c.eventTypes(); refusal != nil {
		return q, refusal
	}
	if q.Severity, refusal = c.severities(); refusal != nil {
		return q, refusal
	}
	if c.query.Has("bookingId") {
		id, err := seating.ParseID[seating.BookingID](c.query.Get("bookingId"))
		if err != nil {
			return q, unreadable("bookingId", "must be the id of a booking")
		}
		q.Booking = id
	}
	if q.From, refusal = c.instant("from"); refusal != nil {
		return q, refusal
	}
	if q.To, refusal = c.instant("to"); refusal != nil {
		return q, refusal
	}
	if q.To != 0 && q.To <= q.From {
		return q, unreadable("to", "must be after from")
	}
	return q, nil
}

func (c *call) eventTypes() ([]seating.EventType, *seating.Error) {
	if !c.query.Has("type") {
		return nil, nil
	}
	var types []seating.EventType
	for word := range strings.SplitSeq(c.query.Get("type"), ",") {
		matched := typesOf(word)
		if len(matched) == 0 {
			return nil, unreadable("type", "must be types of events or beginnings like booking.*, separated by commas")
		}
		for _, t := range matched {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types, nil
}

func severities() []seating.Severity {
	return []seating.Severity{
		seating.SeverityDebug, seating.SeverityInfo, seating.SeverityNotice, seating.SeverityWarning, seating.SeverityError, seating.SeverityCritical,
	}
}

func (c *call) severities() ([]seating.Severity, *seating.Error) {
	if !c.query.Has("severity") {
		return nil, nil
	}
	var list []seating.Severity
	for word := range strings.SplitSeq(c.query.Get("severity"), ",") {
		s := seating.Severity(word)
		if !slices.Contains(severities(), s) || slices.Contains(list, s) {
			return nil, unreadable("severity", "must be severities separated by commas, each once, of %s", words(severities()))
		}
		list = append(list, s)
	}
	return list, nil
}

// instant reads an instant that may be left out.
func (c *call) instant(name string) (servicetime.Instant, *seating.Error) {
	if !c.query.Has(name) {
		return 0, nil
	}
	i, err := servicetime.ParseInstant(c.query.Get(name))
	if err != nil {
		return 0, unreadable(name, "must be an instant like 2026-11-27T18:30:00Z")
	}
	return i, nil
}
