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

func TestCheckConflict(t *testing.T) {
	rival := func(at string, tables ...int) func(*house.State) {
		return func(s *house.State) { housetest.Party(s, 2, 4, at, tables...) }
	}
	ref := seating.ReferenceFor(housetest.Booking(2), 0)
	busy := func(start, end string, tables ...int) seating.Check {
		return with(refusal(seating.CodeAssignmentConflict, refs(tables[0])[0].Number+" busy "+start+"–"+end+" by booking "+ref+"."), func(c *seating.Check) {
			for _, n := range tables {
				c.Blockers = append(c.Blockers, seating.Blocker{
					Table: refs(n)[0], Kind: seating.OwnedByBooking, Window: housetest.Window(start, end), Booking: housetest.Booking(2), Reference: ref,
				})
			}
		})
	}
	run(t, seating.CheckConflict, []checkCase{
		{name: "free", tables: []int{1}},
		{name: "H18 the same time", edit: rival("19:00", 1), tables: []int{1}, want: busy("19:00", "20:20", 1)},
		{name: "H18 half-open: from its end on", edit: rival("20:20", 1), tables: []int{1}},
		{name: "a minute before its end", edit: rival("20:19", 1), tables: []int{1}, want: busy("20:19", "21:39", 1)},
		{name: "half-open: until its start", edit: rival("17:40", 1), tables: []int{1}},
		{name: "a minute past its start", edit: rival("17:41", 1), tables: []int{1}, want: busy("17:41", "19:01", 1)},
		{name: "another table", edit: rival("19:00", 2), tables: []int{1}},
		{name: "both of two, each told", edit: rival("19:00", 1, 2), tables: []int{2, 1}, want: busy("19:00", "20:20", 1, 2)},
		{name: "D19 its own assignment", edit: rival("19:00", 1), ask: func(r *planner.Request) { r.Booking = housetest.Booking(2) }, tables: []int{1}},
		{name: "the partner's of a swap", edit: rival("19:00", 1), ask: func(r *planner.Request) { r.With = housetest.Booking(2) }, tables: []int{1}},
		{name: "who had it before now does not matter", edit: rival("18:30", 1), ask: func(r *planner.Request) {
			r.Now = housetest.At("19:50")
			r.Window = planner.Remaining(r.Window, r.Now)
		}, tables: []int{1}},
		{name: "who has it 1 ms from now does", edit: rival("18:30", 1), ask: func(r *planner.Request) {
			r.Now = housetest.At("19:50").Add(-time.Millisecond)
			r.Window = planner.Remaining(r.Window, r.Now)
		}, tables: []int{1}, want: busy("18:30", "19:50", 1)},
		{
			name: "a block", edit: block(1, "19:30", "19:40", 1), tables: []int{1},
			want: with(refusal(seating.CodeAssignmentConflict, "T1 blocked 19:30–19:40 (wobbly)."), func(c *seating.Check) {
				c.Blockers = []seating.Blocker{{Table: refs(1)[0], Kind: seating.OwnedByBlock, Window: housetest.Window("19:30", "19:40"), Reason: "wobbly"}}
			}),
		},
		{name: "a hold is another check's matter", edit: func(s *house.State) {
			held(s, 1, housetest.Party(s, 2, 4, "19:00"), "user:ben", "18:03", 1)
		}, tables: []int{1}},
	})
}

// TestP07: the stored window counts, not what today's policy would make of it.
func TestP07_StoredEndDecides(t *testing.T) {
	stays := func(stay time.Duration) func(*house.State) {
		return func(s *house.State) {
			housetest.Party(s, 2, 4, "17:00", 1)
			s.Bookings[1].Window.End = housetest.At("17:00").Add(stay)
			s.Allocations[len(s.Allocations)-1].Window = s.Bookings[1].Window
		}
	}
	for stay, want := range map[time.Duration]seating.Outcome{120 * time.Minute: seating.OutcomeOK, 121 * time.Minute: seating.OutcomeError} {
		h, r := checkCase{edit: stays(stay)}.asking(t)
		if got := find(planner.Judge(h, r, housetest.Tables(1)), seating.CheckConflict).Outcome; got != want {
			t.Errorf("Judge(T1 after a stay of %v): conflict = %s, want %s", stay, got, want)
		}
	}
}

