package modeltest

import (
	"maps"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// mFloor is the plan: what stands where, and what is out of service.
type mFloor struct {
	tables map[int]mTable
	zones  map[int]mZone
	edges  [][2]int
	combos []mCombo
	blocks []mBlock
	made   int // blocks so far
}

type mTable struct {
	low, high, zone int
	movable         bool
	out, bare       bool // out of service; not laid
}

type mZone struct {
	name string
	out  bool
}

type mCombo struct {
	tables    []int // sorted
	low, high int
}

func (m *model) unknown(table int) bool {
	_, there := m.tables[table]
	return !there
}

// inUse are the tables there are.
func (m *model) inUse() []int { return slices.Sorted(maps.Keys(m.tables)) }

// declared is the combination of exactly these tables; nil when there is none.
func (m *model) declared(ts []int) *mCombo {
	for i := range m.combos {
		if slices.Equal(m.combos[i].tables, ts) {
			return &m.combos[i]
		}
	}
	return nil
}

// seats is the most that the tables seat, and the fewest they are for.
func (m *model) seats(ts []int) (high, low int) {
	if c := m.declared(ts); c != nil {
		return c.high, c.low
	}
	for _, t := range ts {
		high += m.tables[t].high
		low = max(low, m.tables[t].low)
	}
	return high, low
}

func (m *model) severalZones(ts []int) bool {
	return slices.ContainsFunc(ts, func(t int) bool { return m.tables[t].zone != m.tables[ts[0]].zone })
}

func (m *model) fixed(ts []int) bool {
	return slices.ContainsFunc(ts, func(t int) bool { return !m.tables[t].movable })
}

func (m *model) touching(a, b int) bool {
	return slices.Contains(m.edges, [2]int{a, b}) || slices.Contains(m.edges, [2]int{b, a})
}

// joined reports whether the tables stand together as the rule has it.
func (m *model) joined(ts []int) bool {
	touchesAll := func(t int) bool {
		return !slices.ContainsFunc(ts, func(o int) bool { return o != t && !m.touching(t, o) })
	}
	switch m.rule {
	case seating.RulePairwise:
		return !slices.ContainsFunc(ts, func(t int) bool { return !touchesAll(t) })
	case seating.RuleHub:
		return slices.ContainsFunc(ts, touchesAll)
	case seating.RuleConnected:
	}
	reached := []int{ts[0]} // walks from table to table
	for grew := true; grew; {
		grew = false
		for _, t := range ts {
			if !slices.Contains(reached, t) && slices.ContainsFunc(reached, func(r int) bool { return m.touching(r, t) }) {
				reached = append(reached, t)
				grew = true
			}
		}
	}
	return len(reached) == len(ts)
}

func (t mTable) sound() bool { return t.low >= 1 && t.high >= t.low && t.high <= 50 }

// putTable makes a table, or changes one; number is what it is called, that of the
// n-th unless it takes another's.
func (m *model) putTable(n, number int, t mTable) seating.Code {
	_, zone := m.zones[t.zone]
	if !t.sound() || !zone || number != n && !m.unknown(number) {
		return seating.CodeInvalid
	}
	m.tables[n] = t
	return granted
}

// removeTable takes a table off the plan, unless somebody has it from now on.
func (m *model) removeTable(n int) seating.Code {
	if m.unknown(n) {
		return seating.CodeNotFound
	}
	const forever = servicetime.Instant(1 << 60)
	if m.blocked([]int{n}, m.now, forever, 0) {
		return seating.CodeTableInUse
	}
	for _, b := range m.bookings {
		sits := slices.ContainsFunc(b.sat, func(s mSeg) bool { return s.table == n && s.end > m.now })
		if sits || m.live(b.hold) && b.hold.meets([]int{n}) && b.end > m.now {
			return seating.CodeTableInUse
		}
	}
	m.clear(nil, []int{n}, m.now, forever)
	delete(m.tables, n)
	m.edges = slices.DeleteFunc(m.edges, func(e [2]int) bool { return e[0] == n || e[1] == n })
	m.combos = slices.DeleteFunc(m.combos, func(c mCombo) bool { return slices.Contains(c.tables, n) })
	return granted
}

func (m *model) putZone(n int, z mZone) seating.Code {
	for o, have := range m.zones {
		if o != n && have.name == z.name {
			return seating.CodeInvalid
		}
	}
	m.zones[n] = z
	return granted
}

// standsIn reports whether the zone has tables.
func (m *model) standsIn(zone int) bool {
	return slices.ContainsFunc(m.inUse(), func(t int) bool { return m.tables[t].zone == zone })
}

// removeZone takes a zone off the plan; nobody wishes for it any more.
func (m *model) removeZone(n int) seating.Code {
	_, there := m.zones[n]
	switch {
	case !there:
		return seating.CodeNotFound
	case m.standsIn(n):
		return seating.CodeTableInUse
	}
	delete(m.zones, n)
	for _, b := range m.bookings {
		if b.wish == n {
			b.wish = 0
		}
	}
	return granted
}

func (m *model) putEdges(next [][2]int) seating.Code {
	for _, e := range next {
		if e[0] == e[1] || m.unknown(e[0]) || m.unknown(e[1]) {
			return seating.CodeInvalid
		}
	}
	m.edges = next
	return granted
}

func (m *model) putCombos(next []mCombo) seating.Code {
	for i, c := range next {
		again := slices.ContainsFunc(next[:i], func(o mCombo) bool { return slices.Equal(o.tables, c.tables) })
		if again || len(c.tables) < 2 || slices.ContainsFunc(c.tables, m.unknown) || c.low < 1 || c.high < c.low {
			return seating.CodeInvalid
		}
	}
	m.combos = next
	return granted
}

func (m *model) markReady(n int, ready bool) seating.Code {
	if m.unknown(n) {
		return seating.CodeNotFound
	}
	t := m.tables[n]
	t.bare = !ready
	m.tables[n] = t
	return granted
}

func zoneID(n int) seating.ZoneID { return housetest.ID[seating.ZoneID](n) }

// comparePlan demands that the same stands in the same place.
func (m *model) comparePlan(f *house.Floor, fail func(string, ...any)) {
	zones, tables := map[seating.ZoneID]mZone{}, map[seating.TableID]mTable{}
	for n, z := range m.zones {
		zones[zoneID(n)] = z
	}
	for n, t := range m.tables {
		tables[housetest.Table(n)] = t
	}
	for _, z := range f.Zones() {
		if want, there := zones[z.ID]; !there || want != (mZone{z.Name, !z.Active}) {
			fail("there is zone %+v, want %+v", z, want)
		}
	}
	for _, t := range f.Tables() {
		want, there := tables[t.ID]
		if !there || want != (mTable{t.MinCovers, t.MaxCovers, want.zone, t.Movable, !t.Active, !t.Ready}) || t.Zone != zoneID(want.zone) {
			fail("there is table %+v, want %+v", *t, want)
		}
	}
	if len(f.Zones()) != len(zones) || len(f.Tables()) != len(tables) {
		fail("there are %d zones and %d tables, want %d and %d", len(f.Zones()), len(f.Tables()), len(zones), len(tables))
	}
	for _, a := range m.inUse() {
		for _, b := range m.inUse() {
			if f.Adjacent(housetest.Table(a), housetest.Table(b)) != m.touching(a, b) {
				fail("T%d and T%d stand together: %v", a, b, !m.touching(a, b))
			}
		}
	}
	for _, c := range f.Combinations() {
		same := func(o mCombo) bool {
			return slices.Equal(housetest.Tables(o.tables...), c.Tables) && o.low == c.MinCovers && o.high == c.MaxCovers
		}
		if !slices.ContainsFunc(m.combos, same) {
			fail("there is combination %+v, want %+v", c, m.combos)
		}
	}
	if len(f.Combinations()) != len(m.combos) {
		fail("there are combinations %+v, want %+v", f.Combinations(), m.combos)
	}
}
