package httpapi

import (
	"errors"
	"net/http"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// ChangeRestaurantRequest changes a restaurant; what is left out stays.
type ChangeRestaurantRequest struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"120"`
	Zone   *string `json:"zone,omitempty" maxLength:"64" doc:"An IANA time zone; only while no booking is to come." example:"Europe/Paris"`
	Active *bool   `json:"active,omitempty" doc:"false: no new bookings are taken; what is booked goes on."`
}

func (a *API) restaurant() []*operation {
	return []*operation{
		{
			id: "change-restaurant", method: http.MethodPatch, path: base, tag: tagIdentity,
			summary: "Change name, zone, and whether bookings are taken",
			about:   "What is left out stays. With If-Match: only if policy, service periods, closures and the restaurant have not changed since.",
			who:     members, cap: seating.CapAdminister, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(ChangeRestaurantRequest{Name: new("Chez Nous")}), answer: gives[RestaurantAnswer](),
			do: change("", changeRestaurant, restaurantAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "delete-restaurant", method: http.MethodDelete, path: base, tag: tagIdentity,
			summary: "Delete the restaurant with everything in it",
			about:   "Bookings, guests, history, members and tokens, the caller's too. There is no way back. A key is ignored: nothing is left to answer with.",
			who:     members, cap: seating.CapOwn, status: http.StatusNoContent, do: deleteRestaurant,
			query: []param{{name: "confirm", about: "The restaurant's slug, to say that it is meant.", schema: textSchema("")}},
		},
	}
}

func changeRestaurant(c *call) (decide.Command, error) {
	in := c.body.(*ChangeRestaurantRequest)
	return decide.ChangeRestaurant{Rename: in.Name, Zone: in.Zone, Active: in.Active}, nil
}

func restaurantAnswer(_ *call, a line.Answer) any {
	return RestaurantAnswer{Restaurant: *a.Result.Restaurant, Stamp: stamped(a)}
}

// deleteRestaurant asks for the caller's rights of this moment, not of a second
// ago: what it does cannot be undone. Other processes notice when they next prove
// the house; a command on its way is told NOT_FOUND.
func deleteRestaurant(c *call) (*reply, error) {
	h, err := c.api.reader.Proved(c.ctx, c.restaurant)
	if err != nil {
		return nil, err
	}
	if c.query.Get("confirm") != h.Restaurant.Slug {
		return nil, unreadable("confirm", "must be the restaurant's slug, %s", h.Restaurant.Slug)
	}
	if err := c.reauthorize(); err != nil {
		return nil, err
	}
	if err := c.api.directory.DropRestaurant(c.ctx, c.restaurant); errors.Is(err, store.ErrNotFound) {
		return nil, access.NoRestaurant()
	} else if err != nil {
		return nil, err
	}
	c.api.houses.Invalidate(c.restaurant, "deleted")
	return &reply{}, nil
}
