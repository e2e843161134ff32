package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
)

// wantCapability is docs/domain.md section 5, spelled out: a declaration that
// asks for another capability must be changed here too, on purpose.
var wantCapability = map[string]seating.Capability{
	"get-restaurant": "see", "list-bookings": "see", "get-booking": "see", "get-booking-history": "see",
	"get-assignment-context": "see", "list-holds": "see", "get-hold": "see", "get-floor": "see", "get-policy": "see",
	"get-service-periods": "see", "get-closures": "see", "get-version": "see",
	"get-timeline": "see", "get-availability": "see", "get-waitlist": "see", "lookup-guests": "see",
	"export-guest": "administer", "erase-guests": "administer", "export-bookings": "administer", "get-history": "administer",
	"create-booking": "book", "cancel-booking": "book",
	"arrive-booking": "seat", "check-in-booking": "seat", "undo-check-in": "seat", "check-out-booking": "seat", "mark-no-show": "seat", "undo-no-show": "seat",
	"reopen-booking": "correct", "reinstate-booking": "correct", "wait-booking": "book", "unwait-booking": "book",
	"validate-selection": "assign", "make-hold": "assign", "extend-hold": "assign", "release-hold": "assign",
	"take-over-hold": "assign", "confirm-hold": "assign", "assign-tables": "assign", "unassign-tables": "assign", "swap-assignments": "assign",
	"change-booking": "book", "walk-in": "walk_in",
	"list-zones": "see", "list-tables": "see", "get-adjacencies": "see", "get-combinations": "see", "list-blocks": "see",
	"create-zone": "configure", "change-zone": "configure", "remove-zone": "configure",
	"create-table": "configure", "change-table": "configure", "remove-table": "configure", "mark-ready": "seat",
	"put-adjacencies": "configure", "put-combinations": "configure",
	"create-block": "configure", "change-block": "configure", "remove-block": "configure",
	"change-restaurant": "administer", "delete-restaurant": "own",
	"list-webhooks": "administer", "create-webhook": "administer", "get-webhook": "administer", "change-webhook": "administer",
	"remove-webhook": "administer", "rotate-webhook-secret": "administer", "test-webhook": "administer", "list-deliveries": "administer",
	"list-observability-events": "administer",
	"put-floor":                 "configure", "put-policy": "configure", "put-service-periods": "configure", "put-closures": "configure",
}

// open operations need no token.
var openOperations = []string{"get-health", "get-readiness", "get-metrics", "get-openapi-yaml", "get-openapi-json", "get-problem"}

// documented is what the matrix reads of an operation in the document.
type documented struct {
	ID         string           `json:"operationId"`
	Capability string           `json:"x-capability"`
	Security   []map[string]any `json:"security"`
	Body       *struct {
		Required bool `json:"required"`
		Content  map[string]struct {
			Example json.RawMessage `json:"example"`
		} `json:"content"`
	} `json:"requestBody"`
	method, path string
}

func (d documented) example() string {
	if d.Body == nil {
		return ""
	}
	return string(d.Body.Content["application/json"].Example)
}

func (s *stack) documented() []documented {
	s.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(s.do(http.MethodGet, "/openapi.json", "", nil).want(http.StatusOK).raw, &doc); err != nil {
		s.t.Fatal(err)
	}
	var list []documented
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			d := documented{method: strings.ToUpper(method), path: path}
			if err := json.Unmarshal(raw, &d); err != nil {
				s.t.Fatal(err)
			}
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b documented) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// at fills the path of an operation.
func (d documented) at(restaurant, object string) string {
	return strings.NewReplacer("{restaurantId}", restaurant, "{bookingId}", object, "{holdId}", object, "{zoneId}", object, "{tableId}", object, "{blockId}", object, "{endpointId}", object, "{code}", "INVALID").Replace(d.path)
}

// untouched is a body that must not be read.
type untouched struct {
	t    testing.TB
	what string
}

