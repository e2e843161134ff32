package control

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// NewRestaurant is a restaurant to be made.
type NewRestaurant struct {
	Slug       string `json:"slug"`
	Name       string `json:"name"`
	Zone       string `json:"zone"` // IANA
	OwnerEmail string `json:"ownerEmail"`
	OwnerName  string `json:"ownerName"`

	// ID and OpenFrom are for the demo, whose data is the same wherever it is
	// loaded; else a new one, and today.
	ID       seating.RestaurantID `json:"id,omitzero"`
	OpenFrom *servicetime.Date    `json:"openFrom,omitempty"`
}

// MadeRestaurant is a new restaurant with its owner's token, shown once.
type MadeRestaurant struct {
	Restaurant seating.Restaurant `json:"restaurant"`
	Owner      seating.UserID     `json:"ownerId"`
	OwnerEmail string             `json:"ownerEmail"` // as it is kept: the owner may have been known before
	Version    seating.Version    `json:"version"`
	Token      seating.TokenID    `json:"tokenId"`
	Secret     string             `json:"token"`
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// CreateRestaurant makes a restaurant with its owner and the owner's token, for the
// command line and for POST /v1/restaurants. A slug that is taken is an error that
// is store.ErrExists.
func CreateRestaurant(ctx context.Context, a *App, in NewRestaurant) (MadeRestaurant, error) {
	var fields []seating.Field
	fault := func(bad bool, pointer, message string) {
		if bad {
			fields = append(fields, seating.Field{Pointer: pointer, Message: message})
		}
	}
	zone, err := servicetime.LoadZone(in.Zone)
	fault(len(in.Slug) > 60 || !slugPattern.MatchString(in.Slug), "slug", "the slug is 1 to 60 lower-case letters and digits, with single dashes between")
	fault(!oneLine(in.Name), "name", "the name is 1 to 200 characters on one line")
	fault(err != nil, "zone", fmt.Sprintf("%q is not an IANA time zone like Europe/Paris", in.Zone))
	fault(!address(in.OwnerEmail), "owner-email", "the owner's e-mail address is not one")
	fault(in.OwnerName != "" && !oneLine(in.OwnerName), "owner-name", "the owner's name is at most 200 characters on one line")
	if err := seating.InvalidFields(fields); err != nil {
		return MadeRestaurant{}, err
	}
	now, err := a.now(ctx)
	if err != nil {
		return MadeRestaurant{}, err
	}
	if in.ID.IsZero() {
		in.ID = seating.RestaurantID(NewID())
	}
	if in.OpenFrom == nil {
		in.OpenFrom = new(servicetime.DateIn(now, zone))
	}
	epoch := NewEpoch()
	token, secret := access.NewToken(seating.TokenID(NewID()), in.ID, "owner", seating.RoleOwner, now)
	made := MadeRestaurant{
		Restaurant: seating.Restaurant{ID: in.ID, Slug: in.Slug, Name: in.Name, Zone: in.Zone, Active: true},
		Owner:      seating.UserID(NewID()), Version: seating.Version{Epoch: epoch}, Token: token.ID, Secret: secret,
	}
	err = a.Store.CreateRestaurant(ctx, store.NewRestaurant{
		State: house.State{Restaurant: made.Restaurant, Epoch: epoch, OpenFrom: *in.OpenFrom, LastAt: now, Policy: seating.DefaultPolicy(a.Hold)},
		Owner: store.Member{Restaurant: in.ID, User: made.Owner, Email: in.OwnerEmail, Name: in.OwnerName, Role: seating.RoleOwner, Access: 1},
		Token: token, At: now,
	})
	if err != nil {
		return MadeRestaurant{}, taken(err, "there is a restaurant %q already", in.Slug)
	}
	members, err := a.Store.Members(ctx, in.ID)
	if err != nil {
		return MadeRestaurant{}, fmt.Errorf("%w: the restaurant %q is made, and its owner could not be read: %w", store.ErrAmbiguous, in.Slug, err)
	}
	made.Owner, made.OwnerEmail = members[0].User, members[0].Email // an owner who was known by the address keeps ID and address
	return made, nil
}

// oneLine reports whether the text is a name that people can read.
func oneLine(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 200 && utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unicode.IsControl)
}

// address reports whether the text is a bare e-mail address.
func address(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 320
}
