package main

import (
	"strings"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
)

type holdsCmd struct {
	Ls      holdsLsCmd      `cmd:"" help:"List the holds of a restaurant that have not ended."`
	Release holdsReleaseCmd `cmd:"" help:"End a hold, whoever has it."`
	Expire  holdsExpireCmd  `cmd:"" help:"Record the holds of all restaurants that have lapsed."`
}

type holdsLsCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run lists holds.
func (c *holdsLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		rows, err := control.Holds(s.ctx, a, c.Restaurant)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(rows)
		}
		t := s.table("ID", "BOOKING", "TABLES", "FROM", "TO", "EXPIRES", "BY")
		for _, r := range rows {
			expires := when(r.ExpiresAt)
			if r.Lapsed {
				expires += " (lapsed)"
			}
			t.row(r.ID.String(), r.Reference, strings.Join(r.Tables, "+"), when(r.Window.Start), when(r.Window.End), expires, r.CreatedBy)
		}
		return t.Flush()
	})
}

type holdsReleaseCmd struct {
	Restaurant string         `arg:"" help:"Slug or id of the restaurant."`
	Hold       seating.HoldID `arg:"" help:"Id of the hold, from holds ls."`
	config.Flags
}

// Run releases a hold.
func (c *holdsReleaseCmd) Run(s *session) error {
	var released control.Released
	if err := s.change(c.Flags, control.HoldRelease, control.HoldRef{Restaurant: c.Restaurant, Hold: c.Hold}, &released); err != nil {
		return err
	}
	s.printf("released %s: it held %s\n", released.ID, counted(released.Tables, "table"))
	return nil
}

type holdsExpireCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*holdsExpireCmd) Help() string {
	return `Tidying up only: a hold that has lapsed blocks nothing from its expiry on, recorded or not.`
}

// Run expires holds.
func (c *holdsExpireCmd) Run(s *session) error {
	var done control.Expired
	if err := s.change(c.Flags, control.HoldExpire, struct{}{}, &done); err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	s.printf("recorded %s in %s\n", counted(done.Holds, "lapsed hold"), counted(done.Restaurants, "restaurant"))
	return nil
}
