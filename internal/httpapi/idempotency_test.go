package httpapi

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/seating"
)

// C01: the answer to a confirm was lost; the hold is gone, the same key answers
// the same.
func TestReplayAfterTheHoldIsGone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := s.book(v, 4, "19:00")
	holdKey, key := uuid.NewString(), uuid.NewString()
	made := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerKey, holdKey).want(http.StatusCreated)
	hold := made.text("hold", "id")
	path := v.path("/holds/" + hold + "/confirm")
	first := s.do(http.MethodPost, path, host, "{}", headerKey, key).want(http.StatusOK)
	if first.header.Get(headerReplayed) != "" {
		t.Errorf("the first answer says it is a replay")
	}
	again := s.do(http.MethodPost, path, host, ` { } `, headerKey, key).want(http.StatusOK)
	if again.header.Get(headerReplayed) != "true" {
		t.Errorf("%s = %q, want true", headerReplayed, again.header.Get(headerReplayed))
	}
	delete(first.body, "serverNow")
	delete(again.body, "serverNow")
	if d := cmp.Diff(first.body, again.body); d != "" {
		t.Errorf("the replay differs (-first +again):\n%s", d)
	}
	// the hold itself replays too, as it was made
	held := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerKey, holdKey).want(http.StatusCreated)
	if held.text("hold", "id") != hold || held.header.Get(headerReplayed) != "true" {
		t.Errorf("replayed hold = %s, want %s", held.raw, hold)
	}
	// a replay comes before every other refusal: its own If-Match is old by now
	s.do(http.MethodPost, path, host, "{}", headerKey, key, headerIfMatch, `"eone.0"`).want(http.StatusOK)
	if n := len(s.do(http.MethodGet, v.path("/holds"), host, nil).want(http.StatusOK).list("holds")); n != 0 {
		t.Errorf("%d live holds after the replays, want none", n)
	}
	// no key, and a hold this booking has confirmed: the assignment, and nothing done
	version := s.do(http.MethodGet, v.path("/version"), host, nil).text("version")
	s.do(http.MethodPost, path, host, "{}").want(http.StatusOK)
	if got := s.do(http.MethodGet, v.path("/version"), host, nil).text("version"); got != version {
		t.Errorf("confirming again moved the version from %s to %s", version, got)
	}
}

// C04, IDEMPOTENCY_CONFLICT: a key is bound to its request, and to its principal.
func TestKeyIsBoundToItsRequestAndPrincipal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id, other := s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	key := uuid.NewString()
	path := v.path("/bookings/" + id + "/holds")
	first := s.do(http.MethodPost, path, host, s.tables(v, "T2"), headerKey, key).want(http.StatusCreated)
	s.do(http.MethodPost, path, host, s.tables(v, "T3"), headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
	s.do(http.MethodPost, v.path("/bookings/"+other+"/holds"), host, s.tables(v, "T2"), headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
	s.do(http.MethodPost, v.path("/holds/"+first.text("hold", "id")+"/confirm"), host, "{}", headerKey, key).refused(http.StatusConflict, seating.CodeIdempotencyConflict)
	// another principal's key of the same letters is another key
	mine := s.do(http.MethodPost, v.path("/bookings/"+other+"/holds"), v.tokens[seating.RoleManager], s.tables(v, "T4"), headerKey, key).want(http.StatusCreated)
	if mine.header.Get(headerReplayed) != "" || mine.text("hold", "id") == first.text("hold", "id") {
		t.Errorf("another principal's key = %s, want a hold of its own", mine.raw)
	}
	acting := s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T2"), headerActingFor, "agent-7").want(http.StatusOK)
	if acting.at("ok") != false { // T2 is held by somebody else: the token itself
		t.Errorf("validate acting for somebody = %s, want the token's own hold in the way", acting.raw)
	}
	// and the same key in another restaurant is nobody's
	theirs := s.book(s.two, 4, "19:00")
	s.do(http.MethodPost, s.two.path("/bookings/"+theirs+"/holds"), s.two.tokens[seating.RoleHost], s.tables(s.two, "T2"), headerKey, key).want(http.StatusCreated)
}

// C38: a refusal leaves no receipt.
func TestRefusedKeyMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	blocker, id := s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	hold := s.hold(v, blocker, "T2").text("hold", "id")
	key := uuid.NewString()
	path := v.path("/bookings/" + id + "/assignment")
	s.do(http.MethodPut, path, host, s.tables(v, "T2"), headerKey, key).refused(http.StatusConflict, seating.CodeHoldConflict)
	s.do(http.MethodDelete, v.path("/holds/"+hold), host, nil).want(http.StatusOK)
	s.do(http.MethodPut, path, host, s.tables(v, "T2"), headerKey, key).want(http.StatusOK)
}

// C03: the same request twice at once acts once.
func TestSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	key := uuid.NewString()
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			ids[i] = s.do(http.MethodPost, v.path("/bookings"), host, CreateBookingRequest{Covers: 2, Date: friday, Time: "19:00"}, headerKey, key).text("booking", "id")
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one key made bookings %v, want one", ids)
		}
	}
	if n := len(s.do(http.MethodGet, v.path("/bookings"), host, nil).list("bookings")); n != 1 {
		t.Errorf("%d bookings, want 1", n)
	}
}

