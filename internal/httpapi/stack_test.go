package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/telemetry"
	"github.com/maitred/maitred/internal/webhook"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	code := m.Run()
	if shared.stack != nil {
		shared.stack.close()
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// friday is the day of the tests; it is noon when they begin.
const friday = "2026-11-27"

// ticker is a clock that runs with the real one from a fixed noon, and can be
// moved on.
type ticker struct {
	mu    sync.Mutex
	start time.Time
	base  time.Time
}

func newTicker() *ticker {
	return &ticker{start: time.Now(), base: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
}

func (c *ticker) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Add(time.Since(c.start))
}

func (c *ticker) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(d)
}

func newUUID() [16]byte { return uuid.Must(uuid.NewV7()) }

// stack is the real thing: SQLite, live houses, lines and the API over them.
type stack struct {
	t      testing.TB
	api    *API
	deps   Deps
	store  *sqlite.Store
	houses *live.Houses
	lines  *line.Lines
	clock  *ticker
	log    *syncBuffer
	// operator is the token of one. It makes restaurants with the command line's own
	// function.
	operator   string
	operatorID seating.OperatorID
	one        venue // T1..T6 and a set of roles
	two        venue // somebody else's restaurant
}

// venue is a restaurant with a token for each role.
type venue struct {
	id     seating.RestaurantID
	slug   string
	tokens map[seating.Role]string
	ids    map[seating.Role]seating.TokenID
	tables map[string]string // number → id
	floor  map[string]any
}

func (v venue) path(rest string) string { return "/v1/restaurants/" + v.id.String() + rest }

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// shared is the stack of all tests that neither move its clock nor close its
// store: to make one takes longer than most tests.
var shared struct {
	once  sync.Once
	stack *stack
	n     atomic.Int64
	dir   string
}

// newStack gives a test two restaurants of its own on the shared stack.
func newStack(t testing.TB) *stack {
	t.Helper()
	shared.once.Do(func() {
		var err error
		//nolint:usetesting // outlives the test that happens to be first
		if shared.dir, err = os.MkdirTemp("", "httpapi"); err != nil {
			t.Fatal(err)
		}
		shared.stack = build(context.Background(), t, filepath.Join(shared.dir, "m.db"))
	})
	s := *shared.stack
	s.t = t
	n := itoa(int(shared.n.Add(1)))
	s.one, s.two = s.venue("one"+n), s.venue("two"+n)
	return &s
}

// ownStack is a stack that a test may break.
func ownStack(t testing.TB) *stack {
	t.Helper()
	s := build(t.Context(), t, filepath.Join(t.TempDir(), "m.db"))
	t.Cleanup(s.close)
	s.one, s.two = s.venue("one"), s.venue("two")
	return s
}

func (s *stack) close() {
	s.lines.Close()
	_ = s.store.Close()
}

