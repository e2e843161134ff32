package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

func TestHoldsOfARestaurantGoTogetherAtMostAHundred(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.holds(1, 0, 250)
	d.holds(2, 0, 3)
	r := d.runner()
	for round, want := range []map[int]int{{1: 100, 2: 3}, {1: 100}, {1: 50}, {}} {
		before := len(d.gifts())
		r.Round(t.Context())
		got := map[int]int{}
		for _, g := range d.gifts()[before:] {
			n := int(g.restaurant[15])
			if got[n] != 0 {
				t.Errorf("round %d: restaurant %d was given two commands", round, n)
			}
			got[n] = len(g.command.(decide.ExpireHolds).Holds)
		}
		if len(got) != len(want) || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("round %d expired %v, want %v", round, got, want)
		}
	}
	if done := d.measured(t, telemetry.NameJobsDone, house.DueHoldExpiry, ""); done != 253 {
		t.Errorf("done = %v, want 253", done)
	}
	if n := len(r.memory.rows[house.DueHoldExpiry]); n != 0 {
		t.Errorf("%d rows are remembered that are gone", n)
	}
}

func TestOtherWorkGoesOneByOneAtMostAHundredARound(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.days(1, 130)
	d.holds(1, 0, 1)
	r := d.runner()
	r.Round(t.Context())
	gifts := d.gifts()
	if len(gifts) != 101 || !has(gifts[0].command, 0) {
		t.Fatalf("the first round gave %d commands, want the hold and then 100 days", len(gifts))
	}
	for i, g := range gifts[1:] {
		if want := (decide.CloseDay{Date: housetest.Friday.AddDays(i)}); g.command != want {
			t.Fatalf("command %d is %v, want the oldest first: %v", i, g.command, want)
		}
	}
	r.Round(t.Context())
	if d.left() != 0 {
		t.Errorf("%d rows are left after two rounds", d.left())
	}
}

// A failing row is given no faster than its back-off, and told once each time.
func TestARowThatFailsBacksOffUpToFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 1)
		d.answer = func(context.Context, gift) error { return errNotFound }
		stop := run(t, d.runner())
		time.Sleep(time.Hour)
		stop()
		gifts := d.gifts()
		span := 5 * time.Second
		for i := 1; i < len(gifts); i++ {
			// The jitter of the desk is all of a span: rounds are 6 s apart.
			if gap := gifts[i].at.Sub(gifts[i-1].at); gap < span || gap > span+6*time.Second {
				t.Errorf("try %d came %v after the one before, want %v and at most a round", i, gap, span)
			}
			span = min(2*span, 5*time.Minute)
		}
		if len(gifts) < 15 || len(gifts) > 20 {
			t.Errorf("%d tries in an hour, want 15 to 20", len(gifts))
		}
		if n := d.logged("due work fails"); n != len(gifts) {
			t.Errorf("%d lines in the log, want %d", n, len(gifts))
		}
		if n := d.measured(t, telemetry.NameJobsFailed, house.DueHoldExpiry, ""); n != float64(len(gifts)) {
			t.Errorf("failed = %v, want %d", n, len(gifts))
		}
		if lag := d.measured(t, telemetry.NameJobsLag, house.DueHoldExpiry, ""); lag < 24*3600 {
			t.Errorf("lag = %v s, want a day and more", lag)
		}
		if d.logged("NOT_FOUND") == 0 || d.logged("Zoe") != 0 {
			t.Error("the log has the message of the refusal, or not its code")
		}
	})
}

func TestBackOffIsARandomPartOfItsSpan(t *testing.T) {
	t.Parallel()
	var spans []time.Duration
	m := newMemory(func(span time.Duration) time.Duration { spans = append(spans, span); return span / 3 })
	now := time.Unix(0, 0)
	w := store.DueWork{Restaurant: place(1), DueRow: house.DueRow{Subject: "hold:x", Kind: house.DueHoldExpiry, RunAt: 7}}
	for range 9 {
		m.tried(w, now)
	}
	want := []float64{5, 10, 20, 40, 80, 160, 300, 300, 300}
	for i, s := range spans {
		if s.Seconds() != want[i] {
			t.Errorf("span %d = %v, want %v s", i, s, want[i])
		}
	}
	if got := m.of(w).until; got != now.Add(100*time.Second) {
		t.Errorf("it waits until %v, want a third of the span", got)
	}
	// Put again for another time it is other work.
	w.RunAt = 8
	if m.of(w).times != 0 {
		t.Error("a row that was put again keeps its failures")
	}
}

