package decide_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// impact decides a command and returns what it breaks: "booking 3 TABLE_UNAVAILABLE".
func (s *stage) impact(c decide.Command) []string {
	s.t.Helper()
	before := s.h
	s.ok(cleo, c)
	after := s.h
	s.h = before
	breaks, truncated := decide.Impact(before, after, s.now)
	if truncated {
		s.t.Errorf("Impact of %s is truncated", c.Name())
	}
	all := []string{}
	for _, b := range breaks {
		n := int(b.Booking[14])<<8 | int(b.Booking[15])
		all = append(all, fmt.Sprintf("%s %d %s %s", b.Kind, n, b.Check, b.Code))
	}
	return all
}

func TestImpact(t *testing.T) {
	policy := func(set func(*seating.Policy)) decide.PutPolicy {
		return decide.PutPolicy{Policy: setting(housetest.Policy(), set)}
	}
	dinner := func(set func(*servicetime.Period)) decide.PutPeriods {
		p := housetest.Periods()
		set(&p[1])
		return decide.PutPeriods{Periods: p}
	}
	at := func(n int, edit func(*decide.ChangeTable)) decide.ChangeTable {
		return setting(decide.ChangeTable{ID: housetest.Table(n)}, edit)
	}
	// Beside the evening's bookings, 3 of them at T4: T1 is held for booking 1, booking
	// 5 has T2 and T3 together, booking 6 sits at T7, and booking 7 (T8) is over at
	// twenty past six.
	set := func(t *testing.T) *stage {
		t.Helper()
		s := evening(t, func(st *house.State) {
			housetest.Party(st, 5, 8, "19:00", 2, 3)
			housetest.Party(st, 6, 4, "17:30", 7)
			st.Bookings[len(st.Bookings)-1].Status = seating.CheckedIn
			housetest.Party(st, 7, 4, "17:00", 8)
		})
		s.ok(anna, hold(1, 1, 1))
		return s
	}
	for _, tt := range []struct {
		name string
		give decide.Command
		late bool // at 18:30
		want []string
	}{
		{name: "nothing", give: decide.PutClosures{}, want: []string{}},
		{name: "a name", give: decide.ChangeZone{ID: housetest.Main, Rename: new("Salle")}, want: []string{}},
		{name: "a table out of service", give: at(4, func(c *decide.ChangeTable) { c.Active = new(false) }), want: []string{"booking 3 available TABLE_UNAVAILABLE"}},
		{name: "a held table", give: at(1, func(c *decide.ChangeTable) { c.Active = new(false) }), want: []string{"hold 1 available TABLE_UNAVAILABLE"}},
		{name: "a zone out of service", give: decide.ChangeZone{ID: housetest.Main, Active: new(false)}, want: []string{
			"hold 1 available TABLE_UNAVAILABLE", "booking 3 available TABLE_UNAVAILABLE", "booking 5 available TABLE_UNAVAILABLE",
		}},
		{name: "who sits", give: at(7, func(c *decide.ChangeTable) { c.Active = new(false) }), want: []string{"booking 6 available TABLE_UNAVAILABLE"}},
		{name: "who is gone", give: at(8, func(c *decide.ChangeTable) { c.Active = new(false) }), late: true, want: []string{}},
		{name: "fewer covers", give: at(1, func(c *decide.ChangeTable) { c.MaxCovers = new(3) }), want: []string{"hold 1 capacity CAPACITY_INSUFFICIENT"}},
		{name: "fewer covers of two", give: at(2, func(c *decide.ChangeTable) { c.MaxCovers = new(3) }), want: []string{"booking 5 capacity CAPACITY_INSUFFICIENT"}},
		{name: "a table too large", give: at(1, func(c *decide.ChangeTable) { c.MaxCovers = new(9) }), want: []string{"hold 1 slack SLACK_EXCEEDED"}},
		{name: "slack", give: policy(func(p *seating.Policy) { p.SlackBudget = 1 }), want: []string{"booking 3 slack SLACK_EXCEEDED"}},
		{name: "a minimum, advised", give: at(4, func(c *decide.ChangeTable) { c.MinCovers = new(3) }), want: []string{}},
		{name: "fewer tables", give: policy(func(p *seating.Policy) { p.MaxTables = 1 }), want: []string{"booking 5 tables TOO_MANY_TABLES"}},
		{name: "other zones", give: at(2, func(c *decide.ChangeTable) { c.Zone = new(housetest.Patio) }), want: []string{"booking 5 zone ZONE_MISMATCH"}},
		{name: "fixed", give: at(3, func(c *decide.ChangeTable) { c.Movable = new(false) }), want: []string{"booking 5 movable TABLE_FIXED"}},
		{name: "apart", give: decide.PutAdjacencies{Pairs: pairs(1, 2)}, want: []string{"booking 5 adjacency NOT_ADJACENT"}},
		{name: "a combination too small", give: combinations(combined(2, 7, 2, 3), combined(6, 10, 5, 6)), want: []string{"booking 5 capacity CAPACITY_INSUFFICIENT"}},
		{name: "closed", give: decide.PutClosures{Closures: []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}}}, want: []string{
			"booking 7 service CLOSED", "booking 1 service CLOSED", "booking 2 service CLOSED", "booking 3 service CLOSED", "booking 5 service CLOSED", "booking 4 service CLOSED",
		}},
		{name: "closed, late", late: true, give: decide.PutClosures{Closures: []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday, Reason: "leak"}}}, want: []string{
			"booking 1 service CLOSED", "booking 2 service CLOSED", "booking 3 service CLOSED", "booking 5 service CLOSED", "booking 4 service CLOSED",
		}},
		{name: "closed tomorrow", give: decide.PutClosures{Closures: []servicetime.Closure{{From: housetest.Friday.AddDays(1), To: housetest.Friday.AddDays(9), Reason: "leak"}}}, want: []string{}},
		{name: "last seating", give: dinner(func(p *servicetime.Period) { p.LastSeating = servicetime.NewClock(20, 0) }), want: []string{"booking 4 service OUTSIDE_SERVICE_HOURS"}},
		{name: "ends sooner", give: dinner(func(p *servicetime.Period) {
			p.End, p.LastSeating = servicetime.NewClock(21, 44), servicetime.NewClock(21, 0)
		}), want: []string{"booking 4 service SERVICE_OVERRUN"}},
		{name: "ends just then", give: dinner(func(p *servicetime.Period) {
			p.End, p.LastSeating = servicetime.NewClock(21, 45), servicetime.NewClock(21, 0)
		}), want: []string{}},
		{name: "blocks break nobody", give: blockOf(1, "21:50", "22:30", 1), want: []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := set(t)
			if tt.late {
				s.now = housetest.At("18:30")
				s.h = s.without(housetest.Hold(1))
			}
			if diff := cmp.Diff(tt.want, s.impact(tt.give)); diff != "" {
				t.Errorf("Impact (-want +got):\n%s", diff)
			}
		})
	}
}

