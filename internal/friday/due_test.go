package friday

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// quiet is an evening with few parties: what is due is all that happens. Whatever a
// test does, what is stored passes every check when it is over.
type quiet struct {
	*evening
	anna, mona *desk
}

// onBoth plays a quiet evening on both stores. It begins at four o'clock.
func onBoth(t *testing.T, test func(q *quiet)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T, *clock) []*process{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newStage(t, open).evening(0, 0, 0)
			q := &quiet{evening: e, anna: e.desk(anna, t.Name()), mona: e.desk(mona, t.Name())}
			q.anna.who, q.mona.who = anna, mona
			q.until("16:00")
			q.mona.put("/service-periods", hours(e.day, "23:30", "22:30"))
			test(q)
			q.verify()
			for _, p := range q.both {
				if log := p.log.String(); log != "" {
					t.Errorf("a server logs:\n%s", log)
				}
			}
		})
	}
}

// until lets it become a time of the evening, or of the morning after, and both
// processes do the due work at the same moment, twice.
func (q *quiet) until(clock string) {
	q.t.Helper()
	at, err := time.Parse("2006-01-02 15:04", q.day+" "+clock)
	if err != nil {
		q.t.Fatal(err)
	}
	if at.Before(q.begin) {
		at = at.AddDate(0, 0, 1)
	}
	q.minute(at)
	q.minute(at)
}

// version is where the restaurant stands.
func (q *quiet) version() int64 {
	q.t.Helper()
	h, err := q.both[0].houses.Proved(q.t.Context(), q.id)
	if err != nil {
		q.t.Fatal(err)
	}
	return h.Version
}

// party books a table for two and returns the booking.
func (q *quiet) party(name, clock, source, transition string) booking {
	q.t.Helper()
	body := doc{
		"covers": 2, "date": q.day, "time": clock, "source": source, "autoAssign": true,
		"guest": doc{"name": name, "phone": "+44 20 7946 0001"},
	}
	if transition != "" {
		body["transition"] = transition
	}
	a := q.anna.post("/bookings", body)
	if !a.ok() {
		q.t.FailNow()
	}
	return *a.Booking
}

// is the booking as it is now.
func (q *quiet) is(b booking) booking {
	q.t.Helper()
	a := q.anna.get("/bookings/" + b.ID)
	if !a.ok() {
		q.t.FailNow()
	}
	return *a.Booking
}

// due lists the due work of a subject, kind and time.
func (q *quiet) due(subject string) (rows []string) {
	q.t.Helper()
	for _, r := range q.verify().Due {
		if strings.HasPrefix(r.Subject, subject) {
			rows = append(rows, string(r.Kind)+" "+r.RunAt.Time().Format("15:04"))
		}
	}
	slices.Sort(rows)
	return rows
}

// changes counts the changes of bookings since a version. A process that comes
// second may note that there was nothing to do; that changes no booking.
func (q *quiet) changes(since int64) (n int) {
	q.t.Helper()
	for _, entry := range q.verify().Journal {
		if entry.Version > since && entry.Change != nil && len(entry.Change.Rows.PutBookings) > 0 {
			n++
		}
	}
	return n
}

// events counts those of a kind.
func (q *quiet) events(of seating.EventType) (n int) {
	q.t.Helper()
	for _, r := range q.outbox() {
		if r.EventType == of {
			n++
		}
	}
	return n
}

func (q *quiet) want(what string, got, want any) {
	q.t.Helper()
	if got != want {
		q.t.Errorf("%s: %s is %v, want %v", q.now.Format("15:04"), what, got, want)
	}
}

// Two processes notice a late party at the same moment: it is late once.
func TestALatePartyIsToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b := q.party("Late", "18:00", "phone", "")
		other := q.party("In time", "18:00", "phone", "")
		q.until("17:58")
		q.anna.post("/bookings/"+other.ID+"/arrived", nil)
		q.until("18:14")
		q.want("late at", q.is(b).LateAt.IsZero(), true)
		before := q.version()
		q.until("18:15")
		q.want("changes", q.changes(before), 1)
		late := q.is(b)
		q.want("late at", late.LateAt.Format("15:04"), "18:15")
		q.want("status", late.Status, "confirmed")
		q.want("tables kept", slices.Equal(late.Tables, b.Tables), true)
		q.want("the other's late at", q.is(other).LateAt.IsZero(), true)
		q.until("18:40")
		q.want("events", q.events(seating.EventBookingLate), 1)
		q.want("due work", len(q.due("booking:")), 0)
		q.want("changes", q.changes(before), 1)
	})
}

// Under release a late party loses its tables and its hold, and waits; whoever
// asks next has them.
func TestReleaseFreesTheTablesOfALateParty(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b := q.party("Late", "18:00", "phone", "")
		q.lateRule(q.mona, "release")
		q.until("18:10")
		tables, _ := q.chooseFor(b, b.Tables...)
		hold := q.anna.post("/bookings/"+b.ID+"/holds", doc{"tableIds": tables, "ttlSeconds": 600})
		q.until("18:15")
		late := q.is(b)
		q.want("status", late.Status, "waitlisted")
		q.want("tables", len(late.Tables), 0)
		q.want("the hold", q.status("/holds/"+hold.Hold.ID), "released")
		next := q.party("Next", "18:15", "phone", "none")
		a := q.anna.put("/bookings/"+next.ID+"/assignment", doc{"tableIds": b.Tables})
		q.want("the next party", a.status, 200)
		q.until("18:29") // before the next party is late itself
		q.want("status", q.is(b).Status, "waitlisted")
		q.want("events", q.events(seating.EventBookingLate), 1)
		// It comes after all, and sits elsewhere.
		a = q.anna.put("/bookings/"+b.ID+"/assignment", doc{"tableIds": tables, "transition": "checked_in"})
		q.want("status", a.Booking.Status, "checked_in")
	})
}

