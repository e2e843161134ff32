package modeltest

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// The commands as the model understands them. Each says granted, or the code of
// the refusal, in which case nothing has changed.

func (m *model) makeHold(n, of int, by string, ts []int, ttl time.Duration) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	if b.over() {
		return seating.CodeBookingState
	}
	if code := m.judge(b, by, set(ts), nil); code != granted {
		return code
	}
	return m.claim(b, n, by, set(ts), max(ttl, time.Minute))
}

// find looks for a live hold.
func (m *model) find(n int) (*mBooking, seating.Code) {
	b := m.holder(n)
	switch how, over := m.ended[n]; {
	case b != nil && m.live(b.hold):
		return b, granted
	case b != nil || over && how == seating.EndExpired:
		return nil, seating.CodeHoldExpired
	case over:
		return nil, seating.CodeHoldEnded
	}
	return nil, seating.CodeNotFound
}

func (m *model) extend(n int, by string, boss bool, d time.Duration) seating.Code {
	b, code := m.find(n)
	if code != granted {
		return code
	}
	if b.hold.by != by && !boss {
		return seating.CodeOverrideRequired
	}
	b.hold.expires = max(b.hold.expires, min(m.now.Add(d), b.hold.since.Add(30*time.Minute)))
	return granted
}

func (m *model) release(n int, by string, boss bool) seating.Code {
	b := m.holder(n)
	if b == nil {
		if _, over := m.ended[n]; over {
			return granted
		}
		return seating.CodeNotFound
	}
	if b.hold.by != by && !boss {
		return seating.CodeOverrideRequired
	}
	m.end(b, seating.EndReleased)
	return granted
}

func (m *model) takeOver(n, old int, by string, boss bool) seating.Code {
	b, code := m.find(old)
	if code != granted {
		return code
	}
	if !boss {
		return seating.CodeOverrideRequired
	}
	if b.hold.by == by {
		return granted
	}
	if code := m.judge(b, b.hold.by, b.hold.tables, nil); code != granted {
		return code
	}
	return m.claim(b, n, by, b.hold.tables, 3*time.Minute)
}

func (m *model) confirm(n int, by string, boss bool, transition string) seating.Code {
	if m.ended[n] == seating.EndConfirmed && !m.endedOf[n].over() && len(m.endedOf[n].sat) > 0 && (m.endedBy[n] == by || boss) {
		return granted
	}
	b, code := m.find(n)
	if code != granted {
		return code
	}
	if b.hold.by != by && !boss {
		return seating.CodeOverrideRequired
	}
	to, code := m.target(b, transition)
	if code != granted {
		return code
	}
	ts := b.hold.tables
	if code := m.drifted(b); code != granted {
		return code
	}
	start := b.hold.start
	m.end(b, seating.EndConfirmed)
	b.auto = false
	if b.status != seating.CheckedIn && to != seating.CheckedIn {
		// The hold's rows become the booking's as they are.
		b.sat = nil
		for _, t := range ts {
			b.sat = append(b.sat, mSeg{t, start, b.end})
		}
		if to != b.status {
			m.becomes(b, to)
		}
		return granted
	}
	if to == seating.CheckedIn {
		m.early(b, ts)
	}
	m.seat(b, ts, to)
	return granted
}

func (m *model) assign(of int, by string, ts []int, transition string) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	to, code := m.target(b, transition)
	if code != granted {
		return code
	}
	ts = set(ts)
	if len(ts) > 0 && slices.Equal(ts, b.tablesOf()) && to == b.status && !m.live(b.hold) {
		return granted
	}
	was := *b
	if b.status == seating.Waitlisted && to == seating.CheckedIn {
		m.wholeStay(b)
	}
	if code := m.judge(b, by, ts, nil); code != granted {
		*b = was
		return code
	}
	b.auto = false
	m.end(b, seating.EndSuperseded)
	if to == seating.CheckedIn { // one that sits already may have waited for its tables
		m.early(b, ts)
	}
	m.seat(b, ts, to)
	m.clear(b, ts, m.from(b), b.end)
	return granted
}

func (m *model) unassign(of, table int) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	if b.over() {
		return seating.CodeBookingState
	}
	have := b.tablesOf()
	left := slices.DeleteFunc(slices.Clone(have), func(t int) bool { return table == 0 || t == table })
	if len(left) == len(have) {
		return granted
	}
	if len(left) == 0 && b.status == seating.CheckedIn {
		return seating.CodeBookingState
	}
	m.seat(b, left, b.status)
	b.auto = b.auto && len(left) > 0
	if len(left) == 0 && b.status == seating.Confirmed {
		b.status = seating.Pending
	}
	return granted
}

func (m *model) swap(x, y int, by string) seating.Code {
	if x == y {
		return seating.CodeInvalid
	}
	a, b := m.booking(x), m.booking(y)
	switch {
	case a == nil:
		return m.missing(x)
	case b == nil:
		return m.missing(y)
	}
	ta, tb := a.tablesOf(), b.tablesOf()
	if a.over() || b.over() || len(ta) == 0 || len(tb) == 0 {
		return seating.CodeBookingState
	}
	if code := m.judge(a, by, tb, b); code != granted {
		return code
	}
	if code := m.judge(b, by, ta, a); code != granted {
		return code
	}
	a.auto, b.auto = false, false
	m.end(a, seating.EndSuperseded)
	m.end(b, seating.EndSuperseded)
	m.clear(a, tb, m.from(a), a.end, b)
	m.clear(b, ta, m.from(b), b.end, a)
	m.seat(a, tb, a.status)
	m.seat(b, ta, b.status)
	return granted
}

func (m *model) cancel(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.Cancelled:
		return granted
	case b.over() || b.status == seating.CheckedIn:
		return seating.CodeBookingState
	}
	m.finish(b, seating.Cancelled)
	return granted
}

func (m *model) expire(ns []int) seating.Code {
	for _, n := range ns {
		if b := m.holder(n); b != nil && !m.live(b.hold) {
			m.end(b, seating.EndExpired)
		}
	}
	return granted
}
