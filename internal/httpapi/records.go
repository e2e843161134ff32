package httpapi

import (
	"net/http"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

const tagRecords = "records"

func (a *API) records() []*operation {
	return []*operation{
		{
			id: "export-bookings", method: http.MethodGet, path: base + "/exports/bookings.csv", tag: tagRecords,
			summary: "The bookings of a range of service dates as CSV",
			about: "RFC 4180 in UTF-8 with a header row, by service date, start and id. A cell that a spreadsheet would take for a formula, " +
				"a phone number that begins with + among them, begins with an apostrophe. If the file cannot be finished, the connection " +
				"is cut: what ends without an error is whole.",
			who: members, cap: seating.CapAdminister, status: http.StatusOK, do: exportBookings,
			query: []param{
				{name: "from", about: "The first service date.", schema: textSchema("date")},
				{name: "to", about: "The last service date, included; at most 366 days.", schema: textSchema("date")},
			},
			texts: []textAnswer{{mediaType: "text/csv", example: csvExample}},
		},
		{
			id: "get-history", method: http.MethodGet, path: base + "/history", tag: tagRecords,
			summary: "What happened in the restaurant, newest first",
			about:   "Who did what when. A page never ends within the lines of one version.",
			who:     members, cap: seating.CapAdminister, status: http.StatusOK, answer: gives[HistoryAnswer](), do: getRestaurantHistory,
			query: []param{
				{name: "subject", about: "Only of floor, policy, restaurant, booking:<id>, block:<id> or day:<date>.", schema: textSchema("")},
				limitParam(), cursorParam(),
			},
		},
	}
}

// subject reads what the history is wanted of; empty is all.
func (c *call) subject() (string, *seating.Error) {
	if !c.query.Has("subject") {
		return "", nil
	}
	text := c.query.Get("subject")
	kind, of, _ := strings.Cut(text, ":")
	switch kind {
	case "floor", "policy", "restaurant":
		if text == kind {
			return text, nil
		}
	case "booking", "block":
		if id, err := seating.ParseID[seating.AnyID](of); err == nil {
			return kind + ":" + id.String(), nil
		}
	case "day":
		if date, err := servicetime.ParseDate(of); err == nil {
			return "day:" + date.String(), nil
		}
	}
	return "", unreadable("subject", "must be floor, policy, restaurant, booking:<id>, block:<id> or day:<date>")
}

func getRestaurantHistory(c *call) (*reply, error) {
	subject, refusal := c.subject()
	if refusal != nil {
		return nil, refusal
	}
	return c.history(subject, func(h *house.House) (*house.House, error) { return h, nil })
}

// history answers with a page of a subject's lines, after there has refused a
// subject that is not, from the house that it proved.
func (c *call) history(subject string, there func(*house.House) (*house.House, error)) (*reply, error) {
	limit, refusal := c.limit()
	if refusal != nil {
		return nil, refusal
	}
	of, before := c.listKey(subject), int64(0)
	if text := c.query.Get("cursor"); text != "" {
		if refusal := c.api.cursors.open(of, text, &before); refusal != nil {
			return nil, refusal
		}
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	if h, err = there(h); err != nil {
		return nil, err
	}
	page, err := c.api.reader.History(c.ctx, c.restaurant, subject, before, limit)
	if err != nil {
		return nil, err
	}
	out := HistoryAnswer{History: c.historyLines(h, page.Rows), Stamp: c.stamp(h)}
	if page.Next != nil {
		if out.NextCursor, err = c.api.cursors.seal(of, page.Next); err != nil {
			return nil, err
		}
	}
	return &reply{body: out}, nil
}

// historyLines shows lines with who did it and what it was in words.
func (c *call) historyLines(h *house.House, lines []store.HistoryLine) []HistoryLine {
	var who []string
	for _, l := range lines {
		who = appendPrincipal(who, l.Principal)
	}
	known := c.names(who...)
	list := []HistoryLine{}
	for _, l := range lines {
		w := historyLine(l, h.Epoch, known)
		w.Subject, w.Summary = l.Subject, query.Summary(h, l)
		list = append(list, w)
	}
	return list
}
