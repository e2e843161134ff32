package decide_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func blockID(n int) seating.BlockID { return housetest.ID[seating.BlockID](n) }

func blockOf(n int, start, end string, tables ...int) decide.CreateBlock {
	return decide.CreateBlock{ID: blockID(n), Tables: housetest.Tables(tables...), Window: housetest.Window(start, end), Reason: "repair"}
}

// blocks spells the blocks of the house: "T1 T2 19:00-20:00".
func (s *stage) blocks() []string {
	var all []string
	for _, b := range s.h.Floor.Blocks() {
		var numbers strings.Builder
		for _, r := range s.h.Floor.Refs(b.Tables) {
			numbers.WriteString(r.Number + " ")
		}
		clock := func(i servicetime.Instant) string { return i.Time().In(s.h.Calendar.Zone).Format("15:04") }
		all = append(all, numbers.String()+clock(b.Window.Start)+"-"+clock(b.Window.End))
	}
	slices.Sort(all)
	return all
}

func (s *stage) wantBlocks(want ...string) {
	s.t.Helper()
	if got := s.blocks(); !slices.Equal(got, want) {
		s.t.Errorf("blocks = %q, want %q", got, want)
	}
}

func TestCreateBlock(t *testing.T) {
	s := evening(t, nil)
	c := blockOf(1, "19:00", "20:00", 2, 1, 2)
	c.Note = "the leg is loose"
	r := s.ok(cleo, c)
	s.wantBlocks("T1 T2 19:00-20:00")
	if !slices.Equal(r.Block.Tables, housetest.Tables(1, 2)) || r.Block.Reason != "repair" {
		t.Errorf("answer = %+v, want T1 and T2 once", r.Block)
	}
	if s.h.Revisions.Floor != s.h.Version || !slices.Equal(s.last.Touch.Tables, housetest.Tables(1, 2)) || s.last.Touch.Window != c.Window {
		t.Errorf("revisions %+v, touch %+v", s.h.Revisions, s.last.Touch)
	}
	if p := s.payload(seating.EventFloorChanged); p.What != "block" || p.Reason != "repair" || p.Window != c.Window || len(p.Tables) != 2 {
		t.Errorf("event = %+v, want the block", p)
	}
	if l := s.last.History; len(l) != 1 || l[0].Subject != "block:"+blockID(1).String() || l[0].To != "created" || l[0].Reason != "repair" ||
		strings.Contains(l[0].Detail, "loose") {
		t.Errorf("history = %+v, want one line of the block, without the note", l)
	}
	if n := s.last.Notes; len(n) != 1 || n[0].Text != c.Note || n[0].Subject != s.last.History[0].Subject {
		t.Errorf("notes = %+v, want the note apart", n)
	}
	s.refused(anna, assign(1, 1), seating.CodeTableUnavailable)
	s.ok(anna, assign(4, 1)) // half past eight

	// What should have begun begins now.
	s.ok(cleo, blockOf(2, "12:00", "18:30", 8))
	s.wantBlocks("T1 T2 19:00-20:00", "T8 18:00-18:30")
}

func TestCreateBlock_Faults(t *testing.T) {
	year := housetest.At("20:00").Add(366 * 24 * time.Hour)
	for _, tt := range []struct {
		name string
		edit func(*decide.CreateBlock)
		want []string
	}{
		{"no table", func(c *decide.CreateBlock) { c.Tables = nil }, []string{"/tableIds"}},
		{"an unknown table", func(c *decide.CreateBlock) { c.Tables = housetest.Tables(1, 77) }, []string{"/tableIds/1"}},
		{"501 tables", func(c *decide.CreateBlock) { c.Tables = slices.Repeat(housetest.Tables(1), 501) }, []string{"/tableIds"}},
		{"D29 inverted", func(c *decide.CreateBlock) { c.Window = housetest.Window("20:00", "19:00") }, []string{"/end"}},
		{"D29 empty", func(c *decide.CreateBlock) { c.Window = housetest.Window("20:00", "20:00") }, []string{"/end"}},
		{"past", func(c *decide.CreateBlock) { c.Window = housetest.Window("17:00", "18:00") }, []string{"/end"}},
		{"over a year", func(c *decide.CreateBlock) { c.Window.Start, c.Window.End = housetest.At("20:00"), year+1 }, []string{"/end"}},
		{"no reason", func(c *decide.CreateBlock) { c.Reason = "" }, []string{"/reason"}},
		{"words for a reason", func(c *decide.CreateBlock) { c.Reason = "Broken leg" }, []string{"/reason"}},
		{"a long note", func(c *decide.CreateBlock) { c.Note = strings.Repeat("x", 2001) }, []string{"/note"}},
		{"all at once", func(c *decide.CreateBlock) { *c = decide.CreateBlock{ID: c.ID} }, []string{"/tableIds", "/end", "/reason"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, nil)
			s.fields(cleo, setting(blockOf(1, "19:00", "20:00", 1), tt.edit), tt.want...)
			s.wantBlocks()
		})
	}
	s := evening(t, nil)
	s.ok(cleo, setting(blockOf(1, "20:00", "21:00", 1), func(c *decide.CreateBlock) { c.Window.End = year }))
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(2)})
	s.fields(cleo, blockOf(2, "19:00", "20:00", 2), "/tableIds/0")
	full := evening(t, func(st *house.State) {
		for i := range seating.MaxBlocks + 5 {
			start := housetest.At("17:00").Add(time.Duration(i-5) * time.Hour) // the first six are over at 18:00
			st.Blocks = append(st.Blocks, seating.Block{
				ID: blockID(100 + i), Tables: housetest.Tables(8), Window: servicetime.Window{Start: start, End: start.Add(time.Hour)}, Reason: "repair",
			})
		}
	})
	full.ok(cleo, blockOf(1, "19:00", "20:00", 1))
	full.fields(cleo, blockOf(2, "19:00", "20:00", 2), "")
}

