package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make an API token and print it, once."`
	Ls     tokenLsCmd     `cmd:"" help:"List the API tokens of a restaurant; never the secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"End an API token for good."`
}

type tokenCreateCmd struct {
	Restaurant string        `arg:"" help:"Slug or id of the restaurant."`
	Name       string        `required:"" placeholder:"NAME" help:"What the token is for, such as booking-site."`
	Role       string        `required:"" placeholder:"ROLE" help:"owner, manager, host or server."`
	HoldCap    int           `placeholder:"N" help:"Live holds it may have at once, 1 to 10000. Default 200."`
	ExpiresIn  time.Duration `placeholder:"DURATION" help:"How long it is good, such as 720h. Default for ever."`
	JSON       bool          `help:"Print JSON."`
	config.Flags
}

// Validate implements kong.Validatable.
func (c *tokenCreateCmd) Validate() error {
	if c.ExpiresIn != 0 && c.ExpiresIn < time.Second {
		return errors.New("--expires-in is at least one second")
	}
	return nil
}

// Run makes a token.
func (c *tokenCreateCmd) Run(s *session) error {
	var made control.MadeToken
	err := s.change(c.Flags, control.TokenCreate, control.NewToken{
		Restaurant: c.Restaurant, Name: c.Name, Role: seating.Role(c.Role), HoldCap: c.HoldCap, ExpiresIn: servicetime.Seconds(c.ExpiresIn / time.Second),
	}, &made)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(made)
	}
	s.printf("id     %s\ntoken  %s\n\nThe token is shown this once.\n", made.ID, made.Secret)
	return nil
}

type tokenLsCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run lists tokens.
func (c *tokenLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		rows, err := control.Tokens(s.ctx, a, c.Restaurant)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(rows)
		}
		t := s.table("ID", "NAME", "ROLE", "HOLDS", "CREATED", "EXPIRES", "REVOKED")
		for _, r := range rows {
			t.row(r.ID.String(), r.Name, string(r.Role), strconv.Itoa(r.HoldCap), when(r.CreatedAt), when(r.ExpiresAt), when(r.RevokedAt))
		}
		return t.Flush()
	})
}

type tokenRevokeCmd struct {
	Restaurant string          `arg:"" help:"Slug or id of the restaurant."`
	Token      seating.TokenID `arg:"" help:"Id of the token, from token ls."`
	config.Flags
}

// Run revokes a token.
func (c *tokenRevokeCmd) Run(s *session) error {
	if err := s.change(c.Flags, control.TokenRevoke, control.TokenRef{Restaurant: c.Restaurant, Token: c.Token}, nil); err != nil {
		return err
	}
	s.printf("revoked %s\n", c.Token)
	return nil
}
