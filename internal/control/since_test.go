package control

import (
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// An export says since when a party has its tables where that is not its window's
// start.
func TestSince(t *testing.T) {
	w := housetest.Window("19:00", "20:20")
	at := func(table int, start, end string) seating.Allocation {
		return seating.Allocation{Table: housetest.Table(table), Window: housetest.Window(start, end)}
	}
	tests := map[string]struct {
		rows []seating.Allocation
		want servicetime.Instant
	}{
		"from the start":     {[]seating.Allocation{at(1, "19:00", "20:20")}, 0},
		"given later":        {[]seating.Allocation{at(1, "19:10", "20:20")}, housetest.At("19:10")},
		"moved":              {[]seating.Allocation{at(1, "19:00", "19:30"), at(2, "19:30", "20:20")}, housetest.At("19:30")},
		"a table more later": {[]seating.Allocation{at(1, "19:00", "20:20"), at(2, "19:40", "20:20")}, housetest.At("19:40")},
	}
	for name, tt := range tests {
		if got := since(&house.Entry{Allocations: tt.rows}, w); got != tt.want {
			t.Errorf("since(%s) = %v, want %v", name, got, tt.want)
		}
	}
}
