package store

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// MaxEntry bounds a change in the journal, in bytes; a larger one is kept as a
// reload.
const MaxEntry = 256 << 10

// JournalBody is what the journal keeps of a change; "" when that is too much.
func JournalBody(c *house.Change) (string, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("change %s: %w", c.ID, err)
	}
	if len(b) > MaxEntry {
		return "", nil
	}
	return string(b), nil
}

// EventRow is an event of a change as the outbox keeps it.
type EventRow struct {
	Sink          string
	Lane          int
	Booking       seating.BookingID
	Aggregate     string
	AggregateSeq  int64
	Type          seating.EventType
	Severity      seating.Severity
	SchemaVersion int
	DedupeKey     string // <change id>/<ordinal>
	Payload       string // JSON
	Headers       string // JSON
}

// EventRows are the rows of a change's events, in order: one for each event and
// destination.
func EventRows(c *house.Change) ([]EventRow, error) {
	if len(c.Events) == 0 {
		return nil, nil
	}
	headers, err := encoded(map[string]string{"principal": c.Actor.Principal})
	if err != nil {
		return nil, err
	}
	rows := make([]EventRow, len(c.Events))
	for i, e := range c.Events {
		payload, err := encoded(e.Payload)
		if err != nil {
			return nil, fmt.Errorf("event %d of change %s: %w", i, c.ID, err)
		}
		aggregate := c.Restaurant.String()
		if !e.Booking.IsZero() {
			aggregate = e.Booking.String()
		}
		rows[i] = EventRow{
			Sink: SinkObservability, Lane: Lane(seating.FlowID(c.Restaurant)), Booking: e.Booking, Aggregate: aggregate, AggregateSeq: c.Version(),
			Type: e.Type, Severity: e.Severity, SchemaVersion: max(e.Payload.SchemaVersion, seating.EventSchemaVersion),
			DedupeKey: c.ID.String() + "/" + strconv.Itoa(i), Payload: payload, Headers: headers,
		}
	}
	return rows, nil
}

func encoded(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// NoteRow is a note beside the history row of that ordinal.
type NoteRow struct {
	Ordinal int
	Text    string
}

// NoteRows puts each note of a change beside the first history row of its subject
// that has none yet. ErrInvalid when there is no such row.
func NoteRows(c *house.Change) ([]NoteRow, error) {
	var rows []NoteRow
	used := map[int]bool{}
	for _, n := range c.Notes {
		beside := -1
		for i, h := range c.History {
			if h.Subject == n.Subject && !used[i] {
				beside = i
				break
			}
		}
		if beside < 0 {
			return nil, fmt.Errorf("%w: change %s has a note on %s and no history row to put it beside", ErrInvalid, c.ID, n.Subject)
		}
		used[beside] = true
		rows = append(rows, NoteRow{Ordinal: beside, Text: n.Text})
	}
	return rows, nil
}
