package verify_test

import (
	"testing"

	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/verify"
)

// TestCheck_TimePastTheEndThatWasNobodys: between its end and the moment at which it
// got more time, a party's table may have been another's. That is no hole only where
// its window is known to have ended there, or what is known of it does not say.
func TestCheck_TimePastTheEndThatWasNobodys(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(d *store.Dump)
		want int
	}{
		{"its window never ended there", func(*store.Dump) {}, 1},
		{"a change had put the end there", func(d *store.Dump) {
			b := *bookingOf(d, "MOVE")
			b.Window.End = at(-10)
			c := *entry(d, 5).Change
			c.Rows.PutBookings = append(c.Rows.PutBookings, b)
			entry(d, 5).Change = &c
		}, 0},
		{"the checkpoint has the end there", func(d *store.Dump) {
			b := *bookingOf(d, "MOVE")
			b.Window.End = at(-10)
			d.Checkpoint.Bookings = append(d.Checkpoint.Bookings, b)
		}, 0},
		{"another booking ended there", func(d *store.Dump) {
			b := *bookingOf(d, "SEAT")
			b.Window.End = at(-10)
			d.Checkpoint.Bookings = append(d.Checkpoint.Bookings, b)
		}, 1},
		{"a large change is not kept", func(d *store.Dump) { entry(d, 2).Change = nil }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := sound(t)
			allocation(d, t3, -10).Window = window(-5, 30)
			tt.edit(d)
			holes := 0
			for _, f := range verify.Check(d) {
				if f.Check == "booking-cover" {
					holes++
				}
			}
			if holes != tt.want {
				t.Errorf("%d holes found, want %d", holes, tt.want)
			}
		})
	}
}