func TestKeyIsRequiredOfTokens(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := uuid.NewString()
	for _, x := range []struct{ method, path string }{
		{"POST", "/bookings"},
		{"POST", "/walk-ins"},
		{"POST", "/bookings/" + id + "/holds"},
		{"POST", "/holds/" + id + "/confirm"},
		{"PUT", "/bookings/" + id + "/assignment"},
		{"POST", "/assignments/swap"},
	} {
		got := s.do(x.method, v.path(x.path), host, untouched{t, x.path}, headerKey, "").refused(http.StatusBadRequest, seating.CodeIdempotencyKeyRequired)
		if p := got.pointers(); len(p) != 1 || p[0] != headerKey {
			t.Errorf("%s %s without a key: pointers = %v, want %s", x.method, x.path, p, headerKey)
		}
	}
	s.do(http.MethodPost, v.path("/bookings/"+id+"/cancel"), host, "{}", headerKey, "").refused(http.StatusNotFound, seating.CodeNotFound)
}

func TestStaleContextSaysWhatChanged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id, other, far := s.book(v, 4, "19:00"), s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	seen := `"` + s.do(http.MethodGet, v.path("/bookings/"+id+"/assignment-context"), host, nil).text("version") + `"`
	s.hold(v, far, "T6") // no neighbour of T2: no concern of this selection
	s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T2"), headerIfMatch, seen).want(http.StatusOK)
	s.hold(v, other, "T3") // a neighbour of T2
	moved := s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T2"), headerIfMatch, seen).want(http.StatusOK)
	if changed := moved.object("moved")["changed"].([]any); len(changed) != 1 {
		t.Errorf("validate: moved = %v, want the neighbour's hold alone", moved.at("moved"))
	}
	stale := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerIfMatch, seen).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	changed := stale.list("changed")
	if len(changed) != 1 || changed[0]["what"] != "hold" || changed[0]["bookingIds"].([]any)[0] != other {
		t.Errorf("STALE_CONTEXT: changed = %v, want the hold of %s", changed, other)
	}
	if stale.text("version") == "" || stale.text("serverNow") == "" {
		t.Errorf("STALE_CONTEXT without version and time: %s", stale.raw)
	}
	old := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerIfMatch, `"other.3"`).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
	if old.text("reason") != "too_old" {
		t.Errorf("another epoch: %s, want too_old", old.raw)
	}
	tooOld := s.do(http.MethodPost, v.path("/bookings/"+id+"/validate"), host, s.tables(v, "T2"), headerIfMatch, `"other.3"`).want(http.StatusOK)
	if tooOld.object("moved")["reason"] != "too_old" {
		t.Errorf("validate with another epoch: moved = %v, want too_old", tooOld.at("moved"))
	}
}

func TestHoldBudgetAndExpiry(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := s.book(v, 4, "19:00")
	short := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, map[string]any{"tableIds": []string{v.tables["T2"]}, "ttlSeconds": 30}).want(http.StatusCreated)
	if short.at("hold", "ttlRaised") != true {
		t.Errorf("ttlSeconds 30 = %s, want ttlRaised", short.raw)
	}
	for range 4 {
		s.hold(v, id, "T2")
	}
	limited := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2")).refused(http.StatusTooManyRequests, seating.CodeRateLimited)
	if limited.header.Get("Retry-After") == "" || limited.header.Get("Retry-After") != itoa(int(limited.at("retryAfterSeconds").(float64))) {
		t.Errorf("RATE_LIMITED: Retry-After = %q, body %v, want the same", limited.header.Get("Retry-After"), limited.at("retryAfterSeconds"))
	}
	// Acting-For is a principal of its own: the token's hold is another's.
	s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerActingFor, "agent-7").refused(http.StatusConflict, seating.CodeHoldConflict)
	hold := s.do(http.MethodGet, v.path("/holds"), host, nil).list("holds")[0]["id"].(string)
	s.clock.advance(4 * time.Minute)
	expired := s.do(http.MethodPost, v.path("/holds/"+hold+"/confirm"), host, "{}").refused(http.StatusGone, seating.CodeHoldExpired)
	if expired.object("hold")["holdId"] != hold {
		t.Errorf("HOLD_EXPIRED = %s, want the hold", expired.raw)
	}
	lapsed := s.do(http.MethodGet, v.path("/holds/"+hold), host, nil).want(http.StatusOK)
	if got := lapsed.text("hold", "status"); got != "lapsed" && got != "expired" {
		t.Errorf("a lapsed hold is %s", got)
	}
	mine := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"), headerActingFor, "agent-7").want(http.StatusCreated)
	if p := mine.text("hold", "createdBy", "principal"); p != seating.TokenPrincipal(v.ids[seating.RoleHost], "agent-7") {
		t.Errorf("createdBy = %s, want the token acting for agent-7", p)
	}
}
