package planner_test

import (
	"slices"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// wrong is a house and a request of which everything is wrong but what has been
// put right.
type wrong struct {
	covers int
	right  map[seating.CheckID]bool
}

func (w wrong) judge(t *testing.T, o *seating.Override) planner.Verdict {
	t.Helper()
	fix := func(id seating.CheckID, wrong func()) {
		if !w.right[id] {
			wrong()
		}
	}
	h := housetest.New(t, func(s *house.State) {
		s.Tables[5].Movable = true
		s.Tables[5].MinCovers = 4
		s.Policy.SlackBudget, s.Policy.CrossZone = 12, true
		s.Edges = append(s.Edges, seating.NewEdge(housetest.Table(6), housetest.Table(7)))
		fix(seating.CheckAvailable, func() { s.Tables[6].Active = false })
		fix(seating.CheckOccupied, func() { sitting(s, 9, 4, "16:30", 6) })
		fix(seating.CheckMinimum, func() { s.Policy.Minimum = seating.Enforce })
		fix(seating.CheckSlack, func() { s.Policy.SlackBudget = 4 })
		fix(seating.CheckZone, func() { s.Policy.CrossZone = false })
		fix(seating.CheckMovable, func() { s.Tables[5].Movable = false })
		fix(seating.CheckAdjacency, func() { s.Edges = nil })
		fix(seating.CheckPacing, func() { s.Policy.Pacing.PartiesPerSlot = 1; housetest.Party(s, 5, 1, "18:10") })
		fix(seating.CheckConflict, func() { housetest.Party(s, 2, 2, "18:30", 7) })
		fix(seating.CheckHolds, func() { held(s, 1, housetest.Party(s, 3, 2, "18:30"), "user:ben", "18:03", 6) })
	})
	tables := housetest.Tables(6, 7)
	fix(seating.CheckTables, func() { tables = append(tables, housetest.Table(99)) })
	r := planner.Request{Covers: w.covers, Principal: anna, Now: housetest.At("18:00"), Override: o}
	turn := servicetime.Minutes(75)
	fix(seating.CheckService, func() { turn = 600 })
	return planner.Judge(h, arriving(h, r, "18:10", turn), tables)
}

// TestJudge_OrderOfErrors puts one thing right after the other: the first error is
// always the next check of CheckIDs.
func TestJudge_OrderOfErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		covers int
		never  []seating.CheckID // cannot be wrong with this party
	}{
		"a small party": {3, []seating.CheckID{seating.CheckCapacity}},
		"a large party": {20, []seating.CheckID{seating.CheckMinimum, seating.CheckSlack}},
	} {
		t.Run(name, func(t *testing.T) {
			w := wrong{tt.covers, map[seating.CheckID]bool{}}
			for _, id := range seating.CheckIDs() {
				if slices.Contains(tt.never, id) {
					continue
				}
				v := w.judge(t, nil)
				first := seating.FirstError(v.Checks)
				if first == nil || first.ID != id || v.OK {
					t.Fatalf("Judge() = ok %v, first error %+v, want %s", v.OK, first, id)
				}
				if id == seating.CheckCapacity {
					w.covers = 11
					tt.never = append(tt.never, seating.CheckMinimum, seating.CheckSlack)
				}
				w.right[id] = true
			}
			if v := w.judge(t, nil); !v.OK || seating.FirstError(v.Checks) != nil {
				t.Errorf("Judge() with everything put right = %+v, want ok", seating.FirstError(v.Checks))
			}
		})
	}
}

func TestJudge_ListsEveryCheckOnce(t *testing.T) {
	h := housetest.New(t, nil)
	for _, tables := range [][]int{nil, {1}, {99}, {1, 2, 3, 4, 5, 6, 7}} {
		v := planner.Judge(h, planner.Request{Covers: 4, Window: housetest.Window("19:00", "20:20"), Now: housetest.At("18:00")}, housetest.Tables(tables...))
		var ids []seating.CheckID
		for _, c := range v.Checks {
			ids = append(ids, c.ID)
			if c.Outcome == "" || (c.Outcome == seating.OutcomeOK) != (c.Code == "") {
				t.Errorf("Judge(T%v): %s is %q with code %q, want an outcome, and a code exactly when it is not ok", tables, c.ID, c.Outcome, c.Code)
			}
		}
		if none := seating.FirstError(v.Checks) == nil; v.OK != none {
			t.Errorf("Judge(T%v).OK = %v, want %v", tables, v.OK, none)
		}
		if !slices.Equal(ids, seating.CheckIDs()) {
			t.Errorf("Judge(T%v) checks %v, want %v", tables, ids, seating.CheckIDs())
		}
	}
}

