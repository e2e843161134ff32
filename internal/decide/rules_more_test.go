package decide_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func TestExtend_ByLessThanASecondIsInvalid(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.fields(anna, decide.ExtendHold{Hold: housetest.Hold(1)}, "/seconds")
	s.fields(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: -1}, "/seconds")
	s.nothing(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 1})
}

// TestH24_LapsedHoldsDoNotCount: neither against the person's cap nor against
// the restaurant's, recorded or not.
func TestH24_LapsedHoldsDoNotCount(t *testing.T) {
	one := anna
	one.HoldCap = 1
	s := evening(t, nil)
	r := s.ok(one, hold(1, 1, 1))
	err := s.refused(one, hold(2, 2, 2), seating.CodeRateLimited)
	if got, want := err.Details.RetryAfter, r.Hold.ExpiresAt.Sub(s.now); err.Details.Reason != "principal" || got != want {
		t.Errorf("hold(2) = %s in %v, want principal in %v, when the first lapses", err.Details.Reason, got, want)
	}
	s.now = r.Hold.ExpiresAt
	s.ok(one, hold(2, 2, 2))

	// One hold short of the restaurant's cap is live, one besides has lapsed.
	full := evening(t, func(s *house.State) {
		for i := range seating.LeastHoldCap + 1 {
			b := housetest.Party(s, 100+i, 2, "12:00")
			until := housetest.At("18:05")
			if i < 2 {
				until = housetest.At("18:00").Add(time.Duration(i-1) * time.Minute)
			}
			s.Holds = append(s.Holds, seating.Hold{ID: housetest.Hold(100 + i), Booking: b.ID, Window: b.Window, ExpiresAt: until, CreatedBy: fmt.Sprintf("user:%d", i)})
			s.Allocations = append(s.Allocations, seating.Allocation{ // all at one table: a house does not mind
				Table: housetest.Table(8), Window: b.Window, Kind: seating.OwnedByHold, Owner: seating.AnyID(housetest.Hold(100 + i)), Claimant: seating.AnyID(b.ID),
			})
		}
	})
	full.ok(anna, hold(1, 1, 1))
	err = full.refused(ben, hold(2, 2, 2), seating.CodeRateLimited)
	if err.Details.Reason != "restaurant" {
		t.Errorf("hold(%d) = %s, want restaurant", seating.LeastHoldCap+1, err.Details.Reason)
	}
}

