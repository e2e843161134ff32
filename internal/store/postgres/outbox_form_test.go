package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store"
)

// TestTheOutboxIsPlain: nothing of the schema stands for a transaction of this
// server, or for a place in its log, which another server would not know after a
// restore; nothing is partitioned, so no change of a row moves it; no trigger
// notifies; and dead rows of the outbox are not left to defaults that are made for
// tables that grow.
func TestTheOutboxIsPlain(t *testing.T) {
	t.Parallel()
	s, _ := stage(t, "one")
	for what, query := range map[string]string{
		"transaction ids": `
			SELECT format('%s.%s', a.attrelid::regclass, a.attname)
			FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
			WHERE c.relnamespace = 'maitred'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
				AND a.atttypid IN ('xid'::regtype, 'xid8'::regtype, 'cid'::regtype, 'tid'::regtype, 'pg_lsn'::regtype, 'pg_snapshot'::regtype, 'txid_snapshot'::regtype)`,
		"partitions": `SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = 'maitred'::regnamespace AND (c.relkind = 'p' OR c.relispartition)`,
		"functions that notify": `
			SELECT p.proname::text FROM pg_proc AS p
			WHERE p.pronamespace = 'maitred'::regnamespace AND p.prosrc ~* '\mnotify\M|pg_notify'`,
	} {
		if found := words(t, s, query); len(found) > 0 {
			t.Errorf("there are %s: %v", what, found)
		}
	}
	options := words(t, s, "SELECT unnest(reloptions) FROM pg_class WHERE oid = 'maitred.capacity_outbox'::regclass")
	for _, want := range []string{"autovacuum_vacuum_scale_factor=0.01", "autovacuum_vacuum_threshold=1000"} {
		if !slices.Contains(options, want) {
			t.Errorf("capacity_outbox has the options %v, want %s among them", options, want)
		}
	}
}

// TestHandingOutLeavesRowsAlone: a row is written when it comes, and goes when it
// was delivered. In between handing it out writes no new version of it, and while it
// is delivered nothing is locked, neither it nor its lane nor its worker.
func TestHandingOutLeavesRowsAlone(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	for i := range 5 {
		d.Commit(d.Book(d.Booking(fmt.Sprintf("B%d", i), 0, 60)))
	}
	const versions = "SELECT concat_ws(' ', id, ctid, xmin) FROM maitred.capacity_outbox"
	before := words(t, s, versions)
	sink := store.SinkObservability
	turned, err := s.Turn(t.Context(), store.Turn{
		Worker: "w", Sink: sink, Claims: beat(t, s, "w", time.Hour)[sink], Sweep: true, Limit: 10, PerFlow: 10,
	})
	if err != nil || len(turned.Rows) != 5 {
		t.Fatalf("Turn = %d rows, %v, want five", len(turned.Rows), err)
	}
	if diff := cmp.Diff(before, words(t, s, versions)); diff != "" {
		t.Errorf("versions of the rows (-before +handed out):\n%s", diff)
	}
	for _, table := range []string{"capacity_outbox", "outbox_lane", "outbox_worker", "outbox_sink", "outbox_block"} {
		if err := s.RawSQL(t.Context(), "SELECT FROM maitred."+table+" FOR UPDATE NOWAIT"); err != nil {
			t.Errorf("%s is locked while rows are delivered: %v", table, err)
		}
	}
	const underWay = "SELECT pid || ' ' || query FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
	if found := words(t, s, underWay); len(found) > 0 {
		t.Errorf("transactions that are open while rows are delivered: %v", found)
	}
}

// TestARowThatBecomesVisibleLateIsDelivered: its id was drawn before those of rows
// that have been delivered, and its transaction ended after.
func TestARowThatBecomesVisibleLateIsDelivered(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	late, err := s.db.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, late, "SET LOCAL session_replication_role = replica")
	mustRun(t, late, `
		INSERT INTO capacity_outbox (sink, lane, restaurant_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload,
			next_attempt_at, created_at)
		SELECT 'observability', get_byte(uuid_send(r.id), 15) % 16, r.id, 'late', 1, 'booking.created', 'info', 1, 'late/0', '{}',
			maitred.clock(), maitred.clock()
		FROM restaurants AS r WHERE r.slug = 'one'`)
	d.Commit(d.Book(d.Booking("B1", 0, 60)))

	sink := store.SinkObservability
	claims := beat(t, s, "w", time.Hour)[sink]
	turn := func(turn store.Turn) []store.OutboxRow {
		t.Helper()
		turn.Worker, turn.Sink, turn.Claims, turn.Limit, turn.PerFlow = "w", sink, claims, 10, 10
		turned, err := s.Turn(t.Context(), turn)
		if err != nil {
			t.Fatalf("Turn = %v", err)
		}
		return turned.Rows
	}
	first := turn(store.Turn{Sweep: true})
	if len(first) != 1 {
		t.Fatalf("handed out = %+v, want the one that is committed", first)
	}
	turn(store.Turn{Done: []store.Settled{{ID: first[0].ID, Lane: first[0].Lane}}})
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := turn(store.Turn{Sweep: true}); len(got) != 1 || got[0].DedupeKey != "late/0" || got[0].ID >= first[0].ID {
		t.Errorf("handed out = %+v, want the late one, with an id below %d", got, first[0].ID)
	}
}

