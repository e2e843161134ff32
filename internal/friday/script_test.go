package friday

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// party is people who want to eat, with what fate has for them. What the script
// draws is drawn before the evening begins.
type party struct {
	n      int
	name   string
	covers int
	at     time.Time // wanted
	host   string    // who looks after them
	source string

	tentative bool          // a web booking without a confirmation
	confirms  bool          // a tentative one that somebody confirms
	offset    time.Duration // how much after their time they come
	comes     bool
	called    bool // a host notes a no-show before they come, if they come
	cancels   time.Duration
	reinstate bool
	stays     time.Duration // past the end of their time; negative: they leave before
	forever   bool          // nobody notes that they left
	extends   bool
	moves     bool
	reopens   bool
	unseats   bool // checked in by mistake first
	picks     bool // a walk-in that is given a table by hand
	lapses    bool // a host holds a table, and forgets
	patched   bool

	// Of the evening; in the hands of the evening's lock.
	id    string
	here  bool
	since time.Time // on the waitlist, as the hosts first saw it
}

// script plans the evening: who books, comes and stays, and what goes wrong.
func (e *evening) script(draw *rand.Rand) {
	chance := func(percent int) bool { return draw.IntN(100) < percent }
	covers := []int{1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 4, 5, 6, 8}
	pairs := max(4, e.size/15)
	for n := range e.size - 2*pairs {
		p := &party{
			n: n, name: fmt.Sprintf("Party %03d", n), covers: covers[draw.IntN(len(covers))], host: []string{anna, ben}[n%2], comes: true,
			// Guests ask for times of a quarter of an hour, from half past three to ten.
			at: e.begin.Add(30*time.Minute + time.Duration(draw.IntN(27))*15*time.Minute),
		}
		switch k := draw.IntN(20); {
		case k < 9:
			p.source, p.tentative = "web", chance(12)
			p.confirms = chance(50)
		case k < 16:
			p.source = "phone"
		default:
			p.source, p.picks = "walk_in", chance(40)
		}
		p.offset = time.Duration(draw.IntN(10)-4) * time.Minute
		switch k := draw.IntN(100); {
		case p.source == "walk_in":
			p.offset = time.Duration(draw.IntN(15)) * time.Minute
		case k < 8:
			p.comes, p.called = chance(40), true
			p.offset = time.Duration(22+draw.IntN(20)) * time.Minute
		case k < 17:
			p.offset = time.Duration(16+draw.IntN(12)) * time.Minute
		case k < 27:
			p.offset = -time.Duration(10+draw.IntN(15)) * time.Minute
		case k < 35:
			p.cancels = time.Duration(10+draw.IntN(40)) * time.Minute
			p.reinstate = chance(50)
		}
		p.stays = -time.Duration(draw.IntN(15)) * time.Minute
		switch k := draw.IntN(100); {
		case k < 14:
			p.stays = time.Duration(7+draw.IntN(20)) * time.Minute
		case k < 24:
			p.extends = true
		case k < 34:
			p.moves = true
		case k < 39:
			p.reopens = true
		case k < 43:
			p.unseats = true
		case k < 45:
			p.forever = true
		}
		p.lapses, p.patched = chance(8), chance(6)
		e.parties = append(e.parties, p)
		e.plans(p, draw)
	}
	e.pairs(draw, pairs)
	// Now and then both hosts look at the waitlist in the same minute.
	for m := range 600 {
		when := e.begin.Add(time.Duration(m) * time.Minute)
		if m%6 == 0 {
			e.at(when, anna, "waitlist", e.seatWaiting)
		}
		if m%8 == 0 {
			e.at(when, ben, "waitlist", e.seatWaiting)
		}
	}
	e.manager()
}

