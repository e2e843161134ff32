package decide_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// nine is the booking of these tests: four covers at 19:00, at T1 until 20:20.
var nine = housetest.Booking(9)

// living is an evening with booking nine, confirmed at T1.
func living(t *testing.T, edit func(*house.State)) *stage {
	t.Helper()
	return evening(t, func(s *house.State) {
		housetest.Party(s, 9, 4, "19:00", 1)
		if edit != nil {
			edit(s)
		}
	})
}

// at moves the clock.
func (s *stage) at(clock string) *stage {
	s.now = housetest.At(clock)
	return s
}

// in is booking nine brought into a state by the commands that lead there; it is
// 19:10, and the party's time has begun.
func in(t *testing.T, status seating.Status) *stage {
	t.Helper()
	s := living(t, nil).at("19:00")
	switch status {
	case seating.Waitlisted:
		s.ok(anna, decide.Wait{Booking: nine})
	case seating.Pending:
		s.ok(anna, unassign(9))
	case seating.Confirmed:
	case seating.CheckedIn:
		s.ok(anna, decide.CheckIn{Booking: nine})
	case seating.Completed:
		s.ok(anna, decide.CheckIn{Booking: nine})
		s.at("19:05").ok(anna, decide.CheckOut{Booking: nine})
	case seating.Cancelled:
		s.ok(anna, decide.Cancel{Booking: nine})
	case seating.NoShow:
		s.ok(anna, decide.MarkNoShow{Booking: nine})
	}
	if got := s.entry(9).Status; got != status {
		t.Fatalf("booking 9 is %s, want %s", got, status)
	}
	return s.at("19:10")
}

// TestLife_EveryStepFromEveryState is the table of states as the commands keep it:
// the state a step leads to, "same" where it has happened already, or the code of
// its refusal. A step that was taken does nothing when it is taken again (D24), a
// step that is refused for the state names it (D20).
func TestLife_EveryStepFromEveryState(t *testing.T) {
	const same, state, none = "same", string(seating.CodeBookingState), string(seating.CodeTablesRequired)
	for _, tt := range []struct {
		do                                                                   decide.Command
		waitlisted, pending, confirmed, checkedIn, completed, cancel, noShow string
	}{
		{decide.Arrive{Booking: nine}, "waitlisted", "pending", "confirmed", same, state, state, state},
		{decide.CheckIn{Booking: nine}, none, none, "checked_in", same, state, state, state},
		{decide.UndoCheckIn{Booking: nine}, state, state, same, "confirmed", state, state, state},
		{decide.CheckOut{Booking: nine}, state, state, state, "completed", same, state, state},
		{decide.Reopen{Booking: nine}, state, state, state, same, "checked_in", state, state},
		{decide.MarkNoShow{Booking: nine}, state, "no_show", "no_show", "no_show", state, state, same},
		{decide.UndoNoShow{Booking: nine}, state, same, same, state, state, state, "confirmed"},
		{decide.Reinstate{Booking: nine}, state, same, state, state, state, "pending", state},
		{decide.Wait{Booking: nine}, same, "waitlisted", "waitlisted", state, state, state, state},
		{decide.Unwait{Booking: nine}, "pending", same, state, state, state, state, state},
		{decide.Cancel{Booking: nine}, "cancelled", "cancelled", "cancelled", state, state, same, state},
	} {
		for i, want := range []string{tt.waitlisted, tt.pending, tt.confirmed, tt.checkedIn, tt.completed, tt.cancel, tt.noShow} {
			from := seating.Statuses()[i]
			t.Run(tt.do.Name()+" from "+string(from), func(t *testing.T) {
				s := in(t, from)
				before := s.entry(9).Booking
				switch want {
				case same:
					if r := s.nothing(cleo, tt.do); r.Booking.Status != from {
						t.Errorf("answer says %s, want %s", r.Booking.Status, from)
					}
				case state:
					if err := s.refused(cleo, tt.do, seating.CodeBookingState); err.Details.Status != from {
						t.Errorf("refusal names %q, want %s", err.Details.Status, from)
					}
				case none:
					s.refused(cleo, tt.do, seating.CodeTablesRequired)
				default:
					first := s.ok(cleo, tt.do)
					s.kept()
					after := s.entry(9)
					if string(after.Status) != want || after.Version != s.h.Version || len(s.last.History) == 0 || len(s.last.Events) == 0 {
						t.Errorf("booking is %s at version %d, with %d lines and %d events, want %s at %d with some", after.Status, after.Version, len(s.last.History), len(s.last.Events), want, s.h.Version)
					}
					if !slices.Contains(s.last.Touch.Bookings, nine) {
						t.Errorf("touch = %+v, want the booking", s.last.Touch)
					}
					s.now = s.now.Add(60e9)
					again := s.nothing(cleo, tt.do)
					first.Checks, again.Checks = nil, nil
					if diff := gocmp.Diff(text(t, first), text(t, again)); diff != "" {
						t.Errorf("again answers otherwise (-first +again):\n%s", diff)
					}
					if before.Reference != after.Reference || before.CreatedAt != after.CreatedAt {
						t.Errorf("booking is %+v, was %+v", after.Booking, before)
					}
				}
			})
		}
	}
}

