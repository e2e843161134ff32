package httpapi

import (
	"net/http"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// changes are the ways in which a booking is made or made another, besides the plain
// ones.
func (a *API) changes() []*operation {
	covers, at := 6, "20:00"
	return []*operation{
		{
			id: "change-booking", method: http.MethodPatch, path: base + "/bookings/{bookingId}", tag: tagBookings,
			summary: "Change a booking",
			about: "What is left out stays. A new time, number or stay is judged as a new booking's, and the seat is kept " +
				"until the new one is certain: a refusal changes nothing. The booking's hold ends with such a change. " +
				"A party that sits may stay longer or grow, and keeps its past.",
			who: members, cap: seating.CapBook, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			body: takes(ChangeBookingRequest{
				Covers: &covers, Time: &at, TurnMinutes: Clearable[int]{Given: true, Value: 120}, Tables: string(decide.ReplanTables),
				ZoneID: Clearable[UUID]{Given: true},
			}),
			answer: gives[CreatedAnswer](), do: changeBooking,
			codes: append(selectionCodes(), seating.CodeLocalTimeInvalid, seating.CodeNoTable, seating.CodeDayClosed,
				seating.CodeBookingState, seating.CodeStaleContext, seating.CodeOverrideRequired),
		},
		{
			id: "walk-in", method: http.MethodPost, path: base + "/walk-ins", tag: tagBookings,
			summary: "Seat a party at the door",
			about: "Makes the booking, gives it tables and checks it in, in one change, from now on. It is judged by the " +
				"checks of any booking. Without tableIds the planner chooses; NO_TABLE says when tables come free today.",
			who: members, cap: seating.CapWalkIn, key: keyRequired, status: http.StatusCreated,
			body:   takes(WalkInRequest{Covers: 2, Name: "Amal"}),
			answer: gives[CreatedAnswer](), do: walkIn,
			codes: append(selectionCodes(), seating.CodeNoTable, seating.CodeDayClosed, seating.CodeOverrideRequired),
		},
	}
}

func changeBooking(c *call) (*reply, error) {
	cmd, err := c.body.(*ChangeBookingRequest).command(c.booking)
	if err != nil {
		return nil, err
	}
	answer, err := c.command(cmd)
	if err != nil {
		return nil, err
	}
	guest, err := c.guestOf(c.booking)
	if err != nil {
		return nil, err
	}
	return c.booked(answer, guest), nil
}

// command reads the request. What the schema cannot say is refused here, field by
// field.
func (in *ChangeBookingRequest) command(id seating.BookingID) (decide.ChangeBooking, error) {
	cmd := decide.ChangeBooking{Booking: id, Covers: in.Covers, Priority: in.Priority, Tables: decide.TableMode(in.Tables)}
	var f faults
	if in.Date != nil {
		date, err := servicetime.ParseDate(*in.Date)
		if err != nil {
			f.add("/date", "must be a calendar date like 2026-11-27")
		}
		cmd.Date = &date
	}
	if in.Time != nil {
		clock, err := servicetime.ParseClock(*in.Time)
		if err != nil {
			f.add("/time", "must be a wall-clock time like 19:30")
		}
		cmd.Time = &clock
	}
	if in.UTCOffset != "" {
		var err error
		if cmd.Offset, err = servicetime.ParseOffset(in.UTCOffset); err != nil {
			f.add("/utcOffset", "must be an offset like +02:00, at most 18:00")
		}
	}
	if in.Quoted != nil {
		quoted := servicetime.Minutes(*in.Quoted)
		cmd.Quoted = &quoted
	}
	cmd.Turn = given(in.TurnMinutes, func(n int) servicetime.Minutes { return servicetime.Minutes(n) })
	cmd.SeatingWish = given(in.Seating, func(s seating.SeatingType) seating.SeatingType { return s })
	cmd.ZoneWish = given(in.ZoneID, func(u UUID) seating.ZoneID {
		zone, err := seating.ParseID[seating.ZoneID](string(u))
		if err != nil && u != "" {
			f.add("/zoneId", "is not an id")
		}
		return zone
	})
	cmd.Guest = in.Guest.patch(&f)
	cmd.Override, cmd.Note = in.Override.domain()
	if refusal := seating.InvalidFields(f.list); refusal != nil {
		return cmd, refusal
	}
	return cmd, nil
}

// patch is what the request changes of a guest; nil when it names nothing.
func (g *GuestChange) patch(f *faults) *seating.GuestPatch {
	if g == nil {
		return nil
	}
	p := &seating.GuestPatch{
		Phone: given(g.Phone, strings.TrimSpace), Email: given(g.Email, strings.TrimSpace), Notes: given(g.Notes, strings.TrimSpace),
	}
	if g.Name != nil {
		name := strings.TrimSpace(*g.Name)
		if name == "" {
			f.add("/guest/name", "must not be empty")
		}
		p.Name = &name
	}
	return p
}

func walkIn(c *call) (*reply, error) {
	cmd, err := c.body.(*WalkInRequest).command(freshID[seating.BookingID](c.api))
	if err != nil {
		return nil, err
	}
	answer, err := c.command(cmd)
	if err != nil {
		return nil, err
	}
	return c.created(answer, cmd.Guest)
}

func (in *WalkInRequest) command(id seating.BookingID) (decide.WalkIn, error) {
	cmd := decide.WalkIn{
		ID: id, Covers: in.Covers, Turn: servicetime.Minutes(in.TurnMinutes), SeatingWish: in.Seating,
		Guest: seating.Guest{Name: strings.TrimSpace(in.Name), Phone: strings.TrimSpace(in.Phone), Notes: strings.TrimSpace(in.Notes)},
	}
	var f faults
	if cmd.Guest.Name == "" && (in.Name != "" || !cmd.Guest.Empty()) {
		f.add("/name", "must not be empty: a phone number or notes are somebody's")
	}
	if in.ZoneID != "" {
		var err error
		if cmd.ZoneWish, err = seating.ParseID[seating.ZoneID](string(in.ZoneID)); err != nil {
			f.add("/zoneId", "is not an id")
		}
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
