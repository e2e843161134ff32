package decide_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

var server = seating.Actor{Principal: "user:sam", Kind: seating.ActorPerson, Caps: []seating.Capability{seating.CapSee, seating.CapSeat}}

func (s *stage) says(err *seating.Error, words ...string) {
	s.t.Helper()
	for _, w := range words {
		if !strings.Contains(err.Msg, w) {
			s.t.Errorf("refusal %q does not say %q", err.Msg, w)
		}
	}
}

func TestArrive_IsNotLateAnyMore(t *testing.T) {
	s := living(t, nil).at("19:02")
	r := s.ok(server, decide.Arrive{Booking: nine})
	if got := s.entry(9).ArrivedAt; got != s.now || r.Booking.ArrivedAt != s.now || s.payload(seating.EventBookingChanged).What != "arrived" {
		t.Errorf("arrivedAt = %v, event %+v, want now, arrived", got, s.last.Events)
	}
	if want := []string{"-late9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v", s.due(), want)
	}
	s.at("19:05").ok(server, decide.CheckIn{Booking: nine})
	if got := s.entry(9).ArrivedAt; got != housetest.At("19:02") {
		t.Errorf("arrivedAt = %v after the check-in, want 19:02", got)
	}
}

func TestCheckIn_Times(t *testing.T) {
	s := living(t, nil)
	s.now = housetest.At("00:00") - 1 // Thursday
	s.refused(server, decide.CheckIn{Booking: nine}, seating.CodeBookingState)
	s.at("20:20")
	err := s.refused(server, decide.CheckIn{Booking: nine}, seating.CodePast)
	s.says(err, "20:20", "change its time or stay first", s.entry(9).Reference)
	s.now--
	s.ok(server, decide.CheckIn{Booking: nine})
	if e := s.entry(9); e.ArrivedAt != s.now || e.CheckedInAt != s.now || !e.PlannedStart.IsZero() || e.Window != housetest.Window("19:00", "20:20") {
		t.Errorf("booking = %+v, want arrived and checked in now, in its window", e.Booking)
	}
	if want := []string{"-late9", "+overstay9"}; !slices.Equal(s.due(), want) {
		t.Errorf("due work = %v, want %v", s.due(), want)
	}
	if got := s.last.Due.Put[0].RunAt; got != housetest.At("20:25") {
		t.Errorf("overstay is told at %v, want 20:25", got)
	}
}

// TestCheckIn_Early: from now when the tables are free until its window; else the
// window stays and the answer says who is in the way.
func TestCheckIn_Early(t *testing.T) {
	s := living(t, nil).at("18:30")
	r := s.ok(server, decide.CheckIn{Booking: nine})
	if e := s.entry(9); e.Window != housetest.Window("18:30", "20:20") || e.PlannedStart != housetest.At("19:00") || len(r.Checks) != 0 {
		t.Errorf("booking = %+v, checks %v, want its window from now", e.Booking, r.Checks)
	}
	s.row(9, 1, housetest.Window("18:30", "20:20"))
	if !slices.Contains(s.events(), seating.EventAssignmentSync) || r.Assignment.Window.Start != s.now {
		t.Errorf("events = %v, assignment %+v, want the new window told", s.events(), r.Assignment)
	}

	busy := living(t, func(h *house.State) { housetest.Party(h, 8, 4, "17:25", 1) }).at("18:30") // until 18:45
	r = busy.ok(server, decide.CheckIn{Booking: nine})
	if e := busy.entry(9); e.Window != housetest.Window("19:00", "20:20") || !e.PlannedStart.IsZero() || e.Status != seating.CheckedIn {
		t.Errorf("booking = %+v, want checked in, its window as it was", e.Booking)
	}
	if len(r.Checks) != 1 || r.Checks[0].ID != seating.CheckConflict || r.Checks[0].Outcome != seating.OutcomeWarning ||
		len(r.Checks[0].Blockers) != 1 || r.Checks[0].Blockers[0].Booking != housetest.Booking(8) || !strings.Contains(r.Checks[0].Message, "18:45") {
		t.Errorf("checks = %+v, want a warning of booking 8 until 18:45", r.Checks)
	}

	held := living(t, nil).at("17:00")
	held.later(seating.AspectBookings, func(h *house.State) { housetest.Party(h, 8, 2, "17:00") })
	h := hold(1, 8, 1)
	h.TTL = 600
	held.ok(ben, h)
	if r := held.ok(server, decide.CheckIn{Booking: nine}); len(r.Checks) != 1 || r.Checks[0].Blockers[0].Hold != housetest.Hold(1) {
		t.Errorf("checks = %+v, want a warning of hold 1", r.Checks)
	}
	lapsed := living(t, nil).at("17:00")
	lapsed.later(seating.AspectBookings, func(h *house.State) { housetest.Party(h, 8, 2, "17:00") })
	lapsed.ok(ben, hold(1, 8, 1))
	lapsed.now = lapsed.entry(8).Hold.ExpiresAt
	lapsed.ok(server, decide.CheckIn{Booking: nine})
	if lapsed.entry(9).Window.Start != lapsed.now || lapsed.entry(8).Hold != nil {
		t.Errorf("booking = %+v, want a lapsed hold swept and the window from now", lapsed.entry(9).Booking)
	}
	lapsed.soldOnce()
}

