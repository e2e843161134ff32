package modeltest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Lunch and dinner as the house of the games has them.
var usualHours = []mPeriod{
	{name: "Lunch", start: 11*60 + 30, end: 17 * 60, last: 16 * 60, overrun: true, stays: [4]int{60, 75, 85, 85}},
	{name: "Dinner", start: 17 * 60, end: 23*60 + 30, last: 22*60 + 30, stays: [4]int{60, 75, 85, 90}},
}

// Other hours: an early end, one past midnight, no dinner, and two services at once.
var otherHours = [][]mPeriod{
	{usualHours[0], {name: "Dinner", start: 18 * 60, end: 22 * 60, last: 21 * 60, overrun: true, stays: [4]int{50, 70, 80, 120}}},
	{usualHours[0], {name: "Dinner", start: 17 * 60, end: 25 * 60, last: 24*60 + 15, stays: [4]int{60, 75, 85, 90}}},
	{usualHours[0]},
	{usualHours[1], {name: "Show", start: 22 * 60, end: 24*60 + 30, last: 23 * 60, stays: [4]int{60, 60, 60, 60}}},
}

// drawSettings picks a change of how the restaurant works: its floor, its rules, its
// hours.
func (g *game) drawSettings() (decide.Command, seating.Code) {
	switch kind := evenly(g.t, 24, "settings"); {
	case kind < 15:
		return g.drawPlan()
	case kind < 21:
		r := g.drawRules()
		return decide.PutPolicy{Policy: r.spelled()}, g.m.putPolicy(r)
	case kind < 23:
		next := otherHours[evenly(g.t, len(otherHours), "hours")]
		return putHours(next), g.m.putPeriods(next)
	default:
		return g.drawClosures()
	}
}

func putHours(hours []mPeriod) decide.Command {
	var c decide.PutPeriods
	for _, p := range hours {
		c.Periods = append(c.Periods, p.spelled())
	}
	return c
}

// usual puts back, after a while, what keeps parties from finding a seat; nil: not now.
func (g *game) usual() (decide.Command, seating.Code) {
	switch {
	case !slices.Equal(g.m.periods, usualHours) && g.m.dayAt(g.m.now) == dayOf(g.m.now) && evenly(g.t, 15, "usual hours") == 0:
		return putHours(usualHours), g.m.putPeriods(usualHours)
	case len(g.m.shut) > 0 && evenly(g.t, 10, "open again") == 0:
		g.m.shut = map[int]bool{}
		return decide.PutClosures{}, granted
	case g.m.idle && evenly(g.t, 10, "takes bookings") == 0:
		active := true
		return decide.ChangeRestaurant{Active: &active}, g.m.changeRestaurant(g.m.name, active, false)
	case g.m.mRules != usualRules && evenly(g.t, 40, "usual rules") == 0:
		return decide.PutPolicy{Policy: usualRules.spelled()}, g.m.putPolicy(usualRules)
	}
	return nil, granted
}

// drawRules changes one rule.
func (g *game) drawRules() mRules {
	r := g.m.mRules
	pick := func(of ...int) int { return of[evenly(g.t, len(of), "value")] }
	switch evenly(g.t, 12, "rule") {
	case 0:
		r.slack = pick(0, 2, 4, 6, 12, 13)
	case 1:
		r.maxTables = pick(0, 1, 2, 3, 5)
	case 2:
		r.enforce = !r.enforce
	case 3:
		r.advised = !r.advised
	case 4:
		r.across = !r.across
	case 5:
		r.rule = []seating.AdjacencyRule{seating.RulePairwise, seating.RuleHub, seating.RuleConnected}[evenly(g.t, 3, "value")]
	case 6:
		r.before, r.after = pick(0, 10, 30), pick(0, 5, 20, 121)
	case 7:
		r.parties = pick(0, 1, 2)
	case 8:
		r.quarter = pick(0, 4, 8)
	case 9:
		r.evening = pick(0, 12, 30)
	case 10:
		r.pending = pick(0, 5, 15)
	default:
		r.releases, r.lateAfter = rapid.Bool().Draw(g.t, "releases"), pick(5, 15, 30)
	}
	return r
}

// drawClosures closes a day or some.
func (g *game) drawClosures() (decide.Command, seating.Code) {
	from := dayOf(g.m.now) + evenly(g.t, 2, "from")
	to := from - 1 + evenly(g.t, 4, "to")
	return decide.PutClosures{Closures: []servicetime.Closure{{From: date(from), To: date(to), Reason: "leak"}}}, g.m.putClosures(from, to)
}