func TestCheckHolds(t *testing.T) {
	const ben = "user:ben"
	rival := func(by, until string, tables ...int) func(*house.State) {
		return func(s *house.State) { held(s, 1, housetest.Party(s, 2, 4, "19:00"), by, until, tables...) }
	}
	mine := func(by, until string, tables ...int) func(*house.State) {
		return func(s *house.State) { held(s, 1, s.Bookings[0], by, until, tables...) }
	}
	ref := func(n int) string { return seating.ReferenceFor(housetest.Booking(n), 0) }
	holds := func(booking int, by, until string, tables ...int) seating.Check {
		return with(refusal(seating.CodeHoldConflict, refs(tables[0])[0].Number+" held 19:00–20:20 for booking "+ref(booking)+" until "+until+":00."), func(c *seating.Check) {
			for _, n := range tables {
				c.Blockers = append(c.Blockers, seating.Blocker{
					Table: refs(n)[0], Kind: seating.OwnedByHold, Window: housetest.Window("19:00", "20:20"), Booking: housetest.Booking(booking), Reference: ref(booking),
					Hold: housetest.Hold(1), HeldBy: by, Until: housetest.At(until),
				})
			}
		})
	}
	run(t, seating.CheckHolds, []checkCase{
		{name: "nobody holds", tables: []int{1}},
		{name: "H04 a live hold of another booking", edit: rival(ben, "18:03", 1), tables: []int{1}, want: holds(2, ben, "18:03", 1)},
		{name: "the same principal, another booking", edit: rival(anna, "18:03", 1), tables: []int{1}, want: holds(2, anna, "18:03", 1)},
		{name: "both of two, each told", edit: rival(ben, "18:03", 1, 2), tables: []int{1, 2, 3}, want: holds(2, ben, "18:03", 1, 2)},
		{name: "another table", edit: rival(ben, "18:03", 2), tables: []int{1}},
		{name: "H12 a moment before it lapses", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.Now = housetest.At("18:03") - 1 }, tables: []int{1}, want: holds(2, ben, "18:03", 1)},
		{name: "H12 at the instant it lapses", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.Now = housetest.At("18:03") }, tables: []int{1}},
		{name: "lapsed", edit: rival(ben, "17:59", 1), tables: []int{1}},
		{name: "after it on the table", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.Window = housetest.Window("20:20", "21:40") }, tables: []int{1}},
		{name: "a minute too early after it", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.Window = housetest.Window("20:19", "21:40") }, tables: []int{1}, want: holds(2, ben, "18:03", 1)},
		{name: "V17 the principal's own for the booking", edit: mine(anna, "18:03", 1), tables: []int{1}},
		{name: "H26 another's for the booking, other tables", edit: mine(ben, "18:03", 3), tables: []int{1}, want: holds(1, ben, "18:03", 3)},
		{name: "H26 another's for the booking, lapsed", edit: mine(ben, "17:59", 3), tables: []int{1}},
		{name: "the partner's of a swap", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.With = housetest.Booking(2) }, tables: []int{1}},
		{name: "one that is not there yet has no claims", edit: rival(ben, "18:03", 1), ask: func(r *planner.Request) { r.Booking = seating.BookingID{} }, tables: []int{1}, want: holds(2, ben, "18:03", 1)},
	})
}

func TestRemaining(t *testing.T) {
	w := housetest.Window("19:00", "20:20")
	tests := []struct {
		now  servicetime.Instant
		want servicetime.Window
	}{
		{w.Start - 1, w},
		{w.Start, w},
		{w.Start + 1, servicetime.Window{Start: w.Start + 1, End: w.End}},
		{w.End - 1, servicetime.Window{Start: w.End - 1, End: w.End}},
		{w.End, w}, // over: it stays whole
		{w.End + 1, w},
	}
	for _, tt := range tests {
		if got := planner.Remaining(w, tt.now); got != tt.want {
			t.Errorf("Remaining(%v, %v) = %v, want %v", w, tt.now, got, tt.want)
		}
	}
}
