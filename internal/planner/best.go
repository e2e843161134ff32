package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Candidate is a legal selection for a request.
type Candidate struct {
	Tables      []seating.TableID // sorted
	Summary     seating.Summary
	Waste       int                   // covers it seats beyond the party
	Combination seating.CombinationID // declared; zero otherwise
	Reasons     []string              // why it ranks where it does, in words
	numbers     []string              // by number: the last tie-breaker
}

// Best returns the best legal selections, at most limit, by waste, then number
// of tables, then table numbers. It is exact: every single table, every declared
// combination and every adjacent set up to Policy.MaxTables is considered. Each
// candidate passes every check; the party's wishes are binding here, and so is
// adjacency where the policy only advises it: setting advice aside is for people.
// Source: docs/domain.md, automatic assignment.
func Best(h *house.House, r Request, limit int) []Candidate {
	if limit <= 0 {
		return nil
	}
	s := search{h: h, r: r, free: map[seating.TableID]*seating.Table{}}
	for _, t := range h.Floor.Tables() {
		if Wished(r, t) && s.passesAlone(t) {
			s.free[t.ID] = t
		}
	}
	for _, t := range h.Floor.Tables() {
		if s.free[t.ID] != nil {
			s.grow([]*seating.Table{t}, nil)
		}
	}
	for _, c := range h.Floor.Combinations() {
		s.consider(c.Tables)
	}
	slices.SortFunc(s.found, compareCandidates)
	return s.found[:min(limit, len(s.found))]
}

func compareCandidates(a, b Candidate) int {
	return cmp.Or(
		cmp.Compare(a.Waste, b.Waste),
		cmp.Compare(len(a.Tables), len(b.Tables)),
		slices.CompareFunc(a.numbers, b.numbers, house.CompareNumbers),
	)
}

type search struct {
	h     *house.House
	r     Request
	free  map[seating.TableID]*seating.Table
	found []Candidate
}

// passesAlone reports whether nothing but the table itself stands in the way.
func (s *search) passesAlone(t *seating.Table) bool {
	one := Selection{Tables: []*seating.Table{t}, Covers: t.MaxCovers, Minimum: t.MinCovers}
	for _, rule := range []func(*house.House, Request, Selection) seating.Check{CheckAvailable, CheckOccupied, CheckConflict, CheckHolds} {
		if rule(s.h, s.r, one).Outcome == seating.OutcomeError {
			return false
		}
	}
	return true
}

// grow visits every connected set that contains the first table of the set and
// none of the tables of a smaller ID, each once (the ESU enumeration: a
// neighbour is only ever added behind the set it first became one of). A set
// that already wastes more than the slack budget is not grown: more tables only
// waste more.
func (s *search) grow(set []*seating.Table, passed []seating.TableID) {
	covers := 0
	for _, t := range set {
		covers += t.MaxCovers
	}
	s.considerGrown(set)
	slack := s.h.Policy.SlackBudget
	if s.r.Override.Covers(seating.CheckSlack) {
		slack = seating.MaxPartyCovers
	}
	if len(set) == s.h.Policy.MaxTables || covers-s.r.Covers >= slack || !set[0].Movable {
		return
	}
	passed = slices.Clone(passed)
	for _, from := range set {
		for _, id := range s.h.Floor.Neighbours(from.ID) {
			t := s.free[id]
			if t == nil || !t.Movable || id.Compare(set[0].ID) < 0 || slices.Contains(passed, id) || slices.Contains(set, t) {
				continue
			}
			passed = append(passed, id)
			s.grow(append(slices.Clone(set), t), passed)
		}
	}
}

// considerGrown leaves declared sets to consider, which knows their covers.
func (s *search) considerGrown(set []*seating.Table) {
	ids := make([]seating.TableID, len(set))
	for i, t := range set {
		ids[i] = t.ID
	}
	if s.h.Floor.Declared(ids) == nil && (len(ids) == 1 || Adjacent(s.h.Floor, s.h.Policy.AdjacencyRule, ids)) {
		s.consider(ids)
	}
}

func (s *search) consider(ids []seating.TableID) {
	for _, id := range ids {
		if s.free[id] == nil {
			return
		}
	}
	v := Judge(s.h, s.r, ids)
	if !v.OK {
		return
	}
	c := Candidate{Tables: v.Tables, Summary: v.Summary, Waste: v.Summary.Slack, Combination: v.Summary.Combination}
	for _, ref := range s.h.Floor.Refs(v.Tables) {
		c.numbers = append(c.numbers, ref.Number)
	}
	c.Reasons = reasons(s.r, v)
	s.found = append(s.found, c)
}

func reasons(r Request, v Verdict) []string {
	var why []string
	if v.Summary.Slack == 0 {
		why = append(why, "seats the party exactly")
	} else {
		why = append(why, fmt.Sprintf("leaves %d of %d seats empty", v.Summary.Slack, v.Summary.Covers))
	}
	switch {
	case !v.Summary.Combination.IsZero():
		why = append(why, "a declared combination")
	case v.Summary.Tables > 1:
		why = append(why, fmt.Sprintf("joins %d adjacent tables", v.Summary.Tables))
	}
	if !r.ZoneWish.IsZero() {
		why = append(why, "in the wished zone")
	}
	if r.SeatingWish != "" {
		why = append(why, "has the wished seating")
	}
	for _, c := range v.Checks {
		if c.Outcome == seating.OutcomeWarning {
			why = append(why, c.Message)
		}
	}
	return why
}
