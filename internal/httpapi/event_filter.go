package httpapi

import (
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// typesOf are the types of events that a word of a filter means: the type itself,
// or all that begin with what stands before .*; none when it is neither.
func typesOf(word string) []seating.EventType {
	prefix, several := strings.CutSuffix(word, "*")
	if several && !strings.HasSuffix(prefix, ".") {
		return nil
	}
	var types []seating.EventType
	for _, e := range seating.EventTypes() {
		if t := string(e.Type); t == word || several && strings.HasPrefix(t, prefix) {
			types = append(types, e.Type)
		}
	}
	return types
}

// madeByChanges reports whether a change makes events of one of the types. Those that
// are told without one go to the observability events alone.
func madeByChanges(types []seating.EventType) bool {
	return slices.ContainsFunc(types, func(t seating.EventType) bool {
		e, _ := seating.KnownEvent(t)
		return !e.Told
	})
}

// eventFilter judges what a webhook is to be sent. A word by which nothing can come
// is refused: nobody would notice.
func eventFilter(words []string) ([]string, []seating.Field) {
	var faults []seating.Field
	var filter []string
	for i, word := range words {
		switch types := typesOf(word); {
		case len(types) == 0:
			faults = append(faults, seating.Field{
				Pointer: "/events/" + itoa(i), Message: "must be a type of event, or the beginning of some like booking.*",
			})
		case !madeByChanges(types):
			faults = append(faults, seating.Field{
				Pointer: "/events/" + itoa(i), Message: "is told to the observability events alone: webhooks get the events of changes",
			})
		case !slices.Contains(filter, word):
			filter = append(filter, word)
		}
	}
	return filter, faults
}
