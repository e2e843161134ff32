package decide_test

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func confirm(n int, t ...decide.Transition) decide.ConfirmHold {
	c := decide.ConfirmHold{Hold: housetest.Hold(n)}
	if len(t) > 0 {
		c.Transition = t[0]
	}
	return c
}

// entry is booking n as it stands.
func (s *stage) entry(n int) *house.Entry {
	s.t.Helper()
	e := s.h.Booking(housetest.Booking(n))
	if e == nil {
		s.t.Fatalf("booking %d is not there", n)
	}
	return e
}

// sits demands status, tables and the window's start of booking n.
func (s *stage) sits(n int, status seating.Status, tables ...int) {
	s.t.Helper()
	if e := s.entry(n); e.Status != status || !slices.Equal(e.Tables(), housetest.Tables(tables...)) {
		s.t.Errorf("booking %d is %s at %v, want %s at %v", n, e.Status, e.Tables(), status, housetest.Tables(tables...))
	}
}

// row demands an allocation of booking n.
func (s *stage) row(n, table int, w servicetime.Window) {
	s.t.Helper()
	for _, a := range s.entry(n).Allocations {
		if a.Table == housetest.Table(table) && a.Window == w {
			return
		}
	}
	s.t.Errorf("booking %d has rows %v, want T%d for %v", n, s.entry(n).Allocations, table, w)
}

// later sets a field of the house behind everybody's back, as another command
// would: at the next version, with the aspect revised.
func (s *stage) later(a seating.Aspect, edit func(*house.State)) {
	s.t.Helper()
	state := s.h.State()
	edit(&state)
	state.Version++
	state.Revisions = state.Revisions.With(state.Version, []seating.Aspect{a})
	h, err := house.New(state)
	if err != nil {
		s.t.Fatalf("New: %v", err)
	}
	s.h = h
}

