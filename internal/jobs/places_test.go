package jobs

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/telemetry"
)

// One restaurant's line is stuck; the others do not notice.
func TestAStuckRestaurantDelaysNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.holds(1, 0, 10)
		d.answer = func(ctx context.Context, g gift) error {
			if g.restaurant == place(1) {
				<-ctx.Done() // as long as it may
				return errUnavailable
			}
			return nil
		}
		stop := run(t, d.runner())
		for i := range 100 {
			d.mu.Lock()
			d.holds(2, i, i+1)
			d.mu.Unlock()
			time.Sleep(6*time.Second + 1)
			if n := d.left(); n != 10 {
				t.Fatalf("%d rows are left after a round, want the 10 of the restaurant that is stuck", n)
			}
		}
		stop()
		if d.double {
			t.Error("a restaurant had a second turn before the first was over")
		}
	})
}

func TestFourRestaurantsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		for p := range 10 {
			d.holds(1+p, 0, 1)
		}
		d.answer = func(context.Context, gift) error { time.Sleep(time.Second); return nil }
		began := time.Now()
		d.runner().Round(t.Context())
		if took := time.Since(began); d.most != 4 || took != 3*time.Second || d.left() != 0 {
			t.Errorf("%d commands at once, %v for ten of a second each, %d left; want 4, 3 s, none", d.most, took, d.left())
		}
	})
}

// It is not the fault of its rows that a restaurant cannot be served: it is asked
// once, and all its work waits; afterwards all of it goes on at once.
func TestARestaurantThatCannotBeServedBacksOffAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 20)
		d.answer = func(context.Context, gift) error { return errUnavailable }
		r := d.runner()
		for range 3 {
			r.Round(t.Context()) // the second and the third pass it over
		}
		if n := len(d.gifts()); n != 1 || d.logged("has to wait") != 1 || d.measured(t, telemetry.NameJobsFailed, house.DueCloseDay, "") != 1 {
			t.Fatalf("%d commands, want one, counted and told", n)
		}
		time.Sleep(firstSpan)
		r.Round(t.Context())
		time.Sleep(firstSpan)
		r.Round(t.Context())
		if n := len(d.gifts()); n != 2 {
			t.Fatalf("%d commands, want 2: the second pause is longer", n)
		}
		time.Sleep(firstSpan)
		d.answer = func(context.Context, gift) error { return nil }
		r.Round(t.Context())
		if d.left() != 0 || len(r.memory.places) != 0 {
			t.Errorf("%d rows are left, and %d pauses; want none", d.left(), len(r.memory.places))
		}
	})
}

// A turn ends after five seconds, so that a slow restaurant gives its place up.
func TestATurnIsShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 10)
		d.answer = func(context.Context, gift) error { time.Sleep(2 * time.Second); return nil }
		r := d.runner()
		r.Round(t.Context())
		if n := len(d.gifts()); n != 3 {
			t.Errorf("%d commands of 2 s in a turn, want 3", n)
		}
		for range 3 {
			r.Round(t.Context())
		}
		if d.left() != 0 {
			t.Errorf("%d rows are left after four turns", d.left())
		}
	})
}

// A command has an end even where its line has none.
func TestACommandHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.days(1, 2)
		d.answer = func(ctx context.Context, _ gift) error { <-ctx.Done(); return errUnavailable }
		began := time.Now()
		d.runner().Round(t.Context())
		if took := time.Since(began); took != giveIn || len(d.gifts()) != 1 {
			t.Errorf("the turn took %v and %d commands, want %v and one", took, len(d.gifts()), giveIn)
		}
	})
}

// Stopped in the middle of a round: no further command is begun, nothing is noted
// as failed, nothing is left running.
func TestStopInTheMiddleOfARound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		for p := range 10 {
			d.days(1+p, 5)
		}
		d.answer = func(ctx context.Context, _ gift) error { <-ctx.Done(); return errUnavailable }
		stop := run(t, d.runner())
		time.Sleep(6 * time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took != 0 || len(d.gifts()) != atOnce || d.left() != 50 {
			t.Errorf("stopping took %v, %d commands were begun and %d rows are left; want 0, %d, 50", took, len(d.gifts()), d.left(), atOnce)
		}
		if n := d.measured(t, telemetry.NameJobsFailed, house.DueCloseDay, ""); n != 0 || d.log.Len() != 0 {
			t.Errorf("failed = %v, want none, and a silent log:\n%s", n, d.log)
		}
	})
}

// Rounds are an interval apart, more or less, and the first is within one.
func TestRoundsAreSpread(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		part float64
		want []time.Duration
	}{
		{"least", 0, []time.Duration{0, 4 * time.Second, 8 * time.Second}},
		{"middle", 0.5, []time.Duration{2500 * time.Millisecond, 7500 * time.Millisecond, 12500 * time.Millisecond}},
		{"most", 1, []time.Duration{5 * time.Second, 11 * time.Second, 17 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				r := d.runner()
				r.c.Jitter = func(span time.Duration) time.Duration { return time.Duration(tt.part * float64(span)) }
				began := time.Now()
				var at []time.Duration
				r.c.Work = asks{d, func() { at = append(at, time.Since(began)) }}
				stop := run(t, r)
				time.Sleep(18 * time.Second)
				stop()
				if len(at) < 3 || !slices.Equal(at[:3], tt.want) {
					t.Errorf("rounds began at %v, want %v", at, tt.want)
				}
			})
		})
	}
}

// asks tells of each round.
type asks struct {
	*desk
	round func()
}

func (a asks) Now(ctx context.Context) (servicetime.Instant, error) {
	a.round()
	return a.desk.Now(ctx)
}
