package main

import (
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/verify"
)

type verifyCmd struct {
	Restaurant string `placeholder:"SLUG" help:"Check one restaurant only, by slug or id."`
	List       bool   `help:"List the checks instead of running them."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*verifyCmd) Help() string {
	return `Reads all rows, beside a running server too, and changes nothing: no table sold twice, every hold with its tables,
versions without gaps whose replay gives the state, nothing of one restaurant in another, and more (--list). Exit code 1
when something was found.`
}

// Run checks a database.
func (c *verifyCmd) Run(s *session) error {
	if c.List {
		return c.list(s)
	}
	return s.read(c.Flags, func(a *control.App) error {
		found, err := control.Verify(s.ctx, a, c.Restaurant)
		if err != nil {
			return err
		}
		if c.JSON {
			err = s.json(found)
		} else {
			c.print(s, found)
		}
		if err == nil && found.Findings() > 0 {
			err = errSilent
		}
		return err
	})
}

func (c *verifyCmd) print(s *session, found *control.Verified) {
	for _, r := range found.Restaurants {
		if len(r.Findings) == 0 {
			s.printf("%s: version %d, %d checks, nothing found\n", r.Slug, r.Version, found.Checks)
			continue
		}
		s.printf("%s: version %d, %d checks, %s\n", r.Slug, r.Version, found.Checks, counted(len(r.Findings), "finding"))
		for _, f := range r.Findings {
			s.printf("  %s\n", f)
		}
	}
	if len(found.Database) == 0 {
		s.printf("database: sound\n")
	}
	for _, f := range found.Database {
		s.printf("database: %s\n", f.Message)
	}
}

func (c *verifyCmd) list(s *session) error {
	if c.JSON {
		return s.json(verify.Checks())
	}
	for _, k := range verify.Checks() {
		s.printf("%d  %-18s %s\n", k.Invariant, k.Name, k.Claim)
	}
	return nil
}
