package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// officePath fills the path of an operation of operators.
func officePath(path string) string {
	return strings.NewReplacer("{row}", "9007199254740991", "{sink}", store.SinkWebhook, "{job}", "no-such-job").Replace(path)
}

// noRow is an example that names a row which is not there.
func noRow(body string) string { return strings.Replace(body, `"id":17`, `"id":9007199254740991`, 1) }

// operatorAnswer is what an operator is answered who sends an operation's example:
// that nothing is there is an answer too.
func operatorAnswer(operation string) int {
	switch operation {
	case "create-restaurant":
		return http.StatusCreated
	case "get-outbox-row", "skip-outbox-row", "run-job":
		return http.StatusNotFound
	}
	return http.StatusOK
}

// rows lists the rows of a restaurant by id, page by page.
func (s *stack) rows(v venue, filter string, limit int) []map[string]any {
	s.t.Helper()
	var rows []map[string]any
	path := fmt.Sprintf("/v1/ops/outbox/rows?restaurantId=%s&limit=%d%s", v.id, limit, filter)
	for cursor := ""; ; {
		page := s.do(http.MethodGet, path+cursor, s.operator, nil).want(http.StatusOK)
		got := page.list("rows")
		if len(got) > limit {
			s.t.Errorf("%s: %d rows, want at most %d", path, len(got), limit)
		}
		rows = append(rows, got...)
		next, more := page.body["nextCursor"].(string)
		if !more {
			return rows
		}
		cursor = "&cursor=" + next
	}
}

func rowID(row map[string]any) int64 { return int64(row["id"].(float64)) }

func ids(rows []map[string]any) []int64 {
	list := []int64{}
	for _, r := range rows {
		list = append(list, rowID(r))
	}
	return list
}

