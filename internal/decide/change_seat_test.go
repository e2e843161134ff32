package decide_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// rows demands exactly these allocations of booking n.
func (s *stage) rows(n int, want map[int][]servicetime.Window) {
	s.t.Helper()
	got := map[int][]servicetime.Window{}
	for _, a := range s.entry(n).Allocations {
		for t := 1; t <= 8; t++ {
			if a.Table == housetest.Table(t) {
				got[t] = append(got[t], a.Window)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("rows of booking %d (-want +got):\n%s", n, diff)
	}
}

func windows(pairs ...string) []servicetime.Window {
	var ws []servicetime.Window
	for i := 0; i < len(pairs); i += 2 {
		ws = append(ws, housetest.Window(pairs[i], pairs[i+1]))
	}
	return ws
}

// TestD13_ARefusedChangeKeepsTheSeat: neither window, tables, state nor hold is given
// up before the new ones are certain.
func TestD13_ARefusedChangeKeepsTheSeat(t *testing.T) {
	for _, m := range []decide.TableMode{decide.KeepTables, decide.ReplanTables} {
		t.Run(string(m), func(t *testing.T) {
			s := evening(t, func(s *house.State) {
				for i := range s.Tables {
					s.Tables[i].Active = i == 3 // T4 alone
				}
				housetest.Party(s, 5, 4, "21:00", 4)
			})
			want := seating.CodeAssignmentConflict
			if m == decide.ReplanTables {
				want = seating.CodeNoTable
			}
			err := s.refused(anna, change(3, at("20:30"), mode(m)), want)
			if m == decide.ReplanTables {
				var times []string
				for _, c := range err.Details.Choices {
					times = append(times, c.Time.String())
				}
				if got := []string{"19:45", "19:30", "19:15"}; !slices.Equal(times, got) || err.Details.Reason == "" {
					t.Errorf("alternatives = %v (%s), want %v: its own seat does not stand in the way", times, err.Details.Reason, got)
				}
			}
			s.sits(3, seating.Confirmed, 4)
			s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "20:20")})
		})
	}
}

// TestD19_OverlappingOwnWindow: shifted by half an hour at the same table.
func TestD19_OverlappingOwnWindow(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, change(3, at("19:30")))
	s.sits(3, seating.Confirmed, 4)
	s.rows(3, map[int][]servicetime.Window{4: windows("19:30", "20:35")})
	if r.Assignment == nil || r.Assignment.Window != housetest.Window("19:30", "20:35") || len(r.Checks) != 13 || r.Summary == nil {
		t.Errorf("change = %+v, want the assignment and its checks", r)
	}
	if want := []seating.EventType{seating.EventBookingRescheduled, seating.EventAssignmentSync}; !slices.Equal(s.events(), want) {
		t.Errorf("events = %v, want %v", s.events(), want)
	}
	if p := s.payload(seating.EventAssignmentSync); p.Window != housetest.Window("19:30", "20:35") || !slices.Equal(p.Tables, housetest.Tables(4)) {
		t.Errorf("sync = %+v, want T4 in the new window", p)
	}
	if !s.last.Touch.Window.Contains(housetest.At("19:00")) || !s.last.Touch.Window.Contains(housetest.At("20:30")) || !slices.Equal(s.last.Touch.Tables, housetest.Tables(4)) {
		t.Errorf("touch = %+v, want T4, the old window and the new", s.last.Touch)
	}
	line := s.last.History[0]
	for _, want := range []string{`"time":"19:00"`, `"time":"19:30"`, `"covers":2`, `"changed":["time"]`, housetest.Table(4).String()} {
		if line.To != "rescheduled" || !strings.Contains(line.Detail, want) {
			t.Errorf("line = %+v, want %s", line, want)
		}
	}
}

// TestD14_ATableOutOfService: the seat that was given stays until another is found.
func TestD14_ATableOutOfService(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Tables[3].Active = false })
	s.refused(anna, change(3, at("19:30")), seating.CodeTableUnavailable)
	s.sits(3, seating.Confirmed, 4)
	s.ok(anna, change(3, at("19:30"), mode(decide.ReplanTables)))
	s.sits(3, seating.Confirmed, 5)
	s.rows(3, map[int][]servicetime.Window{5: windows("19:30", "20:35")})
}

