package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
)

func TestManualFlow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := s.book(v, 4, "19:00")
	c := s.do(http.MethodGet, v.path("/bookings/"+id+"/assignment-context"), host, nil).want(http.StatusOK)
	if n := len(c.list("tables")); n != 6 {
		t.Errorf("assignment-context: %d tables, want 6", n)
	}
	if sug := c.list("suggestions"); len(sug) == 0 || sug[0]["waste"] != 0.0 {
		t.Errorf("assignment-context: suggestions = %v, want the best first, without waste", sug)
	}
	seen := `"` + c.text("version") + `"`
	ok := s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T2"), headerIfMatch, seen).want(http.StatusOK)
	if ok.at("ok") != true || ok.at("moved") != nil {
		t.Errorf("validate(T2) = %s, want ok and nothing moved", ok.raw)
	}
	small := s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T1")).want(http.StatusOK)
	if small.at("ok") != false {
		t.Errorf("validate(T1 for 4) = %s, want not ok", small.raw)
	}
	held := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerIfMatch, seen).want(http.StatusCreated)
	hold := held.text("hold", "id")
	if held.text("hold", "createdBy", "name") != "the host" || held.text("hold", "status") != "live" {
		t.Errorf("hold = %s, want live, by the host", held.raw)
	}
	s.do(http.MethodPost, v.path("/holds/"+hold+"/extend"), host, ExtendRequest{Seconds: 400}).want(http.StatusOK)
	s.do(http.MethodGet, v.path("/holds/"+hold), host, nil).want(http.StatusOK)
	if n := len(s.do(http.MethodGet, v.path("/holds"), host, nil).want(http.StatusOK).list("holds")); n != 1 {
		t.Errorf("GET /holds: %d, want 1", n)
	}
	confirmed := s.do(http.MethodPost, v.path("/holds/"+hold+"/confirm"), host, "{}").want(http.StatusOK)
	if confirmed.text("booking", "status") != "confirmed" || len(confirmed.list("assignment", "tableIds")) != 1 {
		t.Errorf("confirm = %s, want confirmed at one table", confirmed.raw)
	}
	over := s.do(http.MethodGet, v.path("/holds/"+hold), host, nil).want(http.StatusOK)
	if over.text("hold", "status") != "confirmed" || over.text("hold", "endedBy", "name") != "the host" {
		t.Errorf("GET a confirmed hold = %s", over.raw)
	}
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), host, s.tables(v, "T2", "T3")).refused(http.StatusUnprocessableEntity, seating.CodeSlackExceeded)
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), host, s.tables(v, "T3")).want(http.StatusOK)
	other := s.book(v, 3, "19:00", func(r *CreateBookingRequest) { r.Tables = []UUID{UUID(v.tables["T4"])} })
	swapped := s.do(http.MethodPost, v.path("/assignments/swap"), host, SwapRequest{A: UUID(id), B: UUID(other)}).want(http.StatusOK)
	if got := swapped.object("a", "assignment")["tableIds"].([]any)[0]; got != v.tables["T4"] {
		t.Errorf("swap: a sits at %v, want T4", got)
	}
	gone := s.do(http.MethodDelete, v.path("/bookings/"+id+"/assignment"), host, nil).want(http.StatusOK)
	if gone.text("booking", "status") != "pending" || gone.at("assignment") != nil {
		t.Errorf("DELETE assignment = %s, want pending without assignment", gone.raw)
	}
	hold = s.hold(v, id, "T6").text("hold", "id")
	for range 2 {
		s.do(http.MethodDelete, v.path("/holds/"+hold), host, nil).want(http.StatusOK)
	}
	cancelled := s.do(http.MethodPost, v.path("/bookings/"+id+"/cancel"), host, CancelRequest{Reason: "guest_called"}).want(http.StatusOK)
	if cancelled.text("booking", "status") != "cancelled" {
		t.Errorf("cancel = %s", cancelled.raw)
	}
	h := s.do(http.MethodGet, v.path("/bookings/"+id+"/history?limit=3"), host, nil).want(http.StatusOK)
	if first := h.list("history")[0]; first["command"] != "cancel" {
		t.Errorf("history: newest = %v, want cancel", first)
	}
	rest := s.do(http.MethodGet, v.path("/bookings/"+id+"/history?limit=3&cursor="+h.text("nextCursor")), host, nil).want(http.StatusOK)
	if len(rest.list("history")) == 0 {
		t.Errorf("history page 2 = %s", rest.raw)
	}
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	id := s.book(v, 4, "19:00")
	hold := s.hold(v, id, "T2").text("hold", "id")
	manager := v.tokens[seating.RoleManager]
	conflict := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), manager, s.tables(v, "T3")).refused(http.StatusConflict, seating.CodeHoldConflict)
	if len(conflict.list("checks")) == 0 || conflict.list("blockers")[0]["heldBy"].(map[string]any)["name"] != "the host" {
		t.Errorf("HOLD_CONFLICT = %s, want who holds", conflict.raw)
	}
	s.do(http.MethodPost, v.path("/holds/"+hold+"/take-over"), v.tokens[seating.RoleHost], TakeOverRequest{Reason: "x"}, headerActingFor, "other").refused(http.StatusForbidden, seating.CodeOverrideRequired)
	taken := s.do(http.MethodPost, v.path("/holds/"+hold+"/take-over"), manager, TakeOverRequest{Reason: "guest_waiting"}).want(http.StatusCreated)
	if taken.text("hold", "createdBy", "name") != "the manager" {
		t.Errorf("take-over = %s", taken.raw)
	}
	ended := s.do(http.MethodPost, v.path("/holds/"+hold+"/confirm"), v.tokens[seating.RoleHost], "{}").refused(http.StatusGone, seating.CodeHoldEnded)
	if ended.text("hold", "by", "name") != "the manager" || ended.text("hold", "how") != "superseded" {
		t.Errorf("HOLD_ENDED = %s, want by the manager", ended.raw)
	}
}