// TestCheckIn_TransitionsWarnAndRemember: a confirm and an assignment that check in
// early say and remember the same.
func TestCheckIn_TransitionsWarnAndRemember(t *testing.T) {
	for _, busy := range []bool{false, true} {
		for _, byHold := range []bool{false, true} {
			s := evening(t, func(h *house.State) {
				if busy {
					housetest.Party(h, 8, 4, "17:25", 1)
				}
			})
			var r decide.Result
			if byHold {
				s.ok(anna, hold(1, 1, 1))
				r = s.ok(anna, confirm(1, decide.ToCheckedIn))
			} else {
				c := assign(1, 1)
				c.Transition = decide.ToCheckedIn
				r = s.ok(anna, c)
			}
			e := s.entry(1)
			i := slices.IndexFunc(r.Checks, func(c seating.Check) bool {
				return c.ID == seating.CheckConflict && c.Outcome == seating.OutcomeWarning && len(c.Blockers) == 1
			})
			if busy != (i >= 0) || busy == (e.PlannedStart == housetest.At("19:00")) || busy == (e.Window.Start == s.now) {
				t.Errorf("busy %v, by hold %v: booking %+v, checks %+v", busy, byHold, e.Booking, r.Checks)
			}
		}
	}
}

func TestCheckIn_WhereSomebodyOverstays(t *testing.T) {
	s := living(t, func(h *house.State) { housetest.Party(h, 8, 4, "17:00", 1) }) // until 18:20
	s.ok(server, decide.CheckIn{Booking: housetest.Booking(8)})
	s.at("18:30") // half an hour before its window: still nobody sits on a lap
	err := s.refused(server, decide.CheckIn{Booking: nine}, seating.CodeTableOccupied)
	if b := err.Details.Blockers; len(b) != 1 || b[0].Booking != housetest.Booking(8) || b[0].Minutes != 10 {
		t.Errorf("blockers = %+v, want booking 8, 10 minutes over", b)
	}
	s.ok(server, decide.CheckOut{Booking: housetest.Booking(8)})
	s.ok(server, decide.CheckIn{Booking: nine})
}

// TestCheckIn_EndsItsHold whoever has it: the party sits.
func TestCheckIn_EndsItsHold(t *testing.T) {
	s := living(t, nil).at("19:00")
	s.ok(ben, hold(1, 9, 2))
	s.ok(server, decide.CheckIn{Booking: nine})
	if end := s.ended[housetest.Hold(1)]; end.How != seating.EndSuperseded || s.payload(seating.EventHoldSuperseded).Reason != "checked_in" {
		t.Errorf("hold ended %s, want superseded, checked_in", end.How)
	}
}

