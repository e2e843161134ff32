package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// CreateTableRequest makes a table.
type CreateTableRequest struct {
	Number    string              `json:"number" minLength:"1" maxLength:"20" doc:"What staff call it; unique in the restaurant, ignoring case." example:"T12"`
	Zone      UUID                `json:"zoneId"`
	MinCovers int                 `json:"minCovers" minimum:"1" maximum:"50"`
	MaxCovers int                 `json:"maxCovers" minimum:"1" maximum:"50"`
	Movable   bool                `json:"movable"`
	Category  seating.Category    `json:"category" enum:"bar,dining,lounge,patio,private"`
	Seating   seating.SeatingType `json:"seatingType" enum:"standard,sofa,booth,high_top"`
	Position  *Position           `json:"position,omitempty" doc:"Default: a square of 80 cm in the corner."`
	Active    *bool               `json:"active,omitempty" doc:"Default true."`
	Ready     *bool               `json:"ready,omitempty" doc:"Default true."`
}

// ChangeTableRequest changes a table; what is left out stays.
type ChangeTableRequest struct {
	Number    *string              `json:"number,omitempty" minLength:"1" maxLength:"20"`
	Zone      *UUID                `json:"zoneId,omitempty"`
	MinCovers *int                 `json:"minCovers,omitempty" minimum:"1" maximum:"50"`
	MaxCovers *int                 `json:"maxCovers,omitempty" minimum:"1" maximum:"50"`
	Movable   *bool                `json:"movable,omitempty"`
	Category  *seating.Category    `json:"category,omitempty" enum:"bar,dining,lounge,patio,private"`
	Seating   *seating.SeatingType `json:"seatingType,omitempty" enum:"standard,sofa,booth,high_top"`
	Position  *Position            `json:"position,omitempty"`
	Active    *bool                `json:"active,omitempty"`
	Ready     *bool                `json:"ready,omitempty"`
}

// ReadyRequest says whether a table is laid.
type ReadyRequest struct {
	Ready bool `json:"ready"`
}

// TableAnswer is a table as a change left it.
type TableAnswer struct {
	Table Table `json:"table"`
	Stamp
}

// TablesAnswer is the tables in use.
type TablesAnswer struct {
	Tables []Table `json:"tables"`
	Stamp
}

func (a *API) tables() []*operation {
	table := base + "/tables/{tableId}"
	example := ChangeTableRequest{MaxCovers: new(6), Movable: new(false)}
	return []*operation{
		{
			id: "list-tables", method: http.MethodGet, path: base + "/tables", tag: tagFloor,
			summary: "List the tables", about: "Those in use, by number.",
			who: members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[TablesAnswer](), do: listTables,
		},
		{
			id: "create-table", method: http.MethodPost, path: base + "/tables", tag: tagFloor,
			summary: "Add a table",
			who:     members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusCreated,
			body: takes(CreateTableRequest{
				Number: "T12", Zone: "019ac0de-0000-7000-8000-000000000003", MinCovers: 2, MaxCovers: 4, Movable: true,
				Category: seating.CategoryDining, Seating: seating.SeatingStandard,
			}),
			answer: gives[TableAnswer](), do: change("", createTable, tableAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "change-table", method: http.MethodPatch, path: table, tag: tagFloor,
			summary: "Change a table", about: "What is left out stays. Bookings keep their tables; dryRun lists those the change would leave against the rules.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(example), answer: gives[TableAnswer](), do: change("", changeTable, tableAnswer),
			codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "remove-table", method: http.MethodDelete, path: table, tag: tagFloor,
			summary: "Retire a table that nobody has from now on",
			about:   "Its adjacency and the combinations it is part of go with it. It stays behind the bookings that sat at it, and its number is free.",
			who:     members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			answer: gives[TableAnswer](), do: change("", removeTable, tableAnswer),
			codes: []seating.Code{seating.CodeTableInUse, seating.CodeStaleContext},
		},
		{
			id: "mark-ready", method: http.MethodPost, path: table + "/ready", tag: tagFloor,
			summary: "Say whether a table is laid", about: "A flag for the host: no rule is attached, and no context goes stale by it.",
			who: members, cap: seating.CapSeat, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			body: takes(ReadyRequest{Ready: true}), answer: gives[TableAnswer](), do: change("", markReady, tableAnswer),
			codes: []seating.Code{seating.CodeStaleContext},
		},
	}
}

func listTables(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: TablesAnswer{Tables: floorOf(h.Floor).Tables, Stamp: c.stamp(h)}}, nil
}

func createTable(c *call) (decide.Command, error) {
	in := c.body.(*CreateTableRequest)
	zone, refusal := parseUUID[seating.ZoneID](in.Zone, "/zoneId")
	if refusal != nil {
		return nil, refusal
	}
	return decide.CreateTable{ID: freshID[seating.TableID](c.api), Table: seating.Table{
		Number: in.Number, Zone: zone, MinCovers: in.MinCovers, MaxCovers: in.MaxCovers, Movable: in.Movable,
		Category: in.Category, Seating: in.Seating, Position: seating.Position(unless(in.Position, corner)),
		Active: unless(in.Active, true), Ready: unless(in.Ready, true),
	}}, nil
}

// corner is where a table stands of which nobody said.
var corner = Position{Shape: seating.ShapeSquare, W: 80, H: 80}

func changeTable(c *call) (decide.Command, error) {
	in := c.body.(*ChangeTableRequest)
	cmd := decide.ChangeTable{
		ID: c.table, Number: in.Number, MinCovers: in.MinCovers, MaxCovers: in.MaxCovers, Movable: in.Movable,
		Category: in.Category, Seating: in.Seating, Position: (*seating.Position)(in.Position), Active: in.Active, Ready: in.Ready,
	}
	if in.Zone != nil {
		zone, refusal := parseUUID[seating.ZoneID](*in.Zone, "/zoneId")
		if refusal != nil {
			return nil, refusal
		}
		cmd.Zone = &zone
	}
	return cmd, nil
}

func removeTable(c *call) (decide.Command, error) { return decide.RemoveTable{ID: c.table}, nil }

func markReady(c *call) (decide.Command, error) {
	return decide.MarkReady{Table: c.table, Ready: c.body.(*ReadyRequest).Ready}, nil
}

func tableAnswer(_ *call, a line.Answer) any {
	return TableAnswer{Table: tableOf(*a.Result.Table), Stamp: stamped(a)}
}

func noTable() *seating.Error { return seating.Refuse(seating.CodeNotFound, "There is no such table.") }
