package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

const tagEvening = "the evening"

func dateParam(about string) param {
	return param{name: "date", about: about, schema: textSchema("date")}
}

func wordParam[T ~string](name, about string, words ...T) param {
	s := textSchema("")
	for _, w := range words {
		s.Enum = append(s.Enum, string(w))
	}
	return param{name: name, about: about, schema: s}
}

func numberParam(name, about string, low, high int) param {
	least, most := float64(low), float64(high)
	return param{name: name, about: about, schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}}
}

func (a *API) evening() []*operation {
	return []*operation{
		{
			id: "get-timeline", method: http.MethodGet, path: base + "/timeline", tag: tagEvening,
			summary: "A service date: who sits where, when",
			about: "Zones with their tables, and per table bars by start: bookings, live holds, blocks. Parties of the day before or " +
				"after that reach into the day's window are there as well. With format=print: a page for paper, the evening sheet.",
			who: members, cap: seating.CapSee, status: http.StatusOK, answer: gives[TimelineAnswer](), do: getTimeline,
			query: []param{
				dateParam("The service date; today's without it."),
				{name: "tableId", about: "Only this table, and bookings that have or had it.", schema: textSchema("uuid")},
				wordParam("format", "json, or print for a page of HTML.", formatJSON, formatPrint),
			},
			texts: []textAnswer{{mediaType: "text/html", example: `<!doctype html><html lang="en"><head><title>Evening sheet</title></head><body>…</body></html>`}},
		},
		{
			id: "get-availability", method: http.MethodGet, path: base + "/availability", tag: tagEvening,
			summary: "When could a party come?",
			about: "Every quarter of an hour of each period of the service date, up to its last seating, judged as a booking with " +
				"autoAssign would be. A slot that is available can be booked with its date, time and utcOffset.",
			who: members, cap: seating.CapSee, status: http.StatusOK, answer: gives[AvailabilityAnswer](), do: getAvailability,
			query: []param{
				dateParam("The service date; required."),
				numberParam("covers", "The size of the party; required.", 1, seating.MaxPartyCovers),
				{name: "zoneId", about: "Only tables of this zone.", schema: textSchema("uuid")},
				wordParam("seatingPreference", "Only tables with this seating.", seatingTypes()...),
				numberParam("turnMinutes", "How long the party stays, when it is not the period's turn time.", int(servicetime.MinTurn), int(servicetime.MaxTurn)),
			},
		},
		{
			id: "get-waitlist", method: http.MethodGet, path: base + "/waitlist", tag: tagEvening,
			summary: "Who waits for a table, in order",
			about:   "The highest priority first, then the booking that was made first. The position follows from the order.",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[WaitlistAnswer](), do: getWaitlist,
			query: []param{dateParam("The service date; today's without it.")},
		},
	}
}

const (
	formatJSON  = "json"
	formatPrint = "print"
)

func seatingTypes() []seating.SeatingType {
	return []seating.SeatingType{seating.SeatingStandard, seating.SeatingSofa, seating.SeatingBooth, seating.SeatingHighTop}
}

// The years of the dates that can be asked for: inside those of instants, so that
// the day before and the day after are there too.
var firstDate, lastDate = servicetime.NewDate(1971, 1, 1), servicetime.NewDate(9998, 12, 31)

// serviceDate reads the date asked for, today's without one.
func (c *call) serviceDate(h *house.House) (servicetime.Date, *seating.Error) {
	if !c.query.Has("date") {
		return h.Calendar.ServiceDate(c.api.reader.Now()), nil
	}
	return c.yearDate("date")
}

// yearDate reads a required date of a year that a calendar can be asked about.
func (c *call) yearDate(name string) (servicetime.Date, *seating.Error) {
	d, refusal := c.date(name)
	if refusal == nil && (d < firstDate || d > lastDate) {
		refusal = unreadable(name, "must be from %s to %s", firstDate, lastDate)
	}
	return d, refusal
}

// number reads a whole number within bounds.
func (c *call) number(name string, low, high int) (int, *seating.Error) {
	text := c.query.Get(name)
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high || text != strconv.Itoa(n) {
		return 0, unreadable(name, "must be a whole number from %d to %d", low, high)
	}
	return n, nil
}

// word reads one of several words; the zero word when the parameter is not there.
func word[T ~string](c *call, name string, known ...T) (T, *seating.Error) {
	if !c.query.Has(name) {
		return "", nil
	}
	w := T(c.query.Get(name))
	if !slices.Contains(known, w) {
		return "", unreadable(name, "must be one of %s", words(known))
	}
	return w, nil
}

