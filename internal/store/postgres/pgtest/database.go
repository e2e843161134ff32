package pgtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// DB is a database of one test.
type DB struct {
	Name   string
	URL    string // as Login, the role that serves
	Admin  string // as a superuser, or the role that MAITRED_TEST_POSTGRES names
	Server *Server
}

// Join makes Login a member of maitred_app and maitred_system, after the roles
// were made in a database that was Empty.
func (d *DB) Join(t testing.TB) {
	t.Helper()
	if err := d.Server.as(join); err != nil {
		t.Fatalf("pgtest: join: %v", err)
	}
}

// Connect opens a connection as the admin, with schema maitred in its path, and
// closes it at the end of the test.
func (d *DB) Connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := d.open(t.Context())
	if err != nil {
		t.Fatalf("pgtest: connect: %v", err)
	}
	t.Cleanup(func() {
		// Not the test's context, which has ended. A server that died is no matter.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// Exec runs SQL as the admin, with schema maitred in the path: one statement with
// arguments, or any number without.
func (d *DB) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	err := d.with(func(ctx context.Context, conn *pgx.Conn) error {
		if len(args) == 0 {
			_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
			return err
		}
		_, err := conn.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		t.Fatalf("pgtest: %s: %v", sql, err)
	}
}

// Count runs a query that answers with one number, as Exec does.
func (d *DB) Count(t testing.TB, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	err := d.with(func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, sql, args...).Scan(&n)
	})
	if err != nil {
		t.Fatalf("pgtest: %s: %v", sql, err)
	}
	return n
}

// with does something on a connection as the admin.
func (d *DB) with(do func(ctx context.Context, conn *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return do(ctx, conn)
}

func (d *DB) open(ctx context.Context) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(d.Admin)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["search_path"] = "maitred"
	return pgx.ConnectConfig(ctx, cfg)
}
