package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
)

// selectionCodes are the refusals of a selection of tables.
func selectionCodes() []seating.Code {
	return []seating.Code{
		seating.CodeTablesRequired, seating.CodeTooManyTables, seating.CodeTableNotFound, seating.CodeTableUnavailable,
		seating.CodeTableOccupied, seating.CodeCapacityInsufficient, seating.CodeBelowMinimum, seating.CodeSlackExceeded,
		seating.CodeZoneMismatch, seating.CodeTableFixed, seating.CodeNotAdjacent, seating.CodeOutsideServiceHours,
		seating.CodeServiceOverrun, seating.CodeClosed, seating.CodePast, seating.CodePacingExceeded,
		seating.CodeAssignmentConflict, seating.CodeHoldConflict,
	}
}

func (a *API) selection() []*operation {
	booking := base + "/bookings/{bookingId}"
	return []*operation{
		{
			id: "get-assignment-context", method: http.MethodGet, path: booking + "/assignment-context", tag: tagSelection,
			summary: "Everything needed to choose tables for a booking",
			about:   "Served from memory, without guest data. Its version is what If-Match of the steps that follow names.",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[ContextAnswer](), do: getContext,
			codes: []seating.Code{seating.CodeDayClosed},
		},
		{
			id: "validate-selection", method: http.MethodPost, path: booking + "/validate", tag: tagSelection,
			summary: "Would these tables do?",
			about:   "Changes nothing and is never refused for what it finds: ok says it. With If-Match, moved lists what changed since, where that matters.",
			who:     members, cap: seating.CapAssign, ifMatch: true, reads: true, status: http.StatusOK,
			body:   takes(ValidateRequest{Tables: []UUID{"019ac0de-0000-7000-8000-000000000012"}}),
			answer: gives[Verdict](), do: validateSelection,
			codes: []seating.Code{seating.CodeOverrideRequired, seating.CodeDayClosed},
		},
	}
}

func getContext(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	e, h, err := c.api.reader.Entry(c.ctx, h, c.booking)
	if err != nil {
		return nil, err
	}
	now := c.api.reader.Now()
	return &reply{body: c.contextAnswer(query.ContextOf(h, e, c.actor.Principal, now), h.Public(), now)}, nil
}

func validateSelection(c *call) (*reply, error) {
	in := c.body.(*ValidateRequest)
	tables, refusal := parseTables(in.Tables)
	if refusal != nil {
		return nil, refusal
	}
	if in.Override != nil && !c.actor.Can(seating.CapOverride) {
		return nil, seating.Refuse(seating.CodeOverrideRequired, "setting a check aside takes the capability override")
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, nil)
	if err != nil {
		return nil, err
	}
	e, h, err := c.api.reader.Entry(c.ctx, h, c.booking)
	if err != nil {
		return nil, err
	}
	q := query.Question{Tables: tables, RequireAdjacency: in.RequireAdjacency, Seen: c.ifMatch}
	q.Override, _ = in.Override.domain()
	verdict, moved, err := c.api.reader.Validate(c.ctx, h, e, c.actor.Principal, q)
	if err != nil {
		return nil, err
	}
	c.tellVerdict(h, e, verdict)
	out := Verdict{
		OK: verdict.OK, Summary: verdict.Summary, Stamp: c.stamp(h),
		Checks: list(checksOf(verdict.Checks, c.names(principalsOfChecks(verdict.Checks)...))),
	}
	if moved != nil {
		out.Moved = &Moved{Reason: moved.Reason, Changed: list(changedOf(moved.Changed))}
	}
	return &reply{body: out}, nil
}
