package httpapi

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

const tagOperators = "operators"

// OutboxRowsAnswer is a page of rows of the outbox.
type OutboxRowsAnswer struct {
	Rows       []backoffice.OutboxRow `json:"rows"`
	NextCursor string                 `json:"nextCursor,omitempty"`
}

// OutboxRowAnswer is a row of the outbox.
type OutboxRowAnswer struct {
	Row backoffice.OutboxRow `json:"row"`
}

// OperationsAnswer is a page of what operators did, newest first.
type OperationsAnswer struct {
	Operations []backoffice.OperatorAction `json:"operations"`
	NextCursor string                      `json:"nextCursor,omitempty"`
}

// RetryRowsRequest names rows to be delivered now.
type RetryRowsRequest struct {
	IDs []int64 `json:"ids" minItems:"1" maxItems:"200"`
}

// RedriveRequest selects dead rows to bring back; what is left out selects all. How
// many they may be is always said: a request without a body brings nothing back.
type RedriveRequest struct {
	Sink       string `json:"sink,omitempty" maxLength:"64"`
	Type       string `json:"type,omitempty" maxLength:"100"`
	Restaurant *UUID  `json:"restaurantId,omitempty"`
	Cause      string `json:"cause,omitempty" maxLength:"64"`
	Since      string `json:"since,omitempty" maxLength:"40" format:"date-time" doc:"Only those that died since then."`
	Rate       string `json:"rate,omitempty" maxLength:"20" doc:"How fast they become due: rows a second, minute or hour. Default 100/s." example:"100/s"`
	Limit      int    `json:"limit" minimum:"1" maximum:"10000" doc:"How many at most, oldest first."`
	DryRun     bool   `json:"dryRun,omitempty" doc:"Only count them."`
}