// TestCloseDay_CutsWhatReachesPastIt: a closed day is in no house, so a row of it
// that still ran would refuse tonight's parties in the database alone.
func TestCloseDay_CutsWhatReachesPastIt(t *testing.T) {
	closing := housetest.At("23:59").Add(time.Minute + 6*time.Hour)
	s := evening(t, func(s *house.State) {
		s.Bookings[2].Status, s.Bookings[2].CheckedInAt = seating.CheckedIn, housetest.At("19:00")
		s.Bookings[2].Window.End = closing.Add(2 * time.Hour)
		s.Allocations[0].Window.End = closing.Add(2 * time.Hour)
	})
	had := s.entry(3).Allocations[0]
	s.now = closing
	s.ok(seating.System(), decide.CloseDay{Date: housetest.Friday})
	cut := had
	cut.Window.End = closing
	if diff := cmp.Diff([]seating.Allocation{had}, s.last.Rows.DropAllocations); diff != "" {
		t.Errorf("close_day drops (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]seating.Allocation{cut}, s.last.Rows.PutAllocations); diff != "" {
		t.Errorf("close_day puts (-want +got):\n%s", diff)
	}
}

func TestImport_ACheckedInPartyWithItsTime(t *testing.T) {
	s := evening(t, nil)
	s.ok(seating.Operator(), imports(imported(20, seating.CheckedIn, "12:00", 2)))
	s.sits(20, seating.CheckedIn, 2)
	if got, want := s.entry(20).CheckedInAt, housetest.At("12:00"); got != want {
		t.Errorf("checkedInAt = %v, want %v", got, want)
	}
}

// payload is the last change's only event of the type.
func (s *stage) payload(e seating.EventType) (p seating.EventPayload) {
	s.t.Helper()
	n := 0
	for _, event := range s.last.Events {
		if event.Type == e {
			p, n = event.Payload, n+1
		}
	}
	if n != 1 {
		s.t.Fatalf("%v has %d events %s, want 1", s.events(), n, e)
	}
	return p
}

// TestEvents_SayWhatHappened: who hears of a change from the outbox alone knows
// which hold, which tables, when, and why.
func TestEvents_SayWhatHappened(t *testing.T) {
	tests := []struct {
		name   string
		before func(*stage)
		who    seating.Actor
		do     decide.Command
		event  seating.EventType
		want   seating.EventPayload
	}{
		{
			name: "hold", who: anna, do: hold(1, 1, 1, 2), event: seating.EventHoldCreated,
			want: seating.EventPayload{Hold: housetest.Hold(1), Tables: housetest.Tables(1, 2), ExpiresAt: housetest.At("18:03"), Combined: true},
		},
		{
			name: "take over", before: func(s *stage) { s.ok(anna, hold(1, 1, 6)) }, who: cleo,
			do: decide.TakeOver{ID: housetest.Hold(2), Hold: housetest.Hold(1), Reason: "guest_waiting"}, event: seating.EventHoldSuperseded,
			want: seating.EventPayload{Hold: housetest.Hold(1), Tables: housetest.Tables(6), ExpiresAt: housetest.At("18:03"), Reason: "guest_waiting"},
		},
		{
			name: "release", before: func(s *stage) { s.ok(anna, hold(1, 1, 6)) }, who: anna,
			do: decide.ReleaseHold{Hold: housetest.Hold(1)}, event: seating.EventHoldReleased,
			want: seating.EventPayload{Hold: housetest.Hold(1), Tables: housetest.Tables(6), ExpiresAt: housetest.At("18:03")},
		},
		{
			name: "extend", before: func(s *stage) { s.ok(anna, hold(1, 1, 6)) }, who: anna,
			do: decide.ExtendHold{Hold: housetest.Hold(1), By: 300}, event: seating.EventHoldExtended,
			want: seating.EventPayload{Hold: housetest.Hold(1), Tables: housetest.Tables(6), ExpiresAt: housetest.At("18:05")},
		},
		{
			name: "assign", who: anna, do: assign(1, 1, 2), event: seating.EventAssignmentSync,
			want: seating.EventPayload{Tables: housetest.Tables(1, 2), Combined: true},
		},
		{
			name: "confirmed", who: anna, do: assign(1, 6), event: seating.EventBookingConfirmed,
			want: seating.EventPayload{Status: seating.Confirmed},
		},
		{
			name: "unassign", before: func(s *stage) { s.ok(anna, assign(1, 1, 2)) }, who: anna, do: unassign(1), event: seating.EventAssignmentCleared,
			want: seating.EventPayload{Tables: housetest.Tables(1, 2), Reason: "unassigned"},
		},
		{
			name: "pending again", before: func(s *stage) { s.ok(anna, assign(1, 6)) }, who: anna, do: unassign(1), event: seating.EventBookingChanged,
			want: seating.EventPayload{Status: seating.Pending, What: "pending", Reason: "unassigned"},
		},
		{
			name: "cancel", before: func(s *stage) { s.ok(anna, assign(1, 6)) }, who: anna,
			do: decide.Cancel{Booking: housetest.Booking(1), Reason: "guest_called"}, event: seating.EventBookingCancelled,
			want: seating.EventPayload{Status: seating.Cancelled, Reason: "guest_called"},
		},
		{
			name: "reopened under another epoch", who: cleo,
			do: decide.RotateEpoch{Epoch: "fresh0", Reason: "restored"}, event: seating.EventEpochRotated,
			want: seating.EventPayload{Reason: "restored"},
		},
		{
			name: "cancel with tables", before: func(s *stage) { s.ok(anna, assign(1, 6)) }, who: anna,
			do: decide.Cancel{Booking: housetest.Booking(1)}, event: seating.EventAssignmentCleared,
			want: seating.EventPayload{Tables: housetest.Tables(6), Reason: "cancelled"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
			if tt.before != nil {
				tt.before(s)
			}
			s.ok(tt.who, tt.do)
			want := tt.want
			want.SchemaVersion, want.Restaurant, want.Version = seating.EventSchemaVersion, s.h.Restaurant.ID, s.h.Public()
			want.At, want.Actor = s.now, tt.who
			if tt.event != seating.EventEpochRotated { // of no booking
				want.Booking, want.Window = housetest.Booking(1), s.entry(1).Window
			}
			if diff := cmp.Diff(want, s.payload(tt.event)); diff != "" {
				t.Errorf("%s tells %s (-want +got):\n%s", tt.do.Name(), tt.event, diff)
			}
		})
	}
}

func TestTouch_NamesEachBookingAndTableOnce(t *testing.T) {
	s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 8 })
	s.ok(anna, hold(1, 1, 1, 2))
	s.ok(anna, assign(1, 2, 3)) // touches as the hold's end, as what it leaves and as what it takes
	want := house.Touch{Bookings: []seating.BookingID{housetest.Booking(1)}, Tables: housetest.Tables(1, 2, 3), Window: s.entry(1).Window}
	if diff := cmp.Diff(want, s.last.Touch); diff != "" {
		t.Errorf("assign(1, 2, 3) touches (-want +got):\n%s", diff)
	}
}

