package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

const tagGuests = "guests"

// LookupRequest names bookings whose guests are wanted.
type LookupRequest struct {
	Bookings []UUID `json:"bookingIds" minItems:"1" maxItems:"200"`
}

// GuestsAnswer is the guests of bookings.
type GuestsAnswer struct {
	Guests []BookingGuest `json:"guests" doc:"Of the bookings that there are and of whose guests something is known, by id."`
	Stamp
}

// BookingGuest is the guest of one booking.
type BookingGuest struct {
	Booking seating.BookingID `json:"bookingId" format:"uuid"`
	Guest
}

// GuestSelector says of which guest: by exactly one of its fields.
type GuestSelector struct {
	Email    string `json:"email,omitempty" minLength:"1" maxLength:"254" doc:"Case is ignored."`
	Phone    string `json:"phone,omitempty" minLength:"1" maxLength:"40" doc:"Compared by its digits."`
	Bookings []UUID `json:"bookingIds,omitempty" minItems:"1" maxItems:"200"`
}

// GuestExport is everything that is kept of a guest.
type GuestExport struct {
	GeneratedAt servicetime.Instant `json:"generatedAt" format:"date-time"`
	Restaurant  string              `json:"restaurant" doc:"What the restaurant is called."`
	Bookings    []GuestRecord       `json:"bookings" doc:"Newest service date first; for bookingIds in their order."`
	Truncated   bool                `json:"truncated,omitempty" doc:"There are more than 1000 bookings; only these are listed."`
	Stamp
}

// GuestRecord is one booking with all that is kept of its guest.
type GuestRecord struct {
	Booking Booking       `json:"booking"`
	History []HistoryLine `json:"history" doc:"Newest first, with the notes of staff."`
}

// ErasedAnswer says whose guest data is gone.
type ErasedAnswer struct {
	Erased   int                 `json:"erased"`
	Bookings []seating.BookingID `json:"bookings"`
	Stamp
}

func (a *API) guests() []*operation {
	example := GuestSelector{Email: "amal@example.org"}
	return []*operation{
		{
			id: "lookup-guests", method: http.MethodPost, path: base + "/guests/lookup", tag: tagGuests,
			summary: "The guests of bookings",
			about:   "Reads; it is a POST because of the list. Bookings that are not there, or of whose guest nothing is known, are left out.",
			who:     members, cap: seating.CapSee, reads: true, status: http.StatusOK,
			body: takes(LookupRequest{Bookings: []UUID{"019ac0de-0000-7000-8000-000000000012"}}), answer: gives[GuestsAnswer](), do: lookupGuests,
		},
		{
			id: "export-guest", method: http.MethodPost, path: base + "/guests/export", tag: tagGuests,
			summary: "Everything that is kept of a guest",
			about:   "Bookings, guest data, history and notes of staff, on open and closed days. Reads; it is a POST so that an address is in no log of requests.",
			who:     members, cap: seating.CapAdminister, reads: true, status: http.StatusOK,
			body: takes(example), answer: gives[GuestExport](), do: exportGuest,
		},
		{
			id: "erase-guests", method: http.MethodPost, path: base + "/guests/erase", tag: tagGuests,
			summary: "Erase what is known of a guest",
			about: "Name, phone, e-mail and notes of all bookings found, on open and closed days, and the notes of staff on them. The bookings " +
				"and their numbers stay. Cannot be undone. Found by e-mail or phone, 200 bookings go with each change.",
			who: members, cap: seating.CapAdminister, key: keyAccepted, status: http.StatusOK,
			body: takes(example), answer: gives[ErasedAnswer](), do: eraseGuests,
		},
	}
}