func TestConfirm_Transitions(t *testing.T) {
	tests := []struct {
		name   string
		from   seating.Status
		to     decide.Transition
		want   seating.Status
		code   seating.Code
		events []seating.EventType // beside sync and hold.confirmed
	}{
		{name: "pending, by default", from: seating.Pending, want: seating.Confirmed, events: []seating.EventType{seating.EventBookingConfirmed}},
		{name: "pending, confirmed", from: seating.Pending, to: decide.ToConfirmed, want: seating.Confirmed, events: []seating.EventType{seating.EventBookingConfirmed}},
		{name: "pending, none", from: seating.Pending, to: decide.ToNone, want: seating.Pending},
		{name: "pending, checked in", from: seating.Pending, to: decide.ToCheckedIn, want: seating.CheckedIn, events: []seating.EventType{seating.EventBookingCheckedIn}},
		{name: "waitlisted, by default", from: seating.Waitlisted, want: seating.Confirmed, events: []seating.EventType{seating.EventBookingConfirmed}},
		{name: "waitlisted, none", from: seating.Waitlisted, to: decide.ToNone, code: seating.CodeBookingState},
		{name: "waitlisted, checked in", from: seating.Waitlisted, to: decide.ToCheckedIn, want: seating.CheckedIn, events: []seating.EventType{seating.EventBookingCheckedIn}},
		{name: "confirmed, by default", from: seating.Confirmed, want: seating.Confirmed},
		{name: "confirmed, confirmed", from: seating.Confirmed, to: decide.ToConfirmed, want: seating.Confirmed},
		{name: "confirmed, none", from: seating.Confirmed, to: decide.ToNone, want: seating.Confirmed},
		{name: "confirmed, checked in", from: seating.Confirmed, to: decide.ToCheckedIn, want: seating.CheckedIn, events: []seating.EventType{seating.EventBookingCheckedIn}},
		{name: "checked in, by default", from: seating.CheckedIn, want: seating.CheckedIn},
		{name: "checked in, checked in", from: seating.CheckedIn, to: decide.ToCheckedIn, want: seating.CheckedIn},
		{name: "checked in, confirmed", from: seating.CheckedIn, to: decide.ToConfirmed, code: seating.CodeBookingState},
		{name: "unknown", from: seating.Pending, to: "seated", code: seating.CodeInvalid},
	}
	for _, tt := range tests {
		for how, give := range map[string]func(*stage) (decide.Result, *seating.Error){
			"confirm": func(s *stage) (decide.Result, *seating.Error) {
				s.ok(anna, hold(1, 1, 1))
				return s.try(anna, confirm(1, tt.to))
			},
			"assign": func(s *stage) (decide.Result, *seating.Error) {
				return s.try(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(1), Transition: tt.to})
			},
		} {
			t.Run(how+": "+tt.name, func(t *testing.T) {
				s := evening(t, func(s *house.State) {
					s.Bookings[0].Status = tt.from
					if tt.from == seating.Confirmed || tt.from == seating.CheckedIn {
						for _, w := range []servicetime.Window{s.Bookings[0].Window} {
							s.Allocations = append(s.Allocations, seating.Allocation{
								Table: housetest.Table(2), Window: w, Kind: seating.OwnedByBooking,
								Owner: seating.AnyID(housetest.Booking(1)), Claimant: seating.AnyID(housetest.Booking(1)),
							})
						}
					}
				})
				s.now = housetest.At("19:10") // it may have sat down by then
				before := s.h
				r, err := give(s)
				if tt.code != "" {
					if err == nil || err.Code != tt.code {
						t.Fatalf("%s(%q) of a %s booking = %v, want %s", how, tt.to, tt.from, err, tt.code)
					}
					if tt.code == seating.CodeBookingState && err.Details.Status != tt.from {
						t.Errorf("%s(%q): currentStatus = %s, want %s", how, tt.to, err.Details.Status, tt.from)
					}
					if how == "assign" && s.h != before {
						t.Error("a refused assignment changed the house")
					}
					return
				}
				if err != nil {
					t.Fatalf("%s(%q) of a %s booking = %v, want granted", how, tt.to, tt.from, err)
				}
				s.sits(1, tt.want, 1)
				if r.Booking.Status != tt.want || r.Assignment == nil || !slices.Equal(r.Assignment.Tables, housetest.Tables(1)) {
					t.Errorf("%s(%q) answers %+v, want %s at T1", how, tt.to, r.Booking, tt.want)
				}
				want := append([]seating.EventType{seating.EventAssignmentSync}, tt.events...)
				got := slices.DeleteFunc(s.events(), func(e seating.EventType) bool { return e == seating.EventHoldConfirmed })
				if !slices.Equal(got, want) {
					t.Errorf("%s(%q) events = %v, want %v", how, tt.to, got, want)
				}
				if got := s.h.Booking(housetest.Booking(1)).ChosenBy; got != seating.ChosenByPerson {
					t.Errorf("%s(%q): chosenBy = %s, want person", how, tt.to, got)
				}
			})
		}
	}
}

func TestCheckingInTakesTheCapabilitySeat(t *testing.T) {
	bot := housetest.Host("bot")
	bot.Caps = slices.DeleteFunc(bot.Caps, func(c seating.Capability) bool { return c == seating.CapSeat })
	s := evening(t, nil)
	s.ok(bot, hold(1, 1, 1))
	s.refused(bot, confirm(1, decide.ToCheckedIn), seating.CodeForbidden)
	s.refused(bot, decide.Assign{Booking: housetest.Booking(2), Tables: housetest.Tables(2), Transition: decide.ToCheckedIn}, seating.CodeForbidden)
	s.ok(bot, confirm(1))
	s.ok(anna, decide.Assign{Booking: housetest.Booking(2), Tables: housetest.Tables(2), Transition: decide.ToCheckedIn})
}

func TestC06_ExpiredHoldIsNotConfirmed(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(anna, hold(1, 1, 1))
	live := *s
	live.now = r.Hold.ExpiresAt - 1
	live.ok(anna, confirm(1))
	s.now = r.Hold.ExpiresAt
	err := s.refused(anna, confirm(1), seating.CodeHoldExpired)
	if f := err.Details.Hold; f == nil || f.ID != housetest.Hold(1) || f.How != seating.EndExpired || f.ExpiresAt != r.Hold.ExpiresAt || f.Booking != housetest.Booking(1) {
		t.Errorf("hold = %+v, want hold 1, expired at %v", f, r.Hold.ExpiresAt)
	}
	s.ok(seating.System(), decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1)}})
	s.refused(anna, confirm(1), seating.CodeHoldExpired) // recorded or not
	s.sits(1, seating.Pending)
}

