package modeltest

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// The life of a booking after it was made, as the model understands it.

// becomes moves a booking to a state and notes when.
func (m *model) becomes(b *mBooking, to seating.Status) {
	b.status, b.priority, b.quoted, b.overAt, b.left = to, 0, 0, 0, nil
	if to != seating.Pending {
		b.until = 0
	}
	if to == seating.CheckedIn {
		b.seatedAt = m.now
		if b.arrived == 0 {
			b.arrived = m.now
		}
	}
}

// finish ends a booking: no hold, no table from now on.
func (m *model) finish(b *mBooking, to seating.Status) {
	left := b.tablesOf()
	m.end(b, seating.EndReleased)
	var past []mSeg
	for _, s := range b.sat {
		if s.start < m.now {
			s.end = min(s.end, m.now)
			past = append(past, s)
		}
	}
	b.sat = past
	m.becomes(b, to)
	b.overAt, b.left = m.now, left
}

func (m *model) arrive(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.over():
		return seating.CodeBookingState
	case b.status == seating.CheckedIn || b.arrived != 0:
	case b.day > m.dayAt(m.now):
		return seating.CodeBookingState
	default:
		b.arrived, b.until = m.now, 0
	}
	return granted
}

func (m *model) checkIn(of int) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	ts := b.tablesOf()
	switch {
	case b.status == seating.CheckedIn:
		return granted
	case b.over(), b.day > m.dayAt(m.now):
		return seating.CodeBookingState
	case len(ts) == 0:
		return seating.CodeTablesRequired
	case b.end <= m.now:
		return seating.CodePast
	case m.sitters(b, ts):
		return seating.CodeTableOccupied
	}
	if m.now < b.start && m.freeUntil(b, ts) {
		m.clear(b, ts, m.now, b.start)
		b.planned, b.start, b.sat = b.start, m.now, nil
		for _, t := range ts {
			b.sat = append(b.sat, mSeg{t, m.now, b.end})
		}
	}
	m.end(b, seating.EndSuperseded)
	m.becomes(b, seating.CheckedIn)
	return granted
}

// sitters reports whether a party sits at the tables past its end.
func (m *model) sitters(b *mBooking, ts []int) bool {
	for _, o := range m.bookings {
		if o != b && o.status == seating.CheckedIn && o.end <= m.now &&
			slices.ContainsFunc(o.tablesOf(), func(t int) bool { return slices.Contains(ts, t) }) {
			return true
		}
	}
	return false
}

func (m *model) undoCheckIn(of int, corrects bool) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.Confirmed:
		return granted
	case b.status != seating.CheckedIn:
		return seating.CodeBookingState
	case m.now > b.seatedAt.Add(15*time.Minute) && !corrects:
		return seating.CodeForbidden
	}
	m.end(b, seating.EndReleased)
	b.asPlanned()
	var sat []mSeg
	for _, s := range b.sat {
		if s.end == b.end {
			s.start = max(s.start, b.start)
			sat = append(sat, s)
		}
	}
	if b.arrived == b.seatedAt {
		b.arrived = 0
	}
	b.sat, b.status, b.seatedAt, b.overstay = sat, seating.Confirmed, 0, 0
	return granted
}

// asPlanned gives a party that came early its own window again.
func (b *mBooking) asPlanned() {
	if b.planned != 0 {
		b.start, b.planned = b.planned, 0
	}
}

func (m *model) checkOut(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.Completed:
		return granted
	case b.status != seating.CheckedIn:
		return seating.CodeBookingState
	}
	m.finish(b, seating.Completed)
	return granted
}

func (m *model) reopen(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.CheckedIn:
		return granted
	case b.status != seating.Completed || m.now >= max(m.dayEnd(b.day), b.end):
		return seating.CodeBookingState
	case len(b.left) == 0:
		return seating.CodeTablesRequired
	}
	if code := m.since(b, max(b.start, b.overAt), b.end, m.now); code != granted {
		return code
	}
	if m.now >= b.end {
		if code := m.since(b, m.now, m.now+1, m.now); code != granted {
			return code
		}
	}
	m.sweep(b, max(b.start, b.overAt))
	b.sat = b.back()
	b.status, b.overAt, b.left = seating.CheckedIn, 0, nil
	return granted
}

// since says who has, or had, the tables that the booking left, from start to end;
// it would come back to them at the instant.
func (m *model) since(b *mBooking, start, end, back servicetime.Instant) seating.Code {
	switch {
	case m.outOfService(b.left, start, end):
		return seating.CodeTableUnavailable
	case back < m.now.Add(15*time.Minute) && m.sitters(b, b.left):
		return seating.CodeTableOccupied
	}
	for _, o := range m.bookings {
		for _, s := range o.sat {
			if o != b && slices.Contains(b.left, s.table) && s.start < end && start < s.end && start < end {
				return seating.CodeAssignmentConflict
			}
		}
	}
	for _, o := range m.bookings {
		if o != b && m.live(o.hold) && o.hold.meets(b.left) && o.hold.start < end && start < o.end && start < end {
			return seating.CodeHoldConflict
		}
	}
	return granted
}

