package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// CreateZoneRequest makes a zone.
type CreateZoneRequest struct {
	Name   string `json:"name" minLength:"1" maxLength:"60" doc:"Unique in the restaurant, ignoring case."`
	Order  int    `json:"order,omitempty" minimum:"0" maximum:"10000"`
	Active *bool  `json:"active,omitempty" doc:"Default true."`
}

// ChangeZoneRequest changes a zone; what is left out stays.
type ChangeZoneRequest struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"60"`
	Order  *int    `json:"order,omitempty" minimum:"0" maximum:"10000"`
	Active *bool   `json:"active,omitempty"`
}

// ZoneAnswer is a zone as a change left it.
type ZoneAnswer struct {
	Zone Zone `json:"zone"`
	Stamp
}

// ZonesAnswer is the zones of the floor.
type ZonesAnswer struct {
	Zones []Zone `json:"zones"`
	Stamp
}

func (a *API) zones() []*operation {
	zone := base + "/zones/{zoneId}"
	return []*operation{
		{
			id: "list-zones", method: http.MethodGet, path: base + "/zones", tag: tagFloor,
			summary: "List the zones",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[ZonesAnswer](), do: listZones,
		},
		{
			id: "create-zone", method: http.MethodPost, path: base + "/zones", tag: tagFloor,
			summary: "Add a zone",
			who:     members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusCreated,
			body: takes(CreateZoneRequest{Name: "Terrace", Order: 3}), answer: gives[ZoneAnswer](), do: change("", createZone, zoneAnswer),
			codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "change-zone", method: http.MethodPatch, path: zone, tag: tagFloor,
			summary: "Change a zone", about: "What is left out stays. Bookings keep their tables when a zone goes out of service; dryRun lists them.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(ChangeZoneRequest{Active: new(false)}), answer: gives[ZoneAnswer](), do: change("", changeZone, zoneAnswer),
			codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "remove-zone", method: http.MethodDelete, path: zone, tag: tagFloor,
			summary: "Remove a zone without tables", about: "Bookings that wished for it wish for none.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			answer: gives[ZoneAnswer](), do: change("", removeZone, zoneAnswer),
			codes: []seating.Code{seating.CodeTableInUse, seating.CodeStaleContext},
		},
	}
}

func listZones(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: ZonesAnswer{Zones: zonesOf(h.Floor.Zones()), Stamp: c.stamp(h)}}, nil
}

func createZone(c *call) (decide.Command, error) {
	in := c.body.(*CreateZoneRequest)
	return decide.CreateZone{
		ID: freshID[seating.ZoneID](c.api), Zone: seating.Zone{Name: in.Name, Order: in.Order, Active: unless(in.Active, true)},
	}, nil
}

func changeZone(c *call) (decide.Command, error) {
	in := c.body.(*ChangeZoneRequest)
	return decide.ChangeZone{ID: c.zone, Rename: in.Name, Order: in.Order, Active: in.Active}, nil
}

func removeZone(c *call) (decide.Command, error) { return decide.RemoveZone{ID: c.zone}, nil }

func zoneAnswer(_ *call, a line.Answer) any {
	return ZoneAnswer{Zone: zonesOf([]seating.Zone{*a.Result.Zone})[0], Stamp: stamped(a)}
}

func noZone() *seating.Error { return seating.Refuse(seating.CodeNotFound, "There is no such zone.") }

// unless is the value, or what stands for one that was left out.
func unless[T any](value *T, left T) T {
	if value == nil {
		return left
	}
	return *value
}