// TestUndo_WhoAndWhen: within 15 minutes by whoever seats, later by whoever may
// correct; a no-show on its service day only.
func TestUndo_WhoAndWhen(t *testing.T) {
	for _, tt := range []struct {
		do   decide.Command
		from seating.Status
	}{
		{decide.UndoCheckIn{Booking: nine}, seating.CheckedIn},
		{decide.UndoNoShow{Booking: nine}, seating.NoShow},
	} {
		s := in(t, tt.from).at("19:15")
		twin := *s
		twin.ok(server, tt.do)
		s.now++
		s.says(s.refused(server, tt.do, seating.CodeForbidden), "correct", "15 minutes", "19:00")
		s.ok(cleo, tt.do)
	}
	s := in(t, seating.NoShow)
	s.now = housetest.At("23:59") + 60*1e6
	if err := s.refused(cleo, decide.UndoNoShow{Booking: nine}, seating.CodeBookingState); err.Details.Status != seating.NoShow {
		t.Errorf("refusal names %q, want no_show", err.Details.Status)
	}
	s.now--
	s.ok(cleo, decide.UndoNoShow{Booking: nine})
	soon := living(t, nil)
	soon.now = housetest.At("23:59") + 59*1e6
	soon.ok(server, decide.MarkNoShow{Booking: nine})
	soon.now += 900 * 1e6 // the next day, but a moment ago
	soon.ok(server, decide.UndoNoShow{Booking: nine})
}

func TestUndoCheckIn_NeverSat(t *testing.T) {
	s := living(t, nil).at("18:30")
	s.ok(server, decide.Arrive{Booking: nine})
	s.at("18:40").ok(server, decide.CheckIn{Booking: nine})
	s.at("18:45").ok(anna, assign(9, 2))
	s.ok(anna, hold(1, 9, 3))
	s.at("18:50").ok(server, decide.UndoCheckIn{Booking: nine})
	e := s.entry(9)
	if e.Window != housetest.Window("19:00", "20:20") || !e.CheckedInAt.IsZero() || e.ArrivedAt != housetest.At("18:30") || len(e.Allocations) != 1 || e.Hold != nil {
		t.Errorf("booking = %+v, rows %v, want it at T2 from 19:00, arrived at 18:30", e.Booking, e.Allocations)
	}
	s.row(9, 2, housetest.Window("19:00", "20:20"))
	if s.payload(seating.EventBookingChanged).What != "check_in_undone" {
		t.Errorf("event = %+v", s.last.Events)
	}
	s.ok(anna, assign(1, 1)) // T1 is free again
	s.kept()

	long := in(t, seating.CheckedIn).at("20:30")
	long.ok(seating.System(), decide.MarkOverstay{Booking: nine})
	long.ok(cleo, decide.UndoCheckIn{Booking: nine})
	if e := long.entry(9); !e.OverstayAt.IsZero() || !e.ArrivedAt.IsZero() {
		t.Errorf("booking = %+v, want neither arrival nor overstay", e.Booking)
	}
	long.kept()
}

// TestD22_EndsAreOneChange: check-out and no-show free tables and end the hold in
// the change that ends the booking; what is past stays.
func TestD22_EndsAreOneChange(t *testing.T) {
	for _, tt := range []struct {
		do     decide.Command
		who    seating.Actor
		to     seating.Status
		reason string
		event  seating.EventType
	}{
		{decide.CheckOut{Booking: nine}, server, seating.Completed, "checked_out", seating.EventBookingCompleted},
		{decide.MarkNoShow{Booking: nine}, cleo, seating.NoShow, "no_show", seating.EventBookingNoShow},
	} {
		s := in(t, seating.CheckedIn)
		s.ok(ben, hold(1, 9, 2))
		s.at("19:11")
		r := s.ok(tt.who, tt.do)
		e := s.entry(9)
		if e.Status != tt.to || e.EndedAt != s.now || !slices.Equal(e.Left, housetest.Tables(1)) || e.Hold != nil || !slices.Equal(r.Booking.Tables, housetest.Tables(1)) {
			t.Errorf("%s: booking = %+v, hold %v, answer at %v", tt.do.Name(), e.Booking, e.Hold, r.Booking.Tables)
		}
		s.row(9, 1, housetest.Window("19:00", "19:11"))
		if p := s.payload(seating.EventAssignmentCleared); !slices.Equal(p.Tables, housetest.Tables(1)) || p.Reason != tt.reason {
			t.Errorf("%s: cleared %+v, want T1, %s", tt.do.Name(), p, tt.reason)
		}
		if p := s.payload(tt.event); p.Status != tt.to || s.payload(seating.EventHoldReleased).Reason != tt.reason {
			t.Errorf("%s: events %+v", tt.do.Name(), s.last.Events)
		}
		if e.CheckedInAt != housetest.At("19:00") || e.ArrivedAt != housetest.At("19:00") {
			t.Errorf("%s: checked in %v, arrived %v, want 19:00 kept", tt.do.Name(), e.CheckedInAt, e.ArrivedAt)
		}
		s.ok(anna, assign(1, 1)) // free at that instant
		s.kept()
	}
}