func (h *mHold) meets(ts []int) bool {
	return slices.ContainsFunc(h.tables, func(t int) bool { return slices.Contains(ts, t) })
}

// sweep ends the lapsed holds on the tables that the booking comes back to.
func (m *model) sweep(b *mBooking, start servicetime.Instant) {
	for _, o := range m.bookings {
		if o != b && o.hold != nil && !m.live(o.hold) && o.hold.meets(b.left) && o.hold.start < b.end && start < o.end && start < b.end {
			m.end(o, seating.EndExpired)
		}
	}
}

// back is where a booking sat, as if it had not left the tables it had.
func (b *mBooking) back() []mSeg {
	sat := slices.Clone(b.sat)
	for _, t := range b.left {
		i := slices.IndexFunc(sat, func(s mSeg) bool { return s.table == t && s.end == min(b.overAt, b.end) })
		if i < 0 {
			sat = append(sat, mSeg{t, max(b.start, b.overAt), b.end})
		} else {
			sat[i].start, sat[i].end = max(sat[i].start, b.start), b.end
		}
	}
	return sat
}

func (m *model) noShow(of int, corrects bool) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.NoShow:
		return granted
	case b.over() || b.status == seating.Waitlisted:
		return seating.CodeBookingState
	case b.status == seating.CheckedIn && !corrects:
		return seating.CodeForbidden
	}
	m.finish(b, seating.NoShow)
	return granted
}

func (m *model) undoNoShow(of int, corrects bool) seating.Code {
	b := m.booking(of)
	if b == nil {
		return m.missing(of)
	}
	late := m.now > b.overAt.Add(15*time.Minute)
	switch {
	case b.status == seating.Pending || b.status == seating.Confirmed:
		return granted
	case b.status != seating.NoShow || late && m.now >= max(m.dayEnd(b.day), b.end):
		return seating.CodeBookingState
	case late && !corrects:
		return seating.CodeForbidden
	}
	if late {
		b.arrived, b.seatedAt = 0, 0
	}
	b.asPlanned()
	from := max(b.start, b.overAt)
	if len(b.left) > 0 && m.now < b.end && m.since(b, from, b.end, max(m.now, from)) == granted {
		m.sweep(b, from)
		b.sat = slices.DeleteFunc(b.back(), func(s mSeg) bool { return s.end != b.end })
		b.status = seating.Confirmed
	} else {
		b.sat, b.status, b.auto = nil, seating.Pending, false
	}
	b.overAt, b.left, b.overstay = 0, nil, 0
	return granted
}

func (m *model) reinstate(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.Pending:
		return granted
	case b.status != seating.Cancelled:
		return seating.CodeBookingState
	case b.end <= m.now:
		return seating.CodePast
	}
	b.sat, b.auto = nil, false
	m.becomes(b, seating.Pending)
	return granted
}

func (m *model) wait(of, priority, quoted int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case priority < 0 || priority > 9 || quoted < 0 || quoted > 600:
		return seating.CodeInvalid
	case b.status == seating.Waitlisted:
	case b.status == seating.Pending || b.status == seating.Confirmed:
		m.free(b)
	default:
		return seating.CodeBookingState
	}
	b.priority, b.quoted = priority, quoted
	return granted
}

// free takes everything from a booking that waits from now on.
func (m *model) free(b *mBooking) {
	m.end(b, seating.EndReleased)
	b.sat, b.auto = nil, false
	m.becomes(b, seating.Waitlisted)
}

func (m *model) unwait(of int) seating.Code {
	b := m.booking(of)
	switch {
	case b == nil:
		return m.missing(of)
	case b.status == seating.Pending:
		return granted
	case b.status != seating.Waitlisted:
		return seating.CodeBookingState
	}
	m.becomes(b, seating.Pending)
	return granted
}

// The jobs are always granted: where there is nothing to do they do nothing.

func (m *model) markLate(of int) seating.Code {
	b := m.booking(of)
	if b == nil || b.status != seating.Pending && b.status != seating.Confirmed || b.arrived != 0 || b.late != 0 || m.now < b.dines.Add(minutes(m.lateAfter)) {
		return granted
	}
	b.late = m.now
	if m.releases {
		m.free(b)
		b.priority = 1
	}
	return granted
}

func (m *model) markOverstay(of int) seating.Code {
	if b := m.booking(of); b != nil && b.status == seating.CheckedIn && b.overstay == 0 && m.now >= b.end.Add(5*time.Minute) {
		b.overstay = m.now
	}
	return granted
}

func (m *model) expirePending(of int) seating.Code {
	if b := m.booking(of); b != nil && b.status == seating.Pending && b.until != 0 && m.now >= b.until {
		m.finish(b, seating.Cancelled)
	}
	return granted
}

// wholeStay is the time of a waiting party that sits down after its time: its whole
// stay from now.
func (m *model) wholeStay(b *mBooking) {
	if waited := m.now.Sub(b.dines); waited > 0 {
		b.dines, b.leaves = b.dines.Add(waited), b.leaves.Add(waited)
		b.start, b.end = b.start.Add(waited), b.end.Add(waited)
	}
}
