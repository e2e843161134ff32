package seating

import (
	"fmt"
	"slices"
)

// Faults returns every setting that is out of its bounds, each with a pointer;
// none when the policy is sound. Source: docs/domain.md.
func (p Policy) Faults() []Field {
	var faults []Field
	within := func(pointer string, n, low, high int) {
		if n < low || n > high {
			faults = append(faults, Field{Pointer: pointer, Message: fmt.Sprintf("must be %d to %d", low, high)})
		}
	}
	oneOf := func(pointer, have string, allowed ...string) {
		if !slices.Contains(allowed, have) {
			faults = append(faults, Field{Pointer: pointer, Message: fmt.Sprintf("must be one of %v", allowed)})
		}
	}
	within("/bufferBeforeMinutes", int(p.BufferBefore), 0, 120)
	within("/bufferAfterMinutes", int(p.BufferAfter), 0, 120)
	faults = append(faults, p.Hold.faults("/hold")...)
	oneOf("/adjacency", string(p.Adjacency), string(AdjacencyRequired), string(AdjacencyAdvised))
	oneOf("/adjacencyRule", string(p.AdjacencyRule), string(RuleConnected), string(RulePairwise), string(RuleHub))
	within("/slackBudget", p.SlackBudget, 0, 12)
	oneOf("/minimum", string(p.Minimum), string(Advise), string(Enforce))
	within("/maxTables", p.MaxTables, 1, 8)
	within("/pacing/coversPerSlot", p.Pacing.CoversPerSlot, 0, 10000)
	within("/pacing/partiesPerSlot", p.Pacing.PartiesPerSlot, 0, 10000)
	within("/pacing/coversPerPeriod", p.Pacing.CoversPerPeriod, 0, 10000)
	within("/late/afterMinutes", int(p.Late.After), 1, 240)
	oneOf("/late/action", string(p.Late.Action), string(LateFlag), string(LateRelease))
	within("/pendingMinutes", int(p.Pending), 1, 1440)
	within("/weights/waste", p.Weights.Waste, 0, 1000)
	within("/weights/extraTable", p.Weights.ExtraTable, 0, 1000)
	within("/weights/adjacencyDepth", p.Weights.Depth, 0, 1000)
	within("/weights/fragmentation", p.Weights.Fragmentation, 0, 1000)
	within("/weights/zones", p.Weights.Zones, 0, 1000)
	within("/weights/scarcity", p.Weights.Scarcity, 0, 1000)
	oneOf("/contextCheck", string(p.ContextCheck), string(ContextDisjoint), string(ContextStrict))
	within("/maxAdvanceDays", p.MaxAdvance, 1, 730)
	return faults
}

// faults is Faults below a pointer.
func (r HoldRules) faults(pointer string) []Field {
	var faults []Field
	within := func(name string, n, low, high int) {
		if n < low || n > high {
			faults = append(faults, Field{Pointer: pointer + "/" + name, Message: fmt.Sprintf("must be %d to %d", low, high)})
		}
	}
	within("minTtlSeconds", int(r.MinTTL), 1, int(MaxHoldTTL))
	within("maxTtlSeconds", int(r.MaxTTL), int(MinHoldRequest), int(MaxHoldTTL))
	within("budgetMax", r.BudgetMax, 1, 100)
	within("budgetWindowSeconds", int(r.BudgetWindow), 5, int(MaxBudgetWindow))
	if len(faults) == 0 {
		within("minTtlSeconds", int(r.MinTTL), 1, int(r.MaxTTL))
		within("defaultTtlSeconds", int(r.DefaultTTL), int(r.MinTTL), int(r.MaxTTL))
	}
	return faults
}

// Faults returns every hold rule that is out of its bounds.
func (r HoldRules) Faults() []Field { return r.faults("") }
