package main

import (
	"errors"
	"time"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

type operatorCmd struct {
	Create operatorCreateCmd `cmd:"" help:"Make a token of an operator and print it, once."`
	Ls     operatorLsCmd     `cmd:"" help:"List the operators; never the secrets."`
	Revoke operatorRevokeCmd `cmd:"" help:"End an operator's token for good."`
}

type operatorCreateCmd struct {
	Name      string        `required:"" placeholder:"NAME" help:"Whose it is, or what for, such as provisioning."`
	ExpiresIn time.Duration `placeholder:"DURATION" help:"How long it is good, such as 720h. Default for ever."`
	JSON      bool          `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*operatorCreateCmd) Help() string {
	return `An operator's token makes restaurants and steers deliveries over HTTP. It opens no restaurant: each answers it as if it did
not exist.`
}

// Validate implements kong.Validatable.
func (c *operatorCreateCmd) Validate() error {
	if c.ExpiresIn != 0 && c.ExpiresIn < time.Second {
		return errors.New("--expires-in is at least one second")
	}
	return nil
}

// Run makes an operator.
func (c *operatorCreateCmd) Run(s *session) error {
	var made control.MadeOperator
	in := control.NewOperator{Name: c.Name, ExpiresIn: servicetime.Seconds(c.ExpiresIn / time.Second)}
	if err := s.change(c.Flags, control.OperatorCreate, in, &made); err != nil {
		return err
	}
	if c.JSON {
		return s.json(made)
	}
	s.printf("id     %s\ntoken  %s\n\nThe token is shown this once. Keep it safe: it may make restaurants and steer deliveries.\n", made.ID, made.Secret)
	return nil
}

type operatorLsCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists operators.
func (c *operatorLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		rows, err := control.Operators(s.ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(rows)
		}
		t := s.table("ID", "NAME", "CREATED", "EXPIRES", "REVOKED")
		for _, r := range rows {
			t.row(r.ID.String(), r.Name, when(r.CreatedAt), when(r.ExpiresAt), when(r.RevokedAt))
		}
		return t.Flush()
	})
}

type operatorRevokeCmd struct {
	Operator seating.OperatorID `arg:"" help:"Id of the operator, from operator ls."`
	config.Flags
}

// Run revokes an operator.
func (c *operatorRevokeCmd) Run(s *session) error {
	if err := s.change(c.Flags, control.OperatorRevoke, control.OperatorRef{Operator: c.Operator}, nil); err != nil {
		return err
	}
	s.printf("revoked %s\n", c.Operator)
	return nil
}