// TestD18_PendingWithTables: what blocks moves with the booking, and nothing of it is
// left behind.
func TestD18_PendingWithTables(t *testing.T) {
	s := evening(t, nil)
	c := create(20, 4, "21:00", 1)
	c.Transition = decide.ToNone
	s.ok(anna, c)
	s.sits(20, seating.Pending, 1)
	s.ok(anna, change(20, at("21:30")))
	s.sits(20, seating.Pending, 1)
	s.rows(20, map[int][]servicetime.Window{1: windows("21:30", "22:50")})
	s.ok(anna, change(20, days(1), at("12:00"), mode(decide.ReplanTables), covers(2)))
	e := s.entry(20)
	if len(e.Allocations) != 1 || e.Allocations[0].Window != e.Window || e.Window != day(1, "12:00", "13:05") {
		t.Errorf("rows = %+v, want one in %v", e.Allocations, e.Window)
	}
	s.ok(anna, assign(1, 1)) // T1 is free where it was
}

// TestChange_ModeByWhoChose: what a person chose is kept, what the planner did is
// planned again; nobody is moved for a table number.
func TestChange_ModeByWhoChose(t *testing.T) {
	s := evening(t, nil)
	s.refused(anna, change(3, covers(5)), seating.CodeCapacityInsufficient)
	auto := create(20, 2, "19:00")
	auto.AutoAssign = true
	s.ok(anna, auto)
	s.sits(20, seating.Confirmed, 5)
	s.refused(anna, change(20, covers(4), mode(decide.KeepTables)), seating.CodeCapacityInsufficient)
	s.ok(anna, change(20, covers(4)))
	s.sits(20, seating.Confirmed, 1)
	if s.entry(20).ChosenBy != seating.ChosenByPlanner {
		t.Errorf("chosen by %s, want the planner", s.entry(20).ChosenBy)
	}
	s.ok(anna, change(3, covers(4), mode(decide.ReplanTables)))
	s.sits(3, seating.Confirmed, 4) // T2 and T3 rank no better
	if s.entry(3).ChosenBy != seating.ChosenByPerson {
		t.Errorf("chosen by %s, want still a person: the tables are the same", s.entry(3).ChosenBy)
	}
	s.ok(anna, change(3, covers(2), mode(decide.ReplanTables)))
	s.sits(3, seating.Confirmed, 5) // T5 wastes less
	if s.entry(3).ChosenBy != seating.ChosenByPlanner {
		t.Errorf("chosen by %s, want the planner", s.entry(3).ChosenBy)
	}
}

// TestChange_WishesBindThePlannerAlone: present tables against a wish are kept, and
// are not what a new plan may fall back on.
func TestChange_WishesBindThePlannerAlone(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, change(3, wishes(housetest.Patio, "")))
	s.sits(3, seating.Confirmed, 4) // the seat is not touched by a wish
	s.ok(anna, change(3, at("19:15")))
	s.sits(3, seating.Confirmed, 4)
	s.ok(anna, change(3, at("19:30"), mode(decide.ReplanTables)))
	s.sits(3, seating.Confirmed, 7)
}

// TestChange_HoldEnds: whoever has it, it ends with the change and does not stand in
// its way; a change that leaves the seat alone leaves it alone.
func TestChange_HoldEnds(t *testing.T) {
	for _, give := range []decide.ChangeBooking{change(3, at("19:30")), change(3, covers(1)), change(3, turn(50)), change(3, days(1))} {
		s := evening(t, nil)
		s.ok(ben, hold(1, 3, 5))
		s.ok(anna, change(3, wishes(housetest.Patio, "")))
		if s.entry(3).Hold == nil {
			t.Fatal("a change of wishes ended the hold")
		}
		s.ok(anna, give)
		if s.entry(3).Hold != nil || s.ended[housetest.Hold(1)].How != seating.EndReleased {
			t.Errorf("%+v: hold = %+v, ended %+v, want released", give, s.entry(3).Hold, s.ended[housetest.Hold(1)])
		}
		if p := s.payload(seating.EventHoldReleased); p.Reason != "changed" {
			t.Errorf("reason = %q, want changed", p.Reason)
		}
	}
	s := evening(t, nil)
	s.ok(ben, hold(1, 3, 5))
	s.refused(anna, change(3, at("23:00")), seating.CodeOutsideServiceHours)
	if s.entry(3).Hold == nil {
		t.Error("a refused change ended the hold")
	}
	s.ok(ben, hold(2, 2, 1)) // somebody else's hold does stand in the way
	s.ok(anna, change(3, at("21:00")))
	s.ok(anna, assign(4, 2))
	s.ok(ben, hold(3, 1, 4))
	s.refused(anna, change(3, at("19:10")), seating.CodeHoldConflict)
	s.now = s.entry(1).Hold.ExpiresAt
	s.ok(anna, change(3, at("19:10"))) // and a lapsed one does not
	s.soldOnce()
}

