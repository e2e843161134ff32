package planner

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Replan is Search for a party that has tables: they win over others that rank no
// better, in empty seats and number of tables, so that nobody is moved for a table
// number. ok is false when there are no tables; truncated says that the search was
// stopped by its bound.
func Replan(h *house.House, r Request, present []seating.TableID) (best Candidate, ok, truncated bool) {
	found, truncated := Search(h, r, 1)
	if len(found) == 0 {
		return Candidate{}, false, truncated
	}
	best = found[0]
	if v := Judge(h, r, present); v.OK && offered(h, r, v) && v.Summary.Slack <= best.Waste && len(v.Tables) <= len(best.Tables) {
		return Candidate{
			Tables: v.Tables, Summary: v.Summary, Waste: v.Summary.Slack, Combination: v.Summary.Combination, Reasons: reasons(r, v),
		}, true, truncated
	}
	return best, true, truncated
}

// offered reports whether the search would offer the selection at all: wishes and
// adjacency bind it, also where they only warn a person.
func offered(h *house.House, r Request, v Verdict) bool {
	s := Select(h, v.Tables)
	for _, t := range s.Tables {
		if !Wished(r, t) {
			return false
		}
	}
	if len(s.Tables) < 2 || s.Combination != nil {
		return true
	}
	return Adjacent(h.Floor, h.Policy.AdjacencyRule, v.Tables)
}
