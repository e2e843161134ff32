package friday

import (
	"slices"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// What the manager does: a table breaks, hours shift, rules change.

// breaks takes a table out of service that breaks: first it is tried, then who
// would sit there goes elsewhere, then it is done, and after a while undone.
func (e *evening) breaks(d *desk, number string, lasts time.Duration) {
	var table string
	for id, n := range e.numbers {
		if n == number {
			table = id
		}
	}
	body := doc{"tableIds": []string{table}, "start": e.now.Format(time.RFC3339), "end": e.now.Add(lasts).Format(time.RFC3339), "reason": "broken", "note": "A leg."}
	may := []seating.Code{seating.CodeAssignmentConflict, seating.CodeHoldConflict}
	for range 10 {
		tried := d.post("/blocks?dryRun=true", body, may...)
		e.happened("block tried")
		if tried.ok() {
			a := d.post("/blocks", body, may...)
			if !a.ok() {
				continue // somebody was faster
			}
			e.happened("block granted")
			e.at(e.now.Add(lasts/2), mona, "mend "+number, func(d *desk) { d.remove("/blocks/" + a.Block.ID) })
			return
		}
		for _, b := range tried.blocking() {
			p := e.partyOf(b.Booking)
			if p == nil {
				e.fault("%s: %s stands in the way of a block and is unknown", d, b.Booking)
				return
			}
			tables, _ := e.choose(d, p, table)
			if len(tables) > 0 && d.put("/bookings/"+p.id+"/assignment", doc{"tableIds": tables}, outdated...).ok() {
				e.happened("parties moved away")
			}
		}
	}
	e.at(e.now.Add(10*time.Minute), mona, d.act, func(d *desk) { e.breaks(d, number, lasts) })
}

// prolong lets dinner last until half past midnight, tried before.
func (e *evening) prolong(d *desk) {
	longer := hours(e.day, "00:30", "23:30")
	tried := d.put("/service-periods?dryRun=true", longer)
	if !tried.DryRun || !tried.Changes || len(tried.Breaks) > 0 {
		e.fault("%s: tried, it would be %s", d, tried.raw)
	}
	e.happened("hours tried")
	shorter := d.put("/service-periods?dryRun=true", hours(e.day, "20:00", "19:00"))
	if len(shorter.Breaks) == 0 || slices.ContainsFunc(shorter.Breaks, func(b broken) bool {
		return b.Check != "service" || b.Reference == "" || b.Message == ""
	}) {
		e.fault("%s: closing at eight would break %s, want the bookings after seven by name", d, shorter.raw)
	}
	for {
		a := d.ask(order{method: "PUT", path: "/service-periods", body: longer, seen: tried.Version}, seating.CodeStaleContext)
		if a.ok() || e.givenUp() {
			return
		}
		tried = d.put("/service-periods?dryRun=true", longer)
	}
}

// lateRule says what becomes of parties that are late.
func (e *evening) lateRule(d *desk, action string) {
	policy := d.get("/policy").Policy
	policy["late"] = doc{"afterMinutes": 15, "action": action}
	d.put("/policy", policy)
}

// print keeps the evening sheet of eight o'clock.
func (e *evening) print(d *desk) {
	a := d.get("/timeline?format=print&date=" + e.day)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timeline = a.raw
	if !strings.Contains(string(a.raw), "Chez Friday") {
		e.t.Errorf("seed %d: the evening sheet is %.200s", e.seed, a.raw)
	}
}

// erase forgets the guest of a party that has left.
func (e *evening) erase(d *desk) {
	for _, p := range e.parties {
		b := e.look1(d, p)
		if b.Status != "completed" {
			continue
		}
		if a := d.post("/guests/erase", doc{"bookingIds": []string{p.id}}); a.Erased != 1 {
			e.fault("%s: %s", d, a.raw)
		}
		e.happened("erased")
		if a := d.get("/bookings/" + p.id); strings.Contains(string(a.raw), p.name) {
			e.fault("%s: %s is still known: %s", d, p.name, a.raw)
		}
		return
	}
}

// home sends home who still waits.
func (e *evening) home(d *desk) {
	for _, w := range d.get("/waitlist?date=" + e.day).Waitlist {
		d.post("/bookings/"+w.Booking.ID+"/cancel", doc{"reason": "closing"}, seating.CodeBookingState)
	}
}