// chooseFor is choose for a booking.
func (q *quiet) chooseFor(b booking, not ...string) ([]string, string) {
	return q.choose(q.anna, &party{id: b.ID}, not...)
}

// status is that of a hold.
func (q *quiet) status(path string) string {
	_, rest, _ := strings.Cut(string(q.anna.get(path).raw), `"status":"`)
	status, _, _ := strings.Cut(rest, `"`)
	return status
}

// A party that stays is told once; its table is nobody's until it has left.
func TestAPartyThatStaysIsToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b := q.party("Stays", "18:00", "phone", "")
		q.until("18:00")
		q.anna.post("/bookings/"+b.ID+"/check-in", nil)
		q.want("due work", strings.Join(q.due("booking:"), ", "), "overstay 19:10") // an hour, five minutes to reset, five of grace
		q.until("19:09")
		before := q.version()
		q.want("overstaying at", q.is(b).OverstayAt.IsZero(), true)
		q.until("19:10")
		q.want("changes", q.changes(before), 1)
		q.want("overstaying at", q.is(b).OverstayAt.Format("15:04"), "19:10")
		next := q.party("Next", "19:15", "phone", "none")
		a := q.anna.put("/bookings/"+next.ID+"/assignment", doc{"tableIds": b.Tables}, seating.CodeTableOccupied)
		q.want("the next party", a.Code, "TABLE_OCCUPIED")
		q.until("19:20")
		q.want("events", q.events(seating.EventBookingOverstaying), 1)
		q.anna.post("/bookings/"+b.ID+"/check-out", nil)
		a = q.anna.put("/bookings/"+next.ID+"/assignment", doc{"tableIds": b.Tables})
		q.want("the next party", a.status, 200)
	})
}

// A web booking that nobody confirms goes when its time is over, and its tables are
// free; one that was confirmed stays.
func TestAWebBookingThatNobodyConfirmsExpires(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b, kept := q.party("Unconfirmed", "20:00", "web", "none"), q.party("Confirmed", "20:00", "web", "none")
		q.want("until", b.PendingUntil.Format("15:04"), "16:15")
		q.until("16:14")
		q.want("status", q.is(b).Status, "pending")
		q.anna.put("/bookings/"+kept.ID+"/assignment", doc{"tableIds": kept.Tables, "transition": "confirmed"})
		before := q.version()
		q.until("16:16")
		q.want("changes", q.changes(before), 1)
		q.want("status", q.is(b).Status, "cancelled")
		q.want("the other's status", q.is(kept).Status, "confirmed")
		q.want("events", q.events(seating.EventBookingCancelled), 1)
		history := string(q.anna.get("/bookings/" + b.ID + "/history").raw)
		q.want("the history says why", strings.Contains(history, "pending_expired") && strings.Contains(history, `"principal":"system"`), true)
		a := q.anna.put("/bookings/"+kept.ID+"/assignment", doc{"tableIds": b.Tables})
		q.want("its tables are free", a.status, 200)
	})
}

// Dinner is made longer: the day is closed later, and not at the time that was
// written down when its first booking came.
func TestADayIsClosedLaterWhenItsHoursAre(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b := q.party("Forgotten", "20:00", "phone", "")
		q.until("20:00")
		q.anna.post("/bookings/"+b.ID+"/check-in", nil)
		q.want("due work", strings.Join(q.due("day:"), ", "), "close_day 06:00") // six hours after midnight
		q.mona.put("/service-periods", hours(q.day, "00:30", "23:30"))
		q.until("06:00")
		q.want("due work", strings.Join(q.due("day:"), ", "), "close_day 06:30")
		q.want("status", q.is(b).Status, "checked_in")
		q.until("06:29")
		q.want("status", q.is(b).Status, "checked_in")
		q.until("06:30")
		q.want("status", q.is(b).Status, "completed")
		q.want("closed", q.read(q.anna).Closed, true)
		q.want("events", q.events(seating.EventDayClosed), 1)
		q.want("due work", len(q.verify().Due), 0)
	})
}

// Work that has become senseless is not there any more, and what was written down
// for a rule that has changed is done at its new time.
func TestDueWorkFollowsWhatItIsAbout(t *testing.T) {
	t.Parallel()
	onBoth(t, func(q *quiet) {
		b := q.party("Gone", "18:00", "web", "none")
		q.want("due work", strings.Join(q.due("booking:"), ", "), "late 18:15, pending_expiry 16:15")
		q.anna.put("/bookings/"+b.ID+"/assignment", doc{"tableIds": b.Tables, "transition": "confirmed"})
		q.want("due work", strings.Join(q.due("booking:"), ", "), "late 18:15")
		q.anna.patch("/bookings/"+b.ID, doc{"time": "19:00"})
		q.want("due work", strings.Join(q.due("booking:"), ", "), "late 19:15")
		policy := q.mona.get("/policy").Policy
		policy["late"] = doc{"afterMinutes": 40, "action": string(seating.LateFlag)}
		q.mona.put("/policy", policy)
		q.until("19:15")
		q.want("late at", q.is(b).LateAt.IsZero(), true)
		q.want("due work", strings.Join(q.due("booking:"), ", "), string(house.DueLate)+" 19:40")
		q.anna.post("/bookings/"+b.ID+"/cancel", nil)
		q.want("due work", len(q.due("booking:")), 0)
		before := q.version()
		q.until("19:45")
		q.want("changes", q.changes(before), 0)
	})
}
