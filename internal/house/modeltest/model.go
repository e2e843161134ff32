// Package modeltest holds a small reference model of seating and plays random
// commands against it and against the real thing, which must agree after each
// step. The model is written to be obviously right: lists it runs through, no
// index, no sharing of code with the rules it checks.
package modeltest

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// model is what a careful host with paper and pencil would keep.
type model struct {
	now      servicetime.Instant
	bookings []*mBooking
	closed   map[int]bool            // bookings of days that are closed
	ended    map[int]seating.HoldEnd // holds that are over, and how
	endedOf  map[int]*mBooking
	endedBy  map[int]string // who had made it

	mFloor
	mRules
	mHours
	mPlace
}

type mBooking struct {
	n, covers  int
	start, end servicetime.Instant
	status     seating.Status
	sat        []mSeg // its own occupancy, past and future
	hold       *mHold
	grants     []mGrant

	arrived, seatedAt, overAt, late, overstay, planned servicetime.Instant
	left                                               []int // the tables it had when it ended
	priority, quoted                                   int
	dines, told                                        servicetime.Instant // when dining starts, and the time on the wall that it was told
	turn                                               int                 // minutes, by hand; 0: by its size
	stays                                              bool                // while it is judged: whether its time is over does not matter
	leaves                                             servicetime.Instant // when dining ends
	until                                              servicetime.Instant // it must be confirmed by then
	day                                                int                 // of service
	wish                                               int                 // zone; 0: none
	auto                                               bool                // the engine chose its tables
}

type mSeg struct {
	table      int
	start, end servicetime.Instant
}

type mHold struct {
	n              int
	tables         []int
	start          servicetime.Instant // its rows begin
	expires, since servicetime.Instant
	by             string
}

type mGrant struct {
	by string
	at servicetime.Instant
}

const granted = seating.Code("")

// tablesOf are the tables of a booking's last stretch.
func (b *mBooking) tablesOf() []int {
	var last servicetime.Instant
	for _, s := range b.sat {
		last = max(last, s.end)
	}
	var ts []int
	for _, s := range b.sat {
		if s.end == last && !slices.Contains(ts, s.table) {
			ts = append(ts, s.table)
		}
	}
	slices.Sort(ts)
	return ts
}

func (m *model) live(h *mHold) bool { return h != nil && m.now < h.expires }

func (b *mBooking) over() bool {
	return b.status == seating.Cancelled || b.status == seating.Completed || b.status == seating.NoShow
}

func (m *model) booking(n int) *mBooking {
	for _, b := range m.bookings {
		if b.n == n {
			return b
		}
	}
	return nil
}

func (m *model) holder(n int) *mBooking {
	for _, b := range m.bookings {
		if b.hold != nil && b.hold.n == n {
			return b
		}
	}
	return nil
}

func set(ts []int) []int {
	ts = slices.Clone(ts)
	slices.Sort(ts)
	return slices.Compact(ts)
}

// judge returns the first check that refuses the tables for the booking.
// partner's claims are disregarded; zero means nobody's.
func (m *model) judge(b *mBooking, by string, ts []int, partner *mBooking) seating.Code {
	return m.judgeFrom(m.from(b), b, by, ts, partner)
}

// judgeFrom judges what the booking needs from the instant on.
func (m *model) judgeFrom(from servicetime.Instant, b *mBooking, by string, ts []int, partner *mBooking) seating.Code {
	covers, low := m.seats(ts)
	declared := m.declared(ts) != nil
	switch {
	case len(ts) == 0:
		return seating.CodeTablesRequired
	case len(ts) > m.maxTables:
		return seating.CodeTooManyTables
	case slices.ContainsFunc(ts, m.unknown):
		return seating.CodeTableNotFound
	case m.outOfService(ts, from, b.end):
		return seating.CodeTableUnavailable
	case m.occupied(b, ts, partner):
		return seating.CodeTableOccupied
	case covers < b.covers:
		return seating.CodeCapacityInsufficient
	case m.enforce && b.covers < low:
		return seating.CodeBelowMinimum
	case covers-b.covers > m.slack:
		return seating.CodeSlackExceeded
	case m.severalZones(ts) && !m.across:
		return seating.CodeZoneMismatch
	case len(ts) > 1 && !declared && m.fixed(ts):
		return seating.CodeTableFixed
	case len(ts) > 1 && !declared && !m.advised && !m.joined(ts):
		return seating.CodeNotAdjacent
	case b.end <= m.now && !b.stays:
		return seating.CodePast
	case m.taken(from, b, ts, partner):
		return seating.CodeAssignmentConflict
	case m.held(from, b, by, ts, partner):
		return seating.CodeHoldConflict
	}
	return granted
}

func (m *model) occupied(b *mBooking, ts []int, partner *mBooking) bool {
	if b.start >= m.now.Add(15*time.Minute) {
		return false
	}
	for _, o := range m.bookings {
		if o != b && o != partner && o.status == seating.CheckedIn && o.end <= m.now {
			for _, t := range o.tablesOf() {
				if slices.Contains(ts, t) {
					return true
				}
			}
		}
	}
	return false
}

func (m *model) taken(from servicetime.Instant, b *mBooking, ts []int, partner *mBooking) bool {
	for _, o := range m.bookings {
		if o == b || o == partner {
			continue
		}
		for _, s := range o.sat {
			if slices.Contains(ts, s.table) && s.start < b.end && from < s.end {
				return true
			}
		}
	}
	return false
}