// TestLife_JobsInEveryState: a job does its work where it has fallen due, and
// elsewhere does nothing: the row went with the change that made it senseless.
func TestLife_JobsInEveryState(t *testing.T) {
	for _, tt := range []struct {
		do   decide.Command
		kind house.DueKind
		acts []seating.Status
		to   seating.Status // "": as it was
	}{
		{decide.MarkLate{Booking: nine}, house.DueLate, []seating.Status{seating.Pending, seating.Confirmed}, ""},
		{decide.MarkOverstay{Booking: nine}, house.DueOverstay, []seating.Status{seating.CheckedIn}, ""},
		{decide.ExpirePending{Booking: nine}, house.DuePending, []seating.Status{seating.Pending}, seating.Cancelled},
	} {
		for _, from := range seating.Statuses() {
			t.Run(fmt.Sprintf("%s from %s", tt.do.Name(), from), func(t *testing.T) {
				s := in(t, from)
				if from == seating.Pending {
					s.later(seating.AspectBookings, func(h *house.State) { edit(h, 9, func(b *seating.Booking) { b.PendingUntil = housetest.At("19:15") }) })
				}
				s.at("20:25")
				if !slices.Contains(tt.acts, from) {
					s.nothing(seating.System(), tt.do)
					return
				}
				r := s.ok(seating.System(), tt.do)
				row := house.DueRow{Subject: "booking:" + nine.String(), Kind: tt.kind}
				if !slices.Contains(s.last.Due.Drop, row) {
					t.Errorf("due work dropped = %+v, want %+v", s.last.Due.Drop, row)
				}
				if want := cmp.Or(tt.to, from); s.entry(9).Status != want || r.Booking.Status != want {
					t.Errorf("booking is %s, answer %s, want %s", s.entry(9).Status, r.Booking.Status, want)
				}
				s.kept()
				if len(s.last.Events) == 0 {
					t.Error("no event tells of it")
				}
				s.nothing(seating.System(), tt.do) // somebody else's job came second
			})
		}
	}
}

// TestLife_UnknownAndClosed: a booking that is not there is not found, one of a
// closed day says so, to people; a job has nothing to do.
func TestLife_UnknownAndClosed(t *testing.T) {
	lost := housetest.Booking(77)
	for _, c := range []decide.Command{
		decide.Arrive{Booking: lost},
		decide.CheckIn{Booking: lost},
		decide.UndoCheckIn{Booking: lost},
		decide.CheckOut{Booking: lost},
		decide.Reopen{Booking: lost},
		decide.MarkNoShow{Booking: lost},
		decide.UndoNoShow{Booking: lost},
		decide.Reinstate{Booking: lost},
		decide.Wait{Booking: lost},
		decide.Unwait{Booking: lost},
	} {
		s := living(t, nil)
		s.refused(cleo, c, seating.CodeNotFound)
		env := s.env(cleo)
		env.Facts.Closed = map[seating.BookingID]servicetime.Date{lost: housetest.Friday.AddDays(-3)}
		if d := decide.Decide(s.h, c, env); d.Refusal == nil || d.Refusal.Code != seating.CodeDayClosed {
			t.Errorf("%s of a closed day = %v, want DAY_CLOSED", c.Name(), d.Refusal)
		}
	}
	for _, c := range []decide.Command{decide.MarkLate{Booking: lost}, decide.MarkOverstay{Booking: lost}, decide.ExpirePending{Booking: lost}} {
		living(t, nil).nothing(seating.System(), c)
	}
}

