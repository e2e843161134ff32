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
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Direction is what Migrate does to a schema.
type Direction string

// Up applies all migrations that are missing, Down takes back the last one,
// Status changes nothing.
const (
	Up     Direction = "up"
	Down   Direction = "down"
	Status Direction = "status"
)

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string // of its file
	Applied bool
}

// Migrate moves the schema of the database at path and returns its steps
// afterwards, in order. The file is made when it is missing. Taking back a
// migration that made tables loses their rows.
func Migrate(ctx context.Context, path string, d Direction) ([]Migration, error) {
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
	case Up:
		_, err = p.Up(ctx)
	case Down:
		_, err = p.Down(ctx)
	case Status:
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
	steps := make([]Migration, len(status))
	for i, m := range status {
		steps[i] = Migration{Version: m.Source.Version, Name: m.Source.Path, Applied: m.State == goose.StateApplied}
	}
	return steps, nil
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
