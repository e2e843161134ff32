package sqlite_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// TestRowsThatAreDueLaterAreLookedAtOnce: rows that a redrive brings back, spread
// over hours, wait in front of the row of another. Ten times as many of them cost a
// turn about ten times as much, and not a hundred times: none is looked at again for
// each that is behind it.
func TestRowsThatAreDueLaterAreLookedAtOnce(t *testing.T) {
	t.Parallel()
	few, many := dueLater(t, 400), dueLater(t, 4000)
	t.Logf("a turn takes %s beside 400 rows that are due later, and %s beside 4,000", few, many)
	if many > 40*few {
		t.Errorf("a turn takes %s beside 400 rows that are due later, and %s beside 4,000", few, many)
	}
}

// dueLater is the least time that a turn takes beside n rows that are not due.
func dueLater(t *testing.T, n int) time.Duration {
	t.Helper()
	s, d := plant(t)
	const script = `
INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < MANY)
SELECT 'webhook', 0, 'RESTAURANT', '00000000-0000-7000-8000-000000000000', 'x' || i % 500, 1, 'booking.created', 'info', 1, 'k' || i, '{}', 8000000000000000 + i, 1 FROM n;
INSERT INTO capacity_outbox (sink, lane, restaurant_id, endpoint_id, aggregate, aggregate_seq, event_type, severity, schema_version, dedupe_key, payload, next_attempt_at, created_at)
VALUES ('webhook', 0, 'RESTAURANT', '00000000-0000-7000-8000-000000000010', 'y', 1, 'booking.created', 'info', 1, 'y', '{}', 0, 1);`
	if err := s.RawSQL(t.Context(), strings.NewReplacer("RESTAURANT", d.ID().String(), "MANY", strconv.Itoa(n)).Replace(script)); err != nil {
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
	least := time.Hour
	for range 5 {
		began := time.Now()
		turned, err := s.Turn(t.Context(), turn)
		if err != nil || len(turned.Rows) != 1 || turned.Rows[0].DedupeKey != "y" {
			t.Fatalf("Turn = %+v, %v, want the one row that is due", turned.Rows, err)
		}
		least = min(least, time.Since(began))
	}
	return least
}
