package seating

import "github.com/maitred/maitred/internal/servicetime"

// AdjacencyMode says whether a combination that is not adjacent is refused.
type AdjacencyMode string

// AdjacencyRequired refuses, AdjacencyAdvised warns.
const (
	AdjacencyRequired AdjacencyMode = "required"
	AdjacencyAdvised  AdjacencyMode = "advised"
)

// AdjacencyRule says when a set of tables counts as adjacent.
type AdjacencyRule string

// Connected: one piece of the graph. Pairwise: every two are neighbours. Hub:
// one table neighbours all others.
const (
	RuleConnected AdjacencyRule = "connected"
	RulePairwise  AdjacencyRule = "pairwise"
	RuleHub       AdjacencyRule = "hub"
)

// Strictness of a rule that may also merely warn.
type Strictness string

// Advise warns, Enforce refuses.
const (
	Advise  Strictness = "advise"
	Enforce Strictness = "enforce"
)

// ContextCheck says which touches since If-Match make a context stale.
type ContextCheck string

// Disjoint: only touches that meet the booking, the tables or their neighbours
// in the window, or floor or policy. Strict: any touch.
const (
	ContextDisjoint ContextCheck = "disjoint"
	ContextStrict   ContextCheck = "strict"
)

// HoldRules bound holds. Source: docs/domain.md, holds.
type HoldRules struct {
	MinTTL       servicetime.Seconds `json:"minTtlSeconds"`       // 1–600; a shorter request is raised to it
	DefaultTTL   servicetime.Seconds `json:"defaultTtlSeconds"`   // MinTTL–MaxTTL
	MaxTTL       servicetime.Seconds `json:"maxTtlSeconds"`       // 30–600
	BudgetMax    int                 `json:"budgetMax"`           // 1–100 granted creations per principal and booking
	BudgetWindow servicetime.Seconds `json:"budgetWindowSeconds"` // 5–3600, sliding
}

// Bounds of the hold rules that no restaurant can leave.
const (
	MaxHoldTTL      = servicetime.Seconds(600)
	MinHoldRequest  = servicetime.Seconds(30)
	MaxHeld         = servicetime.Minutes(30)
	MaxBudgetWindow = servicetime.Seconds(3600)
	PersonHoldCap   = 20  // live holds of one person in one restaurant
	TokenHoldCap    = 200 // default of an API token's own setting
	LeastHoldCap    = 50  // live holds in one restaurant: max(this, tables)
	PastGrace       = servicetime.Minutes(5)
	OverstayHorizon = servicetime.Minutes(15) // a window starting sooner than this is refused on an overstayed table
)

// Pacing limits arrivals per 15 minutes and per period; 0 means no limit.
type Pacing struct {
	CoversPerSlot   int `json:"coversPerSlot,omitempty"`
	PartiesPerSlot  int `json:"partiesPerSlot,omitempty"`
	CoversPerPeriod int `json:"coversPerPeriod,omitempty"`
}

// LateAction is what happens to a booking that does not arrive.
type LateAction string

// Flag raises an event; Release also frees the tables.
const (
	LateFlag    LateAction = "flag"
	LateRelease LateAction = "release"
)

// LateRule applies After minutes past a booking's start.
type LateRule struct {
	After  servicetime.Minutes `json:"afterMinutes"` // 1–240
	Action LateAction          `json:"action"`
}

// Weights of the planner's score; all ≥ 0, lower score is better.
type Weights struct {
	Waste         int `json:"waste"`
	ExtraTable    int `json:"extraTable"`
	Depth         int `json:"adjacencyDepth"`
	Fragmentation int `json:"fragmentation"`
	Zones         int `json:"zones"`
	Scarcity      int `json:"scarcity"`
}

// Policy is a restaurant's settings. Turn times belong to service periods.
type Policy struct {
	BufferBefore  servicetime.Minutes `json:"bufferBeforeMinutes"` // 0–120
	BufferAfter   servicetime.Minutes `json:"bufferAfterMinutes"`  // 0–120
	Hold          HoldRules           `json:"hold"`
	Adjacency     AdjacencyMode       `json:"adjacency"`
	AdjacencyRule AdjacencyRule       `json:"adjacencyRule"`
	CrossZone     bool                `json:"crossZoneCombinations"`
	SlackBudget   int                 `json:"slackBudget"` // covers, 0–12
	Minimum       Strictness          `json:"minimum"`
	MaxTables     int                 `json:"maxTables"` // 1–8
	Pacing        Pacing              `json:"pacing"`
	Late          LateRule            `json:"late"`
	Pending       servicetime.Minutes `json:"pendingMinutes"` // 1–1440
	Weights       Weights             `json:"weights"`
	ContextCheck  ContextCheck        `json:"contextCheck"`
	MaxAdvance    int                 `json:"maxAdvanceDays"` // 1–730
}

// DefaultPolicy is what a new restaurant starts with; hold comes from the
// deployment's settings.
func DefaultPolicy(hold HoldRules) Policy {
	return Policy{
		BufferAfter:   5,
		Hold:          hold,
		Adjacency:     AdjacencyRequired,
		AdjacencyRule: RuleConnected,
		SlackBudget:   4,
		Minimum:       Advise,
		MaxTables:     5,
		Late:          LateRule{After: 15, Action: LateFlag},
		Pending:       15,
		Weights:       Weights{Waste: 5, ExtraTable: 3, Depth: 1, Fragmentation: 2, Zones: 4, Scarcity: 22},
		ContextCheck:  ContextDisjoint,
		MaxAdvance:    365,
	}
}

// DefaultHoldRules are the deployment's defaults where nothing else is set.
func DefaultHoldRules() HoldRules {
	return HoldRules{MinTTL: 60, DefaultTTL: 180, MaxTTL: 600, BudgetMax: 5, BudgetWindow: 60}
}
