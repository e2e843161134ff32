package house_test

import (
	"testing"
	"time"

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
