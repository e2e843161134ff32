package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Problem is the body of every refusal: RFC 9457 problem details with the stable
// code and the operands a program or a person can act on.
type Problem struct {
	Type   string `json:"type" format:"uri-reference" doc:"Where the code is explained." example:"/problems/HOLD_CONFLICT"`
	Title  string `json:"title" doc:"What the code means, in one sentence."`
	Status int    `json:"status" doc:"The HTTP status." example:"409"`
	Detail string `json:"detail,omitempty" doc:"What happened this time."`
	Code   Code   `json:"code" doc:"The stable word for the refusal; programs branch on it."`

	Errors            []seating.Field     `json:"errors,omitempty" doc:"INVALID: one per refused field; pointer is a JSON pointer into the body, or the name of a header or parameter."`
	Checks            []Check             `json:"checks,omitempty" doc:"The verdict of every check, when a check refused."`
	CurrentStatus     seating.Status      `json:"currentStatus,omitempty" doc:"BOOKING_STATE: the state the booking is in."`
	Hold              *HoldFact           `json:"hold,omitempty" doc:"What became of the hold."`
	Cause             seating.CheckID     `json:"cause,omitempty" doc:"POLICY_DRIFT, TABLE_DRIFT: the check that fails now."`
	Tables            []seating.TableRef  `json:"tables,omitempty"`
	Blockers          []Blocker           `json:"blockers,omitempty" doc:"Whose claims stand in the way."`
	Changed           []Changed           `json:"changed,omitempty" doc:"STALE_CONTEXT: what changed since the version in If-Match."`
	Reason            string              `json:"reason,omitempty" doc:"A word that narrows the code, such as too_old."`
	Alternatives      []seating.Choice    `json:"alternatives,omitempty" doc:"NO_TABLE: the nearest times at which the party could sit."`
	RetryAfterSeconds int                 `json:"retryAfterSeconds,omitempty"`
	Outcome           string              `json:"outcome,omitempty" enum:"unknown" doc:"unknown: the change may have been made; ask again with the same Idempotency-Key."`
	TraceID           string              `json:"traceId,omitempty" doc:"Finds the failure in the log."`
	Version           *seating.Version    `json:"version,omitempty" doc:"The restaurant's version, once it is known who asks."`
	ServerNow         servicetime.Instant `json:"serverNow,omitempty" doc:"The server's time, RFC 3339."`
}

// HoldFact says what became of a hold.
type HoldFact struct {
	ID        seating.HoldID      `json:"holdId"`
	Booking   seating.BookingID   `json:"bookingId"`
	How       seating.HoldEnd     `json:"how,omitempty"`
	By        *Principal          `json:"by,omitempty"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
}

// refusalOf finds the refusal in an error; what is none becomes UNAVAILABLE when
// the store or the time ran out, INTERNAL otherwise. Nothing of the error itself
// is told.
func refusalOf(err error, write bool) *seating.Error {
	if e, ok := errors.AsType[*seating.Error](err); ok {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, store.ErrAmbiguous) {
		e := seating.Refuse(seating.CodeUnavailable, "no answer in time; try again")
		e.Details.RetryAfter, e.Details.Unknown = time.Second, write
		return e
	}
	if errors.Is(err, store.ErrUnavailable) {
		e := seating.Refuse(seating.CodeUnavailable, "the store does not answer; try again")
		e.Details.RetryAfter = time.Second
		return e
	}
	return &seating.Error{Code: seating.CodeInternal}
}

// problemOf makes the body of a refusal. The names of principals come from known.
func problemOf(e *seating.Error, known map[string]Principal) *Problem {
	entry := e.Code.Entry()
	d := e.Details
	p := &Problem{
		Type: problemPath + string(entry.Code), Title: entry.Meaning, Status: entry.Status, Detail: e.Msg, Code: Code(entry.Code),
		Errors: d.Fields, Checks: checksOf(d.Checks, known), CurrentStatus: d.Status, Cause: d.Cause, Tables: d.Tables,
		Blockers: blockersOf(d.Blockers, known), Changed: changedOf(d.Changed), Reason: d.Reason, Alternatives: d.Choices,
	}
	if entry.Code == seating.CodeInternal {
		return &Problem{Type: p.Type, Title: p.Title, Status: p.Status, Code: p.Code, Detail: "the failure is in the log under the trace id"}
	}
	if len(d.Fields) > 0 && d.Fields[0].Message == e.Msg && d.Fields[0].Pointer != "" {
		p.Detail = d.Fields[0].Pointer + ": " + e.Msg
	}
	if h := d.Hold; h != nil {
		p.Hold = &HoldFact{ID: h.ID, Booking: h.Booking, How: h.How, ExpiresAt: h.ExpiresAt}
		if h.By != "" {
			by := nameOf(h.By, known)
			p.Hold.By = &by
		}
	}
	if d.RetryAfter > 0 {
		p.RetryAfterSeconds = int(math.Ceil(d.RetryAfter.Seconds()))
	} else if entry.Status == http.StatusTooManyRequests || entry.Status == http.StatusServiceUnavailable {
		p.RetryAfterSeconds = 1
	}
	if d.Unknown {
		p.Outcome = "unknown"
	}
	return p
}

// principalsOf lists whom a refusal names.
func principalsOf(e *seating.Error) []string {
	var list []string
	if e.Details.Hold != nil && e.Details.Hold.By != "" {
		list = append(list, e.Details.Hold.By)
	}
	for _, b := range e.Details.Blockers {
		list = appendPrincipal(list, b.HeldBy)
	}
	return append(list, principalsOfChecks(e.Details.Checks)...)
}

// problemPath is where the codes are explained.
const problemPath = "/problems/"

// write sends the problem.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if p.RetryAfterSeconds > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfterSeconds))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="maitred"`)
	}
	w.WriteHeader(p.Status)
	writeJSON(w, p)
}

func writeJSON(w http.ResponseWriter, body any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the caller has gone: nobody to tell
}

// plainProblem is a refusal before it is known what is asked: no such route, a
// method that does not apply, a panic.
func plainProblem(code seating.Code, status int, detail string) *Problem {
	entry := code.Entry()
	return &Problem{Type: problemPath + string(entry.Code), Title: entry.Meaning, Status: status, Detail: detail, Code: Code(entry.Code)}
}

// logFailure writes what a 5xx was: an error when it is a bug, a warning when the
// store is away. It never sees a body, a header or a guest.
func (a *API) logFailure(ctx context.Context, level slog.Level, trace, operation string, err error) {
	a.logger.LogAttrs(ctx, level, "request failed",
		slog.String("trace", trace), slog.String("operation", operation), slog.Any("error", err))
}