func TestCheckOut_OfAnOverstay(t *testing.T) {
	s := in(t, seating.CheckedIn).at("20:40")
	s.refused(anna, assign(4, 1), seating.CodeTableOccupied)
	s.ok(server, decide.CheckOut{Booking: nine})
	s.row(9, 1, housetest.Window("19:00", "20:20"))
	s.ok(anna, assign(4, 1))
	s.kept()
}

func TestMarkNoShow_OfAPartyThatSatIsACorrection(t *testing.T) {
	s := in(t, seating.CheckedIn)
	s.says(s.refused(server, decide.MarkNoShow{Booking: nine}, seating.CodeForbidden), "correct")
	s.ok(cleo, decide.MarkNoShow{Booking: nine, Reason: "left_at_once"})
	if p := s.payload(seating.EventBookingNoShow); p.Reason != "left_at_once" {
		t.Errorf("event = %+v, want the reason", p)
	}
	in(t, seating.Confirmed).fields(server, decide.MarkNoShow{Booking: nine, Reason: "They never came"}, "/reason")
}

// TestReopen_TablesMustHaveBeenFree from the end to the window's end, and now.
func TestReopen_TablesMustHaveBeenFree(t *testing.T) {
	reopen := decide.Reopen{Booking: nine}
	out := func(t *testing.T) *stage { // checked out at 19:30
		t.Helper()
		s := in(t, seating.CheckedIn).at("19:30")
		s.ok(server, decide.CheckOut{Booking: nine})
		return s.at("19:40")
	}
	t.Run("free", func(t *testing.T) {
		s := out(t)
		r := s.ok(cleo, reopen)
		s.row(9, 1, housetest.Window("19:00", "20:20"))
		if e := s.entry(9); e.Status != seating.CheckedIn || !e.EndedAt.IsZero() || e.Left != nil || e.CheckedInAt != housetest.At("19:00") || r.Assignment == nil {
			t.Errorf("booking = %+v, want it as if it had never left", e.Booking)
		}
		if s.payload(seating.EventBookingChanged).What != "reopened" || !slices.Contains(s.events(), seating.EventAssignmentSync) {
			t.Errorf("events = %v", s.events())
		}
	})
	t.Run("assigned", func(t *testing.T) {
		s := out(t)
		s.ok(anna, assign(1, 1))
		if err := s.refused(cleo, reopen, seating.CodeAssignmentConflict); len(err.Details.Blockers) != 1 || err.Details.Blockers[0].Booking != housetest.Booking(1) {
			t.Errorf("blockers = %+v, want booking 1", err.Details.Blockers)
		}
		s.sits(1, seating.Confirmed, 1)
	})
	t.Run("held", func(t *testing.T) {
		s := out(t)
		s.ok(anna, hold(1, 1, 1))
		s.refused(cleo, reopen, seating.CodeHoldConflict)
		s.now = s.entry(1).Hold.ExpiresAt // a lapsed hold blocks nobody and is swept
		s.ok(cleo, reopen)
		if s.entry(1).Hold != nil {
			t.Error("the lapsed hold is still there")
		}
		s.kept()
	})
	t.Run("out of service", func(t *testing.T) {
		s := out(t)
		s.later(seating.AspectFloor, func(h *house.State) { h.Tables[0].Active = false })
		s.refused(cleo, reopen, seating.CodeTableUnavailable)
		s.later(seating.AspectFloor, func(h *house.State) { h.Tables[0].Active, h.Tables[0].Retired = true, true })
		if err := s.refused(cleo, reopen, seating.CodeTableUnavailable); len(err.Details.Tables) != 1 {
			t.Errorf("tables = %+v, want T1", err.Details.Tables)
		}
	})
	t.Run("somebody came and went", func(t *testing.T) {
		s := out(t)
		s.checkIn(1, 1)
		s.at("19:41").ok(anna, decide.CheckOut{Booking: housetest.Booking(1)})
		s.at("19:42").refused(cleo, reopen, seating.CodeAssignmentConflict)
	})
	t.Run("past its end", func(t *testing.T) {
		s := in(t, seating.CheckedIn).at("20:30")
		s.ok(server, decide.CheckOut{Booking: nine})
		twin := *s
		twin.ok(cleo, reopen)
		twin.row(9, 1, housetest.Window("19:00", "20:20"))
		twin.refused(anna, assign(4, 1), seating.CodeTableOccupied) // it overstays again
		s.checkIn(4, 1)
		s.refused(cleo, reopen, seating.CodeAssignmentConflict)
		s.at("21:51").refused(cleo, reopen, seating.CodeTableOccupied) // booking 4 overstays there
	})
	t.Run("at its end", func(t *testing.T) {
		s := living(t, func(h *house.State) { housetest.Party(h, 8, 4, "20:20", 1) }).at("19:00")
		s.ok(server, decide.CheckIn{Booking: nine})
		s.at("20:00").ok(server, decide.CheckOut{Booking: nine})
		s.now = housetest.At("20:20") - 1
		twin := *s
		twin.ok(cleo, reopen)
		s.now++ // the next party's time has come
		s.refused(cleo, reopen, seating.CodeAssignmentConflict)
	})
	t.Run("the day is over", func(t *testing.T) {
		s := out(t)
		s.now = housetest.At("23:59") + 60*1e6
		s.refused(cleo, reopen, seating.CodeBookingState)
		s.now--
		s.ok(cleo, reopen)
	})
	t.Run("its own window reaches past the day", func(t *testing.T) {
		s := living(t, func(h *house.State) {
			edit(h, 9, func(b *seating.Booking) { b.Window.End = housetest.At("23:59").Add(30 * time.Minute) })
			for i := range h.Allocations {
				if h.Allocations[i].Owner == seating.AnyID(nine) {
					h.Allocations[i].Window.End = housetest.At("23:59").Add(30 * time.Minute)
				}
			}
		}).at("19:00")
		s.ok(server, decide.CheckIn{Booking: nine})
		s.now = housetest.At("23:59").Add(10 * time.Minute)
		s.ok(server, decide.CheckOut{Booking: nine})
		s.ok(cleo, reopen)
	})
	t.Run("without a table", func(t *testing.T) {
		s := evening(t, nil)
		s.ok(seating.Operator(), imports(imported(20, seating.Completed, "16:30")))
		s.refused(cleo, decide.Reopen{Booking: housetest.Booking(20)}, seating.CodeTablesRequired)
	})
	t.Run("from elsewhere", func(t *testing.T) {
		s := evening(t, nil)
		s.ok(seating.Operator(), imports(imported(20, seating.Completed, "16:30", 2)))
		s.ok(cleo, decide.Reopen{Booking: housetest.Booking(20)})
		s.sits(20, seating.CheckedIn, 2)
	})
}

