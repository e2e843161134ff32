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
}

// Best returns the best legal selections, at most limit, by waste, then number
// of tables, then table numbers. It is exact: every single table, every declared
// combination and every adjacent set up to Policy.MaxTables is considered. Each
// candidate passes every check; the party's wishes are binding here, and so is
// adjacency where the policy only advises it: setting advice aside is for people.
// Source: docs/domain.md, automatic assignment.
func Best(h *house.House, r Request, limit int) []Candidate {
	found, _ := Search(h, r, limit)
	return found
}

// searchLimit bounds the adjacent sets that one search visits. A restaurant's
// graph has a few thousand at most; only one in which nearly every table touches
// every other has more.
const searchLimit = 100_000

// Search is Best that says whether the bound stopped it: then a better selection
// may have been missed, and none found does not mean that there is none (P12).
func Search(h *house.House, r Request, limit int) (found []Candidate, truncated bool) {
	return searchWithin(h, r, limit, searchLimit)
}

// searchWithin looks at the tables that are free for the party, ranks the sets
// that they make, and has Judge speak the last word on the best.
func searchWithin(h *house.House, r Request, limit, sets int) (found []Candidate, truncated bool) {
	if limit <= 0 {
		return nil, false
	}
	s := newSearch(h, r, limit, sets)
	s.run()
	for _, k := range s.best {
		if v := Judge(h, r, k.ids); v.OK {
			found = append(found, Candidate{
				Tables: v.Tables, Summary: v.Summary, Waste: v.Summary.Slack, Combination: v.Summary.Combination, Reasons: reasons(r, v),
			})
		}
	}
	return found, s.left == 0
}

// search is one look at a floor. Tables are known by their place in free.
type search struct {
	h     *house.House
	r     Request
	limit int
	left  int // sets that may still be visited

	free       []*seating.Table // what nothing but the set could speak against, by ID
	neighbours []bitset         // of the free tables, those that may be joined
	slack      int              // seats that may stay empty
	best       []ranked         // the best so far, in order, at most limit
}

// ranked is a set that passes the rules on sets, with what it is ranked by.
type ranked struct {
	ids     []seating.TableID
	waste   int
	numbers []string
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(a.waste, b.waste), cmp.Compare(len(a.ids), len(b.ids)), slices.CompareFunc(a.numbers, b.numbers, house.CompareNumbers))
}

func newSearch(h *house.House, r Request, limit, sets int) *search {
	s := &search{h: h, r: r, limit: limit, left: sets, slack: h.Policy.SlackBudget}
	if r.Override.Covers(seating.CheckSlack) {
		s.slack = seating.MaxPartyCovers * seating.MaxTableCovers
	}
	for _, t := range h.Floor.Tables() {
		if Wished(r, t) && s.passesAlone(t) {
			s.free = append(s.free, t)
		}
	}
	slices.SortFunc(s.free, func(a, b *seating.Table) int { return a.ID.Compare(b.ID) })
	place := make(map[seating.TableID]int, len(s.free))
	for i, t := range s.free {
		place[t.ID] = i
	}
	s.neighbours = make([]bitset, len(s.free))
	for i, t := range s.free {
		s.neighbours[i] = make(bitset, len(s.free)/64+1)
		for _, id := range h.Floor.Neighbours(t.ID) {
			if j, ok := place[id]; ok && t.Movable && s.free[j].Movable {
				s.neighbours[i].add(j)
			}
		}
	}
	return s
}

// run visits every set, or as many as it may.
func (s *search) run() {
	for root := range s.free {
		s.grow([]int{root}, only(root).union(s.below(root)))
	}
	for i := range s.h.Floor.Combinations() {
		s.combination(&s.h.Floor.Combinations()[i])
	}
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

// below are the places before root: sets with one of them are visited from there.
func (s *search) below(root int) bitset {
	b := make(bitset, len(s.free)/64+1)
	for i := range root {
		b.add(i)
	}
	return b
}

// grow visits every connected set that begins with set and holds nothing of
// passed, each once: what was tried at one step is passed over behind it (the ESU
// enumeration). A set that wastes as much as may be is not grown: more tables
// only waste more.
func (s *search) grow(set []int, passed bitset) {
	if s.left == 0 {
		return
	}
	s.left--
	covers, low := 0, 0
	around := make(bitset, len(passed))
	for _, i := range set {
		covers += s.free[i].MaxCovers
		low = max(low, s.free[i].MinCovers)
		around = around.union(s.neighbours[i])
	}
	s.adjacent(set, covers, low)
	if len(set) == s.h.Policy.MaxTables || covers-s.r.Covers >= s.slack {
		return
	}
	passed = passed.union(nil)
	for next := range around.all() {
		if !passed.has(next) {
			passed.add(next)
			s.grow(append(slices.Clone(set), next), passed)
		}
	}
}

// adjacent ranks a connected set, unless it is declared: then it has covers of
// its own.
func (s *search) adjacent(set []int, covers, low int) {
	if covers < s.r.Covers {
		return
	}
	ids := make([]seating.TableID, len(set))
	for i, place := range set {
		ids[i] = s.free[place].ID
	}
	if s.h.Floor.Declared(ids) == nil && (len(ids) == 1 || Adjacent(s.h.Floor, s.h.Policy.AdjacencyRule, ids)) {
		s.rank(ids, covers, low)
	}
}

// combination ranks a declared one whose tables are all free.
func (s *search) combination(c *seating.Combination) {
	for _, id := range c.Tables {
		if !slices.ContainsFunc(s.free, func(t *seating.Table) bool { return t.ID == id }) {
			return
		}
	}
	if len(c.Tables) <= s.h.Policy.MaxTables {
		s.rank(slices.Clone(c.Tables), c.MaxCovers, c.MinCovers)
	}
}

// rank keeps a set that passes the rules on sets when it is among the best.
func (s *search) rank(ids []seating.TableID, covers, low int) {
	k := ranked{ids: ids, waste: covers - s.r.Covers}
	tooFew := s.h.Policy.Minimum == seating.Enforce && s.r.Covers < low && !s.r.Override.Covers(seating.CheckMinimum)
	if k.waste < 0 || k.waste > s.slack || tooFew || !s.h.Policy.CrossZone && s.severalZones(ids) {
		return
	}
	if full := len(s.best) == s.limit; full {
		worst := s.best[s.limit-1]
		if c := cmp.Or(cmp.Compare(k.waste, worst.waste), cmp.Compare(len(k.ids), len(worst.ids))); c > 0 {
			return
		}
	}
	for _, ref := range s.h.Floor.Refs(ids) {
		k.numbers = append(k.numbers, ref.Number)
	}
	i, _ := slices.BinarySearchFunc(s.best, k, compareRanked)
	s.best = slices.Insert(s.best, i, k)
	s.best = s.best[:min(len(s.best), s.limit)]
}

func (s *search) severalZones(ids []seating.TableID) bool {
	zone := s.h.Floor.Table(ids[0]).Zone
	return slices.ContainsFunc(ids, func(id seating.TableID) bool { return s.h.Floor.Table(id).Zone != zone })
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
