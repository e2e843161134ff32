package decide_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func TestHoldLifetime(t *testing.T) {
	tests := []struct {
		name   string
		asked  servicetime.Seconds
		want   time.Duration
		raised bool
		code   seating.Code
	}{
		{name: "default", asked: 0, want: 180 * time.Second},
		{name: "H03 longest", asked: 600, want: 600 * time.Second},
		{name: "H03 longer than the longest", asked: 601, code: seating.CodeInvalid},
		{name: "shortest request is raised to the minimum", asked: 30, want: 60 * time.Second, raised: true},
		{name: "just below the minimum is raised", asked: 59, want: 60 * time.Second, raised: true},
		{name: "the minimum itself", asked: 60, want: 60 * time.Second},
		{name: "shorter than the shortest request", asked: 29, code: seating.CodeInvalid},
		{name: "negative", asked: -1, code: seating.CodeInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, nil)
			c := hold(1, 1, 1)
			c.TTL = tt.asked
			if tt.code != "" {
				err := s.refused(anna, c, tt.code)
				if len(err.Details.Fields) != 1 || err.Details.Fields[0].Pointer != "/ttlSeconds" {
					t.Errorf("fields = %v, want one at /ttlSeconds", err.Details.Fields)
				}
				return
			}
			r := s.ok(anna, c)
			if got := r.Hold.ExpiresAt.Sub(s.now); got != tt.want || r.Hold.Raised != tt.raised {
				t.Errorf("hold of %d s lasts %v (raised %v), want %v (%v)", tt.asked, got, r.Hold.Raised, tt.want, tt.raised)
			}
		})
	}
}

func TestH08_DuplicateTablesCollapse(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1, 1, 1))
	if !slices.Equal(r.Hold.Tables, housetest.Tables(1)) || r.Summary.Covers != 4 || len(s.last.Rows.PutAllocations) != 1 {
		t.Errorf("hold of T1,T1,T1 = tables %v, %d covers, %d rows, want T1, 4, 1", r.Hold.Tables, r.Summary.Covers, len(s.last.Rows.PutAllocations))
	}
}

func TestH09_EmptyTableList(t *testing.T) {
	evening(t, nil).refused(anna, hold(1, 1), seating.CodeTablesRequired)
}

func TestH11_LapsedHoldIsNotExtendedOverANewerOne(t *testing.T) {
	s := evening(t, nil)
	first := s.ok(anna, hold(1, 1, 1))
	s.now = first.Hold.ExpiresAt
	s.ok(ben, hold(2, 2, 1))
	s.refused(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 60}, seating.CodeHoldExpired)
	if e := s.h.Hold(housetest.Hold(2)); e == nil || !e.Hold.Live(s.now) {
		t.Errorf("Hold(2) = %v, want live", e)
	}
}

func TestH14_HoldOnATableOutOfService(t *testing.T) {
	block := seating.Block{ID: housetest.ID[seating.BlockID](1), Tables: housetest.Tables(1), Window: housetest.Window("20:00", "21:00"), Reason: "wobbly"}
	for name, edit := range map[string]func(*house.State){
		"inactive":            func(s *house.State) { s.Tables[0].Active = false },
		"zone inactive":       func(s *house.State) { s.Zones[0].Active = false },
		"blocked in its meal": func(s *house.State) { s.Blocks = []seating.Block{block} },
	} {
		t.Run(name, func(t *testing.T) {
			evening(t, edit).refused(anna, hold(1, 1, 1), seating.CodeTableUnavailable)
			evening(t, nil).ok(anna, hold(1, 1, 1))
		})
	}
}

func TestH15_TablesOfSeveralZones(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	err := s.refused(anna, hold(1, 1, 4, 7), seating.CodeZoneMismatch)
	if got := seating.FirstError(err.Details.Checks).ID; got != seating.CheckZone {
		t.Errorf("first error = %s, want zone", got)
	}
	allowed := evening(t, func(s *house.State) {
		s.Bookings[0].Covers = 8
		s.Policy.CrossZone = true
		s.Edges = append(s.Edges, seating.NewEdge(housetest.Table(3), housetest.Table(7)))
	})
	allowed.ok(anna, hold(1, 1, 3, 7))
}

