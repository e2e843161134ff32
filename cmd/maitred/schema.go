package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/sqlite"
)

// schema is what the migrate commands act on.
type schema interface {
	// steps lists the migrations and changes nothing; of a database that is not
	// there, all are missing.
	steps(ctx context.Context) ([]store.Migration, error)
	// ground lists what is made before the first migration, and whether it is there.
	ground(ctx context.Context) ([]postgres.Foundation, error)
	// move migrates; first may refuse when nobody can come between any more.
	move(ctx context.Context, d store.Direction, first func() error) ([]store.Migration, error)
	// script is the SQL of a migration.
	script(name string) (string, bool)
}

func (s *session) schema(flags config.Flags) (schema, error) {
	c, err := s.config(quiet, flags)
	if err != nil {
		return nil, err
	}
	if c.DB.Postgres() {
		return serverSchema{url: string(c.DB.URL), name: c.DB.String(), lent: c.DB.Pooler == config.PoolerTransaction}, nil
	}
	return fileSchema{path: c.DB.Path}, nil
}

// fileSchema is the schema of a SQLite file.
type fileSchema struct{ path string }

func (f fileSchema) steps(ctx context.Context) (steps []store.Migration, err error) {
	path := f.path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		dir, err := os.MkdirTemp("", "maitred-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path = filepath.Join(dir, "empty.db")
	}
	return sqlite.Migrate(ctx, path, store.Status)
}

func (fileSchema) ground(context.Context) ([]postgres.Foundation, error) { return nil, nil }

// move migrates under the lock of the file: never beside a server.
func (f fileSchema) move(ctx context.Context, d store.Direction, first func() error) (steps []store.Migration, err error) {
	db, err := control.Canonical(f.path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(db); d == store.Down && errors.Is(err, fs.ErrNotExist) {
		return nil, control.ErrNoDatabase
	}
	l, err := control.Acquire(ctx, db, lockWait)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Release()) }()
	if err := first(); err != nil {
		return nil, err
	}
	return sqlite.Migrate(ctx, db, d)
}

func (fileSchema) script(name string) (string, bool) { return sqlite.Script(name) }

// serverSchema is the schema of a PostgreSQL database. Servers may run beside:
// migrations let the binary before them work on.
type serverSchema struct {
	url, name string
	lent      bool // each transaction gets another connection
}

func (p serverSchema) steps(ctx context.Context) ([]store.Migration, error) {
	steps, err := postgres.Migrate(ctx, p.url, store.Status)
	return steps, control.Judge(p.name, err)
}

func (p serverSchema) ground(ctx context.Context) ([]postgres.Foundation, error) {
	all, err := postgres.Foundations(ctx, p.url)
	return all, control.Judge(p.name, err)
}

func (p serverSchema) move(ctx context.Context, d store.Direction, first func() error) ([]store.Migration, error) {
	if p.lent {
		return nil, usage("migrations need one connection from start to end: name the database itself with --db and --db-pooler none")
	}
	if err := first(); err != nil {
		return nil, err
	}
	steps, err := postgres.Migrate(ctx, p.url, d)
	return steps, control.Judge(p.name, err)
}

// script leaves out how a migration is taken back.
func (serverSchema) script(name string) (string, bool) {
	text, ok := postgres.Script(name)
	var up strings.Builder
	for line := range strings.Lines(text) {
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "-- +goose ")
		if mark == "Down" {
			break
		}
		if !isMark {
			up.WriteString(line)
		}
	}
	return strings.TrimSpace(up.String()) + "\n", ok
}