func parseBookings(us []UUID) ([]seating.BookingID, *seating.Error) {
	ids := make([]seating.BookingID, 0, len(us))
	for i, u := range us {
		id, refusal := parseUUID[seating.BookingID](u, "/bookingIds/"+itoa(i))
		if refusal != nil {
			return nil, refusal
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func lookupGuests(c *call) (*reply, error) {
	ids, refusal := parseBookings(c.body.(*LookupRequest).Bookings)
	if refusal != nil {
		return nil, refusal
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, nil)
	if err != nil {
		return nil, err
	}
	guests, err := c.api.reader.Guests(c.ctx, c.restaurant, ids)
	if err != nil {
		return nil, err
	}
	out := GuestsAnswer{Guests: []BookingGuest{}, Stamp: c.stamp(h)}
	slices.SortFunc(ids, seating.BookingID.Compare)
	for _, id := range ids {
		if g := guestFor(c.actor, guests[id]); g != nil {
			out.Guests = append(out.Guests, BookingGuest{Booking: id, Guest: *g})
		}
	}
	return &reply{body: out}, nil
}

// selector is a GuestSelector that was read.
type selector struct {
	email, phone string
	bookings     []seating.BookingID
}

// domain refuses a selector of nothing and of several things: erasing the wrong
// guest cannot be undone.
func (in *GuestSelector) domain() (selector, *seating.Error) {
	given := 0
	for _, there := range []bool{in.Email != "", in.Phone != "", len(in.Bookings) > 0} {
		if there {
			given++
		}
	}
	if given != 1 {
		return selector{}, seating.Invalid("", "give exactly one of email, phone and bookingIds, not %d of them", given)
	}
	s := selector{email: strings.TrimSpace(in.Email), phone: in.Phone}
	switch {
	case in.Email != "" && s.email == "":
		return s, seating.Invalid("/email", "must not be empty")
	case in.Phone != "" && store.Digits(in.Phone) == "":
		return s, seating.Invalid("/phone", "must have digits")
	}
	var refusal *seating.Error
	s.bookings, refusal = parseBookings(in.Bookings)
	return s, refusal
}

// find lists the bookings of a selector.
func (s selector) find(c *call) ([]seating.BookingID, error) {
	if len(s.bookings) > 0 {
		return s.bookings, nil
	}
	return c.api.reader.FindGuests(c.ctx, c.restaurant, s.email, s.phone)
}

func exportGuest(c *call) (*reply, error) {
	who, refusal := c.body.(*GuestSelector).domain()
	if refusal != nil {
		return nil, refusal
	}
	h, err := c.api.reader.Proved(c.ctx, c.restaurant)
	if err != nil {
		return nil, err
	}
	ids, err := who.find(c)
	if err != nil {
		return nil, err
	}
	records, err := c.api.reader.Records(c.ctx, h, ids)
	if err != nil {
		return nil, err
	}
	stamp := c.stamp(h)
	out := GuestExport{
		GeneratedAt: stamp.ServerNow, Restaurant: h.Restaurant.Name, Bookings: []GuestRecord{}, Truncated: len(ids) == query.MaxFound, Stamp: stamp,
	}
	for _, r := range records {
		b := bookingOf(r.BookingRow, h.Epoch)
		b.Guest = guestFor(c.actor, r.Guest)
		out.Bookings = append(out.Bookings, GuestRecord{Booking: b, History: c.historyLines(h, r.History)})
	}
	return &reply{body: out}, nil
}

// eraseGuests erases by ids in one change; by e-mail or phone, chunk by chunk,
// until none is found any more. The key covers the first chunk: sent again, it
// answers for that one and goes on with what is left.
func eraseGuests(c *call) (*reply, error) {
	who, refusal := c.body.(*GuestSelector).domain()
	if refusal != nil {
		return nil, refusal
	}
	out, first := ErasedAnswer{Bookings: []seating.BookingID{}}, line.Answer{}
	for round := 0; ; round++ {
		ids, err := c.unerased(who, out.Bookings)
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 && round > 0 {
			break
		}
		answer, err := c.command(decide.EraseGuests{Bookings: ids})
		if err != nil {
			return nil, err
		}
		if round == 0 {
			first = answer
			c.key = ""
		}
		out.Bookings = append(out.Bookings, answer.Result.Erased...)
		out.Stamp = Stamp{Version: answer.Result.Version, ServerNow: answer.Now}
		if len(who.bookings) > 0 || len(answer.Result.Erased) == 0 {
			break
		}
	}
	out.Erased = len(out.Bookings)
	return &reply{status: first.Status, replay: first.Replayed, body: out}, nil
}

// unerased are the next bookings to erase: found, and not erased by this call
// already. Somebody may give a guest's data anew while it runs; that is another
// matter.
func (c *call) unerased(who selector, done []seating.BookingID) ([]seating.BookingID, error) {
	ids, err := who.find(c)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id seating.BookingID) bool { return slices.Contains(done, id) })
	return ids[:min(len(ids), decide.MaxErased)], nil
}
