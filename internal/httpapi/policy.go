package httpapi

import (
	"net/http"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
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
			who: members, cap: seating.CapConfigure, key: keyAccepted, ifMatch: true, dryRun: true, status: http.StatusOK,
			body: takes(seating.DefaultPolicy(seating.DefaultHoldRules())), answer: gives[PolicyAnswer](), do: change("", putPolicy, putPolicyAnswer),
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

func putPolicy(c *call) (decide.Command, error) {
	return decide.PutPolicy{Policy: *c.body.(*seating.Policy)}, nil
}

// putPolicyAnswer tells what was put: a key binds a replay to the same body.
func putPolicyAnswer(c *call, a line.Answer) any {
	return PolicyAnswer{Policy: *c.body.(*seating.Policy), Stamp: stamped(a)}
}
