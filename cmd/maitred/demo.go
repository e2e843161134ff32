package main

import (
	"context"

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
database has tokens, tables and bookings.`
}

// demoCrowd thins the demo's book in tests; 0: all parties come.
var demoCrowd int

// demoLoad is the name of the operation.
const demoLoad = "demo.load"

// demoOperations are the demo's operations on a database that is, or will be,
// served at a URL.
func demoOperations(db, base string) control.Operations {
	return control.Operations{demoLoad: control.Define(func(ctx context.Context, a *control.App, o demo.Options) (demo.Report, error) {
		report, err := demo.Load(ctx, a, o)
		if err == nil {
			_, err = demo.WriteFile(ctx, a, demoFile(db), base)
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
	db, err := control.Canonical(cfg.DB.Path)
	if err != nil {
		return err
	}
	var report demo.Report
	err = s.changeIn(cfg, control.Standard().With(demoOperations(db, "http://"+cfg.Listen)), demoLoad, demo.Options{Date: c.DemoDate, Force: c.Force, Crowd: demoCrowd}, &report)
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
	s.printf("tokens, tables and bookings are in %s\n", demoFile(cfg.DB.Path))
	return nil
}
