package friday

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/verify"
)

// bar is a stretch of a table as the hosts see it.
type bar struct {
	Kind   string  `json:"kind"`
	Window window  `json:"window"`
	Tables []table `json:"tables"`
	ID     string  `json:"bookingId"`
	Block  string  `json:"blockId"`
	Status string  `json:"status"`
	Covers int     `json:"covers"`
	Late   bool    `json:"late"`
	Over   bool    `json:"overstaying"`
	Moved  bool    `json:"moved"`
}

// claimant is whose stretch it is: a booking's, also for its hold, or a block's.
func (b bar) claimant() string { return b.ID + b.Block }

// timeline is a service date as the hosts see it.
type timeline struct {
	Version string `json:"version"`
	Closed  bool   `json:"closed"`
	Zones   []struct {
		Tables []struct {
			ID        string `json:"id"`
			Number    string `json:"number"`
			MaxCovers int    `json:"maxCovers"`
			Bars      []bar  `json:"bars"`
		} `json:"tables"`
	} `json:"zones"`
	Unseated []booking `json:"unseated"`
	Waitlist []struct {
		Booking booking `json:"booking"`
	} `json:"waitlist"`
	Totals struct {
		ByStatus []struct {
			Status  string `json:"status"`
			Parties int    `json:"parties"`
		} `json:"byStatus"`
	} `json:"totals"`
}

// read is the timeline of the evening.
func (e *evening) read(d *desk) timeline {
	var t timeline
	a := d.get("/timeline?date=" + e.day)
	if err := json.Unmarshal(a.raw, &t); err != nil {
		e.fault("%s: the timeline is %.300s: %v", d, a.raw, err)
	}
	return t
}

// parties counts all of a timeline, in whatever state.
func (t *timeline) parties() (n int) {
	for _, s := range t.Totals.ByStatus {
		n += s.Parties
	}
	return n
}

// stands are the bars of a timeline, without those of holds, by booking.
func (t *timeline) stands() map[string][]bar {
	of := map[string][]bar{}
	for _, z := range t.Zones {
		for _, table := range z.Tables {
			for _, b := range table.Bars {
				if b.Kind == "booking" {
					of[b.ID] = append(of[b.ID], b)
				}
			}
		}
	}
	return of
}

// look demands at the end of a minute that the house is whole, and that the hosts
// see all that was answered to anybody.
func (e *evening) look() {
	least := number(e.answered())
	now, err := e.both[e.now.Minute()%2].houses.Proved(e.t.Context(), e.id)
	if err != nil {
		e.fault("house: %v", err)
		return
	}
	if now.Version < max(least, e.seen) {
		e.fault("the house is at version %d after %d was answered and %d seen", now.Version, least, e.seen)
	}
	if now.Version == e.seen && e.now.Minute()%10 != 0 {
		return // nothing happened, and nobody looks
	}
	e.whole(now)
	d := e.desk([]string{anna, ben}[e.now.Minute()%2], "timeline")
	t := e.read(d)
	if number(t.Version) < now.Version {
		e.fault("%s: the timeline is of version %s, want %d or later", d, t.Version, now.Version)
	}
	e.seen = now.Version
	e.bars(&t)
	e.shown(now, &t)
}

// whole demands of the house that nobody sits at another's table, and that who has
// a seat has tables.
func (e *evening) whole(h *house.House) {
	for _, table := range h.Floor.Tables() {
		var slots []house.Slot
		for s := range h.From(table.ID, 0) {
			slots = append(slots, s)
		}
		slices.SortFunc(slots, func(a, b house.Slot) int { return cmp.Compare(a.Window.Start, b.Window.Start) })
		for i, a := range slots {
			for _, b := range slots[i+1:] {
				if b.Window.Start >= a.Window.End {
					break
				}
				if a.Claimant != b.Claimant {
					e.fault("at %s, %s and %s have %v and %v", table.Number, a.Claimant, b.Claimant, a.Window, b.Window)
				}
			}
		}
	}
	for x := range h.Bookings() {
		if (x.Status == seating.Confirmed || x.Status == seating.CheckedIn) && len(x.Allocations) == 0 {
			e.fault("booking %s is %s and has no table", x.Reference, x.Status)
		}
		if x.Status == seating.Waitlisted && (len(x.Tables()) > 0 || x.Hold != nil) {
			e.fault("booking %s waits and has tables", x.Reference)
		}
	}
}

// bars demands of a timeline that no two parties have a table at the same time.
func (e *evening) bars(t *timeline) {
	for _, z := range t.Zones {
		for _, table := range z.Tables {
			for i, a := range table.Bars {
				if i > 0 && a.Window.Start.Before(table.Bars[i-1].Window.Start) {
					e.fault("the bars of %s are not by start: %v", table.Number, table.Bars)
				}
				for _, b := range table.Bars[i+1:] {
					if a.claimant() != b.claimant() && b.Window.Start.Before(a.Window.End) && a.Window.Start.Before(b.Window.End) {
						e.fault("the timeline shows %s and %s at %s: %v and %v", a.claimant(), b.claimant(), table.Number, a.Window, b.Window)
					}
				}
			}
		}
	}
	for _, b := range t.Unseated {
		if b.Status == "confirmed" || b.Status == "checked_in" {
			e.fault("the timeline has %s, who is %s, without a table", b.Reference, b.Status)
		}
	}
	if n := t.parties(); n != e.booked {
		e.fault("the timeline counts %d parties, %d were booked", n, e.booked)
	}
}

