package e2e

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
	o.Settings = map[string]string{"log_min_messages": "error", "log_error_verbosity": "terse", "log_min_error_statement": "panic"}
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
	ctx, conn, leave := s.connect()
	defer leave()
	rows, err := conn.Query(ctx, `
		SELECT table_id::text, claimant::text, booking_id IS NOT NULL, COALESCE(hold_id::text, '')
		FROM maitred.allocations
		WHERE restaurant_id = $1`, r.id)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	at := map[string]told{}
	for rows.Next() {
		var table, booking, hold string
		var assigned bool
		if err := rows.Scan(&table, &booking, &assigned, &hold); err != nil {
			s.t.Fatal(err)
		}
		had := at[table]
		if had.blocker != "" && had.blocker != booking || had.assigned && assigned || had.hold != "" && hold != "" {
			s.t.Errorf("table %s is stored as %v and for %s", table, had, booking)
		}
		had.blocker, had.assigned, had.hold = booking, had.assigned || assigned, had.hold+hold
		at[table] = had
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return at
}

// current is the restaurant's version, as its row says.
func (s *stage) current(r *room) (version string) {
	s.t.Helper()
	ctx, conn, leave := s.connect()
	defer leave()
	row := conn.QueryRow(ctx, "SELECT epoch || '.' || version FROM maitred.restaurant_state WHERE restaurant_id = $1", r.id)
	if err := row.Scan(&version); err != nil {
		s.t.Fatal(err)
	}
	return version
}

func (s *stage) connect() (context.Context, *pgx.Conn, func()) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	conn, err := pgx.Connect(ctx, s.database.Admin)
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	return ctx, conn, func() {
		_ = conn.Close(ctx)
		cancel()
	}
}

// expected are the errors of the database that a fleet under fire provokes: the
// outcomes that a commit may have, and what faults bring about. A violated
// constraint or a deadlock is not among them: behind a right version there is none.
var expected = regexp.MustCompile(`ERROR:  (maitred: (moved|replay|guard|committed before|decided with another time)$|` +
	`canceling statement due to|could not extend file|could not write|terminating connection)`)

// stop ends the servers and checks what they and the database have logged.
func (s *stage) stop() {
	s.t.Helper()
	s.fleet.stop()
	log, err := os.Open(filepath.Join(s.cluster.Folder(), "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	kinds := map[string]int{}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if _, text, ok := strings.Cut(lines.Text(), "ERROR:  "); ok {
			kinds[text]++
			if !expected.MatchString("ERROR:  " + text) {
				s.t.Errorf("the database logged: %s", lines.Text())
			}
		}
	}
	if err := lines.Err(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("errors of the database: %v", kinds)
}

// definite repeats an order at a server until the answer is definite.
func (s *stage) definite(h *host, o order) reply {
	var a reply
	for range 200 {
		if a = h.ask(o, 20*time.Second); !a.nothing() && !a.open() {
			return a
		}
		<-time.After(50 * time.Millisecond)
	}
	s.t.Errorf("server %s does not answer %s %s: %v", h.name, o.method, o.path, a)
	return a
}
