package main

import (
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
)

type memberCmd struct {
	Add    memberAddCmd    `cmd:"" help:"Give a person a role in a restaurant."`
	Ls     memberLsCmd     `cmd:"" help:"List the people of a restaurant."`
	Remove memberRemoveCmd `cmd:"" help:"Take a person's role away."`
	Role   memberRoleCmd   `cmd:"" help:"Change a person's role."`
}

type memberAddCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	Email      string `arg:"" help:"The person's e-mail address."`
	Role       string `arg:"" help:"owner, manager, host or server."`
	Name       string `placeholder:"NAME" help:"The person's name."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run adds a member.
func (c *memberAddCmd) Run(s *session) error {
	return s.putMember(c.Flags, c.JSON, control.MemberAdd, control.MemberIn{Restaurant: c.Restaurant, Email: c.Email, Name: c.Name, Role: seating.Role(c.Role)})
}

type memberRoleCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	Email      string `arg:"" help:"The person's e-mail address."`
	Role       string `arg:"" help:"owner, manager, host or server."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run changes a role.
func (c *memberRoleCmd) Run(s *session) error {
	return s.putMember(c.Flags, c.JSON, control.MemberRole, control.MemberIn{Restaurant: c.Restaurant, Email: c.Email, Role: seating.Role(c.Role)})
}

func (s *session) putMember(flags config.Flags, asJSON bool, operation string, in control.MemberIn) error {
	var row control.MemberRow
	if err := s.change(flags, operation, in, &row); err != nil {
		return err
	}
	if asJSON {
		return s.json(row)
	}
	s.printf("%s is %s of %s\n", row.Email, row.Role, in.Restaurant)
	return nil
}

type memberLsCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run lists members.
func (c *memberLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		rows, err := control.Members(s.ctx, a, c.Restaurant)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(rows)
		}
		t := s.table("EMAIL", "NAME", "ROLE", "USER")
		for _, r := range rows {
			t.row(r.Email, r.Name, string(r.Role), r.User.String())
		}
		return t.Flush()
	})
}

type memberRemoveCmd struct {
	Restaurant string `arg:"" help:"Slug or id of the restaurant."`
	Email      string `arg:"" help:"The person's e-mail address."`
	config.Flags
}

// Run removes a member.
func (c *memberRemoveCmd) Run(s *session) error {
	if err := s.change(c.Flags, control.MemberRemove, control.MemberIn{Restaurant: c.Restaurant, Email: c.Email}, nil); err != nil {
		return err
	}
	s.printf("%s is no member of %s any more\n", c.Email, c.Restaurant)
	return nil
}
