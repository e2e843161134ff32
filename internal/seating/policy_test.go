package seating_test

import (
	"testing"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestPolicyFaults: every setting at its bounds and one beyond them.
func TestPolicyFaults(t *testing.T) {
	sound := seating.DefaultPolicy(seating.DefaultHoldRules())
	if f := sound.Faults(); f != nil {
		t.Fatalf("DefaultPolicy().Faults() = %v, want none", f)
	}
	minutes := func(set func(*seating.Policy) *servicetime.Minutes) func(*seating.Policy, int) {
		return func(p *seating.Policy, n int) { *set(p) = servicetime.Minutes(n) }
	}
	number := func(set func(*seating.Policy) *int) func(*seating.Policy, int) {
		return func(p *seating.Policy, n int) { *set(p) = n }
	}
	tests := []struct {
		pointer   string
		low, high int
		set       func(*seating.Policy, int)
	}{
		{"/bufferBeforeMinutes", 0, 120, minutes(func(p *seating.Policy) *servicetime.Minutes { return &p.BufferBefore })},
		{"/bufferAfterMinutes", 0, 120, minutes(func(p *seating.Policy) *servicetime.Minutes { return &p.BufferAfter })},
		{"/slackBudget", 0, 12, number(func(p *seating.Policy) *int { return &p.SlackBudget })},
		{"/maxTables", 1, 8, number(func(p *seating.Policy) *int { return &p.MaxTables })},
		{"/pacing/coversPerSlot", 0, 10000, number(func(p *seating.Policy) *int { return &p.Pacing.CoversPerSlot })},
		{"/pacing/partiesPerSlot", 0, 10000, number(func(p *seating.Policy) *int { return &p.Pacing.PartiesPerSlot })},
		{"/pacing/coversPerPeriod", 0, 10000, number(func(p *seating.Policy) *int { return &p.Pacing.CoversPerPeriod })},
		{"/late/afterMinutes", 1, 240, minutes(func(p *seating.Policy) *servicetime.Minutes { return &p.Late.After })},
		{"/pendingMinutes", 1, 1440, minutes(func(p *seating.Policy) *servicetime.Minutes { return &p.Pending })},
		{"/weights/waste", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.Waste })},
		{"/weights/extraTable", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.ExtraTable })},
		{"/weights/adjacencyDepth", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.Depth })},
		{"/weights/fragmentation", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.Fragmentation })},
		{"/weights/zones", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.Zones })},
		{"/weights/scarcity", 0, 1000, number(func(p *seating.Policy) *int { return &p.Weights.Scarcity })},
		{"/maxAdvanceDays", 1, 730, number(func(p *seating.Policy) *int { return &p.MaxAdvance })},
		{"/hold/budgetMax", 1, 100, number(func(p *seating.Policy) *int { return &p.Hold.BudgetMax })},
		{"/hold/budgetWindowSeconds", 5, 3600, func(p *seating.Policy, n int) { p.Hold.BudgetWindow = servicetime.Seconds(n) }},
		{"/hold/minTtlSeconds", 1, 600, func(p *seating.Policy, n int) {
			p.Hold.MinTTL = servicetime.Seconds(n)
			p.Hold.DefaultTTL, p.Hold.MaxTTL = max(1, min(600, p.Hold.MinTTL)), 600
		}},
		{"/hold/maxTtlSeconds", 30, 600, func(p *seating.Policy, n int) {
			p.Hold.MinTTL, p.Hold.DefaultTTL, p.Hold.MaxTTL = 1, 1, servicetime.Seconds(n)
		}},
		{"/hold/defaultTtlSeconds", 60, 600, func(p *seating.Policy, n int) { p.Hold.DefaultTTL = servicetime.Seconds(n) }},
		{"/hold/minTtlSeconds", 1, 100, func(p *seating.Policy, n int) { // never above the maximum
			p.Hold.MinTTL, p.Hold.MaxTTL = servicetime.Seconds(n), 100
			p.Hold.DefaultTTL = min(100, max(p.Hold.MinTTL, 1))
			if n > 100 {
				p.Hold.DefaultTTL = servicetime.Seconds(n)
			}
		}},
	}
	for _, tt := range tests {
		for _, n := range []int{tt.low - 1, tt.low, tt.high, tt.high + 1} {
			p := sound
			tt.set(&p, n)
			faults := p.Faults()
			in := n >= tt.low && n <= tt.high
			found := false
			for _, f := range faults {
				found = found || f.Pointer == tt.pointer && f.Message != ""
				if in {
					t.Errorf("Faults(%s = %d) = %v, want none", tt.pointer, n, f)
				}
			}
			if !in && !found {
				t.Errorf("Faults(%s = %d) = %v, want one there", tt.pointer, n, faults)
			}
		}
	}
	words := []struct {
		pointer string
		allowed []string
		set     func(*seating.Policy, string)
	}{
		{"/adjacency", []string{"required", "advised"}, func(p *seating.Policy, w string) { p.Adjacency = seating.AdjacencyMode(w) }},
		{"/adjacencyRule", []string{"connected", "pairwise", "hub"}, func(p *seating.Policy, w string) { p.AdjacencyRule = seating.AdjacencyRule(w) }},
		{"/minimum", []string{"advise", "enforce"}, func(p *seating.Policy, w string) { p.Minimum = seating.Strictness(w) }},
		{"/late/action", []string{"flag", "release"}, func(p *seating.Policy, w string) { p.Late.Action = seating.LateAction(w) }},
		{"/contextCheck", []string{"disjoint", "strict"}, func(p *seating.Policy, w string) { p.ContextCheck = seating.ContextCheck(w) }},
	}
	for _, tt := range words {
		for _, w := range tt.allowed {
			p := sound
			if tt.set(&p, w); len(p.Faults()) != 0 {
				t.Errorf("Faults(%s = %s) = %v, want none", tt.pointer, w, p.Faults())
			}
		}
		for _, w := range []string{"", "other", "Required"} {
			p := sound
			tt.set(&p, w)
			if f := p.Faults(); len(f) != 1 || f[0].Pointer != tt.pointer {
				t.Errorf("Faults(%s = %q) = %v, want one there", tt.pointer, w, f)
			}
		}
	}
	if f := (seating.HoldRules{}).Faults(); len(f) != 4 || f[0].Pointer != "/minTtlSeconds" {
		t.Errorf("HoldRules{}.Faults() = %v, want four", f)
	}
}