// TestChange_AnotherDay: the booking, its grants and its rows are found on the day it
// moved to.
func TestChange_AnotherDay(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 3, 5))
	grants := len(s.entry(3).Grants)
	s.ok(anna, change(3, days(7)))
	e := s.entry(3)
	if e.ServiceDate != housetest.Friday.AddDays(7) || e.Date != e.ServiceDate || len(e.Grants) != grants || grants == 0 {
		t.Errorf("booking = %+v with %d grants, want it a week later with %d", e.Booking, len(e.Grants), grants)
	}
	on := func(d servicetime.Date) (ids []seating.BookingID) {
		for _, e := range s.h.Day(d).Entries() {
			ids = append(ids, e.ID)
		}
		return ids
	}
	if slices.Contains(on(housetest.Friday), e.ID) || !slices.Contains(on(e.ServiceDate), e.ID) {
		t.Errorf("Friday has %v, the next %v", on(housetest.Friday), on(e.ServiceDate))
	}
	again, err := house.New(s.h.State())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.h.State(), again.State()); diff != "" {
		t.Errorf("New(State()) differs:\n%s", diff)
	}
	s.ok(anna, assign(1, 4)) // Friday's T4 is free
	s.ok(anna, change(3, days(0), mode(decide.ReplanTables)))
	s.soldOnce()
}

// TestChange_OfAPartyThatSits: only its end moves, its past stays where it was.
func TestChange_OfAPartyThatSits(t *testing.T) {
	seated := func(t *testing.T) *stage {
		t.Helper()
		s := evening(t, nil)
		s.now = housetest.At("19:00")
		s.checkIn(3, 4)
		s.now = housetest.At("19:30")
		return s
	}
	t.Run("it stays longer", func(t *testing.T) {
		s := seated(t)
		b := s.ok(anna, change(3, turn(120))).Booking
		if b.Status != seating.CheckedIn || b.Window != housetest.Window("19:00", "21:05") || b.Dining != housetest.Window("19:00", "21:00") {
			t.Errorf("booking = %+v, want until 21:05", b.Booking)
		}
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "21:05")})
		if p := s.payload(seating.EventBookingChanged); p.What != "turn" {
			t.Errorf("what = %q, want turn", p.What)
		}
	})
	t.Run("into the next party's time", func(t *testing.T) {
		s := seated(t)
		s.ok(anna, assign(4, 4))
		s.refused(anna, change(3, turn(120)), seating.CodeAssignmentConflict)
		s.ok(anna, change(3, turn(85)))
	})
	t.Run("past the end of service: nobody sends it away", func(t *testing.T) {
		s := seated(t)
		s.ok(anna, change(3, turn(400)))
	})
	t.Run("it leaves sooner, but not before now", func(t *testing.T) {
		s := seated(t)
		err := s.refused(anna, change(3, turn(30)), seating.CodeInvalid)
		if err.Details.Fields[0].Pointer != "/turnMinutes" || !strings.Contains(err.Msg, housetest.At("19:30").String()) {
			t.Errorf("refused with %v, want /turnMinutes and the time", err)
		}
		s.ok(anna, change(3, turn(31)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "19:36")})
	})
	t.Run("not when it came", func(t *testing.T) {
		s := seated(t)
		s.refused(anna, change(3, at("19:15")), seating.CodeBookingState)
		s.refused(anna, change(3, days(1)), seating.CodeBookingState)
	})
	t.Run("one more joins", func(t *testing.T) {
		s := seated(t)
		s.ok(anna, change(3, covers(3)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "20:20")})
		s.refused(anna, change(3, covers(5)), seating.CodeCapacityInsufficient)
	})
	t.Run("five need more tables: it moves, and its past stays", func(t *testing.T) {
		s := seated(t)
		s.ok(anna, change(3, covers(5), mode(decide.ReplanTables)))
		s.sits(3, seating.CheckedIn, 6)
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "19:30"), 6: windows("19:30", "20:30")})
		s.now = housetest.At("19:45")
		s.ok(anna, change(3, turn(100)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "19:30"), 6: windows("19:30", "20:45")})
	})
	t.Run("no table for so many", func(t *testing.T) {
		s := seated(t)
		err := s.refused(anna, change(3, covers(40), mode(decide.ReplanTables)), seating.CodeNoTable)
		if len(err.Details.Choices) != 0 {
			t.Errorf("alternatives = %+v, want none: it sits now", err.Details.Choices)
		}
	})
	t.Run("past its end", func(t *testing.T) {
		s := seated(t)
		s.now = housetest.At("20:30") // it was to be gone at 20:20
		s.later(seating.AspectPolicy, func(s *house.State) { s.Policy.BufferAfter = 25 })
		s.ok(anna, change(3, covers(1)))
		if got := s.entry(3).Window; got != housetest.Window("19:00", "20:20") {
			t.Errorf("window = %v, want it as it was: its number is no reason to move its end", got)
		}
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "20:20")})
		s.ok(anna, change(3, turn(120)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "21:25")}) // it was there all along
		s.soldOnce()
	})
	t.Run("past its end, and somebody else had the table meanwhile", func(t *testing.T) {
		s := seated(t)
		s.ok(anna, assign(4, 4)) // at 20:30
		s.now = housetest.At("20:35")
		s.ok(anna, decide.MarkNoShow{Booking: housetest.Booking(4)})
		s.now = housetest.At("20:40")
		s.ok(anna, change(3, turn(120)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "20:20", "20:40", "21:05")})
		s.soldOnce()
	})
	t.Run("past its end, and it moves as it grows", func(t *testing.T) {
		s := seated(t)
		s.now = housetest.At("20:30")
		s.ok(anna, change(3, turn(120), covers(5), mode(decide.ReplanTables)))
		s.rows(3, map[int][]servicetime.Window{4: windows("19:00", "20:30"), 6: windows("20:30", "21:05")})
		s.soldOnce()
	})
}