// TestD28_BlockOverSomebody: everybody in the way is named, and nothing happens.
func TestD28_BlockOverSomebody(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	err := s.refused(cleo, blockOf(1, "18:00", "23:00", 1, 2, 4), seating.CodeAssignmentConflict)
	if b := err.Details.Blockers; len(b) != 2 || b[0].Booking != housetest.Booking(3) || b[1].Hold != housetest.Hold(1) || !strings.Contains(err.Msg, "T4 busy") {
		t.Errorf("refusal = %v %+v, want booking 3 and hold 1", err, b)
	}
	err = s.refused(cleo, blockOf(1, "18:00", "23:00", 1, 2), seating.CodeHoldConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].HeldBy != anna.Principal || b[0].Until != r.Hold.ExpiresAt {
		t.Errorf("blockers = %+v, want anna's hold and until when", b)
	}
	s.wantBlocks()
	s.ok(cleo, blockOf(1, "18:00", "19:00", 1, 4)) // until they come
	s.ok(cleo, blockOf(2, "20:20", "23:00", 1, 4)) // after they have left
	s.now = r.Hold.ExpiresAt
	s.ok(cleo, blockOf(3, "19:00", "20:00", 1)) // a lapsed hold is nobody
	if s.ended[housetest.Hold(1)].How != seating.EndExpired || s.h.Hold(housetest.Hold(1)) != nil {
		t.Errorf("hold 1 ended %q, want expired", s.ended[housetest.Hold(1)].How)
	}

	// The whole change of a block fails, its reason and note with it.
	s = evening(t, nil)
	s.ok(cleo, blockOf(1, "21:00", "22:00", 3))
	s.refused(cleo, decide.ChangeBlock{
		ID: blockID(1), Tables: new(housetest.Tables(3, 4)), Start: new(housetest.At("19:00")), Reason: new("cleaning"), Note: "soon",
	}, seating.CodeAssignmentConflict)
	if got := s.h.Floor.Blocks()[0]; got.Reason != "repair" || got.Window != housetest.Window("21:00", "22:00") {
		t.Errorf("block = %+v, want it as it was", got)
	}
}