func TestH16_EndedBookingTakesNoHold(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(1)})
	err := s.refused(anna, hold(1, 1, 1), seating.CodeBookingState)
	if err.Details.Status != seating.Cancelled {
		t.Errorf("currentStatus = %s, want cancelled", err.Details.Status)
	}
}

func TestH18_HoldOverAnAssignment(t *testing.T) {
	s := evening(t, func(s *house.State) { housetest.Party(s, 5, 4, "20:20") })
	err := s.refused(anna, hold(1, 1, 4), seating.CodeAssignmentConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Booking != housetest.Booking(3) || b[0].Table.Number != "T4" {
		t.Errorf("blockers = %+v, want booking 3 on T4", b)
	}
	s.ok(anna, hold(1, 5, 4)) // 20:20 is when booking 3's window ends
}

func TestH19_ReleasingGivesNothingBackToTheBudget(t *testing.T) {
	s := evening(t, nil)
	for i := range 5 {
		s.ok(anna, hold(i+1, 1, 1))
		s.ok(anna, decide.ReleaseHold{Hold: housetest.Hold(i + 1)})
		s.now = s.now.Add(time.Second)
	}
	err := s.refused(anna, hold(6, 1, 1), seating.CodeRateLimited)
	if want := 55 * time.Second; err.Details.RetryAfter != want || err.Details.Reason != "budget" {
		t.Errorf("RetryAfter = %v (%s), want %v (budget)", err.Details.RetryAfter, err.Details.Reason, want)
	}
	s.ok(ben, hold(7, 1, 1))  // another principal has a budget of its own
	s.ok(anna, hold(8, 2, 2)) // so has another booking
	s.now = s.now.Add(err.Details.RetryAfter)
	s.ok(ben, decide.ReleaseHold{Hold: housetest.Hold(7)})
	s.ok(anna, hold(9, 1, 1)) // exactly after Retry-After one more is granted
	s.ok(anna, decide.ReleaseHold{Hold: housetest.Hold(9)})
	s.refused(anna, hold(10, 1, 1), seating.CodeRateLimited)
}

func TestBudgetCountsGrantsOnly(t *testing.T) {
	s := evening(t, nil)
	for i := range 20 {
		s.refused(anna, hold(i+1, 1, 4), seating.CodeAssignmentConflict)
	}
	s.ok(anna, hold(30, 1, 1))
	for range 10 {
		s.ok(anna, decide.ExtendHold{Hold: housetest.Hold(30), By: 200})
	}
	for i := range 4 { // replacements count
		s.ok(anna, hold(31+i, 1, 1+i%3))
	}
	s.refused(anna, hold(40, 1, 1), seating.CodeRateLimited)
}

func TestH24_CapOfLiveHolds(t *testing.T) {
	many := func(s *house.State) {
		for i := range 60 {
			housetest.Party(s, 100+i, 2, fmt.Sprintf("%02d:%02d", 12+i/8, 7*(i%8)))
		}
	}
	// Holds on T5 at times of their own: 60 bookings on other days do not meet.
	spread := func(s *house.State) {
		many(s)
		for i := range s.Bookings {
			if b := &s.Bookings[i]; b.Covers == 2 && b.Status == seating.Pending {
				shift := time.Duration(i) * 24 * time.Hour
				b.ServiceDate = b.ServiceDate.AddDays(i)
				b.Window = servicetime.Window{Start: b.Window.Start.Add(shift), End: b.Window.End.Add(shift)}
				b.Dining = servicetime.Window{Start: b.Dining.Start.Add(shift), End: b.Dining.End.Add(shift)}
			}
		}
	}
	s := evening(t, spread)
	for i := range seating.PersonHoldCap {
		s.ok(anna, hold(100+i, 100+i, 5))
		s.now = s.now.Add(time.Millisecond)
	}
	err := s.refused(anna, hold(150, 130, 5), seating.CodeRateLimited)
	first := s.h.Hold(housetest.Hold(100)).Hold.ExpiresAt
	if err.Details.Reason != "principal" || err.Details.RetryAfter != first.Sub(s.now) {
		t.Errorf("refusal = %s after %v, want principal after %v", err.Details.Reason, err.Details.RetryAfter, first.Sub(s.now))
	}
	s.ok(anna, hold(151, 100, 5)) // replacing one's own is not one more
	for i := range 15 {
		s.ok(ben, hold(200+i, 120+i, 5))
	}
	dora, emil := housetest.Host("dora"), housetest.Host("emil")
	for i := range 15 {
		s.ok(dora, hold(230+i, 135+i, 5))
	}
	err = s.refused(emil, hold(260, 155, 5), seating.CodeRateLimited)
	if err.Details.Reason != "restaurant" {
		t.Errorf("reason = %s, want restaurant", err.Details.Reason)
	}
}

func TestH25_ReplacingOwnHoldIsOneChange(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.ok(anna, hold(1, 1, 1, 2))
	s.now = s.now.Add(10 * time.Second)
	r := s.ok(anna, hold(2, 1, 2, 3))
	if s.h.Hold(housetest.Hold(1)) != nil || !slices.Equal(r.Hold.Tables, housetest.Tables(2, 3)) {
		t.Errorf("after the replacement: old %v, new %v", s.h.Hold(housetest.Hold(1)), r.Hold.Tables)
	}
	if want := housetest.At("18:00"); r.Hold.HeldSince != want {
		t.Errorf("heldSince = %v, want %v, inherited over the shared T2", r.Hold.HeldSince, want)
	}
	s.refused(anna, hold(3, 1, 3, 4), seating.CodeAssignmentConflict)
	if e := s.h.Hold(housetest.Hold(2)); e == nil {
		t.Error("a refused replacement took the old hold away")
	}
	r = s.ok(anna, hold(4, 1, 6))
	if r.Hold.HeldSince != s.now {
		t.Errorf("heldSince = %v, want %v: no table shared", r.Hold.HeldSince, s.now)
	}
}

func TestH26_OneHoldPerBooking(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	err := s.refused(ben, hold(2, 1, 2), seating.CodeHoldConflict)
	if b := err.Details.Blockers; len(b) != 1 || b[0].HeldBy != anna.Principal || b[0].Hold != housetest.Hold(1) {
		t.Errorf("blockers = %+v, want anna's hold", b)
	}
	s.refused(ben, decide.TakeOver{ID: housetest.Hold(3), Hold: housetest.Hold(1), Reason: "guest_waiting"}, seating.CodeOverrideRequired)
	r := s.ok(cleo, decide.TakeOver{ID: housetest.Hold(3), Hold: housetest.Hold(1), Reason: "guest_waiting"})
	if r.Hold.CreatedBy != cleo.Principal || s.h.Hold(housetest.Hold(1)) != nil {
		t.Errorf("taken over by %s, old hold %v", r.Hold.CreatedBy, s.h.Hold(housetest.Hold(1)))
	}
	s.nothing(cleo, decide.TakeOver{ID: housetest.Hold(4), Hold: housetest.Hold(3), Reason: "again"})
}

func TestH27_ReleasingTwiceIsFine(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.refused(ben, decide.ReleaseHold{Hold: housetest.Hold(1)}, seating.CodeOverrideRequired)
	s.ok(anna, decide.ReleaseHold{Hold: housetest.Hold(1)})
	s.nothing(anna, decide.ReleaseHold{Hold: housetest.Hold(1)})
	s.refused(anna, decide.ReleaseHold{Hold: housetest.Hold(2)}, seating.CodeNotFound)
}

func TestH29_SweepPassesOverAnExtendedHold(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	s.ok(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 400})
	s.now = r.Hold.ExpiresAt
	s.nothing(seating.System(), decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1)}})
	if e := s.h.Hold(housetest.Hold(1)); e == nil {
		t.Fatal("the extended hold is gone")
	}
	s.now = s.h.Hold(housetest.Hold(1)).Hold.ExpiresAt
	if got := s.ok(seating.System(), decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1), housetest.Hold(1)}}); got.Count != 1 {
		t.Errorf("expired %d, want 1", got.Count)
	}
	if s.last.Guards[0].Kind != house.GuardHoldLapsed {
		t.Errorf("guards = %+v, want the lapse judged by the database", s.last.Guards)
	}
}

