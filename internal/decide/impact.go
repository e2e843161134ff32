package decide

import (
	"cmp"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// MaxBreaks bounds what Impact lists.
const MaxBreaks = 500

// Break is a booking or a hold that stood by the rules and does no longer, with
// the first check that says so.
type Break struct {
	Kind      seating.OwnerKind // booking or hold
	Booking   seating.BookingID
	Reference string
	Hold      seating.HoldID     // of a hold
	Tables    []seating.TableRef // it has, by number
	Start     servicetime.Instant
	Check     seating.CheckID
	Code      seating.Code
	Message   string
}

// atTables are the checks that a booking or a hold is held to at its tables. The
// others are about who else is there, which no change of the set-up moves.
var atTables = []seating.CheckID{
	seating.CheckTables, seating.CheckAvailable, seating.CheckCapacity, seating.CheckMinimum, seating.CheckSlack,
	seating.CheckZone, seating.CheckMovable, seating.CheckAdjacency,
}

// Impact lists what stood by the rules of before and does not by those of after,
// by start: open bookings that are not over, and live holds, at most MaxBreaks.
// Nothing of it is undone when the change is made: bookings keep their windows and
// tables. What was against the rules already is no news.
// Source: docs/domain.md, dry run.
func Impact(before, after *house.House, now servicetime.Instant) (breaks []Break, truncated bool) {
	for e := range before.Bookings() {
		if e.Status.Ended() {
			continue
		}
		if e.Window.End > now {
			breaks = appendBreak(breaks, after, e, bookingBreak(before, after, e, now))
		}
		if hold := e.Hold; hold != nil && hold.Live(now) {
			if c := worse(before, after, holdRequest(e, now), hold.Tables()); c != nil {
				breaks = append(breaks, Break{
					Kind: seating.OwnedByHold, Booking: e.ID, Reference: e.Reference, Hold: hold.ID, Tables: after.Floor.Refs(hold.Tables()),
					Start: hold.Window.Start, Check: c.ID, Code: c.Code, Message: c.Message,
				})
			}
		}
	}
	slices.SortFunc(breaks, func(a, b Break) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), a.Booking.Compare(b.Booking), cmp.Compare(a.Kind, b.Kind))
	})
	if len(breaks) > MaxBreaks {
		return breaks[:MaxBreaks], true
	}
	return breaks, false
}

func appendBreak(breaks []Break, after *house.House, e *house.Entry, c *seating.Check) []Break {
	if c == nil {
		return breaks
	}
	return append(breaks, Break{
		Kind: seating.OwnedByBooking, Booking: e.ID, Reference: e.Reference, Tables: after.Floor.Refs(e.Tables()),
		Start: e.Dining.Start, Check: c.ID, Code: c.Code, Message: c.Message,
	})
}

// bookingBreak is the first check that refuses a booking now, at its tables or, as
// long as it has not sat down, at its time.
func bookingBreak(before, after *house.House, e *house.Entry, now servicetime.Instant) *seating.Check {
	if tables := e.Tables(); len(tables) > 0 {
		if c := worse(before, after, planner.RequestFor(e, "", now), tables); c != nil {
			return c
		}
	}
	if e.Status == seating.CheckedIn {
		return nil
	}
	was, is := served(before, e), served(after, e)
	if is.Outcome != seating.OutcomeError || was.Outcome == seating.OutcomeError {
		return nil
	}
	is.ID = seating.CheckService
	return &is
}

// served judges a booking's start by a house's calendar, as if it were made at that
// instant: being late is no fault of the calendar.
func served(h *house.House, e *house.Entry) seating.Check {
	service, err := h.Calendar.Serving(e.Dining.Start)
	return planner.CheckService(h, planner.Request{
		Now: e.Dining.Start, Arrival: &planner.Arrival{Dining: e.Dining, Service: service, Err: err},
	}, planner.Selection{})
}

// holdRequest asks for the hold's tables as its confirm would.
func holdRequest(e *house.Entry, now servicetime.Instant) planner.Request {
	r := planner.RequestFor(e, e.Hold.CreatedBy, now)
	r.RequireAdjacency, r.Override = e.Hold.RequireAdjacency, e.Hold.Override
	r.Window = planner.Remaining(e.Hold.Window, now)
	return r
}

// worse is the first check that refuses the tables after and did not before.
func worse(before, after *house.House, r planner.Request, tables []seating.TableID) *seating.Check {
	was := planner.Judge(before, r, tables).Checks
	for i, is := range planner.Judge(after, r, tables).Checks {
		if is.Outcome == seating.OutcomeError && was[i].Outcome != seating.OutcomeError && slices.Contains(atTables, is.ID) {
			return &is
		}
	}
	return nil
}
