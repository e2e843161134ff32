package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got); go test -run '%s' -update rewrites it:\n%s", path, t.Name(), d)
	}
}

// TestOpenAPI: the committed contract is the one that is served, always the same
// bytes.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.api.OpenAPI()
	for range 3 {
		d := s.deps
		d.Registry = prometheus.NewRegistry()
		again, err := New(d)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again.OpenAPI()) {
			t.Fatal("two APIs of one version have two documents")
		}
	}
	golden(t, filepath.Join("..", "..", "api", "openapi.yaml"), bytes.Replace(first, []byte("version: test\n"), []byte("version: v1\n"), 1))
}

func TestOpenAPIListsEveryCode(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum []string `json:"enum"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(s.do(http.MethodGet, "/openapi.json", "", nil).raw, &doc); err != nil {
		t.Fatal(err)
	}
	enum := doc.Components.Schemas["Problem"].Properties["code"].Enum
	for _, e := range seating.Codes() {
		if !strings.Contains(strings.Join(enum, " "), string(e.Code)) {
			t.Errorf("the enum of codes %v lacks %s", enum, e.Code)
		}
	}
}

var (
	anUUID    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	anInstant = regexp.MustCompile(`2026-11-27T12:\d\d:\d\d(\.\d+)?Z`)
	aClock    = regexp.MustCompile(`until 12:\d\d:\d\d`)
	aRef      = regexp.MustCompile(`("reference": ")[A-Z0-9]+"|(booking )[A-Z0-9]{4,}`)
)

// TestProblemBodies fixes the shape of refusals as clients see them.
func TestProblemBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id, other := s.book(v, 4, "19:00"), s.book(v, 4, "19:00")
	seen := `"` + s.do(http.MethodGet, v.path("/version"), host, nil).text("version") + `"`
	s.hold(v, other, "T2")
	bookings := v.path("/bookings/" + id)
	for name, a := range map[string]*answer{
		"unauthenticated":     s.do(http.MethodGet, v.path("/floor"), "", nil),
		"not_found":           s.do(http.MethodGet, s.two.path("/floor"), host, nil),
		"forbidden":           s.do(http.MethodPut, v.path("/floor"), host, "{}"),
		"unreadable":          s.do(http.MethodPost, bookings+"/holds", host, `{"tableIds":[`),
		"invalid":             s.do(http.MethodPost, bookings+"/holds", host, `{"tableIds":["x"],"ttlSeconds":5,"surprise":null}`),
		"key_required":        s.do(http.MethodPost, bookings+"/holds", host, "{}", headerKey, ""),
		"hold_conflict":       s.do(http.MethodPost, bookings+"/holds", v.tokens[seating.RoleManager], s.tables(v, "T2")),
		"capacity":            s.do(http.MethodPut, bookings+"/assignment", host, s.tables(v, "T1")),
		"stale_context":       s.do(http.MethodPost, bookings+"/holds", host, s.tables(v, "T2"), headerIfMatch, seen),
		"booking_not_found":   s.do(http.MethodGet, v.path("/bookings/019ac0de-0000-7000-8000-000000000001"), host, nil),
		"method_not_allowed":  s.do(http.MethodPatch, v.path("/floor"), host, nil),
		"unsupported_media":   s.do(http.MethodPost, bookings+"/holds", host, "{}", "Content-Type", "text/plain"),
		"override_required":   s.do(http.MethodPost, bookings+"/validate", host, `{"tableIds":[],"override":{"checks":["slack"],"reason":"vip"}}`),
		"idempotency_changed": conflict(s, bookings, host),
	} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, a.raw, "", "  "); err != nil {
			t.Fatal(err)
		}
		b := anUUID.ReplaceAll(pretty.Bytes(), []byte("<id>"))
		b = anInstant.ReplaceAll(b, []byte("<now>"))
		b = aClock.ReplaceAll(b, []byte("until <now>"))
		b = aRef.ReplaceAll(b, []byte("$1$2<reference>"))
		b = bytes.ReplaceAll(b, []byte(`<reference>,`), []byte(`<reference>",`))
		golden(t, filepath.Join("testdata", "problems", name+".json"), b)
	}
}

func conflict(s *stack, bookings, token string) *answer {
	s.do(http.MethodPost, bookings+"/cancel", token, `{"reason":"a"}`, headerKey, "k").want(http.StatusOK)
	return s.do(http.MethodPost, bookings+"/cancel", token, `{"reason":"b"}`, headerKey, "k")
}

// T06: of an error that is no refusal nothing is told, whatever it wraps.
func TestErrorMapperLeaksNothing(t *testing.T) {
	t.Parallel()
	secret := "SELECT * FROM guests WHERE phone = '+99 555'"
	for name, x := range map[string]struct {
		err    error
		status int
	}{
		"driver":      {errors.New(secret), 500},
		"impossible":  {wrap(store.ErrImpossible, secret), 500},
		"invalid":     {wrap(store.ErrInvalid, secret), 500},
		"not found":   {wrap(store.ErrNotFound, secret), 500},
		"unavailable": {wrap(store.ErrUnavailable, secret), 503},
		"ambiguous":   {wrap(store.ErrAmbiguous, secret), 503},
		"bug":         {&seating.Error{Code: seating.CodeInternal, Msg: secret}, 500},
		"moved":       {&store.MovedError{}, 500},
	} {
		p := problemOf(refusalOf(x.err, true), nil)
		b := jsonText(t, p)
		if p.Status != x.status || strings.Contains(b, "SELECT") || strings.Contains(b, "555") {
			t.Errorf("%s: %s, want status %d and nothing of the error", name, b, x.status)
		}
		if name == "ambiguous" && p.Outcome != "unknown" {
			t.Errorf("ambiguous: outcome = %q, want unknown", p.Outcome)
		}
	}
}

func wrap(err error, text string) error { return errors.Join(err, errors.New(text)) }

// Every operand of a refusal reaches the body.
func TestProblemTellsEveryOperand(t *testing.T) {
	t.Parallel()
	ref := seating.TableRef{ID: seating.TableID{1}, Number: "T1"}
	e := &seating.Error{Code: seating.CodePolicyDrift, Msg: "m", Details: seating.Details{
		Checks: []seating.Check{{ID: seating.CheckSlack, Outcome: seating.OutcomeError, Blockers: []seating.Blocker{{HeldBy: "token:x"}}}},
		Fields: []seating.Field{{Pointer: "/a", Message: "b"}}, Status: seating.Cancelled,
		Hold:  &seating.HoldFact{How: seating.EndReleased, By: "token:x/y"},
		Cause: seating.CheckSlack, Tables: []seating.TableRef{ref}, Blockers: []seating.Blocker{{Table: ref, HeldBy: "token:x"}},
		Changed: []seating.ChangedFact{{What: "hold", Window: servicetime.Window{Start: 1, End: 2}}}, Reason: "r", Choices: []seating.Choice{{}},
		RetryAfter: 1100 * time.Millisecond, Unknown: true,
	}}
	known := map[string]Principal{"token:x": {Principal: "token:x", Name: "X"}, "token:x/y": {Principal: "token:x/y", Name: "X"}}
	body := map[string]any{}
	if err := json.Unmarshal([]byte(jsonText(t, problemOf(e, known))), &body); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"checks", "errors", "currentStatus", "hold", "cause", "tables", "blockers", "changed", "reason", "alternatives", "retryAfterSeconds", "outcome"} {
		if body[field] == nil {
			t.Errorf("problemOf(every operand) lacks %s: %v", field, body)
		}
	}
	if body["retryAfterSeconds"] != 2.0 {
		t.Errorf("retryAfterSeconds of 1.1 s = %v, want 2: never too early", body["retryAfterSeconds"])
	}
	if got := principalsOf(e); !cmp.Equal(got, []string{"token:x/y", "token:x", "token:x"}) {
		t.Errorf("principalsOf = %v", got)
	}
}
