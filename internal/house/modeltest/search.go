package modeltest

import (
	"cmp"
	"slices"
)

// best are the tables that the engine must choose for a booking, none when there
// are none: of all sets of tables that are legal, one that leaves the fewest seats
// empty, then the one of the fewest tables, then the first by number. Those that the
// party has win over others that are no better.
func (m *model) best(b *mBooking, by string, present []int) []int {
	var best []int
	ranks := func(x, y []int) int {
		waste := func(ts []int) int { high, _ := m.seats(ts); return high }
		return cmp.Or(cmp.Compare(waste(x), waste(y)), cmp.Compare(len(x), len(y)))
	}
	all := m.inUse()
	for chosen := 1; chosen < 1<<len(all); chosen++ {
		var ts []int
		for i, t := range all {
			if chosen&(1<<i) != 0 {
				ts = append(ts, t)
			}
		}
		if len(ts) > m.maxTables || !m.offered(b, ts) || m.judge(b, by, ts, nil) != granted {
			continue
		}
		if best == nil || cmp.Or(ranks(ts, best), slices.Compare(ts, best)) < 0 {
			best = ts
		}
	}
	if best != nil && len(present) > 0 && m.judge(b, by, present, nil) == granted && m.offered(b, present) && ranks(present, best) <= 0 {
		return present
	}
	return best
}

// offered reports whether tables may be chosen for a party that did not name them:
// they are what it wished for and stand together, where that is only advised too.
func (m *model) offered(b *mBooking, ts []int) bool {
	for _, t := range ts {
		if b.wish != 0 && m.tables[t].zone != b.wish {
			return false
		}
	}
	return len(ts) == 1 || m.declared(ts) != nil || m.joined(ts)
}