// TestC08: the guest cancels between hold and confirm.
func TestC08_CancelledBookingIsNotResurrected(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.ok(anna, hold(2, 2, 2))
	s.ok(ben, decide.Cancel{Booking: housetest.Booking(1)})
	err := s.refused(anna, confirm(1), seating.CodeHoldEnded)
	if f := err.Details.Hold; f == nil || f.How != seating.EndReleased || f.By != ben.Principal {
		t.Errorf("hold = %+v, want released by %s", f, ben.Principal)
	}
	s.refused(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(1)}, seating.CodeBookingState)
	s.sits(1, seating.Cancelled)
	if e := s.entry(1); e.Hold != nil {
		t.Errorf("hold = %+v, want none", e.Hold)
	}
	s.ok(anna, confirm(2)) // the twin that was not cancelled
	s.ok(anna, decide.Assign{Booking: housetest.Booking(4), Tables: housetest.Tables(1)})
}

// TestC08_WithoutTheHoldsEnd: even if a hold outlived its booking it would not
// confirm.
func TestC08_EndedBookingRefusesAConfirmWhateverItsHold(t *testing.T) {
	for _, status := range []seating.Status{seating.Cancelled, seating.NoShow, seating.Completed} {
		s := evening(t, nil)
		s.ok(anna, hold(1, 1, 1))
		s.later(seating.AspectBookings, func(st *house.State) { st.Bookings[0].Status, st.Bookings[0].EndedAt = status, s.now })
		if err := s.refused(anna, confirm(1), seating.CodeBookingState); err.Details.Status != status {
			t.Errorf("currentStatus = %s, want %s", err.Details.Status, status)
		}
	}
}

func TestC09_TableGoneSinceTheHold(t *testing.T) {
	tests := map[string]struct {
		edit  func(*house.State)
		cause seating.CheckID
	}{
		"retired":       {func(s *house.State) { s.Tables[0].Retired = true }, seating.CheckTables},
		"inactive":      {func(s *house.State) { s.Tables[0].Active = false }, seating.CheckAvailable},
		"zone inactive": {func(s *house.State) { s.Zones[0].Active = false }, seating.CheckAvailable},
		"blocked": {func(s *house.State) {
			s.Blocks = []seating.Block{{ID: housetest.ID[seating.BlockID](900), Tables: housetest.Tables(1), Window: housetest.Window("20:00", "20:10"), Reason: "wobbly"}}
		}, seating.CheckAvailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := evening(t, nil)
			s.ok(anna, hold(1, 1, 1))
			s.later(seating.AspectFloor, tt.edit)
			err := s.refused(anna, confirm(1), seating.CodeTableDrift)
			if err.Details.Cause != tt.cause || len(err.Details.Tables) != 1 || err.Details.Tables[0].ID != housetest.Table(1) || len(err.Details.Checks) == 0 {
				t.Errorf("drift = cause %s, tables %v, want %s, T1", err.Details.Cause, err.Details.Tables, tt.cause)
			}
			s.sits(1, seating.Pending)
			if e := s.h.Hold(housetest.Hold(1)); e == nil {
				t.Error("the refused confirm ended the hold")
			}
			twin := evening(t, nil) // the same happens to another table
			twin.ok(anna, hold(1, 1, 2))
			if name != "zone inactive" {
				twin.later(seating.AspectFloor, tt.edit)
			}
			twin.ok(anna, confirm(1))
		})
	}
	t.Run("not ready is a flag", func(t *testing.T) {
		s := evening(t, nil)
		s.ok(anna, hold(1, 1, 1))
		s.later(seating.AspectFloor, func(s *house.State) { s.Tables[0].Ready = false })
		s.ok(anna, confirm(1, decide.ToCheckedIn))
	})
}