// without is the house after a lapsed hold was swept.
func (s *stage) without(id seating.HoldID) *house.House {
	s.ok(seating.System(), decide.ExpireHolds{Holds: []seating.HoldID{id}})
	return s.h
}

// TestImpact_NoNews: only what stood by a rule is told to break it.
func TestImpact_NoNews(t *testing.T) {
	s := evening(t, func(st *house.State) { st.Policy.Minimum = seating.Enforce })
	raise := decide.ChangeTable{ID: housetest.Table(4), MinCovers: new(3)}
	if diff := cmp.Diff([]string{"booking 3 minimum BELOW_MINIMUM"}, s.impact(raise)); diff != "" {
		t.Errorf("Impact (-want +got):\n%s", diff)
	}
	s.ok(cleo, raise)
	if got := s.impact(decide.ChangeTable{ID: housetest.Table(4), MinCovers: new(4)}); len(got) != 0 {
		t.Errorf("Impact of more of the same = %q, want no news", got)
	}
	if diff := cmp.Diff([]string{"booking 3 available TABLE_UNAVAILABLE"}, s.impact(decide.ChangeTable{ID: housetest.Table(4), Active: new(false)})); diff != "" {
		t.Errorf("Impact of another rule (-want +got):\n%s", diff)
	}
	// A lapsed hold stands by nothing.
	s = evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	s.now = r.Hold.ExpiresAt
	if got := s.impact(decide.ChangeTable{ID: housetest.Table(1), Active: new(false)}); len(got) != 0 {
		t.Errorf("Impact on a lapsed hold = %q, want none", got)
	}
	// A cancelled booking neither.
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(3)})
	if got := s.impact(decide.ChangeTable{ID: housetest.Table(4), Active: new(false)}); len(got) != 0 {
		t.Errorf("Impact on a cancelled booking = %q, want none", got)
	}
	// What a hold set aside stays aside.
	s = evening(t, nil)
	c := hold(1, 1, 1)
	c.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "regulars"}
	s.ok(cleo, c)
	if got := s.impact(decide.ChangeTable{ID: housetest.Table(1), MaxCovers: new(20)}); len(got) != 0 {
		t.Errorf("Impact on a hold that set slack aside = %q, want none", got)
	}
	// A party that is late is not outside its service for that.
	s = evening(t, nil)
	s.now = housetest.At("19:30")
	lunch := decide.PutPeriods{Periods: housetest.Periods()[:1]}
	if got := s.impact(lunch); len(got) != 4 {
		t.Errorf("Impact of no dinner at half past seven = %q, want all four", got)
	}
}