func (m *model) held(from servicetime.Instant, b *mBooking, by string, ts []int, partner *mBooking) bool {
	for _, o := range m.bookings {
		if o == partner || !m.live(o.hold) {
			continue
		}
		if o == b {
			if o.hold.by != by {
				return true
			}
			continue
		}
		for _, t := range o.hold.tables {
			if slices.Contains(ts, t) && o.hold.start < b.end && from < o.end {
				return true
			}
		}
	}
	return false
}

// from is when a party that gets a table now begins to use it.
func (m *model) from(b *mBooking) servicetime.Instant {
	if m.now < b.end {
		return max(b.start, m.now)
	}
	return b.start
}

// end finishes a booking's hold, if it has one.
func (m *model) end(b *mBooking, how seating.HoldEnd) {
	if b.hold == nil {
		return
	}
	if !m.live(b.hold) {
		how = seating.EndExpired
	}
	m.ended[b.hold.n], m.endedOf[b.hold.n], m.endedBy[b.hold.n] = how, b, b.hold.by
	b.hold = nil
}

// clear ends the lapsed holds that stand on the tables in the window.
func (m *model) clear(b *mBooking, ts []int, start, end servicetime.Instant, spare ...*mBooking) {
	for _, o := range m.bookings {
		if o == b || slices.Contains(spare, o) || o.hold == nil || m.live(o.hold) {
			continue
		}
		if slices.ContainsFunc(o.hold.tables, func(t int) bool { return slices.Contains(ts, t) }) && o.hold.start < end && start < o.end {
			m.end(o, seating.EndExpired)
		}
	}
}

// claim puts a hold on the booking, or says which limit is in the way.
func (m *model) claim(b *mBooking, n int, by string, ts []int, ttl time.Duration) seating.Code {
	used, mine, all := 0, 0, 0
	for _, g := range b.grants {
		if g.by == by && g.at > m.now.Add(-time.Minute) {
			used++
		}
	}
	for _, o := range m.bookings {
		if o != b && m.live(o.hold) {
			all++
			if o.hold.by == by {
				mine++
			}
		}
	}
	if used >= 5 || mine >= 20 || all >= 50 {
		return seating.CodeRateLimited
	}
	h := &mHold{n: n, tables: ts, by: by, start: m.from(b), since: m.now, expires: m.now.Add(ttl)}
	if m.live(b.hold) && slices.ContainsFunc(ts, func(t int) bool { return slices.Contains(b.hold.tables, t) }) {
		h.since = b.hold.since
		h.expires = min(h.expires, h.since.Add(30*time.Minute))
	}
	m.end(b, seating.EndSuperseded)
	m.clear(b, ts, m.from(b), b.end)
	b.hold = h
	b.grants = append(b.grants, mGrant{by: by, at: m.now})
	return granted
}

// target is where a transition leads, or why not.
func (m *model) target(b *mBooking, t string) (seating.Status, seating.Code) {
	if b.over() {
		return "", seating.CodeBookingState
	}
	if t == "" {
		t = "none"
		if b.status == seating.Pending || b.status == seating.Waitlisted {
			t = "confirmed"
		}
	}
	switch {
	case t == "none" && b.status == seating.Waitlisted:
		return "", seating.CodeBookingState
	case t == "none":
		return b.status, granted
	case t == "confirmed" && b.status == seating.CheckedIn:
		return "", seating.CodeBookingState
	case t == "confirmed":
		return seating.Confirmed, granted
	case b.day > m.dayAt(m.now):
		return "", seating.CodeBookingState
	}
	return seating.CheckedIn, granted
}

// seat moves the party to the tables from now on.
func (m *model) seat(b *mBooking, ts []int, to seating.Status) {
	sits := b.status == seating.CheckedIn
	var next []mSeg
	has := map[int]bool{}
	for _, s := range b.sat {
		switch {
		case slices.Contains(ts, s.table) && s.end == b.end:
			next = append(next, s)
			has[s.table] = true
		case sits && s.start < m.now:
			// Past its end, a party leaves a table the moment before.
			if s.end = min(s.end, m.now, b.end-1); s.start < s.end {
				next = append(next, s)
			}
		}
	}
	for _, t := range ts {
		if !has[t] {
			next = append(next, mSeg{t, m.from(b), b.end})
		}
	}
	b.sat = next
	if to != b.status {
		m.becomes(b, to)
	}
}

// early gives a party that sits down before its time the tables from now on, if
// they are free until then.
func (m *model) early(b *mBooking, ts []int) {
	if m.now < b.start && m.freeUntil(b, ts) {
		m.clear(b, ts, m.now, b.start)
		b.planned, b.start, b.sat = b.start, m.now, nil
	}
}

// freeUntil reports whether nobody has the tables between now and the party's
// time, nor sits at them past its own.
func (m *model) freeUntil(b *mBooking, ts []int) bool {
	if m.blocked(ts, m.now, b.start, 0) {
		return false
	}
	for _, o := range m.bookings {
		if o == b {
			continue
		}
		if o.status == seating.CheckedIn && o.end <= m.now && slices.ContainsFunc(o.tablesOf(), func(t int) bool { return slices.Contains(ts, t) }) {
			return false
		}
		for _, s := range o.sat {
			if slices.Contains(ts, s.table) && s.start < b.start && m.now < s.end {
				return false
			}
		}
		if m.live(o.hold) && o.hold.start < b.start && m.now < o.end && slices.ContainsFunc(o.hold.tables, func(t int) bool { return slices.Contains(ts, t) }) {
			return false
		}
	}
	return true
}