func TestC10_PolicyDrift(t *testing.T) {
	turn := func(s *house.State) {
		s.Periods[1].Bands = []servicetime.TurnBand{{Turn: 240}}
	}
	tests := []struct {
		name   string
		aspect seating.Aspect
		edit   func(*house.State)
		cause  seating.CheckID // none: it goes through
	}{
		{name: "a turn-time change is no drift", aspect: seating.AspectPolicy, edit: turn},
		{name: "closed since", aspect: seating.AspectPolicy, edit: func(s *house.State) {
			s.Closures = []servicetime.Closure{{From: housetest.Friday, To: housetest.Friday}}
		}},
		{name: "policy changed, still passes", aspect: seating.AspectPolicy, edit: func(s *house.State) { s.Policy.SlackBudget = 0 }},
		{name: "floor changed, still passes", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Tables[3].Active = false }},
		{name: "edges gone", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Edges = nil }, cause: seating.CheckAdjacency},
		{name: "pairwise since", aspect: seating.AspectPolicy, edit: func(s *house.State) { s.Policy.AdjacencyRule = seating.RulePairwise }, cause: seating.CheckAdjacency},
		{name: "fixed since", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Tables[1].Movable = false }, cause: seating.CheckMovable},
		{name: "smaller since", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Tables[1].MaxCovers = 3 }, cause: seating.CheckCapacity},
		{name: "larger since", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Tables[1].MaxCovers = 9 }, cause: seating.CheckSlack},
		{name: "fewer tables may be joined", aspect: seating.AspectPolicy, edit: func(s *house.State) { s.Policy.MaxTables = 2 }, cause: seating.CheckTables},
		{name: "moved to another zone", aspect: seating.AspectFloor, edit: func(s *house.State) { s.Tables[1].Zone = housetest.Patio }, cause: seating.CheckZone},
		{name: "enforced minimum", aspect: seating.AspectPolicy, edit: func(s *house.State) { s.Policy.Minimum = seating.Enforce; s.Tables[1].MinCovers = 13 }, cause: seating.CheckMinimum},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := evening(t, func(s *house.State) { s.Bookings[0].Covers = 12 })
			s.ok(anna, hold(1, 1, 1, 2, 3))
			window := s.entry(1).Window
			s.later(tt.aspect, tt.edit)
			if tt.cause == "" {
				s.ok(anna, confirm(1))
				s.sits(1, seating.Confirmed, 1, 2, 3)
				if got := s.entry(1).Window; got != window {
					t.Errorf("window = %v, want %v: the stored window decides", got, window)
				}
				return
			}
			err := s.refused(anna, confirm(1), seating.CodePolicyDrift)
			if err.Details.Cause != tt.cause || seating.FirstError(err.Details.Checks) == nil {
				t.Errorf("cause = %s, want %s", err.Details.Cause, tt.cause)
			}
			s.sits(1, seating.Pending)
			if s.h.Hold(housetest.Hold(1)) == nil {
				t.Error("the refused confirm ended the hold")
			}
		})
	}
}

// TestDriftIsNotTime: what time alone refuses is told as what it is, also when
// the policy changed meanwhile.
func TestConfirm_OverstayIsTheCheckItself(t *testing.T) {
	for _, revised := range []bool{false, true} {
		s := evening(t, nil)
		s.later(seating.AspectBookings, func(s *house.State) {
			housetest.Party(s, 9, 4, "17:00", 1)
			s.Bookings[len(s.Bookings)-1].Status = seating.CheckedIn
		})
		s.now = housetest.At("18:19")
		c := hold(1, 1, 1)
		c.TTL = 600
		s.ok(anna, c) // a warning: it starts in 41 minutes
		s.ok(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 600})
		for _, at := range []string{"18:28", "18:37", "18:44"} {
			s.now = housetest.At(at)
			s.ok(anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 600})
		}
		if revised {
			s.later(seating.AspectPolicy, func(s *house.State) { s.Policy.SlackBudget = 5 })
		}
		twin := *s
		twin.now = housetest.At("18:45") // exactly 15 min before: a warning
		twin.ok(anna, confirm(1))
		s.now = housetest.At("18:45").Add(time.Millisecond)
		s.refused(anna, confirm(1), seating.CodeTableOccupied)
	}
}

