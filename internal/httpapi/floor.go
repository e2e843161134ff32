package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

func (a *API) floor() []*operation {
	return []*operation{
		{
			id: "get-floor", method: http.MethodGet, path: base + "/floor", tag: tagFloor,
			summary: "Get the floor", about: "The object floor can be put back as it is.",
			who: members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[FloorAnswer](), do: getFloor,
		},
		{
			id: "put-floor", method: http.MethodPut, path: base + "/floor", tag: tagFloor,
			summary: "Replace the floor",
			about:   "Takes the whole plan and stores the difference. With If-Match: only if the floor has not changed since.",
			who:     members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(Plan{
				Zones: []Zone{{ID: "main", Name: "Main room", Active: true}},
				Tables: []Table{
					{ID: "t1", Number: "T1", ZoneID: "main", MinCovers: 1, MaxCovers: 2, Movable: true, Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true, Ready: true},
					{ID: "t2", Number: "T2", ZoneID: "main", MinCovers: 2, MaxCovers: 4, Movable: true, Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true, Ready: true},
				},
				Adjacencies:  [][2]string{{"t1", "t2"}},
				Combinations: []Combination{{Tables: []string{"t1", "t2"}, MinCovers: 4, MaxCovers: 7}},
			}),
			answer: gives[PutFloorAnswer](), do: change("", putFloor, putFloorAnswer),
			codes: []seating.Code{seating.CodeTableInUse, seating.CodeStaleContext},
		},
	}
}

func getFloor(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: FloorAnswer{Floor: floorOf(h.Floor), Blocks: blocksOf(h.Floor.Blocks()), Stamp: c.stamp(h)}}, nil
}

func putFloor(c *call) (decide.Command, error) {
	in := c.body.(*Plan)
	fresh := make([]seating.AnyID, len(in.Zones)+len(in.Tables)+len(in.Combinations))
	for i := range fresh {
		fresh[i] = freshID[seating.AnyID](c.api)
	}
	return decide.PutFloor{Plan: in.domain(), Fresh: fresh}, nil
}

func putFloorAnswer(_ *call, a line.Answer) any {
	return PutFloorAnswer{Floor: decidedFloor(a.Result.Floor), Stamp: stamped(a)}
}
