package modeltest

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// System is the real thing: something that carries commands out on a house that
// began as housetest.State.
type System interface {
	// Do carries the command out and returns the refusal, nil when granted.
	Do(who seating.Actor, c decide.Command) *seating.Error
	// House is the state after it.
	House() *house.House
	// Advance moves the clock of the database.
	Advance(d time.Duration)
	// Check is called now and then; it looks at the system's own invariants.
	Check()
}

// Soak makes the properties of a test binary draw that many times as many games
// when MAITRED_SOAK is set. Call it from TestMain.
func Soak(times int) {
	if os.Getenv("MAITRED_SOAK") == "" {
		return
	}
	flag.Parse()
	if err := flag.Set("rapid.checks", strconv.Itoa(100*times)); err != nil {
		panic(err)
	}
}

// Start is the database's time at which the system begins.
var Start = housetest.At("18:00")

var people = []seating.Actor{housetest.Host("anna"), housetest.Host("ben"), housetest.Manager("cleo")}

// bookings that a game knows at most; more are not created.
const mostBookings = 14

// Play draws steps commands and demands that system and model agree after each.
// It returns how many commands were granted.
func Play(t *rapid.T, s System, steps int) (grantedCommands int) {
	g := &game{t: t, s: s, m: newModel(s.House())}
	for i := range steps {
		who := rapid.SampledFrom(people).Draw(t, "who")
		command, want := g.draw(who)
		if command == nil {
			continue
		}
		if g.job {
			who, g.job = seating.System(), false
		}
		err := s.Do(who, command)
		got := granted
		if err != nil {
			got = err.Code
		}
		if got != want {
			t.Fatalf("step %d: %s %+v by %s = %q (%v), want %q", i, command.Name(), command, who.Principal, got, err, want)
		}
		if got == granted {
			grantedCommands++
		}
		g.compare(i, command)
		if i%25 == 24 {
			s.Check()
		}
	}
	s.Check()
	return grantedCommands
}

// newModel is the house of the games; what it is called is for the system to say.
func newModel(h *house.House) *model {
	m := &model{now: Start, ended: map[int]seating.HoldEnd{}, endedOf: map[int]*mBooking{}, endedBy: map[int]string{}, closed: map[int]bool{}}
	m.mRules, m.mHours = usualRules, mHours{periods: usualHours, shut: map[int]bool{}}
	m.mPlace = mPlace{name: h.Restaurant.Name, epoch: h.Epoch, openFrom: -1}
	m.tables, m.zones = map[int]mTable{}, map[int]mZone{1: {name: "Main"}, 2: {name: "Patio"}}
	m.combos = []mCombo{{tables: []int{5, 6}, low: 6, high: 10}}
	for n := 1; n <= 4; n++ {
		m.tables[n] = mTable{low: 2, high: 4, zone: 1, movable: true}
	}
	m.tables[5] = mTable{low: 1, high: 2, zone: 1, movable: true}
	m.tables[6] = mTable{low: 4, high: 8, zone: 1}
	m.tables[7] = mTable{low: 2, high: 4, zone: 2, movable: true}
	m.tables[8] = mTable{low: 2, high: 4, zone: 2, movable: true}
	m.edges = [][2]int{{1, 2}, {2, 3}, {3, 4}, {7, 8}}
	return m
}

type game struct {
	t     *rapid.T
	s     System
	m     *model
	holds int  // made so far
	job   bool // the command at hand is nobody's
	plan  planMade
}

// evenly picks a number below n, each about as often as another: what rapid picks
// from a range is mostly small, and a game of mostly the first command is none.
func evenly(t *rapid.T, n int, label string) int {
	x := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), 12, 12).Draw(t, label) {
		x *= 2
		if bit {
			x++
		}
	}
	return x % n
}

// likelyHold picks a hold, mostly one that has not ended, at times one that has.
func (g *game) likelyHold() int {
	var there, over []int
	for _, b := range g.m.bookings {
		if m := g.m; b.hold != nil && (m.live(b.hold) || evenly(g.t, 4, "a lapsed one") == 0) {
			there = append(there, b.hold.n)
		}
	}
	for n := max(1, g.holds-20); n <= g.holds; n++ {
		if _, ended := g.m.ended[n]; ended {
			over = append(over, n)
		}
	}
	switch kind := evenly(g.t, 7, "hold that"); {
	case kind < 5 && len(there) > 0:
		return there[evenly(g.t, len(there), "hold")]
	case kind < 6 && len(over) > 0:
		return over[evenly(g.t, len(over), "hold")]
	}
	return g.holds + 1
}