// TestDefaults: the numbers of docs/domain.md.
func TestDefaults(t *testing.T) {
	r := seating.DefaultHoldRules()
	if r != (seating.HoldRules{MinTTL: 60, DefaultTTL: 180, MaxTTL: 600, BudgetMax: 5, BudgetWindow: 60}) {
		t.Errorf("DefaultHoldRules() = %+v", r)
	}
	p := seating.DefaultPolicy(r)
	if p.SlackBudget != 4 || p.MaxTables != 5 || p.Adjacency != "required" || p.AdjacencyRule != "connected" || p.CrossZone || p.Minimum != "advise" ||
		p.ContextCheck != "disjoint" || p.MaxAdvance != 365 || p.Pending != 15 || p.Late != (seating.LateRule{After: 15, Action: "flag"}) ||
		p.BufferBefore != 0 || p.BufferAfter != 5 || p.Pacing != (seating.Pacing{}) {
		t.Errorf("DefaultPolicy() = %+v", p)
	}
	if seating.MaxHoldTTL != 600 || seating.MinHoldRequest != 30 || seating.MaxHeld != 30 || seating.PastGrace != 5 || seating.OverstayHorizon != 15 ||
		seating.PersonHoldCap != 20 || seating.TokenHoldCap != 200 || seating.LeastHoldCap != 50 || seating.MaxPartyCovers != 100 || seating.MaxTableCovers != 50 {
		t.Error("a bound is not the one of docs/domain.md")
	}
}
