package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

func query[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// exists reports whether the server has a database of this name.
func exists(t *testing.T, on *pgtest.DB, name string) bool {
	t.Helper()
	return on.Count(t, "SELECT count(*) FROM pg_database WHERE datname = $1", name) == 1
}

func TestDatabaseHasTheSchemaAndIsDroppedAfterItsTest(t *testing.T) {
	other := pgtest.Empty(t)
	var name string
	t.Run("inner", func(t *testing.T) {
		db := pgtest.Database(t)
		name = db.Name
		if n := db.Count(t, "SELECT count(*) FROM restaurants"); n != 0 {
			t.Errorf("restaurants = %d, want none", n)
		}
		connect(t, db.URL) // left open: dropping must not wait for it
		if !exists(t, other, name) {
			t.Error("the database is not there during its test")
		}
	})
	if exists(t, other, name) {
		t.Errorf("database %s is still there after its test", name)
	}
}

func TestDatabasesAreOfOneTestEach(t *testing.T) {
	t.Parallel()
	one, two := pgtest.Database(t), pgtest.Database(t)
	one.Exec(t, "CREATE TABLE mark (n int); INSERT INTO mark VALUES (1)")
	if n := two.Count(t, "SELECT count(*) FROM pg_class WHERE relname = 'mark'"); n != 0 {
		t.Error("a table of one database is in another")
	}
}

func TestLoginHasNoRightBesidesItsRoles(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	conn := connect(t, db.URL)
	if who := query[string](t, conn, "SELECT current_user"); who != pgtest.Login {
		t.Errorf("current_user = %s, want %s", who, pgtest.Login)
	}
	if query[bool](t, conn, "SELECT rolsuper OR rolinherit OR rolcreatedb OR rolcreaterole OR rolbypassrls FROM pg_roles WHERE rolname = current_user") {
		t.Error("the login role has rights of its own")
	}
	if roles := query[string](t, conn, `
		SELECT string_agg(r.rolname, ' ' ORDER BY r.rolname) FROM pg_auth_members AS m
		JOIN pg_roles AS r ON r.oid = m.roleid JOIN pg_roles AS l ON l.oid = m.member
		WHERE l.rolname = current_user`); roles != "maitred_app maitred_system" {
		t.Errorf("roles = %s, want maitred_app maitred_system", roles)
	}
	if _, err := conn.Exec(t.Context(), "SELECT FROM maitred.restaurants"); err == nil {
		t.Error("the login role may read without naming a role: it inherits")
	}
	for _, role := range []string{"maitred_app", "maitred_system"} {
		if _, err := conn.Exec(t.Context(), "SET ROLE "+role); err != nil {
			t.Errorf("SET ROLE %s: %v", role, err)
		}
	}
	if _, err := conn.Exec(t.Context(), "SET ROLE maitred_owner"); err == nil {
		t.Error("the login role may become the owner")
	}
}

func TestEmptyHasNoSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	if n := db.Count(t, "SELECT count(*) FROM pg_namespace WHERE nspname = 'maitred'"); n != 0 {
		t.Error("an empty database has schema maitred")
	}
	pgtest.Database(t) // now the roles are there
	db.Join(t)
	connect(t, db.URL)
}

func TestFakeClockStandsWhereItIsSet(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	owner := "SELECT pg_get_userbyid(proowner)::text || proacl::text FROM pg_proc WHERE oid = 'maitred.clock()'::regprocedure"
	admin := db.Connect(t)
	before := query[string](t, admin, owner)
	set := db.FakeClock(t)
	if after := query[string](t, admin, owner); after != before {
		t.Errorf("owner and grants of the clock = %s, were %s", after, before)
	}
	conn := connect(t, db.URL)
	if _, err := conn.Exec(t.Context(), "SET ROLE maitred_app"); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return query[time.Time](t, conn, "SELECT maitred.clock()") }
	if a, b := clock(), clock(); !b.After(a) {
		t.Errorf("before it is set the clock says %s, then %s: it stands", a, b)
	}
	if !query[bool](t, conn, "SELECT maitred.clock() > now()") {
		t.Error("before it is set the clock stands within a transaction")
	}
	at := time.Date(2031, 3, 4, 19, 30, 0, 123000, time.UTC)
	for _, want := range []time.Time{at, at.Add(time.Hour), at.Add(-time.Hour)} {
		set(want)
		if got := clock(); !got.Equal(want) {
			t.Errorf("clock = %s, want %s", got, want)
		}
	}
	// A transaction that waited sees the time that was set while it waited.
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set(at)
	first := query[time.Time](t, conn, "SELECT maitred.clock()")
	set(at.Add(time.Minute))
	second := query[time.Time](t, conn, "SELECT maitred.clock()")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := second.Sub(first); d != time.Minute {
		t.Errorf("within a transaction the clock moved by %s, want 1m", d)
	}
	set(time.Time{})
	if got := clock(); time.Since(got).Abs() > time.Hour {
		t.Errorf("after the zero time the clock says %s, want the server's", got)
	}
	if other := pgtest.Database(t).Connect(t); !query[time.Time](t, other, "SELECT maitred.clock()").Before(at) {
		t.Error("another database has the fake clock as well")
	}
}
