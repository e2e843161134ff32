package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// webhookTests say where events of a restaurant are sent.
var webhookTests = []test{
	{"AnEndpointIsKeptAsItWasPut", endpointIsKept},
	{"AnEndpointIsChanged", endpointIsChanged},
	{"ARestaurantHasTenEndpoints", tenEndpoints},
	{"AnEndpointGoesWithItsRows", endpointGoes},
	{"EventsGoToTheEndpointsWhoseFilterMatches", filtersMatch},
	{"AnInactiveEndpointGetsNothing", inactiveGetsNothing},
	{"ATestGoesToOneEndpoint", testGoesToOne},
	{"DeliveriesAreListedNewestFirst", deliveriesAreListed},
	{"NothingOfAnothersEndpointsIsSeenOrChanged", endpointsOfOthers},
}

func endpointIsKept(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	ctx := t.Context()
	full := d.hook("booking.*", "floor.changed")
	full.PreviousSecret, full.PreviousUntil, full.Active = []byte{0, 1, 255}, At(60), false
	told := d.told(seating.EventWebhookChanged)
	if err := e.Store.PutWebhook(ctx, full, told); err != nil {
		t.Fatalf("PutWebhook = %v", err)
	}
	e.Clock.Advance(time.Second)
	plain := d.hook()
	if err := e.Store.PutWebhook(ctx, plain, d.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("PutWebhook = %v", err)
	}
	all, err := e.Store.Webhooks(ctx, d.ID())
	if diff := cmp.Diff([]store.Webhook{full, plain}, all, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("Webhooks = %v (-put +read):\n%s", err, diff)
	}
	one, err := e.Store.Endpoint(ctx, full.ID)
	if diff := cmp.Diff(full, one, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("Endpoint = %v (-put +read):\n%s", err, diff)
	}
	_, err = e.Store.Endpoint(ctx, NewID[seating.EndpointID]())
	notFound(t, "Endpoint(unknown)", err)
	rows := queued(t, e.Store, store.SinkObservability)
	if len(rows) != 2 || rows[0].DedupeKey != told.Key || rows[0].EventType != seating.EventWebhookChanged || rows[0].Restaurant != d.ID() ||
		rows[0].Aggregate != d.ID().String() || rows[0].AggregateSeq != told.Version {
		t.Errorf("told = %+v, want both changes", rows)
	}
	if hooks := queued(t, e.Store, store.SinkWebhook); len(hooks) != 0 {
		t.Errorf("the change is sent to the endpoints: %+v", hooks)
	}
	w := d.hook()
	w.Restaurant = NewID[seating.RestaurantID]()
	notFound(t, "PutWebhook(of no restaurant)", e.Store.PutWebhook(ctx, w, d.told(seating.EventWebhookChanged)))
	if err := e.Store.PutWebhook(ctx, full, d.told(seating.EventWebhookChanged)); !errors.Is(err, store.ErrExists) {
		t.Errorf("PutWebhook(the same id again) = %v, want ErrExists", err)
	}
	for what, bad := range map[string]func(*store.Webhook){
		"a URL of 2,001":       func(w *store.Webhook) { w.URL = strings.Repeat("u", 2001) },
		"no URL":               func(w *store.Webhook) { w.URL = "" },
		"a description of 201": func(w *store.Webhook) { w.Description = strings.Repeat("d", 201) },
	} {
		w := d.hook()
		bad(&w)
		if err := e.Store.PutWebhook(ctx, w, d.told(seating.EventWebhookChanged)); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("PutWebhook(%s) = %v, want ErrInvalid", what, err)
		}
	}
	if rows := queued(t, e.Store, store.SinkObservability); len(rows) != 2 {
		t.Errorf("%d changes are told, want the two that were made", len(rows))
	}
}

func endpointIsChanged(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	ctx := t.Context()
	was := d.hook("booking.*")
	if err := e.Store.PutWebhook(ctx, was, d.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("PutWebhook = %v", err)
	}
	e.Clock.Advance(time.Minute)
	now := was
	now.URL, now.Description, now.Events, now.Active = "https://other.example/", "", []string{}, false
	now.Secret, now.PreviousSecret, now.PreviousUntil, now.ChangedAt = []byte("new"), was.Secret, At(60), e.Clock.Instant()
	change := now
	change.CreatedAt, change.CreatedBy = 0, "somebody else"
	if err := e.Store.PutWebhook(ctx, change, d.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("PutWebhook(change) = %v", err)
	}
	got, err := e.Store.Endpoint(ctx, was.ID)
	if diff := cmp.Diff(now, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("Endpoint = %v (-want +got):\n%s", err, diff)
	}
	change.ID = NewID[seating.EndpointID]()
	notFound(t, "PutWebhook(change of none)", e.Store.PutWebhook(ctx, change, d.told(seating.EventWebhookChanged)))
	if rows := queued(t, e.Store, store.SinkObservability); len(rows) != 2 {
		t.Errorf("%d changes are told, want two", len(rows))
	}
}