func TestExtendBounds(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	start := s.now
	if got := s.nothing(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 10}); got.Hold.ExpiresAt != r.Hold.ExpiresAt {
		t.Errorf("extending by less than is left shortened to %v", got.Hold.ExpiresAt)
	}
	for range 10 {
		s.now = s.h.Hold(housetest.Hold(1)).Hold.ExpiresAt.Add(-time.Second)
		s.ok(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 600})
		if s.last == nil {
			break
		}
	}
	if got, want := s.h.Hold(housetest.Hold(1)).Hold.ExpiresAt, start.Add(30*time.Minute); got != want {
		t.Errorf("extended until %v, want heldSince + 30 min = %v", got, want)
	}
	s.refused(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 601}, seating.CodeInvalid)
	s.refused(ben, decide.ExtendHold{Hold: housetest.Hold(1), By: 60}, seating.CodeOverrideRequired)
}

func TestReplacementCannotOutliveThirtyMinutes(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	since := s.now
	for i := 2; ; i++ {
		s.now = s.now.Add(150 * time.Second)
		e := s.h.Booking(housetest.Booking(1))
		if !e.Hold.Live(s.now) {
			break
		}
		s.ok(anna, hold(i, 1, 1))
		if got := s.h.Hold(housetest.Hold(i)).Hold.ExpiresAt; got > since.Add(30*time.Minute) {
			t.Fatalf("hold %d lasts until %v, want at most %v", i, got, since.Add(30*time.Minute))
		}
	}
}

