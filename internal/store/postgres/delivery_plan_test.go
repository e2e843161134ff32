package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

// flood puts a hundred thousand events into one flow of each sink, whose endpoint
// is down: five thousand aggregates of it are parked and the circuit is open. Behind
// it, and in other lanes, are small flows.
const flood = `
	SET session_replication_role = replica;
	INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key,
		payload, next_attempt_at, created_at)
	SELECT 'webhook', 1, r.id, '00000000-0000-7000-8000-000000000001', 'down/' || n % 5000, n, 'booking.created', 'info', 1, 'down/' || n, '{"a": 1}',
		maitred.clock(), maitred.clock()
	FROM restaurants AS r CROSS JOIN generate_series(1, 100000) AS n WHERE r.slug = 'busy';
	INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key,
		payload, next_attempt_at, created_at)
	SELECT 'webhook', n % 16, r.id, ('00000000-0000-7000-8000-00000000001' || substr('0123456789abcdef', 1 + n % 16, 1))::uuid, 'up/' || n, n,
		'booking.created', 'info', 1, 'up/' || n, '{"a": 1}', maitred.clock(), maitred.clock()
	FROM restaurants AS r CROSS JOIN generate_series(1, 160) AS n WHERE r.slug = 'busy';
	INSERT INTO capacity_outbox (sink, lane, restaurant_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key,
		payload, next_attempt_at, created_at)
	SELECT 'observability', get_byte(uuid_send(r.id), 15) % 16, r.id, 'a/' || n % 5000, n, 'booking.created', 'info', 1, r.slug || n, '{"a": 1}',
		maitred.clock(), maitred.clock()
	FROM restaurants AS r CROSS JOIN generate_series(1, 100000) AS n WHERE r.slug = 'quiet0' OR r.slug = 'quiet1' AND n <= 200;
	INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
	SELECT 'webhook', o.flow, o.aggregate, o.restaurant_id, 'infinity', maitred.clock(), o.id, 1, 'failed'
	FROM capacity_outbox AS o WHERE o.endpoint_id = '00000000-0000-7000-8000-000000000001' AND o.aggregate_seq <= 5000;
	INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
	SELECT 'webhook', '00000000-0000-7000-8000-000000000001', '', r.id, maitred.clock() + interval '1 minute', maitred.clock(), 0, 5, 'circuit_open'
	FROM restaurants AS r WHERE r.slug = 'busy';
	SET session_replication_role = origin;`

// TestAFloodedFlowCostsTheOthersNothing: whatever waits in one flow, a worker finds
// the rows of the others by one look at each flow, and looks at no more rows than it
// hands out, moves or settles.
func TestAFloodedFlowCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	const count = "VACUUM ANALYZE capacity_outbox, outbox_block"
	for name, before := range map[string][]string{
		"counted": {flood, count},
		// Plans are made while there is nothing, and nobody tells the planner better.
		"suddenly": {"TRUNCATE capacity_outbox; ALTER TABLE capacity_outbox SET (autovacuum_enabled = false)", count},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := busy(t)
			for _, script := range before {
				if err := s.RawSQL(t.Context(), script); err != nil {
					t.Fatal(err)
				}
			}
			besideAFlood(t, s, name == "counted")
		})
	}
}

