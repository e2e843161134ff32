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

// eventFilter judges what a webhook is to be sent. A word that means nothing is
// refused: nobody would notice that nothing comes.
func eventFilter(words []string) ([]string, []seating.Field) {
	var faults []seating.Field
	var filter []string
	for i, word := range words {
		switch {
		case len(typesOf(word)) == 0:
			faults = append(faults, seating.Field{
				Pointer: "/events/" + itoa(i), Message: "must be a type of event, or the beginning of some like booking.*",
			})
		case !slices.Contains(filter, word):
			filter = append(filter, word)
		}
	}
	return filter, faults
}
