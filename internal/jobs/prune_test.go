package jobs

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

func restaurant(n int) seating.Restaurant { return seating.Restaurant{ID: place(n)} }

// pruneOnce has a runner prune once, by somebody's wish.
func pruneOnce(t *testing.T, d *desk, r *Runner) {
	t.Helper()
	if _, err := r.leases.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.want(JobPrune)
	r.Round(t.Context())
}

// Each kind is pruned by its row of the table: those of a restaurant in each
// restaurant, the others once, under the lease.
func TestPrune_GoesByTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1), restaurant(2), restaurant(3)}
		r, _ := d.named("a")
		pruneOnce(t, d, r)
		if n := 4*3 + 4; len(d.prunes) != n {
			t.Fatalf("%d batches, want %d: four kinds in each of three restaurants, and four kinds", len(d.prunes), n)
		}
		for _, k := range Keeps() {
			looks := d.looks(k.Kept)
			if _, all := looks[seating.RestaurantID{}]; all == k.PerRestaurant || len(looks) != map[bool]int{true: 3, false: 1}[k.PerRestaurant] {
				t.Errorf("%s was pruned in %v", k.Kept, slices.Collect(maps.Keys(looks)))
			}
		}
		for _, p := range d.prunes {
			i := slices.IndexFunc(keeps, func(k Keep) bool { return k.Kept == p.Kept })
			if p.Limit != 500 || p.Keep != keeps[i].For || p.Versions != keeps[i].Versions || p.Job.Job != JobPrune || p.Job.Token != 1 || p.Holder != "a" {
				t.Errorf("batch %+v, want 500 rows past %v under the lease", p, keeps[i].For)
			}
		}
	})
}

// X04: a receipt outlives every retry. X06: an event that was given up is kept
// longer than one that arrived, and longer than whatever tells of it.
func TestX04_X06_HowLongWhatIsKept(t *testing.T) {
	t.Parallel()
	days := map[store.Kept]float64{}
	for _, k := range Keeps() {
		days[k.Kept] = k.For.Hours() / 24
	}
	want := map[store.Kept]float64{
		store.KeptReceipts: 2, store.KeptEndedHolds: 30, store.KeptHistory: 400, store.KeptJournal: 1, store.KeptDead: 90, store.KeptObserved: 30,
		store.KeptDeliveries: 14, store.KeptOperations: 400,
	}
	if !maps.Equal(days, want) {
		t.Errorf("kept for days %v, want %v", days, want)
	}
	if k := keeps[slices.IndexFunc(keeps, func(k Keep) bool { return k.Kept == store.KeptReceipts })]; k.For < RetryHorizon+time.Hour || RetryHorizon != 24*time.Hour {
		t.Errorf("X04: receipts are kept for %v, clients may retry for %v", k.For, RetryHorizon)
	}
	if days[store.KeptDead] <= days[store.KeptObserved] || days[store.KeptDead] <= days[store.KeptDeliveries] || days[store.KeptOperations] < days[store.KeptDead] {
		t.Errorf("X06: dead letters are kept for %v days, of %v", days[store.KeptDead], days)
	}
	if k := keeps[slices.IndexFunc(keeps, func(k Keep) bool { return k.Kept == store.KeptJournal })]; k.Versions != 2000 {
		t.Errorf("the journal keeps %d versions, want 2000", k.Versions)
	}
}

// X03: a kind gets at most 20 batches in a run. What it is behind by shows, and the
// next run begins with another restaurant.
func TestX03_APrunerThatCannotKeepUpSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1), restaurant(2)}
		d.kept[store.KeptReceipts] = map[seating.RestaurantID]int64{place(1): 30_000, place(2): 700}
		d.kept[store.KeptOperations] = map[seating.RestaurantID]int64{{}: 10}
		r, _ := d.named("a")
		began := time.Now()
		pruneOnce(t, d, r)
		if n := d.looks(store.KeptReceipts)[place(1)]; n != pruneBatches || d.looks(store.KeptReceipts)[place(2)] != 0 {
			t.Errorf("%d batches, want %d and then no more", n, pruneBatches)
		}
		if took := time.Since(began); took != 21*prunePause {
			t.Errorf("the run took %v, want a pause after each of 21 batches", took)
		}
		behind := func() float64 { return d.labelled(t, telemetry.NamePruneBehind, "kept", "receipts") }
		told := d.told(JobPrune)
		if behind() != 20_000 || len(told) != 1 || told[0].Lag != 20_000*time.Second || told[0].Done != 10_010 || told[0].Error != "" {
			t.Errorf("behind by %v s, told %+v; want 20,000 s in both, and 10,010 rows", behind(), told)
		}
		if n := d.labelled(t, telemetry.NamePruneRows, "kept", "receipts"); n != 10_000 {
			t.Errorf("pruned = %v, want 10,000", n)
		}
		pruneOnce(t, d, r)
		if left := d.kept[store.KeptReceipts]; left[place(2)] != 0 || left[place(1)] != 30_000-10_000-18*pruneRows {
			t.Errorf("left after the second run: %v, want all of the small one gone first", left)
		}
		pruneOnce(t, d, r)
		pruneOnce(t, d, r)
		if behind() != 0 || d.kept[store.KeptReceipts][place(1)] != 0 {
			t.Errorf("behind by %v s after four runs, want 0", behind())
		}
	})
}

