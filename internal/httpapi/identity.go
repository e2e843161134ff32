package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/seating"
)

// The groups of operations in the document.
const (
	tagIdentity   = "identity"
	tagBookings   = "bookings"
	tagSelection  = "choosing tables"
	tagHolds      = "holds"
	tagAssignment = "assignments"
	tagFloor      = "floor"
	tagPolicy     = "policy"
	tagSystem     = "system"
)

// Me is who the caller is.
type Me struct {
	Principal   string            `json:"principal"`
	Kind        seating.ActorKind `json:"kind" enum:"person,token,operator"`
	Name        string            `json:"name,omitempty"`
	ActingFor   string            `json:"actingFor,omitempty"`
	Restaurants []Membership      `json:"restaurants" doc:"None for an operator."`
}

// Membership is a caller's role in a restaurant.
type Membership struct {
	RestaurantID seating.RestaurantID `json:"restaurantId" format:"uuid"`
	Role         seating.Role         `json:"role" enum:"owner,manager,host,server"`
	Capabilities []seating.Capability `json:"capabilities"`
	HoldCap      int                  `json:"holdCap" doc:"Live holds at once."`
}

// RestaurantAnswer is a restaurant.
type RestaurantAnswer struct {
	Restaurant seating.Restaurant `json:"restaurant"`
	Stamp
}

func (a *API) identity() []*operation {
	return []*operation{
		{
			id: "get-me", method: http.MethodGet, path: "/v1/me", tag: tagIdentity,
			summary: "Who am I, and what may I do where?",
			who:     callers, status: http.StatusOK, answer: gives[Me](), do: getMe,
		},
		{
			id: "get-restaurant", method: http.MethodGet, path: base, tag: tagIdentity,
			summary: "Get the restaurant",
			who:     members, cap: seating.CapSee, status: http.StatusOK, answer: gives[RestaurantAnswer](), do: getRestaurant,
		},
	}
}

func getMe(c *call) (*reply, error) {
	if c.caller.IsOperator() {
		return &reply{body: Me{
			Principal: c.caller.Principal(), Kind: seating.ActorOperator, Name: c.caller.Operator.Name, Restaurants: []Membership{},
		}}, nil
	}
	t := c.caller.Token
	return &reply{body: Me{
		Principal: c.caller.Principal(), Kind: seating.ActorToken, Name: t.Name, ActingFor: c.caller.ActingFor,
		Restaurants: []Membership{{
			RestaurantID: t.Restaurant, Role: t.Role, Capabilities: list(access.Capabilities(t.Role)), HoldCap: t.HoldCap,
		}},
	}}, nil
}

func getRestaurant(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{body: RestaurantAnswer{Restaurant: h.Restaurant, Stamp: c.stamp(h)}}, nil
}