// TestD21_UndoNoShow over a table that was sold again, and its other outcomes.
func TestD21_UndoNoShow(t *testing.T) {
	undo := decide.UndoNoShow{Booking: nine}
	t.Run("restored", func(t *testing.T) {
		s := in(t, seating.NoShow)
		if r := s.ok(server, undo); r.Seat != decide.SeatRestored || r.Assignment == nil {
			t.Errorf("answer = %+v, want restored", r)
		}
		s.sits(9, seating.Confirmed, 1)
		s.row(9, 1, housetest.Window("19:00", "20:20"))
		if s.payload(seating.EventBookingChanged).What != "no_show_undone" {
			t.Errorf("events = %+v", s.last.Events)
		}
	})
	t.Run("unavailable", func(t *testing.T) {
		s := in(t, seating.NoShow)
		s.ok(anna, assign(1, 1))
		rival := s.entry(1).Booking
		r := s.ok(server, undo)
		if r.Seat != decide.SeatUnavailable || r.Booking.ChosenBy != "" || len(s.last.Rows.PutBookings) != 1 {
			t.Errorf("answer = %+v, want unavailable", r)
		}
		s.sits(9, seating.Pending)
		s.sits(1, seating.Confirmed, 1)
		if s.entry(1).Version != rival.Version {
			t.Error("the rival was touched")
		}
		if r := s.nothing(server, undo); r.Seat != decide.SeatNone {
			t.Errorf("again = %s, want none: it has no table", r.Seat)
		}
	})
	t.Run("none", func(t *testing.T) {
		s := in(t, seating.Pending)
		s.ok(server, decide.MarkNoShow{Booking: nine})
		if r := s.ok(server, undo); r.Seat != decide.SeatNone || r.Booking.Status != seating.Pending {
			t.Errorf("answer = %+v, want none", r)
		}
	})
	t.Run("before its time", func(t *testing.T) {
		s := living(t, nil)
		s.ok(server, decide.MarkNoShow{Booking: nine})
		if len(s.entry(9).Allocations) != 0 {
			t.Errorf("rows = %v, want none", s.entry(9).Allocations)
		}
		s.at("18:10").ok(server, undo)
		s.row(9, 1, housetest.Window("19:00", "20:20"))
	})
	t.Run("its window is over", func(t *testing.T) {
		s := in(t, seating.Confirmed).at("20:10")
		s.ok(server, decide.MarkNoShow{Booking: nine})
		twin := *s
		twin.now = housetest.At("20:20") - 1
		if r := twin.ok(server, undo); r.Seat != decide.SeatRestored {
			t.Errorf("a moment before its end: %s, want restored", r.Seat)
		}
		if r := s.at("20:20").ok(server, undo); r.Seat != decide.SeatUnavailable || r.Booking.Status != seating.Pending || len(s.entry(9).Allocations) != 0 {
			t.Errorf("at its end: %+v, rows %v, want unavailable, pending, none", r, s.entry(9).Allocations)
		}
	})
	t.Run("when it had arrived", func(t *testing.T) {
		for _, late := range []bool{false, true} {
			s := in(t, seating.CheckedIn)
			s.ok(cleo, decide.MarkNoShow{Booking: nine})
			s.at("19:25")
			if late {
				s.now++
			}
			s.ok(cleo, undo)
			s.kept()
			if e := s.entry(9); late != e.ArrivedAt.IsZero() || late != e.CheckedInAt.IsZero() {
				t.Errorf("late %v: arrived %v, checked in %v", late, e.ArrivedAt, e.CheckedInAt)
			}
		}
	})
	t.Run("after it had come early and moved", func(t *testing.T) {
		s := living(t, nil).at("18:30")
		s.ok(server, decide.CheckIn{Booking: nine})
		s.at("18:40").ok(anna, assign(9, 2))
		s.at("18:45").ok(cleo, decide.MarkNoShow{Booking: nine})
		s.at("18:50").ok(cleo, undo)
		s.kept()
		if e := s.entry(9); len(e.Allocations) != 1 || e.Window.Start != housetest.At("19:00") {
			t.Errorf("booking = %+v, rows %v, want one row, from 19:00", e.Booking, e.Allocations)
		}
		s.row(9, 2, housetest.Window("19:00", "20:20"))
	})
}

