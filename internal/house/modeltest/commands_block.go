package modeltest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

type mBlock struct {
	n          int
	tables     []int
	start, end servicetime.Instant
}

// blocked reports whether a block but the n-th has one of the tables in the window.
func (m *model) blocked(ts []int, start, end servicetime.Instant, but int) bool {
	return slices.ContainsFunc(m.blocks, func(b mBlock) bool {
		return b.n != but && b.start < end && start < b.end && slices.ContainsFunc(ts, func(t int) bool { return slices.Contains(b.tables, t) })
	})
}

// outOfService reports whether nobody can sit at one of the tables in the window:
// it is blocked, or it, or its zone, is out of service or gone.
func (m *model) outOfService(ts []int, start, end servicetime.Instant) bool {
	return m.blocked(ts, start, end, 0) || slices.ContainsFunc(ts, func(n int) bool {
		t, there := m.tables[n]
		return !there || t.out || m.zones[t.zone].out
	})
}

// drifted says what a confirm meets: held tables that are gone or out of service in
// what was held of the window, or rules that are not those of the hold any more.
// Nobody changes party or tables under a hold, so a rule that refuses now has changed.
func (m *model) drifted(b *mBooking) seating.Code {
	start := b.hold.start
	if m.now < b.end {
		start = max(start, m.now)
	}
	switch code := m.judgeFrom(start, b, b.hold.by, b.hold.tables, nil); code {
	case seating.CodeTableNotFound, seating.CodeTableUnavailable:
		return seating.CodeTableDrift
	case seating.CodeTooManyTables, seating.CodeCapacityInsufficient, seating.CodeBelowMinimum, seating.CodeSlackExceeded,
		seating.CodeZoneMismatch, seating.CodeTableFixed, seating.CodeNotAdjacent:
		return seating.CodePolicyDrift
	default:
		return code
	}
}

// blockable judges a block by itself.
func (m *model) blockable(ts []int, start, end servicetime.Instant) seating.Code {
	if len(ts) == 0 || slices.ContainsFunc(ts, m.unknown) || end <= start || end <= m.now {
		return seating.CodeInvalid
	}
	return granted
}

// unoccupied says who is in the way of the n-th block, and ends lapsed holds.
func (m *model) unoccupied(n int, ts []int, start, end servicetime.Instant) seating.Code {
	meets := func(table int, from, to servicetime.Instant) bool {
		return slices.Contains(ts, table) && from < end && start < to
	}
	for _, b := range m.bookings {
		if slices.ContainsFunc(b.sat, func(s mSeg) bool { return meets(s.table, s.start, s.end) }) {
			return seating.CodeAssignmentConflict
		}
	}
	if m.blocked(ts, start, end, n) {
		return seating.CodeAssignmentConflict
	}
	for _, b := range m.bookings {
		if m.live(b.hold) && slices.ContainsFunc(b.hold.tables, func(t int) bool { return meets(t, b.hold.start, b.end) }) {
			return seating.CodeHoldConflict
		}
	}
	m.clear(nil, ts, start, end)
	return granted
}

func (m *model) createBlock(n int, ts []int, start, end servicetime.Instant) seating.Code {
	if code := m.blockable(ts, start, end); code != granted {
		return code
	}
	start = max(start, m.now)
	if code := m.unoccupied(n, ts, start, end); code != granted {
		return code
	}
	m.blocks = append(m.blocks, mBlock{n: n, tables: set(ts), start: start, end: end})
	return granted
}

func (m *model) findBlock(n int) int {
	return slices.IndexFunc(m.blocks, func(b mBlock) bool { return b.n == n })
}

func (m *model) changeBlock(n int, ts []int, start, end servicetime.Instant) seating.Code {
	i := m.findBlock(n)
	if i < 0 {
		return seating.CodeNotFound
	}
	have, next := m.blocks[i], mBlock{n: n, tables: set(ts), start: start, end: end}
	if have.end <= m.now {
		return seating.CodeInvalid
	}
	if code := m.blockable(ts, start, end); code != granted {
		return code
	}
	if have.start < m.now {
		if start != have.start || !slices.Equal(next.tables, have.tables) {
			return seating.CodeInvalid
		}
	} else {
		next.start = max(start, m.now)
	}
	if next.start == have.start && next.end == have.end && slices.Equal(next.tables, have.tables) {
		return granted
	}
	if code := m.unoccupied(n, next.tables, next.start, next.end); code != granted {
		return code
	}
	m.blocks[i] = next
	return granted
}

func (m *model) removeBlock(n int) seating.Code {
	i := m.findBlock(n)
	switch {
	case i < 0:
		return seating.CodeNotFound
	case m.blocks[i].end <= m.now:
	case m.blocks[i].start >= m.now:
		m.blocks = slices.Delete(m.blocks, i, i+1)
	default:
		m.blocks[i].end = m.now
	}
	return granted
}

// drawBlock takes tables out of service for a while.
func (g *game) drawBlock() (decide.Command, seating.Code) {
	blockID := func(n int) seating.BlockID { return housetest.ID[seating.BlockID](100_000 + n) }
	when := func(label string) servicetime.Instant {
		return g.m.now.Add(time.Duration(evenly(g.t, 24, label)-4) * 15 * time.Minute)
	}
	var there []int
	for _, b := range g.m.blocks {
		if b.end > g.m.now || evenly(g.t, 4, "one that is over") == 0 {
			there = append(there, b.n)
		}
	}
	n, none := g.m.made+1, len(there) == 0
	if !none && evenly(g.t, 8, "a block there is") > 0 {
		n = there[evenly(g.t, len(there), "block")]
	}
	switch kind := evenly(g.t, 8, "what"); {
	case kind < 3 || none && kind < 7:
		g.m.made++
		n, ts, start, end := g.m.made, g.tables(), when("start"), when("end")
		if start > end && evenly(g.t, 4, "the wrong way round") > 0 {
			start, end = end, start
		}
		return decide.CreateBlock{ID: blockID(n), Tables: housetest.Tables(ts...), Window: servicetime.Window{Start: start, End: end}, Reason: "repair"},
			g.m.createBlock(n, ts, start, end)
	case kind < 6:
		ts, start, end := g.tables(), when("start"), when("end")
		if i := g.m.findBlock(n); i >= 0 && rapid.Bool().Draw(g.t, "only the end") {
			ts, start = g.m.blocks[i].tables, g.m.blocks[i].start
		}
		return decide.ChangeBlock{ID: blockID(n), Tables: new(housetest.Tables(ts...)), Start: &start, End: &end}, g.m.changeBlock(n, ts, start, end)
	default:
		return decide.RemoveBlock{ID: blockID(n)}, g.m.removeBlock(n)
	}
}

// compareBlocks demands that the same tables are out of service at the same times.
func (m *model) compareBlocks(f *house.Floor, fail func(string, ...any)) {
	got := map[seating.BlockID]seating.Block{}
	for _, b := range f.Blocks() {
		got[b.ID] = b
	}
	for _, b := range m.blocks {
		id := housetest.ID[seating.BlockID](100_000 + b.n)
		if have := got[id]; !slices.Equal(have.Tables, housetest.Tables(b.tables...)) || have.Window.Start != b.start || have.Window.End != b.end {
			fail("block %d is %+v, want %+v", b.n, have, b)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		fail("there are blocks of nobody: %v", got)
	}
}