// TestChange_ClearsWhatWasNoticed: a new start is not late, a new end not overstayed.
func TestChange_ClearsWhatWasNoticed(t *testing.T) {
	late, over := housetest.At("17:00"), housetest.At("17:30")
	s := evening(t, func(s *house.State) {
		s.Bookings[2].LateAt, s.Bookings[2].ArrivedAt = late, housetest.At("17:50")
	})
	s.ok(anna, change(3, turn(61)))
	if b := s.entry(3); b.LateAt != late {
		t.Errorf("lateAt = %v, want it as it was: the start is the same", b.LateAt)
	}
	s.ok(anna, change(3, at("19:30")))
	if b := s.entry(3); b.LateAt != 0 || b.ArrivedAt != housetest.At("17:50") {
		t.Errorf("lateAt %v, arrivedAt %v, want none, and as it was", b.LateAt, b.ArrivedAt)
	}
	s = evening(t, func(s *house.State) {
		b := &s.Bookings[2]
		b.Status, b.CheckedInAt, b.OverstayAt = seating.CheckedIn, housetest.At("19:00"), over
	})
	s.now = housetest.At("20:40")
	s.ok(anna, change(3, covers(1)))
	if b := s.entry(3); b.OverstayAt != over {
		t.Errorf("overstayAt = %v, want it as it was: the end is the same", b.OverstayAt)
	}
	s.ok(anna, change(3, turn(120)))
	if b := s.entry(3); b.OverstayAt != 0 {
		t.Errorf("overstayAt = %v, want none: it may stay", b.OverstayAt)
	}
}

// TestChange_IfMatch: refused only when this booking changed.
func TestChange_IfMatch(t *testing.T) {
	s := evening(t, nil)
	c := s.sees()
	c.does(ben, assign(1, 3))
	if d := c.judge(anna, change(3, at("19:30"))); d.Refusal != nil {
		t.Errorf("another booking's change refused it: %v", d.Refusal)
	}
	c.does(ben, change(3, covers(1)))
	if d := c.judge(anna, change(3, at("19:30"))); !stale(d) {
		t.Errorf("change after a change = %+v, want STALE_CONTEXT", d.Refusal)
	}
	if d := c.judge(anna, change(3, covers(1))); d.Refusal != nil || d.Change != nil {
		t.Errorf("what is so already = %+v, want nothing", d)
	}
}

func TestChange_OfTheWaitlist(t *testing.T) {
	s := evening(t, nil)
	w := create(20, 4, "19:00")
	w.Waitlist, w.Priority, w.Quoted = true, 2, 30
	s.ok(anna, w)
	s.ok(anna, change(20, waiting(5, 45)))
	if b := s.entry(20); b.Priority != 5 || b.Quoted != 45 || s.payload(seating.EventBookingChanged).What != "waitlist" {
		t.Errorf("booking = %+v, want priority 5, 45 minutes", b.Booking)
	}
	s.ok(anna, change(20, covers(6), at("19:30")))
	s.sits(20, seating.Waitlisted)
	s.refused(anna, change(3, waiting(1, 0)), seating.CodeBookingState)
	// Who waits does not arrive yet: no pacing.
	s.later(seating.AspectPolicy, func(s *house.State) { s.Policy.Pacing.PartiesPerSlot = 1 })
	s.ok(anna, change(20, at("20:30")))
	s.refused(anna, change(3, at("20:30")), seating.CodePacingExceeded)
}
