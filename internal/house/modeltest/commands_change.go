package modeltest

import (
	"slices"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// mChange is what somebody wants changed of a booking; zero leaves each as it is.
type mChange struct {
	covers int
	start  servicetime.Instant
	turn   int // below 0 takes a stay by hand back
	tables decide.TableMode
}

// change gives a booking another size, start or stay, with tables that will do.
func (m *model) change(of int, c mChange, by string) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	was := *b
	if c.covers > 0 {
		b.covers = c.covers
	}
	if c.turn != 0 {
		b.turn = max(c.turn, 0)
	}
	moves := c.start != 0 && c.start != b.told
	if !moves && b.covers == was.covers && b.turn == was.turn {
		return granted
	}
	if moves {
		if c.start != b.dines {
			b.late = 0
		}
		b.dines, b.told = c.start, c.start
	}
	code := m.rewindow(b, was, moves)
	ts := was.tablesOf()
	if code == granted && len(ts) > 0 {
		ts, code = m.reseated(b, c.tables, ts, by)
	}
	if code != granted {
		*b = was
		return code
	}
	if b.end > m.now {
		b.overstay = 0
	}
	m.end(b, seating.EndReleased)
	m.clear(b, ts, m.from(b), b.end)
	b.auto = b.auto || !slices.Equal(ts, was.tablesOf())
	if b.status != seating.CheckedIn {
		b.sat = nil
		for _, t := range ts {
			b.sat = append(b.sat, mSeg{t, m.from(b), b.end})
		}
		return granted
	}
	if b.end != was.end || !slices.Equal(ts, was.tablesOf()) {
		b.sat = m.stretched(b, was, ts)
	}
	return granted
}

// rewindow gives the booking its new window and says whether it may come then; was
// is the booking before.
func (m *model) rewindow(b *mBooking, was mBooking, moves bool) seating.Code {
	sits := b.status == seating.CheckedIn
	if b.over() || sits && moves {
		return seating.CodeBookingState
	}
	day, service := m.open(b.dines)
	why := granted
	if moves {
		day, service, why = m.serves(b.dines)
		if b.day = day; day < m.openFrom {
			return seating.CodeDayClosed
		}
		if day != was.day { // who was here today has not come on the other day
			b.arrived, b.seatedAt = 0, 0
		}
	}
	switch {
	case b.turn != 0:
		b.leaves = b.dines.Add(minutes(b.turn))
	case service != nil:
		b.leaves = b.dines.Add(minutes(service.stay(b.covers)))
	case moves: // and is refused
	case b.turn != was.turn:
		return seating.CodeInvalid
	}
	if sits {
		if b.leaves <= m.now {
			if b.turn != was.turn {
				return seating.CodeInvalid
			}
			b.leaves = was.leaves // its number is no reason to send it away
		}
		if b.leaves > m.now {
			b.end = b.leaves.Add(minutes(m.after))
		}
		return granted
	}
	b.start, b.end = b.dines.Add(-minutes(m.before)), b.leaves.Add(minutes(m.after))
	paced := b.status != seating.Waitlisted && (moves || b.covers > was.covers)
	return m.arrival(b, b.dines, b.leaves, day, service, why, !moves, paced)
}

// reseated are the tables that the booking has after a change, where it has ts: the
// same, or the best where the engine chose them or is asked to.
func (m *model) reseated(b *mBooking, mode decide.TableMode, ts []int, by string) ([]int, seating.Code) {
	asks := *b
	sits := b.status == seating.CheckedIn
	*b = mBooking{n: b.n, covers: b.covers, wish: b.wish, start: b.start, end: b.end, stays: true} // its hold ends, whoever has it
	defer func() { *b = asks }()
	over := sits && b.end <= m.now
	if over {
		b.start, b.end = 1, 1 // nothing of its time is left to meet anybody in
	}
	if over || mode == decide.KeepTables || mode == "" && (sits || !asks.auto) {
		return ts, m.judge(b, by, ts, nil)
	}
	if best := m.best(b, by, ts); best != nil {
		return best, granted
	}
	return nil, seating.CodeNoTable
}

// stretched is where a party that sits is, and was, after its end has moved.
func (m *model) stretched(b *mBooking, was mBooking, ts []int) []mSeg {
	var next []mSeg
	there := map[int]bool{}
	for _, s := range was.sat {
		switch {
		case s.end != was.end || m.anybody(b, s.table, s.end, m.now): // it is the past
			next = append(next, s)
			continue
		case s.end < m.now:
			m.clear(b, []int{s.table}, s.end, m.now)
		}
		switch {
		case slices.Contains(ts, s.table):
			s.end = b.end
			there[s.table] = true
		default: // it was there until now, past its end too
			s.end = m.now
		}
		if s.start < s.end {
			next = append(next, s)
		}
	}
	for _, t := range ts {
		if !there[t] {
			next = append(next, mSeg{t, m.from(b), b.end})
		}
	}
	return next
}

// anybody reports whether somebody else had the table between two times.
func (m *model) anybody(b *mBooking, table int, start, end servicetime.Instant) bool {
	if end <= start {
		return false
	}
	if m.blocked([]int{table}, start, end, 0) {
		return true
	}
	for _, o := range m.bookings {
		for _, s := range o.sat {
			if o != b && s.table == table && s.start < end && start < s.end {
				return true
			}
		}
		if o != b && m.live(o.hold) && o.hold.meets([]int{table}) && o.hold.start < end && start < o.end {
			return true
		}
	}
	return false
}