func (u untouched) Read([]byte) (int, error) {
	u.t.Errorf("%s: the body was read before the refusal", u.what)
	return 0, errors.New("read")
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	operations := s.documented()
	if got, want := len(operations), len(wantCapability)+len(openOperations)+len(operatorOperations)+1; got != want {
		t.Errorf("the document has %d operations, the matrix knows %d", got, want)
	}
	id, object := v.id.String(), uuid.NewString()
	malformed := []string{"x", "00000000-0000-0000-0000-000000000000", "%00", strings.Repeat("a", 300), "019AC0DE00007000800000000000001"}
	ask := func(t *testing.T, d documented, path, token, what string) *answer {
		t.Helper()
		r := *s
		r.t = t
		return r.do(d.method, path, token, untouched{t, d.ID + " " + what})
	}
	for _, d := range operations {
		t.Run(d.ID, func(t *testing.T) {
			t.Parallel()
			s := *s
			s.t = t
			if slices.Contains(openOperations, d.ID) {
				if len(d.Security) != 0 || d.Capability != "" {
					t.Errorf("%s: documented with security %v, capability %q, want none", d.ID, d.Security, d.Capability)
				}
				s.do(d.method, d.at(id, object), "", nil).want(http.StatusOK)
				return
			}
			for what, authorization := range map[string]string{
				"no token": "", "nonsense": "Bearer nonsense", "basic": "Basic bXRyXzp4", "no secret": "Bearer mtr_", "unknown": "Bearer mtr_" + strings.Repeat("A", 52),
				"unknown operator": "Bearer mtro_" + strings.Repeat("A", 52), "no operator's secret": "Bearer mtro_", "as an operator": "Bearer mtro_" + strings.TrimPrefix(v.tokens[seating.RoleOwner], access.Prefix),
				"operator as a token": "Bearer mtr_" + strings.TrimPrefix(s.operator, access.OperatorPrefix),
				"only the secret":     v.tokens[seating.RoleOwner], "two words": "Bearer  " + v.tokens[seating.RoleOwner],
			} {
				refused := s.do(d.method, d.at(id, object), "", untouched{t, d.ID + " " + what}, headerAuthorization, authorization)
				refused.refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
				if refused.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s: no WWW-Authenticate", d.ID, what)
				}
			}
			if d.ID == "get-me" {
				s.do(d.method, d.path, v.tokens[seating.RoleServer], nil).want(http.StatusOK)
				s.do(d.method, d.path, s.operator, nil).want(http.StatusOK)
				return
			}
			if slices.Contains(operatorOperations, d.ID) {
				s.operatorsOnly(d)
				return
			}
			if d.Capability != string(wantCapability[d.ID]) || d.Capability == "" {
				t.Errorf("%s: x-capability = %q, want %q", d.ID, d.Capability, wantCapability[d.ID])
			}

			// T05, T08: somebody else's restaurant is one that does not exist.
			stranger := ask(t, d, d.at(id, object), s.two.tokens[seating.RoleOwner], "stranger").refused(http.StatusNotFound, seating.CodeNotFound)
			nowhere := ask(t, d, d.at(uuid.NewString(), object), v.tokens[seating.RoleOwner], "nowhere").refused(http.StatusNotFound, seating.CodeNotFound)
			if string(stranger.raw) != string(nowhere.raw) {
				t.Errorf("%s: a stranger is told %s, of no restaurant %s: want the same", d.ID, stranger.raw, nowhere.raw)
			}
			// Nor has an operator a way into one.
			operator := ask(t, d, d.at(id, object), s.operator, "operator").refused(http.StatusNotFound, seating.CodeNotFound)
			if string(operator.raw) != string(nowhere.raw) {
				t.Errorf("%s: an operator is told %s, of no restaurant %s: want the same", d.ID, operator.raw, nowhere.raw)
			}
			for _, bad := range malformed {
				ask(t, d, d.at(bad, object), v.tokens[seating.RoleOwner], "malformed restaurant").refused(http.StatusNotFound, seating.CodeNotFound)
				if d.at(id, bad) != d.at(id, object) {
					ask(t, d, d.at(id, bad), v.tokens[seating.RoleOwner], "malformed object").refused(http.StatusNotFound, seating.CodeNotFound)
					// 404 of the path comes before 403
					ask(t, d, d.at(id, bad), v.tokens[seating.RoleServer], "malformed object, server").refused(http.StatusNotFound, seating.CodeNotFound)
				}
			}
			for _, role := range seating.Roles() {
				if !access.Allowed(role, seating.Capability(d.Capability)) {
					ask(t, d, d.at(id, object), v.tokens[role], string(role)).refused(http.StatusForbidden, seating.CodeForbidden)
					continue
				}
				if d.Body != nil {
					s.do(d.method, d.at(id, object), v.tokens[role], "{").refused(http.StatusBadRequest, seating.CodeUnreadable)
				}
				var body any
				switch {
				case d.ID == "put-floor":
					body = v.floor // the example would take the floor away from the others
				case d.Body != nil:
					body = d.example()
				}
				got := s.do(d.method, d.at(id, object), v.tokens[role], body)
				if got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || got.status >= 500 {
					t.Errorf("%s by %s = %d %s, want it allowed", d.ID, role, got.status, got.raw)
				}
				if d.ID == "delete-restaurant" { // not without its confirmation
					got.refused(http.StatusBadRequest, seating.CodeUnreadable)
				}
				if d.at(id, "x") != d.at(id, "y") && got.status != http.StatusNotFound {
					t.Errorf("%s of an unknown object = %d %s, want 404", d.ID, got.status, got.raw)
				}
			}
		})
	}
}

