package modeltest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// stay is how long a party of that size keeps its table at dinner.
func stay(covers int) int {
	switch {
	case covers > 6:
		return 90
	case covers > 4:
		return 85
	case covers > 2:
		return 75
	}
	return 60
}

// queue puts a new party on the list; it has no tables.
func (m *model) queue(n, covers int, start, end servicetime.Instant) seating.Code {
	if start < m.now.Add(-5*time.Minute) {
		return seating.CodePast
	}
	m.bookings = append(m.bookings, &mBooking{n: n, covers: covers, start: start, end: end, dines: start, told: start, status: seating.Waitlisted, priority: 3})
	return granted
}

// tentative makes a booking that has tables and is still to be confirmed.
func (m *model) tentative(n, covers int, start, end servicetime.Instant, by string, ts []int) seating.Code {
	code := m.create(n, covers, start, end, by, ts)
	if code == granted {
		m.booking(n).status = seating.Pending
	}
	return code
}

// walkIn seats a party that stands at the door.
func (m *model) walkIn(n, covers, turn int, by string, ts []int) seating.Code {
	minute := m.now - m.now%servicetime.Instant(time.Minute/time.Microsecond)
	b := &mBooking{n: n, covers: covers, start: m.now, dines: m.now, told: minute, turn: turn}
	if turn == 0 {
		turn = stay(covers)
	}
	b.end = m.now.Add(time.Duration(turn+5) * time.Minute)
	switch {
	case minute > housetest.At("22:30"):
		return seating.CodeOutsideServiceHours
	case minute.Add(time.Duration(turn)*time.Minute) > housetest.At("23:30"):
		return seating.CodeServiceOverrun
	}
	ts = set(ts)
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

// change gives a booking another size, start or stay at the tables it has; 0 leaves
// each as it is. A turn below 0 takes a stay by hand back.
func (m *model) change(of, covers int, start servicetime.Instant, turn int, by string) seating.Code {
	b := m.booking(of)
	if b == nil {
		return seating.CodeNotFound
	}
	was := *b
	if covers > 0 {
		b.covers = covers
	}
	if turn != 0 {
		b.turn = max(turn, 0)
	}
	moves := start != 0 && start != b.told
	if !moves && b.covers == was.covers && b.turn == was.turn {
		return granted
	}
	if moves {
		b.dines, b.told, b.late = start, start, 0
	}
	code := m.rewindow(b, was, moves, by)
	if code != granted {
		*b = was
		return code
	}
	if b.end > m.now {
		b.overstay = 0
	}
	m.end(b, seating.EndReleased)
	ts := b.tablesOf()
	m.clear(b, ts, m.from(b), b.end)
	if b.status != seating.CheckedIn {
		b.sat = nil
		for _, t := range ts {
			b.sat = append(b.sat, mSeg{t, m.from(b), b.end})
		}
		return granted
	}
	if b.end != was.end {
		b.sat = m.stretched(b, was, ts)
	}
	return granted
}

// rewindow gives the booking its new window and says whether it may have it; was is
// the booking before.
func (m *model) rewindow(b *mBooking, was mBooking, moves bool, by string) seating.Code {
	sits := b.status == seating.CheckedIn
	if b.over() || sits && moves {
		return seating.CodeBookingState
	}
	minutes := b.turn
	if minutes == 0 {
		minutes = stay(b.covers)
	}
	leaves := b.dines.Add(time.Duration(minutes) * time.Minute)
	switch {
	case sits && leaves > m.now:
		b.end = leaves.Add(5 * time.Minute)
	case sits && b.turn != was.turn:
		return seating.CodeInvalid
	case sits: // its number is no reason to send it away
	default:
		b.start, b.end = b.dines, leaves.Add(5*time.Minute)
		switch {
		case !moves && b.end <= m.now:
			return seating.CodePast
		case leaves > housetest.At("23:30"):
			return seating.CodeServiceOverrun
		case moves && b.dines < m.now.Add(-5*time.Minute):
			return seating.CodePast
		}
	}
	ts := was.tablesOf()
	if len(ts) == 0 {
		return granted
	}
	asks := *b
	*b = mBooking{n: b.n, covers: b.covers, start: b.start, end: b.end, stays: sits}
	if sits && b.end <= m.now {
		b.start, b.end = 1, 1 // nothing of its time is left to meet anybody in
	}
	code := m.judge(b, by, ts, nil)
	*b = asks
	return code
}

// stretched is where a party that sits is, and was, after its end has moved.
func (m *model) stretched(b *mBooking, was mBooking, ts []int) []mSeg {
	var next []mSeg
	there := map[int]bool{}
	for _, s := range was.sat {
		if s.end == was.end && !m.anybody(b, s.table, s.end, m.now) {
			m.clear(b, []int{s.table}, s.end, m.now)
			s.end = b.end
			there[s.table] = true
		}
		next = append(next, s)
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

// drawChange picks a change, a party at the door, or a booking that is not confirmed.
func (g *game) drawChange(by string) (decide.Command, seating.Code) {
	kind := rapid.SampledFrom([]string{"walks in", "walks in", "waits", "is tentative", "changes", "changes"}).Draw(g.t, "change")
	if kind != "changes" && len(g.m.bookings) < mostBookings {
		return g.arrives(kind, by)
	}
	of := rapid.IntRange(1, max(1, len(g.m.bookings)+1)).Draw(g.t, "booking")
	c := decide.ChangeBooking{Booking: housetest.Booking(of), Tables: rapid.SampledFrom([]decide.TableMode{"", decide.KeepTables}).Draw(g.t, "mode")}
	covers, turn, start := 0, 0, servicetime.Instant(0)
	if rapid.Bool().Draw(g.t, "covers?") {
		covers = rapid.SampledFrom([]int{1, 2, 3, 4, 4, 6, 8}).Draw(g.t, "covers")
		c.Covers = &covers
	}
	if rapid.Bool().Draw(g.t, "turn?") {
		turn = rapid.SampledFrom([]int{-1, 1, 45, 75, 90, 150, 300}).Draw(g.t, "turn")
		by := servicetime.Minutes(max(turn, 0))
		c.Turn = &by
	}
	if rapid.Bool().Draw(g.t, "time?") {
		quarter := rapid.IntRange(0, 18).Draw(g.t, "quarter")
		clock := servicetime.NewClock(18+quarter/4, 15*(quarter%4))
		start, c.Time = housetest.At(clock.String()), &clock
	}
	return c, g.m.change(of, covers, start, turn, by)
}

// arrives draws a party that comes in another way than by a plain booking.
func (g *game) arrives(kind, by string) (decide.Command, seating.Code) {
	n := len(g.m.bookings) + 1
	covers := rapid.SampledFrom([]int{1, 2, 3, 4, 4, 6, 8}).Draw(g.t, "covers")
	ts := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(selections), func(s []int) bool { return len(s) == 0 })).Draw(g.t, "tables")
	if kind == "walks in" {
		turn := rapid.SampledFrom([]int{0, 0, 20, 120}).Draw(g.t, "turn")
		c := decide.WalkIn{ID: housetest.Booking(n), Covers: covers, Tables: housetest.Tables(ts...), Turn: servicetime.Minutes(turn)}
		return c, g.m.walkIn(n, covers, turn, by, ts)
	}
	quarter := rapid.IntRange(0, 16).Draw(g.t, "quarter")
	clock := servicetime.NewClock(18+quarter/4, 15*(quarter%4))
	start := housetest.At(clock.String())
	end := start.Add(time.Duration(stay(covers)+5) * time.Minute)
	c := decide.CreateBooking{ID: housetest.Booking(n), Covers: covers, Date: housetest.Friday, Time: clock, Source: seating.SourcePhone}
	if kind == "waits" {
		c.Waitlist, c.Priority = true, 3
		return c, g.m.queue(n, covers, start, end)
	}
	c.Tables, c.Transition = housetest.Tables(ts...), decide.ToNone
	return c, g.m.tentative(n, covers, start, end, by, ts)
}
