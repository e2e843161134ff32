package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// crashing is a queue whose process can end.
type crashing struct {
	store.Queue
	gone atomic.Bool
}

var errGone = errors.New("the process is gone")

func (c *crashing) Beat(ctx context.Context, b store.Beat) (store.Share, error) {
	if c.gone.Load() {
		return store.Share{}, errGone
	}
	return c.Queue.Beat(ctx, b)
}

func (c *crashing) Turn(ctx context.Context, t store.Turn) (store.Turned, error) {
	if c.gone.Load() {
		return store.Turned{}, errGone
	}
	return c.Queue.Turn(ctx, t)
}

func (c *crashing) Move(ctx context.Context, m store.Move) (store.Moved, error) {
	if c.gone.Load() {
		return store.Moved{}, errGone
	}
	return c.Queue.Move(ctx, m)
}

func (c *crashing) GiveUp(ctx context.Context, worker string, lanes []store.LaneRef) error {
	if c.gone.Load() {
		return errGone
	}
	return c.Queue.GiveUp(ctx, worker, lanes)
}

func (c *crashing) Suspect(ctx context.Context, w, s string, l store.Claim, f seating.FlowID, last int64) (*store.OutboxRow, error) {
	if c.gone.Load() {
		return nil, errGone
	}
	return c.Queue.Suspect(ctx, w, s, l, f, last)
}

// receiver takes what it gets, and keeps the order.
type receiver struct {
	mu     sync.Mutex
	got    map[string][]int64 // ids, by aggregate
	taken  map[int64]int
	poison int64
	crash  func()
}

func (*receiver) Name() string { return store.SinkWebhook }

func (r *receiver) Deliver(_ context.Context, batch []outbox.Item) []outbox.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	results := make([]outbox.Result, len(batch))
	for i, item := range batch {
		if r.poison == item.Row.ID {
			r.crash()
			return results
		}
		r.got[item.Row.Aggregate] = append(r.got[item.Row.Aggregate], item.Row.ID)
		r.taken[item.Row.ID]++
		results[i].Outcome = outbox.Delivered
	}
	return results
}

// eventStore is a store in which events of several endpoints and bookings wait. Its
// clock goes on by itself.
func eventStore(t *testing.T) (*sqlite.Store, seating.RestaurantID, func(changes int)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "maitred.db")
	clock := storetest.NewClock()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: clock.Now, Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := storetest.Plant(t, s, clock, "events")
	event := func(kind seating.EventType, b seating.BookingID) seating.Event {
		return seating.Event{Type: kind, Severity: seating.SeverityInfo, Booking: b, Payload: seating.EventPayload{
			SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: d.House.Public(), At: clock.Instant(), Actor: d.Actor, Booking: b,
		}}
	}
	for range 3 {
		id := storetest.NewID[seating.EndpointID]()
		hook := store.Webhook{
			ID: id, Restaurant: d.ID(), URL: "https://hooks.example/", Active: true, Secret: []byte("sealed"),
			CreatedAt: clock.Instant(), ChangedAt: clock.Instant(), CreatedBy: d.Actor.Principal,
		}
		told := store.Told{Restaurant: d.ID(), Key: store.ToldKey(storetest.NewID[[16]byte]()), Event: event(seating.EventWebhookChanged, seating.BookingID{})}
		if err := s.PutWebhook(t.Context(), hook, told); err != nil {
			t.Fatal(err)
		}
	}
	bookings := []seating.BookingID{storetest.NewID[seating.BookingID](), storetest.NewID[seating.BookingID](), {}}
	// The clock stands while a change is decided and committed.
	var mu sync.Mutex
	ended := make(chan struct{})
	var work sync.WaitGroup
	t.Cleanup(func() {
		close(ended)
		work.Wait()
	})
	work.Go(func() {
		ticks := time.NewTicker(5 * time.Millisecond)
		defer ticks.Stop()
		last := time.Now()
		for {
			select {
			case <-ended:
				return
			case <-ticks.C:
			}
			now := time.Now()
			mu.Lock()
			clock.Advance(now.Sub(last))
			mu.Unlock()
			last = now
		}
	})
	return s, d.ID(), func(changes int) {
		mu.Lock()
		defer mu.Unlock()
		for i := range changes {
			c := d.Change("happen", house.Rows{})
			c.Events = []seating.Event{event(seating.EventBookingChanged, bookings[i%3]), event(seating.EventFloorChanged, seating.BookingID{})}
			d.Commit(c)
		}
	}
}

