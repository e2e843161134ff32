package decide_test

import (
	"slices"
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

// mixedEvening is an evening in which bookings of every open state have tables, at
// some time of it.
func mixedEvening(t *testing.T, r *rapid.T) *stage {
	t.Helper()
	s := evening(t, func(s *house.State) {
		housetest.Party(s, 5, 4, "20:45", 4)
		housetest.Party(s, 6, 4, "18:30", 1)
		housetest.Party(s, 7, 6, "20:00", 6)
		housetest.Party(s, 8, 4, "20:00", 7)
		s.Bookings[len(s.Bookings)-1].ChosenBy = seating.ChosenByPlanner
		if b := &s.Bookings[5]; rapid.Bool().Draw(r, "6 sits") {
			b.Status, b.CheckedInAt, b.ArrivedAt = seating.CheckedIn, b.Window.Start, b.Window.Start
		}
		if b := &s.Bookings[2]; rapid.Bool().Draw(r, "3 sits") {
			b.Status, b.CheckedInAt, b.ArrivedAt = seating.CheckedIn, b.Window.Start, b.Window.Start
		}
		s.Policy.BufferBefore = servicetime.Minutes(rapid.SampledFrom([]int{0, 10}).Draw(r, "before"))
	})
	s.now = housetest.At("19:00").Add(time.Duration(rapid.IntRange(0, 150).Draw(r, "now")) * time.Minute)
	return s
}

// anyChange draws a change of some fields, of each with the probability of a half.
func anyChange(r *rapid.T, n int) decide.ChangeBooking {
	c := change(n)
	if rapid.Bool().Draw(r, "covers?") {
		covers(rapid.IntRange(1, 12).Draw(r, "covers"))(&c)
	}
	if rapid.Bool().Draw(r, "time?") {
		at(servicetime.NewClock(rapid.IntRange(17, 22).Draw(r, "hour"), 15*rapid.IntRange(0, 3).Draw(r, "quarter")).String())(&c)
	}
	if rapid.Bool().Draw(r, "turn?") {
		turn(servicetime.Minutes(rapid.IntRange(0, 200).Draw(r, "turn")))(&c)
	}
	if rapid.IntRange(0, 4).Draw(r, "date?") == 0 {
		days(rapid.IntRange(0, 2).Draw(r, "date"))(&c)
	}
	if rapid.Bool().Draw(r, "wish?") {
		wishes(rapid.SampledFrom([]seating.ZoneID{{}, housetest.Main, housetest.Patio}).Draw(r, "zone"), "")(&c)
	}
	return c
}

// TestChange_RowsLieInTheWindow: whatever changes, by whatever mode: a refusal leaves
// the house as it was; keep never moves anybody; every row lies in the booking's
// window, and the tables reach its end; no table is sold twice.
func TestChange_RowsLieInTheWindow(t *testing.T) {
	granted, moved := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		s := mixedEvening(t, r)
		for range 6 {
			n := rapid.IntRange(1, 8).Draw(r, "booking")
			c := anyChange(r, n)
			c.Tables = rapid.SampledFrom([]decide.TableMode{"", decide.KeepTables, decide.ReplanTables}).Draw(r, "mode")
			before, had := s.h, s.entry(n).Tables()
			_, err := s.try(anna, c)
			if err != nil {
				if s.h != before {
					r.Fatalf("%+v was refused with %v and changed the house", c, err)
				}
				continue
			}
			e := s.entry(n)
			granted++
			if !slices.Equal(had, e.Tables()) {
				moved++
				if c.Tables == decide.KeepTables {
					r.Fatalf("%+v kept %v and has %v", c, had, e.Tables())
				}
			}
			if s.last == nil {
				continue
			}
			for _, a := range e.Allocations {
				if !a.Window.Within(e.Window) {
					r.Fatalf("%+v: row %v lies outside %v", c, a, e.Window)
				}
			}
			if len(had) > 0 && !slices.ContainsFunc(e.Allocations, func(a seating.Allocation) bool { return a.Window.End == e.Window.End }) {
				r.Fatalf("%+v: no row of %v reaches %v", c, e.Allocations, e.Window.End)
			}
			if e.Dining.Start > e.Dining.End || !e.Dining.Within(servicetime.Window{Start: min(e.Window.Start, e.Dining.Start), End: e.Window.End}) {
				r.Fatalf("%+v: dining %v, window %v", c, e.Dining, e.Window)
			}
		}
		s.soldOnce()
	})
	if granted < 50 || moved < 5 {
		t.Errorf("%d changes were granted and %d moved tables: too few to say anything", granted, moved)
	}
}

// TestChange_PatchesCompose: two changes of different fields, one after the other,
// make what one change of both does.
func TestChange_PatchesCompose(t *testing.T) {
	composed := 0
	rapid.Check(t, func(r *rapid.T) {
		s := mixedEvening(t, r)
		n := rapid.IntRange(1, 8).Draw(r, "booking")
		both := anyChange(r, n)
		both.Tables = decide.KeepTables
		first, second := both, both
		if rapid.Bool().Draw(r, "covers first") {
			second.Covers = nil
		} else {
			first.Covers = nil
		}
		if rapid.Bool().Draw(r, "time first") {
			second.Time, second.Date = nil, nil
		} else {
			first.Time, first.Date = nil, nil
		}
		if rapid.Bool().Draw(r, "turn first") {
			second.Turn = nil
		} else {
			first.Turn = nil
		}
		if rapid.Bool().Draw(r, "wish first") {
			second.ZoneWish, second.SeatingWish = nil, nil
		} else {
			first.ZoneWish, first.SeatingWish = nil, nil
		}
		twin := *s
		if _, err := twin.try(anna, both); err != nil {
			return
		}
		for _, c := range []decide.ChangeBooking{first, second} {
			if _, err := s.try(anna, c); err != nil {
				return // on the way it would not do: that is said, and nothing is lost
			}
		}
		composed++
		x, y := *s.entry(n), *twin.entry(n)
		x.Version, y.Version = 0, 0
		if diff := cmp.Diff(y, x); diff != "" {
			r.Fatalf("%+v and %+v differ from both at once (-both +one by one):\n%s", first, second, diff)
		}
	})
	if composed < 10 {
		t.Errorf("%d pairs were granted: too few to say anything", composed)
	}
}
