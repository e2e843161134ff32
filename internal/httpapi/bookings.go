package httpapi

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

func (a *API) bookings() []*operation {
	return []*operation{
		{
			id: "create-booking", method: http.MethodPost, path: base + "/bookings", tag: tagBookings,
			summary: "Make a booking",
			about: "With tableIds the party is seated there at once; with autoAssign the planner chooses. A booking from " +
				"the web leaves with tables or is refused with NO_TABLE; any other stays pending, and noTable says why. " +
				"With waitlist it waits, without tables.",
			who: members, cap: seating.CapBook, key: keyRequired, status: http.StatusCreated,
			body: takes(CreateBookingRequest{
				Covers: 4, Date: "2026-11-27", Time: "19:30", Guest: &GuestRequest{Name: "Amal Haddad", Phone: "+44 20 7946 0000"}, Source: seating.SourcePhone,
			}),
			answer: gives[CreatedAnswer](), do: createBooking,
			codes: append(selectionCodes(), seating.CodeLocalTimeInvalid, seating.CodeNoTable, seating.CodeDayClosed, seating.CodeOverrideRequired),
		},
		{
			id: "list-bookings", method: http.MethodGet, path: base + "/bookings", tag: tagBookings,
			summary: "List bookings by service date",
			about:   "Without dates: today's service date. Ordered by service date, start and id.",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[BookingsAnswer](), do: listBookings,
			query: []param{
				{name: "date", about: "The service date.", schema: textSchema("date")},
				{name: "from", about: "The first service date of a range of at most 92 days; with to.", schema: textSchema("date")},
				{name: "to", about: "The last service date of the range, included.", schema: textSchema("date")},
				{name: "status", about: "States, separated by commas.", schema: textSchema("")},
				{name: "q", about: "A text in reference or guest name, taken literally, case ignored; at most 100 characters.", schema: textSchema("")},
				limitParam(), cursorParam(),
			},
		},
		{
			id: "get-booking", method: http.MethodGet, path: base + "/bookings/{bookingId}", tag: tagBookings,
			summary: "Get a booking",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[BookingAnswer](), do: getBooking,
		},
		{
			id: "get-booking-history", method: http.MethodGet, path: base + "/bookings/{bookingId}/history", tag: tagBookings,
			summary: "What happened to a booking, newest first",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[HistoryAnswer](), do: getHistory,
			query: []param{limitParam(), cursorParam()},
		},
		{
			id: "cancel-booking", method: http.MethodPost, path: base + "/bookings/{bookingId}/cancel", tag: tagBookings,
			summary: "Cancel a booking that has not sat down",
			about:   "Its hold ends and its tables are free at that instant. Cancelling twice is fine.",
			who:     members, cap: seating.CapBook, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			body: takes(CancelRequest{Reason: "guest_called"}), answer: gives[BookingAnswer](), do: cancelBooking,
			codes: []seating.Code{seating.CodeBookingState, seating.CodeDayClosed, seating.CodeStaleContext},
		},
	}
}

func createBooking(c *call) (*reply, error) {
	in := c.body.(*CreateBookingRequest)
	cmd, err := in.command(freshID[seating.BookingID](c.api))
	if err != nil {
		return nil, err
	}
	answer, fault := c.command(cmd)
	if fault != nil {
		return nil, fault
	}
	return c.created(answer, cmd.Guest)
}

// created answers with a booking that was made. A replay tells what is known of its
// guest now.
func (c *call) created(answer line.Answer, guest seating.Guest) (*reply, error) {
	if answer.Replayed {
		var err error
		if guest, err = c.guestOf(answer.Result.Booking.ID); err != nil {
			return nil, err
		}
	}
	return c.booked(answer, guest), nil
}

// booked answers with a booking as a command left it.
func (c *call) booked(answer line.Answer, guest seating.Guest) *reply {
	r := answer.Result
	out := CreatedAnswer{
		Booking: decidedBooking(r.Booking, r.Version), Assignment: assignmentOf(r.Assignment), NoTable: r.NoTable,
		Checks: checksOf(r.Checks, c.names(principalsOfChecks(r.Checks)...)),
		Stamp:  Stamp{Version: r.Version, ServerNow: answer.Now},
	}
	if out.NoTable != nil {
		out.NoTable.Choices = list(out.NoTable.Choices)
	}
	out.Booking.Guest = guestFor(c.actor, guest)
	return &reply{status: answer.Status, body: out, replay: answer.Replayed}
}

// command reads the request. What the schema cannot say is refused here, field by
// field.
func (in *CreateBookingRequest) command(id seating.BookingID) (decide.CreateBooking, error) {
	cmd := decide.CreateBooking{
		ID: id, Covers: in.Covers, SeatingWish: in.Seating, Source: cmp.Or(in.Source, seating.SourceAPI),
		AutoAssign: in.AutoAssign, Turn: servicetime.Minutes(in.TurnMinutes), Transition: decide.Transition(in.Transition),
	}
	if w := in.Waitlist; w != nil {
		cmd.Waitlist, cmd.Priority, cmd.Quoted = true, w.Priority, servicetime.Minutes(w.QuotedMinutes)
	}
	var f faults
	var err error
	if cmd.Date, err = servicetime.ParseDate(in.Date); err != nil {
		f.add("/date", "must be a calendar date like 2026-11-27")
	}
	if cmd.Time, err = servicetime.ParseClock(in.Time); err != nil {
		f.add("/time", "must be a wall-clock time like 19:30")
	}
	if in.UTCOffset != "" {
		if cmd.Offset, err = servicetime.ParseOffset(in.UTCOffset); err != nil {
			f.add("/utcOffset", "must be an offset like +02:00, at most 18:00")
		}
	}
	if in.ZoneID != "" {
		if cmd.ZoneWish, err = seating.ParseID[seating.ZoneID](string(in.ZoneID)); err != nil {
			f.add("/zoneId", "is not an id")
		}
	}
	if g := in.Guest; g != nil {
		cmd.Guest = seating.Guest{
			Name: strings.TrimSpace(g.Name), Phone: strings.TrimSpace(g.Phone), Email: g.Email, Notes: strings.TrimSpace(g.Notes),
		}
		if cmd.Guest.Name == "" {
			f.add("/guest/name", "must not be empty")
		}
	}
	if in.Source == seating.SourceWeb && cmd.Guest.Phone == "" && cmd.Guest.Email == "" {
		f.add("/guest", "a booking from the web needs a phone number or an e-mail address")
	}
	tables, refusal := parseTables(in.Tables)
	if refusal != nil {
		f.list = append(f.list, refusal.Details.Fields...)
	}
	cmd.Tables = tables
	cmd.Override, cmd.Note = in.Override.domain()
	if refusal := seating.InvalidFields(f.list); refusal != nil {
		return cmd, refusal
	}
	return cmd, nil
}

