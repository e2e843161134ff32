package main

import (
	"errors"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to date. With a SQLite file serve does it by itself, with PostgreSQL nothing but this command does."`
	Down   migrateDownCmd   `cmd:"" help:"Take back the last migration, with the rows it made room for."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and which are applied."`
	Plan   migratePlanCmd   `cmd:"" help:"List what migrate up would apply."`
}

type migrateUpCmd struct{ config.Flags }

// Run applies what is missing.
func (c *migrateUpCmd) Run(s *session) error {
	sch, err := s.schema(c.Flags)
	if err != nil {
		return err
	}
	before, err := sch.steps(s.ctx)
	if err != nil {
		return err
	}
	after, err := sch.move(s.ctx, store.Up, func() error { return nil })
	if err != nil {
		return err
	}
	n := 0
	for i, m := range after {
		if !before[i].Applied && m.Applied {
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
	sch, err := s.schema(c.Flags)
	if err != nil {
		return err
	}
	before, err := sch.steps(s.ctx)
	if err != nil {
		return err
	}
	after, err := sch.move(s.ctx, store.Down, func() error {
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
			return usage("the database has %d restaurants and their rows may be lost; say --yes if that is meant", len(list))
		}
		if err != nil {
			return err
		}
		operators, err := a.Store.Operators(s.ctx)
		if err == nil && len(operators) > 0 {
			return usage("the database has %d operators and their tokens may be lost; say --yes if that is meant", len(operators))
		}
		return err
	})
	if errors.Is(err, control.ErrBehind) || errors.Is(err, postgres.ErrBehind) {
		return usage("migrations were taken back already, what is left of the rows cannot be told; say --yes to go on")
	}
	if e, ok := errors.AsType[*control.DatabaseError](err); ok && e.Wrong {
		return usage("this user cannot see whether there are restaurants whose rows would be lost; say --yes to go on")
	}
	return err
}

type migrateStatusCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists migrations.
func (c *migrateStatusCmd) Run(s *session) error {
	sch, err := s.schema(c.Flags)
	if err != nil {
		return err
	}
	steps, err := sch.steps(s.ctx)
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
	JSON bool `xor:"format" help:"Print JSON."`
	SQL  bool `name:"sql" xor:"format" help:"Print the SQL, to be read: only migrate up notes what was applied."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*migratePlanCmd) Help() string {
	return `Changes nothing. Of PostgreSQL it also lists the roles, the schema and the extension that are missing: migrate up makes
them first.`
}

// Run lists what is missing.
func (c *migratePlanCmd) Run(s *session) error {
	sch, err := s.schema(c.Flags)
	if err != nil {
		return err
	}
	steps, err := sch.steps(s.ctx)
	if err != nil {
		return err
	}
	ground, err := sch.ground(s.ctx)
	if err != nil {
		return err
	}
	missing := groundRows(ground)
	missing = append(missing, migrationRows(steps, true)...)
	switch {
	case c.JSON:
		return s.json(missing)
	case c.SQL:
		c.sql(s, sch, ground, missing)
		return nil
	}
	for _, m := range missing {
		if m.Version == 0 {
			s.printf("would make %s\n", m.Name)
		} else {
			s.printf("would apply %s\n", m.Name)
		}
	}
	if len(missing) == 0 {
		s.printf("nothing to apply\n")
	}
	return nil
}

// sql prints what would be sent, in order. What a migration stands on is printed
// as a whole: it leaves alone what is there.
func (c *migratePlanCmd) sql(s *session, sch schema, ground []postgres.Foundation, missing []migrationRow) {
	if len(missing) == 0 {
		s.printf("-- nothing to apply\n")
		return
	}
	s.printf("-- What maitred migrate up would do, to be read: only that command notes what was applied.\n")
	if len(ground) > 0 {
		s.printf("\n%s\nSET ROLE maitred_owner;\n", postgres.FoundationScript())
	}
	for _, m := range missing {
		if text, ok := sch.script(m.Name); ok {
			s.printf("\n-- %s\n\n%s", m.Name, text)
		}
	}
}

// migrationRow is a migration, or with version 0 what all of them stand on.
type migrationRow struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Applied bool   `json:"applied"`
}

func migrationRows(steps []store.Migration, missing bool) []migrationRow {
	rows := []migrationRow{}
	for _, m := range steps {
		if !missing || !m.Applied {
			rows = append(rows, migrationRow(m))
		}
	}
	return rows
}

func groundRows(ground []postgres.Foundation) []migrationRow {
	rows := []migrationRow{}
	for _, g := range ground {
		if !g.There {
			rows = append(rows, migrationRow{Name: g.Name})
		}
	}
	return rows
}
