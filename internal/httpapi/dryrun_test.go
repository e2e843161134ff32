package httpapi

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
)

// setUpRequest changes something of the set-up, and breaks what it says.
type setUpRequest struct {
	method, path string
	body         any
	breaks       []string // "booking 3 service CLOSED": kind, covers, check, code
}

// setUpRequests are one for each operation that can be tried, in a venue with a
// party of 3 at T2, and one of 5 for which T4 is held, both at seven.
func setUpRequests(s *stack, v venue) map[string]setUpRequest {
	boss := v.tokens[seating.RoleManager]
	block := s.do(http.MethodPost, v.path("/blocks"), boss, newBlock(v, "13:00", "14:00", "T1")).want(http.StatusCreated).text("block", "id")
	zone := s.do(http.MethodPost, v.path("/zones"), boss, `{"name":"Cellar"}`).want(http.StatusCreated).text("zone", "id")
	seated := s.book(v, 3, "19:00")
	s.do(http.MethodPut, v.path("/bookings/"+seated+"/assignment"), boss, s.tables(v, "T2")).want(http.StatusOK)
	s.hold(v, s.book(v, 5, "19:00"), "T4")
	policy := seating.DefaultPolicy(seating.DefaultHoldRules())
	policy.SlackBudget = 0
	plan := map[string]any{"zones": v.floor["zones"], "tables": v.floor["tables"], "adjacencies": []any{}, "combinations": []any{}}
	return map[string]setUpRequest{
		"create-zone":      {"POST", "/zones", `{"name":"Terrace"}`, nil},
		"change-zone":      {"PATCH", "/zones/" + v.zone(), `{"active":false}`, []string{"booking 3 available TABLE_UNAVAILABLE", "hold 5 available TABLE_UNAVAILABLE"}},
		"remove-zone":      {"DELETE", "/zones/" + zone, nil, nil},
		"create-table":     {"POST", "/tables", realExamples(v)["create-table"], nil},
		"change-table":     {"PATCH", "/tables/" + v.tables["T2"], `{"maxCovers":2}`, []string{"booking 3 capacity CAPACITY_INSUFFICIENT"}},
		"remove-table":     {"DELETE", "/tables/" + v.tables["T6"], nil, nil},
		"put-adjacencies":  {"PUT", "/adjacencies", `{"adjacencies":[]}`, nil},
		"put-combinations": {"PUT", "/combinations", `{"combinations":[]}`, nil},
		"create-block":     {"POST", "/blocks", realExamples(v)["create-block"], nil},
		"change-block":     {"PATCH", "/blocks/" + block, `{"reason":"cleaning"}`, nil},
		"remove-block":     {"DELETE", "/blocks/" + block, nil, nil},
		"change-restaurant": {
			"PATCH", "", `{"active":false}`, nil,
		},
		"put-floor":           {"PUT", "/floor", plan, nil},
		"put-policy":          {"PUT", "/policy", policy, []string{"booking 3 slack SLACK_EXCEEDED", "hold 5 slack SLACK_EXCEEDED"}},
		"put-service-periods": {"PUT", "/service-periods", `{"servicePeriods":[]}`, []string{"booking 3 service OUTSIDE_SERVICE_HOURS", "booking 5 service OUTSIDE_SERVICE_HOURS"}},
		"put-closures": {
			"PUT", "/closures",
			Closures{Closures: []Closure{{From: friday, To: friday, Reason: "leak"}}},
			[]string{"booking 3 service CLOSED", "booking 5 service CLOSED"},
		},
	}
}

