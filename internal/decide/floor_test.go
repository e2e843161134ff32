package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// planOf is the plan that describes the floor as it is.
func planOf(h *house.House) decide.Plan {
	var p decide.Plan
	for _, z := range h.Floor.Zones() {
		p.Zones = append(p.Zones, decide.PlanZone{Ref: z.ID.String(), Zone: z})
	}
	for _, t := range h.Floor.Tables() {
		p.Tables = append(p.Tables, decide.PlanTable{Ref: t.ID.String(), Zone: t.Zone.String(), Table: *t})
	}
	for _, e := range h.Floor.Edges() {
		p.Adjacencies = append(p.Adjacencies, [2]string{e.A.String(), e.B.String()})
	}
	for _, c := range h.Floor.Combinations() {
		pc := decide.PlanCombination{MinCovers: c.MinCovers, MaxCovers: c.MaxCovers}
		for _, id := range c.Tables {
			pc.Tables = append(pc.Tables, id.String())
		}
		p.Combinations = append(p.Combinations, pc)
	}
	return p
}

// plan is the command that puts the stage's floor after edit.
func (s *stage) plan(edit func(*decide.Plan)) decide.PutFloor {
	p := planOf(s.h)
	if edit != nil {
		edit(&p)
	}
	c := decide.PutFloor{Plan: p}
	for i := range len(p.Zones) + len(p.Tables) + len(p.Combinations) {
		c.Fresh = append(c.Fresh, housetest.ID[seating.AnyID](5000+i))
	}
	return c
}

func without(n int) func(*decide.Plan) {
	return func(p *decide.Plan) {
		gone := func(ref string) bool { return ref == housetest.Table(n).String() }
		p.Tables = slices.DeleteFunc(p.Tables, func(t decide.PlanTable) bool { return gone(t.Ref) })
		p.Adjacencies = slices.DeleteFunc(p.Adjacencies, func(e [2]string) bool { return gone(e[0]) || gone(e[1]) })
		p.Combinations = slices.DeleteFunc(p.Combinations, func(c decide.PlanCombination) bool { return slices.ContainsFunc(c.Tables, gone) })
	}
}

func TestG03_TheSamePlanIsNothing(t *testing.T) {
	s := evening(t, nil)
	r := s.nothing(cleo, s.plan(nil))
	if r.Count != 0 || len(r.Floor.Tables) != 8 || len(r.Floor.Zones) != 2 || len(r.Floor.Edges) != 4 || len(r.Floor.Combinations) != 1 {
		t.Errorf("the same plan = count %d, %+v, want nothing changed and the whole floor", r.Count, r.Floor)
	}
	s.nothing(cleo, s.plan(func(p *decide.Plan) { // in another order, edges the other way round and twice
		slices.Reverse(p.Tables)
		slices.Reverse(p.Zones)
		for i, e := range p.Adjacencies {
			p.Adjacencies[i] = [2]string{e[1], e[0]}
		}
		p.Adjacencies = append(p.Adjacencies, p.Adjacencies[0])
		slices.Reverse(p.Combinations[0].Tables)
		p.Combinations[0].Tables = append(p.Combinations[0].Tables, p.Combinations[0].Tables[0])
	}))
	s.nothing(cleo, s.plan(func(p *decide.Plan) { // IDs in capitals
		for i := range p.Tables {
			p.Tables[i].Ref = strings.ToUpper(p.Tables[i].Ref)
		}
		p.Zones[0].Ref = strings.ToUpper(p.Zones[0].Ref)
	}))
}

func TestPutFloor_StoresTheDifference(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(cleo, s.plan(func(p *decide.Plan) {
		p.Zones[0].Zone.Name = "Salle"
		p.Tables[0].Table.MaxCovers = 5
		p.Adjacencies = append(p.Adjacencies[1:], [2]string{p.Tables[0].Ref, p.Tables[6].Ref})
		p.Combinations[0].MaxCovers = 9
	}))
	rows := s.last.Rows
	if len(rows.PutZones) != 1 || len(rows.PutTables) != 1 || len(rows.PutEdges) != 1 || len(rows.DropEdges) != 1 || len(rows.PutCombinations) != 1 ||
		len(rows.DropTables)+len(rows.DropZones)+len(rows.DropCombinations) != 0 || r.Count != 5 {
		t.Errorf("rows = %+v, count %d, want one of each that differs, 5", rows, r.Count)
	}
	if got := rows.PutCombinations[0].ID; got != housetest.ID[seating.CombinationID](1) {
		t.Errorf("combination = %v, want the one of these tables changed", got)
	}
	if !s.last.Touch.Many || !slices.Equal(s.last.Aspects, []seating.Aspect{seating.AspectFloor}) || s.h.Revisions.Floor != s.h.Version {
		t.Errorf("touch %+v, aspects %v, revisions %+v, want the floor revised for everybody", s.last.Touch, s.last.Aspects, s.h.Revisions)
	}
	s.nothing(cleo, s.plan(nil))
}

