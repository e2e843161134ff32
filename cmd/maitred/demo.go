package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/servicetime"
)

type demoCmd struct {
	DemoDate *servicetime.Date `placeholder:"YYYY-MM-DD" help:"First day of the book, instead of today."`
	Force    bool              `help:"Load the demo also into a database with other restaurants, which are left alone."`
	JSON     bool              `help:"Print what was loaded as JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*demoCmd) Help() string {
	return `Two invented restaurants come into ` + config.DemoDB + `, or the database that --db names: the same that
"maitred serve --demo" serves. A demo that is there is kept while its days cover today. maitred-demo.json beside the
database (with PostgreSQL: in maitred-data) has tokens, tables and bookings.`
}

// demoCrowd thins the demo's book in tests; 0: all parties come.
var demoCrowd int

// demoLoad is the name of the operation.
const demoLoad = "demo.load"

// demoFile is where a demo writes its tokens: beside a SQLite file, else in the
// folder that the demo's own file would be in, which is made.
func demoFile(db config.Database) (string, error) {
	if !db.Postgres() {
		return filepath.Join(filepath.Dir(db.Path), demo.FileName), nil
	}
	dir := filepath.Dir(strings.TrimPrefix(config.DemoDB, "sqlite:"))
	return filepath.Join(dir, demo.FileName), os.MkdirAll(dir, 0o700)
}

// demoOperations are the demo's operations on a database that is, or will be,
// served at a URL; its tokens go into file.
func demoOperations(file, base string) control.Operations {
	return control.Operations{demoLoad: control.Define(func(ctx context.Context, a *control.App, o demo.Options) (demo.Report, error) {
		report, err := demo.Load(ctx, a, o)
		if err == nil {
			_, err = demo.WriteFile(ctx, a, file, base)
		}
		return report, err
	})}
}

// Run loads the demo.
func (c *demoCmd) Run(s *session) error {
	cfg, err := s.config(map[string]string{"db": config.DemoDB, "log-level": "warn"}, c.Flags)
	if err != nil {
		return err
	}
	file, err := demoFile(cfg.DB)
	if err != nil {
		return err
	}
	var report demo.Report
	err = s.changeIn(cfg, control.Standard().With(demoOperations(file, "http://"+cfg.Listen)), demoLoad, demo.Options{Date: c.DemoDate, Force: c.Force, Crowd: demoCrowd}, &report)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(report)
	}
	verb := "loaded"
	if report.Kept {
		verb = "kept"
	}
	for _, r := range report.Restaurants {
		s.printf("%s %s: %d tables, %d bookings from %s on\n", verb, r.Slug, r.Tables, r.Bookings, r.First)
	}
	s.printf("tokens, tables and bookings are in %s\n", file)
	return nil
}