// TestAHeldSnapshotCostsAHandOutNothing: somebody reads for hours, so that no dead
// row goes. Behind twenty thousand of them, a worker that knows how far it is in a
// flow does not walk through them. A sweep does: that shows that they are there.
func TestAHeldSnapshotCostsAHandOutNothing(t *testing.T) {
	t.Parallel()
	s := busy(t)
	ctx := t.Context()
	reader, err := s.db.Connect(t).BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Rollback(context.WithoutCancel(t.Context())) })
	const rows = `
		SET session_replication_role = replica;
		INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key,
			payload, next_attempt_at, created_at)
		SELECT 'webhook', 1, r.id, '00000000-0000-7000-8000-000000000001', 'a/' || n %% 100, n, 'booking.created', 'info', 1, '%s/' || n, '{"a": 1}',
			maitred.clock(), maitred.clock()
		FROM restaurants AS r CROSS JOIN generate_series(1, %d) AS n WHERE r.slug = 'busy';
		SET session_replication_role = origin;`
	if err := s.RawSQL(ctx, fmt.Sprintf(rows, "gone", 20_000)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, reader, "SELECT count(*) FROM capacity_outbox")
	last, err := s.RawCount(ctx, "SELECT max(id) FROM capacity_outbox WHERE sink = 'webhook'")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{
		"SET session_replication_role = replica; DELETE FROM capacity_outbox WHERE sink = 'webhook'; SET session_replication_role = origin",
		fmt.Sprintf(rows, "new", 10), "VACUUM ANALYZE capacity_outbox",
	} {
		if err := s.RawSQL(ctx, script); err != nil {
			t.Fatal(err)
		}
	}
	db := s.seed.Store
	share, err := db.Beat(ctx, store.Beat{Worker: "w", Sinks: []string{store.SinkWebhook}, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	turn := store.Turn{Worker: "w", Sink: store.SinkWebhook, Limit: 100, PerFlow: 100}
	for _, l := range share.Lanes {
		turn.Claims = append(turn.Claims, l.Claim)
	}
	hands := func(turn store.Turn) []plan {
		return s.of(func() {
			if turned, err := db.Turn(ctx, turn); err != nil || len(turned.Rows) != 10 {
				t.Errorf("Turn = %d rows, %v, want ten", len(turned.Rows), err)
			}
		})
	}
	at := turn
	at.Flows = []store.FlowRef{{Lane: 1, After: last}}
	at.Flows[0].Flow[6], at.Flows[0].Flow[8], at.Flows[0].Flow[15] = 0x70, 0x80, 1
	hands(at) // and again: what is measured is not how statements are prepared
	cheap(t, "one flow behind dead rows", hands(at), 60, 400)
	sweep := turn
	sweep.Sweep = true
	most := 0.0
	for _, p := range hands(sweep) {
		most = max(most, p.Root.Hit+p.Root.Read)
	}
	if most < 1000 {
		t.Errorf("a sweep reads %v blocks: there are no dead rows to walk through", most)
	}
}

// TestPruningDoesNotPileUpBehindALock: somebody has locked a row that is to go, and
// goes to lunch. It gives up, waits no longer, and prunes the next time.
func TestPruningDoesNotPileUpBehindALock(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	d.Clock.Advance(time.Hour)
	somebody, err := s.db.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = somebody.Rollback(context.WithoutCancel(t.Context())) })
	mustRun(t, somebody, "SELECT FROM history FOR UPDATE")
	old := store.Prune{Kept: store.KeptHistory, Restaurant: d.ID(), Keep: time.Minute, Limit: 10}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if done, err := s.Prune(ctx, old); !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("Prune of what is locked = %+v, %v, want ErrUnavailable long before %s", done, err, 30*time.Second)
	}
	const waits = "SELECT pid || ' ' || query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	if found := words(t, s, waits); len(found) > 0 {
		t.Errorf("it still waits: %v", found)
	}
	if err := somebody.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Prune(t.Context(), old); err != nil || done.Rows != 1 {
		t.Errorf("Prune afterwards = %+v, %v, want the one line", done, err)
	}
}