// shown demands that every booking is what was last answered of it, or has been
// changed by due work since, and that the timeline shows it like that.
func (e *evening) shown(h *house.House, t *timeline) {
	stands, unseated := t.stands(), map[string]string{}
	for _, b := range t.Unseated {
		unseated[b.ID] = b.Status
	}
	for _, w := range t.Waitlist {
		unseated[w.Booking.ID] = w.Booking.Status
	}
	e.mu.Lock()
	known := e.known
	e.mu.Unlock()
	if h.OpenFrom.String() > e.day {
		return // closed, see closed
	}
	for x := range h.Bookings() {
		if x.ServiceDate.String() != e.day {
			continue
		}
		id := x.ID.String()
		last, answered := known[id]
		n, tables := number(last.Version), names(x.Tables())
		if !answered || n > x.Version {
			e.fault("booking %s is at version %d, the last answer was of %d", x.Reference, x.Version, n)
			continue
		}
		same := last.Status == string(x.Status) && (x.Status.Ended() || x.Status == seating.Waitlisted || slices.Equal(sorted(last.Tables), tables))
		switch {
		case n == x.Version && !same:
			e.fault("booking %s is %s at %v, answered was %s at %v", x.Reference, x.Status, tables, last.Status, last.Tables)
		case n < x.Version:
			e.worked(last, x)
		}
		e.shows(x, tables, stands[id], unseated[id])
	}
}

