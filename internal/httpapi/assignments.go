package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

func (a *API) assignments() []*operation {
	booking := base + "/bookings/{bookingId}"
	common := []seating.Code{seating.CodeBookingState, seating.CodeStaleContext, seating.CodeDayClosed}
	return []*operation{
		{
			id: "assign-tables", method: http.MethodPut, path: booking + "/assignment", tag: tagAssignment,
			summary: "Seat a booking at these tables, or move it there, in one change",
			who:     members, cap: seating.CapAssign, key: keyRequired, ifMatch: true, status: http.StatusOK,
			body:   takes(AssignRequest{Tables: []UUID{"019ac0de-0000-7000-8000-000000000012"}}),
			answer: gives[AssignedAnswer](), do: assignTables,
			codes: append(append(selectionCodes(), common...), seating.CodeOverrideRequired),
		},
		{
			id: "unassign-tables", method: http.MethodDelete, path: booking + "/assignment", tag: tagAssignment,
			summary: "Take one table, or all, from a booking",
			about:   "A confirmed booking that loses its last table is pending again; a checked-in one keeps its last table.",
			who:     members, cap: seating.CapAssign, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			answer: gives[AssignedAnswer](), do: unassignTables, codes: common,
			query: []param{{name: "tableId", about: "The table to take; all without it.", schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}},
		},
		{
			id: "swap-assignments", method: http.MethodPost, path: base + "/assignments/swap", tag: tagAssignment,
			summary: "Exchange the tables of two bookings",
			who:     members, cap: seating.CapAssign, key: keyRequired, ifMatch: true, status: http.StatusOK,
			body: takes(SwapRequest{
				A: "019ac0de-0000-7000-8000-000000000001", B: "019ac0de-0000-7000-8000-000000000002",
			}),
			answer: gives[SwapAnswer](), do: swapAssignments, codes: append(selectionCodes(), common...),
		},
	}
}

func assignTables(c *call) (*reply, error) {
	in := c.body.(*AssignRequest)
	tables, refusal := parseTables(in.Tables)
	if refusal != nil {
		return nil, refusal
	}
	cmd := decide.Assign{Booking: c.booking, Tables: tables, Transition: decide.Transition(in.Transition)}
	cmd.Override, cmd.Note = in.Override.domain()
	return c.assignedReply(c.command(cmd))
}

func (c *call) assignedReply(answer line.Answer, err error) (*reply, error) {
	if err != nil {
		return nil, err
	}
	r := answer.Result
	out := AssignedAnswer{
		Booking: decidedBooking(r.Booking, r.Version),
		Checks:  checksOf(r.Checks, c.names(principalsOfChecks(r.Checks)...)),
		Stamp:   Stamp{Version: r.Version, ServerNow: answer.Now},
	}
	if r.Assignment != nil && len(r.Assignment.Tables) > 0 {
		out.Assignment = assignmentOf(r.Assignment)
	}
	return &reply{status: answer.Status, replay: answer.Replayed, body: out}, nil
}

func unassignTables(c *call) (*reply, error) {
	cmd := decide.Unassign{Booking: c.booking}
	if c.query.Has("tableId") {
		id, err := seating.ParseID[seating.TableID](c.query.Get("tableId"))
		if err != nil {
			return nil, unreadable("tableId", "must be the id of a table")
		}
		cmd.Table = id
	}
	return c.assignedReply(c.command(cmd))
}

func swapAssignments(c *call) (*reply, error) {
	in := c.body.(*SwapRequest)
	a, refusal := parseUUID[seating.BookingID](in.A, "/a")
	if refusal != nil {
		return nil, refusal
	}
	b, refusal := parseUUID[seating.BookingID](in.B, "/b")
	if refusal != nil {
		return nil, refusal
	}
	answer, err := c.command(decide.Swap{A: a, B: b})
	if err != nil {
		return nil, err
	}
	r := answer.Result
	return &reply{status: answer.Status, replay: answer.Replayed, body: SwapAnswer{
		A:     AssignedPart{Assignment: assignmentOf(r.Assignment), Booking: decidedBooking(r.Booking, r.Version)},
		B:     AssignedPart{Assignment: assignmentOf(r.Swapped), Booking: decidedBooking(r.Other, r.Version)},
		Stamp: Stamp{Version: r.Version, ServerNow: answer.Now},
	}}, nil
}
