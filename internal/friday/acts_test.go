package friday

import (
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// What may be said to somebody who asks for tables, in the middle of an evening.
var (
	taken = []seating.Code{
		seating.CodeAssignmentConflict, seating.CodeHoldConflict, seating.CodeTableOccupied, seating.CodeTableUnavailable, seating.CodeBookingState,
	}
	// A selection that fitted the house somebody saw, and not the one that is.
	outdated = append([]seating.Code{seating.CodeStaleContext}, taken...)
)

// book makes the booking of a party.
func (e *evening) book(d *desk, p *party) {
	body := doc{
		"covers": p.covers, "date": p.at.Format(time.DateOnly), "time": p.at.Format("15:04"), "source": p.source,
		"guest": doc{"name": p.name, "phone": "+44 20 7946 0" + p.name[len(p.name)-3:]},
	}
	if p.source == "phone" {
		if e.made(d, p, d.post("/bookings", body), "phone bookings granted") {
			e.seat(d, p)
		}
		return
	}
	body["autoAssign"] = true
	if p.tentative {
		body["transition"] = "none"
	}
	a := d.post("/bookings", body, seating.CodeNoTable)
	if a.is(seating.CodeNoTable) {
		e.happened("no table")
		if len(a.Alternatives) > 0 { // the guest takes the nearest time
			next := a.Alternatives[0]
			body["date"], body["time"] = next.Date, next.Time
			a = d.post("/bookings", body, seating.CodeNoTable)
		}
	}
	if e.made(d, p, a, "site bookings granted") {
		if p.tentative && p.confirms {
			e.at(e.now.Add(4*time.Minute), p.host, "confirm "+p.name, func(d *desk) {
				b := e.look1(d, p)
				if b.Status != "pending" {
					return
				}
				d.put("/bookings/"+p.id+"/assignment", doc{"tableIds": b.Tables, "transition": "confirmed"}, outdated...)
			})
		}
		return
	}
	// It calls, and is told that it may wait.
	e.at(e.now.Add(2*time.Minute), p.host, "book "+p.name, func(d *desk) {
		body := doc{
			"covers": p.covers, "date": p.at.Format(time.DateOnly), "time": p.at.Format("15:04"), "source": "phone",
			"waitlist": doc{"quotedMinutes": 30}, "guest": doc{"name": p.name},
		}
		e.made(d, p, d.post("/bookings", body), "waiting booked")
	})
}

// made notes a booking that was made.
func (e *evening) made(_ *desk, p *party, a *answer, what string) bool {
	if !a.ok() {
		return false
	}
	e.happened(what)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.booked++
	p.id = a.Booking.ID
	return true
}

// look1 is a party's booking as it is now.
func (e *evening) look1(d *desk, p *party) booking {
	if p.id == "" {
		return booking{}
	}
	a := d.get("/bookings/" + p.id)
	if !a.ok() {
		return booking{}
	}
	return *a.Booking
}

// choose reads the context of a booking and takes the suggestion that somebody
// would: the first that is none of those.
func (e *evening) choose(d *desk, p *party, not ...string) (tables []string, version string) {
	a := d.get("/bookings/" + p.id + "/assignment-context")
	if !a.ok() {
		return nil, ""
	}
	e.happened("context read")
	for _, s := range a.Suggestions {
		if !slices.ContainsFunc(s.Tables, func(t string) bool { return slices.Contains(not, t) }) {
			return s.Tables, a.Version
		}
	}
	return nil, a.Version
}

// seat takes a party through context, validate, hold and confirm, up to four times.
// Without a table it waits.
func (e *evening) seat(d *desk, p *party) {
	for try := range 4 {
		tables, version := e.choose(d, p)
		if len(tables) == 0 {
			e.happened("no table")
			d.post("/bookings/"+p.id+"/waitlist", doc{"quotedMinutes": 20, "priority": p.n % 3}, seating.CodeBookingState)
			return
		}
		seen := ""
		if try%2 == 0 {
			seen = version
		}
		hold := e.hold(d, p, tables, seen)
		if hold == "" {
			continue
		}
		if p.lapses && try == 0 {
			return // the telephone rings: the hold lapses, and the guest calls again
		}
		a := d.post("/holds/"+hold+"/confirm", nil, seating.CodeHoldEnded, seating.CodeHoldExpired, seating.CodeBookingState, seating.CodeTableDrift, seating.CodePolicyDrift, seating.CodeTableOccupied)
		if a.ok() {
			e.happened("confirm granted")
			return
		}
	}
}

// hold asks whether tables would do, and holds them.
func (e *evening) hold(d *desk, p *party, tables []string, seen string) string {
	if d.post("/bookings/"+p.id+"/validate", doc{"tableIds": tables}).OK {
		e.happened("validate ok")
	}
	a := d.ask(order{method: "POST", path: "/bookings/" + p.id + "/holds", body: doc{"tableIds": tables}, seen: seen}, append(outdated, seating.CodeRateLimited)...)
	if !a.ok() {
		e.happened("hold refused")
		return ""
	}
	e.happened("hold granted")
	return a.Hold.ID
}

// collide makes two bookings, and both hosts hold the same tables at the same
// moment. One of them has it.
func (e *evening) collide(d *desk, p, q *party, seen bool) {
	two := []*party{p, q}
	desks := []*desk{d, e.desk(ben, d.act)}
	for i, x := range two {
		body := doc{"covers": x.covers, "date": x.at.Format(time.DateOnly), "time": x.at.Format("15:04"), "source": "phone", "guest": doc{"name": x.name}}
		if !e.made(desks[i], x, desks[i].post("/bookings", body), "phone bookings granted") {
			return
		}
	}
	tables, version := e.choose(d, p)
	if len(tables) == 0 {
		return
	}
	if !seen {
		version = ""
	}
	var held [2]string
	var both sync.WaitGroup
	for i, x := range two {
		both.Go(func() { held[i] = e.hold(desks[i], x, tables, version) })
	}
	both.Wait()
	if held[0] != "" && held[1] != "" {
		e.fault("%s: both hosts hold %v: %v", d, tables, held)
	}
	for i, x := range two {
		if held[i] != "" {
			a := desks[i].post("/holds/"+held[i]+"/confirm", nil, seating.CodeHoldEnded, seating.CodeTableOccupied, seating.CodeBookingState)
			if a.ok() {
				e.happened("confirm granted")
			}
		} else {
			e.seat(desks[i], x)
		}
	}
}

// holdForLong holds another table for a seated party, has the hold prolonged, taken
// over and given back.
func (e *evening) holdForLong(d *desk, p *party) {
	b := e.look1(d, p)
	if b.Status != "confirmed" {
		return
	}
	tables, _ := e.choose(d, p, b.Tables...)
	if len(tables) == 0 {
		return
	}
	hold := e.hold(d, p, tables, "")
	if hold == "" {
		return
	}
	over := []seating.Code{seating.CodeHoldEnded, seating.CodeBookingState}
	d.post("/holds/"+hold+"/extend", doc{"seconds": 300}, over...)
	a := e.desk(mona, d.act).post("/holds/"+hold+"/take-over", doc{"reason": "guest_waiting"}, append(over, taken...)...)
	if !a.ok() {
		return
	}
	e.happened("take-over granted")
	e.desk(mona, d.act).remove("/holds/" + a.Hold.ID)
}

// arrive is a party at the door.
func (e *evening) arrive(d *desk, p *party) {
	e.mu.Lock()
	p.here = true
	e.mu.Unlock()
	b := e.look1(d, p)
	switch b.Status {
	case "no_show":
		a := d.post("/bookings/"+p.id+"/undo-no-show", nil, seating.CodeBookingState, seating.CodeForbidden)
		if a.is(seating.CodeForbidden) { // more than a quarter of an hour later
			a = e.desk(mona, d.act).post("/bookings/"+p.id+"/undo-no-show", nil, seating.CodeBookingState)
		}
		if a.ok() {
			e.happened("undo-no-show granted")
			if a.Seat == "" {
				e.fault("%s: an undone no-show does not say what became of its tables: %s", d, a.raw)
			}
			b = *a.Booking
		}
	case "pending", "confirmed", "waitlisted":
		if p.n%2 == 0 && d.post("/bookings/"+p.id+"/arrived", nil, seating.CodeBookingState).ok() {
			e.happened("arrived granted")
		}
	}
	if b.Status == "pending" || b.Status == "confirmed" {
		e.sit(d, p, b)
	}
}

// sit checks a party in, where it can sit.
func (e *evening) sit(d *desk, p *party, b booking) {
	may := append([]seating.Code{seating.CodeTablesRequired, seating.CodePast}, taken...)
	if len(b.Tables) > 0 {
		a := d.post("/bookings/"+p.id+"/check-in", nil, seating.CodeTableOccupied, seating.CodeBookingState, seating.CodePast, seating.CodeTablesRequired)
		switch {
		case a.ok():
			e.happened("check-in granted")
			e.sits(p, a.Booking)
			return
		case a.is(seating.CodeTableOccupied):
			e.happened("occupied")
		case !a.is(seating.CodePast):
			return
		}
	}
	tables, _ := e.choose(d, p, b.Tables...)
	if len(tables) > 0 {
		a := d.put("/bookings/"+p.id+"/assignment", doc{"tableIds": tables, "transition": "checked_in"}, may...)
		if a.ok() {
			if len(b.Tables) > 0 {
				e.happened("moved from an occupied table")
			}
			e.sits(p, a.Booking)
			return
		}
	}
	e.waits(d, p)
}

// waits puts a party that is here on the waitlist.
func (e *evening) waits(d *desk, p *party) {
	d.post("/bookings/"+p.id+"/waitlist", doc{"priority": 2, "quotedMinutes": 15}, seating.CodeBookingState)
}

// sits plans what a party does that has sat down.
func (e *evening) sits(p *party, b *booking) {
	after := func(part float64) time.Time {
		return e.now.Add(time.Duration(part * float64(b.Window.End.Sub(e.now))))
	}
	if p.unseats {
		p.unseats = false
		e.at(e.now.Add(3*time.Minute), p.host, "undo check-in "+p.name, func(d *desk) {
			a := d.post("/bookings/"+p.id+"/undo-check-in", nil, seating.CodeBookingState)
			if a.ok() {
				e.happened("undo-check-in granted")
				e.at(e.now.Add(4*time.Minute), p.host, "arrive "+p.name, func(d *desk) { e.arrive(d, p) })
			}
		})
		return
	}
	if p.moves {
		p.moves = false
		e.at(after(0.4), p.host, "move "+p.name, func(d *desk) { e.move(d, p) })
	}
	if p.extends {
		p.extends = false
		e.at(after(0.7), p.host, "extend "+p.name, func(d *desk) { e.extend(d, p) })
	}
	if !p.forever {
		e.at(b.Window.End.Add(p.stays), p.host, "leave "+p.name, func(d *desk) { e.leave(d, p) })
	}
}

// move brings a party to another table in the middle of its meal.
func (e *evening) move(d *desk, p *party) {
	b := e.look1(d, p)
	if b.Status != "checked_in" {
		return
	}
	tables, version := e.choose(d, p, b.Tables...)
	if len(tables) == 0 {
		return
	}
	if d.ask(order{method: "PUT", path: "/bookings/" + p.id + "/assignment", body: doc{"tableIds": tables}, seen: version}, outdated...).ok() {
		e.happened("moved")
	}
}

// extend lets a party stay for half an hour more, if nobody is to have the table.
func (e *evening) extend(d *desk, p *party) {
	b := e.look1(d, p)
	if b.Status != "checked_in" {
		return
	}
	turn := int(b.Window.End.Sub(b.Window.DiningStart)/time.Minute) + 20
	a := d.patch("/bookings/"+p.id, doc{"turnMinutes": turn}, taken...)
	if a.ok() {
		e.happened("extend granted")
		if a.Booking.Window.End.Before(b.Window.End.Add(10 * time.Minute)) {
			e.fault("%s: until %s, was until %s", d, a.Booking.Window.End, b.Window.End)
		}
		p.stays = max(p.stays, 0)
	}
}

// leave checks a party out when its time has come.
func (e *evening) leave(d *desk, p *party) {
	b := e.look1(d, p)
	if b.Status != "checked_in" {
		return
	}
	if when := b.Window.End.Add(p.stays).Truncate(time.Minute); when.After(e.now) {
		e.at(when, p.host, "leave "+p.name, func(d *desk) { e.leave(d, p) })
		return
	}
	if a := d.post("/bookings/"+p.id+"/check-out", nil, seating.CodeBookingState); !a.ok() {
		return
	}
	e.happened("check-out granted")
	if p.reopens {
		p.reopens = false
		e.at(e.now.Add(2*time.Minute), mona, "reopen "+p.name, func(d *desk) {
			if d.post("/bookings/"+p.id+"/reopen", nil, append([]seating.Code{seating.CodeTablesRequired}, taken...)...).ok() {
				e.happened("reopen granted")
				e.at(e.now.Add(5*time.Minute), p.host, "leave "+p.name, func(d *desk) {
					p.stays = -time.Hour
					e.leave(d, p)
				})
			}
		})
	}
}

func (e *evening) noShow(d *desk, p *party) {
	b := e.look1(d, p)
	if b.Status != "pending" && b.Status != "confirmed" {
		return
	}
	if d.post("/bookings/"+p.id+"/no-show", doc{"reason": "no_answer"}, seating.CodeBookingState).ok() {
		e.happened("no-show granted")
	}
}

func (e *evening) cancel(d *desk, p *party) {
	if p.id == "" {
		return
	}
	if !d.post("/bookings/"+p.id+"/cancel", doc{"reason": "guest_called"}, seating.CodeBookingState).ok() {
		return
	}
	e.happened("cancel granted")
	if !p.reinstate {
		p.comes = false
		return
	}
	e.at(e.now.Add(5*time.Minute), mona, "reinstate "+p.name, func(d *desk) {
		if d.post("/bookings/"+p.id+"/reinstate", nil, seating.CodeBookingState, seating.CodePast).ok() {
			e.happened("reinstate granted")
			e.at(e.now.Add(time.Minute), p.host, "seat "+p.name, func(d *desk) { e.seat(d, p) })
		}
	})
}

// swap exchanges the tables of two parties.
func (e *evening) swap(d *desk, p, q *party) {
	if p.id == "" || q.id == "" {
		return
	}
	a := d.post("/assignments/swap", doc{"a": p.id, "b": q.id}, append([]seating.Code{
		seating.CodeTablesRequired, seating.CodeCapacityInsufficient, seating.CodeSlackExceeded,
	}, taken...)...)
	if a.ok() {
		e.happened("swap granted")
	}
}

// walkIn seats a party that stands at the door, at a table that somebody picked or
// at the best.
func (e *evening) walkIn(d *desk, p *party) {
	body := doc{"covers": p.covers, "name": p.name}
	may := append([]seating.Code{seating.CodeNoTable, seating.CodeOutsideServiceHours}, taken...)
	if p.picks {
		if t := e.freeTable(d, p.covers); t != "" {
			body["tableIds"] = []string{t}
			may = append(may, seating.CodeSlackExceeded)
		}
	}
	a := d.post("/walk-ins", body, may...)
	if e.made(d, p, a, "walk-in granted") {
		e.sits(p, a.Booking)
		return
	}
	switch {
	case a.is(seating.CodeOutsideServiceHours): // between lunch and dinner
		e.happened("between services")
		e.at(e.now.Add(5*time.Minute), d.who, d.act, func(d *desk) { e.walkIn(d, p) })
		return
	case a.is(seating.CodeNoTable):
		e.happened("no table")
	}
	e.mu.Lock()
	p.here = true
	e.mu.Unlock()
	host := e.desk(p.host, d.act)
	w := host.post("/bookings", doc{
		"covers": p.covers, "date": e.now.Format(time.DateOnly), "time": e.now.Format("15:04"), "source": "walk_in",
		"waitlist": doc{"quotedMinutes": 20}, "guest": doc{"name": p.name},
	})
	if e.made(host, p, w, "waiting booked") {
		host.post("/bookings/"+p.id+"/arrived", nil, seating.CodeBookingState)
	}
}

// freeTable looks at the evening for a table at which nobody is or is to come soon.
func (e *evening) freeTable(d *desk, covers int) string {
	for _, z := range e.read(d).Zones {
		for _, t := range z.Tables {
			busy := slices.ContainsFunc(t.Bars, func(b bar) bool {
				return b.Window.End.After(e.now) && b.Window.Start.Before(e.now.Add(90*time.Minute))
			})
			if !busy && t.MaxCovers >= covers && t.MaxCovers <= covers+3 {
				return t.ID
			}
		}
	}
	return ""
}

// seatWaiting seats those who wait and are here, in their order; those who have
// waited for an hour leave.
func (e *evening) seatWaiting(d *desk) {
	a := d.get("/waitlist?date=" + e.day)
	tried := 0
	for _, w := range a.Waitlist {
		p := e.partyOf(w.Booking.ID)
		if p == nil || tried == 3 {
			continue
		}
		e.mu.Lock()
		if p.since.IsZero() {
			p.since = e.now
		}
		since, here := p.since, p.here
		e.mu.Unlock()
		if e.now.Sub(since) > time.Hour {
			if d.post("/bookings/"+p.id+"/cancel", doc{"reason": "gave_up"}, seating.CodeBookingState).ok() {
				e.happened("gave up")
			}
			continue
		}
		if !here {
			continue
		}
		tried++
		// A party whose time has gone by sits from now on: its booking is put there.
		if w.Booking.Window.DiningStart.Before(e.now.Add(-10 * time.Minute)) {
			d.patch("/bookings/"+p.id, doc{"date": e.now.Format(time.DateOnly), "time": e.now.Format("15:04")},
				seating.CodeBookingState, seating.CodeOutsideServiceHours, seating.CodeServiceOverrun)
		}
		tables, _ := e.choose(d, p)
		if len(tables) == 0 {
			continue
		}
		s := d.put("/bookings/"+p.id+"/assignment", doc{"tableIds": tables, "transition": "checked_in"}, append(outdated, seating.CodeServiceOverrun)...)
		if s.ok() {
			e.happened("seated from the waitlist")
			e.sits(p, s.Booking)
		}
	}
}

func (e *evening) partyOf(id string) *party {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.parties {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (e *evening) patchGuest(d *desk, p *party) {
	if p.id == "" {
		return
	}
	if d.patch("/bookings/"+p.id, doc{"guest": doc{"notes": "Nuts, severe."}}).ok() {
		e.happened("patch granted")
	}
}