// guestOf reads what is known of a booking's guest now.
func (c *call) guestOf(id seating.BookingID) (seating.Guest, error) {
	guests, err := c.api.reader.Guests(c.ctx, c.restaurant, []seating.BookingID{id})
	return guests[id], err
}

func getBooking(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	row, h, err := c.api.reader.Booking(c.ctx, h, c.booking)
	if err != nil {
		return nil, err
	}
	guest, err := c.guestOf(row.ID)
	if err != nil {
		return nil, err
	}
	b := bookingOf(row, h.Epoch)
	b.Guest = guestFor(c.actor, guest)
	return &reply{body: BookingAnswer{Booking: b, Stamp: c.stamp(h)}}, nil
}

func listBookings(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	q, refusal := c.bookingQuery(h.Calendar.ServiceDate(c.api.reader.Now()))
	if refusal != nil {
		return nil, refusal
	}
	of := c.listKey(q.From.String(), q.To.String(), c.query.Get("status"), q.Text)
	if text := c.query.Get("cursor"); text != "" {
		q.After = &store.BookingCursor{}
		if refusal := c.api.cursors.open(of, text, q.After); refusal != nil {
			return nil, refusal
		}
	}
	page, err := c.api.reader.Bookings(c.ctx, c.restaurant, q)
	if err != nil {
		return nil, err
	}
	ids := make([]seating.BookingID, len(page.Rows))
	for i, row := range page.Rows {
		ids[i] = row.ID
	}
	guests, err := c.api.reader.Guests(c.ctx, c.restaurant, ids)
	if err != nil {
		return nil, err
	}
	out := BookingsAnswer{Bookings: []Booking{}, Stamp: c.stamp(h)}
	for _, row := range page.Rows {
		b := bookingOf(row, h.Epoch)
		b.Guest = guestFor(c.actor, guests[row.ID])
		out.Bookings = append(out.Bookings, b)
	}
	if page.Next != nil {
		if out.NextCursor, err = c.api.cursors.seal(of, page.Next); err != nil {
			return nil, err
		}
	}
	return &reply{body: out}, nil
}

// maxRange bounds a range of dates, both ends included.
const maxRange = 92

func (c *call) bookingQuery(today servicetime.Date) (store.BookingQuery, *seating.Error) {
	q := store.BookingQuery{From: today, To: today}
	var refusal *seating.Error
	if q.Limit, refusal = c.limit(); refusal != nil {
		return q, refusal
	}
	if c.query.Has("date") {
		if c.query.Has("from") || c.query.Has("to") {
			return q, unreadable("date", "give either date or from and to")
		}
		if q.From, refusal = c.date("date"); refusal != nil {
			return q, refusal
		}
		q.To = q.From
	} else if c.query.Has("from") || c.query.Has("to") {
		if q.From, refusal = c.date("from"); refusal != nil {
			return q, refusal
		}
		if q.To, refusal = c.date("to"); refusal != nil {
			return q, refusal
		}
		switch days := int(q.To) - int(q.From) + 1; {
		case days < 1:
			return q, unreadable("to", "must not be before from")
		case days > maxRange:
			return q, unreadable("to", "the range has %d days, at most %d are possible", days, maxRange)
		}
	}
	if q.Statuses, refusal = c.statuses(); refusal != nil {
		return q, refusal
	}
	q.Text, refusal = c.search()
	return q, refusal
}

func getHistory(c *call) (*reply, error) {
	return c.history("booking:"+c.booking.String(), func(h *house.House) (*house.House, error) {
		_, h, err := c.api.reader.Booking(c.ctx, h, c.booking)
		return h, err
	})
}

func historyLine(l store.HistoryLine, epoch string, known map[string]Principal) HistoryLine {
	w := HistoryLine{
		Version: seating.Version{Epoch: epoch, N: l.Version}, At: l.At, Actor: nameOf(l.Principal, known),
		Command: l.Command, From: l.From, To: l.To, Reason: l.Reason, Note: l.Note,
	}
	if json.Valid([]byte(l.Detail)) {
		w.Detail = json.RawMessage(l.Detail)
	}
	return w
}

func cancelBooking(c *call) (*reply, error) {
	answer, err := c.command(decide.Cancel{Booking: c.booking, Reason: c.body.(*CancelRequest).Reason})
	if err != nil {
		return nil, err
	}
	r := answer.Result
	return &reply{status: answer.Status, replay: answer.Replayed, body: BookingAnswer{
		Booking: decidedBooking(r.Booking, r.Version), Stamp: Stamp{Version: r.Version, ServerNow: answer.Now},
	}}, nil
}
