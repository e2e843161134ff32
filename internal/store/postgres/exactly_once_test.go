package postgres_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// TestAMoveBrokenAnywhereMovesOnce breaks the connection of a worker before each
// message of a move, in both directions. Whatever the server made of it, what is
// there afterwards was moved once, and what is moved next is the rest.
func TestAMoveBrokenAnywhereMovesOnce(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	claims := beat(t, s, "worker", time.Hour)
	move := func(through store.Store) (store.Moved, error) {
		return through.Move(t.Context(), store.Move{Worker: "worker", Claims: claims[store.SinkObservability], Limit: 100, PerFlow: 100})
	}
	told, step := 0, 3
	if os.Getenv("MAITRED_SOAK") != "" {
		step = 1
	}
	for _, fault := range []struct {
		name string
		dir  pgtest.Direction
	}{{"to the server", pgtest.ToServer}, {"to the client", pgtest.ToClient}} {
		for n, broken := 0, true; broken; n += step {
			c := d.Booking(fmt.Sprintf("B%d", told), 0, 60)
			change := d.Book(c)
			change.Events = append(change.Events, seating.Event{
				Type: seating.EventBookingCreated, Severity: seating.SeverityInfo, Booking: c.ID, Payload: seating.EventPayload{SchemaVersion: seating.EventSchemaVersion},
			})
			d.Commit(change)
			told++
			wire := pgtest.NewProxy(t, s.db.URL)
			far := reopen(t, s.db, postgres.Config{URL: wire.URL(s.db.URL), MaxConns: 1})
			wire.CutAfter(fault.dir, n)
			_, err := move(far)
			broken = err != nil
			wire.Disarm()
			if _, err := move(s); err != nil {
				t.Fatalf("%s after %d: the next move = %v", fault.name, n, err)
			}
			if n > 200 {
				t.Fatalf("%s: a move has no end", fault.name)
			}
			left := s.db.Count(t, "SELECT count(*) FROM maitred.capacity_outbox")
			moved := s.db.Count(t, "SELECT count(*) FROM maitred.observability_events WHERE restaurant_id = $1", d.ID().String())
			made := s.db.Count(t, "SELECT sum(events)::bigint FROM maitred.journal WHERE restaurant_id = $1", d.ID().String())
			if left != 0 || moved != made {
				t.Fatalf("%s after %d (told: %v): %d events are left and %d moved, %d were made", fault.name, n, err, left, moved, made)
			}
		}
	}
	t.Logf("%d moves, each broken at another place", told)
	if told < 40/step {
		t.Errorf("%d moves were tried, want at least %d: they have more messages than that", told, 40/step)
	}
}