func TestPutFloor_ACombinationJoinsUpToEight(t *testing.T) {
	for n, ok := range map[int]bool{1: false, 2: true, 8: true, 9: false} {
		s := evening(t, func(s *house.State) {
			s.Combinations = nil
			spare := s.Tables[7]
			spare.ID, spare.Number = housetest.Table(9), "T9"
			s.Tables = append(s.Tables, spare)
		})
		c := s.plan(func(p *decide.Plan) {
			joined := decide.PlanCombination{MinCovers: 1, MaxCovers: 20}
			for i := range n {
				joined.Tables = append(joined.Tables, p.Tables[i].Ref)
			}
			p.Combinations = []decide.PlanCombination{joined}
		})
		if !ok {
			s.fields(cleo, c, "/combinations/0/tableIds")
			continue
		}
		s.ok(cleo, c)
		if got := len(s.h.Floor.Combinations()[0].Tables); got != n {
			t.Errorf("put_floor(a combination of %d) joins %d", n, got)
		}
	}
}

func TestOverride_FaultsNameTheirField(t *testing.T) {
	s := evening(t, nil)
	give := hold(1, 1, 1)
	give.Override = &seating.Override{}
	give.Note = string(make([]byte, 2001))
	s.fields(cleo, give, "/override/checks", "/override/reason", "/override/note")
	give.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckSlack, seating.CheckCapacity}, Reason: "regulars"}
	give.Note = string(make([]byte, 2000))
	s.fields(cleo, give, "/override/checks/1")
}

// A day that was closed changed bookings that nobody names: what was seen of
// another day is to be looked at again.
func TestStale_AClosedDayTouchesEverything(t *testing.T) {
	c := evening(t, func(s *house.State) { s.OpenFrom = s.OpenFrom.AddDays(-1) }).sees()
	c.does(seating.System(), decide.CloseDay{Date: c.h.OpenFrom})
	if d := c.judge(anna, assign(1, 2)); !stale(d) {
		t.Errorf("assign after close_day = %v, want STALE_CONTEXT", d.Refusal)
	}
	if d := c.judge(anna, decide.Cancel{Booking: housetest.Booking(1)}); !stale(d) {
		t.Errorf("cancel after close_day = %v, want STALE_CONTEXT", d.Refusal)
	}
}