func TestPutFloor_LabelsMakeNewThings(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(cleo, s.plan(func(p *decide.Plan) {
		p.Zones = append(p.Zones, decide.PlanZone{Ref: "terrace", Zone: seating.Zone{Name: "Terrace", Order: 3, Active: true}})
		table := p.Tables[0].Table
		table.Number = "T20"
		p.Tables = append(p.Tables, decide.PlanTable{Ref: "new", Zone: "terrace", Table: table})
		p.Adjacencies = append(p.Adjacencies, [2]string{"new", p.Tables[0].Ref})
		p.Combinations = append(p.Combinations, decide.PlanCombination{Tables: []string{"new", p.Tables[1].Ref}, MinCovers: 2, MaxCovers: 10})
	}))
	if r.Count != 4 || len(r.Floor.Zones) != 3 || len(r.Floor.Tables) != 9 {
		t.Errorf("count %d, %d zones, %d tables, want 4, 3, 9", r.Count, len(r.Floor.Zones), len(r.Floor.Tables))
	}
	made := r.Floor.Tables[8]
	if made.Number != "T20" || made.ID.IsZero() || s.h.Floor.Zone(made.Zone) == nil || !s.h.Floor.Adjacent(made.ID, housetest.Table(1)) ||
		s.h.Floor.Declared([]seating.TableID{made.ID, housetest.Table(2)}) == nil {
		t.Errorf("new table = %+v, want it in its zone, adjacent and combined", made)
	}
}