func TestReinstate(t *testing.T) {
	s := in(t, seating.Cancelled)
	reference := s.entry(9).Reference
	s.ok(anna, assign(1, 1)) // sold again
	s.now = housetest.At("20:20") - 1
	twin := *s
	twin.now++
	twin.says(twin.refused(cleo, decide.Reinstate{Booking: nine}, seating.CodePast), "20:20")
	s.ok(cleo, decide.Reinstate{Booking: nine})
	s.sits(9, seating.Pending)
	if e := s.entry(9); e.Reference != reference || e.Left != nil || !e.EndedAt.IsZero() || e.ChosenBy != "" || s.payload(seating.EventBookingChanged).What != "reinstated" {
		t.Errorf("booking = %+v", e.Booking)
	}
	late := living(t, nil).at("19:10")
	late.ok(anna, decide.Cancel{Booking: nine})
	late.ok(cleo, decide.Reinstate{Booking: nine})
	late.kept()
}

func TestWait(t *testing.T) {
	s := in(t, seating.Confirmed)
	s.ok(ben, hold(1, 9, 2))
	s.ok(anna, decide.Wait{Booking: nine, Priority: 3, Quoted: 25})
	s.sits(9, seating.Waitlisted)
	e := s.entry(9)
	if e.Priority != 3 || e.Quoted != 25 || e.ChosenBy != "" || len(e.Allocations) != 0 || e.Hold != nil {
		t.Errorf("booking = %+v, rows %v, hold %v", e.Booking, e.Allocations, e.Hold)
	}
	if s.payload(seating.EventBookingChanged).What != "waitlisted" || s.payload(seating.EventHoldReleased).Reason != "waitlisted" || s.payload(seating.EventAssignmentCleared).Reason != "waitlisted" {
		t.Errorf("events = %+v", s.last.Events)
	}
	s.nothing(anna, decide.Wait{Booking: nine, Priority: 3, Quoted: 25})
	s.ok(anna, decide.Wait{Booking: nine, Priority: 9, Quoted: 600})
	if e := s.entry(9); e.Priority != 9 || e.Quoted != 600 || len(s.last.Events) != 1 {
		t.Errorf("booking = %+v, events %v", e.Booking, s.events())
	}
	s.fields(anna, decide.Wait{Booking: nine, Priority: 10, Quoted: 601}, "/priority", "/quotedMinutes")
	s.fields(anna, decide.Wait{Booking: nine, Priority: -1, Quoted: -1}, "/priority", "/quotedMinutes")
	for _, c := range []decide.Command{decide.Unwait{Booking: nine}, assign(9, 1), decide.Cancel{Booking: nine}} {
		twin := *s
		twin.ok(anna, c)
		twin.kept() // neither place nor promise outside the waitlist
	}
}