func TestSettingsPutBackAreNoOps(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	for path, field := range map[string]string{"/floor": "floor", "/policy": "policy", "/service-periods": "", "/closures": ""} {
		got := s.do(http.MethodGet, v.path(path), owner, nil).want(http.StatusOK)
		if got.header.Get("ETag") != `"`+got.text("version")+`"` {
			t.Errorf("GET %s: ETag = %s, want the version", path, got.header.Get("ETag"))
		}
		body := any(got.body)
		if field != "" {
			body = got.at(field)
		} else {
			delete(got.body, "version")
			delete(got.body, "serverNow")
		}
		put := s.do(http.MethodPut, v.path(path), owner, body, headerIfMatch, got.header.Get("ETag")).want(http.StatusOK)
		if put.header.Get("ETag") != got.header.Get("ETag") {
			t.Errorf("PUT %s of its own answer: version %s, want %s", path, put.header.Get("ETag"), got.header.Get("ETag"))
		}
		back := put.body
		delete(back, "version")
		delete(back, "serverNow")
		want := map[string]any{}
		for k, x := range got.body {
			if k != "version" && k != "serverNow" && k != "blocks" {
				want[k] = x
			}
		}
		if d := cmp.Diff(want, back); d != "" {
			t.Errorf("PUT %s of its own answer differs (-want +got):\n%s", path, d)
		}
		s.do(http.MethodGet, v.path(path), owner, nil, headerIfNoneMatch, got.header.Get("ETag")).want(http.StatusNotModified)
	}
}

func TestSettingsChangeOnlyWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	seen := s.do(http.MethodGet, v.path("/policy"), owner, nil).want(http.StatusOK)
	policy := seen.object("policy")
	policy["slackBudget"] = 6
	s.do(http.MethodPut, v.path("/policy"), owner, policy, headerIfMatch, seen.header.Get("ETag")).want(http.StatusOK)
	policy["slackBudget"] = 7
	stale := s.do(http.MethodPut, v.path("/policy"), owner, policy, headerIfMatch, seen.header.Get("ETag")).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	if changed := stale.list("changed"); len(changed) != 1 || changed[0]["what"] != "put_policy" {
		t.Errorf("stale PUT /policy: changed = %v, want put_policy", changed)
	}
	// a booking is no change of the policy
	seen = s.do(http.MethodGet, v.path("/policy"), owner, nil).want(http.StatusOK)
	s.book(v, 2, "19:00")
	s.do(http.MethodPut, v.path("/policy"), owner, policy, headerIfMatch, seen.header.Get("ETag")).want(http.StatusOK)
}

