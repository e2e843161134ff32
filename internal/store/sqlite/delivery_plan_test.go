package sqlite_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// TestDeliveryIsFoundByIndex: no statement of the worker walks through a table, and
// none sorts, however much waits.
func TestDeliveryIsFoundByIndex(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{Now: storetest.NewClock().Now})
	for name, want := range map[string]string{
		"NextFlow":            "SEARCH capacity_outbox USING INDEX capacity_outbox_flow (sink=? AND lane=? AND flow>?)",
		"RowsOfFlow":          "SEARCH o USING INDEX capacity_outbox_flow (sink=? AND lane=? AND flow=?)",
		"FlowHasDue":          "SEARCH o USING INDEX capacity_outbox_flow (sink=? AND lane=? AND flow=? AND id<?)",
		"FirstOfFlow":         "SEARCH capacity_outbox USING INDEX capacity_outbox_flow (sink=? AND lane=? AND flow=?)",
		"Circuit":             "SEARCH outbox_block USING PRIMARY KEY (sink=? AND flow=? AND aggregate=?)",
		"AnyParked":           "SEARCH outbox_block USING PRIMARY KEY (sink=?)",
		"Unpark":              "SEARCH outbox_block USING PRIMARY KEY (sink=? AND flow=? AND aggregate=?)",
		"LaneHeld":            "SEARCH l USING PRIMARY KEY (sink=? AND lane=?)",
		"DeleteDelivered":     "SEARCH capacity_outbox USING INTEGER PRIMARY KEY (rowid=?)",
		"FailRow":             "SEARCH capacity_outbox USING INTEGER PRIMARY KEY (rowid=?)",
		"RecordEvents":        "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)",
		"InsertWebhookEvents": "(restaurant_id=?)",
		"DropEndpointRows":    "capacity_outbox_flow (sink=? AND lane=? AND flow=?)",
		"CountWaiting":        "SEARCH capacity_outbox USING COVERING INDEX capacity_outbox_flow (sink=?)",
		"OutboxEntries":       "SEARCH o USING INTEGER PRIMARY KEY (rowid>?)",
		"DumpOutbox":          "capacity_outbox_flow (sink=? AND lane=? AND flow=?)",
		"OutboxRows":          "SEARCH capacity_outbox USING INTEGER PRIMARY KEY (rowid>?)",
		"ObservabilityEvents": "SEARCH observability_events USING INDEX observability_events_restaurant (restaurant_id=? AND id<?)",
		"Deliveries":          "SEARCH webhook_deliveries USING INDEX webhook_deliveries_endpoint (restaurant_id=? AND endpoint_id=? AND id<?)",
		"PruneDead":           "outbox_dead_at (dead_at<?)",
		"PruneObserved":       "observability_events_recorded (recorded_at<?)",
		"PruneDeliveries":     "webhook_deliveries_at (at<?)",
		"PruneOperations":     "operations_at (at<?)",
		"OldestDead":          "outbox_dead_at",
		"OldestObserved":      "observability_events_recorded",
		"OldHistory":          "SEARCH history USING PRIMARY KEY (restaurant_id=?)",
		"PruneJournal":        "SEARCH j USING PRIMARY KEY (restaurant_id=? AND version<?)",
	} {
		query, known := sqlite.Queries()[name]
		if !known {
			t.Errorf("there is no statement %s", name)
			continue
		}
		plan := planOf(t, s, query)
		// The list of operators merges two pages, each of which it sorts once more.
		if !strings.Contains(plan, want) || name != "OutboxEntries" && strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("plan of %s\n= %s\nwant %s, and nothing sorted", name, plan, want)
		}
		if walked := regexp.MustCompile(`SCAN (capacity_outbox|o|j|outbox_dead)\b(.*)`).FindString(plan); walked != "" && !strings.HasPrefix(name, "Oldest") {
			t.Errorf("%s walks through a table: %s", name, walked)
		}
	}
}

