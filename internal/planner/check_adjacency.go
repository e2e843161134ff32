package planner

import (
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// CheckAdjacency looks for joined tables that are not adjacent by the policy's
// rule, unless the restaurant declared the combination. An error when the policy
// or the request demands adjacency, else a warning. Code: NOT_ADJACENT,
// overridable. Source: docs/domain.md, checks.
func CheckAdjacency(h *house.House, r Request, s Selection) seating.Check {
	if len(s.Tables) < 2 || s.Combination != nil || Adjacent(h.Floor, h.Policy.AdjacencyRule, s.IDs()) {
		return seating.Check{}
	}
	message := fmt.Sprintf("%s not adjacent (%s).", are(s.refs()), h.Policy.AdjacencyRule)
	c := warn(seating.CodeNotAdjacent, message)
	if h.Policy.Adjacency == seating.AdjacencyRequired || r.RequireAdjacency {
		c = refuse(seating.CodeNotAdjacent, message)
	}
	c.Tables = s.refs()
	return c
}

// Adjacent reports whether the tables, two or more, meet the rule: connected,
// one piece of the graph; pairwise, every two are neighbours; hub, one table
// neighbours all others.
func Adjacent(f *house.Floor, rule seating.AdjacencyRule, ids []seating.TableID) bool {
	switch rule {
	case seating.RulePairwise:
		for i, a := range ids {
			for _, b := range ids[i+1:] {
				if !f.Adjacent(a, b) {
					return false
				}
			}
		}
		return true
	case seating.RuleHub:
		for _, hub := range ids {
			if neighboursAll(f, hub, ids) {
				return true
			}
		}
		return false
	default:
		return connected(f, ids)
	}
}

func neighboursAll(f *house.Floor, hub seating.TableID, ids []seating.TableID) bool {
	for _, id := range ids {
		if id != hub && !f.Adjacent(hub, id) {
			return false
		}
	}
	return true
}

func connected(f *house.Floor, ids []seating.TableID) bool {
	reached := make([]bool, len(ids))
	reached[0] = true
	queue := []int{0}
	count := 1
	for len(queue) > 0 {
		from := ids[queue[0]]
		queue = queue[1:]
		for i, id := range ids {
			if !reached[i] && f.Adjacent(from, id) {
				reached[i] = true
				queue = append(queue, i)
				count++
			}
		}
	}
	return count == len(ids)
}