// O18, O26: what waits and what is dead can be listed, looked at, given up and
// brought back, of one restaurant, and who did it is kept.
func TestO18_RowsAreListedSkippedAndBroughtBack(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	for range 3 {
		s.book(s.one, 2, "19:00", func(b *CreateBookingRequest) { b.Guest = &GuestRequest{Name: "Ms Secret", Phone: "+44 20 7946 0000"} })
	}
	s.book(s.two, 4, "20:00")
	all := s.rows(s.one, "", 200)
	if len(all) < 3 || !slices.IsSorted(ids(all)) {
		t.Fatalf("rows = %v, want those of three bookings, by id", ids(all))
	}
	if paged := s.rows(s.one, "", 2); cmp.Diff(all, paged) != "" {
		t.Errorf("rows by twos = %v, want %v", ids(paged), ids(all))
	}
	for _, r := range all {
		if r["restaurantId"] != s.one.id.String() || r["state"] != "waiting" || r["sink"] != store.SinkObservability {
			t.Errorf("row = %v, want one of the restaurant that waits", r)
		}
	}
	created := s.rows(s.one, "&type=booking.created&state=waiting&sink=observability", 200)
	if len(created) != 3 {
		t.Fatalf("%d rows of booking.created, want 3", len(created))
	}
	status := s.do(http.MethodGet, "/v1/ops/outbox", s.operator, nil).want(http.StatusOK)
	if o := sinkOf(t, status, store.SinkObservability); o["waiting"].(float64) < 4 || o["condition"] != "ok" || o["workers"] != 0.0 || status.body["behind"] != false {
		t.Errorf("status = %s", status.raw)
	}
	one := s.do(http.MethodGet, fmt.Sprintf("/v1/ops/outbox/rows/%d", rowID(created[0])), s.operator, nil).want(http.StatusOK)
	if d := cmp.Diff(created[0], one.object("row")); d != "" || strings.Contains(string(one.raw), "Secret") || strings.Contains(string(one.raw), "actor") {
		t.Errorf("row = %s, want the one of the list, and nothing of what it says", one.raw)
	}

	id := rowID(created[1])
	skip := map[string]any{"id": id, "reason": "told by telephone"}
	s.do(http.MethodPost, "/v1/ops/outbox/skip", s.operator, skip).want(http.StatusOK)
	s.do(http.MethodPost, "/v1/ops/outbox/skip", s.operator, skip).refused(http.StatusNotFound, seating.CodeNotFound)
	dead := s.rows(s.one, "&state=dead&cause=skipped", 200)
	if len(dead) != 1 || rowID(dead[0]) != id || dead[0]["reason"] != "skipped" || dead[0]["deadAt"] == nil {
		t.Fatalf("dead = %v, want row %d", dead, id)
	}
	if other := s.rows(s.two, "&state=dead", 200); len(other) != 0 {
		t.Errorf("dead of the other restaurant = %v, want none", other)
	}

	redrive := map[string]any{"restaurantId": s.two.id.String(), "limit": 10}
	s.do(http.MethodPost, "/v1/ops/outbox/redrive", s.operator, redrive).wantNumber("rows", 0)
	redrive = map[string]any{"restaurantId": s.one.id.String(), "cause": "skipped", "limit": 10, "dryRun": true}
	s.do(http.MethodPost, "/v1/ops/outbox/redrive", s.operator, redrive).wantNumber("rows", 1)
	if still := s.rows(s.one, "&state=dead", 200); len(still) != 1 {
		t.Errorf("after a dry run %d rows are dead, want 1", len(still))
	}
	delete(redrive, "dryRun")
	s.do(http.MethodPost, "/v1/ops/outbox/redrive", s.operator, redrive).wantNumber("rows", 1)
	back := s.rows(s.one, "&type=booking.created", 200)
	if cmp.Diff(ids(created), ids(back)) != "" || back[1]["dedupeKey"] != created[1]["dedupeKey"] || back[1]["state"] != "waiting" {
		t.Errorf("after a redrive = %v, want the row back in its place", back)
	}
	retried := s.do(http.MethodPost, "/v1/ops/outbox/retry", s.operator, map[string]any{"ids": []int64{id, 1 << 50}}).want(http.StatusOK)
	if d := cmp.Diff(map[string]any{"retried": []any{float64(id)}, "missing": []any{float64(1 << 50)}}, retried.body); d != "" {
		t.Errorf("retry (-want +got):\n%s", d)
	}

	s.do(http.MethodPost, "/v1/ops/sinks/webhook/pause", s.operator, nil).want(http.StatusOK)
	paused := s.do(http.MethodGet, "/v1/ops/outbox", s.operator, nil).want(http.StatusOK)
	if w := sinkOf(t, paused, store.SinkWebhook); w["paused"] != true || w["condition"] != "paused" {
		t.Errorf("status = %s, want the webhook paused", paused.raw)
	}
	s.do(http.MethodPost, "/v1/ops/sinks/webhook/resume", s.operator, nil).want(http.StatusOK)
	s.do(http.MethodPost, "/v1/ops/sinks/kafka/pause", s.operator, nil).refused(http.StatusNotFound, seating.CodeNotFound)

	var did []string
	for cursor := ""; ; {
		page := s.do(http.MethodGet, "/v1/ops/operations?limit=2"+cursor, s.operator, nil).want(http.StatusOK)
		for _, o := range page.list("operations") {
			did = append(did, o["action"].(string))
			if o["principal"] != "operator:"+s.operatorID.String() {
				t.Errorf("operation = %v, want it of the operator", o)
			}
			if o["action"] == "outbox.skip" && o["detail"].(map[string]any)["reason"] != "told by telephone" {
				t.Errorf("operation = %v, want the reason kept", o)
			}
		}
		next, more := page.body["nextCursor"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	// Newest first; a dry run is none.
	if want := []string{"outbox.resume", "outbox.pause", "outbox.retry", "outbox.redrive", "outbox.redrive", "outbox.skip"}; !slices.Equal(did, want) {
		t.Errorf("operations = %v, want %v", did, want)
	}
}

func sinkOf(t *testing.T, status *answer, sink string) map[string]any {
	t.Helper()
	for _, s := range status.list("sinks") {
		if s["sink"] == sink {
			return s
		}
	}
	t.Fatalf("no sink %s in %s", sink, status.raw)
	return nil
}

func (a *answer) wantNumber(field string, n float64) {
	a.t.Helper()
	if a.want(http.StatusOK); a.body[field] != n {
		a.t.Errorf("%s: %s = %v, want %v (%s)", a.what, field, a.body[field], n, a.raw)
	}
}

// A row that waits for more than a minute is told, and readiness does not depend on
// it.
func TestBehindIsTold(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	s.book(s.one, 2, "19:00")
	s.clock.advance(61 * time.Second)
	status := s.do(http.MethodGet, "/v1/ops/outbox", s.operator, nil).want(http.StatusOK)
	if o := sinkOf(t, status, store.SinkObservability); status.body["behind"] != true || o["condition"] != "behind" || o["oldestAgeSeconds"].(float64) < 61 {
		t.Errorf("status = %s, want it behind", status.raw)
	}
	s.do(http.MethodGet, "/readyz", "", nil).want(http.StatusOK)
}

// O25: sizes of pages that cannot be are refused, and so is every other filter.
func TestO25_FiltersThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for query, at := range map[string]string{
		"limit=0": "limit", "limit=-1": "limit", "limit=abc": "limit", "limit=1e9": "limit", "limit=201": "limit", "limit=": "limit", "limit=1&limit=2": "limit",
		"limit=0100": "limit", "sink=kafka": "sink", "sink=": "sink", "state=lost": "state", "cause=bored": "cause", "type=a%20b": "type", "type=": "type",
		"restaurantId=x": "restaurantId", "restaurantId=00000000-0000-0000-0000-000000000000": "restaurantId", "endpointId=x": "endpointId",
		"cause=skipped&state=waiting": "cause", "cursor=x": "cursor", "after=1": "after", "payload=true": "payload",
	} {
		got := s.do(http.MethodGet, "/v1/ops/outbox/rows?"+query, s.operator, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
		if p := got.pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("%s: pointers = %v, want %s", query, p, at)
		}
	}
	for _, limit := range []string{"1", "200"} {
		s.do(http.MethodGet, "/v1/ops/outbox/rows?limit="+limit, s.operator, nil).want(http.StatusOK)
	}
	for _, limit := range []string{"0", "201", "x"} {
		s.do(http.MethodGet, "/v1/ops/operations?limit="+limit, s.operator, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	}
	// A cursor is good for the filters it came from.
	s.book(s.one, 2, "19:00")
	s.book(s.one, 2, "20:00")
	next := s.do(http.MethodGet, "/v1/ops/outbox/rows?limit=1", s.operator, nil).want(http.StatusOK).text("nextCursor")
	s.do(http.MethodGet, "/v1/ops/outbox/rows?limit=1&cursor="+next, s.operator, nil).want(http.StatusOK)
	s.do(http.MethodGet, "/v1/ops/outbox/rows?sink=webhook&cursor="+next, s.operator, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
	for _, row := range []string{"0", "-1", "x", "1.5", "99999999999999999999", uuid.NewString()} {
		s.do(http.MethodGet, "/v1/ops/outbox/rows/"+row, s.operator, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	}
	for body, at := range map[string]string{
		`{"ids":[]}`: "/ids", `{"ids":[0]}`: "/ids", `{}`: "/ids", `{"ids":["1"]}`: "/ids/0",
	} {
		if p := s.do(http.MethodPost, "/v1/ops/outbox/retry", s.operator, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("retry %s: pointers = %v, want %s", body, p, at)
		}
	}
	for body, at := range map[string]string{
		`{"limit":1,"rate":"1/d"}`: "/rate", `{"limit":1,"since":"yesterday"}`: "/since", `{"limit":10001}`: "/limit", `{"limit":0}`: "/limit", `{}`: "/limit", `{"limit":1,"sink":"kafka"}`: "/sink",
		`{"limit":1,"cause":"bored"}`: "/cause", `{"limit":1,"restaurantId":"x"}`: "/restaurantId", `{"limit":1,"restaurantId":"00000000-0000-0000-0000-000000000000"}`: "/restaurantId",
	} {
		if p := s.do(http.MethodPost, "/v1/ops/outbox/redrive", s.operator, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("redrive %s: pointers = %v, want %s", body, p, at)
		}
	}
	s.do(http.MethodPost, "/v1/ops/outbox/redrive", s.operator, "").refused(http.StatusBadRequest, seating.CodeUnreadable)
	for body, at := range map[string]string{`{"id":1}`: "/reason", `{"id":1,"reason":" "}`: "/reason", `{"id":0,"reason":"x"}`: "/id", `{"id":1,"reason":"a\nb"}`: "/reason"} {
		if p := s.do(http.MethodPost, "/v1/ops/outbox/skip", s.operator, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{at}) {
			t.Errorf("skip %s: pointers = %v, want %s", body, p, at)
		}
	}
}

// rest is what operators ask nothing of; a method of it would panic.
type rest struct {
	store.Jobs
	others
}

type others = store.Outbox

// away is a store that does not answer.
type away struct{ rest }

func (away) Backlog(context.Context) ([]store.Backlog, error) { return nil, store.ErrUnavailable }

func (away) Outbox(context.Context, store.OutboxQuery) ([]store.OutboxEntry, error) {
	return nil, store.ErrUnavailable
}

func (away) OutboxEntry(context.Context, int64) (store.OutboxEntry, error) {
	return store.OutboxEntry{}, store.ErrUnavailable
}

func (away) Retry(context.Context, []int64, store.Note) ([]int64, error) {
	return nil, store.ErrUnavailable
}

func (away) Redrive(context.Context, store.Redrive, store.Note) (store.Redriven, error) {
	return store.Redriven{}, store.ErrAmbiguous
}

func (away) Skip(context.Context, int64, string, store.Note) error { return store.ErrUnavailable }

func (away) Pause(context.Context, string, bool, store.Note) error { return store.ErrUnavailable }

func (away) Operations(context.Context, int64, int) ([]store.Operated, error) {
	return nil, store.ErrUnavailable
}

func (away) AskJob(context.Context, string, store.Note) error { return store.ErrUnavailable }

func (away) JobStates(context.Context) ([]store.JobState, error) { return nil, store.ErrUnavailable }

// O21, O23: a store that does not answer is 503 with a code, never an empty list;
// and without a token nothing is told or done, whatever else fails.
func TestO21_O23_NothingFailsOpen(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	d := s.deps
	d.Registry, d.Office = prometheus.NewRegistry(), backoffice.New(away{}, away{}, nil)
	api, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	broken := *s
	broken.api = api
	seen := 0
	for _, op := range s.documented() {
		if !slices.Contains(operatorOperations, op.ID) || op.ID == "create-restaurant" {
			continue
		}
		seen++
		var body any
		if op.Body != nil {
			body = op.example()
		}
		got := broken.do(op.method, officePath(op.path), s.operator, body).refused(http.StatusServiceUnavailable, seating.CodeUnavailable)
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s = %s, want it said when to try again", op.ID, got.raw)
		}
		if unknown := got.body["outcome"] == "unknown"; unknown != (op.ID == "redrive-outbox") {
			t.Errorf("%s: outcome = %v", op.ID, got.body["outcome"])
		}
		broken.do(op.method, officePath(op.path), "", body).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
		broken.do(op.method, officePath(op.path), s.one.tokens[seating.RoleOwner], body).refused(http.StatusForbidden, seating.CodeForbidden)
	}
	if seen != len(operatorOperations)-1 {
		t.Errorf("%d operations, want %d", seen, len(operatorOperations)-1)
	}
}

// The rights of a second ago are not enough to steer deliveries.
func TestARevokedOperatorSteersNothing(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	s.book(s.one, 2, "19:00")
	s.do(http.MethodGet, "/v1/ops/outbox", s.operator, nil).want(http.StatusOK)
	if err := s.store.RevokeOperator(t.Context(), s.operatorID); err != nil {
		t.Fatal(err)
	}
	id := rowID(map[string]any{"id": 1.0})
	for path, body := range map[string]any{
		"/v1/ops/outbox/retry": map[string]any{"ids": []int64{id}}, "/v1/ops/outbox/redrive": `{"limit":1}`, "/v1/ops/outbox/skip": map[string]any{"id": id, "reason": "x"},
		"/v1/ops/sinks/webhook/pause": nil, "/v1/ops/sinks/webhook/resume": nil, "/v1/ops/jobs/prune/run": nil,
	} {
		s.do(http.MethodPost, path, s.operator, body).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	}
	did, err := s.store.Operations(t.Context(), 0, 10)
	if err != nil || len(did) != 0 {
		t.Errorf("Operations = %v, %v, want none", did, err)
	}
}

func TestJobsOverHTTP(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	if got := s.do(http.MethodGet, "/v1/ops/jobs", s.operator, nil).want(http.StatusOK).list("jobs"); len(got) != 0 {
		t.Errorf("jobs = %v, want none before a process had one", got)
	}
	if _, err := s.store.HoldJobs(t.Context(), "here", []string{"prune"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	s.do(http.MethodPost, "/v1/ops/jobs/prune/run", s.operator, nil).want(http.StatusOK)
	jobs := s.do(http.MethodGet, "/v1/ops/jobs", s.operator, nil).want(http.StatusOK).list("jobs")
	if len(jobs) != 1 || jobs[0]["job"] != "prune" || jobs[0]["condition"] != "ok" || jobs[0]["holder"] != "here" || jobs[0]["askedAt"] == nil {
		t.Errorf("jobs = %v, want prune, asked for", jobs)
	}
}