// SkipRowRequest names a row to be given up, and says why.
type SkipRowRequest struct {
	ID     int64  `json:"id" minimum:"1"`
	Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"On one line; it is kept in the log of operators."`
}

// officeOperations lists the operations about deliveries and jobs. None shows what an event
// says: an operator sees no booking.
func (a *API) officeOperations() []*operation {
	change := func(op operation) *operation {
		op.method, op.tag, op.who, op.status = http.MethodPost, tagOperators, operators, http.StatusOK
		op.do = rightsOfNow(op.do)
		return &op
	}
	read := func(op operation) *operation {
		op.method, op.tag, op.who, op.status = http.MethodGet, tagOperators, operators, http.StatusOK
		return &op
	}
	gone := []seating.Code{seating.CodeNotFound}
	return []*operation{
		read(operation{
			id: "get-outbox-status", path: "/v1/ops/outbox", summary: "How deliveries stand, by sink",
			answer: gives[backoffice.OutboxStatus](), do: getOutboxStatus,
		}),
		read(operation{
			id: "list-outbox-rows", path: "/v1/ops/outbox/rows", summary: "List rows of the outbox that wait or are dead",
			about:  "By id, which is their order. Never what they say.",
			answer: gives[OutboxRowsAnswer](), do: listOutboxRows, query: outboxParams(),
		}),
		read(operation{
			id: "get-outbox-row", path: "/v1/ops/outbox/rows/{row}", summary: "Get a row of the outbox that waits or is dead",
			about: "Never what it says.", answer: gives[OutboxRowAnswer](), do: getOutboxRow, codes: gone,
		}),
		change(operation{
			id: "retry-outbox-rows", path: "/v1/ops/outbox/retry", summary: "Deliver rows now",
			about: "Rows that wait are due now, and what is parked behind them is free; dead ones come back under their ids.",
			body:  takes(RetryRowsRequest{IDs: []int64{17}}), answer: gives[backoffice.Retried](), do: retryOutboxRows,
		}),
		change(operation{
			id: "redrive-outbox", path: "/v1/ops/outbox/redrive", summary: "Bring dead rows back",
			about:  "Oldest first, under their ids and keys, so that a receiver that has one already can tell; at a rate, so that it is not run over.",
			body:   takes(RedriveRequest{Sink: store.SinkWebhook, Cause: store.CauseExhausted, Rate: "50/s", Limit: 500, DryRun: true}),
			answer: gives[backoffice.Redriven](), do: redriveOutbox,
		}),
		change(operation{
			id: "skip-outbox-row", path: "/v1/ops/outbox/skip", summary: "Give a row up that waits",
			about: "It goes to the dead letters, and those behind it go on. It can be brought back.",
			body:  takes(SkipRowRequest{ID: 17, Reason: "the receiver was told by telephone"}), answer: gives[backoffice.Skipped](), do: skipOutboxRow, codes: gone,
		}),
		change(operation{
			id: "pause-sink", path: "/v1/ops/sinks/{sink}/pause", summary: "Stop the deliveries of a sink",
			about: "Rows are kept, none is handed out; one that is being delivered still is.", answer: gives[backoffice.PausedSink](), do: pauseSink, codes: gone,
		}),
		change(operation{
			id: "resume-sink", path: "/v1/ops/sinks/{sink}/resume", summary: "Go on with the deliveries of a sink",
			answer: gives[backoffice.PausedSink](), do: resumeSink, codes: gone,
		}),
		read(operation{
			id: "list-operations", path: "/v1/ops/operations", summary: "What operators did, newest first",
			answer: gives[OperationsAnswer](), do: listOperations, query: []param{officeLimit(), cursorParam()},
		}),
		read(operation{
			id: "list-jobs", path: "/v1/ops/jobs", summary: "The jobs, who runs them and how the last run went",
			answer: gives[backoffice.JobList](), do: listJobs,
		}),
		change(operation{
			id: "run-job", path: "/v1/ops/jobs/{job}/run", summary: "Run a job now", about: "The process that has its lease does, at its next look.",
			answer: gives[backoffice.JobAsked](), do: runJob, codes: gone,
		}),
	}
}

// rightsOfNow asks for the operator's rights of this moment, not of a second ago:
// no guard of a commit looks at them.
func rightsOfNow(do func(*call) (*reply, error)) func(*call) (*reply, error) {
	return func(c *call) (*reply, error) {
		if _, err := c.api.gate.Again(c.ctx, c.caller); err != nil {
			return nil, err
		}
		return do(c)
	}
}

func outboxParams() []param {
	enum := func(words []string) *huma.Schema {
		s := textSchema("")
		for _, w := range words {
			s.Enum = append(s.Enum, w)
		}
		return s
	}
	var states []string
	for _, s := range backoffice.States() {
		states = append(states, string(s))
	}
	return []param{
		{name: "sink", about: "Only of this sink.", schema: enum(store.Sinks())},
		{name: "state", about: "Only those that wait (parked ones too), are parked, or are dead.", schema: enum(states)},
		{name: "restaurantId", about: "Only of this restaurant.", schema: textSchema("uuid")},
		{name: "endpointId", about: "Only of this endpoint of a webhook.", schema: textSchema("uuid")},
		{name: "type", about: "Only events of this type.", schema: textSchema("")},
		{name: "cause", about: "Only those that are dead because of it.", schema: enum(backoffice.Causes())},
		officeLimit(), cursorParam(),
	}
}

func officeLimit() param {
	p := limitParam()
	p.schema.Default = backoffice.DefaultLimit
	return p
}

// officeLimit reads the size of a page of operators.
func (c *call) officeLimit() (int, *seating.Error) {
	if !c.query.Has("limit") {
		return backoffice.DefaultLimit, nil
	}
	return c.limit()
}

func getOutboxStatus(c *call) (*reply, error) {
	status, err := c.api.office.Status(c.ctx)
	if err != nil {
		return nil, err
	}
	return &reply{body: status}, nil
}

// outboxQuery reads the filters, and the place to go on from.
func (c *call) outboxQuery() (q backoffice.RowsQuery, of string, err error) {
	filters := []string{}
	for _, name := range []string{"sink", "state", "restaurantId", "endpointId", "type", "cause"} {
		text := c.query.Get(name)
		if c.query.Has(name) && text == "" {
			return q, "", unreadable(name, "must not be empty; leave it out instead")
		}
		filters = append(filters, text)
	}
	q = backoffice.RowsQuery{
		Sink: filters[0], State: store.RowState(filters[1]), Type: seating.EventType(filters[4]), Cause: filters[5],
	}
	if q.Restaurant, err = seating.ParseID[seating.RestaurantID](filters[2]); filters[2] != "" && err != nil {
		return q, "", unreadable("restaurantId", "must be the id of a restaurant")
	}
	if q.Endpoint, err = seating.ParseID[seating.EndpointID](filters[3]); filters[3] != "" && err != nil {
		return q, "", unreadable("endpointId", "must be the id of an endpoint")
	}
	of = c.listKey(filters...)
	limit, refusal := c.officeLimit()
	if refusal != nil {
		return q, "", refusal
	}
	q.Limit = limit
	if text := c.query.Get("cursor"); text != "" {
		if refusal := c.api.cursors.open(of, text, &q.After); refusal != nil {
			return q, "", refusal
		}
	}
	return q, of, nil
}

func listOutboxRows(c *call) (*reply, error) {
	q, of, err := c.outboxQuery()
	if err != nil {
		return nil, err
	}
	page, err := c.api.office.Rows(c.ctx, q)
	if err != nil {
		return nil, inQuery(err)
	}
	out := OutboxRowsAnswer{Rows: page.Rows}
	if page.Next != 0 {
		if out.NextCursor, err = c.api.cursors.seal(of, page.Next); err != nil {
			return nil, err
		}
	}
	return &reply{body: out}, nil
}

func getOutboxRow(c *call) (*reply, error) {
	id, err := strconv.ParseInt(c.r.PathValue("row"), 10, 64)
	if err != nil || id < 1 {
		return nil, seating.Refuse(seating.CodeNotFound, "there is no such row in the outbox")
	}
	row, err := c.api.office.Row(c.ctx, id)
	if err != nil {
		return nil, err
	}
	return &reply{body: OutboxRowAnswer{Row: row}}, nil
}

func retryOutboxRows(c *call) (*reply, error) {
	done, err := c.api.office.Retry(c.ctx, c.caller.Principal(), c.body.(*RetryRowsRequest).IDs)
	if err != nil {
		return nil, inOfficeBody(err)
	}
	return &reply{body: done}, nil
}

func redriveOutbox(c *call) (*reply, error) {
	in := c.body.(*RedriveRequest)
	r := backoffice.Redrive{
		Sink: in.Sink, Type: seating.EventType(in.Type), Cause: in.Cause, Rate: in.Rate, Limit: in.Limit, DryRun: in.DryRun,
	}
	var f faults
	if in.Since != "" {
		r.Since = f.instant("/since", in.Since)
	}
	if refusal := seating.InvalidFields(f.list); refusal != nil {
		return nil, refusal
	}
	if in.Restaurant != nil {
		var refusal *seating.Error
		if r.Restaurant, refusal = parseUUID[seating.RestaurantID](*in.Restaurant, "/restaurantId"); refusal != nil {
			return nil, refusal
		}
	}
	done, err := c.api.office.Redrive(c.ctx, c.caller.Principal(), r)
	if err != nil {
		return nil, inOfficeBody(err)
	}
	return &reply{body: done}, nil
}

func skipOutboxRow(c *call) (*reply, error) {
	in := c.body.(*SkipRowRequest)
	done, err := c.api.office.Skip(c.ctx, c.caller.Principal(), in.ID, in.Reason)
	if err != nil {
		return nil, inOfficeBody(err)
	}
	return &reply{body: done}, nil
}

func pauseSink(c *call) (*reply, error) {
	done, err := c.api.office.Pause(c.ctx, c.caller.Principal(), c.r.PathValue("sink"))
	if err != nil {
		return nil, err
	}
	return &reply{body: done}, nil
}

func resumeSink(c *call) (*reply, error) {
	done, err := c.api.office.Resume(c.ctx, c.caller.Principal(), c.r.PathValue("sink"))
	if err != nil {
		return nil, err
	}
	return &reply{body: done}, nil
}

func listOperations(c *call) (*reply, error) {
	limit, refusal := c.officeLimit()
	if refusal != nil {
		return nil, refusal
	}
	of, before := c.listKey(), int64(0)
	if text := c.query.Get("cursor"); text != "" {
		if refusal := c.api.cursors.open(of, text, &before); refusal != nil {
			return nil, refusal
		}
	}
	page, err := c.api.office.Operations(c.ctx, before, limit)
	if err != nil {
		return nil, err
	}
	out := OperationsAnswer{Operations: page.Operations}
	if page.Next != 0 {
		if out.NextCursor, err = c.api.cursors.seal(of, page.Next); err != nil {
			return nil, err
		}
	}
	return &reply{body: out}, nil
}

func listJobs(c *call) (*reply, error) {
	list, err := c.api.office.Jobs(c.ctx)
	if err != nil {
		return nil, err
	}
	return &reply{body: list}, nil
}

func runJob(c *call) (*reply, error) {
	asked, err := c.api.office.RunJob(c.ctx, c.caller.Principal(), c.r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	return &reply{body: asked}, nil
}

// inQuery tells the fault of a filter as one of a parameter.
func inQuery(err error) error {
	refusal, ok := errors.AsType[*seating.Error](err)
	if !ok || refusal.Code != seating.CodeInvalid || len(refusal.Details.Fields) != 1 {
		return err
	}
	f := refusal.Details.Fields[0]
	return unreadable(f.Pointer, "%s", f.Message)
}

// inOfficeBody points the faults of a request into the body.
func inOfficeBody(err error) error {
	refusal, ok := errors.AsType[*seating.Error](err)
	if !ok || refusal.Code != seating.CodeInvalid {
		return err
	}
	pointed := *refusal
	pointed.Details.Fields = slices.Clone(refusal.Details.Fields)
	for i := range pointed.Details.Fields {
		pointed.Details.Fields[i].Pointer = "/" + pointed.Details.Fields[i].Pointer
	}
	return &pointed
}