func tenEndpoints(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	var last seating.EndpointID
	for range store.MaxWebhooks {
		last = d.endpoint()
	}
	more := d.hook()
	if err := e.Store.PutWebhook(t.Context(), more, d.told(seating.EventWebhookChanged)); !errors.Is(err, store.ErrExists) {
		t.Errorf("PutWebhook(one more than %d) = %v, want ErrExists", store.MaxWebhooks, err)
	}
	change := d.hook()
	change.ID, change.CreatedAt = last, 0
	if err := e.Store.PutWebhook(t.Context(), change, d.told(seating.EventWebhookChanged)); err != nil {
		t.Errorf("PutWebhook(a change of the last) = %v", err)
	}
	o.endpoint() // the bound is of one restaurant
	if err := e.Store.DropWebhook(t.Context(), d.ID(), last, d.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("DropWebhook = %v", err)
	}
	if err := e.Store.PutWebhook(t.Context(), more, d.told(seating.EventWebhookChanged)); err != nil {
		t.Errorf("PutWebhook(in the place of one that went) = %v", err)
	}
}

// delivers writes lines of the delivery log.
func (d *Seed) delivers(w *outboxWorker, endpoint seating.EndpointID, n int) {
	d.T.Helper()
	var log []store.Delivery
	for i := range n {
		log = append(log, store.Delivery{
			Restaurant: d.ID(), Endpoint: endpoint, EventID: int64(i + 1), EventType: seating.EventBookingCreated, DedupeKey: fmt.Sprintf("k%d", i), Attempt: i,
			At: d.Clock.Instant(), Took: time.Duration(i) * time.Millisecond, Outcome: "failed", Status: 500 + i, Error: "no",
		})
	}
	w.turn(store.Turn{Sink: store.SinkWebhook, Log: log})
}

func endpointGoes(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	ctx := t.Context()
	gone, stays := d.endpoint(), d.endpoint()
	b := parties(3)
	for _, party := range b {
		d.happens(party, seating.EventBookingCreated)
	}
	w := e.worker(t)
	w.beats()
	flow := seating.FlowID(gone)
	var turn store.Turn
	var others []store.OutboxRow
	for _, row := range w.sweep(store.SinkWebhook, 100) {
		switch {
		case row.Endpoint == stays:
			others = append(others, row)
		case row.Booking == b[0]:
			turn.Dead = append(turn.Dead, store.Died{Settled: at(row), Cause: store.CauseRefused, Key: store.ToldKey(NewID[[16]byte]())})
		case row.Booking == b[1]:
			turn.Failed = append(turn.Failed, failed(row, time.Hour))
		}
	}
	turn.Sink, turn.Circuits = store.SinkWebhook, []store.Circuit{{Lane: store.Lane(flow), Flow: flow, Restaurant: d.ID(), Open: true, Wait: time.Hour, Failures: 5}}
	w.turn(turn)
	d.delivers(w, gone, 2)
	d.delivers(w, stays, 1)
	before := len(queued(t, e.Store, store.SinkObservability))
	if err := e.Store.DropWebhook(ctx, d.ID(), gone, d.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("DropWebhook = %v", err)
	}
	want := store.Backlog{Sink: store.SinkWebhook, Rows: 3, Oldest: Opening, Now: Opening, Workers: 1}
	if got := backlogOf(t, e.Store, store.SinkWebhook); got != want {
		t.Errorf("Backlog = %+v, want %+v", got, want)
	}
	if diff := cmp.Diff(others, w.sweep(store.SinkWebhook, 100)); diff != "" {
		t.Errorf("handed out of the other (-want +got):\n%s", diff)
	}
	for endpoint, n := range map[seating.EndpointID]int{gone: 0, stays: 1} {
		if log, err := e.Store.Deliveries(ctx, d.ID(), endpoint, 0, 10); err != nil || len(log) != n {
			t.Errorf("Deliveries = %+v, %v, want %d", log, err, n)
		}
	}
	_, err := e.Store.Endpoint(ctx, gone)
	notFound(t, "Endpoint(one that went)", err)
	if after := len(queued(t, e.Store, store.SinkObservability)); after != before+1 {
		t.Errorf("%d events are told, want one more than %d", after, before)
	}
	notFound(t, "DropWebhook again", e.Store.DropWebhook(ctx, d.ID(), gone, d.told(seating.EventWebhookChanged)))
	if after := len(queued(t, e.Store, store.SinkObservability)); after != before+1 {
		t.Errorf("what found nothing was told")
	}
	d.happens(b[0], seating.EventBookingConfirmed)
	if rows := queued(t, e.Store, store.SinkWebhook); len(rows) != 4 {
		t.Errorf("%d rows wait, want the next event for the other endpoint alone", len(rows))
	}
}