func TestLapsedHoldIsInvisible(t *testing.T) {
	for name, away := range map[string]time.Duration{"1 ms before": -time.Millisecond, "at": 0, "1 ms after": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			r := s.ok(anna, hold(1, 1, 1))
			s.now = r.Hold.ExpiresAt.Add(away)
			if away < 0 {
				s.refused(ben, hold(2, 2, 1), seating.CodeHoldConflict)
				s.ok(anna, decide.ConfirmHold{Hold: housetest.Hold(1)})
				return
			}
			s.refused(anna, decide.ConfirmHold{Hold: housetest.Hold(1)}, seating.CodeHoldExpired)
			s.refused(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 60}, seating.CodeHoldExpired)
			s.ok(ben, hold(2, 2, 1))
			if want := seating.EventHoldExpired; !slices.Contains(s.events(), want) {
				t.Errorf("events = %v, want %s among them", s.events(), want)
			}
			if slices.Contains(s.last.Touch.Bookings, housetest.Booking(1)) {
				t.Error("a lapse touched its booking")
			}
			s.refused(anna, decide.ConfirmHold{Hold: housetest.Hold(1)}, seating.CodeHoldExpired)
		})
	}
}

func TestOverride(t *testing.T) {
	wasteful := hold(1, 1, 6) // four guests at eight seats is within the budget; two are not
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 2 })
	s.refused(cleo, wasteful, seating.CodeSlackExceeded)
	wasteful.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "regulars"}
	s.refused(anna, wasteful, seating.CodeOverrideRequired)
	r := s.ok(cleo, wasteful)
	if i := slices.IndexFunc(r.Checks, func(c seating.Check) bool { return c.ID == seating.CheckSlack }); !r.Checks[i].Overridden || r.Checks[i].Outcome != seating.OutcomeWarning {
		t.Errorf("slack = %+v, want an overridden warning", r.Checks[i])
	}
	if !slices.ContainsFunc(s.last.History, func(l house.HistoryRow) bool { return l.To == "override" && l.Reason == "regulars" }) {
		t.Errorf("history = %+v, want the override in it", s.last.History)
	}
	s.ok(cleo, decide.ConfirmHold{Hold: housetest.Hold(1)}) // without repeating it

	for _, c := range seating.CheckIDs() {
		wasteful.Override = &seating.Override{Checks: []seating.CheckID{c}, Reason: "regulars"}
		_, err := evening(t, nil).try(cleo, wasteful)
		if refused := err != nil && err.Code == seating.CodeInvalid; refused == c.Overridable() {
			t.Errorf("override of %s refused = %v, want %v", c, refused, !c.Overridable())
		}
	}
}