func TestImpact_IsBounded(t *testing.T) {
	s := evening(t, func(st *house.State) {
		for i := range decide.MaxBreaks {
			housetest.Party(st, 100+i, 2, "20:00")
		}
	})
	before := s.h
	s.ok(cleo, decide.PutPeriods{})
	breaks, truncated := decide.Impact(before, s.h, s.now)
	if len(breaks) != decide.MaxBreaks || !truncated || breaks[0].Booking != housetest.Booking(1) {
		t.Errorf("Impact = %d, truncated %v, from %v, want the first %d", len(breaks), truncated, breaks[0].Booking, decide.MaxBreaks)
	}
}

// TestImpactIsThatOfDoingIt: what a change would break is what it has broken, and
// to try it changes nothing.
func TestImpactIsThatOfDoingIt(t *testing.T) {
	broke := 0
	rapid.Check(t, func(r *rapid.T) {
		s := evening(t, func(st *house.State) {
			housetest.Party(st, 5, 8, "19:00", 2, 3)
			housetest.Party(st, 6, 9, "19:00", 5, 6)
		})
		s.ok(anna, hold(1, 1, 1))
		s.now = s.now.Add(time.Duration(rapid.IntRange(0, 179).Draw(r, "seconds")) * time.Second)
		c, _ := oneThing(r)
		before := s.h
		state := before.State()
		d := decide.Decide(before, c, s.env(cleo))
		if d.Change == nil {
			return
		}
		after, err := house.Apply(before, d.Change)
		if err != nil {
			r.Fatalf("Apply(%s): %v", c.Name(), err)
		}
		tried, _ := decide.Impact(before, after, s.now)
		if diff := cmp.Diff(state, before.State()); diff != "" {
			r.Fatalf("trying %s changed the house:\n%s", c.Name(), diff)
		}
		s.ok(cleo, c)
		done, _ := decide.Impact(before, s.h, s.now)
		if diff := cmp.Diff(tried, done); diff != "" {
			r.Fatalf("%s breaks (-tried +done):\n%s", c.Name(), diff)
		}
		broke += len(done)
		if none, _ := decide.Impact(s.h, s.h, s.now); len(none) > 0 {
			r.Fatalf("no change breaks %v", none)
		}
	})
	if broke == 0 {
		t.Error("no drawn change breaks anything: the property tries nothing")
	}
}
