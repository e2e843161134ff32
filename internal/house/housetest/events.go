package housetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/maitred/maitred/internal/seating"
)

// FitsTable compares an event with its row in the table of events: type, severity
// and the fields of its payload as they are written.
func FitsTable(e seating.Event) error {
	row, known := seating.KnownEvent(e.Type)
	if !known {
		return fmt.Errorf("event %s is not in the table of events", e.Type)
	}
	if !slices.Contains(row.Severities, e.Severity) {
		return fmt.Errorf("event %s has the severity %s, the table of events has %v", e.Type, e.Severity, row.Severities)
	}
	has, err := PayloadFields(e.Payload)
	if err != nil {
		return fmt.Errorf("event %s: %w", e.Type, err)
	}
	always := append(seating.PayloadFields(), row.Always...)
	for _, name := range always {
		if !slices.Contains(has, name) {
			return fmt.Errorf("event %s has no %s, which the table of events says it always has: it has %v", e.Type, name, has)
		}
	}
	for _, name := range has {
		if !slices.Contains(always, name) && !slices.Contains(row.Maybe, name) {
			return fmt.Errorf("event %s has %s, which the table of events does not know of", e.Type, name)
		}
	}
	return nil
}

// PayloadFields are the fields of a payload as it is written.
func PayloadFields(p seating.EventPayload) ([]string, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(fields)), nil
}
