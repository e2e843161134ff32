package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

// counts counts the commands that one process gives.
type counts struct {
	Doer
	mu sync.Mutex
	n  int
}

func (c *counts) Do(ctx context.Context, r line.Request) (line.Answer, error) {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	return c.Doer.Do(ctx, r)
}

func (c *counts) given() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// named is a runner whose commands are counted.
func (d *desk) named(name string) (*Runner, *counts) {
	r := d.runner()
	c := &counts{Doer: d}
	r.c.Holder, r.c.Lines = name, c
	return r, c
}

// O22: of two processes one does the work, each row once.
func TestO22_OneOfTwoProcessesDoesTheWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 20)
		d.days(2, 20)
		a, byA := d.named("a")
		b, byB := d.named("b")
		b.c.Every = 3 * time.Second
		stopA, stopB := run(t, a), run(t, b)
		time.Sleep(time.Minute)
		stopA()
		stopB()
		if d.left() != 0 || byA.given() != 0 || byB.given() != 40 || d.double {
			t.Errorf("a gave %d commands and b %d, %d rows are left; want b, which was first, to have given all 40", byA.given(), byB.given(), d.left())
		}
	})
}

// O27: a process dies with its leases. Another takes them over when they have run
// out, and not before.
func TestO27_AJobWhoseProcessDiedIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		a, _ := d.named("a")
		a.Round(t.Context()) // takes the leases, and dies
		d.days(1, 3)
		b, byB := d.named("b")
		stop := run(t, b)
		time.Sleep(leaseFor)
		if byB.given() != 0 {
			t.Errorf("%d commands were given under somebody else's lease", byB.given())
		}
		time.Sleep(6 * time.Second)
		stop()
		if byB.given() != 3 || d.left() != 0 {
			t.Errorf("%d commands were given once the lease had run out, %d rows are left; want 3 and none", byB.given(), d.left())
		}
		a.Free(t.Context())
	})
}

// A process that stops gives its leases back: the next one goes on at its next
// round.
func TestStopFreesTheLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		a, _ := d.named("a")
		stopA := run(t, a)
		time.Sleep(7 * time.Second)
		b, byB := d.named("b")
		stopB := run(t, b)
		time.Sleep(20 * time.Second)
		d.mu.Lock()
		d.days(1, 3)
		d.mu.Unlock()
		stopA()
		if d.measuredJob(t, telemetry.NameJobsHeld, string(house.DueCloseDay)) != 0 {
			t.Error("the metric says that the process that stopped has the job")
		}
		time.Sleep(6 * time.Second)
		if byB.given() != 3 {
			t.Errorf("%d commands after one round, want 3", byB.given())
		}
		if d.measuredJob(t, telemetry.NameJobsHeld, string(house.DueCloseDay)) != 1 {
			t.Error("the metric does not say who has the job")
		}
		stopB()
		if d.freed != 2 || d.logged("lease") != 0 {
			t.Errorf("freed %d times, want 2, and nothing in the log:\n%s", d.freed, d.log)
		}
	})
}

// O28: a run of seven minutes outlives its lease of half a minute many times over,
// also where rounds are far apart, and keeps it.
func TestO28_ALongRunKeepsItsLease(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{5 * time.Second, 10 * time.Minute} {
		t.Run(every.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				d.prune = func(ctx context.Context, p store.Prune) (store.Pruned, error) {
					select {
					case <-ctx.Done():
						t.Errorf("%s was ended: %v", p.Kept, context.Cause(ctx))
					case <-time.After(20 * time.Second):
					}
					return store.Pruned{}, nil
				}
				for i := range 20 {
					d.places = append(d.places, restaurant(i))
				}
				a, _ := d.named("a")
				a.c.Every = every
				b, byB := d.named("b")
				stopA := run(t, a)
				time.Sleep(every + time.Minute)
				stopB := run(t, b)
				time.Sleep(every)
				d.want(JobPrune) // b would do it at its next round
				time.Sleep(40 * time.Minute)
				stopB()
				runs, others := len(d.told(JobPrune)), 0
				for _, r := range d.told(JobPrune) {
					if r.Holder != "a" || r.Token != 1 || r.Took < 7*time.Minute {
						others++
					}
				}
				if runs == 0 || others > 0 || byB.given() > 0 {
					t.Errorf("%d runs, %d of them short or another's; want at least one, all a's", runs, others)
				}
				d.book.mu.Lock()
				d.prune = nil
				d.book.mu.Unlock()
				time.Sleep(20 * time.Second)
				stopA()
			})
		})
	}
}

// O28: what runs of a job ends when its lease is lost, is told by nobody, and goes
// no further.
func TestO28_ALostLeaseEndsTheRun(t *testing.T) {
	t.Parallel()
	within := map[string]time.Duration{"to somebody else": leaseFor / 3, "by time": leaseFor}
	for name, lose := range map[string]func(*desk){
		"to somebody else": func(d *desk) { d.steal(JobPrune) },
		"by time":          func(d *desk) { d.book.mu.Lock(); d.book.silent = errSilent; d.book.mu.Unlock() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				var ended time.Time
				after, began := 0, make(chan struct{}, 100)
				d.prune = func(ctx context.Context, _ store.Prune) (store.Pruned, error) {
					began <- struct{}{}
					if !ended.IsZero() {
						after++
					}
					<-ctx.Done()
					if errors.Is(context.Cause(ctx), errLost) {
						ended = time.Now()
					}
					return store.Pruned{}, ctx.Err()
				}
				d.places = append(d.places, restaurant(1))
				r, _ := d.named("a")
				stop := run(t, r)
				time.Sleep(6 * time.Second)
				d.want(JobPrune)
				<-began
				at := time.Now()
				lose(d)
				time.Sleep(leaseFor + time.Second)
				stop()
				if took := ended.Sub(at); ended.IsZero() || took > within[name] {
					t.Errorf("the run was ended at %v after %v, want %v at most", ended, took, within[name])
				}
				if after != 0 || len(d.told(JobPrune)) != 0 {
					t.Errorf("%d batches after the lease was lost and %d reports, want none", after, len(d.told(JobPrune)))
				}
			})
		})
	}
}