// anyBooking picks a booking: mostly one in the book, at times a closed one or none.
func (g *game) anyBooking() int {
	var closed []int
	for n := 1; n <= g.m.booked; n++ {
		if g.m.closed[n] {
			closed = append(closed, n)
		}
	}
	switch kind := evenly(g.t, 16, "booking of"); {
	case kind == 0 || len(g.m.bookings) == 0 && len(closed) == 0:
		return g.m.booked + 1
	case len(g.m.bookings) == 0 || kind == 1 && len(closed) > 0:
		return closed[evenly(g.t, len(closed), "booking")]
	}
	return g.m.bookings[evenly(g.t, len(g.m.bookings), "booking")].n
}

// tables picks some, at times such as were not there from the beginning.
func (g *game) tables() []int {
	all := g.m.inUse()
	if evenly(g.t, 5, "tables that there are") == 0 {
		i := evenly(g.t, len(all), "table")
		return all[i:min(len(all), i+1+evenly(g.t, 2, "tables"))]
	}
	return selections[evenly(g.t, len(selections), "tables")]
}

// fitting picks tables for a booking, every other time such as seat it.
func (g *game) fitting(of int) []int {
	b := g.m.booking(of)
	if b == nil || evenly(g.t, 2, "whether they seat it") == 0 {
		return g.tables()
	}
	var fit [][]int
	for _, ts := range append(selections[:16:16], g.m.single()...) {
		if high, _ := g.m.seats(ts); high >= b.covers && high-b.covers <= g.m.slack {
			fit = append(fit, ts)
		}
	}
	if len(fit) == 0 {
		return g.tables()
	}
	return fit[evenly(g.t, len(fit), "fitting tables")]
}

// single are all tables, each by itself.
func (m *model) single() [][]int {
	var each [][]int
	for _, t := range m.inUse() {
		each = append(each, []int{t})
	}
	return each
}

// draw picks a command and asks the model for its outcome.
func (g *game) draw(who seating.Actor) (decide.Command, seating.Code) {
	boss, by := who.Can(seating.CapOverride), who.Principal
	booking, hold := g.anyBooking, g.likelyHold
	open := func() int {
		return g.likely([]seating.Status{seating.Waitlisted, seating.Pending, seating.Confirmed, seating.CheckedIn})
	}
	transition := func() string {
		return rapid.SampledFrom([]string{"", "", "", "confirmed", "checked_in", "none"}).Draw(g.t, "transition")
	}
	seats := []seating.Status{seating.Confirmed, seating.CheckedIn}
	today := dayOf(g.m.now)
	if g.m.now < at(today, 17*60) && g.m.dayAt(g.m.now) == today && evenly(g.t, 10, "the morning passes") == 0 {
		g.until(at(today, 17*60+30))
		return nil, granted
	}
	if today > g.m.openFrom && g.m.now > at(today, 6*60) && evenly(g.t, 15, "the day before") == 0 {
		return g.drawClose()
	}
	if c, want := g.usual(); c != nil {
		return c, want
	}
	kind := evenly(g.t, 180, "kind")
	switch held := slices.ContainsFunc(g.m.bookings, func(b *mBooking) bool { return g.m.live(b.hold) }); {
	case !held && 40 <= kind && kind < 68 && evenly(g.t, 4, "a hold for it") > 0:
		kind = 16
	case held && evenly(g.t, 15, "under a hold") == 0:
		kind = 161
	}
	switch {
	case kind >= 161:
		return g.drawSettings()
	case kind >= 157:
		return g.drawBook()
	case kind >= 145:
		return g.drawChange(by)
	case kind < 16 && len(g.m.bookings) < mostBookings || len(g.m.bookings) == 0:
		return g.create(by)
	case kind < 40:
		g.holds++
		n, of := g.holds, open()
		ts := g.fitting(of)
		ttl := rapid.SampledFrom([]int{600, 30, 60, 180, 600, 600}).Draw(g.t, "ttl")
		return decide.MakeHold{ID: housetest.Hold(n), Booking: housetest.Booking(of), Tables: housetest.Tables(ts...), TTL: servicetime.Seconds(ttl)},
			g.m.makeHold(n, of, by, ts, time.Duration(ttl)*time.Second)
	case kind < 55:
		n, tr := hold(), transition()
		return decide.ConfirmHold{Hold: housetest.Hold(n), Transition: decide.Transition(tr)}, g.m.confirm(n, by, boss, tr)
	case kind < 60:
		n, d := hold(), rapid.IntRange(1, 600).Draw(g.t, "seconds")
		return decide.ExtendHold{Hold: housetest.Hold(n), By: servicetime.Seconds(d)}, g.m.extend(n, by, boss, time.Duration(d)*time.Second)
	case kind < 65:
		n := hold()
		return decide.ReleaseHold{Hold: housetest.Hold(n)}, g.m.release(n, by, boss)
	case kind < 68:
		old := hold()
		g.holds++
		return decide.TakeOver{ID: housetest.Hold(g.holds), Hold: housetest.Hold(old), Reason: "busy"}, g.m.takeOver(g.holds, old, by, boss)
	case kind < 78:
		of, tr := open(), transition()
		ts := g.fitting(of)
		return decide.Assign{Booking: housetest.Booking(of), Tables: housetest.Tables(ts...), Transition: decide.Transition(tr)}, g.m.assign(of, by, ts, tr)
	case kind < 82:
		of, table := open(), rapid.IntRange(0, 10).Draw(g.t, "table")
		c := decide.Unassign{Booking: housetest.Booking(of)}
		if table > 0 {
			c.Table = housetest.Table(table)
		}
		return c, g.m.unassign(of, table)
	case kind < 86:
		a, b := g.likely(seats), g.likely(seats)
		return decide.Swap{A: housetest.Booking(a), B: housetest.Booking(b)}, g.m.swap(a, b, by)
	case kind < 89:
		of := booking()
		return decide.Cancel{Booking: housetest.Booking(of)}, g.m.cancel(of)
	case kind < 91:
		a, b := hold(), hold()
		return decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(a), housetest.Hold(b)}}, g.m.expire([]int{a, b})
	case kind >= 100:
		return g.drawLife(who)
	case kind < 95:
		return g.drawBlock()
	default:
		g.advance()
		return nil, granted
	}
}

