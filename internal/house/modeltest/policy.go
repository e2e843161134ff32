package modeltest

import (
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// mRules are the settings that the games change.
type mRules struct {
	slack, maxTables          int
	enforce, advised, across  bool
	rule                      seating.AdjacencyRule
	before, after             int // minutes to lay and to reset a table
	parties, quarter, evening int // who may arrive; 0: no limit
	lateAfter                 int
	releases                  bool
	pending                   int // minutes a web booking waits
}

var usualRules = mRules{slack: 4, maxTables: 5, rule: seating.RuleConnected, after: 5, lateAfter: 15, pending: 15}

// spelled is the policy as the engine has it.
func (r mRules) spelled() seating.Policy {
	p := housetest.Policy()
	p.SlackBudget, p.MaxTables, p.AdjacencyRule, p.CrossZone = r.slack, r.maxTables, r.rule, r.across
	p.BufferBefore, p.BufferAfter = servicetime.Minutes(r.before), servicetime.Minutes(r.after)
	p.Pacing = seating.Pacing{PartiesPerSlot: r.parties, CoversPerSlot: r.quarter, CoversPerPeriod: r.evening}
	p.Late.After, p.Pending = servicetime.Minutes(r.lateAfter), servicetime.Minutes(r.pending)
	if r.enforce {
		p.Minimum = seating.Enforce
	}
	if r.advised {
		p.Adjacency = seating.AdjacencyAdvised
	}
	if r.releases {
		p.Late.Action = seating.LateRelease
	}
	return p
}

func (m *model) putPolicy(r mRules) seating.Code {
	if r.slack > 12 || r.maxTables < 1 || r.after > 120 || r.pending < 1 {
		return seating.CodeInvalid
	}
	m.mRules = r
	return granted
}
