package jobs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/telemetry"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

// desk stands in for a database and its lines: rows that are due, and what becomes
// of their commands. A command that is granted takes its rows away, unless they
// stay.
type desk struct {
	*book
	registry *prometheus.Registry
	metrics  *telemetry.Metrics
	log      *bytes.Buffer // under mu, by way of write

	mu     sync.Mutex
	rows   []store.DueWork
	stays  bool
	silent error
	asked  []int // limits of questions for rows
	given  []gift
	atOnce int // commands at hand
	most   int // of these, ever
	turns  map[seating.RestaurantID]int
	double bool // a restaurant had two commands at hand
	answer func(ctx context.Context, g gift) error
}

// gift is a command that was given.
type gift struct {
	at         time.Time
	restaurant seating.RestaurantID
	command    decide.Command
}

func newDesk() *desk {
	d := &desk{book: newBook(), registry: prometheus.NewRegistry(), log: &bytes.Buffer{}, turns: map[seating.RestaurantID]int{}}
	d.metrics = telemetry.New(d.registry, "test")
	d.answer = func(context.Context, gift) error { return nil }
	return d
}

// runner over the desk; jitter as it comes is the whole span.
func (d *desk) runner() *Runner {
	return New(Config{
		Work: d, Lines: d, Every: 5 * time.Second, Metrics: d.metrics, Now: time.Now, Logger: slog.New(slog.NewTextHandler(d, nil)),
		Jitter: func(span time.Duration) time.Duration { return span },
	})
}

// Write is the log's.
func (d *desk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

// logged counts the lines of the log that have a text.
func (d *desk) logged(text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Count(d.log.String(), text)
}

// Now implements Work.
func (d *desk) Now(context.Context) (servicetime.Instant, error) {
	return servicetime.Instant(time.Now().UnixMicro()), nil
}

// Due implements Work.
func (d *desk) Due(_ context.Context, k house.DueKind, limit int) ([]store.DueWork, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silent != nil {
		return nil, d.silent
	}
	d.asked = append(d.asked, limit)
	now := servicetime.Instant(time.Now().UnixMicro())
	var due []store.DueWork
	for _, w := range d.rows {
		if w.Kind == k && w.RunAt <= now {
			due = append(due, w)
		}
	}
	slices.SortStableFunc(due, func(a, b store.DueWork) int { return cmp.Compare(a.RunAt, b.RunAt) })
	return due[:min(limit, len(due))], nil
}

// Do implements Doer.
func (d *desk) Do(ctx context.Context, r line.Request) (line.Answer, error) {
	if r.Actor.Kind != seating.ActorSystem {
		return line.Answer{}, fmt.Errorf("the actor is %v, want the system", r.Actor)
	}
	d.mu.Lock()
	g := gift{time.Now(), r.Restaurant, r.Command}
	d.given = append(d.given, g)
	d.atOnce++
	d.most = max(d.most, d.atOnce)
	d.turns[r.Restaurant]++
	d.double = d.double || d.turns[r.Restaurant] > 1
	answer := d.answer
	d.mu.Unlock()
	err := answer(ctx, g)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.atOnce--
	d.turns[r.Restaurant]--
	if err == nil && !d.stays {
		gone := subjects(r.Command)
		d.rows = slices.DeleteFunc(d.rows, func(w store.DueWork) bool { return w.Restaurant == r.Restaurant && slices.Contains(gone, w.Subject) })
	}
	return line.Answer{}, err
}

// subjects of the rows that a command does away with.
func subjects(c decide.Command) (all []string) {
	switch c := c.(type) {
	case decide.ExpireHolds:
		for _, id := range c.Holds {
			all = append(all, "hold:"+id.String())
		}
	case decide.CloseDay:
		all = append(all, "day:"+c.Date.String())
	}
	return all
}

// holds makes due rows of the holds from to to, exclusive, a second apart and the
// oldest long ago.
func (d *desk) holds(restaurant, from, to int) {
	long := time.Now().Add(-48 * time.Hour)
	for i := from; i < to; i++ {
		d.rows = append(d.rows, store.DueWork{Restaurant: place(restaurant), DueRow: house.DueRow{
			Subject: "hold:" + housetest.Hold(i).String(), Kind: house.DueHoldExpiry,
			RunAt: servicetime.Instant(long.Add(time.Duration(i) * time.Second).UnixMicro()),
		}})
	}
}

// days makes due rows of n days.
func (d *desk) days(restaurant, n int) {
	for i := range n {
		d.rows = append(d.rows, store.DueWork{Restaurant: place(restaurant), DueRow: house.DueRow{
			Subject: "day:" + housetest.Friday.AddDays(i).String(), Kind: house.DueCloseDay, RunAt: servicetime.Instant(1 + i),
		}})
	}
}

// left counts the rows that are still there.
func (d *desk) left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.rows)
}

// gifts are the commands so far.
func (d *desk) gifts() []gift {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.given)
}

// measured is a counter or gauge of a kind; series are told apart by an outcome.
func (d *desk) measured(t *testing.T, name string, kind house.DueKind, outcome string) float64 {
	t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["kind"] == string(kind) && labels["outcome"] == outcome {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

func place(n int) seating.RestaurantID { return housetest.ID[seating.RestaurantID](n) }

// has says whether an expiry is for a hold.
func has(c decide.Command, hold int) bool {
	e, ok := c.(decide.ExpireHolds)
	return ok && slices.Contains(e.Holds, housetest.Hold(hold))
}

var (
	errSilent      = errors.New("no answer")
	errUnavailable = seating.Refuse(seating.CodeUnavailable, "The store does not answer; try again.")
	errNotFound    = seating.Refuse(seating.CodeNotFound, "Zoe Martin's booking is gone.")
)

// sweeps are the rows of holds that failed, and that were done.
func sweeps(t *testing.T, d *desk) (failed, done float64) {
	t.Helper()
	return d.measured(t, telemetry.NameJobsFailed, house.DueHoldExpiry, ""), d.measured(t, telemetry.NameJobsDone, house.DueHoldExpiry, "")
}