// operatorsOnly shows that no role of a restaurant opens an operation of the
// deployment, and that an operator does.
func (s *stack) operatorsOnly(d documented) {
	s.t.Helper()
	if d.Capability != "" || len(d.Security) != 1 || d.Security[0]["operator"] == nil {
		s.t.Errorf("%s: documented with security %v, capability %q, want an operator's", d.ID, d.Security, d.Capability)
	}
	d.path = officePath(d.path)
	for _, v := range []venue{s.one, s.two} {
		for role, token := range v.tokens {
			s.do(d.method, d.path, token, untouched{s.t, d.ID + " " + string(role)}).refused(http.StatusForbidden, seating.CodeForbidden)
		}
	}
	if d.Body == nil {
		s.do(d.method, d.path, s.operator, nil).want(operatorAnswer(d.ID))
		return
	}
	s.do(d.method, d.path, s.operator, "{").refused(http.StatusBadRequest, seating.CodeUnreadable)
	s.do(d.method, d.path, s.operator, noRow(freshSlug(d.example()))).want(operatorAnswer(d.ID))
}

func TestOperationWithoutCapabilityFailsAtStart(t *testing.T) {
	t.Parallel()
	do := func(*call) (*reply, error) { return &reply{}, nil }
	for name, op := range map[string]operation{
		"no audience":               {id: "x", method: "GET", path: "/x", summary: "x", status: 200, do: do},
		"member without":            {id: "x", method: "GET", path: "/x", summary: "x", status: 200, do: do, who: members},
		"capability, no audience":   {id: "x", method: "GET", path: "/x", summary: "x", status: 200, do: do, who: anyone, cap: seating.CapSee},
		"a read with a key":         {id: "x", method: "GET", path: "/x", summary: "x", status: 200, do: do, who: anyone, key: keyRequired},
		"a read with If-Match":      {id: "x", method: "GET", path: "/x", summary: "x", status: 200, do: do, who: anyone, ifMatch: true},
		"a reading PUT":             {id: "x", method: "PUT", path: "/x", summary: "x", status: 200, do: do, who: anyone, reads: true},
		"a reading POST with a key": {id: "x", method: "POST", path: "/x", summary: "x", status: 200, do: do, who: anyone, reads: true, key: keyAccepted},
		"operators with a key":      {id: "x", method: "POST", path: "/x", summary: "x", status: 200, do: do, who: operators, key: keyAccepted},
		"operators with If-Match":   {id: "x", method: "POST", path: "/x", summary: "x", status: 200, do: do, who: operators, ifMatch: true},
		"operators with a role":     {id: "x", method: "POST", path: "/x", summary: "x", status: 200, do: do, who: operators, cap: seating.CapOwn},
		"nothing that would answer": {id: "x", method: "GET", path: "/x", summary: "x", status: 200, who: anyone},
	} {
		if err := op.validate(); err == nil {
			t.Errorf("validate(%s) = nil, want an error", name)
		}
	}
}