func TestPutFloor_Faults(t *testing.T) {
	unknown := housetest.Table(77).String()
	zone := func(name string) decide.PlanZone {
		return decide.PlanZone{Ref: "z-" + name, Zone: seating.Zone{Name: name, Active: true}}
	}
	tests := []struct {
		name string
		edit func(*decide.Plan)
		want []string
	}{
		{"a zone of nobody", func(p *decide.Plan) {
			p.Zones = append(p.Zones, decide.PlanZone{Ref: unknown, Zone: seating.Zone{Name: "X"}})
		}, []string{"/zones/2/id"}},
		{"a table of nobody", func(p *decide.Plan) { p.Tables[0].Ref = unknown; p.Adjacencies = nil }, []string{"/tables/0/id"}},
		{"no reference", func(p *decide.Plan) { p.Zones = append(p.Zones, decide.PlanZone{Zone: seating.Zone{Name: "X"}}) }, []string{"/zones/2/id"}},
		{"a label too long", func(p *decide.Plan) { z := zone("X"); z.Ref = strings.Repeat("x", 65); p.Zones = append(p.Zones, z) }, []string{"/zones/2/id"}},
		{"a zone twice", func(p *decide.Plan) { z := p.Zones[0]; z.Zone.Name = "Y"; p.Zones = append(p.Zones, z) }, []string{"/zones/2/id"}},
		{"a zone twice, once in capitals", func(p *decide.Plan) {
			z := p.Zones[0]
			z.Ref, z.Zone.Name = strings.ToUpper(housetest.Main.String()), "Y"
			p.Zones = append(p.Zones, z)
		}, []string{"/zones/2/id"}},
		{"a table twice", func(p *decide.Plan) { x := p.Tables[0]; x.Table.Number = "Y"; p.Tables = append(p.Tables, x) }, []string{"/tables/8/id"}},
		{"zone names ignore case", func(p *decide.Plan) { p.Zones[1].Zone.Name = "MAIN" }, []string{"/zones/1/name"}},
		{"table numbers ignore case", func(p *decide.Plan) { p.Tables[1].Table.Number = "t1" }, []string{"/tables/1/number"}},
		{"a name of 61", func(p *decide.Plan) { p.Zones[0].Zone.Name = strings.Repeat("é", 61) }, []string{"/zones/0/name"}},
		{"no name", func(p *decide.Plan) { p.Zones[0].Zone.Name = "" }, []string{"/zones/0/name"}},
		{"a line break", func(p *decide.Plan) { p.Tables[0].Table.Number = "T\n1" }, []string{"/tables/0/number"}},
		{"space at the end", func(p *decide.Plan) { p.Tables[0].Table.Number = "T1 " }, []string{"/tables/0/number"}},
		{"order below 0", func(p *decide.Plan) { p.Zones[0].Zone.Order = -1 }, []string{"/zones/0/order"}},
		{"order above 10000", func(p *decide.Plan) { p.Zones[0].Zone.Order = 10001 }, []string{"/zones/0/order"}},
		{"no covers", func(p *decide.Plan) { p.Tables[0].Table.MaxCovers = 0 }, []string{"/tables/0/maxCovers", "/tables/0/minCovers"}},
		{"51 covers", func(p *decide.Plan) { p.Tables[0].Table.MaxCovers = 51 }, []string{"/tables/0/maxCovers"}},
		{"minimum 0", func(p *decide.Plan) { p.Tables[0].Table.MinCovers = 0 }, []string{"/tables/0/minCovers"}},
		{"minimum above maximum", func(p *decide.Plan) { p.Tables[0].Table.MinCovers = 5 }, []string{"/tables/0/minCovers"}},
		{"category", func(p *decide.Plan) { p.Tables[0].Table.Category = "attic" }, []string{"/tables/0/category"}},
		{"seating", func(p *decide.Plan) { p.Tables[0].Table.Seating = "" }, []string{"/tables/0/seatingType"}},
		{"shape", func(p *decide.Plan) { p.Tables[0].Table.Position.Shape = "star" }, []string{"/tables/0/position/shape"}},
		{"place", func(p *decide.Plan) { p.Tables[0].Table.Position.X = 100001 }, []string{"/tables/0/position"}},
		{"size", func(p *decide.Plan) { p.Tables[0].Table.Position.W = 0 }, []string{"/tables/0/position"}},
		{"rotation", func(p *decide.Plan) { p.Tables[0].Table.Position.Rotation = 360 }, []string{"/tables/0/position/rotation"}},
		{"in no zone of the plan", func(p *decide.Plan) { p.Tables[0].Zone = "attic" }, []string{"/tables/0/zoneId"}},
		{"an edge to nowhere", func(p *decide.Plan) { p.Adjacencies[1][0] = "attic" }, []string{"/adjacencies/1/0"}},
		{"an edge to nowhere, the other end", func(p *decide.Plan) { p.Adjacencies[1][1] = unknown }, []string{"/adjacencies/1/1"}},
		{"an edge to itself", func(p *decide.Plan) { p.Adjacencies[1][1] = p.Adjacencies[1][0] }, []string{"/adjacencies/1"}},
		{"a combination with nobody", func(p *decide.Plan) { p.Combinations[0].Tables[1] = "attic" }, []string{"/combinations/0/tableIds/1"}},
		{"a combination of one", func(p *decide.Plan) { p.Combinations[0].Tables = []string{p.Tables[0].Ref, p.Tables[0].Ref} }, []string{"/combinations/0/tableIds"}},
		{"combined twice", func(p *decide.Plan) {
			c := p.Combinations[0]
			c.Tables = slices.Clone(c.Tables)
			slices.Reverse(c.Tables)
			p.Combinations = append(p.Combinations, c)
		}, []string{"/combinations/1/tableIds"}},
		{"combined covers 0", func(p *decide.Plan) { p.Combinations[0].MaxCovers = 0 }, []string{"/combinations/0/maxCovers", "/combinations/0/minCovers"}},
		{"combined covers 101", func(p *decide.Plan) { p.Combinations[0].MaxCovers = 101 }, []string{"/combinations/0/maxCovers"}},
		{"combined minimum", func(p *decide.Plan) { p.Combinations[0].MinCovers = 11 }, []string{"/combinations/0/minCovers"}},
		{"G01 all of it at once", func(p *decide.Plan) {
			p.Zones[1].Zone.Name = "main"
			p.Tables[2].Table.MaxCovers = 51
			p.Adjacencies[0][0] = "attic"
			p.Combinations[0].MaxCovers = 101
		}, []string{"/zones/1/name", "/tables/2/maxCovers", "/adjacencies/0/0", "/combinations/0/maxCovers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, nil)
			s.fields(cleo, s.plan(tt.edit), tt.want...)
		})
	}
	for name, edit := range map[string]func(*decide.Plan){
		"a name of 60":        func(p *decide.Plan) { p.Zones[0].Zone.Name = strings.Repeat("é", 60) },
		"a label of 64":       func(p *decide.Plan) { z := zone("X"); z.Ref = strings.Repeat("x", 64); p.Zones = append(p.Zones, z) },
		"order 10000":         func(p *decide.Plan) { p.Zones[0].Zone.Order = 10000 },
		"50 covers":           func(p *decide.Plan) { p.Tables[0].Table.MaxCovers = 50 },
		"one cover":           func(p *decide.Plan) { p.Tables[0].Table.MinCovers, p.Tables[0].Table.MaxCovers = 1, 1 },
		"rotation 359":        func(p *decide.Plan) { p.Tables[0].Table.Position.Rotation = 359 },
		"combined covers 100": func(p *decide.Plan) { p.Combinations[0].MaxCovers = 100 },
	} {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			s.ok(cleo, s.plan(edit))
		})
	}
}

