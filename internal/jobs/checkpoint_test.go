package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Each restaurant is written down once a day, by whichever process.
func TestCheckpoint_OnceADayWhoeverDoesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1), restaurant(2)}
		for days := 1; days <= 3; days++ {
			// A new process each day.
			r, _ := d.named("process")
			stop := run(t, r)
			time.Sleep(day)
			stop()
			if n := len(d.checkpoints); n != 2*days {
				t.Fatalf("%d checkpoints of two restaurants after %d days, want one a day of each", n, days)
			}
		}
		if told := d.told(JobCheckpoint); len(told) != 3 || told[0].Done != 2 {
			t.Errorf("told %+v, want three runs of two", told)
		}
	})
}

// Somebody may want it at once. What fails for one restaurant is done for the
// others, is told, and is tried again with the next run.
func TestCheckpoint_AFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1), restaurant(2), restaurant(3)}
		fails := true
		d.checkpoint = func(_ context.Context, id seating.RestaurantID) error {
			switch {
			case id == place(1) && fails:
				return store.ErrInvalid
			case id == place(2):
				return store.ErrNotFound
			}
			return nil
		}
		r, _ := d.named("a")
		if _, err := r.leases.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.want(JobCheckpoint)
		r.Round(t.Context())
		told := d.told(JobCheckpoint)
		if want := "write down restaurant " + place(1).String() + ": store: invalid"; len(told) != 1 || told[0].Error != want || told[0].Done != 2 {
			t.Fatalf("told %+v, want two done and %q", told, want)
		}
		fails = false
		stop := run(t, r)
		time.Sleep(13 * time.Minute)
		stop()
		if told = d.told(JobCheckpoint); len(told) != 2 || told[1].Error != "" || len(d.checkpoints) != 6 {
			t.Errorf("told %+v after %d checkpoints, want a second run without failure", told, len(d.checkpoints))
		}
	})
}
