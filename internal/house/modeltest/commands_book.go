package modeltest

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// mPlace is the restaurant and its book as a whole.
type mPlace struct {
	name     string
	idle     bool // takes no bookings
	epoch    string
	openFrom int // day; those before are closed
	booked   int // bookings so far, closed ones too
}

// missing says why a booking is not in the book.
func (m *model) missing(n int) seating.Code {
	if m.closed[n] {
		return seating.CodeDayClosed
	}
	return seating.CodeNotFound
}

// closeDay ends everything up to a day. The job that is too early comes again.
func (m *model) closeDay(day int, job bool) seating.Code {
	switch {
	case day < m.openFrom:
		return granted
	case m.now < m.dayEnd(day).Add(6*time.Hour) && job:
		return granted
	case m.now < m.dayEnd(day).Add(6*time.Hour):
		return seating.CodeInvalid
	}
	var open []*mBooking
	for _, b := range m.bookings {
		if b.day > day {
			open = append(open, b)
			continue
		}
		m.end(b, seating.EndReleased)
		b.status = seating.Completed // or another way to be over; nobody sees it any more
		m.closed[b.n] = true
	}
	m.bookings, m.openFrom = open, day+1
	return granted
}

// bringIn puts a pending party into the book as it was elsewhere: only what cannot
// be is refused. known: its reference is another's.
func (m *model) bringIn(b *mBooking, ts []int, known bool) seating.Code {
	switch {
	case b.day < m.openFrom && len(m.bookings) > 0:
		return seating.CodeDayClosed
	case known:
		return seating.CodeInvalid
	}
	for _, t := range set(ts) {
		if m.unknown(t) {
			return seating.CodeInvalid
		}
		if m.anybodyAt(t, b.start, b.end) {
			return seating.CodeAssignmentConflict
		}
		b.sat = append(b.sat, mSeg{t, b.start, b.end})
	}
	m.openFrom = min(m.openFrom, b.day)
	m.bookings = append(m.bookings, b)
	return granted
}

// anybodyAt reports whether there is anything at all at the table, a lapsed hold too.
func (m *model) anybodyAt(t int, start, end servicetime.Instant) bool {
	if m.blocked([]int{t}, start, end, 0) {
		return true
	}
	for _, o := range m.bookings {
		if slices.ContainsFunc(o.sat, func(s mSeg) bool { return s.table == t && s.start < end && start < s.end }) {
			return true
		}
		if o.hold != nil && o.hold.meets([]int{t}) && o.hold.start < end && start < o.end {
			return true
		}
	}
	return false
}

func (m *model) eraseGuests(ns []int) seating.Code {
	for _, n := range ns {
		if m.booking(n) == nil && !m.closed[n] {
			return seating.CodeNotFound
		}
	}
	return granted
}

func (m *model) rotate(epoch string, sound bool) seating.Code {
	if !sound || epoch == m.epoch {
		return seating.CodeInvalid
	}
	m.epoch = epoch
	return granted
}

// changeRestaurant changes what is given. It cannot move to another time zone while
// parties are to come.
func (m *model) changeRestaurant(name string, active bool, zone bool) seating.Code {
	if name == "" || zone {
		return seating.CodeInvalid
	}
	m.name, m.idle = name, !active
	return granted
}

// expected reports whether parties are still to come.
func (m *model) expected() bool {
	return slices.ContainsFunc(m.bookings, func(b *mBooking) bool { return !b.over() && b.end > m.now })
}

// comparePlace demands that the restaurant is what the model says.
func (m *model) comparePlace(h *house.House, fail func(string, ...any)) {
	if r := h.Restaurant; r.Name != m.name || r.Active == m.idle || h.Epoch != m.epoch || h.OpenFrom != date(m.openFrom) {
		fail("is %+v, epoch %s, open from %s, want %+v", r, h.Epoch, h.OpenFrom, m.mPlace)
	}
	there := 0
	for range h.Bookings() {
		there++
	}
	if there != len(m.bookings) {
		fail("has %d bookings, want %d", there, len(m.bookings))
	}
	if h.Policy != m.spelled() {
		fail("has policy %+v, want %+v", h.Policy, m.spelled())
	}
}
