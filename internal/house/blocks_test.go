package house_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestBlocksOn: dates are those of the restaurant, and a block that ends at
// midnight is not on the day that begins then.
func TestBlocksOn(t *testing.T) {
	midnight := housetest.At("23:59").Add(time.Minute)
	block := func(n int, start, end servicetime.Instant) seating.Block {
		return seating.Block{ID: housetest.ID[seating.BlockID](n), Tables: housetest.Tables(n), Window: servicetime.Window{Start: start, End: end}, Reason: "repair"}
	}
	h := housetest.New(t, func(s *house.State) {
		s.Blocks = []seating.Block{block(1, housetest.At("20:00"), midnight), block(2, midnight, midnight.Add(time.Hour)), block(3, housetest.At("12:00"), midnight+1)}
	})
	for _, tt := range []struct {
		from, to int // days after Friday
		want     []int
	}{
		{0, 0, []int{3, 1}}, {1, 1, []int{3, 2}}, {0, 1, []int{3, 1, 2}}, {-1, -1, nil}, {2, 9, nil}, {-9, 9, []int{3, 1, 2}},
	} {
		got := h.BlocksOn(housetest.Friday.AddDays(tt.from), housetest.Friday.AddDays(tt.to))
		if len(got) != len(tt.want) {
			t.Errorf("BlocksOn(%d, %d) = %v, want %v", tt.from, tt.to, got, tt.want)
			continue
		}
		for i, n := range tt.want {
			if got[i].ID != housetest.ID[seating.BlockID](n) {
				t.Errorf("BlocksOn(%d, %d)[%d] = %v, want block %d", tt.from, tt.to, i, got[i], n)
			}
		}
	}
	if h.Floor.Blocks()[0].ID != housetest.ID[seating.BlockID](1) {
		t.Error("BlocksOn sorted the house's own list")
	}
}

// TestBlocks_Order: a table's blocks come by start, in a house that a change led to
// as in one that was loaded.
func TestBlocks_Order(t *testing.T) {
	block := func(n int, start, end string) seating.Block {
		return seating.Block{ID: housetest.ID[seating.BlockID](n), Tables: housetest.Tables(1), Window: housetest.Window(start, end), Reason: "repair"}
	}
	h := housetest.New(t, func(s *house.State) {
		s.Blocks = []seating.Block{block(1, "12:00", "13:00"), block(2, "15:00", "16:00"), block(3, "14:00", "14:30")}
	})
	h, err := house.Apply(h, &house.Change{
		ID: housetest.ID[seating.ChangeID](1), Restaurant: h.Restaurant.ID, Epoch: h.Epoch, Rows: house.Rows{PutBlocks: []seating.Block{block(1, "12:00", "13:30")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := house.New(h.State())
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]*house.House{"applied": h, "loaded": loaded} {
		var got []int
		for slot := range h.From(housetest.Table(1), 0) {
			for n := 1; n <= 3; n++ {
				if slot.Block.ID == housetest.ID[seating.BlockID](n) {
					got = append(got, n)
				}
			}
		}
		if !slices.Equal(got, []int{1, 3, 2}) {
			t.Errorf("%s: blocks of T1 = %v, want 1, 3, 2", name, got)
		}
		all := h.Floor.Blocks()
		if !slices.IsSortedFunc(all, func(a, b seating.Block) int { return a.ID.Compare(b.ID) }) {
			t.Errorf("%s: blocks are %v, want them by ID", name, all)
		}
	}
}

// TestFloor_ListsByID: a plan that was changed lists the same as one that was loaded.
func TestFloor_ListsByID(t *testing.T) {
	h := housetest.New(t, nil)
	h, err := house.Apply(h, &house.Change{
		ID: housetest.ID[seating.ChangeID](1), Restaurant: h.Restaurant.ID, Epoch: h.Epoch, Rows: house.Rows{
			PutZones:  []seating.Zone{{ID: housetest.Main, Name: "Salle", Order: 1, Active: true}},
			DropEdges: []seating.Edge{seating.NewEdge(housetest.Table(7), housetest.Table(8))},
			PutEdges:  []seating.Edge{seating.NewEdge(housetest.Table(1), housetest.Table(7))},
			PutCombinations: []seating.Combination{
				{ID: housetest.ID[seating.CombinationID](3), Tables: housetest.Tables(1, 4), MinCovers: 1, MaxCovers: 8},
				{ID: housetest.ID[seating.CombinationID](2), Tables: housetest.Tables(2, 4), MinCovers: 1, MaxCovers: 8},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := house.New(h.State())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(loaded.Floor.Zones(), h.Floor.Zones()); diff != "" {
		t.Errorf("zones (-loaded +applied):\n%s", diff)
	}
	if diff := cmp.Diff(loaded.Floor.Edges(), h.Floor.Edges()); diff != "" {
		t.Errorf("edges (-loaded +applied):\n%s", diff)
	}
	if diff := cmp.Diff(loaded.Floor.Combinations(), h.Floor.Combinations()); diff != "" {
		t.Errorf("combinations (-loaded +applied):\n%s", diff)
	}
}