// A row that its parcel fails for does not keep the others of the parcel.
func TestWhatFailedTogetherIsTriedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 50)
		d.answer = func(_ context.Context, g gift) error {
			if has(g.command, 13) {
				return seating.Refuse(seating.CodeInternal, "A bug.")
			}
			return nil
		}
		r := d.runner()
		r.Round(t.Context())
		if d.left() != 50 {
			t.Fatalf("%d rows are left of a parcel that failed, want all", d.left())
		}
		time.Sleep(firstSpan)
		r.Round(t.Context())
		if d.left() != 1 {
			t.Errorf("%d rows are left, want the one that fails", d.left())
		}
	})
}

// Rows that fail are the oldest, and more than one question shows: those behind
// them have their turn all the same, in other restaurants at once.
func TestFailingRowsHideNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		const failing = 3*look + 50
		d.holds(1, 0, failing+1)
		d.holds(2, 2*failing, 2*failing+1)
		d.answer = func(_ context.Context, g gift) error {
			if g.restaurant == place(2) || len(g.command.(decide.ExpireHolds).Holds) == 1 && has(g.command, failing) {
				return nil
			}
			return errNotFound
		}
		r := d.runner()
		r.Round(t.Context())
		if d.left() != failing+1 {
			t.Fatalf("%d rows are left, want %d: the other restaurant's is done in the first round", d.left(), failing+1)
		}
		// The good one of the same restaurant is reached with the last parcel, and is
		// tried alone after that.
		for round := 0; d.left() > failing; round++ {
			if round > 2*(failing/turnRows+1) {
				t.Fatal("the row behind those that fail was never done")
			}
			time.Sleep(5 * time.Second)
			r.Round(t.Context())
		}
	})
}

// A fresh row comes before all that failed, however many may be tried again.
func TestFreshWorkComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 100)
		d.answer = func(context.Context, gift) error { return errNotFound }
		r := d.runner()
		r.Round(t.Context())
		time.Sleep(firstSpan)
		d.holds(1, 500, 501)
		before := len(d.gifts())
		r.Round(t.Context())
		gifts := d.gifts()[before:]
		if len(gifts) != turnRows || !has(gifts[0].command, 500) {
			t.Errorf("the second round gave %d commands, want %d and the fresh one first", len(gifts), turnRows)
		}
	})
}

func TestMoreThanIsLookedAtIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.holds(1, 0, lookMost+1)
	r := d.runner()
	r.Round(t.Context())
	r.Round(t.Context())
	if n := d.logged("more work is due than is looked at"); n != 1 {
		t.Errorf("it was told %d times, want once", n)
	}
	if len(d.gifts()) != 2 {
		t.Errorf("%d commands in two rounds, want 2", len(d.gifts()))
	}
}

// Work that is granted and stays is not given again and again, and is told.
func TestWorkThatStaysIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.stays = true
		d.holds(1, 0, 1)
		stop := run(t, d.runner())
		time.Sleep(10 * time.Minute)
		stop()
		gifts := len(d.gifts())
		if gifts < 5 || gifts > 9 {
			t.Errorf("it was given %d times in ten minutes, want 5 to 9", gifts)
		}
		if n := d.logged("due work stays"); n != gifts-patience {
			t.Errorf("it was told %d times of %d, want all but the first %d", n, gifts, patience)
		}
		if n := d.measured(t, telemetry.NameJobsDone, house.DueHoldExpiry, ""); n != patience {
			t.Errorf("done = %v, want %d", n, patience)
		}
	})
}

func TestARowThatCannotBeReadFailsAlone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.holds(1, 0, 3)
	d.rows[0].Subject = "hold:not-an-id"
	r := d.runner()
	r.Round(t.Context())
	if d.left() != 1 || d.measured(t, telemetry.NameJobsFailed, house.DueHoldExpiry, "") != 1 || d.logged("hold:not-an-id") != 1 {
		t.Errorf("%d rows are left, want the one that cannot be read, told once:\n%s", d.left(), d.log)
	}
	r.Round(t.Context())
	if d.logged("hold:not-an-id") != 1 {
		t.Error("it does not back off")
	}
}

// The store's silence is told once, and counted.
func TestASilentStoreIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.holds(1, 0, 1)
	r := d.runner()
	d.silent = errSilent
	for range 3 {
		r.Round(t.Context())
	}
	if n := d.logged("due work cannot be read"); n != len(kinds) {
		t.Errorf("it was told %d times, want once for each of %d kinds", n, len(kinds))
	}
	if n := d.measured(t, telemetry.NameJobsRuns, house.DueHoldExpiry, "failed"); n != 3 {
		t.Errorf("failed runs = %v, want 3", n)
	}
	d.silent = nil
	r.Round(t.Context())
	if d.left() != 0 || d.logged("can be read again") != len(kinds) || d.measured(t, telemetry.NameJobsRuns, house.DueHoldExpiry, "ok") != 1 {
		t.Errorf("it does not go on:\n%s", d.log)
	}
}

// run runs until stop, which demands that nothing is left running.
func run(t *testing.T, r *Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	return func() { cancel(); <-ended }
}