// TestLife_IfMatch: a step is refused when this booking changed since it was seen,
// and only then; one that has happened already is not.
func TestLife_IfMatch(t *testing.T) {
	for _, tt := range []struct {
		from seating.Status
		do   decide.Command
	}{
		{seating.Confirmed, decide.Arrive{Booking: nine}},
		{seating.Confirmed, decide.CheckIn{Booking: nine}},
		{seating.CheckedIn, decide.UndoCheckIn{Booking: nine}},
		{seating.CheckedIn, decide.CheckOut{Booking: nine}},
		{seating.Completed, decide.Reopen{Booking: nine}},
		{seating.Confirmed, decide.MarkNoShow{Booking: nine}},
		{seating.NoShow, decide.UndoNoShow{Booking: nine}},
		{seating.Cancelled, decide.Reinstate{Booking: nine}},
		{seating.Confirmed, decide.Wait{Booking: nine}},
		{seating.Waitlisted, decide.Wait{Booking: nine, Priority: 2}},
		{seating.Waitlisted, decide.Unwait{Booking: nine}},
	} {
		c := in(t, tt.from).sees()
		c.does(anna, assign(1, 2))
		if d := c.judge(cleo, tt.do); d.Change == nil {
			t.Errorf("%s after another booking changed = %v, want granted", tt.do.Name(), d.Refusal)
		}
		c = in(t, tt.from).sees()
		c.later(seating.AspectBookings, func(*house.State) {})
		c.touched = append(c.touched, house.Touched{Version: c.h.Public(), Command: "note", Touch: house.Touch{Bookings: []seating.BookingID{nine}}})
		if d := c.judge(cleo, tt.do); !stale(d) {
			t.Errorf("%s after the booking changed = %v, want STALE_CONTEXT", tt.do.Name(), d.Refusal)
		}
	}
}

// edit changes a booking of a state.
func edit(s *house.State, n int, set func(*seating.Booking)) {
	for i := range s.Bookings {
		if s.Bookings[i].ID == housetest.Booking(n) {
			set(&s.Bookings[i])
		}
	}
}

// text is a value as JSON without versions, which say when it was answered.
func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	if m, ok := x.(map[string]any); ok {
		delete(m, "version")
	}
	if b, err = json.MarshalIndent(x, "", " "); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// kept demands what must be so of every booking after any step.
func (s *stage) kept() {
	s.t.Helper()
	s.soldOnce()
	for e := range s.h.Bookings() {
		bad := func(format string, args ...any) {
			s.t.Helper()
			s.t.Errorf("booking %s, %s, window %v, rows %v: %s", e.Reference, e.Status, e.Window, e.Allocations, fmt.Sprintf(format, args...))
		}
		sits := e.Status == seating.CheckedIn
		for _, a := range e.Allocations {
			switch {
			case a.Window.Empty() || !a.Window.Within(e.Window):
				bad("a row is not in the window")
			case e.Status.Ended() && a.Window.End > e.EndedAt:
				bad("a row reaches past its end at %v", e.EndedAt)
			case !e.Status.Ended() && !sits && a.Window.End != e.Window.End:
				bad("a row does not reach the window's end")
			}
		}
		if (sits || e.Status == seating.Confirmed) != (len(e.Tables()) > 0) && e.Status != seating.Pending && !e.Status.Ended() {
			bad("it has tables %v", e.Tables())
		}
		if sits && !slices.ContainsFunc(e.Allocations, func(a seating.Allocation) bool { return a.Window.End == e.Window.End }) {
			bad("it sits nowhere")
		}
		if e.Status.Ended() == e.EndedAt.IsZero() || (len(e.Left) > 0 && !e.Status.Ended()) {
			bad("it ended at %v and left %v", e.EndedAt, e.Left)
		}
		if !e.PlannedStart.IsZero() && !sits && !e.Status.Ended() {
			bad("it was planned from %v", e.PlannedStart)
		}
		if e.Priority+int(e.Quoted) > 0 && e.Status != seating.Waitlisted || !e.PendingUntil.IsZero() && e.Status != seating.Pending {
			bad("it remembers what has no meaning here: %+v", e.Booking)
		}
	}
}