// TestA09: the bounds of a plan, one more of each is refused as a whole.
func TestA09_LargestPlan(t *testing.T) {
	s := evening(t, nil)
	tables := func(n int) func(*decide.Plan) {
		return func(p *decide.Plan) {
			for i := len(p.Tables); i < n; i++ {
				x := p.Tables[0]
				x.Ref, x.Table.Number = fmt.Sprintf("new%d", i), fmt.Sprintf("N%d", i)
				p.Tables = append(p.Tables, x)
			}
		}
	}
	s.fields(cleo, s.plan(tables(501)), "/tables")
	s.fields(cleo, s.plan(func(p *decide.Plan) {
		for i := range 50 {
			p.Zones = append(p.Zones, decide.PlanZone{Ref: fmt.Sprintf("z%d", i), Zone: seating.Zone{Name: fmt.Sprintf("Z%d", i)}})
		}
	}), "/zones")
	s.fields(cleo, s.plan(func(p *decide.Plan) { p.Adjacencies = make([][2]string, 5001) }), "/adjacencies")
	s.fields(cleo, s.plan(func(p *decide.Plan) { p.Combinations = make([]decide.PlanCombination, 1001) }), "/combinations")
	s.ok(cleo, s.plan(tables(500)))
}

func TestD26_TableInUse(t *testing.T) {
	t.Run("tonight's booking keeps its table", func(t *testing.T) {
		s := evening(t, nil)
		err := s.refused(cleo, s.plan(without(4)), seating.CodeTableInUse)
		if b := err.Details.Blockers; len(b) != 1 || b[0].Booking != housetest.Booking(3) || err.Details.Tables[0].Number != "T4" {
			t.Errorf("refusal = %+v, want booking 3 at T4", err.Details)
		}
		s.now = housetest.At("20:20") - 1
		s.refused(cleo, s.plan(without(4)), seating.CodeTableInUse) // still in its window
		s.now = housetest.At("20:20")
		s.ok(cleo, s.plan(without(4)))
		if got := s.h.Floor.Table(housetest.Table(4)); got == nil || !got.Retired || got.Active || !got.Zone.IsZero() {
			t.Errorf("T4 = %+v, want retired, of no zone", got)
		}
		if ref := s.h.Floor.Ref(housetest.Table(4)); ref.Number != "T4" {
			t.Errorf("Ref(T4) = %+v, want it named still: booking 3 sat there", ref)
		}
	})
	t.Run("a booking of next month", func(t *testing.T) {
		s := evening(t, nil)
		c := create(20, 4, "19:00", 2)
		c.Date = c.Date.AddDays(30)
		s.ok(anna, c)
		s.refused(cleo, s.plan(without(2)), seating.CodeTableInUse)
		s.ok(cleo, s.plan(without(3)))
	})
	t.Run("a live hold blocks, a lapsed one is ended", func(t *testing.T) {
		s := evening(t, nil)
		r := s.ok(anna, hold(1, 1, 1))
		err := s.refused(cleo, s.plan(without(1)), seating.CodeTableInUse)
		if b := err.Details.Blockers; len(b) != 1 || b[0].Hold != housetest.Hold(1) {
			t.Errorf("blockers = %+v, want hold 1", b)
		}
		s.now = r.Hold.ExpiresAt - 1
		s.refused(cleo, s.plan(without(1)), seating.CodeTableInUse)
		s.now = r.Hold.ExpiresAt
		s.ok(cleo, s.plan(without(1)))
		if s.h.Hold(housetest.Hold(1)) != nil || s.ended[housetest.Hold(1)].How != seating.EndExpired {
			t.Errorf("hold 1 ended %q, want expired", s.ended[housetest.Hold(1)].How)
		}
		if !slices.Contains(s.last.Guards, house.Guard{Kind: house.GuardHoldLapsed, Hold: housetest.Hold(1)}) {
			t.Errorf("guards = %+v, want the lapse judged by the database", s.last.Guards)
		}
	})
	t.Run("its id is gone and its number free", func(t *testing.T) {
		s := evening(t, nil)
		old := planOf(s.h)
		s.ok(cleo, s.plan(without(1)))
		s.fields(cleo, decide.PutFloor{Plan: old}, "/tables/0/id")
		s.refused(anna, assign(1, 1), seating.CodeTableNotFound)
		s.ok(cleo, s.plan(func(p *decide.Plan) {
			x := p.Tables[0]
			x.Ref, x.Table.Number = "again", "t1"
			p.Tables = append(p.Tables, x)
		}))
		s.nothing(cleo, s.plan(nil))
	})
	t.Run("D28 nothing else of a refused plan happens", func(t *testing.T) {
		s := evening(t, nil)
		s.refused(cleo, s.plan(func(p *decide.Plan) { without(4)(p); p.Zones[0].Zone.Name = "Salle" }), seating.CodeTableInUse)
		if got := s.h.Floor.Zone(housetest.Main).Name; got != "Main" {
			t.Errorf("zone = %q, want Main", got)
		}
	})
}