// idParam reads an id; nil when the parameter is not there.
func idParam[I ~[16]byte](c *call, name string) (*I, *seating.Error) {
	if !c.query.Has(name) {
		return nil, nil
	}
	id, err := seating.ParseID[I](c.query.Get(name))
	if err != nil {
		return nil, unreadable(name, "must be an id as answers give it")
	}
	return &id, nil
}

func getTimeline(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	date, refusal := c.serviceDate(h)
	if refusal != nil {
		return nil, refusal
	}
	table, refusal := idParam[seating.TableID](c, "tableId")
	if refusal != nil {
		return nil, refusal
	}
	format, refusal := word(c, "format", formatJSON, formatPrint)
	if refusal != nil {
		return nil, refusal
	}
	t, err := c.api.reader.Timeline(c.ctx, h, date, table)
	if err != nil {
		return nil, err
	}
	guests, err := c.api.reader.Guests(c.ctx, c.restaurant, bookingsOn(t))
	if err != nil {
		return nil, err
	}
	stamp := c.stamp(h)
	if format == formatPrint {
		page, err := sheet(h, t, guests, stamp)
		if err != nil {
			return nil, err
		}
		return &reply{body: paper(page)}, nil
	}
	return &reply{body: c.timeline(h, t, guests, stamp)}, nil
}

// bookingsOn lists the bookings whose guests a timeline names.
func bookingsOn(t query.Timeline) []seating.BookingID {
	seen := map[seating.BookingID]bool{}
	var ids []seating.BookingID
	add := func(id seating.BookingID) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, row := range t.Bookings {
		add(row.ID)
	}
	for _, z := range t.Zones {
		for _, lane := range z.Tables {
			for _, b := range lane.Bars {
				if b.Booking != nil {
					add(b.Booking.ID)
				}
			}
		}
	}
	return ids
}

// named shows of a guest only the name.
func named(g seating.Guest) *Guest {
	if g.Name == "" {
		return nil
	}
	return &Guest{Name: g.Name}
}

func namedBookings(rows []store.BookingRow, epoch string, guests map[seating.BookingID]seating.Guest) []Booking {
	all := []Booking{}
	for _, row := range rows {
		b := bookingOf(row, epoch)
		b.Guest = named(guests[row.ID])
		all = append(all, b)
	}
	return all
}

func getWaitlist(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	date, refusal := c.serviceDate(h)
	if refusal != nil {
		return nil, refusal
	}
	waiting := query.WaitlistOf(h, date, c.api.reader.Now())
	ids := make([]seating.BookingID, len(waiting))
	for i, w := range waiting {
		ids[i] = w.ID
	}
	guests, err := c.api.reader.Guests(c.ctx, c.restaurant, ids)
	if err != nil {
		return nil, err
	}
	return &reply{body: WaitlistAnswer{Date: date, Waitlist: waitlistOf(waiting, h.Epoch, guests), Stamp: c.stamp(h)}}, nil
}

func getAvailability(c *call) (*reply, error) {
	date, refusal := c.yearDate("date")
	if refusal != nil {
		return nil, refusal
	}
	party := planner.Party{Principal: c.actor.Principal, Now: c.api.reader.Now()}
	if party.Covers, refusal = c.number("covers", 1, seating.MaxPartyCovers); refusal != nil {
		return nil, refusal
	}
	zone, refusal := idParam[seating.ZoneID](c, "zoneId")
	if refusal != nil {
		return nil, refusal
	}
	if party.SeatingWish, refusal = word(c, "seatingPreference", seatingTypes()...); refusal != nil {
		return nil, refusal
	}
	if c.query.Has("turnMinutes") {
		turn, refusal := c.number("turnMinutes", int(servicetime.MinTurn), int(servicetime.MaxTurn))
		if refusal != nil {
			return nil, refusal
		}
		party.Turn = servicetime.Minutes(turn)
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	if zone != nil {
		if h.Floor.Zone(*zone) == nil {
			return nil, seating.Refuse(seating.CodeNotFound, "there is no such zone")
		}
		party.ZoneWish = *zone
	}
	out := AvailabilityAnswer{Date: date, Covers: party.Covers, Slots: []Slot{}, Stamp: c.stamp(h)}
	for _, s := range planner.Slots(h, party, date) {
		out.Slots = append(out.Slots, Slot{
			Start: s.Start, Date: s.Date, Time: s.Time, UTCOffset: s.Offset.String(), Period: s.Period, Available: s.Reason == "",
			Tables: h.Floor.Refs(s.Tables), Combined: len(s.Tables) > 1, Reason: s.Reason,
		})
	}
	if len(out.Slots) == 0 {
		out.Reason = planner.SlotClosed
	}
	return &reply{body: out}, nil
}
