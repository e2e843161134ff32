package modeltest

import (
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// mAsked is a party that asks for a time.
type mAsked struct {
	n, covers, wish    int
	day, minute        int // on the calendar
	turn               int // 0: by its size
	tables             []int
	auto, web          bool // the engine chooses; the guest books by himself
	waits, unconfirmed bool // without tables; with tables, and still to be confirmed
}

// create makes a booking, with tables, without, or on the waitlist.
func (m *model) create(p mAsked, by string) seating.Code {
	start := at(p.day, p.minute)
	day, service, code := m.serves(start)
	stay := p.turn
	if stay == 0 && service != nil {
		stay = service.stay(p.covers)
	}
	b := &mBooking{n: p.n, covers: p.covers, wish: p.wish, day: day, dines: start, told: start, turn: p.turn, status: seating.Pending}
	b.leaves = start.Add(minutes(stay))
	b.start, b.end = start.Add(-minutes(m.before)), b.leaves.Add(minutes(m.after))
	_, zone := m.zones[p.wish]
	switch {
	case m.idle:
		return seating.CodeClosed
	case p.wish != 0 && !zone:
		return seating.CodeInvalid
	case day < m.openFrom:
		return seating.CodeDayClosed
	}
	if code := m.arrival(b, start, b.leaves, day, service, code, false, !p.waits); code != granted {
		return code
	}
	ts := set(p.tables)
	b.stays = true // its start was judged, and nothing else of its time is
	if p.auto || p.web {
		ts = m.best(b, by, nil)
		b.auto = len(ts) > 0
	}
	switch {
	case len(ts) > 0:
		if code := m.judge(b, by, ts, nil); code != granted {
			return code
		}
	case p.web:
		return seating.CodeNoTable
	}
	b.stays = false
	if p.waits {
		b.status, b.priority = seating.Waitlisted, 3
	}
	if len(ts) > 0 {
		m.clear(b, ts, m.from(b), b.end)
		to := seating.Confirmed
		if p.unconfirmed {
			to = seating.Pending
		}
		m.seat(b, ts, to)
	}
	if p.web && p.unconfirmed {
		b.until = m.now.Add(minutes(m.pending))
	}
	m.bookings = append(m.bookings, b)
	return granted
}

// walkIn seats a party that stands at the door; without tables, at the best.
func (m *model) walkIn(n, covers, turn int, by string, ts []int) seating.Code {
	if m.idle {
		return seating.CodeClosed
	}
	minute := m.now - m.now%servicetime.Instant(time.Minute/time.Microsecond)
	day, service, code := m.serves(minute)
	stay := turn
	if stay == 0 && service != nil {
		stay = service.stay(covers)
	}
	b := &mBooking{n: n, covers: covers, day: day, start: m.now, dines: m.now, told: minute, turn: turn}
	b.leaves = m.now.Add(minutes(stay))
	b.end = b.leaves.Add(minutes(m.after))
	if code := m.arrival(b, minute, minute.Add(minutes(stay)), day, service, code, false, true); code != granted {
		return code
	}
	if ts = set(ts); len(ts) == 0 {
		ts = m.best(b, by, nil)
		b.auto = true
		if len(ts) == 0 {
			return seating.CodeNoTable
		}
	}
	if code := m.judge(b, by, ts, nil); code != granted {
		return code
	}
	m.clear(b, ts, b.start, b.end)
	b.status, b.arrived, b.seatedAt = seating.CheckedIn, m.now, m.now
	for _, t := range ts {
		b.sat = append(b.sat, mSeg{t, b.start, b.end})
	}
	m.bookings = append(m.bookings, b)
	return granted
}
