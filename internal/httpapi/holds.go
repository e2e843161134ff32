package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func (a *API) holds() []*operation {
	hold := base + "/holds/{holdId}"
	over := []seating.Code{seating.CodeHoldExpired, seating.CodeHoldEnded}
	return []*operation{
		{
			id: "make-hold", method: http.MethodPost, path: base + "/bookings/{bookingId}/holds", tag: tagHolds,
			summary: "Claim tables for a booking for a while",
			about:   "Replaces the caller's own hold on the booking in the same change.",
			who:     members, cap: seating.CapAssign, key: keyRequired, ifMatch: true, status: http.StatusCreated,
			body:   takes(HoldRequest{Tables: []UUID{"019ac0de-0000-7000-8000-000000000012"}, TTLSeconds: 180}),
			answer: gives[HoldAnswer](), do: makeHold,
			codes: append(selectionCodes(), seating.CodeBookingState, seating.CodeStaleContext, seating.CodeRateLimited, seating.CodeDayClosed, seating.CodeOverrideRequired),
		},
		{
			id: "list-holds", method: http.MethodGet, path: base + "/holds", tag: tagHolds,
			summary: "List the live holds, the next to lapse first",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[HoldsAnswer](), do: listHolds,
		},
		{
			id: "get-hold", method: http.MethodGet, path: hold, tag: tagHolds,
			summary: "Get a hold, also one that is over",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[HoldAnswer](), do: getHold,
		},
		{
			id: "extend-hold", method: http.MethodPost, path: hold + "/extend", tag: tagHolds,
			summary: "Keep a hold longer", about: "Never shortens. By its creator, or with the capability override.",
			who: members, cap: seating.CapAssign, key: keyAccepted, status: http.StatusOK,
			body: takes(ExtendRequest{Seconds: 180}), answer: gives[HoldAnswer](), do: extendHold,
			codes: append(over, seating.CodeOverrideRequired),
		},
		{
			id: "release-hold", method: http.MethodDelete, path: hold, tag: tagHolds,
			summary: "Release a hold", about: "Twice is fine. By its creator, or with the capability override.",
			who: members, cap: seating.CapAssign, key: keyAccepted, status: http.StatusOK,
			answer: gives[ReleaseAnswer](), do: releaseHold,
			codes: []seating.Code{seating.CodeOverrideRequired},
		},
		{
			id: "take-over-hold", method: http.MethodPost, path: hold + "/take-over", tag: tagHolds,
			summary: "Take over somebody else's hold", about: "Supersedes it by one of the caller's on the same tables. Needs the capability override.",
			who: members, cap: seating.CapAssign, key: keyAccepted, status: http.StatusCreated,
			body: takes(TakeOverRequest{Reason: "guest_waiting"}), answer: gives[HoldAnswer](), do: takeOverHold,
			codes: append(append(over, selectionCodes()...), seating.CodeRateLimited, seating.CodeOverrideRequired),
		},
		{
			id: "confirm-hold", method: http.MethodPost, path: hold + "/confirm", tag: tagHolds,
			summary: "Turn a hold into the booking's assignment",
			about:   "Never other tables than the ones held. A hold this booking has confirmed already answers with the assignment.",
			who:     members, cap: seating.CapAssign, key: keyRequired, ifMatch: true, status: http.StatusOK,
			body: takes(ConfirmRequest{Transition: "confirmed"}), answer: gives[AssignedAnswer](), do: confirmHold,
			codes: append(over, seating.CodeBookingState, seating.CodeTableDrift, seating.CodePolicyDrift, seating.CodeStaleContext, seating.CodePast, seating.CodeTableOccupied, seating.CodeOverrideRequired),
		},
	}
}

func makeHold(c *call) (*reply, error) {
	in := c.body.(*HoldRequest)
	tables, refusal := parseTables(in.Tables)
	if refusal != nil {
		return nil, refusal
	}
	cmd := decide.MakeHold{
		ID: freshID[seating.HoldID](c.api), Booking: c.booking, Tables: tables,
		TTL: servicetime.Seconds(in.TTLSeconds), RequireAdjacency: in.RequireAdjacency,
	}
	cmd.Override, cmd.Note = in.Override.domain()
	return c.holdReply(c.command(cmd))
}

func extendHold(c *call) (*reply, error) {
	return c.holdReply(c.command(decide.ExtendHold{Hold: c.hold, By: servicetime.Seconds(c.body.(*ExtendRequest).Seconds)}))
}

func takeOverHold(c *call) (*reply, error) {
	return c.holdReply(c.command(decide.TakeOver{
		ID: freshID[seating.HoldID](c.api), Hold: c.hold, Reason: c.body.(*TakeOverRequest).Reason,
	}))
}

func (c *call) holdReply(answer line.Answer, err error) (*reply, error) {
	if err != nil {
		return nil, err
	}
	r := answer.Result
	known := c.names(append(principalsOfChecks(r.Checks), r.Hold.CreatedBy)...)
	return &reply{status: answer.Status, replay: answer.Replayed, body: HoldAnswer{
		Hold: grantedHold(r.Hold, known), Checks: checksOf(r.Checks, known), Summary: r.Summary,
		Stamp: Stamp{Version: r.Version, ServerNow: answer.Now},
	}}, nil
}

func releaseHold(c *call) (*reply, error) {
	answer, err := c.command(decide.ReleaseHold{Hold: c.hold})
	if err != nil {
		return nil, err
	}
	r := answer.Result
	out := ReleaseAnswer{HoldID: c.hold, Stamp: Stamp{Version: r.Version, ServerNow: answer.Now}}
	if r.Hold != nil {
		out.Booking = r.Hold.Booking
	}
	return &reply{status: answer.Status, replay: answer.Replayed, body: out}, nil
}

func confirmHold(c *call) (*reply, error) {
	return c.assignedReply(c.command(decide.ConfirmHold{
		Hold: c.hold, Transition: decide.Transition(c.body.(*ConfirmRequest).Transition),
	}))
}

func listHolds(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	holds := query.Holds(h, c.api.reader.Now())
	var who []string
	for _, hold := range holds {
		who = appendPrincipal(who, hold.CreatedBy)
	}
	known := c.names(who...)
	out := HoldsAnswer{Holds: []Hold{}, Stamp: c.stamp(h)}
	for _, hold := range holds {
		out.Holds = append(out.Holds, holdOf(hold, known))
	}
	return &reply{body: out}, nil
}

func getHold(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	hold, h, err := c.api.reader.Hold(c.ctx, h, c.hold)
	if err != nil {
		return nil, err
	}
	known := c.names(appendPrincipal([]string{hold.CreatedBy}, hold.EndedBy)...)
	return &reply{body: HoldAnswer{Hold: holdOf(hold, known), Stamp: c.stamp(h)}}, nil
}