func TestV18_HoldWithoutAdjacencyConfirms(t *testing.T) {
	advised := func(s *house.State) {
		s.Bookings[0].Covers = 8
		s.Policy.Adjacency = seating.AdjacencyAdvised
	}
	s := evening(t, advised)
	s.ok(anna, hold(1, 1, 1, 3))
	s.ok(anna, confirm(1))
	s.sits(1, seating.Confirmed, 1, 3)

	tight := hold(1, 1, 1, 3)
	tight.RequireAdjacency = true
	evening(t, advised).refused(anna, tight, seating.CodeNotAdjacent)
}

// TestV19: what the hold demanded is demanded at confirm; the client cannot drop it.
func TestV19_TheHoldsOwnDemandStands(t *testing.T) {
	for _, demanded := range []bool{true, false} {
		s := evening(t, func(s *house.State) {
			s.Bookings[0].Covers = 8
			s.Policy.Adjacency = seating.AdjacencyAdvised
		})
		c := hold(1, 1, 1, 2)
		c.RequireAdjacency = demanded
		s.ok(anna, c)
		s.later(seating.AspectFloor, func(s *house.State) { s.Edges = nil })
		if demanded {
			if err := s.refused(anna, confirm(1), seating.CodePolicyDrift); err.Details.Cause != seating.CheckAdjacency {
				t.Errorf("cause = %s, want adjacency", err.Details.Cause)
			}
			continue
		}
		s.ok(anna, confirm(1))
	}
}

func TestC16_ConfirmTwiceGivesTheSameAssignment(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	first := s.ok(anna, confirm(1))
	again := s.nothing(anna, confirm(1))
	if !slices.Equal(again.Assignment.Tables, first.Assignment.Tables) || again.Booking.Status != seating.Confirmed || again.Version != first.Version {
		t.Errorf("confirm again = %+v at %v, want %+v at %v", again.Assignment, again.Version, first.Assignment, first.Version)
	}
	s.ok(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(2)})
	if moved := s.nothing(anna, confirm(1)); !slices.Equal(moved.Assignment.Tables, housetest.Tables(2)) {
		t.Errorf("confirm after a move = %v, want where it is now, T2", moved.Assignment.Tables)
	}
	s.ok(anna, decide.Cancel{Booking: housetest.Booking(1)})
	if err := s.refused(anna, confirm(1), seating.CodeHoldEnded); err.Details.Hold.How != seating.EndConfirmed {
		t.Errorf("how = %s, want confirmed", err.Details.Hold.How)
	}
}

func TestConfirm_OtherEndsOfAHold(t *testing.T) {
	s := evening(t, nil)
	s.refused(anna, confirm(77), seating.CodeNotFound)
	s.ok(anna, hold(1, 1, 1))
	s.ok(anna, hold(2, 1, 2))
	if err := s.refused(anna, confirm(1), seating.CodeHoldEnded); err.Details.Hold.How != seating.EndSuperseded || err.Details.Hold.By != anna.Principal {
		t.Errorf("hold = %+v, want superseded by anna", err.Details.Hold)
	}
	s.ok(anna, decide.ReleaseHold{Hold: housetest.Hold(2)})
	if err := s.refused(anna, confirm(2), seating.CodeHoldEnded); err.Details.Hold.How != seating.EndReleased {
		t.Errorf("hold = %+v, want released", err.Details.Hold)
	}
}

func TestC23_AnothersHold(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	err := s.refused(ben, confirm(1), seating.CodeOverrideRequired)
	if f := err.Details.Hold; f == nil || f.By != anna.Principal || f.ID != housetest.Hold(1) {
		t.Errorf("hold = %+v, want anna's hold 1", f)
	}
	s.ok(cleo, confirm(1))
	s.sits(1, seating.Confirmed, 1)
}

// TestC14: a confirm gives the held tables or refuses; never others.
func TestC14_ConfirmNeverSubstitutes(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 2))
	r := s.ok(anna, confirm(1))
	if !slices.Equal(r.Assignment.Tables, housetest.Tables(2)) {
		t.Errorf("confirm of T2 = %v, want T2", r.Assignment.Tables)
	}
	s.ok(anna, hold(2, 2, 1))
	s.later(seating.AspectFloor, func(s *house.State) { s.Tables[0].Active = false })
	s.refused(anna, confirm(2), seating.CodeTableDrift) // T3 is free and as good
	s.sits(2, seating.Pending)
}