// worked demands that a booking that is not as it was last answered has been
// changed by due work, and counts what.
func (e *evening) worked(last booking, x *house.Entry) {
	var what []string
	if !x.LateAt.IsZero() && last.LateAt.IsZero() {
		what = append(what, "late")
		if x.Status == seating.Waitlisted {
			what = append(what, "released as late")
		}
	}
	if !x.OverstayAt.IsZero() && last.OverstayAt.IsZero() {
		what = append(what, "overstaying")
	}
	if x.Status == seating.Cancelled && !last.PendingUntil.IsZero() {
		what = append(what, "expired unconfirmed")
	}
	if len(what) == 0 {
		e.fault("booking %s is %s at version %d, and was %s at %s: nobody was told", x.Reference, x.Status, x.Version, last.Status, last.Version)
	}
	for _, w := range what {
		e.happened(w)
	}
	next := last
	next.Version, next.Status, next.Tables = "."+strconv.FormatInt(x.Version, 10), string(x.Status), names(x.Tables())
	next.LateAt, next.OverstayAt, next.PendingUntil = x.LateAt.Time(), x.OverstayAt.Time(), time.Time{}
	if x.LateAt.IsZero() {
		next.LateAt = time.Time{}
	}
	if x.OverstayAt.IsZero() {
		next.OverstayAt = time.Time{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[last.ID] = next
}

// shows demands that the timeline has a booking where it is.
func (e *evening) shows(x *house.Entry, tables []string, bars []bar, unseated string) {
	var at []string
	for _, b := range bars {
		if b.Status != string(x.Status) || b.Covers != x.Covers {
			e.fault("the timeline shows %s as %s of %d, it is %s of %d", x.Reference, b.Status, b.Covers, x.Status, x.Covers)
		}
		if !b.Moved {
			for _, t := range b.Tables {
				at = append(at, t.ID)
			}
		}
	}
	at = slices.Compact(sorted(at))
	switch x.Status {
	case seating.Pending, seating.Confirmed, seating.CheckedIn:
		if !slices.Equal(at, tables) {
			e.fault("the timeline shows %s, who is %s, at %v, it is at %v", x.Reference, x.Status, at, tables)
		}
		if (len(tables) == 0) != (unseated != "") {
			e.fault("%s is %s with %d tables; unseated in the timeline: %q", x.Reference, x.Status, len(tables), unseated)
		}
	case seating.Waitlisted:
		if unseated != string(seating.Waitlisted) {
			e.fault("%s waits, and the timeline's waitlist does not have it", x.Reference)
		}
	case seating.Completed:
		if len(bars) == 0 {
			e.fault("%s has been here, and the timeline does not show where", x.Reference)
		}
	default:
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func names(ids []seating.TableID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	slices.Sort(list)
	return list
}

// dump is what is stored of the restaurant; it passes every check.
func (e *evening) verify() *store.Dump {
	d, err := e.both[0].store.Dump(e.t.Context(), e.id)
	if err != nil {
		e.fault("Dump: %v", err)
		return nil
	}
	for _, f := range verify.Check(d) {
		e.fault("verify: %s", f)
	}
	return d
}

// closed judges the evening when its day has been closed.
func (e *evening) closed() {
	h, err := e.both[0].houses.Proved(e.t.Context(), e.id)
	if err != nil || h.OpenFrom.String() <= e.day {
		e.fault("the day is not closed: %v", err)
		return
	}
	e.happened("closed by the job")
	t := e.read(e.desk(anna, "timeline"))
	if !t.Closed || t.parties() != e.booked || e.booked != e.size {
		e.fault("the closed day has %d parties (closed: %v), %d were booked, want %d", t.parties(), t.Closed, e.booked, e.size)
	}
	e.bars(&t)
	for _, s := range t.Totals.ByStatus {
		if !slices.Contains([]string{"completed", "cancelled", "no_show"}, s.Status) {
			e.fault("on the closed day %d parties are %s", s.Parties, s.Status)
		}
		e.happened("closed as " + s.Status)
	}
	d := e.verify()
	if d == nil {
		return
	}
	for _, h := range d.Ended {
		if h.How == seating.EndExpired {
			e.happened("lapsed")
		}
	}
	e.past(d, t.stands())
	e.told(d)
	for _, row := range d.Due {
		e.fault("the evening leaves the due work %s of %s", row.Kind, row.Subject)
	}
	for i, p := range e.both {
		if log := p.log.String(); log != "" {
			e.fault("server %d logs:\n%s", i, log)
		}
	}
}

// past demands that every party that sat down is shown where it sat, as it was
// stored, and nobody else.
func (e *evening) past(d *store.Dump, stands map[string][]bar) {
	stretches := map[string]int{}
	for _, a := range d.Occupancy {
		if a.Kind == seating.OwnedByBooking {
			stretches[a.Claimant.String()]++
		}
	}
	moved := 0
	for _, b := range d.Past {
		if b.ServiceDate.String() != e.day {
			continue
		}
		bars := stands[b.ID.String()]
		if len(bars) != stretches[b.ID.String()] || b.Status == seating.Completed && len(bars) == 0 {
			e.fault("%s is %s and has %d stretches, the timeline shows %d", b.Reference, b.Status, stretches[b.ID.String()], len(bars))
		}
		for _, x := range bars {
			if b.Status == seating.Completed && x.Window.End.After(b.EndedAt.Time()) {
				e.fault("%s left at %s and is shown until %s", b.Reference, b.EndedAt, x.Window.End)
			}
			if x.Moved {
				moved++
			}
		}
	}
	if moved == 0 && e.count["moved"] > 0 {
		e.fault("%d parties moved during their meal, and nobody is shown at a table it left", e.count["moved"])
	}
}

// told demands that each event of each change is in the outbox once, and that nobody
// is told twice that a party is late or stays.
func (e *evening) told(d *store.Dump) {
	rows := e.outbox()
	if len(rows) != len(d.Outbox) {
		e.fault("%d events are in the outbox, %d by their keys", len(rows), len(d.Outbox))
	}
	// The pruner takes old pages of the journal; last Friday asked about those.
	there := map[int64]int{}
	for _, r := range rows {
		there[r.AggregateSeq]++
	}
	for version, n := range d.Expected {
		if there[version] != n {
			e.fault("%d events of version %d are in the outbox, its change made %d", there[version], version, n)
		}
	}
	if newest := rows[len(rows)-1].AggregateSeq; d.Expected[newest] == 0 {
		e.fault("the journal knows nothing of version %d", newest)
	}
	times := map[string]int{}
	for _, r := range rows {
		if r.EventType == seating.EventBookingLate || r.EventType == seating.EventBookingOverstaying {
			times[string(r.EventType)+" of "+r.Booking.String()]++
		}
	}
	for what, n := range times {
		if n > 1 {
			e.fault("%s was told %d times", what, n)
		}
	}
	if len(times) < min(e.count["late"]+e.count["overstaying"], 1) {
		e.fault("%d parties were late or stayed, nobody was told", e.count["late"]+e.count["overstaying"])
	}
	e.t.Logf("seed %d: %d events, %d of parties that were late or stayed", e.seed, len(rows), len(times))
	e.limits(rows)
}

// outbox reads the events, which come in the order of the versions, each once.
func (e *evening) outbox() (list []store.OutboxRow) {
	seen := map[string]bool{}
	after, version := int64(0), int64(0)
	for {
		rows, err := e.both[0].store.OutboxRows(e.t.Context(), store.SinkObservability, after, 1000)
		if err != nil {
			e.fault("OutboxRows: %v", err)
			return nil
		}
		for _, r := range rows {
			after = r.ID
			if r.Restaurant != e.id {
				continue
			}
			if seen[r.DedupeKey] || r.AggregateSeq < version {
				e.fault("row %d of the outbox is %s of version %d, after version %d; seen before: %v", r.ID, r.DedupeKey, r.AggregateSeq, version, seen[r.DedupeKey])
			}
			seen[r.DedupeKey], version = true, r.AggregateSeq
			if strings.Contains(string(r.Payload), "Party ") {
				e.fault("row %d of the outbox tells of a guest: %s", r.ID, r.Payload)
			}
			list = append(list, r)
		}
		if len(rows) < 1000 {
			return list
		}
	}
}
