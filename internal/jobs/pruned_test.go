package jobs

import (
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

// X02: on real stores the pruner takes what is older than it is kept, leaves what is
// younger and what lives, and what it leaves is sound.
func TestX02_ThePrunerLeavesWhatLives(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T, *storetest.Clock) [2]store.Store{"sqlite": onSQLite, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngineOn(t, open)
			r := e.both[0].runner
			want := func(jobs ...string) {
				t.Helper()
				for _, job := range jobs {
					if err := e.store.AskJob(t.Context(), job, store.Note{Principal: "operator", Action: "job.run"}); err != nil {
						t.Fatal(err)
					}
				}
				r.Round(t.Context())
			}
			e.hold(t, 3)
			e.clock.Advance(61 * time.Second)
			r.Round(t.Context()) // records the lapses
			e.clock.Advance(30*day - time.Second)
			r.Round(t.Context()) // closes the days
			before := e.dump(t)
			if len(before.Ended) != 3 || before.Checkpoint.Version != 0 {
				t.Fatalf("%d holds have ended, the checkpoint is of version %d; want 3 and 0", len(before.Ended), before.Checkpoint.Version)
			}
			want(JobPrune)
			if d := e.dump(t); len(d.Ended) != 3 {
				t.Errorf("%d ended holds are left a second early, want 3", len(d.Ended))
			}
			e.clock.Advance(2 * time.Second)
			want(JobCheckpoint, JobPrune)
			d := e.dump(t)
			if len(d.Ended) != 0 || len(d.Past) != 6 || len(d.Journal) != len(before.Journal) {
				t.Errorf("%d ended holds, %d bookings, %d entries; want 0, 6, and all %d: 2,000 versions are kept", len(d.Ended), len(d.Past), len(d.Journal), len(before.Journal))
			}
			if got := d.Now.Sub(d.EventsFrom); d.EventsFrom != 0 && got > keepOf(store.KeptObserved).For {
				t.Errorf("a dump counts on events of %v ago, they are kept for %v", got, keepOf(store.KeptObserved).For)
			}
			states, err := e.store.JobStates(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range states {
				if s.AskedAt != 0 {
					t.Errorf("%s is wanted still", s.Job)
				}
				if s.Job == JobPrune && (s.Done < 3 || s.LastError != "" || s.Lag != 0) {
					t.Errorf("written down: %+v, want three rows and more, and no lag", s)
				}
			}
			if len(due(d, house.DueHoldExpiry)) != 0 {
				t.Errorf("due work is left: %v", d.Due)
			}
		})
	}
}

func keepOf(k store.Kept) Keep {
	for _, keep := range keeps {
		if keep.Kept == k {
			return keep
		}
	}
	return Keep{}
}