// TestAParkedFlowCostsTheOthersNothing: with 30,000 rows behind an open circuit a
// turn of everybody else looks at few rows.
func TestAParkedFlowCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	const script = `
INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
SELECT 'webhook', 0, 'RESTAURANT', '00000000-0000-7000-8000-000000000000', 'x', 1, 'booking.created', 'info', 1, 'k' || i, '{}', 0, 1 FROM n;
INSERT INTO outbox_block (sink, flow, aggregate, restaurant_id, until, since, head_id, failures, reason)
VALUES ('webhook', '00000000-0000-7000-8000-000000000000', '', 'RESTAURANT', 9000000000000000, 0, 0, 5, 'circuit_open');
INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at)
VALUES ('webhook', 0, 'RESTAURANT', '00000000-0000-7000-8000-000000000010', 'y', 1, 'booking.created', 'info', 1, 'y', '{}', 0, 1);`
	if err := s.RawSQL(t.Context(), strings.ReplaceAll(script, "RESTAURANT", d.ID().String())); err != nil {
		t.Fatal(err)
	}
	share, err := s.Beat(t.Context(), store.Beat{Worker: "w", Sinks: []string{store.SinkWebhook}, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	turn := store.Turn{Worker: "w", Sink: store.SinkWebhook, Sweep: true, Limit: 100, PerFlow: 100}
	for _, l := range share.Lanes {
		turn.Claims = append(turn.Claims, l.Claim)
	}
	// The measure is a walk through the parked rows in the same run.
	walk := quickest(t, 5, func() error {
		return s.RawSQL(t.Context(), "SELECT sum(length(payload) + aggregate_seq) FROM capacity_outbox WHERE event_type <> 'x'")
	})
	for _, call := range []struct {
		name  string
		most  time.Duration
		times int
		do    func() error
	}{
		{"Turn", walk / 8, 10, func() error {
			turned, err := s.Turn(t.Context(), turn)
			if err == nil && (len(turned.Rows) != 1 || turned.Rows[0].DedupeKey != "y") {
				err = fmt.Errorf("it hands out %+v, want the one row that is free", turned.Rows)
			}
			return err
		}},
		{"Waiting", walk / 8, 10, func() error {
			waiting, err := s.Waiting(t.Context(), "w")
			if err == nil && len(waiting) != 1 {
				err = fmt.Errorf("it names %v", waiting)
			}
			return err
		}},
		{"Backlog", 4 * walk, 3, func() error {
			backlog, err := s.Backlog(t.Context())
			if b := backlog[1]; err == nil && (b.Rows < 15_000 || b.Rows > 60_000 || b.Oldest != 1 || b.Circuits != 1) {
				err = fmt.Errorf("it is %+v", b)
			}
			return err
		}},
	} {
		least := quickest(t, call.times, call.do)
		if least > call.most {
			t.Errorf("%s takes %s at the least beside 30,000 parked rows, want at most %s", call.name, least, call.most)
		}
		t.Logf("%s takes %s, a walk %s", call.name, least, walk)
	}
}

// quickest is how long the quickest of some calls takes.
func quickest(t *testing.T, times int, call func() error) time.Duration {
	t.Helper()
	least := time.Hour
	for range times {
		began := time.Now()
		if err := call(); err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Since(began))
	}
	return least
}

// TestASweepLooksAtABoundedNumberOfFlows: it runs in the writer's transaction.
func TestASweepLooksAtABoundedNumberOfFlows(t *testing.T) {
	t.Parallel()
	s, d := plant(t)
	const script = `
INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
SELECT 'webhook', 0, 'RESTAURANT', printf('00000000-0000-7000-8000-%011d0', i), 'x', 1, 'booking.created', 'info', 1, 'k' || i, '{}',
    CASE i WHEN 2400 THEN 0 ELSE 9000000000000000 END, 1 FROM n;`
	if err := s.RawSQL(t.Context(), strings.ReplaceAll(script, "RESTAURANT", d.ID().String())); err != nil {
		t.Fatal(err)
	}
	share, err := s.Beat(t.Context(), store.Beat{Worker: "w", Sinks: []string{store.SinkWebhook}, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	turn := store.Turn{Worker: "w", Sink: store.SinkWebhook, Sweep: true, Limit: 100, PerFlow: 100, Claims: []store.Claim{share.Lanes[0].Claim}}
	var keys []string
	looks := 0
	for ; looks < 10; looks++ {
		turned, err := s.Turn(t.Context(), turn)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range turned.Rows {
			keys = append(keys, row.DedupeKey)
		}
		if turn.From = turned.Next; turn.From == (store.FlowRef{}) {
			break
		}
		if !turned.More || turn.From.Flow == (seating.FlowID{}) {
			t.Errorf("a sweep that goes on = %+v, want more", turned)
		}
	}
	if looks != 2 || len(keys) != 1 || keys[0] != "k2400" {
		t.Errorf("%d turns, rows %v, want three turns and the one row that is due", looks+1, keys)
	}
}