func TestPutPolicy(t *testing.T) {
	s := evening(t, nil)
	p := s.h.Policy
	s.nothing(cleo, decide.PutPolicy{Policy: p})
	p.SlackBudget = 12
	s.ok(cleo, decide.PutPolicy{Policy: p})
	if s.h.Policy != p || s.h.Revisions.Policy != s.h.Version || !s.last.Touch.Many {
		t.Errorf("policy = %+v, revisions %+v, want it replaced for everybody", s.h.Policy, s.h.Revisions)
	}
	if l := s.last.History; len(l) != 1 || l[0].Subject != "policy" || l[0].Detail != `{"changed":["slackBudget"]}` {
		t.Errorf("history = %+v, want the changed setting named", l)
	}
	s.nothing(cleo, decide.PutPolicy{Policy: p})
	p.SlackBudget, p.Hold.BudgetMax, p.Late.After = 13, 0, 0
	s.fields(cleo, decide.PutPolicy{Policy: p}, "/slackBudget", "/hold/budgetMax", "/late/afterMinutes")
}

func TestG01_PeriodsAllOrNothing(t *testing.T) {
	s := evening(t, nil)
	periods := housetest.Periods()
	s.nothing(cleo, decide.PutPeriods{Periods: periods})
	bad := housetest.Periods()
	bad[1].LastSeating, bad[1].Bands[0].Turn = servicetime.NewClock(23, 30), 0
	s.fields(cleo, decide.PutPeriods{Periods: bad}, "/1/lastSeating", "/1/turnBands/0/minutes")
	if len(s.h.Calendar.Periods) != 2 {
		t.Errorf("%d periods, want 2", len(s.h.Calendar.Periods))
	}
	s.ok(cleo, decide.PutPeriods{Periods: periods[:1]})
	s.nothing(cleo, decide.PutPeriods{Periods: periods[:1]})
	s.refused(anna, create(20, 2, "20:00"), seating.CodeOutsideServiceHours)
	s.ok(anna, onDay(create(20, 2, "12:00"), 1))
	s.ok(cleo, decide.PutPeriods{})
	s.nothing(cleo, decide.PutPeriods{Periods: []servicetime.Period{}})
}

func TestPutClosures(t *testing.T) {
	s := evening(t, nil)
	closed := []servicetime.Closure{{From: housetest.Friday.AddDays(1), To: housetest.Friday.AddDays(2), Reason: "leak"}}
	s.nothing(cleo, decide.PutClosures{})
	s.fields(cleo, decide.PutClosures{Closures: []servicetime.Closure{closed[0], {From: housetest.Friday, To: housetest.Friday.AddDays(-1)}}}, "/1/to")
	s.ok(cleo, decide.PutClosures{Closures: closed})
	s.nothing(cleo, decide.PutClosures{Closures: slices.Clone(closed)})
	s.refused(anna, onDay(create(20, 2, "20:00"), 1), seating.CodeClosed)
	s.ok(anna, onDay(create(21, 2, "20:00"), 3))
	s.ok(cleo, decide.PutClosures{})
	s.ok(anna, onDay(create(20, 2, "20:00"), 1))
}

// onDay moves a create some days after Friday.
func onDay(c decide.CreateBooking, days int) decide.CreateBooking {
	c.Date = c.Date.AddDays(days)
	return c
}