func TestConfirm_GuardsTheHoldAtCommit(t *testing.T) {
	s := evening(t, nil)
	s.ok(anna, hold(1, 1, 1))
	s.ok(anna, confirm(1))
	if !slices.Contains(s.last.Guards, house.Guard{Kind: house.GuardHoldLive, Hold: housetest.Hold(1)}) {
		t.Errorf("guards = %+v, want the hold live by the database's clock (C07)", s.last.Guards)
	}
	if !slices.Equal(s.last.Rows.Reown, []seating.HoldID{housetest.Hold(1)}) || len(s.last.Rows.DropAllocations)+len(s.last.Rows.PutAllocations) != 0 {
		t.Errorf("rows = %+v, want the hold's rows re-owned and nothing freed", s.last.Rows)
	}
}

// TestConfirm_CheckedInKeepsItsPast: a party that sits at T1 and confirms a hold
// of T2 ends T1 now and starts T2 now, whenever the hold's rows began.
func TestConfirm_CheckedInKeepsItsPast(t *testing.T) {
	s := evening(t, nil)
	s.now = housetest.At("19:00")
	s.ok(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(1), Transition: decide.ToCheckedIn})
	s.now = housetest.At("19:10")
	s.ok(anna, hold(1, 1, 2))
	s.now = housetest.At("19:12")
	s.ok(anna, confirm(1))
	s.sits(1, seating.CheckedIn, 2)
	s.row(1, 1, housetest.Window("19:00", "19:12"))
	s.row(1, 2, housetest.Window("19:12", "20:20"))
	if n := len(s.entry(1).Allocations); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestConfirm_EarlyCheckIn(t *testing.T) {
	t.Run("claims from now where that is free", func(t *testing.T) {
		s := evening(t, nil)
		s.now = housetest.At("18:40")
		s.ok(anna, hold(1, 1, 1))
		s.now = housetest.At("18:41")
		s.ok(anna, confirm(1, decide.ToCheckedIn))
		s.row(1, 1, housetest.Window("18:41", "20:20"))
		if e := s.entry(1); e.Window != housetest.Window("18:41", "20:20") || e.CheckedInAt != s.now || e.ArrivedAt != s.now || e.Dining.Start != housetest.At("19:00") {
			t.Errorf("booking = %+v, want its window from 18:41", e.Booking)
		}
	})
	t.Run("keeps its window where somebody has the table", func(t *testing.T) {
		s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "17:30", 1) }) // until 18:50
		s.now = housetest.At("18:40")
		s.ok(anna, hold(1, 1, 1))
		s.ok(anna, confirm(1, decide.ToCheckedIn))
		s.row(1, 1, housetest.Window("19:00", "20:20"))
		if e := s.entry(1); e.Status != seating.CheckedIn || e.Window != housetest.Window("19:00", "20:20") {
			t.Errorf("booking = %s %v, want checked in, window kept", e.Status, e.Window)
		}
	})
	t.Run("claims from the instant somebody leaves", func(t *testing.T) {
		s := evening(t, func(s *house.State) { housetest.Party(s, 9, 4, "17:30", 1) })
		s.now = housetest.At("18:50")
		s.ok(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(1), Transition: decide.ToCheckedIn})
		s.row(1, 1, housetest.Window("18:50", "20:20"))
	})
	t.Run("a live hold of another keeps the window, a lapsed one does not", func(t *testing.T) {
		for _, lapsed := range []bool{false, true} {
			s := evening(t, func(s *house.State) {
				b := housetest.Party(s, 9, 4, "17:30")
				_ = b
			})
			s.now = housetest.At("18:40")
			r := s.ok(ben, hold(5, 9, 1)) // 18:40 to 18:50
			want := housetest.Window("19:00", "20:20")
			if lapsed {
				s.now = r.Hold.ExpiresAt
				want.Start = s.now
			}
			s.ok(anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(1), Transition: decide.ToCheckedIn})
			s.row(1, 1, want)
			if gone := s.h.Hold(housetest.Hold(5)) == nil; gone != lapsed {
				t.Errorf("hold 5 gone = %v, want %v", gone, lapsed)
			}
		}
	})
}
