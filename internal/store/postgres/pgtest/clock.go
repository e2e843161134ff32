package pgtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The owner and the grants of a function outlive its replacement. The body must
// not be inlined (the sub-select sees to it) and is volatile: within one
// transaction, READ COMMITTED, it sees a time that was set meanwhile.
const fakeClock = `
	CREATE SCHEMA IF NOT EXISTS maitred_test;
	GRANT USAGE ON SCHEMA maitred_test TO PUBLIC;
	CREATE TABLE maitred_test.clock (one boolean PRIMARY KEY DEFAULT true CHECK (one), at timestamptz);
	GRANT SELECT ON maitred_test.clock TO PUBLIC;
	INSERT INTO maitred_test.clock DEFAULT VALUES;
	SET ROLE maitred_owner;
	CREATE OR REPLACE FUNCTION maitred.clock() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS 'SELECT COALESCE((SELECT at FROM maitred_test.clock), clock_timestamp())';
	RESET ROLE`

// FakeClock makes the store's clock in this database, maitred.clock(), one that
// the test sets, and returns what sets it. Until it is set for the first time, and
// after the zero time, the clock is the server's; then it stands. When the setter
// has returned, every statement that begins sees the time, except in transactions
// of REPEATABLE READ, which see the time of their first statement. It may be
// called from several goroutines.
func (d *DB) FakeClock(t testing.TB) func(time.Time) {
	t.Helper()
	d.Exec(t, fakeClock)
	conn := d.Connect(t)
	var mu sync.Mutex
	return func(at time.Time) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var set any
		if !at.IsZero() {
			set = at
		}
		if _, err := conn.Exec(ctx, "UPDATE maitred_test.clock SET at = $1", pgx.QueryExecModeExec, set); err != nil {
			t.Errorf("pgtest: set the clock: %v", err)
		}
	}
}
