package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/maitred/maitred/internal/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate moves the schema of the database at path and returns its steps
// afterwards, in order. The file is made when it is missing. Taking back a
// migration that made tables or columns loses what is in them.
func Migrate(ctx context.Context, path string, d store.Direction) ([]store.Migration, error) {
	path, err := touchFile(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", migrationDSN(path))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, err
	}
	current, known, err := p.GetVersions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	if current > known {
		return nil, fmt.Errorf("%w: %d, known is %d", ErrNewer, current, known)
	}
	switch d {
	case store.Up:
		_, err = p.Up(ctx)
	case store.Down:
		_, err = p.Down(ctx)
	case store.Status:
	default:
		return nil, fmt.Errorf("migrate: %q is neither up, down nor status", d)
	}
	if err != nil {
		return nil, fmt.Errorf("migrate %s: %w", d, err)
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", err)
	}
	steps := make([]store.Migration, len(status))
	for i, m := range status {
		steps[i] = store.Migration{Version: m.Source.Version, Name: m.Source.Path, Applied: m.State == goose.StateApplied}
	}
	return steps, nil
}

// Unusable reports whether an error says that the file is no database, is
// damaged, or cannot be written to where it is: trying again does not help.
func Unusable(err error) bool {
	switch primary(code(err)) {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}

// Script returns the SQL that the migration of that file name applies, with its
// comments; false when there is no such migration.
func Script(name string) (string, bool) {
	file, err := migrationFiles.ReadFile("migrations/" + name)
	if err != nil {
		return "", false
	}
	var up strings.Builder
	for line := range strings.Lines(string(file)) {
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "-- +goose ")
		if mark == "Down" {
			break
		}
		if !isMark {
			up.WriteString(line)
		}
	}
	return strings.TrimSpace(up.String()) + "\n", true
}

// current reports whether a database has exactly the schema of this binary. On
// any doubt it says no, and Migrate finds out.
func current(ctx context.Context, conn *sql.Conn) bool {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return false
	}
	known, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	var applied, last int
	row := conn.QueryRowContext(ctx, "SELECT COUNT(DISTINCT version_id), MAX(version_id) FROM goose_db_version WHERE is_applied = 1 AND version_id > 0")
	if row.Scan(&applied, &last) != nil {
		return false // no such table: a new database
	}
	return applied == len(files) && fmt.Sprintf("%03d", last) == known
}

// migrationDSN leaves foreign keys off: a table that goes must not take rows of
// others with it.
func migrationDSN(path string) string {
	settings := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String()
}