// TestWait_SeatedAfterItsTime: a waiting party that sits down late has its whole
// stay, and is judged for it.
func TestWait_SeatedAfterItsTime(t *testing.T) {
	seat := func(tr decide.Transition) decide.Assign {
		c := assign(9, 1)
		c.Transition = tr
		return c
	}
	s := in(t, seating.Waitlisted).at("19:40")
	twin, thrice := *s, *s
	s.ok(anna, seat(decide.ToCheckedIn))
	if e := s.entry(9); e.Dining != housetest.Window("19:40", "20:55") || e.Window != housetest.Window("19:40", "21:00") || e.Time != servicetime.NewClock(19, 0) {
		t.Errorf("booking = %+v, want its whole stay from 19:40", e.Booking)
	}
	s.row(9, 1, housetest.Window("19:40", "21:00"))
	s.kept()
	twin.ok(anna, seat(decide.ToConfirmed)) // not seated: its time stands
	twin.row(9, 1, housetest.Window("19:40", "20:20"))
	thrice.ok(anna, assign(4, 1)) // from 20:30
	thrice.refused(anna, seat(decide.ToCheckedIn), seating.CodeAssignmentConflict)
	over := in(t, seating.Waitlisted).at("20:50") // its time had passed altogether
	over.ok(anna, seat(decide.ToCheckedIn))
	over.row(9, 1, housetest.Window("20:50", "22:10"))
	early := in(t, seating.Waitlisted).at("18:59")
	early.ok(anna, seat(decide.ToCheckedIn))
	early.row(9, 1, housetest.Window("18:59", "20:20"))
	on := in(t, seating.Waitlisted).at("19:00")
	on.ok(anna, seat(decide.ToCheckedIn))
	on.row(9, 1, housetest.Window("19:00", "20:20"))

	before := in(t, seating.Waitlisted)
	before.later(seating.AspectBookings, func(h *house.State) { edit(h, 9, func(b *seating.Booking) { b.Window.Start = housetest.At("18:50") }) })
	before.at("19:40").ok(anna, seat(decide.ToCheckedIn))
	if e := before.entry(9); e.Window != housetest.Window("19:30", "21:00") {
		t.Errorf("window = %v, want the buffer of 10 minutes before 19:40", e.Window)
	}
	before.kept()
}