func waiting(t *testing.T, s *sqlite.Store) []store.OutboxRow {
	t.Helper()
	var rows []store.OutboxRow
	for _, sink := range store.Sinks() {
		of, err := s.OutboxRows(t.Context(), sink, 0, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, of...)
	}
	return rows
}

// The worker on a real store: a crash in the middle, a row that kills whoever
// delivers it, a takeover, and a drain of the rest.
func TestOnSQLite(t *testing.T) {
	t.Parallel()
	s, id, happens := eventStore(t)
	happens(60)
	var hooks []int64
	for _, row := range waiting(t, s) {
		if row.Sink == store.SinkWebhook {
			hooks = append(hooks, row.ID)
		}
	}
	if len(hooks) != 360 {
		t.Fatalf("%d rows wait for endpoints, want 360", len(hooks))
	}
	r := &receiver{got: map[string][]int64{}, taken: map[int64]int{}, poison: hooks[200]}
	config := func(q store.Queue, name string) outbox.Config {
		return outbox.Config{
			Queue: q, Sinks: []outbox.Sink{r}, Name: name, NewID: storetest.NewID[[16]byte], Now: time.Now, PerFlow: 20,
			Lease: 1500 * time.Millisecond, Poll: 50 * time.Millisecond, Backlog: s.Backlog, Rows: s.Outbox,
		}
	}
	lives := 0
	for lives < 8 {
		lives++
		q := &crashing{Queue: s}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		r.crash = func() { q.gone.Store(true); cancel() }
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			outbox.New(config(q, fmt.Sprint("life ", lives))).Run(ctx)
		}()
		for ctx.Err() == nil && len(waiting(t, s)) > 0 {
			select {
			case <-ended:
			case <-time.After(20 * time.Millisecond):
			}
		}
		cancel()
		<-ended
		if !q.gone.Load() {
			break
		}
	}
	happens(3)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	drained, err := outbox.New(config(s, "drain")).Drain(ctx)
	if err != nil || drained.Left != 0 || drained.Delivered < 18 || drained.Dead != 0 {
		t.Errorf("drained %+v, %v", drained, err)
	}
	if rows := waiting(t, s); len(rows) != 0 {
		t.Errorf("%d rows still wait", len(rows))
	}
	if lives != 4 {
		t.Errorf("the row that kills took %d lives, want three and the one that gave it up", lives)
	}
	dead, err := s.Outbox(t.Context(), store.OutboxQuery{State: store.RowDead, Limit: 10})
	if err != nil || len(dead) != 1 || dead[0].ID != r.poison || dead[0].Reason != store.CauseCrashLoop {
		t.Errorf("dead letters: %+v, %v", dead, err)
	}
	for aggregate, ids := range r.got {
		first := slices.Compact(slices.Sorted(slices.Values(ids)))
		seen := map[int64]bool{}
		var order []int64
		for _, id := range ids {
			if !seen[id] {
				order = append(order, id)
			}
			seen[id] = true
		}
		if !slices.Equal(first, order) {
			t.Errorf("%s came in the order %v", aggregate, order)
		}
	}
	for _, id := range hooks {
		if r.taken[id] == 0 && id != r.poison {
			t.Errorf("row %d was lost", id)
		}
	}
	// 126 events of changes, three of endpoints, one of the dead row, each once.
	events, err := s.ObservabilityEvents(t.Context(), id, store.ObservedQuery{Limit: 1000})
	if err != nil || len(events) != 63*2+3+1 {
		t.Errorf("%d events are kept, %v; want %d", len(events), err, 63*2+3+1)
	}
}