// T05: of two routes into a hold, one of the other restaurant and one that does
// not exist, the answers are the same; so for bookings and tables.
func TestForeignObjectsAreUnknown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	mine, theirs, host := s.one, s.two, s.one.tokens[seating.RoleHost]
	ours := s.book(mine, 4, "19:00")
	theirBooking := s.book(theirs, 4, "19:00")
	theirHold := s.hold(theirs, theirBooking, "T2").text("hold", "id")
	same := func(method, path string, body any, foreign, random string) {
		t.Helper()
		a := s.do(method, mine.path(strings.ReplaceAll(path, "ID", foreign)), host, body)
		b := s.do(method, mine.path(strings.ReplaceAll(path, "ID", random)), host, body)
		for _, x := range []*answer{a, b} {
			x.refused(http.StatusNotFound, seating.CodeNotFound)
			delete(x.body, "serverNow")
		}
		x, _ := json.Marshal(a.body)
		y, _ := json.Marshal(b.body)
		if string(x) != string(y) {
			t.Errorf("%s %s: foreign %s, random %s: want the same", method, path, x, y)
		}
	}
	random := uuid.NewString()
	same("POST", "/holds/ID/confirm", "{}", theirHold, random)
	same("POST", "/holds/ID/extend", ExtendRequest{Seconds: 60}, theirHold, random)
	same("DELETE", "/holds/ID", nil, theirHold, random) // T12
	same("GET", "/holds/ID", nil, theirHold, random)
	same("GET", "/bookings/ID", nil, theirBooking, random)
	same("GET", "/bookings/ID/history", nil, theirBooking, random)
	same("GET", "/bookings/ID/assignment-context", nil, theirBooking, random) // T01
	same("POST", "/bookings/ID/validate", s.tables(mine, "T2"), theirBooking, random)
	same("POST", "/bookings/ID/holds", s.tables(mine, "T2"), theirBooking, random)
	same("PUT", "/bookings/ID/assignment", s.tables(mine, "T2"), theirBooking, random)
	same("DELETE", "/bookings/ID/assignment", nil, theirBooking, random)
	same("POST", "/bookings/ID/cancel", "{}", theirBooking, random)
	for _, step := range []string{"arrived", "check-in", "undo-check-in", "check-out", "no-show", "undo-no-show", "waitlist"} {
		same("POST", "/bookings/ID/"+step, "{}", theirBooking, random)
	}
	same("DELETE", "/bookings/ID/waitlist", nil, theirBooking, random)
	same("PATCH", "/bookings/ID", `{"covers":3}`, theirBooking, random)

	// T13: somebody else's table, zone and booking in a body
	for _, table := range []string{theirs.tables["T2"], random} {
		got := s.do(http.MethodPost, mine.path("/bookings/"+ours+"/holds"), host, map[string]any{"tableIds": []string{table}}).refused(http.StatusUnprocessableEntity, seating.CodeTableNotFound)
		if ref := got.list("checks")[0]["tables"].([]any)[0].(map[string]any); ref["number"] != nil {
			t.Errorf("a foreign table is named: %s", got.raw)
		}
	}
	zone := theirs.floor["zones"].([]any)[0].(map[string]any)["id"].(string)
	s.do(http.MethodPost, mine.path("/bookings"), host, CreateBookingRequest{Covers: 2, Date: friday, Time: "19:00", ZoneID: UUID(zone)}).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	s.do(http.MethodPost, mine.path("/assignments/swap"), host, SwapRequest{A: UUID(ours), B: UUID(theirBooking)}).refused(http.StatusNotFound, seating.CodeNotFound)
	// T04: a restaurant in the body
	got := s.do(http.MethodPost, mine.path("/bookings"), host, map[string]any{"covers": 2, "date": friday, "time": "19:00", "restaurantId": theirs.id.String()}).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := got.pointers(); !slices.Equal(p, []string{"/restaurantId"}) {
		t.Errorf("restaurantId in a body: pointers = %v, want /restaurantId", p)
	}
	if n := len(s.do(http.MethodGet, theirs.path("/holds"), theirs.tokens[seating.RoleHost], nil).want(http.StatusOK).list("holds")); n != 1 {
		t.Errorf("the other restaurant has %d holds, want its own 1", n)
	}
}

func TestRevokedTokenIsOutWithinASecond(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, host := s.one, s.one.tokens[seating.RoleHost]
	id := s.book(v, 4, "19:00")
	if err := s.store.RevokeToken(t.Context(), v.id, v.ids[seating.RoleHost]); err != nil {
		t.Fatal(err)
	}
	// A read may still be answered from memory; a change may not: its guard fails,
	// and the second look finds no token.
	refused := s.do(http.MethodPost, v.path("/bookings/"+id+"/holds"), host, s.tables(v, "T2"))
	refused.refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.clock.advance(2_000_000_000)
	s.do(http.MethodGet, v.path("/holds"), host, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	if n := len(s.do(http.MethodGet, v.path("/holds"), v.tokens[seating.RoleOwner], nil).want(http.StatusOK).list("holds")); n != 0 {
		t.Errorf("%d holds by a revoked token, want none", n)
	}
}