// More restaurants than a run looks at have their turn in the next.
func TestPrune_EveryRestaurantHasItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		for i := range pruneLooks + 10 {
			d.places = append(d.places, seating.Restaurant{ID: seating.RestaurantID{byte(i >> 8), byte(i), 15: 1}})
		}
		r, _ := d.named("a")
		pruneOnce(t, d, r)
		if n := len(d.looks(store.KeptHistory)); n != pruneLooks {
			t.Errorf("a run looked at %d restaurants, want %d", n, pruneLooks)
		}
		pruneOnce(t, d, r)
		if n := len(d.looks(store.KeptHistory)); n != pruneLooks+10 {
			t.Errorf("two runs looked at %d restaurants, want all %d", n, pruneLooks+10)
		}
	})
}

// What fails in one place keeps nothing else from being pruned, and is told. A
// restaurant that is gone is no failure.
func TestPrune_AFailureKeepsNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1), restaurant(2), restaurant(3)}
		d.prune = func(_ context.Context, p store.Prune) (store.Pruned, error) {
			switch p.Restaurant {
			case place(1):
				return store.Pruned{}, store.ErrInvalid
			case place(2):
				return store.Pruned{}, store.ErrNotFound
			}
			return store.Pruned{Rows: 1}, nil
		}
		r, _ := d.named("a")
		pruneOnce(t, d, r)
		told := d.told(JobPrune)
		if len(d.prunes) != 16 || len(told) != 1 || told[0].Done != 8 {
			t.Errorf("%d batches, told %+v; want 16 and 8 rows", len(d.prunes), told)
		}
		if want := "4 failures, the first: prune receipts of restaurant " + place(1).String() + ": store: invalid"; len(told) == 1 && told[0].Error != want {
			t.Errorf("told %q, want %q", told[0].Error, want)
		}
		if d.logged("a job fails") != 1 {
			t.Errorf("it is not in the log once:\n%s", d.log)
		}
	})
}

// The store has the last word on the lease: a batch that comes too late deletes
// nothing, and is the last.
func TestPrune_EndsWhenTheStoreSaysTheLeaseIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.places = []seating.Restaurant{restaurant(1)}
		d.kept[store.KeptReceipts] = map[seating.RestaurantID]int64{place(1): 5000}
		r, _ := d.named("a")
		if _, err := r.leases.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.want(JobPrune)
		batches := 0
		d.prune = func(context.Context, store.Prune) (store.Pruned, error) {
			if batches++; batches == 3 {
				d.steal(JobPrune)
				return store.Pruned{Lost: true}, nil
			}
			return store.Pruned{Rows: 500, More: true}, nil
		}
		r.Round(t.Context())
		if batches != 3 || len(d.told(JobPrune)) != 0 {
			t.Errorf("%d batches and %d reports, want 3 and none", batches, len(d.told(JobPrune)))
		}
		r.Round(t.Context())
		if n := d.measuredJob(t, telemetry.NameJobsHeld, JobPrune); n != 0 || batches != 3 {
			t.Errorf("held = %v with %d batches, want 0 and no more", n, batches)
		}
	})
}

// It is pruned every ten minutes, more or less, and the first time within ten.
func TestPrune_EveryTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		var at []time.Duration
		began := time.Now()
		d.prune = func(_ context.Context, p store.Prune) (store.Pruned, error) {
			if p.Kept == store.KeptDead {
				at = append(at, time.Since(began))
			}
			return store.Pruned{}, nil
		}
		r, _ := d.named("a")
		half := func(span time.Duration) time.Duration { return span / 2 }
		r.c.Jitter = half
		stop := run(t, r)
		time.Sleep(time.Hour)
		stop()
		if len(at) != 6 {
			t.Fatalf("pruned at %v, want six times in an hour", at)
		}
		for i, a := range at {
			if want := 5*time.Minute + time.Duration(i)*10*time.Minute; a < want || a > want+40*time.Second {
				t.Errorf("run %d came after %v, want %v and a few rounds", i, a, want)
			}
		}
	})
}

// The gauge of a process that does not prune any more says nothing.
func TestPrune_WhoDoesNotPruneIsNotBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.kept[store.KeptDead] = map[seating.RestaurantID]int64{{}: 20_000}
		r, _ := d.named("a")
		pruneOnce(t, d, r)
		behind := func() float64 { return d.labelled(t, telemetry.NamePruneBehind, "kept", "dead_letters") }
		if behind() == 0 {
			t.Fatal("it is not behind; the test shows nothing")
		}
		d.steal(JobPrune)
		r.Round(t.Context())
		if behind() != 0 {
			t.Errorf("behind by %v s, want 0: another process prunes", behind())
		}
	})
}
