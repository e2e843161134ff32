package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// stage is a fleet on a PostgreSQL cluster of the test's own. Between each server
// and the database is a proxy, which may break the connection.
type stage struct {
	*fleet
	cluster  *pgtest.Cluster
	database *pgtest.DB
	wires    []*pgtest.Proxy // of the servers, in their order
}

// onPostgres starts a cluster and so many servers on it.
func onPostgres(t testing.TB, o pgtest.Options, servers int) *stage {
	t.Helper()
	s := &stage{cluster: pgtest.Start(t, o)}
	s.database = s.cluster.Database(t)
	var each []string
	for range servers {
		wire := pgtest.NewProxy(t, s.database.URL)
		s.wires, each = append(s.wires, wire), append(each, wire.URL(s.database.URL))
	}
	s.fleet = newFleet(t, s.database.URL, each...)
	return s
}

// stored is who has each table, as the rows say.
func (s *stage) stored(r *room) map[string]told {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	rows, err := s.database.Connect(s.t).Query(ctx, `
		SELECT table_id::text, claimant::text, booking_id IS NOT NULL, COALESCE(hold_id::text, '')
		FROM maitred.allocations
		WHERE restaurant_id = $1`, r.id)
	if err != nil {
		s.t.Fatal(err)
	}
	at := map[string]told{}
	var table, booking, hold string
	var assigned bool
	_, err = pgx.ForEachRow(rows, []any{&table, &booking, &assigned, &hold}, func() error {
		had := at[table]
		if had.blocker != "" && had.blocker != booking || had.assigned && assigned || had.hold != "" && hold != "" {
			s.t.Errorf("table %s is stored as %v and for %s", table, had, booking)
		}
		had.blocker, had.assigned, had.hold = booking, had.assigned || assigned, had.hold+hold
		at[table] = had
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}
