package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/telemetry"
)

// A run is written down with what it did, how long it took, how late the work was
// and what failed.
func TestARunIsWrittenDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 7)
		d.days(2, 3)
		d.answer = func(_ context.Context, g gift) error {
			time.Sleep(time.Second)
			if g.restaurant == place(2) {
				return errNotFound
			}
			return nil
		}
		r, _ := d.named("a")
		r.Round(t.Context())
		holds, days := d.told(string(house.DueHoldExpiry)), d.told(string(house.DueCloseDay))
		if len(holds) != 1 || len(days) != 1 {
			t.Fatalf("%d and %d reports, want one of each", len(holds), len(days))
		}
		if h := holds[0]; h.Holder != "a" || h.Token != 1 || h.Done != 7 || h.Lag < 47*time.Hour || h.Error != "" || h.Took != 3*time.Second {
			t.Errorf("holds: %+v, want 7 done, two days late, in 3 s", h)
		}
		if c := days[0]; c.Done != 0 || c.Error != string(seating.CodeNotFound) || c.Lag == 0 {
			t.Errorf("days: %+v, want none done, NOT_FOUND", c)
		}
		if late := d.told(string(house.DueLate)); len(late) != 1 || late[0].Done != 0 || late[0].Lag != 0 || late[0].Error != "" {
			t.Errorf("late: %+v, want one report of nothing", late)
		}
	})
}

// An idle job is written down once a minute, one that somebody wants at once.
func TestAnIdleRunIsWrittenDownOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		r, _ := d.named("a")
		stop := run(t, r)
		time.Sleep(10*time.Minute + time.Second)
		kind := string(house.DueLate)
		if n := len(d.told(kind)); n < 8 || n > 10 {
			t.Errorf("%d reports in ten minutes of nothing to do, want about ten", n)
		}
		before := len(d.told(kind))
		d.want(kind)
		time.Sleep(6 * time.Second)
		if n := len(d.told(kind)) - before; n != 1 {
			t.Errorf("%d reports after it was wanted, want one at the next round", n)
		}
		stop()
	})
}

// O33: a run that cannot be written down has been done all the same: it is counted
// and told.
func TestO33_AFailingReportHidesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 50)
		r, _ := d.named("a")
		if _, err := r.leases.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.book.silent = errSilent
		r.Round(t.Context())
		if n := d.measured(t, telemetry.NameJobsDone, house.DueHoldExpiry, ""); n != 50 || d.left() != 0 {
			t.Errorf("done = %v with %d rows left, want all 50", n, d.left())
		}
		if d.logged("what came of a job cannot be written down") == 0 {
			t.Errorf("nothing says that the run was not written down:\n%s", d.log)
		}
		d.book.silent = nil
		d.days(1, 1)
		r.Round(t.Context())
		if told := d.told(string(house.DueCloseDay)); len(told) != 1 || told[0].Done != 1 {
			t.Errorf("the next run is told as %+v, want one done", told)
		}
	})
}

// O34: what was done, what failed and what is left are all the rows there were, in
// the reports as in the metrics.
func TestO34_CountsReconcileWithTheRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 130)
		d.days(2, 10)
		d.days(3, 20)
		d.answer = func(_ context.Context, g gift) error {
			if g.restaurant == place(2) {
				return errNotFound
			}
			return nil
		}
		r, _ := d.named("a")
		var done int64
		for range 2 {
			before := len(d.told(string(house.DueCloseDay)))
			r.Round(t.Context())
			reports := d.told(string(house.DueCloseDay))[before:]
			if len(reports) != 1 {
				t.Fatalf("%d reports of a round, want one", len(reports))
			}
			done += reports[0].Done
			if int64(160-d.left()) != done {
				t.Errorf("reported %d done, %d of 160 rows are left", done, d.left())
			}
		}
		counted, failed := d.measured(t, telemetry.NameJobsDone, house.DueCloseDay, ""), d.measured(t, telemetry.NameJobsFailed, house.DueCloseDay, "")
		if counted != 150 || done != 150 || failed != 10 || d.left() != 10 {
			t.Errorf("done %v by the metric and %d by the reports, failed %v, left %d; want 150, 150, 10, 10", counted, done, failed, d.left())
		}
	})
}
