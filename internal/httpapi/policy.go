package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
)

// PolicyAnswer is the policy in force.
type PolicyAnswer struct {
	Policy seating.Policy `json:"policy" doc:"PUT takes this object back."`
	Stamp
}

func (a *API) policy() []*operation {
	return []*operation{
		{
			id: "get-policy", method: http.MethodGet, path: base + "/policy", tag: tagPolicy,
			summary: "Get the policy", about: "The object policy can be put back as it is.",
			who: members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[PolicyAnswer](), do: getPolicy,
		},
		{
			id: "put-policy", method: http.MethodPut, path: base + "/policy", tag: tagPolicy,
			summary: "Replace the policy", about: "With If-Match: only if policy, service periods and closures have not changed since.",
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, status: http.StatusOK,
			body: takes(seating.DefaultPolicy(seating.DefaultHoldRules())), answer: gives[PolicyAnswer](), do: putPolicy,
			codes: []seating.Code{seating.CodeStaleContext},
		},
	}
}

func getPolicy(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: PolicyAnswer{Policy: h.Policy, Stamp: c.stamp(h)}}, nil
}

func putPolicy(c *call) (*reply, error) {
	in := *c.body.(*seating.Policy)
	answer, err := c.command(decide.PutPolicy{Policy: in})
	if err != nil {
		return nil, err
	}
	// The key binds a replay to the same body, so it is the policy that was put.
	v := answer.Result.Version
	return &reply{status: answer.Status, replay: answer.Replayed, etag: tag(v), body: PolicyAnswer{
		Policy: in, Stamp: Stamp{Version: v, ServerNow: answer.Now},
	}}, nil
}