func TestLists(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	want := []string{s.book(v, 2, "18:00"), s.book(v, 2, "19:00"), s.book(v, 2, "20:00")}
	var got []string
	next := "?limit=2"
	for next != "" {
		page := s.do(http.MethodGet, v.path("/bookings"+next), host, nil).want(http.StatusOK)
		for _, b := range page.list("bookings") {
			got = append(got, b["id"].(string))
		}
		next = ""
		if c, ok := page.at("nextCursor").(string); ok {
			next = "?limit=2&cursor=" + c
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("GET /bookings, page by page (-want +got):\n%s", d)
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings?date=2026-11-28"), host, nil).want(http.StatusOK).list("bookings")); n != 0 {
		t.Errorf("GET /bookings of another day: %d, want none", n)
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings?status=cancelled,no_show"), host, nil).want(http.StatusOK).list("bookings")); n != 0 {
		t.Errorf("GET /bookings?status=cancelled,no_show: %d, want none", n)
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings?from=2026-11-01&to=2026-12-31&status=pending"), host, nil).want(http.StatusOK).list("bookings")); n != 3 {
		t.Errorf("GET /bookings of a range: %d, want 3", n)
	}
}

func TestMeRestaurantVersion(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	me := s.do(http.MethodGet, "/v1/me", v.tokens[seating.RoleServer], nil).want(http.StatusOK)
	if r := me.list("restaurants"); len(r) != 1 || r[0]["role"] != "server" || r[0]["restaurantId"] != v.id.String() {
		t.Errorf("GET /v1/me = %s", me.raw)
	}
	if got := s.do(http.MethodGet, v.path(""), v.tokens[seating.RoleServer], nil).want(http.StatusOK).text("restaurant", "slug"); got != v.slug {
		t.Errorf("GET restaurant: slug = %s, want %s", got, v.slug)
	}
	version := s.do(http.MethodGet, v.path("/version"), v.tokens[seating.RoleServer], nil).want(http.StatusOK)
	s.do(http.MethodGet, v.path("/floor"), v.tokens[seating.RoleServer], nil, headerMinVersion, version.text("version")).want(http.StatusOK)
	s.do(http.MethodGet, v.path("/floor"), v.tokens[seating.RoleServer], nil, headerMinVersion, "eone.999999").refused(http.StatusServiceUnavailable, seating.CodeBehind)
}

func TestSystemRoutes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for path, contains := range map[string]string{
		"/healthz": `"ok"`, "/readyz": `"ok"`, "/openapi.yaml": "openapi: 3.1.0", "/openapi.json": `"openapi":"3.1.0"`,
		"/metrics": "maitred_http_request_seconds", "/problems/HOLD_CONFLICT": "409",
	} {
		got := s.do(http.MethodGet, path, "", nil).want(http.StatusOK)
		if !strings.Contains(string(got.raw), contains) {
			t.Errorf("GET %s = %.200s, want it to contain %s", path, got.raw, contains)
		}
	}
	s.do(http.MethodGet, "/problems/NOPE", "", nil).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodGet, "/nowhere", "", nil).refused(http.StatusNotFound, seating.CodeNotFound)
	s.do(http.MethodGet, "//healthz", "", nil).refused(http.StatusNotFound, seating.CodeNotFound)
	no := s.do(http.MethodDelete, "/v1/me", "", nil).refused(http.StatusMethodNotAllowed, seating.CodeUnreadable)
	if no.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("DELETE /v1/me: Allow = %q, want GET, HEAD", no.header.Get("Allow"))
	}
}
