package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// lease of the workers of the suite.
const lease = 15 * time.Second

// outboxWorker is one worker: what it knows from its last beat.
type outboxWorker struct {
	t     *testing.T
	store store.Store
	name  string
	sinks []string
	share store.Share
}

// worker makes one for sinks; all when none is named.
func (e Env) worker(t *testing.T, sinks ...string) *outboxWorker {
	if len(sinks) == 0 {
		sinks = store.Sinks()
	}
	return &outboxWorker{t: t, store: e.Store, name: "worker-" + uuid.NewString(), sinks: sinks}
}

// beats says that the worker lives, and takes what it is given.
func (w *outboxWorker) beats() store.Share {
	w.t.Helper()
	share, err := w.store.Beat(w.t.Context(), store.Beat{Worker: w.name, Sinks: w.sinks, Lease: lease})
	if err != nil {
		w.t.Fatalf("Beat = %v", err)
	}
	w.share = share
	return share
}

// claims are those of the lanes of a sink.
func (w *outboxWorker) claims(sink string) []store.Claim {
	var claims []store.Claim
	for _, l := range w.share.Lanes {
		if l.Sink == sink {
			claims = append(claims, l.Claim)
		}
	}
	return claims
}

// claim is that of the lane of a flow.
func (w *outboxWorker) claim(sink string, flow seating.FlowID) store.Claim {
	w.t.Helper()
	for _, c := range w.claims(sink) {
		if c.Lane == store.Lane(flow) {
			return c
		}
	}
	w.t.Fatalf("the worker does not have the lane %d of %s", store.Lane(flow), sink)
	return store.Claim{}
}

// turn takes a turn with the claims of all of its lanes, unless some are named.
func (w *outboxWorker) turn(t store.Turn) store.Turned {
	w.t.Helper()
	t.Worker = w.name
	if t.Claims == nil {
		t.Claims = w.claims(t.Sink)
	}
	done, err := w.store.Turn(w.t.Context(), t)
	if err != nil {
		w.t.Fatalf("Turn = %v", err)
	}
	return done
}

// sweep hands out from all flows of a sink.
func (w *outboxWorker) sweep(sink string, limit int) []store.OutboxRow {
	w.t.Helper()
	return w.turn(store.Turn{Sink: sink, Sweep: true, Limit: limit, PerFlow: limit}).Rows
}

// done delivers rows of one sink.
func (w *outboxWorker) done(rows ...store.OutboxRow) store.Turned {
	w.t.Helper()
	t := store.Turn{Sink: rows[0].Sink}
	for _, r := range rows {
		t.Done = append(t.Done, at(r))
	}
	return w.turn(t)
}

// at names a row in its lane.
func at(r store.OutboxRow) store.Settled { return store.Settled{ID: r.ID, Lane: r.Lane} }

// failed is the report of a row that failed.
func failed(r store.OutboxRow, wait time.Duration) store.Failed {
	return store.Failed{Settled: at(r), Error: "no answer", Wait: wait, Counted: true, Spent: wait, Reason: store.ParkedFailed}
}

// keys are the dedupe keys of rows.
func keys(rows []store.OutboxRow) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.DedupeKey)
	}
	return all
}

// idsOf are the ids of rows.
func idsOf(rows []store.OutboxRow) []int64 {
	var all []int64
	for _, r := range rows {
		all = append(all, r.ID)
	}
	return all
}

// told is an event of a type that no change made.
func (d *Seed) told(kind seating.EventType) store.Told {
	return store.Told{
		Restaurant: d.ID(), Version: d.House.Version, Key: store.ToldKey(NewID[[16]byte]()),
		Event: seating.Event{Type: kind, Severity: seating.SeverityNotice, Payload: seating.EventPayload{
			SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: d.House.Public(), At: d.Clock.Instant(), Actor: d.Actor,
		}},
	}
}

// hook is an active endpoint with a filter, not yet put.
func (d *Seed) hook(events ...string) store.Webhook {
	id := NewID[seating.EndpointID]()
	return store.Webhook{
		ID: id, Restaurant: d.ID(), URL: "https://hooks.example/" + id.String(), Description: "till", Events: events, Active: true,
		Secret: []byte("sealed " + id.String()), CreatedAt: d.Clock.Instant(), CreatedBy: d.Actor.Principal, ChangedAt: d.Clock.Instant(),
	}
}

// endpoint puts an active endpoint with a filter.
func (d *Seed) endpoint(events ...string) seating.EndpointID {
	d.T.Helper()
	w := d.hook(events...)
	if err := d.Store.PutWebhook(d.T.Context(), w, d.told(seating.EventWebhookChanged)); err != nil {
		d.T.Fatalf("PutWebhook = %v", err)
	}
	return w.ID
}

// happens commits a change with events of a booking; the zero booking stands for the
// restaurant. It returns their keys.
func (d *Seed) happens(b seating.BookingID, kinds ...seating.EventType) []string {
	d.T.Helper()
	c := d.Change("happen", house.Rows{})
	var keys []string
	for i, kind := range kinds {
		c.Events = append(c.Events, seating.Event{Type: kind, Severity: seating.SeverityInfo, Booking: b, Payload: seating.EventPayload{
			SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: c.Public(), At: c.At, Actor: c.Actor, Booking: b,
		}})
		keys = append(keys, fmt.Sprintf("%s/%d", c.ID, i))
	}
	d.Commit(c)
	return keys
}

// parties are as many bookings, of which nothing is stored.
func parties(n int) []seating.BookingID {
	all := make([]seating.BookingID, n)
	for i := range all {
		all[i] = NewID[seating.BookingID]()
	}
	return all
}

// queued are the rows of a sink that wait.
func queued(t *testing.T, s store.Store, sink string) []store.OutboxRow {
	t.Helper()
	rows, err := s.OutboxRows(t.Context(), sink, 0, 100_000)
	if err != nil {
		t.Fatalf("OutboxRows = %v", err)
	}
	return rows
}

// note is what an operator did.
func note(action string) store.Note {
	return store.Note{Principal: "operator:x", Action: action, Detail: map[string]any{"n": 1}}
}

// backlogOf is that of a sink.
func backlogOf(t *testing.T, s store.Store, sink string) store.Backlog {
	t.Helper()
	all, err := s.Backlog(t.Context())
	if err != nil {
		t.Fatalf("Backlog = %v", err)
	}
	i := slices.IndexFunc(all, func(b store.Backlog) bool { return b.Sink == sink })
	if i < 0 {
		t.Fatalf("Backlog = %+v, want one of %s", all, sink)
	}
	return all[i]
}

func notFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s = %v, want ErrNotFound", what, err)
	}
}

// laneOf is the lane of a restaurant, or of an endpoint.
func laneOf[I ~[16]byte](id I) int { return store.Lane(seating.FlowID(id)) }
