package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Founder makes a restaurant with its owner and the owner's first token, in one
// transaction: the very function that the command line calls. A fault of a field
// is a *seating.Error that names it slug, name, zone, owner-email or owner-name; a
// slug that is taken is store.ErrExists.
type Founder func(ctx context.Context, in Founding) (Founded, error)

// Founding is a restaurant to be made.
type Founding struct{ Slug, Name, Zone, OwnerEmail, OwnerName string }

// Founded is a restaurant that was made.
type Founded struct {
	Restaurant seating.Restaurant
	Owner      seating.UserID
	OwnerEmail string
	Token      string
	Version    seating.Version
}

// CreateRestaurantRequest is a restaurant to be made with its first owner. The
// lengths are the contract's; whether a value is a sound one the Founder judges.
type CreateRestaurantRequest struct {
	Slug  string          `json:"slug" maxLength:"60" doc:"Lower-case letters and digits, with single dashes between; no other restaurant has it." example:"chez-nous"`
	Name  string          `json:"name" maxLength:"200" doc:"For people, on one line."`
	Zone  string          `json:"zone" maxLength:"64" doc:"An IANA time zone." example:"Europe/Paris"`
	Owner NewOwnerRequest `json:"owner"`
}

// NewOwnerRequest is who owns a restaurant from its first moment on.
type NewOwnerRequest struct {
	Email string `json:"email" maxLength:"320" doc:"Who is known by this address already keeps the name."`
	Name  string `json:"name,omitempty" maxLength:"200"`
}

// CreatedRestaurant is a new restaurant with what its owner needs to begin.
type CreatedRestaurant struct {
	Restaurant seating.Restaurant `json:"restaurant"`
	Owner      Owner              `json:"owner"`
	Token      string             `json:"token" doc:"The owner's first API token. It is shown this once."`
	Stamp
}

// Owner is the person a new restaurant belongs to.
type Owner struct {
	UserID seating.UserID `json:"userId" format:"uuid"`
	Email  string         `json:"email"`
}

func (a *API) founding() []*operation {
	return []*operation{
		{
			id: "create-restaurant", method: http.MethodPost, path: "/v1/restaurants", tag: tagIdentity,
			summary: "Make a restaurant with its owner",
			about: "For operators of the deployment. Restaurant, owner and the owner's token are made together or not at all. " +
				"A key is ignored, because receipts are kept in a restaurant: after a lost answer the same request says that the slug is taken, " +
				"and the operator makes the owner another token by the command line.",
			who: operators, status: http.StatusCreated,
			body: takes(CreateRestaurantRequest{
				Slug: "chez-nous", Name: "Chez Nous", Zone: "Europe/Paris", Owner: NewOwnerRequest{Email: "alma@example.com", Name: "Alma"},
			}),
			answer: gives[CreatedRestaurant](), do: createRestaurant,
		},
	}
}

// createRestaurant asks for the operator's rights of this moment, not of a second
// ago: no guard of a commit looks at them.
func createRestaurant(c *call) (*reply, error) {
	if _, err := c.api.gate.Again(c.ctx, c.caller); err != nil {
		return nil, err
	}
	in := c.body.(*CreateRestaurantRequest)
	made, err := c.api.found(c.ctx, Founding{Slug: in.Slug, Name: in.Name, Zone: in.Zone, OwnerEmail: in.Owner.Email, OwnerName: in.Owner.Name})
	if errors.Is(err, store.ErrExists) {
		return nil, seating.Invalid("/slug", "is taken: there is a restaurant %q already", in.Slug)
	}
	if err != nil {
		return nil, inBody(err)
	}
	// Its own history knows an operator; which one it was is told here.
	c.api.logger.LogAttrs(c.ctx, slog.LevelInfo, "an operator made a restaurant",
		slog.String("operator", c.caller.Operator.ID.String()), slog.String("restaurant", made.Restaurant.ID.String()))
	return &reply{body: CreatedRestaurant{
		Restaurant: made.Restaurant, Owner: Owner{UserID: made.Owner, Email: made.OwnerEmail}, Token: made.Token,
		Stamp: Stamp{Version: made.Version, ServerNow: c.api.reader.Now()},
	}}, nil
}

// inBody points the faults of a Founding into the body.
func inBody(err error) error {
	refusal, ok := errors.AsType[*seating.Error](err)
	if !ok {
		return err
	}
	pointed := *refusal
	pointed.Details.Fields = make([]seating.Field, len(refusal.Details.Fields))
	for i, f := range refusal.Details.Fields {
		if f.Pointer = foundingPointers[f.Pointer]; f.Pointer == "" {
			return seating.Bug("a fault of a new restaurant names no field: %s", refusal.Details.Fields[i].Pointer)
		}
		pointed.Details.Fields[i] = f
	}
	return &pointed
}

var foundingPointers = map[string]string{
	"slug": "/slug", "name": "/name", "zone": "/zone", "owner-email": "/owner/email", "owner-name": "/owner/name",
}
