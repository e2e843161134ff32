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

func (g *game) drawCovers() int {
	return rapid.SampledFrom([]int{1, 2, 3, 4, 4, 6, 8, 12}).Draw(g.t, "covers")
}

// drawStart picks a day and a minute of it: mostly of the evening.
func (g *game) drawStart() (day, minute int) {
	day = dayOf(g.m.now)
	switch evenly(g.t, 16, "day") {
	case 0:
		day++
	case 1:
		day--
	}
	if evenly(g.t, 12, "at night") == 0 {
		return day, rapid.SampledFrom([]int{0, 15, 30, 12 * 60, 15 * 60, 16*60 + 15, 23 * 60, 23*60 + 45}).Draw(g.t, "time")
	}
	quarter := evenly(g.t, 19, "quarter")
	if evenly(g.t, 4, "whenever") > 0 { // soon, for those that are to sit down
		for quarter < 18 && at(day, 18*60+15*quarter) < g.m.now {
			quarter++
		}
	}
	return day, 18*60 + 15*quarter
}

// create draws a new booking.
func (g *game) create(by string) (decide.Command, seating.Code) {
	p := mAsked{covers: g.drawCovers()}
	p.day, p.minute = g.drawStart()
	if evenly(g.t, 8, "wishes") == 0 {
		p.wish = rapid.SampledFrom([]int{1, 2, 3, 4, 99}).Draw(g.t, "zone")
	}
	switch evenly(g.t, 10, "way") {
	case 0, 1, 2:
	case 3:
		p.waits = true
	case 4, 5:
		p.auto = true
	case 6, 7:
		p.web = true
		p.unconfirmed = evenly(g.t, 3, "unconfirmed") > 0
	default:
		p.tables = g.tables()
		p.unconfirmed = evenly(g.t, 4, "unconfirmed") == 0 && len(p.tables) > 0
	}
	if evenly(g.t, 12, "by hand") == 0 {
		p.turn = rapid.SampledFrom([]int{1, 45, 120}).Draw(g.t, "turn")
	}
	g.m.booked++
	p.n = g.m.booked
	c := decide.CreateBooking{
		ID: housetest.Booking(p.n), Covers: p.covers, Date: date(p.day), Time: wall(p.minute), Source: seating.SourcePhone,
		Tables: housetest.Tables(p.tables...), AutoAssign: p.auto, Turn: servicetime.Minutes(p.turn), Waitlist: p.waits,
	}
	if p.wish != 0 {
		c.ZoneWish = zoneID(p.wish)
	}
	if p.waits {
		c.Priority = 3
	}
	if p.web {
		c.Source, c.Guest = seating.SourceWeb, seating.Guest{Name: "Ada", Email: "ada@example.org"}
	}
	if p.unconfirmed {
		c.Transition = decide.ToNone
	}
	return c, g.m.create(p, by)
}

// drawChange picks a change, or a party at the door.
func (g *game) drawChange(by string) (decide.Command, seating.Code) {
	if evenly(g.t, 3, "walks in") == 0 && len(g.m.bookings) < mostBookings {
		g.m.booked++
		n, covers, ts := g.m.booked, g.drawCovers(), g.tables()
		if evenly(g.t, 3, "anywhere") == 0 {
			ts = nil
		}
		turn := rapid.SampledFrom([]int{0, 0, 20, 120}).Draw(g.t, "turn")
		c := decide.WalkIn{ID: housetest.Booking(n), Covers: covers, Tables: housetest.Tables(ts...), Turn: servicetime.Minutes(turn)}
		return c, g.m.walkIn(n, covers, turn, by, ts)
	}
	of := g.anyBooking()
	x := mChange{tables: rapid.SampledFrom([]decide.TableMode{"", decide.KeepTables, decide.ReplanTables}).Draw(g.t, "mode")}
	c := decide.ChangeBooking{Booking: housetest.Booking(of), Tables: x.tables}
	if rapid.Bool().Draw(g.t, "covers?") {
		x.covers = rapid.SampledFrom([]int{1, 2, 3, 4, 4, 6, 8}).Draw(g.t, "covers")
		c.Covers = &x.covers
	}
	if rapid.Bool().Draw(g.t, "turn?") {
		x.turn = rapid.SampledFrom([]int{-1, 1, 45, 75, 90, 150, 300}).Draw(g.t, "turn")
		by := servicetime.Minutes(max(x.turn, 0))
		c.Turn = &by
	}
	if rapid.Bool().Draw(g.t, "time?") {
		day, minute := g.drawStart()
		if b := g.m.booking(of); b != nil && rapid.Bool().Draw(g.t, "the same day") {
			day = dayOf(b.told)
		} else {
			c.Date = new(date(day))
		}
		x.start, c.Time = at(day, minute), new(wall(minute))
	}
	return c, g.m.change(of, x, by)
}

