package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// StepRequest is the body of a step that needs nothing said: it may be left out.
type StepRequest struct{}

// NoShowRequest says why a booking is a no-show.
type NoShowRequest struct {
	Reason string `json:"reason,omitempty" pattern:"^[a-z][a-z0-9_]{0,39}$" patternDescription:"a reason code like no_answer" example:"no_answer"`
}

// WaitRequest is a place on the waitlist.
type WaitRequest struct {
	Priority      int `json:"priority,omitempty" minimum:"0" maximum:"9" doc:"The highest first." example:"2"`
	QuotedMinutes int `json:"quotedMinutes,omitempty" minimum:"0" maximum:"600" doc:"The wait the party was told." example:"25"`
}

// StepAnswer is a booking after a step of its life.
type StepAnswer struct {
	Booking    Booking     `json:"booking"`
	Assignment *Assignment `json:"assignment,omitempty" doc:"Absent when the booking has no table, or is over."`
	Checks     []Check     `json:"checks,omitempty" doc:"Warnings, as of somebody who still sits at a table of an early party."`
	Seat       decide.Seat `json:"seat,omitempty" enum:"restored,unavailable,none" doc:"When a no-show is taken back: what became of the tables."`
	Stamp
}

// lifecycle is the life of a booking after it was made.
func (a *API) lifecycle() []*operation {
	step := func(id, path, summary, about string, do func(*call) (*reply, error), own ...seating.Code) *operation {
		return &operation{
			id: id, method: http.MethodPost, path: base + "/bookings/{bookingId}/" + path, tag: tagBookings, summary: summary, about: about,
			who: members, cap: seating.CapSeat, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			body: takes(StepRequest{}), answer: gives[StepAnswer](), do: do,
			codes: append(own, seating.CodeBookingState, seating.CodeDayClosed, seating.CodeStaleContext),
		}
	}
	back := []seating.Code{seating.CodeTableUnavailable, seating.CodeTableOccupied, seating.CodeAssignmentConflict, seating.CodeHoldConflict}
	noShow := step("mark-no-show", "no-show", "Note that a party did not come",
		"Its hold ends and its tables are free at that instant. Of a party that is checked in it takes the capability correct.", markNoShow)
	noShow.body = takes(NoShowRequest{Reason: "no_answer"})
	wait := step("wait-booking", "waitlist", "Put a booking on the waitlist",
		"Its tables and its hold go. A booking that waits already gets the place that is given.", waitBooking)
	wait.body, wait.cap = takes(WaitRequest{Priority: 2, QuotedMinutes: 25}), seating.CapBook
	unwait := step("unwait-booking", "waitlist", "Take a booking off the waitlist", "It is pending again, without a table.", unwaitBooking)
	unwait.method, unwait.body, unwait.cap = http.MethodDelete, nil, seating.CapBook
	reopen := step("reopen-booking", "reopen", "Take a check-out back",
		"On the same service day, when its tables have been free since and nobody sits there now.", reopenBooking,
		append([]seating.Code{seating.CodeTablesRequired}, back...)...)
	reopen.cap = seating.CapCorrect
	reinstate := step("reinstate-booking", "reinstate", "Take a cancellation back",
		"Before the booking's window ends. It has its reference and time again, and no table.", reinstateBooking, seating.CodePast)
	reinstate.cap = seating.CapCorrect
	return []*operation{
		step("arrive-booking", "arrived", "Note that a party is here", "It is not late any more, whether it sits yet or not.", arriveBooking),
		step("check-in-booking", "check-in", "Note that a party sits at its tables",
			"On its service date. A party that is early has its tables from now on if they are free, else from its window on, and checks warn of who is in the way.",
			checkInBooking, seating.CodeTablesRequired, seating.CodeTableOccupied, seating.CodePast),
		step("undo-check-in", "undo-check-in", "Take a check-in back",
			"The party never sat. More than 15 minutes later it takes the capability correct.", undoCheckIn),
		step("check-out-booking", "check-out", "Note that a party has left", "Its hold ends and its tables are free at that instant.", checkOutBooking),
		reopen, noShow,
		step("undo-no-show", "undo-no-show", "Take a no-show back",
			"The booking has its tables again where they have been free since (seat says so), else it is pending. More than 15 minutes later "+
				"it takes the capability correct, and works on the same service day only.", undoNoShow),
		reinstate, wait, unwait,
	}
}

// step gives a command and answers with the booking after it.
func (c *call) step(cmd decide.Command) (*reply, error) {
	answer, err := c.command(cmd)
	if err != nil {
		return nil, err
	}
	r := answer.Result
	out := StepAnswer{
		Booking: decidedBooking(r.Booking, r.Version), Seat: r.Seat,
		Checks: checksOf(r.Checks, c.names(principalsOfChecks(r.Checks)...)),
		Stamp:  Stamp{Version: r.Version, ServerNow: answer.Now},
	}
	if r.Assignment != nil && len(r.Assignment.Tables) > 0 {
		out.Assignment = assignmentOf(r.Assignment)
	}
	return &reply{status: answer.Status, replay: answer.Replayed, body: out}, nil
}

func arriveBooking(c *call) (*reply, error)  { return c.step(decide.Arrive{Booking: c.booking}) }
func checkInBooking(c *call) (*reply, error) { return c.step(decide.CheckIn{Booking: c.booking}) }
func undoCheckIn(c *call) (*reply, error)    { return c.step(decide.UndoCheckIn{Booking: c.booking}) }

func checkOutBooking(c *call) (*reply, error) { return c.step(decide.CheckOut{Booking: c.booking}) }
func reopenBooking(c *call) (*reply, error)   { return c.step(decide.Reopen{Booking: c.booking}) }
func undoNoShow(c *call) (*reply, error)      { return c.step(decide.UndoNoShow{Booking: c.booking}) }

func reinstateBooking(c *call) (*reply, error) { return c.step(decide.Reinstate{Booking: c.booking}) }
func unwaitBooking(c *call) (*reply, error)    { return c.step(decide.Unwait{Booking: c.booking}) }

func markNoShow(c *call) (*reply, error) {
	return c.step(decide.MarkNoShow{Booking: c.booking, Reason: c.body.(*NoShowRequest).Reason})
}

func waitBooking(c *call) (*reply, error) {
	in := c.body.(*WaitRequest)
	return c.step(decide.Wait{Booking: c.booking, Priority: in.Priority, Quoted: servicetime.Minutes(in.QuotedMinutes)})
}
