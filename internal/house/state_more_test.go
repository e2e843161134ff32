package house_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// complete is a state with something in every field.
func complete() house.State {
	s := housetest.State()
	evening(&s)
	s.Version, s.Head, s.LastAt = 12, housetest.ID[seating.ChangeID](12), housetest.At("18:01")
	s.Revisions = seating.Revisions{Floor: 3, Policy: 4, Bookings: 11, Holds: 12}
	s.Blocks = []seating.Block{
		{ID: housetest.ID[seating.BlockID](1), Tables: housetest.Tables(4, 8), Window: housetest.Window("12:00", "13:00"), Reason: "wobbly"},
		{ID: housetest.ID[seating.BlockID](2), Tables: housetest.Tables(5), Window: housetest.Window("12:00", "13:00")},
	}
	s.Combinations = append(s.Combinations, seating.Combination{ID: housetest.ID[seating.CombinationID](2), Tables: housetest.Tables(7, 8), MinCovers: 4, MaxCovers: 8})
	s.Closures = []servicetime.Closure{{From: housetest.Friday.AddDays(20), To: housetest.Friday.AddDays(21), Reason: "holiday"}}
	b := housetest.Party(&s, 3, 4, "12:00")
	s.Holds = append(s.Holds, seating.Hold{ID: housetest.Hold(2), Booking: b.ID, Window: b.Window, ExpiresAt: housetest.At("18:04"), CreatedBy: "user:ben"})
	s.Allocations = append(s.Allocations, onHold(2, 3, 1, b.Window))
	grant := func(hold, booking int, at string) {
		s.Grants = append(s.Grants, house.GrantPut{Booking: housetest.Booking(booking), Grant: seating.Grant{Principal: "user:anna", At: housetest.At(at), Hold: housetest.Hold(hold)}})
	}
	grant(9, 3, "17:30") // older than that of a booking before it
	grant(1, 2, "18:00")
	grant(2, 3, "18:00") // at the same instant
	s.Canonical()
	return s
}

// Two houses are compared by their states: a field that State left out would be
// compared by nothing.
func TestState_SpellsOutAllOfTheHouse(t *testing.T) {
	want := complete()
	h, err := house.New(complete())
	if err != nil {
		t.Fatalf("New(complete) = %v, want a house", err)
	}
	if diff := cmp.Diff(want, h.State()); diff != "" {
		t.Errorf("New(complete).State() (-want +got):\n%s", diff)
	}
}

func TestCanonical_OrdersEveryListWhateverItWas(t *testing.T) {
	want, s := complete(), complete()
	slices.Reverse(s.Zones)
	slices.Reverse(s.Tables)
	slices.Reverse(s.Edges)
	slices.Reverse(s.Combinations)
	slices.Reverse(s.Blocks)
	slices.Reverse(s.Bookings)
	slices.Reverse(s.Holds)
	slices.Reverse(s.Allocations)
	slices.Reverse(s.Grants)
	s.Closures, want.Closures = []servicetime.Closure{}, nil // no list is one thing
	s.Canonical()
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("Canonical(reversed) (-want +got):\n%s", diff)
	}
}

// The budget's longest window is an hour: a grant that old counts no more.
func TestCanonical_KeepsGrantsOfTheLastHour(t *testing.T) {
	for after, want := range map[servicetime.Instant]int{-1: 1, 0: 0, 1: 0} {
		s := house.State{Grants: []house.GrantPut{{Grant: seating.Grant{At: housetest.At("17:00")}}}}
		s.LastAt = housetest.At("17:00").Add(seating.MaxBudgetWindow.Duration()) + after
		s.Canonical()
		if got := len(s.Grants); got != want {
			t.Errorf("Canonical(lastAt %+d from the end of the window) keeps %d, want %d", after, got, want)
		}
	}
}

func TestFloor_NeighboursGoBothWays(t *testing.T) {
	f := housetest.New(t, func(s *house.State) { slices.Reverse(s.Edges) }).Floor
	for n, want := range map[int][]seating.TableID{1: housetest.Tables(2), 2: housetest.Tables(1, 3), 4: housetest.Tables(3), 5: nil, 8: housetest.Tables(7)} {
		if got := f.Neighbours(housetest.Table(n)); !slices.Equal(got, want) {
			t.Errorf("Neighbours(T%d) = %v, want %v", n, got, want)
		}
	}
	for _, pair := range [][2]int{{1, 2}, {2, 3}, {7, 8}} {
		a, b := housetest.Table(pair[0]), housetest.Table(pair[1])
		if !f.Adjacent(a, b) || !f.Adjacent(b, a) {
			t.Errorf("Adjacent(T%d, T%d) = %t, %t the other way, want true", pair[0], pair[1], f.Adjacent(a, b), f.Adjacent(b, a))
		}
	}
	if f.Adjacent(housetest.Table(1), housetest.Table(3)) {
		t.Error("Adjacent(T1, T3) = true, want false: T2 stands between")
	}
}

func TestFloor_TablesAreTheUnretiredOnesByNumber(t *testing.T) {
	f := housetest.New(t, func(s *house.State) {
		s.Tables[0].Number, s.Tables[2].Retired = "T12", true
	}).Floor
	var got []string
	for _, table := range f.Tables() {
		got = append(got, table.Number)
	}
	if want := []string{"T2", "T4", "T5", "T6", "T7", "T8", "T12"}; !slices.Equal(got, want) {
		t.Errorf("Tables() = %v, want %v", got, want)
	}
	if table := f.Table(housetest.Table(3)); table == nil || f.Ref(housetest.Table(3)).Number != "T3" {
		t.Errorf("Table(T3) = %v, want the retired table: bookings of old name it", table)
	}
}

func TestOccupancy_RunsThroughEveryBlock(t *testing.T) {
	blocked := func(n int, from, to string) seating.Block {
		return seating.Block{ID: housetest.ID[seating.BlockID](n), Tables: housetest.Tables(4, 8), Window: housetest.Window(from, to)}
	}
	h := housetest.New(t, func(s *house.State) {
		s.Blocks = []seating.Block{blocked(1, "11:00", "12:00"), blocked(2, "12:00", "13:00"), blocked(3, "13:30", "14:00"), blocked(4, "14:00", "15:00")}
	})
	want := []seating.AnyID{housetest.ID[seating.AnyID](2), housetest.ID[seating.AnyID](3)}
	if got := occupants(h, 8, housetest.Window("12:00", "14:00")); !slices.Equal(got, want) {
		t.Errorf("Occupancy(T8, 12:00-14:00) = %v, want blocks 2 and 3", got)
	}
	for range h.Occupancy(housetest.Table(8), housetest.Window("12:00", "14:00")) {
		break // whoever has seen enough is not called again
	}
}

func TestBookings_MayBeLeftEarly(t *testing.T) {
	h := housetest.New(t, evening)
	for e := range h.Bookings() {
		if e.ID != housetest.Booking(1) {
			t.Errorf("Bookings() begins with %s, want booking 1", e.ID)
		}
		break
	}
	for range h.Held() {
		break
	}
}