func build(ctx context.Context, t testing.TB, path string) *stack {
	t.Helper()
	s := &stack{t: t, clock: newTicker(), log: &syncBuffer{}}
	logger := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if s.store, err = sqlite.Open(ctx, sqlite.Config{Path: path, Now: s.clock.now, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	s.houses = live.New(s.store, live.Config{Logger: logger})
	s.lines = line.New(s.store, s.houses, line.Config{Logger: logger, NewID: newUUID})
	registry := prometheus.NewRegistry()
	telemetry.New(registry, "test")
	s.deps = Deps{
		Houses: s.houses, Lines: s.lines, Lists: s.store, Directory: s.store, Gate: access.NewGate(s.store, s.clock.now),
		Logger: logger, Now: s.clock.now, CursorKey: []byte("0123456789abcdef"), NewID: newUUID,
		Registry: registry, Webhooks: s.store, Sealer: webhook.NewSealer([]byte(sealKey), nil), Allow: webhook.Allow{netip.MustParsePrefix("127.0.0.0/8")},
		Found: founder(&control.App{Store: s.store, Houses: s.houses, Hold: deploymentHolds(), Logger: logger}),
	}
	s.deps.Office = backoffice.New(s.store, s.store, nil)
	operator, secret := access.NewOperator(newUUID(), "ops", 0)
	if err := s.store.PutOperator(ctx, operator); err != nil {
		t.Fatal(err)
	}
	s.operator, s.operatorID = secret, operator.ID
	if s.api, err = New(s.deps); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stack) venue(slug string) venue {
	s.t.Helper()
	v := venue{id: newUUID(), slug: slug, tokens: map[seating.Role]string{}, ids: map[seating.Role]seating.TokenID{}, tables: map[string]string{}}
	now := servicetime.InstantOf(s.clock.now())
	var owner store.Token
	var others []store.Token
	for _, role := range seating.Roles() {
		token, secret := access.NewToken(newUUID(), v.id, "the "+string(role), role, now)
		v.tokens[role], v.ids[role] = secret, token.ID
		if role == seating.RoleOwner {
			owner = token
		} else {
			others = append(others, token)
		}
	}
	day, err := servicetime.ParseDate(friday)
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.store.CreateRestaurant(s.t.Context(), store.NewRestaurant{
		State: house.State{
			Restaurant: seating.Restaurant{ID: v.id, Slug: slug, Name: "Chez " + slug, Zone: "Europe/London", Active: true},
			Epoch:      "eone", OpenFrom: day.AddDays(-1), LastAt: now, Policy: seating.DefaultPolicy(seating.DefaultHoldRules()),
		},
		Owner: store.Member{Restaurant: v.id, User: newUUID(), Email: slug + "@example.org", Name: "Olive", Role: seating.RoleOwner, Access: 1},
		Token: owner, At: now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, token := range others {
		if err := s.store.PutToken(s.t.Context(), token); err != nil {
			s.t.Fatal(err)
		}
	}
	s.furnish(&v)
	return v
}

// furnish puts a floor and service periods through the API.
func (s *stack) furnish(v *venue) {
	s.t.Helper()
	tables := []Table{}
	for i, covers := range []int{2, 4, 4, 6, 2, 8} {
		tables = append(tables, Table{
			ID: "t" + itoa(i+1), Number: "T" + itoa(i+1), ZoneID: "main", MinCovers: 1, MaxCovers: covers, Movable: true,
			Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true, Ready: true,
		})
	}
	put := s.do(http.MethodPut, v.path("/floor"), v.tokens[seating.RoleOwner], Plan{
		Zones: []Zone{{ID: "main", Name: "Main", Active: true}}, Tables: tables,
		Adjacencies:  [][2]string{{"t1", "t2"}, {"t2", "t3"}, {"t3", "t4"}},
		Combinations: []Combination{{Tables: []string{"t2", "t3"}, MinCovers: 5, MaxCovers: 9}},
	}).want(http.StatusOK)
	for _, t := range put.list("floor", "tables") {
		v.tables[t["number"].(string)] = t["id"].(string)
	}
	v.floor = put.object("floor")
	week := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	s.do(http.MethodPut, v.path("/service-periods"), v.tokens[seating.RoleOwner], Periods{Periods: []Period{
		{Name: "Lunch", Weekdays: week, Start: "11:30", End: "17:00", LastSeating: "15:00", Overrun: true, Bands: []TurnBand{{UpTo: 2, Minutes: 60}, {Minutes: 85}}},
		{Name: "Dinner", Weekdays: week, Start: "17:00", End: "23:30", LastSeating: "21:30", Bands: []TurnBand{{UpTo: 2, Minutes: 60}, {Minutes: 90}}},
	}}).want(http.StatusOK)
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// do sends a request. A string body is sent as it is; headers come in pairs. An
// Idempotency-Key of its own is added to changes that have none.
func (s *stack) do(method, path, token string, body any, headers ...string) *answer {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case io.Reader:
		r = b
	default:
		j, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		r = bytes.NewReader(j)
	}
	req := httptest.NewRequestWithContext(s.t.Context(), method, path, r)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method != http.MethodGet {
		req.Header.Set(headerKey, uuid.NewString())
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	return s.send(req)
}

func (s *stack) send(req *http.Request) *answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, req)
	a := &answer{t: s.t, what: req.Method + " " + req.URL.String(), status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			s.t.Fatalf("%s: body %q: %v", a.what, a.raw, err)
		}
	}
	return a
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s = %d %s, want %d", a.what, a.status, a.raw, status)
	}
	return a
}

func (a *answer) refused(status int, code seating.Code) *answer {
	a.t.Helper()
	a.want(status)
	if a.body["code"] != string(code.Entry().Code) {
		a.t.Fatalf("%s: code = %v, want %s (%s)", a.what, a.body["code"], code.Entry().Code, a.raw)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("%s: Content-Type = %q, want application/problem+json", a.what, ct)
	}
	return a
}

// at walks into the body.
func (a *answer) at(path ...string) any {
	a.t.Helper()
	var v any = a.body
	for _, p := range path {
		o, ok := v.(map[string]any)
		if !ok {
			a.t.Fatalf("%s: no %v in %s", a.what, path, a.raw)
		}
		v = o[p]
	}
	return v
}

func (a *answer) object(path ...string) map[string]any {
	a.t.Helper()
	o, ok := a.at(path...).(map[string]any)
	if !ok {
		a.t.Fatalf("%s: no object %v in %s", a.what, path, a.raw)
	}
	return o
}

func (a *answer) text(path ...string) string {
	a.t.Helper()
	v, ok := a.at(path...).(string)
	if !ok {
		a.t.Fatalf("%s: no text %v in %s", a.what, path, a.raw)
	}
	return v
}

func (a *answer) list(path ...string) []map[string]any {
	a.t.Helper()
	l, ok := a.at(path...).([]any)
	if !ok {
		a.t.Fatalf("%s: no list %v in %s", a.what, path, a.raw)
	}
	objects := make([]map[string]any, len(l))
	for i := range l {
		objects[i], _ = l[i].(map[string]any)
	}
	return objects
}

// pointers are the pointers of a problem's errors.
func (a *answer) pointers() []string {
	var ps []string
	l, _ := a.body["errors"].([]any)
	for _, f := range l {
		ps = append(ps, f.(map[string]any)["pointer"].(string))
	}
	return ps
}

// book makes a booking for dinner and returns its id.
func (s *stack) book(v venue, covers int, clock string, more ...func(*CreateBookingRequest)) string {
	s.t.Helper()
	in := CreateBookingRequest{Covers: covers, Date: friday, Time: clock, Source: seating.SourcePhone}
	for _, m := range more {
		m(&in)
	}
	return s.do(http.MethodPost, v.path("/bookings"), v.tokens[seating.RoleHost], in).want(http.StatusCreated).text("booking", "id")
}

func (s *stack) hold(v venue, booking string, tables ...string) *answer {
	s.t.Helper()
	return s.do(http.MethodPost, v.path("/bookings/"+booking+"/holds"), v.tokens[seating.RoleHost], s.tables(v, tables...)).want(http.StatusCreated)
}

func (s *stack) tables(v venue, numbers ...string) map[string]any {
	ids := []string{}
	for _, n := range numbers {
		ids = append(ids, v.tables[n])
	}
	return map[string]any{"tableIds": ids}
}