// TestJudge_OverrideSetsAsideFiveChecks: whatever an override names, only the five
// become warnings, and only from errors.
func TestJudge_OverrideSetsAsideFiveChecks(t *testing.T) {
	all := &seating.Override{Checks: seating.CheckIDs(), Reason: "regulars"}
	five := []seating.CheckID{seating.CheckService, seating.CheckSlack, seating.CheckMinimum, seating.CheckPacing, seating.CheckAdjacency}
	plain, set := map[seating.CheckID]seating.Check{}, map[seating.CheckID]seating.Check{}
	for _, covers := range []int{3, 20} { // neither party can fail all of them
		for _, c := range (wrong{covers, nil}).judge(t, nil).Checks {
			if c.Outcome == seating.OutcomeError {
				plain[c.ID] = c
			}
		}
		for _, c := range (wrong{covers, nil}).judge(t, all).Checks {
			if c.Outcome != seating.OutcomeOK {
				set[c.ID] = c
			}
		}
	}
	for _, id := range seating.CheckIDs() {
		if plain[id].Outcome != seating.OutcomeError {
			t.Errorf("Judge() without override: %s = %q, want error", id, plain[id].Outcome)
		}
		want := seating.OutcomeError
		if slices.Contains(five, id) {
			want = seating.OutcomeWarning
		}
		if got := set[id]; got.Outcome != want || got.Overridden != (want == seating.OutcomeWarning) || got.Code != plain[id].Code {
			t.Errorf("Judge() with everything overridden: %s = %q (overridden %v, %s), want %q, %s", id, got.Outcome, got.Overridden, got.Code, want, plain[id].Code)
		}
	}
	for _, id := range five { // one at a time leaves the others alone
		v := wrong{3, nil}.judge(t, &seating.Override{Checks: []seating.CheckID{id}, Reason: "regulars"})
		for _, c := range v.Checks {
			if c.Overridden != (c.ID == id) {
				t.Errorf("Judge() overriding %s: %s overridden = %v", id, c.ID, c.Overridden)
			}
		}
	}
}

func TestJudge_Summary(t *testing.T) {
	h := housetest.New(t, func(s *house.State) { declare(2, 4, 10, 1, 2)(s) })
	tests := []struct {
		tables []int
		covers int
		want   seating.Summary
	}{
		{nil, 4, seating.Summary{Party: 4, Slack: -4}},
		{[]int{1}, 3, seating.Summary{Covers: 4, Party: 3, Minimum: 2, Slack: 1, Tables: 1, Zones: 1}},
		{[]int{2, 1, 2}, 10, seating.Summary{Covers: 10, Party: 10, Minimum: 4, Tables: 2, Zones: 1, Combination: housetest.ID[seating.CombinationID](2)}},
		{[]int{1, 7, 8}, 14, seating.Summary{Covers: 12, Party: 14, Minimum: 2, Slack: -2, Tables: 3, Zones: 2}},
	}
	for _, tt := range tests {
		r := planner.Request{Covers: tt.covers, Window: housetest.Window("19:00", "20:20"), Now: housetest.At("18:00")}
		if got := planner.Judge(h, r, housetest.Tables(tt.tables...)).Summary; got != tt.want {
			t.Errorf("Judge(T%v for %d).Summary = %+v, want %+v", tt.tables, tt.covers, got, tt.want)
		}
	}
}

func TestBusy(t *testing.T) {
	in := func(zone string) *house.House {
		return housetest.New(t, func(s *house.State) { s.Restaurant.Zone = zone })
	}
	utc := func(month time.Month, day, hour, minute int) servicetime.Instant {
		return servicetime.InstantOf(time.Date(2026, month, day, hour, minute, 0, 0, time.UTC))
	}
	winter := servicetime.Window{Start: utc(time.November, 27, 18, 0), End: utc(time.November, 27, 19, 20)}
	tests := []struct {
		name, zone string
		blocker    seating.Blocker
		want       string
	}{
		{"Paris", "Europe/Paris", seating.Blocker{Kind: seating.OwnedByBooking, Window: winter, Reference: "B7KQ"}, "T12 busy 19:00–20:20 on 2026-11-27 by booking B7KQ."},
		{"New York", "America/New_York", seating.Blocker{Kind: seating.OwnedByBooking, Window: winter, Reference: "B7KQ"}, "T12 busy 13:00–14:20 on 2026-11-27 by booking B7KQ."},
		{"Kathmandu, past midnight", "Asia/Kathmandu", seating.Blocker{Kind: seating.OwnedByBooking, Window: winter, Reference: "B7KQ"}, "T12 busy 23:45–01:05 on 2026-11-27 by booking B7KQ."},
		{
			"the night clocks go back", "Europe/Paris",
			seating.Blocker{Kind: seating.OwnedByBooking, Window: servicetime.Window{Start: utc(time.October, 25, 0, 30), End: utc(time.October, 25, 1, 15)}, Reference: "B7KQ"},
			"T12 busy 02:30–02:15 on 2026-10-25 by booking B7KQ.",
		},
		{
			"the night clocks go forward", "Europe/Paris",
			seating.Blocker{Kind: seating.OwnedByBooking, Window: servicetime.Window{Start: utc(time.March, 29, 0, 30), End: utc(time.March, 29, 1, 30)}, Reference: "B7KQ"},
			"T12 busy 01:30–03:30 on 2026-03-29 by booking B7KQ.",
		},
		{"a block", "Europe/Paris", seating.Blocker{Kind: seating.OwnedByBlock, Window: winter, Reason: "wobbly"}, "T12 blocked 19:00–20:20 on 2026-11-27 (wobbly)."},
		{
			"a hold, to the second", "America/New_York",
			seating.Blocker{Kind: seating.OwnedByHold, Window: winter, Reference: "B7KQ", Until: utc(time.November, 27, 17, 3) + 7e6},
			"T12 held 13:00–14:20 on 2026-11-27 for booking B7KQ until 12:03:07.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.blocker.Table.Number = "T12"
			if got := planner.Busy(in(tt.zone), tt.blocker); got != tt.want {
				t.Errorf("Busy(%+v in %s) = %q, want %q", tt.blocker, tt.zone, got, tt.want)
			}
		})
	}
}
