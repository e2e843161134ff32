package planner_test

import (
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// sitting checks booking n in at its tables.
func sitting(s *house.State, n, covers int, at string, tables ...int) seating.Booking {
	b := housetest.Party(s, n, covers, at, tables...)
	last := &s.Bookings[len(s.Bookings)-1]
	last.Status, last.CheckedInAt, last.ArrivedAt = seating.CheckedIn, b.Window.Start, b.Window.Start
	return *last
}

// TestCheckOccupied: booking 9 has sat at T1 since 16:30 and should have left at
// 17:50; it is 18:00 unless a case says otherwise.
func TestCheckOccupied(t *testing.T) {
	stays := func(s *house.State) { sitting(s, 9, 4, "16:30", 1) }
	at := func(now servicetime.Instant) func(*planner.Request) {
		return func(r *planner.Request) { r.Now = now }
	}
	starts := func(i servicetime.Instant) func(*planner.Request) {
		return func(r *planner.Request) { r.Window.Start = i }
	}
	occupied := func(c seating.Check, minutes int, message string) seating.Check {
		return with(c, func(c *seating.Check) {
			c.Message, c.Tables = message, refs(1)
			c.Blockers = []seating.Blocker{{
				Table: refs(1)[0], Kind: seating.OwnedByBooking, Window: housetest.Window("16:30", "17:50"),
				Booking: housetest.Booking(9), Reference: seating.ReferenceFor(housetest.Booking(9), 0), Minutes: minutes,
			}}
		})
	}
	reference := seating.ReferenceFor(housetest.Booking(9), 0)
	text := func(minutes string) string {
		return "T1 is still taken by booking " + reference + ", " + minutes + " min past its end."
	}
	in15 := housetest.At("18:15")
	warned := occupied(warning(seating.CodeTableOccupied, ""), 10, text("10"))
	refused := occupied(refusal(seating.CodeTableOccupied, ""), 10, text("10"))
	run(t, seating.CheckOccupied, []checkCase{
		{name: "a window that starts in an hour: warning", edit: stays, tables: []int{1}, want: warned},
		{name: "exactly 15 min from now: warning", edit: stays, ask: starts(in15), tables: []int{1}, want: warned},
		{name: "1 ms sooner: error", edit: stays, ask: starts(in15.Add(-time.Millisecond)), tables: []int{1}, want: refused},
		{name: "1 ms later: warning", edit: stays, ask: starts(in15.Add(time.Millisecond)), tables: []int{1}, want: warned},
		{name: "now: error", edit: stays, ask: starts(housetest.At("18:00")), tables: []int{1}, want: refused},
		{name: "another table", edit: stays, ask: starts(in15), tables: []int{2}},
		{name: "1 ms before its end", edit: stays, ask: at(housetest.At("17:50").Add(-time.Millisecond)), tables: []int{1}},
		{name: "at its end", edit: stays, ask: at(housetest.At("17:50")), tables: []int{1}, want: occupied(warning(seating.CodeTableOccupied, ""), 0, text("0"))},
		{name: "D22 it has left", edit: func(s *house.State) {
			stays(s)
			s.Bookings[1].Status, s.Bookings[1].EndedAt = seating.Completed, housetest.At("17:55")
		}, tables: []int{1}},
		{name: "it never sat down", edit: func(s *house.State) { housetest.Party(s, 9, 4, "16:30", 1) }, tables: []int{1}},
		{name: "the party itself", edit: stays, ask: func(r *planner.Request) { r.Booking = housetest.Booking(9) }, tables: []int{1}},
		{name: "the party it swaps with", edit: stays, ask: func(r *planner.Request) { r.With = housetest.Booking(9) }, tables: []int{1}},
		{name: "it moved away to T3 at 17:00", edit: func(s *house.State) {
			stays(s)
			a := &s.Allocations[len(s.Allocations)-1]
			b := *a
			a.Window.End, b.Table, b.Window.Start = housetest.At("17:00"), housetest.Table(3), housetest.At("17:00")
			s.Allocations = append(s.Allocations, b)
		}, tables: []int{1}},
		{
			name: "two hours past", edit: stays, ask: func(r *planner.Request) { r.Now, r.Window.Start = housetest.At("19:55"), housetest.At("19:55") }, tables: []int{1},
			want: occupied(refusal(seating.CodeTableOccupied, ""), 125, text("125")),
		},
	})
}

func TestOverstayingFollowsTheParty(t *testing.T) {
	h := housetest.New(t, func(s *house.State) {
		sitting(s, 9, 4, "16:30", 1)
		a := &s.Allocations[0]
		b := *a
		a.Window.End, b.Table, b.Window.Start = housetest.At("17:00"), housetest.Table(3), housetest.At("17:00")
		s.Allocations = append(s.Allocations, b)
	})
	r := planner.Request{Now: housetest.At("18:00")}
	if b := planner.Overstaying(h, housetest.Table(1), r); b != nil {
		t.Errorf("Overstaying(T1) = %+v, want nil: the party moved away", b)
	}
	if b := planner.Overstaying(h, housetest.Table(3), r); b == nil || b.Booking != housetest.Booking(9) || b.Minutes != 10 {
		t.Errorf("Overstaying(T3) = %+v, want booking 9, 10 min", b)
	}
}