// plans puts what a party does into the evening.
func (e *evening) plans(p *party, draw *rand.Rand) {
	if p.source == "walk_in" {
		who := []string{p.host, sam}[draw.IntN(2)]
		e.at(p.at.Add(p.offset), who, "walk-in "+p.name, func(d *desk) { e.walkIn(d, p) })
		return
	}
	// Most have booked by five, some call an hour before, or less.
	latest := p.at.Add(-time.Duration(20+draw.IntN(60)) * time.Minute)
	made := e.begin.Add(time.Duration(draw.IntN(60)) * time.Minute)
	if draw.IntN(3) == 0 || made.After(latest) {
		made = latest
	}
	if made.Before(e.begin) {
		made = e.begin
	}
	who := p.host
	if p.source == "web" {
		who = site
	}
	e.at(made, who, "book "+p.name, func(d *desk) { e.book(d, p) })
	if p.cancels > 0 {
		e.at(p.at.Add(-p.cancels), p.host, "cancel "+p.name, func(d *desk) { e.cancel(d, p) })
	}
	if p.called {
		e.at(p.at.Add(20*time.Minute), p.host, "no-show "+p.name, func(d *desk) { e.noShow(d, p) })
	}
	if p.comes {
		e.at(p.at.Add(p.offset), p.host, "arrive "+p.name, func(d *desk) { e.arrive(d, p) })
	}
	if p.patched {
		e.at(p.at.Add(-5*time.Minute), p.host, "patch "+p.name, func(d *desk) { e.patchGuest(d, p) })
	}
}

// pairs are parties that both hosts seat at the same table at the same moment, and
// parties that exchange their tables.
func (e *evening) pairs(draw *rand.Rand, pairs int) {
	for i := range pairs {
		when := e.begin.Add(time.Duration(10+draw.IntN(240)) * time.Minute)
		at := when.Truncate(15 * time.Minute).Add(time.Hour)
		two := [2]*party{}
		for k := range two {
			two[k] = &party{
				n: len(e.parties), name: fmt.Sprintf("Pair %d%c", i, 'a'+rune(k)), covers: 2, at: at, host: []string{anna, ben}[k], source: "phone",
				comes: true, stays: -5 * time.Minute, offset: time.Duration(draw.IntN(4)) * time.Minute,
			}
			e.parties = append(e.parties, two[k])
			e.at(at.Add(two[k].offset), two[k].host, "arrive "+two[k].name, func(d *desk) { e.arrive(d, two[k]) })
		}
		e.at(when, anna, "collide "+two[0].name, func(d *desk) { e.collide(d, two[0], two[1], i%2 == 0) })
		if i%3 == 0 {
			e.at(at.Add(-2*time.Minute), anna, "swap "+two[0].name, func(d *desk) { e.swap(d, two[0], two[1]) })
		}
		if i%3 != 0 {
			e.at(when.Add(5*time.Minute), ben, "hold "+two[1].name, func(d *desk) { e.holdForLong(d, two[1]) })
		}
	}
}

// manager plans what happens to the restaurant itself.
func (e *evening) manager() {
	at := func(hour, minute int, act string, do func(d *desk)) {
		e.at(e.begin.Add(time.Duration(hour-15)*time.Hour+time.Duration(minute)*time.Minute), mona, act, do)
	}
	at(17, 30, "hours", e.prolong)
	at(18, 10, "break V3", func(d *desk) { e.breaks(d, "V3", time.Hour) })
	at(19, 15, "break S9", func(d *desk) { e.breaks(d, "S9", 2*time.Hour) })
	at(18, 30, "policy release", func(d *desk) { e.lateRule(d, "release") })
	at(20, 30, "policy flag", func(d *desk) { e.lateRule(d, "flag") })
	at(20, 0, "print", e.print)
	at(21, 0, "erase", e.erase)
	at(24, 50, "home", e.home)
}

// demanded is what must have happened on evenings of so many parties.
func demanded(size int) []string {
	list := []string{
		"site bookings granted", "phone bookings granted", "context read", "validate ok", "hold granted", "hold refused", "confirm granted",
		"arrived granted", "check-in granted", "check-out granted", "no-show granted", "cancel granted", "walk-in granted", "swap granted",
		"block tried", "block granted", "hours tried", "erased", "replayed", "late", "overstaying", "closed by the job",
	}
	if size >= 100 {
		list = append(list, "patch granted", "moved", "extend granted", "reinstate granted", "seated from the waitlist", "undo-no-show granted",
			"reopen granted", "undo-check-in granted", "take-over granted", "expired unconfirmed")
	}
	if size >= 300 {
		list = append(list, "occupied", "moved from an occupied table", "released as late", "lapsed", "no table", "parties moved away")
	}
	return list
}