func filtersMatch(t *testing.T, e Env) {
	d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	o.endpoint()
	names := map[seating.EndpointID]string{}
	for name, events := range map[string][]string{
		"all": {}, "equal": {"booking.created"}, "prefix": {"booking.*"}, "two": {"floor.changed", "capacity.hold.*"}, "both": {"booking.*", "booking.created"},
		"half a word": {"book.*"}, "no dot": {"booking*"}, "longer": {"booking.created.*"}, "percent": {"%.*", "_ooking.*"},
	} {
		names[d.endpoint(events...)] = name
	}
	b := NewID[seating.BookingID]()
	before := d.House.Version
	want := map[string][]string{}
	for kind, who := range map[seating.EventType][]string{
		seating.EventBookingCreated:   {"all", "equal", "prefix", "both"},
		seating.EventBookingConfirmed: {"all", "prefix", "both"},
		seating.EventHoldCreated:      {"all", "two"},
		seating.EventFloorChanged:     {"all", "two"},
		"booking":                     {"all"},
		"bookings.created":            {"all"},
		"Booking.created":             {"all"},
	} {
		key := d.happens(b, kind)[0]
		for _, name := range who {
			want[name] = append(want[name], key)
		}
	}
	got := map[string][]string{}
	for _, row := range queued(t, e.Store, store.SinkWebhook) {
		key, suffix, _ := strings.Cut(row.DedupeKey, "/"+row.Endpoint.String())
		got[names[row.Endpoint]] = append(got[names[row.Endpoint]], key)
		if suffix != "" || row.Flow != seating.FlowID(row.Endpoint) || row.Lane != laneOf(row.Endpoint) || row.Restaurant != d.ID() || row.Booking != b ||
			row.Aggregate != row.Endpoint.String()+"/"+b.String() || row.AggregateSeq <= before || row.Severity != seating.SeverityInfo || row.SchemaVersion != 1 {
			t.Errorf("a row of %s is %+v", names[row.Endpoint], row)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events of each endpoint, in order (-want +got):\n%s", diff)
	}
	if rows := queued(t, e.Store, store.SinkObservability); len(rows) != 7+len(names)+1 {
		t.Errorf("%d rows for observability, want each event and each endpoint once", len(rows))
	}
	// The payload is that of the event; one of the restaurant has its aggregate.
	key := d.happens(seating.BookingID{}, seating.EventDayClosed)[0]
	rows := queued(t, e.Store, store.SinkWebhook)
	last, other := rows[len(rows)-1], queued(t, e.Store, store.SinkObservability)
	same := other[len(other)-1]
	if last.DedupeKey != key+"/"+last.Endpoint.String() || last.Aggregate != last.Endpoint.String()+"/"+d.ID().String() ||
		string(last.Payload) != string(same.Payload) || string(last.Headers) != string(same.Headers) || last.CreatedAt != same.CreatedAt {
		t.Errorf("the row is %+v, want what observability has: %+v", last, same)
	}
}

func inactiveGetsNothing(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	w := d.hook()
	put := func(active bool) {
		t.Helper()
		w.Active = active
		if err := e.Store.PutWebhook(t.Context(), w, d.told(seating.EventWebhookChanged)); err != nil {
			t.Fatalf("PutWebhook = %v", err)
		}
		w.CreatedAt = 0
		d.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	}
	for i, step := range []struct {
		active bool
		rows   int
	}{{false, 0}, {true, 1}, {false, 1}} {
		put(step.active)
		if rows := queued(t, e.Store, store.SinkWebhook); len(rows) != step.rows {
			t.Errorf("after step %d %d rows wait, want %d", i, len(rows), step.rows)
		}
	}
}

func testGoesToOne(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint := d.endpoint("floor.*")
	d.endpoint()
	before := queued(t, e.Store, store.SinkObservability)
	told := d.told(seating.EventWebhookTest)
	if err := e.Store.TestWebhook(t.Context(), endpoint, told); err != nil {
		t.Fatalf("TestWebhook = %v", err)
	}
	rows := queued(t, e.Store, store.SinkWebhook)
	if len(rows) != 1 || rows[0].Endpoint != endpoint || rows[0].DedupeKey != told.Key+"/"+endpoint.String() || rows[0].EventType != seating.EventWebhookTest ||
		rows[0].Aggregate != endpoint.String()+"/"+d.ID().String() || rows[0].Lane != laneOf(endpoint) || rows[0].Restaurant != d.ID() {
		t.Errorf("rows = %+v, want the test for the one endpoint", rows)
	}
	if diff := cmp.Diff(before, queued(t, e.Store, store.SinkObservability)); diff != "" {
		t.Errorf("observability (-before +after):\n%s", diff)
	}
	notFound(t, "TestWebhook(unknown)", e.Store.TestWebhook(t.Context(), NewID[seating.EndpointID](), d.told(seating.EventWebhookTest)))
	w := e.worker(t)
	w.beats()
	w.hands(store.SinkWebhook, rows[0].DedupeKey)
}

func deliveriesAreListed(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	endpoint, other := d.endpoint(), d.endpoint()
	w := e.worker(t)
	w.beats()
	d.delivers(w, endpoint, 5)
	d.delivers(w, other, 2)
	all, err := e.Store.Deliveries(t.Context(), d.ID(), endpoint, 0, 10)
	if err != nil || len(all) != 5 {
		t.Fatalf("Deliveries = %+v, %v, want five", all, err)
	}
	for i, got := range all {
		n := 4 - i
		want := store.Delivery{
			ID: got.ID, Restaurant: d.ID(), Endpoint: endpoint, EventID: int64(n + 1), EventType: seating.EventBookingCreated, DedupeKey: fmt.Sprintf("k%d", n),
			Attempt: n, At: Opening, Took: time.Duration(n) * time.Millisecond, Outcome: "failed", Status: 500 + n, Error: "no",
		}
		if diff := cmp.Diff(want, got); diff != "" || i > 0 && got.ID >= all[i-1].ID {
			t.Errorf("delivery %d (-want +got):\n%s", i, diff)
		}
	}
	if page, err := e.Store.Deliveries(t.Context(), d.ID(), endpoint, all[1].ID, 2); err != nil || !cmp.Equal(page, all[2:4]) {
		t.Errorf("Deliveries(before the second, 2) = %+v, %v, want the next two", page, err)
	}
}

// endpointsOfOthers: whoever names another restaurant's endpoint beside the own
// restaurant is told that there is none, and changes nothing.
func endpointsOfOthers(t *testing.T, e Env) {
	mine, other := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
	ctx := t.Context()
	theirs := other.hook()
	if err := e.Store.PutWebhook(ctx, theirs, other.told(seating.EventWebhookChanged)); err != nil {
		t.Fatalf("PutWebhook = %v", err)
	}
	w := e.worker(t)
	w.beats()
	other.delivers(w, theirs.ID, 2)
	before, told := queued(t, e.Store, store.SinkWebhook), queued(t, e.Store, store.SinkObservability)
	change := mine.hook()
	change.ID, change.CreatedAt = theirs.ID, 0
	notFound(t, "PutWebhook(change of another's)", e.Store.PutWebhook(ctx, change, mine.told(seating.EventWebhookChanged)))
	change.CreatedAt = Opening
	if err := e.Store.PutWebhook(ctx, change, mine.told(seating.EventWebhookChanged)); !errors.Is(err, store.ErrExists) {
		t.Errorf("PutWebhook(with the id of another's) = %v, want ErrExists", err)
	}
	notFound(t, "DropWebhook(another's)", e.Store.DropWebhook(ctx, mine.ID(), theirs.ID, mine.told(seating.EventWebhookChanged)))
	notFound(t, "TestWebhook(another's)", e.Store.TestWebhook(ctx, theirs.ID, mine.told(seating.EventWebhookTest)))
	if all, err := e.Store.Webhooks(ctx, mine.ID()); err != nil || len(all) != 0 {
		t.Errorf("Webhooks = %+v, %v, want none", all, err)
	}
	if log, err := e.Store.Deliveries(ctx, mine.ID(), theirs.ID, 0, 10); err != nil || len(log) != 0 {
		t.Errorf("Deliveries = %+v, %v, want none", log, err)
	}
	mine.happens(NewID[seating.BookingID](), seating.EventBookingCreated)
	if diff := cmp.Diff(before, queued(t, e.Store, store.SinkWebhook)); diff != "" {
		t.Errorf("rows of webhooks (-before +after):\n%s", diff)
	}
	if now := queued(t, e.Store, store.SinkObservability); len(now) != len(told)+1 {
		t.Errorf("%d events are told, want %d and the one that happened", len(now), len(told))
	}
	got, err := e.Store.Endpoint(ctx, theirs.ID)
	if diff := cmp.Diff(theirs, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("their endpoint = %v (-before +after):\n%s", err, diff)
	}
	if log, err := e.Store.Deliveries(ctx, other.ID(), theirs.ID, 0, 10); err != nil || len(log) != 2 {
		t.Errorf("their log = %+v, %v, want both lines", log, err)
	}
}
