package decide_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func newTable(edit func(*seating.Table)) decide.CreateTable {
	t := housetest.State().Tables[0]
	t.Number = "T20"
	if edit != nil {
		edit(&t)
	}
	return decide.CreateTable{ID: housetest.Table(20), Table: t}
}

func TestCreateTable(t *testing.T) {
	s := evening(t, nil)
	c := newTable(func(x *seating.Table) { x.Retired = true })
	r := s.ok(cleo, c)
	want := c.Table
	want.ID, want.Retired = c.ID, false
	if got := s.h.Floor.Table(c.ID); got == nil || *got != want || *r.Table != want || len(s.h.Floor.Tables()) != 9 {
		t.Errorf("table = %+v, answer %+v, want %+v", got, r.Table, want)
	}
	if s.lines()[0] != "floor:>table_created" || s.h.Revisions.Floor != s.h.Version {
		t.Errorf("lines %v, revisions %+v", s.lines(), s.h.Revisions)
	}
	for _, tt := range []struct {
		name string
		edit func(*seating.Table)
		want []string
	}{
		{"a number that is there, ignoring case", func(x *seating.Table) { x.Number = "t1" }, []string{"/number"}},
		{"no number", func(x *seating.Table) { x.Number = "" }, []string{"/number"}},
		{"no covers", func(x *seating.Table) { x.MinCovers, x.MaxCovers = 1, 0 }, []string{"/maxCovers"}},
		{"51 covers", func(x *seating.Table) { x.MaxCovers = 51 }, []string{"/maxCovers"}},
		{"minimum 0", func(x *seating.Table) { x.MinCovers = 0 }, []string{"/minCovers"}},
		{"minimum above maximum", func(x *seating.Table) { x.MinCovers, x.MaxCovers = 5, 4 }, []string{"/minCovers"}},
		{"a zone of nobody", func(x *seating.Table) { x.Zone = housetest.ID[seating.ZoneID](77) }, []string{"/zoneId"}},
		{"no zone", func(x *seating.Table) { x.Zone = seating.ZoneID{} }, []string{"/zoneId"}},
		{"category", func(x *seating.Table) { x.Category = "attic" }, []string{"/category"}},
		{"several at once", func(x *seating.Table) { x.Number, x.Seating, x.Position.Rotation = "T2", "", 360 }, []string{"/number", "/seatingType", "/position/rotation"}},
	} {
		t.Run(tt.name, func(t *testing.T) { evening(t, nil).fields(cleo, newTable(tt.edit), tt.want...) })
	}
	full := evening(t, func(st *house.State) {
		for i := range seating.MaxTables - 8 {
			x := st.Tables[0]
			x.ID, x.Number = housetest.Table(100+i), fmt.Sprint("N", i)
			st.Tables = append(st.Tables, x)
		}
	})
	full.fields(cleo, newTable(nil), "")
	full.ok(cleo, decide.RemoveTable{ID: housetest.Table(1)}) // its number and its place are free
	full.ok(cleo, newTable(func(x *seating.Table) { x.Number = "T1" }))
}

// TestG05_ChangeTable: each field alone changes and leaves the others; what is left
// out is not empty.
func TestG05_ChangeTable(t *testing.T) {
	id := housetest.Table(6)
	was := *housetest.New(t, nil).Floor.Table(id)
	place := seating.Position{X: 7, Y: 8, Rotation: 90, Shape: seating.ShapeRound, W: 120, H: 100}
	for name, tt := range map[string]struct {
		give decide.ChangeTable
		edit func(*seating.Table)
	}{
		"number":   {decide.ChangeTable{Number: new("t6")}, func(x *seating.Table) { x.Number = "t6" }},
		"zone":     {decide.ChangeTable{Zone: new(housetest.Patio)}, func(x *seating.Table) { x.Zone = housetest.Patio }},
		"minimum":  {decide.ChangeTable{MinCovers: new(8)}, func(x *seating.Table) { x.MinCovers = 8 }},
		"maximum":  {decide.ChangeTable{MaxCovers: new(4)}, func(x *seating.Table) { x.MaxCovers = 4 }},
		"movable":  {decide.ChangeTable{Movable: new(true)}, func(x *seating.Table) { x.Movable = true }},
		"category": {decide.ChangeTable{Category: new(seating.CategoryBar)}, func(x *seating.Table) { x.Category = seating.CategoryBar }},
		"seating":  {decide.ChangeTable{Seating: new(seating.SeatingSofa)}, func(x *seating.Table) { x.Seating = seating.SeatingSofa }},
		"position": {decide.ChangeTable{Position: &place}, func(x *seating.Table) { x.Position = place }},
		"active":   {decide.ChangeTable{Active: new(false)}, func(x *seating.Table) { x.Active = false }},
		"ready":    {decide.ChangeTable{Ready: new(false)}, func(x *seating.Table) { x.Ready = false }},
	} {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			tt.give.ID = id
			s.ok(cleo, tt.give)
			want := was
			tt.edit(&want)
			if got := *s.h.Floor.Table(id); got != want {
				t.Errorf("table = %+v, want %+v", got, want)
			}
			s.nothing(cleo, tt.give)
		})
	}
	s := evening(t, nil)
	s.nothing(cleo, decide.ChangeTable{ID: id})
	s.fields(cleo, decide.ChangeTable{ID: id, Number: new("T1"), Zone: new(housetest.ID[seating.ZoneID](77)), MaxCovers: new(3)}, "/number", "/zoneId", "/minCovers")
	s.refused(cleo, decide.ChangeTable{ID: housetest.Table(77), Number: new("")}, seating.CodeNotFound)
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(7)})
	s.refused(cleo, decide.ChangeTable{ID: housetest.Table(7), Active: new(true)}, seating.CodeNotFound)
}

