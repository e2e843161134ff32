package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store/sqlite"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to date; serve does it by itself."`
	Down   migrateDownCmd   `cmd:"" help:"Take back the last migration, with the rows it made room for."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and which are applied."`
	Plan   migratePlanCmd   `cmd:"" help:"List what migrate up would apply."`
}

type migrateUpCmd struct{ config.Flags }

// Run applies what is missing.
func (c *migrateUpCmd) Run(s *session) error {
	before, err := s.migrations(c.Flags)
	if err != nil {
		return err
	}
	after, err := s.migrate(c.Flags, sqlite.Up, nil)
	if err != nil {
		return err
	}
	n := 0
	for i, m := range after {
		if i >= len(before) || !before[i].Applied {
			s.printf("applied %s\n", m.Name)
			n++
		}
	}
	if n == 0 {
		s.printf("the schema is up to date\n")
	}
	return nil
}

type migrateDownCmd struct {
	Yes bool `help:"Do it although the database has restaurants whose rows will be lost."`
	config.Flags
}

// Run takes back the last migration.
func (c *migrateDownCmd) Run(s *session) error {
	before, err := s.migrations(c.Flags)
	if err != nil {
		return err
	}
	after, err := s.migrate(c.Flags, sqlite.Down, func() error {
		if c.Yes {
			return nil
		}
		return c.nothingToLose(s)
	})
	if err != nil {
		return err
	}
	for i, m := range after {
		if before[i].Applied && !m.Applied {
			s.printf("took back %s\n", m.Name)
			return nil
		}
	}
	s.printf("there is no migration to take back\n")
	return nil
}

// nothingToLose refuses when the database has restaurants, or cannot be asked.
func (c *migrateDownCmd) nothingToLose(s *session) error {
	err := s.read(c.Flags, func(a *control.App) error {
		list, err := a.Store.Restaurants(s.ctx)
		if err == nil && len(list) > 0 {
			err = usage("the database has %d restaurants and their rows may be lost; say --yes if that is meant", len(list))
		}
		return err
	})
	if errors.Is(err, control.ErrBehind) {
		return usage("migrations were taken back already, what is left of the rows cannot be told; say --yes to go on")
	}
	return err
}

type migrateStatusCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists migrations.
func (c *migrateStatusCmd) Run(s *session) error {
	steps, err := s.migrations(c.Flags)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(migrationRows(steps, false))
	}
	t := s.table("MIGRATION", "STATE")
	for _, m := range steps {
		state := "missing"
		if m.Applied {
			state = "applied"
		}
		t.row(m.Name, state)
	}
	return t.Flush()
}

type migratePlanCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists what is missing.
func (c *migratePlanCmd) Run(s *session) error {
	steps, err := s.migrations(c.Flags)
	if err != nil {
		return err
	}
	missing := migrationRows(steps, true)
	if c.JSON {
		return s.json(missing)
	}
	for _, m := range missing {
		s.printf("would apply %s\n", m.Name)
	}
	if len(missing) == 0 {
		s.printf("nothing to apply\n")
	}
	return nil
}

type migrationRow struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Applied bool   `json:"applied"`
}

func migrationRows(steps []sqlite.Migration, missing bool) []migrationRow {
	rows := []migrationRow{}
	for _, m := range steps {
		if !missing || !m.Applied {
			rows = append(rows, migrationRow(m))
		}
	}
	return rows
}

// migrations looks at the schema and changes nothing; without a file, all are
// missing.
func (s *session) migrations(flags config.Flags) (steps []sqlite.Migration, err error) {
	cfg, err := s.config(quiet, flags)
	if err != nil {
		return nil, err
	}
	path := cfg.DB.Path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		dir, err := os.MkdirTemp("", "maitred-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path = filepath.Join(dir, "empty.db")
	}
	return sqlite.Migrate(s.ctx, path, sqlite.Status)
}

// migrate changes the schema under the lock of the database: never beside a
// server. first may refuse.
func (s *session) migrate(flags config.Flags, d sqlite.Direction, first func() error) (steps []sqlite.Migration, err error) {
	cfg, err := s.config(quiet, flags)
	if err != nil {
		return nil, err
	}
	db, err := control.Canonical(cfg.DB.Path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(db); d == sqlite.Down && errors.Is(err, fs.ErrNotExist) {
		return nil, control.ErrNoDatabase
	}
	l, err := control.Acquire(s.ctx, db, lockWait)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Release()) }()
	if first != nil {
		if err := first(); err != nil {
			return nil, err
		}
	}
	return sqlite.Migrate(s.ctx, db, d)
}