func besideAFlood(t *testing.T, s *traced, counted bool) {
	t.Helper()
	db, ctx := s.seed.Store, t.Context()
	const worker = "w"
	share, err := db.Beat(ctx, store.Beat{Worker: worker, Sinks: store.Sinks(), Lease: time.Minute})
	if err != nil || len(share.Lanes) != 2*store.Lanes {
		t.Fatalf("Beat = %d lanes, %v, want all", len(share.Lanes), err)
	}
	claims := map[string][]store.Claim{}
	for _, l := range share.Lanes {
		claims[l.Sink] = append(claims[l.Sink], l.Claim)
	}
	turn := func(want int, turn store.Turn) store.Turned {
		t.Helper()
		turn.Worker, turn.Sink, turn.Claims = worker, store.SinkWebhook, claims[store.SinkWebhook]
		done, err := db.Turn(ctx, turn)
		if err != nil || len(done.Rows) != want {
			t.Fatalf("Turn = %d rows, %v, want %d", len(done.Rows), err, want)
		}
		return done
	}
	if !counted {
		none := store.Settled{ID: 1}
		for range 3 {
			turn(0, store.Turn{
				Sweep: true, Limit: 500, PerFlow: 100, Done: []store.Settled{none}, Failed: []store.Failed{{Settled: none, Reason: store.ParkedFailed}},
				Dead: []store.Died{{Settled: none, Cause: store.CauseRefused, Key: store.ToldKey(storetest.NewID[[16]byte]())}},
			})
			_, err1 := db.Move(ctx, store.Move{Worker: worker, Claims: claims[store.SinkObservability], Limit: 100, PerFlow: 50})
			_, err2 := db.Suspect(ctx, worker, store.SinkWebhook, claims[store.SinkWebhook][0], seating.FlowID{1}, 1)
			_, err3 := db.Waiting(ctx, worker)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.RawSQL(ctx, flood); err != nil {
			t.Fatal(err)
		}
	}
	sweep := store.Turn{Sweep: true, Limit: 500, PerFlow: 100}
	turn(160, sweep) // and again: what is measured is not how statements are prepared

	var rows []store.OutboxRow
	cheap(t, "a sweep", s.of(func() { rows = turn(160, sweep).Rows }), 200, 4000)
	first := sweep
	first.Limit = 20
	cheap(t, "a sweep that ends early", s.of(func() { turn(20, first) }), 60, 1000)
	flow := store.Turn{Flows: []store.FlowRef{{Lane: rows[0].Lane, Flow: rows[0].Flow}}, Limit: 100, PerFlow: 100}
	cheap(t, "one flow", s.of(func() { turn(10, flow) }), 60, 400)
	settle := flow
	for _, r := range rows[:20] {
		settle.Done = append(settle.Done, store.Settled{ID: r.ID, Lane: r.Lane})
	}
	for _, r := range rows[20:30] {
		settle.Failed = append(settle.Failed, store.Failed{Settled: store.Settled{ID: r.ID, Lane: r.Lane}, Wait: time.Hour, Counted: true, Reason: store.ParkedFailed})
	}
	for _, r := range rows[30:35] {
		key := store.ToldKey(storetest.NewID[[16]byte]())
		settle.Dead = append(settle.Dead, store.Died{Settled: store.Settled{ID: r.ID, Lane: r.Lane}, Cause: store.CauseRefused, Key: key})
	}
	// What is settled is looked for by id: with the plan for an empty table that is one
	// walk through the rows, until the server has counted them. It is no more than that.
	plans := s.of(func() { turn(0, settle) })
	if counted {
		cheap(t, "settling", plans, 60, 1500)
	} else {
		cheap(t, "settling", plans, 201_000, 10_000)
	}
	down := seating.FlowID{6: 0x70, 8: 0x80, 15: 1}
	closing := store.Turn{Circuits: []store.Circuit{{Lane: 1, Flow: down, Restaurant: s.seed.ID(), Open: true, Wait: time.Hour, Failures: 6}}}
	cheap(t, "a circuit", s.of(func() { turn(0, closing) }), 60, 400)

	ask := func(name string, blocks float64, do func() error) {
		t.Helper()
		plans := s.of(func() {
			if err := do(); err != nil {
				t.Errorf("%s = %v", name, err)
			}
		})
		cheap(t, name, plans, 200, blocks)
	}
	ask("Waiting", 2500, func() error { _, err := db.Waiting(ctx, worker); return err })
	ask("Move", 3000, func() error {
		moved, err := db.Move(ctx, store.Move{Worker: worker, Claims: claims[store.SinkObservability], Limit: 100, PerFlow: 50})
		if len(moved.Rows) != 100 {
			t.Errorf("Move = %d rows, want 100", len(moved.Rows))
		}
		return err
	})
	ask("Suspect", 300, func() error {
		row, err := db.Suspect(ctx, worker, store.SinkWebhook, claims[store.SinkWebhook][rows[50].Lane], rows[50].Flow, rows[50].ID)
		if row == nil {
			t.Error("there is no suspect")
		}
		return err
	})
	ask("Beat", 300, func() error {
		_, err := db.Beat(ctx, store.Beat{Worker: worker, Sinks: store.Sinks(), Lease: time.Minute})
		return err
	})
	ask("OutboxEntry", 60, func() error { _, err := db.OutboxEntry(ctx, rows[60].ID); return err })
	ask("Retry", 300, func() error { _, err := db.Retry(ctx, []int64{rows[61].ID}, store.Note{}); return err })

	if !counted {
		return
	}
	// It counts no further than ten thousand, and guesses the rest.
	var backlog []store.Backlog
	cheap(t, "Backlog", s.of(func() {
		if backlog, err = db.Backlog(ctx); err != nil {
			t.Errorf("Backlog = %v", err)
		}
	}), 20_100, 3000)
	for _, b := range backlog {
		if b.Rows < 50_000 || b.Rows > 200_000 || b.Oldest == 0 {
			t.Errorf("Backlog = %+v, want about a hundred thousand", b)
		}
	}
}