// TestD29_TwoBlocksOfOneTable: never at one time, and a change leaves one.
func TestD29_TwoBlocksOfOneTable(t *testing.T) {
	s := evening(t, nil)
	s.ok(cleo, blockOf(1, "19:00", "20:00", 1))
	err := s.refused(cleo, blockOf(2, "19:59", "21:00", 2, 1), seating.CodeAssignmentConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Kind != seating.OwnedByBlock || b[0].Table.Number != "T1" {
		t.Errorf("blockers = %+v, want the block of T1", b)
	}
	s.ok(cleo, blockOf(2, "20:00", "21:00", 1))
	s.ok(cleo, decide.ChangeBlock{ID: blockID(1), End: new(housetest.At("19:30"))})
	s.wantBlocks("T1 19:00-19:30", "T1 20:00-21:00")
	s.refused(cleo, decide.ChangeBlock{ID: blockID(2), Start: new(housetest.At("19:29"))}, seating.CodeAssignmentConflict)
	s.ok(cleo, decide.ChangeBlock{ID: blockID(2), Start: new(housetest.At("19:30")), End: new(housetest.At("20:30"))}) // over itself
	s.wantBlocks("T1 19:00-19:30", "T1 19:30-20:30")
}

func TestChangeBlock(t *testing.T) {
	s := evening(t, nil)
	s.ok(cleo, blockOf(1, "19:00", "20:00", 1))
	change := func(edit func(*decide.ChangeBlock)) decide.ChangeBlock {
		return setting(decide.ChangeBlock{ID: blockID(1)}, edit)
	}
	s.nothing(cleo, change(func(*decide.ChangeBlock) {}))
	s.nothing(cleo, change(func(c *decide.ChangeBlock) { c.Tables, c.Reason = new(housetest.Tables(1, 1)), new("repair") }))
	s.ok(cleo, change(func(c *decide.ChangeBlock) { c.Reason = new("cleaning") }))
	s.wantBlocks("T1 19:00-20:00")
	s.ok(cleo, change(func(c *decide.ChangeBlock) { c.Tables = new(housetest.Tables(7, 2)) }))
	s.wantBlocks("T2 T7 19:00-20:00")
	if got := s.last.Touch; len(got.Tables) != 3 || len(s.last.Rows.PutBlocks) != 1 || len(s.last.Rows.DropBlocks) != 0 {
		t.Errorf("touch %+v, rows %+v, want the old and the new tables touched by one row", got, s.last.Rows)
	}
	s.ok(cleo, change(func(c *decide.ChangeBlock) { c.Note = "the painter comes" }))
	if len(s.last.Notes) != 1 {
		t.Errorf("notes = %+v, want one", s.last.Notes)
	}
	s.fields(cleo, change(func(c *decide.ChangeBlock) { c.Tables, c.Reason = new([]seating.TableID{}), new("") }), "/tableIds", "/reason")
	s.fields(cleo, change(func(c *decide.ChangeBlock) { c.Start = new(housetest.At("20:00")) }), "/end")
	s.refused(cleo, decide.ChangeBlock{ID: blockID(77), Reason: new("")}, seating.CodeNotFound)
	s.ok(cleo, change(func(c *decide.ChangeBlock) { c.Start = new(housetest.At("17:00")) })) // at once
	s.wantBlocks("T2 T7 18:00-20:00")

	// Begun: its past stands. It can still end at another time.
	s.now = housetest.At("19:00")
	s.fields(cleo, change(func(c *decide.ChangeBlock) {
		c.Tables, c.Start = new(housetest.Tables(2)), new(housetest.At("19:30"))
	}), "/tableIds", "/start")
	s.fields(cleo, change(func(c *decide.ChangeBlock) { c.End = new(housetest.At("18:59")) }), "/end")
	s.ok(cleo, change(func(c *decide.ChangeBlock) { c.Start, c.End = new(housetest.At("18:00")), new(housetest.At("22:00")) }))
	s.wantBlocks("T2 T7 18:00-22:00")
	s.now = housetest.At("22:00")
	s.fields(cleo, change(func(c *decide.ChangeBlock) { c.Reason = new("cleaning") }), "/end")
}

func TestRemoveBlock(t *testing.T) {
	s := evening(t, nil)
	s.ok(cleo, blockOf(1, "19:00", "20:00", 1))
	s.ok(cleo, blockOf(2, "18:00", "20:00", 2))
	s.ok(cleo, decide.RemoveBlock{ID: blockID(1)})
	s.wantBlocks("T2 18:00-20:00")
	s.refused(cleo, decide.RemoveBlock{ID: blockID(1)}, seating.CodeNotFound)
	s.now = housetest.At("19:00")
	r := s.ok(cleo, decide.RemoveBlock{ID: blockID(2)})
	s.wantBlocks("T2 18:00-19:00")
	if r.Block.Window.End != s.now || s.lines()[0] != "block2:>ended" {
		t.Errorf("answer %+v, lines %v, want it ended now", r.Block, s.lines())
	}
	s.ok(anna, assign(1, 2))
	s.nothing(cleo, decide.RemoveBlock{ID: blockID(2)})
}

// TestBlock_StaleContext: a choice made before the block is told.
func TestBlock_StaleContext(t *testing.T) {
	for name, c := range map[string]decide.Command{
		"create": blockOf(2, "21:00", "22:00", 8), "change": decide.ChangeBlock{ID: blockID(1), Reason: new("cleaning")}, "remove": decide.RemoveBlock{ID: blockID(1)},
	} {
		s := evening(t, nil)
		s.ok(cleo, blockOf(1, "21:00", "22:00", 7))
		saw := s.sees()
		saw.does(cleo, c)
		if d := saw.judge(anna, assign(1, 1)); !stale(d) {
			t.Errorf("%s, then assign = %v, want STALE_CONTEXT", name, d.Refusal)
		}
		if d := saw.judge(cleo, blockOf(3, "22:00", "23:00", 6)); !stale(d) {
			t.Errorf("%s, then another block with If-Match = %v, want STALE_CONTEXT", name, d.Refusal)
		}
	}
}
