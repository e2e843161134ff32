package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/webhook"
)

const sealKey = "a key of the tests with enough characters"

func (s *stack) webhook(v venue, in CreateWebhookRequest) (id, secret string) {
	s.t.Helper()
	if in.URL == "" {
		in.URL = "https://example.com/hooks"
	}
	made := s.do(http.MethodPost, v.path("/webhooks"), v.tokens[seating.RoleOwner], in).want(http.StatusCreated)
	return made.text("webhook", "id"), made.text("secret")
}

func endpoint(t testing.TB, id string) seating.EndpointID {
	t.Helper()
	e, err := seating.ParseID[seating.EndpointID](id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// waiting are the rows of a sink that wait for a restaurant, of the given types.
func (s *stack) waiting(v venue, sink string, types ...seating.EventType) []store.OutboxRow {
	s.t.Helper()
	var rows []store.OutboxRow
	for after := int64(0); ; {
		list, err := s.store.OutboxRows(s.t.Context(), sink, after, 500)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range list {
			if after = r.ID; r.Restaurant == v.id && (len(types) == 0 || slices.Contains(types, r.EventType)) {
				rows = append(rows, r)
			}
		}
		if len(list) < 500 {
			return rows
		}
	}
}

func payloadOf(t testing.TB, r store.OutboxRow) seating.EventPayload {
	t.Helper()
	var p seating.EventPayload
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAWebhook goes through the life of one: made, changed, rotated, tried, gone.
func TestAWebhook(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner, manager := s.one, s.one.tokens[seating.RoleOwner], s.one.tokens[seating.RoleManager]
	made := s.do(http.MethodPost, v.path("/webhooks"), manager, CreateWebhookRequest{
		URL: "https://example.com/hooks?key=in-the-url", Description: "till", Events: []string{"booking.*", "capacity.hold.created", "booking.*"},
	}).want(http.StatusCreated)
	id, first := made.text("webhook", "id"), made.text("secret")
	if made.text("version") == "" || made.text("serverNow") == "" || made.header.Get("Cache-Control") != "no-store" {
		t.Errorf("POST /webhooks = %s %v", made.raw, made.header)
	}
	want := map[string]any{
		"id": id, "url": "https://example.com/hooks?key=in-the-url", "description": "till", "active": true,
		"events": []any{"booking.*", "capacity.hold.created"}, "createdAt": made.at("webhook", "createdAt"), "changedAt": made.at("webhook", "createdAt"),
		"createdBy": map[string]any{"principal": seating.TokenPrincipal(v.ids[seating.RoleManager], ""), "name": "the manager"},
	}
	one := v.path("/webhooks/" + id)
	got := s.do(http.MethodGet, one, owner, nil).want(http.StatusOK)
	all := s.do(http.MethodGet, v.path("/webhooks"), owner, nil).want(http.StatusOK)
	for what, w := range map[string]any{"made": made.at("webhook"), "GET": got.at("webhook"), "list": all.list("webhooks")[0]} {
		if d := cmp.Diff(want, w); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}

	// It is kept sealed, and the answer's secret is what is sealed.
	row, err := s.store.Endpoint(t.Context(), endpoint(t, id))
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first, "whsec_"))
	if opened, failed := s.deps.Sealer.Open(row.ID, row.Secret); err != nil || failed != nil || string(opened) != string(key) || strings.Contains(string(row.Secret), string(key)) {
		t.Errorf("kept %x of secret %s: %v, %v", row.Secret, first, err, failed)
	}

	changed := s.do(http.MethodPatch, one, owner, `{"url":"https://example.org/","events":[],"description":"","active":false}`).want(http.StatusOK)
	if w := changed.object("webhook"); w["url"] != "https://example.org/" || len(w["events"].([]any)) != 0 || w["description"] != nil || w["active"] != false {
		t.Errorf("PATCH = %s", changed.raw)
	}
	for _, same := range []string{`{}`, `{"url":"https://example.org/","active":false,"events":[]}`} {
		again := s.do(http.MethodPatch, one, owner, same).want(http.StatusOK)
		if d := cmp.Diff(changed.at("webhook"), again.at("webhook")); d != "" {
			t.Errorf("PATCH %s changes something (-before +after):\n%s", same, d)
		}
	}
	s.do(http.MethodPost, one+"/test", owner, nil).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	s.do(http.MethodPatch, one, owner, `{"active":true}`).want(http.StatusOK)

	rotated := s.do(http.MethodPost, one+"/rotate", owner, nil).want(http.StatusOK)
	second := rotated.text("secret")
	if until, now := rotated.text("webhook", "previousSecretUntil"), rotated.text("serverNow"); hoursBetween(t, now, until) != 24 {
		t.Errorf("rotated at %s, the old secret is good until %s, want 24 hours", now, until)
	}
	row, err = s.store.Endpoint(t.Context(), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	if previous, err := s.deps.Sealer.Open(row.ID, row.PreviousSecret); err != nil || string(previous) != string(key) || second == first || row.URL != "https://example.org/" {
		t.Errorf("after the rotation the previous secret is %x, %v, want the first", previous, err)
	}
	none := s.do(http.MethodPost, one+"/rotate", owner, `{"overlapHours":0}`).want(http.StatusOK)
	if row, err = s.store.Endpoint(t.Context(), row.ID); err != nil || row.PreviousSecret != nil || none.at("webhook", "previousSecretUntil") != nil {
		t.Errorf("a rotation without overlap keeps %x: %s", row.PreviousSecret, none.raw)
	}
	for body, pointer := range map[string]string{`{"overlapHours":169}`: "/overlapHours", `{"overlapHours":-1}`: "/overlapHours", `{"overlapHours":1.5}`: "/overlapHours"} {
		if p := s.do(http.MethodPost, one+"/rotate", owner, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{pointer}) {
			t.Errorf("rotate %s: pointers = %v", body, p)
		}
	}

	tried := s.do(http.MethodPost, one+"/test", owner, nil).want(http.StatusAccepted)
	rows := s.waiting(v, store.SinkWebhook, seating.EventWebhookTest)
	if len(rows) != 1 || rows[0].DedupeKey != tried.text("event")+"/"+id || rows[0].Endpoint != row.ID || payloadOf(t, rows[0]).Endpoint != row.ID {
		t.Errorf("after test %s wait %+v", tried.raw, rows)
	}

	gone := s.do(http.MethodDelete, one, owner, nil).want(http.StatusNoContent)
	if len(gone.raw) != 0 {
		t.Errorf("DELETE = %q", gone.raw)
	}
	for _, x := range [][2]string{{"GET", one}, {"PATCH", one}, {"DELETE", one}, {"POST", one + "/rotate"}, {"POST", one + "/test"}, {"GET", one + "/deliveries"}} {
		s.do(x[0], x[1], owner, map[string]any{"PATCH": "{}"}[x[0]]).refused(http.StatusNotFound, seating.CodeNotFound)
	}
	if n := len(s.waiting(v, store.SinkWebhook)); n != 0 {
		t.Errorf("%d rows wait for a webhook that is gone", n)
	}

	// Each change is told once, by whom, and with no secret and no address.
	var told []string
	for _, r := range s.waiting(v, store.SinkObservability, seating.EventWebhookChanged) {
		p := payloadOf(t, r)
		told = append(told, p.What+" "+s.called(v, p.Actor.Principal))
		if p.Endpoint != row.ID || p.At.IsZero() || p.Version.Epoch == "" || r.Severity != seating.SeverityNotice || !strings.HasPrefix(r.DedupeKey, store.ToldPrefix) {
			t.Errorf("event %+v %s", r, r.Payload)
		}
	}
	if d := cmp.Diff([]string{"created manager", "changed owner", "changed owner", "rotated owner", "rotated owner", "deleted owner"}, told); d != "" {
		t.Errorf("what was told (-want +got):\n%s", d)
	}
	said := []string{
		s.log.String(), string(s.do(http.MethodGet, "/metrics", "", nil).raw), string(s.do(http.MethodGet, v.path("/history?limit=200"), owner, nil).raw),
		string(all.raw), string(changed.raw),
	}
	for _, r := range s.waiting(v, store.SinkObservability) {
		said = append(said, string(r.Payload), string(r.Headers))
	}
	everything := strings.Join(said, "\n")
	for _, secret := range []string{first, second, none.text("secret"), string(key), "whsec_"} {
		if strings.Contains(everything, secret) {
			t.Errorf("%q is told", secret)
		}
	}
	if strings.Contains(s.log.String(), "in-the-url") {
		t.Error("the log has the URL")
	}
}

// called is whose token a principal is.
func (s *stack) called(v venue, principal string) string {
	for role, id := range v.ids {
		if seating.TokenPrincipal(id, "") == principal {
			return string(role)
		}
	}
	return principal
}

func hoursBetween(t testing.TB, from, to string) float64 {
	t.Helper()
	a, err := servicetime.ParseInstant(from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := servicetime.ParseInstant(to)
	if err != nil {
		t.Fatal(err)
	}
	return b.Sub(a).Round(time.Minute).Hours()
}

func TestFaultsOfAWebhook(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id, _ := s.webhook(v, CreateWebhookRequest{})
	for body, want := range map[string]string{
		`{}`:                                 "/url",
		`{"url":""}`:                         "/url",
		`{"url":"http://example.com/"}`:      "", // somewhere in 127.0.0.0/8, for all that is known
		`{"url":"http://1.1.1.1/"}`:          "/url",
		`{"url":"https://10.0.0.1/"}`:        "/url",
		`{"url":"https://[::1]/"}`:           "/url",
		`{"url":"https://169.254.169.254/"}`: "/url",
		`{"url":"ftp://example.com"}`:        "/url",
		`{"url":"https://u:p@example.com"}`:  "/url",
		`{"url":"https://example.com#a"}`:    "/url",
		`{"url":"https://127.0.0.1:8443/"}`:  "",
		`{"url":"https://example.com/` + strings.Repeat("a", 1981) + `"}`:                "/url",
		`{"url":"https://example.com","events":["booking.creatd"]}`:                      "/events/0",
		`{"url":"https://example.com","events":["booking.created","bookings.*"]}`:        "/events/1",
		`{"url":"https://example.com","events":["*"]}`:                                   "/events/0",
		`{"url":"https://example.com","events":["book*"]}`:                               "/events/0",
		`{"url":"https://example.com","events":["booking."]}`:                            "/events/0",
		`{"url":"https://example.com","events":["booking.*","access.denied"]}`:           "/events/1",
		`{"url":"https://example.com","events":["webhook.*"]}`:                           "/events/0",
		`{"url":"https://example.com","events":["capacity.hold.*","day.closed"]}`:        "",
		`{"url":"https://example.com","description":"` + strings.Repeat("é", 201) + `"}`: "/description",
		`{"url":"https://example.com","description":"a\nb"}`:                             "/description",
		`{"url":"https://example.com","secret":"whsec_mine"}`:                            "/secret",
		`{"url":"https://example.com","active":"yes"}`:                                   "/active",
	} {
		got := s.do(http.MethodPost, v.path("/webhooks"), owner, body)
		if want == "" {
			got.want(http.StatusCreated)
		} else if p := got.refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("POST %.80s: pointers = %v, want %s", body, p, want)
		}
		if want == "" || want == "/secret" || body == `{}` {
			continue
		}
		if p := s.do(http.MethodPatch, v.path("/webhooks/"+id), owner, body).refused(http.StatusUnprocessableEntity, seating.CodeInvalid).pointers(); !slices.Equal(p, []string{want}) {
			t.Errorf("PATCH %.80s: pointers = %v, want %s", body, p, want)
		}
	}
	both := s.do(http.MethodPost, v.path("/webhooks"), owner, `{"url":"https://10.0.0.1/","events":["x"]}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	if p := both.pointers(); !slices.Equal(p, []string{"/url", "/events/0"}) || !strings.Contains(both.text("detail"), "10.0.0.1") {
		t.Errorf("two faults = %s", both.raw)
	}
	after := s.do(http.MethodGet, v.path("/webhooks/"+id), owner, nil).want(http.StatusOK)
	if after.at("webhook", "createdAt") != after.at("webhook", "changedAt") {
		t.Errorf("refused changes left %s", after.raw)
	}
}

func TestTenWebhooks(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var wg sync.WaitGroup
	status := make([]int, store.MaxWebhooks+3)
	for i := range status {
		wg.Go(func() {
			got := s.do(http.MethodPost, s.one.path("/webhooks"), s.one.tokens[seating.RoleOwner], CreateWebhookRequest{URL: "https://example.com/"})
			if status[i] = got.status; got.status != http.StatusCreated {
				got.refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
				if !strings.Contains(got.text("detail"), "10 webhooks") {
					t.Errorf("one too many = %s", got.raw)
				}
			}
		})
	}
	wg.Wait()
	slices.Sort(status)
	if n, found := slices.BinarySearch(status, http.StatusUnprocessableEntity); !found || n != store.MaxWebhooks {
		t.Errorf("statuses = %v, want %d made", status, store.MaxWebhooks)
	}
	// Those of another restaurant do not count.
	s.webhook(s.two, CreateWebhookRequest{})
}

// A deployment without a key serves all but what would need one.
func TestWebhooksWithoutAKey(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id, _ := s.webhook(v, CreateWebhookRequest{})
	d := s.deps
	d.Registry, d.Sealer, d.Allow = prometheus.NewRegistry(), nil, nil
	api, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	bare := *s
	bare.api = api
	for _, path := range []string{"/webhooks", "/webhooks/" + id + "/rotate"} {
		got := bare.do(http.MethodPost, v.path(path), owner, map[bool]any{true: `{"url":"https://example.com/"}`}[path == "/webhooks"])
		got.refused(http.StatusNotImplemented, seating.CodeNotConfigured)
		if !strings.Contains(got.text("detail"), "MAITRED_SEAL_KEY") {
			t.Errorf("%s = %s, want the setting named", path, got.raw)
		}
	}
	if n := len(bare.do(http.MethodGet, v.path("/webhooks"), owner, nil).want(http.StatusOK).list("webhooks")); n != 1 {
		t.Errorf("%d webhooks, want the one there was", n)
	}
	bare.do(http.MethodPatch, v.path("/webhooks/"+id), owner, `{"active":false}`).want(http.StatusOK)
	bare.do(http.MethodPatch, v.path("/webhooks/"+id), owner, `{"url":"http://example.com"}`).refused(http.StatusUnprocessableEntity, seating.CodeInvalid)
	bare.do(http.MethodDelete, v.path("/webhooks/"+id), owner, nil).want(http.StatusNoContent)
}

// Another restaurant's webhook is one that does not exist, whatever is asked of it.
func TestForeignWebhooksAreUnknown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	mine, theirs, owner := s.one, s.two, s.one.tokens[seating.RoleOwner]
	foreign, _ := s.webhook(theirs, CreateWebhookRequest{})
	before := s.do(http.MethodGet, theirs.path("/webhooks"), theirs.tokens[seating.RoleOwner], nil).at("webhooks")
	for _, x := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"PATCH", "", `{"url":"https://evil.example/"}`}, {"DELETE", "", nil}, {"POST", "/rotate", nil}, {"POST", "/test", nil}, {"GET", "/deliveries", nil},
	} {
		var raw []string
		for _, id := range []string{foreign, uuid.NewString(), "nonsense"} {
			a := s.do(x.method, mine.path("/webhooks/"+id+x.path), owner, x.body).refused(http.StatusNotFound, seating.CodeNotFound)
			delete(a.body, "serverNow")
			raw = append(raw, jsonText(t, a.body))
		}
		if raw[0] != raw[1] || raw[1] != raw[2] {
			t.Errorf("%s %s: foreign, random, malformed = %v, want the same", x.method, x.path, raw)
		}
	}
	if n := len(s.do(http.MethodGet, mine.path("/webhooks"), owner, nil).list("webhooks")); n != 0 {
		t.Errorf("%d webhooks are listed, want none", n)
	}
	after := s.do(http.MethodGet, theirs.path("/webhooks"), theirs.tokens[seating.RoleOwner], nil).at("webhooks")
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("the other restaurant's webhooks changed:\n%s", d)
	}
	if n := len(s.waiting(theirs, store.SinkWebhook)); n != 0 {
		t.Errorf("%d events wait for the other restaurant's webhook", n)
	}
}

// The rights of a second ago are not enough to have events sent away.
func TestARevokedTokenChangesNoWebhook(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, manager := s.one, s.one.tokens[seating.RoleManager]
	id, _ := s.webhook(v, CreateWebhookRequest{})
	s.do(http.MethodGet, v.path("/webhooks"), manager, nil).want(http.StatusOK)
	before := s.do(http.MethodGet, v.path("/webhooks"), v.tokens[seating.RoleOwner], nil).at("webhooks")
	if err := s.store.RevokeToken(t.Context(), v.id, v.ids[seating.RoleManager]); err != nil {
		t.Fatal(err)
	}
	one := v.path("/webhooks/" + id)
	s.do(http.MethodPost, v.path("/webhooks"), manager, CreateWebhookRequest{URL: "https://example.com/"}).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodPatch, one, manager, `{"active":false}`).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodDelete, one, manager, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodPost, one+"/rotate", manager, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	s.do(http.MethodPost, one+"/test", manager, nil).refused(http.StatusUnauthorized, seating.CodeUnauthenticated)
	after := s.do(http.MethodGet, v.path("/webhooks"), v.tokens[seating.RoleOwner], nil).at("webhooks")
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("a revoked token changed:\n%s", d)
	}
}

type crowdedStore = store.Store

// crowded lets somebody change a webhook between the reading and the writing of
// somebody else's change.
type crowded struct {
	crowdedStore
	before func(store.Webhook)
	times  int
}

func (c *crowded) PutWebhook(ctx context.Context, w store.Webhook, e store.Told) error {
	if c.times > 0 && w.CreatedAt == 0 {
		c.times--
		c.before(w)
	}
	return c.crowdedStore.PutWebhook(ctx, w, e)
}

// Of a rotation and a change at the same time both stand.
func TestTwoChangesOfAWebhookAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id, _ := s.webhook(v, CreateWebhookRequest{})
	var secret string
	crowd := &crowded{crowdedStore: s.store, times: 1, before: func(store.Webhook) {
		secret = s.do(http.MethodPost, v.path("/webhooks/"+id+"/rotate"), owner, nil).want(http.StatusOK).text("secret")
	}}
	d := s.deps
	d.Registry, d.Webhooks = prometheus.NewRegistry(), crowd
	api, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	other := *s
	other.api = api
	other.do(http.MethodPatch, v.path("/webhooks/"+id), owner, `{"active":false}`).want(http.StatusOK)
	row, err := s.store.Endpoint(t.Context(), endpoint(t, id))
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.deps.Sealer.Open(row.ID, row.Secret)
	if err != nil || "whsec_"+base64.StdEncoding.EncodeToString(key) != secret || row.Active {
		t.Errorf("after a rotation within a change: secret kept %t, active %t, %v", "whsec_"+base64.StdEncoding.EncodeToString(key) == secret, row.Active, err)
	}
	crowd.times = maxRewrites
	other.do(http.MethodPatch, v.path("/webhooks/"+id), owner, `{"active":true}`).refused(http.StatusServiceUnavailable, seating.CodeUnavailable)
}

// TestAWebhookEndToEnd: what the API makes, the commit queues and the sink sends, a
// receiver verifies by the secret of the answer.
func TestAWebhookEndToEnd(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v := s.one
	type message struct {
		header http.Header
		body   []byte
	}
	got := make(chan message, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- message{r.Header, body}
	}))
	t.Cleanup(receiver.Close)
	s.webhook(v, CreateWebhookRequest{URL: receiver.URL, Events: []string{"policy.*"}})
	_, foreign := s.webhook(s.two, CreateWebhookRequest{URL: receiver.URL})
	id, secret := s.webhook(v, CreateWebhookRequest{URL: receiver.URL, Events: []string{"booking.*"}})
	booking := s.book(v, 2, "19:00", func(r *CreateBookingRequest) { r.Guest = &planted })
	sink := webhook.New(webhook.Config{Endpoints: s.store, Sealer: s.deps.Sealer, Allow: s.deps.Allow, Now: s.clock.now, Version: "test"})
	t.Cleanup(sink.Close)
	rows := s.waiting(v, store.SinkWebhook)
	if len(rows) != 1 || rows[0].Endpoint != endpoint(t, id) {
		t.Fatalf("rows = %+v, want one, for the webhook whose filter matches", rows)
	}
	results := sink.Deliver(t.Context(), []outbox.Item{{Row: rows[0], Event: payloadOf(t, rows[0])}})
	if results[0].Outcome != outbox.Delivered {
		t.Fatalf("Deliver = %+v", results[0])
	}
	m := <-got
	for secret, mine := range map[string]bool{secret: true, foreign: false} {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.VerifyIgnoringTimestamp(m.body, m.header); (err == nil) != mine {
			t.Errorf("verified by the secret of the answer %t: %v", mine, err)
		}
	}
	var event struct {
		ID      string               `json:"id"`
		Type    string               `json:"type"`
		Subject string               `json:"subject"`
		Source  string               `json:"source"`
		Version string               `json:"version"`
		Data    seating.EventPayload `json:"data"`
	}
	if err := json.Unmarshal(m.body, &event); err != nil {
		t.Fatal(err)
	}
	if event.Type != "booking.created" || event.Subject != "booking:"+booking || event.Source != "/restaurants/"+v.id.String() ||
		event.ID != m.header.Get("Webhook-Id") || event.Version != event.Data.Version.String() || strings.Contains(string(m.body), planted.Name) {
		t.Errorf("sent %s", m.body)
	}
}

// deliveries are written as the worker writes them.
func (s *stack) delivered(v venue, id string, n int) {
	s.t.Helper()
	var log []store.Delivery
	for i := range n {
		d := store.Delivery{
			Restaurant: v.id, Endpoint: endpoint(s.t, id), EventID: int64(i + 1), EventType: seating.EventBookingCreated, DedupeKey: fmt.Sprintf("%s/%d", id, i),
			Attempt: i%3 + 1, At: servicetime.InstantOf(s.clock.now()), Took: 1500 * time.Microsecond, Outcome: "delivered", Status: 200,
		}
		if i == 0 {
			d.Outcome, d.Status, d.Error = "failed", 0, "timeout"
		}
		log = append(log, d)
	}
	if _, err := s.store.Turn(s.t.Context(), store.Turn{Worker: "w", Sink: store.SinkWebhook, Log: log}); err != nil {
		s.t.Fatal(err)
	}
}

func TestDeliveriesArePaged(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	id, _ := s.webhook(v, CreateWebhookRequest{})
	other, _ := s.webhook(v, CreateWebhookRequest{})
	s.delivered(v, id, 5)
	s.delivered(v, other, 1)
	path := v.path("/webhooks/" + id + "/deliveries")
	var events []string
	for next, pages := "?limit=2", 0; next != ""; pages++ {
		page := s.do(http.MethodGet, path+next, owner, nil).want(http.StatusOK)
		next = ""
		for _, d := range page.list("deliveries") {
			events = append(events, d["event"].(string))
		}
		if c, ok := page.at("nextCursor").(string); ok {
			next = "?limit=2&cursor=" + c
			s.do(http.MethodGet, v.path("/webhooks/"+other+"/deliveries"+next), owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
		}
		if pages == 3 {
			t.Fatal("five deliveries have more than three pages of two")
		}
	}
	if d := cmp.Diff([]string{id + "/4", id + "/3", id + "/2", id + "/1", id + "/0"}, events); d != "" {
		t.Errorf("deliveries, page by page (-want +got):\n%s", d)
	}
	whole := s.do(http.MethodGet, path+"?limit=5", owner, nil).want(http.StatusOK)
	if whole.at("nextCursor") != nil {
		t.Error("a full last page has a next one")
	}
	oldest := whole.list("deliveries")[4]
	want := map[string]any{
		"at": oldest["at"], "event": id + "/0", "type": "booking.created", "attempt": 1.0, "outcome": "failed", "error": "timeout", "tookMilliseconds": 1.0,
	}
	if d := cmp.Diff(want, oldest); d != "" {
		t.Errorf("a delivery (-want +got):\n%s", d)
	}
}

// moved lets the sink of observability take all that waits.
func (s *stack) moved() {
	s.t.Helper()
	worker := "w-" + uuid.NewString()
	share, err := s.store.Beat(s.t.Context(), store.Beat{Worker: worker, Sinks: []string{store.SinkObservability}, Lease: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	var claims []store.Claim
	for _, l := range share.Lanes {
		claims = append(claims, l.Claim)
	}
	if len(claims) != store.Lanes {
		s.t.Fatalf("%d lanes, want all", len(claims))
	}
	for from, more := (store.FlowRef{}), true; more; {
		m, err := s.store.Move(s.t.Context(), store.Move{Worker: worker, Claims: claims, From: from, Limit: 500, PerFlow: 500})
		if err != nil {
			s.t.Fatal(err)
		}
		from, more = m.Next, m.More
	}
	if err := s.store.GiveUp(s.t.Context(), worker, nil); err != nil {
		s.t.Fatal(err)
	}
}

func TestObservabilityEvents(t *testing.T) {
	t.Parallel()
	s := ownStack(t)
	v, owner := s.one, s.one.tokens[seating.RoleOwner]
	booking, other := s.book(v, 2, "19:00"), s.book(v, 2, "20:00")
	s.hold(v, other, "T2")
	s.book(s.two, 2, "19:00")
	s.webhook(v, CreateWebhookRequest{})
	s.moved()
	path := v.path("/observability-events")
	all := s.do(http.MethodGet, path, owner, nil).want(http.StatusOK).list("events")
	var got []string
	for i, e := range all {
		got = append(got, e["type"].(string))
		if p := e["payload"].(map[string]any); p["restaurantId"] != v.id.String() || p["schemaVersion"] != 1.0 || e["event"] == "" || e["severity"] == "" {
			t.Errorf("event %v", e)
		}
		if i > 0 && e["createdAt"].(string) > all[i-1]["createdAt"].(string) {
			t.Errorf("event %d is newer than the one before it", i)
		}
	}
	if !slices.Equal(got[:4], []string{"webhook.changed", "capacity.hold.created", "booking.created", "booking.created"}) {
		t.Errorf("events = %v, newest first", got)
	}
	count := func(query string) int {
		t.Helper()
		return len(s.do(http.MethodGet, path+"?"+query, owner, nil).want(http.StatusOK).list("events"))
	}
	for query, want := range map[string]int{
		"type=booking.created": 2, "type=booking.*": 2, "type=booking.created,capacity.hold.*,booking.*": 3, "type=epoch.rotated": 0, "bookingId=" + booking: 1, "bookingId=" + other: 2,
		"bookingId=" + uuid.NewString(): 0, "severity=critical,error": 0, "severity=notice&type=webhook.*": 1, "to=2026-11-27T12:00:00Z": 0, "from=2026-11-27T12:00:00Z": len(all),
		"from=2026-11-27T12:00:00%2B00:00&to=2027-01-01T00:00:00Z": len(all), "from=2027-01-01T00:00:00Z": 0,
	} {
		if n := count(query); n != want {
			t.Errorf("?%s: %d events, want %d", query, n, want)
		}
	}
	var paged []string
	for next := "?type=booking.*,capacity.*&limit=2"; next != ""; {
		page := s.do(http.MethodGet, path+next, owner, nil).want(http.StatusOK)
		next = ""
		for _, e := range page.list("events") {
			paged = append(paged, e["type"].(string))
		}
		if c, ok := page.at("nextCursor").(string); ok {
			next = "?type=booking.*,capacity.*&limit=2&cursor=" + c
			s.do(http.MethodGet, path+"?type=booking.*&limit=2&cursor="+c, owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable)
		}
	}
	if d := cmp.Diff([]string{"capacity.hold.created", "booking.created", "booking.created"}, paged); d != "" {
		t.Errorf("page by page (-want +got):\n%s", d)
	}
	for query, pointer := range map[string]string{
		"type=": "type", "type=x": "type", "type=booking.created,": "type", "type=*": "type", "severity=": "severity", "severity=loud": "severity",
		"severity=info,info": "severity", "bookingId=x": "bookingId", "bookingId=": "bookingId", "from=yesterday": "from", "to=2026-11-27": "to",
		"from=2026-11-27T12:00:00Z&to=2026-11-27T12:00:00Z": "to", "limit=0": "limit", "cursor=x": "cursor", "type=booking.*&type=booking.*": "type",
	} {
		if p := s.do(http.MethodGet, path+"?"+query, owner, nil).refused(http.StatusBadRequest, seating.CodeUnreadable).pointers(); !slices.Equal(p, []string{pointer}) {
			t.Errorf("?%s: pointers = %v, want %s", query, p, pointer)
		}
	}
	theirs := s.do(http.MethodGet, s.two.path("/observability-events?type=booking.*"), s.two.tokens[seating.RoleOwner], nil).want(http.StatusOK).list("events")
	if len(theirs) != 1 || theirs[0]["payload"].(map[string]any)["restaurantId"] != s.two.id.String() {
		t.Errorf("the other restaurant's events = %v", theirs)
	}
}