// selections are legal and illegal ones, with an unknown table among them.
var selections = [][]int{
	{1},
	{2},
	{3},
	{4},
	{5},
	{6},
	{7},
	{8},
	{1, 2},
	{2, 3},
	{3, 4},
	{7, 8},
	{1, 2, 3},
	{2, 3, 4},
	{1, 2, 3, 4},
	{5, 6},
	{1, 3},
	{4, 7},
	{1, 6},
	{2, 2},
	{},
	{9},
	{1, 2, 3, 4, 5, 6},
	{1},
	{2},
	{1, 2},
}

func (g *game) advance() {
	ms := rapid.SampledFrom([]int{1, 999, 20_000, 59_999, 60_000, 180_000, 600_000, 1_800_000}).Draw(g.t, "ms")
	g.until(g.m.now.Add(time.Duration(ms) * time.Millisecond))
}

// compare looks at everything a host could see.
func (g *game) compare(step int, after decide.Command) {
	h := g.s.House()
	fail := func(format string, args ...any) {
		g.t.Fatalf("step %d, after %s %+v: %s", step, after.Name(), after, fmt.Sprintf(format, args...))
	}
	for _, b := range g.m.bookings {
		e := h.Booking(housetest.Booking(b.n))
		if e == nil {
			fail("booking %d is not there", b.n)
		}
		if e.Status != b.status {
			fail("booking %d is %s, want %s", b.n, e.Status, b.status)
		}
		if e.Covers != b.covers || e.Dining.Start != b.dines {
			fail("booking %d is of %d from %v, want %d from %v", b.n, e.Covers, e.Dining.Start, b.covers, b.dines)
		}
		if e.Window.Start != b.start || e.Window.End != b.end {
			fail("booking %d has window %v, want %v to %v", b.n, e.Window, b.start, b.end)
		}
		compareLife(e, b, fail)
		var want []seating.Allocation
		for _, s := range b.sat {
			want = append(want, seating.Allocation{
				Table: housetest.Table(s.table), Window: servicetime.Window{Start: s.start, End: s.end},
				Kind: seating.OwnedByBooking, Owner: seating.AnyID(e.ID), Claimant: seating.AnyID(e.ID),
			})
		}
		slices.SortFunc(want, house.CompareAllocations)
		if !slices.Equal(e.Allocations, want) {
			fail("booking %d sits at %v, want %v", b.n, e.Allocations, want)
		}
		switch {
		case (e.Hold == nil) != (b.hold == nil):
			fail("booking %d has hold %v, want %v", b.n, e.Hold, b.hold)
		case e.Hold != nil && (e.Hold.ID != housetest.Hold(b.hold.n) || e.Hold.ExpiresAt != b.hold.expires || e.Hold.CreatedBy != b.hold.by ||
			e.Hold.HeldSince != b.hold.since || !slices.Equal(e.Hold.Tables(), housetest.Tables(b.hold.tables...))):
			fail("booking %d has hold %+v, want %+v", b.n, *e.Hold, *b.hold)
		}
	}
	g.m.compareBlocks(h.Floor, fail)
	g.m.comparePlan(h.Floor, fail)
	g.m.compareHours(h, fail)
	g.m.comparePlace(h, fail)
	sound(h, fail)
	remembered(h, fail)
}

// sound demands that no two claimants have a table at the same time.
func sound(h *house.House, fail func(string, ...any)) {
	for _, t := range h.Floor.Tables() {
		all := slices.Collect(h.From(t.ID, 0))
		for i, a := range all {
			for _, b := range all[i+1:] {
				if a.Claimant != b.Claimant && a.Window.Overlaps(b.Window) {
					fail("%s is sold twice: %v and %v", t.Number, a.Allocation, b.Allocation)
				}
			}
		}
	}
}
