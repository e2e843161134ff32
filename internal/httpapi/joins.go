package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// Adjacencies are the pairs of tables that can be pushed together.
type Adjacencies struct {
	Adjacencies [][2]UUID `json:"adjacencies" maxItems:"5000" doc:"Pairs of tables that can be pushed together, in any order."`
}

// AdjacenciesAnswer is the adjacency in force.
type AdjacenciesAnswer struct {
	Adjacencies [][2]string `json:"adjacencies" doc:"PUT takes these back."`
	Stamp
}

// Combinations are the sets of tables that are legal by themselves.
type Combinations struct {
	Combinations []Combined `json:"combinations" maxItems:"1000"`
}

// Combined is a set of existing tables with covers of its own.
type Combined struct {
	Tables    []UUID `json:"tableIds" minItems:"2" maxItems:"8"`
	MinCovers int    `json:"minCovers" minimum:"1" maximum:"100"`
	MaxCovers int    `json:"maxCovers" minimum:"1" maximum:"100"`
}

// CombinationsAnswer is the declared combinations in force.
type CombinationsAnswer struct {
	Combinations []Combination `json:"combinations" doc:"PUT takes these back."`
	Stamp
}

func (a *API) joins() []*operation {
	pair := [2]UUID{"019ac0de-0000-7000-8000-000000000012", "019ac0de-0000-7000-8000-000000000013"}
	return []*operation{
		{
			id: "get-adjacencies", method: http.MethodGet, path: base + "/adjacencies", tag: tagFloor,
			summary: "Get the adjacency of the tables",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[AdjacenciesAnswer](), do: getAdjacencies,
		},
		{
			id: "put-adjacencies", method: http.MethodPut, path: base + "/adjacencies", tag: tagFloor,
			summary: "Replace the adjacency of the tables", about: "With If-Match: only if the floor has not changed since.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(Adjacencies{Adjacencies: [][2]UUID{pair}}), answer: gives[AdjacenciesAnswer](), do: change("", putAdjacencies, adjacenciesAnswer),
			codes: []seating.Code{seating.CodeStaleContext},
		},
		{
			id: "get-combinations", method: http.MethodGet, path: base + "/combinations", tag: tagFloor,
			summary: "Get the declared combinations",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[CombinationsAnswer](), do: getCombinations,
		},
		{
			id: "put-combinations", method: http.MethodPut, path: base + "/combinations", tag: tagFloor,
			summary: "Replace the declared combinations", about: "With If-Match: only if the floor has not changed since.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body:   takes(Combinations{Combinations: []Combined{{Tables: pair[:], MinCovers: 5, MaxCovers: 9}}}),
			answer: gives[CombinationsAnswer](), do: change("", putCombinations, combinationsAnswer), codes: []seating.Code{seating.CodeStaleContext},
		},
	}
}

func getAdjacencies(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: AdjacenciesAnswer{Adjacencies: edgesOf(h.Floor.Edges()), Stamp: c.stamp(h)}}, nil
}

func putAdjacencies(c *call) (decide.Command, error) {
	var cmd decide.PutAdjacencies
	for i, ends := range c.body.(*Adjacencies).Adjacencies {
		var pair [2]seating.TableID
		for end, u := range ends {
			var refusal *seating.Error
			if pair[end], refusal = parseUUID[seating.TableID](u, "/adjacencies/"+itoa(i)+"/"+itoa(end)); refusal != nil {
				return nil, refusal
			}
		}
		cmd.Pairs = append(cmd.Pairs, pair)
	}
	return cmd, nil
}

func adjacenciesAnswer(_ *call, a line.Answer) any {
	return AdjacenciesAnswer{Adjacencies: edgesOf(a.Result.Floor.Edges), Stamp: stamped(a)}
}

func getCombinations(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: CombinationsAnswer{Combinations: combinationsOf(h.Floor.Combinations()), Stamp: c.stamp(h)}}, nil
}

func putCombinations(c *call) (decide.Command, error) {
	var cmd decide.PutCombinations
	for _, w := range c.body.(*Combinations).Combinations {
		d := decide.PlanCombination{MinCovers: w.MinCovers, MaxCovers: w.MaxCovers}
		for _, id := range w.Tables {
			d.Tables = append(d.Tables, string(id))
		}
		cmd.Combinations = append(cmd.Combinations, d)
		cmd.Fresh = append(cmd.Fresh, freshID[seating.AnyID](c.api))
	}
	return cmd, nil
}

func combinationsAnswer(_ *call, a line.Answer) any {
	return CombinationsAnswer{Combinations: combinationsOf(a.Result.Floor.Combinations), Stamp: stamped(a)}
}