func TestRemoveTable(t *testing.T) {
	s := evening(t, nil)
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(5)})
	if s.h.Floor.Declared(housetest.Tables(5, 6)) != nil || len(s.h.Floor.Combinations()) != 0 {
		t.Errorf("combinations = %+v, want the one of T5 gone", s.h.Floor.Combinations())
	}
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(2)})
	if got := s.h.Floor.Edges(); len(got) != 2 || len(s.h.Floor.Neighbours(housetest.Table(1))) != 0 {
		t.Errorf("edges = %+v, want those of T2 gone", got)
	}
	if got := s.h.Floor.Table(housetest.Table(2)); got == nil || !got.Retired || got.Active || !got.Zone.IsZero() || got.Number != "T2" {
		t.Errorf("T2 = %+v, want it retired and known", got)
	}
	s.refused(cleo, decide.RemoveTable{ID: housetest.Table(2)}, seating.CodeNotFound)
	s.refused(cleo, decide.RemoveTable{ID: housetest.Table(77)}, seating.CodeNotFound)
}

// TestD26_RemoveTable: from now on, tonight included, nobody may have it.
func TestD26_RemoveTable(t *testing.T) {
	s := evening(t, nil)
	err := s.refused(cleo, decide.RemoveTable{ID: housetest.Table(4)}, seating.CodeTableInUse)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Booking != housetest.Booking(3) || err.Details.Tables[0].Number != "T4" {
		t.Errorf("refusal = %+v, want booking 3 at T4", err.Details)
	}
	if len(s.h.Floor.Neighbours(housetest.Table(4))) != 1 {
		t.Errorf("T4 lost its neighbour by a refused change")
	}
	s.now = housetest.At("20:20") - 1
	s.refused(cleo, decide.RemoveTable{ID: housetest.Table(4)}, seating.CodeTableInUse)
	s.now = housetest.At("20:20")
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(4)})

	// D27: whoever was there first has it; a lapsed hold is nobody.
	s = evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	s.refused(cleo, decide.RemoveTable{ID: housetest.Table(1)}, seating.CodeTableInUse)
	s.now = r.Hold.ExpiresAt
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(1)})
	s.refused(anna, assign(1, 1), seating.CodeTableNotFound)
	if s.ended[housetest.Hold(1)].How != seating.EndExpired {
		t.Errorf("hold 1 ended %q, want expired", s.ended[housetest.Hold(1)].How)
	}

	s = evening(t, nil)
	s.ok(cleo, blockOf(1, "20:00", "21:00", 7))
	err = s.refused(cleo, decide.RemoveTable{ID: housetest.Table(7)}, seating.CodeTableInUse)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Kind != seating.OwnedByBlock || b[0].Reason != "repair" {
		t.Errorf("blockers = %+v, want the block", b)
	}
}

// TestMarkReady: the flag concerns nobody's choice, whatever the policy says.
func TestMarkReady(t *testing.T) {
	for _, check := range []seating.ContextCheck{seating.ContextDisjoint, seating.ContextStrict} {
		s := evening(t, func(st *house.State) { st.Policy.ContextCheck = check })
		saw := s.sees()
		saw.does(anna, decide.MarkReady{Table: housetest.Table(2), Ready: false})
		if s.h.Floor.Table(housetest.Table(2)).Ready || s.h.Revisions.Floor == s.h.Version {
			t.Errorf("T2 ready %v, revisions %+v, want the flag and no revision of the floor", s.h.Floor.Table(housetest.Table(2)).Ready, s.h.Revisions)
		}
		if got := s.last.Touch; !slices.Equal(got.Tables, housetest.Tables(2)) || got.Many || !got.Window.Empty() {
			t.Errorf("touch = %+v, want T2 and no time", got)
		}
		if p := s.payload(seating.EventFloorChanged); p.What != "not_ready" || !slices.Equal(p.Tables, housetest.Tables(2)) {
			t.Errorf("event = %+v, want T2 not ready", p)
		}
		if d := saw.judge(ben, assign(1, 2)); d.Refusal != nil {
			t.Errorf("%s: assign at T2 = %v, want the flag not to matter", check, d.Refusal)
		}
		if d := saw.judge(cleo, saw.plan(without(8))); d.Refusal != nil {
			t.Errorf("%s: a plan made before the flag = %v, want it taken", check, d.Refusal)
		}
		s.nothing(anna, decide.MarkReady{Table: housetest.Table(2), Ready: false})
		s.ok(anna, decide.MarkReady{Table: housetest.Table(2), Ready: true})
		s.refused(anna, decide.MarkReady{Table: housetest.Table(77)}, seating.CodeNotFound)
	}

	// Nor does the flag by a change of the table; with more, it goes with the rest.
	s := evening(t, nil)
	s.ok(cleo, decide.ChangeTable{ID: housetest.Table(1), Ready: new(false)})
	if s.h.Revisions.Floor == s.h.Version || s.lines()[0] != "floor:ready>not_ready" {
		t.Errorf("revisions %+v, lines %v, want no revision of the floor", s.h.Revisions, s.lines())
	}
	s.ok(cleo, decide.ChangeTable{ID: housetest.Table(1), Ready: new(true), Movable: new(false)})
	if got := s.h.Floor.Table(housetest.Table(1)); !got.Ready || got.Movable || s.h.Revisions.Floor != s.h.Version {
		t.Errorf("T1 = %+v, revisions %+v, want both changed and the floor revised", got, s.h.Revisions)
	}

	// A held table that was wiped meanwhile drifts from nothing.
	s = evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.ok(ben, decide.MarkReady{Table: housetest.Table(1), Ready: false})
	s.ok(anna, confirm(1))
}