// until lets time pass up to an instant.
func (g *game) until(i servicetime.Instant) {
	d := i.Sub(g.m.now)
	g.m.now = i
	g.s.Advance(d)
}

// drawBook picks something that is done to the book as a whole.
func (g *game) drawBook() (decide.Command, seating.Code) {
	today := dayOf(g.m.now)
	switch kind := evenly(g.t, 8, "book"); {
	case kind == 0: // the night passes
		morning := at(today+1, 6*60)
		next := []servicetime.Instant{at(today, 23*60+20), morning - 1, morning, morning.Add(time.Hour)}[evenly(g.t, 4, "until")]
		if late := at(today, daily+10); g.m.now < late && slices.ContainsFunc(g.m.periods, func(p mPeriod) bool { return p.end > daily }) {
			next = late // a service is still open after midnight
		}
		if next > g.m.now && next < at(2, 8*60) {
			g.until(next)
		}
		return g.drawClose()
	case kind < 3 && len(g.m.bookings) < mostBookings:
		return g.drawImport()
	case kind < 5:
		ns := []int{g.anyBooking(), g.anyBooking(), g.m.booked + 1}[:evenly(g.t, 4, "guests")]
		var ids []seating.BookingID
		for _, n := range ns {
			ids = append(ids, housetest.Booking(n))
		}
		return decide.EraseGuests{Bookings: ids}, g.m.eraseGuests(ns)
	case kind < 6:
		epoch := rapid.SampledFrom([]string{g.m.epoch, "test1", "test2", "No!"}).Draw(g.t, "epoch")
		return decide.RotateEpoch{Epoch: epoch, Reason: "restored"}, g.m.rotate(epoch, epoch != "No!")
	case kind < 7:
		return g.drawRestaurant()
	default:
		return g.drawClose()
	}
}

// drawClose closes a day: one that is over, one that is not, one that is closed.
func (g *game) drawClose() (decide.Command, seating.Code) {
	day := dayOf(g.m.now) - []int{1, 1, 1, 0, 2}[evenly(g.t, 5, "day")]
	g.job = evenly(g.t, 2, "by itself") == 0
	return decide.CloseDay{Date: date(day)}, g.m.closeDay(day, g.job)
}

// drawImport brings a party in, now and then of a day before the first.
func (g *game) drawImport() (decide.Command, seating.Code) {
	day, minute := dayOf(g.m.now), 11*60+15*rapid.IntRange(0, 48).Draw(g.t, "quarter")
	if evenly(g.t, 5, "of a day before") == 0 && (len(g.m.bookings) > 0 || len(g.m.closed) == 0) {
		day = g.m.openFrom - 1
	}
	g.m.booked++
	b := &mBooking{n: g.m.booked, covers: g.drawCovers(), day: day, dines: at(day, minute), status: seating.Pending}
	b.told, b.start, b.leaves, b.end = b.dines, b.dines, b.dines.Add(70*time.Minute), b.dines.Add(80*time.Minute)
	ts := g.tables()
	known := evenly(g.t, 5, "known") == 0 && len(g.m.bookings) > 0
	reference := seating.ReferenceFor(housetest.Booking(b.n), 0)
	if known {
		reference = seating.ReferenceFor(housetest.Booking(g.m.bookings[0].n), 0)
	}
	in := seating.Booking{
		ID: housetest.Booking(b.n), Reference: reference, Covers: b.covers, Date: date(day), Time: wall(minute), ServiceDate: date(day),
		Window: servicetime.Window{Start: b.start, End: b.end}, Dining: servicetime.Window{Start: b.dines, End: b.leaves},
		Status: b.status, Source: seating.SourceImport, CreatedAt: Start, CreatedBy: "user:elsewhere",
	}
	return decide.ImportBookings{Bookings: []decide.Imported{{Booking: in, Tables: housetest.Tables(ts...)}}}, g.m.bringIn(b, ts, known)
}

// drawRestaurant changes the restaurant, which soon takes bookings again.
func (g *game) drawRestaurant() (decide.Command, seating.Code) {
	name := rapid.SampledFrom([]string{g.m.name, "Le Test", "La Prova", ""}).Draw(g.t, "name")
	active := evenly(g.t, 3, "active") > 0
	c := decide.ChangeRestaurant{Rename: &name, Active: &active}
	switch evenly(g.t, 6, "zone") {
	case 0:
		c.Zone = new("Mars/Olympus")
	case 1:
		if g.m.expected() {
			c.Zone = new("Asia/Tokyo")
		}
	}
	return c, g.m.changeRestaurant(name, active, c.Zone != nil)
}
