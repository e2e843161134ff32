package main

import (
	"errors"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
)

type restaurantCmd struct {
	Create      restaurantCreateCmd `cmd:"" help:"Make a restaurant and print its owner's token, once."`
	Ls          restaurantLsCmd     `cmd:"" help:"List the restaurants."`
	RotateEpoch rotateEpochCmd      `cmd:"" help:"Begin a new epoch: after a restored backup, so that no old context passes for a new one."`
}

type restaurantCreateCmd struct {
	Slug       string `required:"" placeholder:"SLUG" help:"Short name in lower-case letters, digits and dashes, such as chez-nous."`
	Name       string `required:"" placeholder:"NAME" help:"Name for people."`
	Zone       string `required:"" placeholder:"ZONE" help:"IANA time zone, such as Europe/Paris."`
	OwnerEmail string `required:"" placeholder:"EMAIL" help:"The owner's e-mail address."`
	OwnerName  string `placeholder:"NAME" help:"The owner's name."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Run makes a restaurant.
func (c *restaurantCreateCmd) Run(s *session) error {
	var made control.MadeRestaurant
	err := s.change(c.Flags, control.RestaurantCreate, control.NewRestaurant{
		Slug: c.Slug, Name: c.Name, Zone: c.Zone, OwnerEmail: c.OwnerEmail, OwnerName: c.OwnerName,
	}, &made)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(made)
	}
	s.printf("restaurant %s  %s\nowner      %s\ntoken      %s\n\nThe token is shown this once. Keep it safe: it may do everything in %s.\n",
		made.Restaurant.ID, made.Restaurant.Slug, made.Owner, made.Secret, made.Restaurant.Slug)
	return nil
}

type restaurantLsCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Run lists the restaurants.
func (c *restaurantLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		list, err := a.Store.Restaurants(s.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(append(list[:0:0], list...))
		}
		t := s.table("SLUG", "NAME", "ZONE", "ID")
		for _, r := range list {
			t.row(r.Slug, r.Name, r.Zone, r.ID.String())
		}
		return t.Flush()
	})
}

type rotateEpochCmd struct {
	Restaurant string `arg:"" optional:"" help:"Slug or id; all restaurants when left out."`
	All        bool   `help:"All restaurants, as when none is named."`
	Reason     string `default:"restored_backup" placeholder:"CODE" help:"Reason code for the history."`
	JSON       bool   `help:"Print JSON."`
	config.Flags
}

// Validate implements kong.Validatable.
func (c *rotateEpochCmd) Validate() error {
	if c.All && c.Restaurant != "" {
		return errors.New("--all goes without a restaurant")
	}
	return nil
}

// Run begins the new epochs.
func (c *rotateEpochCmd) Run(s *session) error {
	var done []control.Rotated
	if err := s.change(c.Flags, control.RestaurantRotate, control.EpochsRef{Restaurant: c.Restaurant, Reason: c.Reason}, &done); err != nil {
		return err
	}
	if c.JSON {
		return s.json(append(done[:0:0], done...))
	}
	t := s.table("SLUG", "VERSION", "ID")
	for _, r := range done {
		t.row(r.Restaurant.Slug, r.Version.String(), r.Restaurant.ID.String())
	}
	return t.Flush()
}