// A lease that is not renewed ends by the holder's own clock, when the store would
// give it to somebody else.
func TestALeaseEndsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 2)
		var took time.Duration
		d.answer = func(ctx context.Context, _ gift) error {
			d.book.mu.Lock()
			d.book.silent = errSilent
			d.book.mu.Unlock()
			began := time.Now()
			<-ctx.Done()
			took = time.Since(began)
			return errUnavailable
		}
		r, by := d.named("a")
		mine, err := r.leases.take(t.Context())
		if err != nil || len(mine) != len(List()) {
			t.Fatalf("take = %d leases, %v; want all", len(mine), err)
		}
		time.Sleep(leaseFor - 4*time.Second)
		d.book.mu.Lock()
		d.book.silent = errSilent
		d.book.mu.Unlock()
		r.Round(t.Context())
		if took != 4*time.Second || by.given() != 1 {
			t.Errorf("the command was ended after %v and %d were given, want 4 s, the rest of the lease, and one", took, by.given())
		}
		if n := d.measured(t, telemetry.NameJobsFailed, house.DueCloseDay, ""); n != 0 {
			t.Errorf("failed = %v; that the lease ended is not the row's fault", n)
		}
		if mine, _ := r.leases.take(t.Context()); len(mine) != 0 {
			t.Errorf("%d leases are held past their time", len(mine))
		}
	})
}

// A turn whose lease of one kind goes on with the others.
func TestALostKindLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 3)
		d.days(1, 5)
		r, by := d.named("a")
		d.answer = func(ctx context.Context, g gift) error {
			if !has(g.command, 0) {
				return nil
			}
			d.steal(string(house.DueHoldExpiry))
			_, _ = r.leases.take(ctx)
			<-ctx.Done()
			return errUnavailable
		}
		r.Round(t.Context())
		if by.given() != 6 || d.left() != 3 {
			t.Errorf("%d commands, %d rows are left; want the holds' and five days', and the three holds", by.given(), d.left())
		}
		if n := d.measured(t, telemetry.NameJobsFailed, house.DueHoldExpiry, ""); n != 0 || len(r.memory.rows[house.DueHoldExpiry]) != 0 {
			t.Errorf("failed = %v, and %d rows are remembered; want neither", n, len(r.memory.rows[house.DueHoldExpiry]))
		}
		before := by.given()
		r.Round(t.Context())
		if by.given() != before || len(d.told(string(house.DueHoldExpiry))) != 0 {
			t.Error("a kind that is somebody else's was worked on, or told")
		}
		if d.logged("lease of a job was lost") != 1 {
			t.Errorf("the loss is not in the log once:\n%s", d.log)
		}
	})
}

// Only kinds that are held are asked for.
func TestOnlyWhatIsHeldIsAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk()
	r, _ := d.named("a")
	r.Round(t.Context())
	if len(d.desk().asked) != len(kinds) {
		t.Fatalf("%d questions, want one for each of %d kinds", len(d.desk().asked), len(kinds))
	}
	for _, k := range kinds[1:] {
		d.steal(string(k.due))
	}
	r.Round(t.Context())
	if n := len(d.desk().asked) - len(kinds); n != 1 {
		t.Errorf("%d questions with one lease, want one", n)
	}
}

// A store that does not say who has the jobs is told once, and counted, for each
// kind.
func TestSilentLeasesAreTold(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.holds(1, 0, 1)
	d.book.silent = errSilent
	r, by := d.named("a")
	for range 3 {
		r.Round(t.Context())
	}
	if n := d.logged("due work cannot be read"); n != len(kinds) || by.given() != 0 {
		t.Errorf("told %d times with %d commands, want once for each of %d kinds and none", n, by.given(), len(kinds))
	}
	if n := d.measured(t, telemetry.NameJobsRuns, house.DueLate, "failed"); n != 3 {
		t.Errorf("failed questions = %v, want 3", n)
	}
	d.book.silent = nil
	r.Round(t.Context())
	if by.given() != 1 {
		t.Errorf("%d commands once the store answers, want one", by.given())
	}
}

// desk names the desk where the book has a field of the same name.
func (d *desk) desk() *desk { return d }

// measuredJob is a gauge of a job.
func (d *desk) measuredJob(t *testing.T, name, job string) float64 {
	t.Helper()
	return d.labelled(t, name, "job", job)
}

// labelled is the value of the series with one label.
func (d *desk) labelled(t *testing.T, name, label, value string) float64 {
	t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetName() == label && l.GetValue() == value {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return -1
}

func TestEveryJobHasANameAndDoesSomething(t *testing.T) {
	t.Parallel()
	var names []string
	for _, j := range List() {
		if j.Name == "" || j.Does == "" || slices.Contains(names, j.Name) {
			t.Errorf("job %+v has no name of its own, or does nothing", j)
		}
		names = append(names, j.Name)
	}
	d := newDesk()
	r := d.runner()
	r.Round(t.Context())
	if len(d.jobs) != len(names) {
		t.Errorf("%d leases, want one for each of %v", len(d.jobs), names)
	}
}