// TestDryRun: every set-up change can be tried; that writes nothing, uses up no
// key, meets the refusals of the change, and tells what doing it leads to.
func TestDryRun(t *testing.T) {
	t.Parallel()
	shared := newStack(t)
	for _, op := range shared.api.operations {
		if !op.dryRun {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			s := *shared
			s.t = t
			v := s.venue("dry-" + uuid.NewString())
			boss := v.tokens[seating.RoleManager]
			x, ok := setUpRequests(&s, v)[op.id]
			if !ok {
				t.Fatalf("%s can be tried, and no request tries it", op.id)
			}
			before, err := s.houses.Proved(t.Context(), v.id)
			if err != nil {
				t.Fatal(err)
			}
			covers := func(id string) string {
				return itoa(int(s.do(http.MethodGet, v.path("/bookings/"+id), boss, nil).want(http.StatusOK).at("booking", "covers").(float64)))
			}

			key, path := uuid.NewString(), v.path(x.path)
			tried := s.do(x.method, path+"?dryRun=true", boss, x.body, headerKey, key).want(http.StatusOK)
			if tried.at("dryRun") != true || tried.at("changes") != true || tried.text("version") != before.Public().String() || tried.text("serverNow") == "" {
				t.Errorf("trial = %s, want a change, of the version that stands", tried.raw)
			}
			breaks := []string{}
			for _, b := range tried.list("breaks") {
				breaks = append(breaks, b["kind"].(string)+" "+covers(b["bookingId"].(string))+" "+b["check"].(string)+" "+b["code"].(string))
			}
			slices.Sort(breaks)
			if !slices.Equal(breaks, x.breaks) {
				t.Errorf("breaks = %q, want %q", breaks, x.breaks)
			}
			s.do(x.method, path+"?dryRun=true", boss, x.body, headerKey, "").want(http.StatusOK)
			s.do(x.method, path+"?dryRun=true", boss, x.body, headerIfMatch, `"eone.0"`).refused(http.StatusPreconditionFailed, seating.CodeStaleContext)
			s.do(x.method, path+"?dryRun=true", v.tokens[seating.RoleHost], untouched{t, op.id}).refused(http.StatusForbidden, seating.CodeForbidden)
			for _, bad := range []string{"?dryRun=", "?dryRun=1", "?dryRun=TRUE", "?dryRun=true&dryRun=true", "?dryRun"} {
				got := s.do(x.method, path+bad, boss, x.body).refused(http.StatusBadRequest, seating.CodeUnreadable)
				if p := got.pointers(); !slices.Equal(p, []string{"dryRun"}) {
					t.Errorf("%s: pointers = %v, want dryRun", bad, p)
				}
			}
			same, err := s.houses.Proved(t.Context(), v.id)
			if err != nil {
				t.Fatal(err)
			}
			if same != before {
				t.Fatalf("trying %s led from %s to %s", op.id, before.Public(), same.Public())
			}

			done := s.do(x.method, path+"?dryRun=false", boss, x.body, headerKey, key).want(op.status)
			if done.header.Get(headerReplayed) != "" || done.at("dryRun") != nil {
				t.Errorf("after the trial = %s, want it done with the same key", done.raw)
			}
			after, err := s.houses.Proved(t.Context(), v.id)
			if err != nil {
				t.Fatal(err)
			}
			if after.Version != before.Version+1 {
				t.Errorf("%s led from %s to %s, want one step", op.id, before.Public(), after.Public())
			}
			broke, _ := decide.Impact(before, after, s.houses.Now())
			told := []Break{}
			for _, b := range broke {
				told = append(told, breakOf(b))
			}
			if d := cmp.Diff(jsonText(t, tried.at("breaks")), jsonText(t, asJSON(t, told))); d != "" {
				t.Errorf("breaks (-tried +done):\n%s", d)
			}
			// Once more, it changes nothing; what was removed is not there.
			again := s.do(x.method, path+"?dryRun=true", boss, x.body)
			if again.status == http.StatusOK && again.at("changes") != (x.method == http.MethodPost) {
				t.Errorf("the trial after it was done = %s", again.raw)
			}
		})
	}
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	p, err := plainValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDryRun_Refusals: what the change would meet, the trial meets.
func TestDryRun_Refusals(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, boss := s.one, s.one.tokens[seating.RoleManager]
	id := s.book(v, 4, "19:00")
	s.do(http.MethodPut, v.path("/bookings/"+id+"/assignment"), boss, s.tables(v, "T2")).want(http.StatusOK)
	bad := map[string]any{"servicePeriods": []any{map[string]any{
		"name": "Dinner", "weekdays": []string{"fri"}, "start": "17:00", "end": "23:00", "lastSeating": "16:00", "turnBands": []any{map[string]any{"minutes": 60}},
	}}}
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/blocks", newBlock(v, "18:00", "22:00", "T2")},
		{"DELETE", "/tables/" + v.tables["T2"], nil},
		{"DELETE", "/zones/" + v.zone(), nil},
		{"PATCH", "/tables/" + v.tables["T1"], `{"number":"t2"}`},
		{"PUT", "/service-periods", bad},
		{"PATCH", "", `{"zone":"Europe/Paris"}`},
		{"PATCH", "/blocks/" + uuid.NewString(), `{"reason":"cleaning"}`},
	} {
		want := s.do(x.method, v.path(x.path), boss, x.body)
		got := s.do(x.method, v.path(x.path+"?dryRun=true"), boss, x.body)
		if want.status < 400 || got.status != want.status {
			t.Errorf("%s %s = %d %s, tried %d %s, want one refusal", x.method, x.path, want.status, want.raw, got.status, got.raw)
		}
		delete(want.body, "serverNow")
		delete(got.body, "serverNow")
		if d := cmp.Diff(want.body, got.body); d != "" {
			t.Errorf("%s %s (-done +tried):\n%s", x.method, x.path, d)
		}
	}
	// What is no set-up cannot be tried.
	for _, path := range []string{"/bookings/" + id + "/cancel", "/tables/" + v.tables["T1"] + "/ready"} {
		s.do(http.MethodPost, v.path(path+"?dryRun=true"), boss, "{}").refused(http.StatusBadRequest, seating.CodeUnreadable)
	}
	if got := s.do(http.MethodGet, v.path("/bookings/"+id), boss, nil).text("booking", "status"); got != "confirmed" {
		t.Errorf("booking is %s, want it confirmed still", got)
	}
}
