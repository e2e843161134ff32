package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/maitred/maitred/internal/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// versionTable is where the applied migrations are listed.
const versionTable = "maitred.goose_db_version"

// Migrate moves the schema of a database and returns its steps afterwards, in
// order. The login must be, or be allowed to become, a member of maitred_owner.
// Up makes the roles, the schema and the extension where they are missing. Each
// step is a transaction, done as maitred_owner; of several callers one goes first
// and the others find what it did. Taking back a migration that made tables loses
// their rows. Status changes nothing. ErrNewer when the database is ahead of this
// binary. When a step fails, those before it stay.
func Migrate(ctx context.Context, url string, d store.Direction) (steps []store.Migration, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, redacted(err)
	}
	tune(cfg)
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // the role is set on it, and the lock is its
	if err := db.PingContext(ctx); err != nil {
		return nil, redacted(err)
	}
	if d != store.Status {
		if _, err := db.ExecContext(ctx, statement("OneAtATime")); err != nil {
			return nil, fmt.Errorf("migrate: wait for others: %w", err)
		}
	}
	steps, err = applied(ctx, db)
	if err != nil || d == store.Status {
		return steps, err
	}
	return steps, migrate(ctx, db, d, steps)
}

func migrate(ctx context.Context, db *sql.DB, d store.Direction, steps []store.Migration) error {
	if d == store.Up {
		for _, name := range []string{"Roles", "Schema", "Extension"} {
			if _, err := db.ExecContext(ctx, statement(name)); err != nil {
				return fmt.Errorf("migrate: %s: %w", strings.ToLower(name), err)
			}
		}
	}
	if _, err := db.ExecContext(ctx, "SET ROLE maitred_owner"); err != nil {
		return fmt.Errorf("migrate: become the owner: %w", err)
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	table, err := database.NewStore(database.DialectPostgres, versionTable)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider("", db, files, goose.WithStore(table), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	var done []*goose.MigrationResult
	switch d {
	case store.Up:
		done, err = p.Up(ctx)
	case store.Down:
		var one *goose.MigrationResult
		if one, err = p.Down(ctx); one != nil {
			done = append(done, one)
		}
	case store.Status:
	default:
		return fmt.Errorf("migrate: %q is neither up, down nor status", d)
	}
	if errors.Is(err, goose.ErrNoNextVersion) {
		return nil // nothing is left to take back
	}
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		done = partial.Applied
	}
	for _, result := range done {
		for i := range steps {
			if steps[i].Version == result.Source.Version {
				steps[i].Applied = d == store.Up
			}
		}
	}
	if err == nil || len(done) > 0 {
		_, shown := db.ExecContext(ctx, statement("ShowVersion"))
		err = errors.Join(err, shown)
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", d, err)
	}
	return nil
}

// applied lists the migrations this binary knows and which of them a database
// has. It writes nothing, and a database without the schema has none.
func applied(ctx context.Context, db *sql.DB) ([]store.Migration, error) {
	steps, err := known()
	if err != nil {
		return nil, err
	}
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass('"+versionTable+"') IS NOT NULL").Scan(&there); err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	if !there {
		return steps, nil
	}
	rows, err := db.QueryContext(ctx, statement("AppliedMigrations"))
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		if err := mark(steps, version); err != nil {
			return nil, err
		}
	}
	return steps, rows.Err()
}

// mark notes that a migration is applied.
func mark(steps []store.Migration, version int64) error {
	for i := range steps {
		if steps[i].Version == version {
			steps[i].Applied = true
			return nil
		}
	}
	return fmt.Errorf("%w: it has %d, known is %d", ErrNewer, version, len(steps))
}

// known lists the migrations of this binary.
func known() ([]store.Migration, error) {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	steps := make([]store.Migration, len(files))
	for i, f := range files {
		steps[i] = store.Migration{Version: int64(i + 1), Name: f.Name()}
		if !strings.HasPrefix(f.Name(), fmt.Sprintf("%03d_", i+1)) {
			return nil, fmt.Errorf("migration %s is not number %d", f.Name(), i+1)
		}
	}
	return steps, nil
}

// Script is the text of a migration of this binary.
func Script(name string) (string, bool) {
	b, err := migrationFiles.ReadFile("migrations/" + name)
	return string(b), err == nil
}

// current refuses a database whose schema is not the one of this binary.
func (s *Store) current(ctx context.Context) error {
	steps, err := known()
	if err != nil {
		return err
	}
	// Whoever may look up the schema may see its version, whatever else it may.
	rows, _ := s.pool.Query(ctx, statement("AppliedMigrations")) // the rows say the error too
	versions, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		if pg := refusalOf(err); pg != nil && (pg.Code == "42P01" || pg.Code == "3F000" || pg.Code == "42883") {
			return fmt.Errorf("%w: it has none of maitred's tables", ErrBehind)
		}
		return redacted(err)
	}
	for _, v := range versions {
		if err := mark(steps, v); err != nil {
			return err
		}
	}
	for _, step := range steps {
		if !step.Applied {
			return fmt.Errorf("%w: %s is not applied", ErrBehind, step.Name)
		}
	}
	return nil
}
