package httpapi

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// The bounds of pages and searches.
const (
	defaultLimit = 50
	maxLimit     = 200
	maxSearch    = 100 // runes
)

func textSchema(format string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: format}
}

func limitParam() param {
	low, high := 1.0, float64(maxLimit)
	return param{
		name: "limit", about: "How many at most.",
		schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &low, Maximum: &high, Default: defaultLimit},
	}
}

func cursorParam() param {
	return param{name: "cursor", about: "nextCursor of the page before, with the same other parameters.", schema: textSchema("")}
}

// limit reads the size of a page.
func (c *call) limit() (int, *seating.Error) {
	if !c.query.Has("limit") {
		return defaultLimit, nil
	}
	text := c.query.Get("limit")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit || len(text) > 3 {
		return 0, unreadable("limit", "must be a whole number from 1 to %d", maxLimit)
	}
	return n, nil
}

// date reads a required date.
func (c *call) date(name string) (servicetime.Date, *seating.Error) {
	d, err := servicetime.ParseDate(c.query.Get(name))
	if err != nil {
		return 0, unreadable(name, "must be a calendar date like 2026-11-27")
	}
	return d, nil
}

// statuses reads states separated by commas.
func (c *call) statuses() ([]seating.Status, *seating.Error) {
	if !c.query.Has("status") {
		return nil, nil
	}
	var statuses []seating.Status
	known := seating.Statuses()
	for word := range strings.SplitSeq(c.query.Get("status"), ",") {
		s := seating.Status(word)
		if !slices.Contains(known, s) || slices.Contains(statuses, s) {
			return nil, unreadable("status", "must be states separated by commas, each once, of %s", words(known))
		}
		statuses = append(statuses, s)
	}
	return statuses, nil
}

// search reads a text to look for.
func (c *call) search() (string, *seating.Error) {
	q := c.query.Get("q")
	if !utf8.ValidString(q) || utf8.RuneCountInString(q) > maxSearch || controlled(q, false) {
		return "", unreadable("q", "must be a text of at most %d characters", maxSearch)
	}
	return strings.TrimSpace(q), nil
}

// listKey names a list for its cursors: operation, restaurant and filters.
func (c *call) listKey(filters ...string) string {
	return strings.Join(append([]string{c.op.id, c.restaurant.String()}, filters...), "\n")
}
