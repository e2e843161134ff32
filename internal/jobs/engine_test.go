package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
	"github.com/maitred/maitred/internal/verify"
)

// closing is when Friday may be closed: six hours after its midnight.
var closing = housetest.At("00:00").Add(30 * time.Hour)

// engine is a database with a clock by hand and the lines of two processes on it,
// each with a runner. On Friday at 18:00 there are bookings 1 to 6 for 20:00.
type engine struct {
	clock *storetest.Clock
	store store.Store
	id    seating.RestaurantID
	both  [2]*process
}

type process struct {
	lines  *line.Lines
	door   *door
	runner *Runner
}

// door stands between a runner and its lines.
type door struct {
	Doer
	before func(line.Request) // nil: nothing
}

func (d *door) Do(ctx context.Context, r line.Request) (line.Answer, error) {
	if d.before != nil {
		d.before(r)
	}
	return d.Doer.Do(ctx, r)
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	return newEngineOn(t, onSQLite)
}

// onSQLite is one store for both processes: a file has one.
func onSQLite(t *testing.T, clock *storetest.Clock) (both [2]store.Store) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "maitred.db"), Now: clock.Now})
	if err != nil {
		t.Fatalf("sqlite.Open: %v", err)
	}
	closes(t, db)
	return [2]store.Store{db, db}
}

// onPostgres is a store for each process.
func onPostgres(t *testing.T, clock *storetest.Clock) (both [2]store.Store) {
	t.Helper()
	d := pgtest.Database(t)
	set := d.FakeClock(t)
	clock.Watch(func(i servicetime.Instant) { set(i.Time()) })
	for i := range both {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: d.URL, MaxConns: 4})
		if err != nil {
			t.Fatalf("postgres.Open: %v", err)
		}
		closes(t, db)
		both[i] = db
	}
	return both
}

func closes(t *testing.T, db store.Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func newEngineOn(t *testing.T, open func(*testing.T, *storetest.Clock) [2]store.Store) *engine {
	t.Helper()
	e := &engine{clock: storetest.NewClock()}
	e.clock.Set(housetest.At("18:00"))
	stores := open(t, e.clock)
	e.store = stores[0]
	e.seed(t)
	for i, db := range stores {
		houses := live.New(db, live.Config{Shared: true, Monotonic: func() time.Duration { return e.clock.Instant().Sub(0) }})
		lines := line.New(db, houses, line.Config{NewID: func() [16]byte { return uuid.Must(uuid.NewV7()) }})
		t.Cleanup(lines.Close)
		p := &process{lines: lines, door: &door{Doer: lines}}
		p.runner = New(Config{
			Work: db, Lines: p.door, Every: 5 * time.Second, Now: e.clock.Now,
			Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		e.both[i] = p
	}
	return e
}

// seed makes the restaurant, with the due work of the day and its bookings.
func (e *engine) seed(t *testing.T) {
	t.Helper()
	made := storetest.NewRestaurant("friday")
	made.State.Restaurant.Zone = housetest.Paris
	made.State.OpenFrom = housetest.Friday.AddDays(-1)
	e.id = made.State.Restaurant.ID
	if err := e.store.CreateRestaurant(t.Context(), made); err != nil {
		t.Fatalf("CreateRestaurant: %v", err)
	}
	h, _, err := e.store.Load(t.Context(), e.id)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	state := housetest.State()
	for n := 1; n <= 6; n++ {
		housetest.Party(&state, n, 2, "20:00")
	}
	c := storetest.ChangeOn(h, seating.Operator(), e.clock.Instant(), "seed", house.Rows{
		PutZones: state.Zones, PutTables: state.Tables, PutEdges: state.Edges, PutCombinations: state.Combinations,
		Policy: &state.Policy, Periods: &state.Periods, PutBookings: state.Bookings,
	}, seating.AspectFloor, seating.AspectPolicy, seating.AspectBookings)
	c.Due.Put = []house.DueRow{{Subject: "day:" + housetest.Friday.String(), Kind: house.DueCloseDay, RunAt: closing}}
	for _, b := range state.Bookings {
		c.Due.Put = append(c.Due.Put, house.BookingDue(b, state.Policy.Late)...)
	}
	if _, err := e.store.Commit(t.Context(), store.Batch{Restaurant: e.id, Changes: []*house.Change{c}}); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func (e *engine) ok(t *testing.T, who seating.Actor, c decide.Command) decide.Result {
	t.Helper()
	a, err := e.both[0].lines.Do(t.Context(), line.Request{Restaurant: e.id, Command: c, Actor: who})
	if err != nil {
		t.Fatalf("%s = %v, want granted", c.Name(), err)
	}
	return a.Result
}

// hold makes holds 1 to n for the bookings of the same numbers, each at its table.
func (e *engine) hold(t *testing.T, n int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		e.ok(t, anna, decide.MakeHold{ID: housetest.Hold(i), Booking: housetest.Booking(i), Tables: housetest.Tables(i), TTL: 60})
	}
}

// dump is what is stored; it passes every check.
func (e *engine) dump(t *testing.T) *store.Dump {
	t.Helper()
	d, err := e.store.Dump(t.Context(), e.id)
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	for _, f := range verify.Check(d) {
		t.Errorf("verify: %+v", f)
	}
	return d
}

// history counts the lines that a command left, by subject.
func (e *engine) history(t *testing.T, command string) map[string]int {
	t.Helper()
	lines, err := e.store.History(t.Context(), e.id, "", 0, 1000)
	if err != nil {
		t.Fatalf("History: %v", err)
	}
	n := map[string]int{}
	for _, l := range lines {
		if l.Command == command {
			n[l.Subject]++
			if l.Principal != "system" {
				t.Errorf("%s of %s is by %q, want the system", command, l.Subject, l.Principal)
			}
		}
	}
	return n
}

var anna = housetest.Host("anna")

// O22: two processes run the same rows: one after the other, or side by side where
// the first stood still past its lease, between reading the rows and giving the
// command. Each effect is there once, and each event.
func TestO22_TwoProcessesRunTheSameWork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		open   func(*testing.T, *storetest.Clock) [2]store.Store
		stands bool
	}{
		{"sqlite, one after the other", onSQLite, false},
		{"sqlite, the first stands still", onSQLite, true},
		{"postgres, one after the other", onPostgres, false},
		{"postgres, the first stands still", onPostgres, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newEngineOn(t, tt.open)
			e.hold(t, 5)
			before := e.dump(t)
			e.clock.Advance(61 * time.Second)
			first, second := e.both[0], e.both[1]
			var given [2]int
			first.door.before = func(line.Request) {
				given[0]++
				if tt.stands {
					e.clock.Advance(leaseFor + time.Second)
					second.runner.Round(t.Context())
				}
			}
			second.door.before = func(line.Request) { given[1]++ }
			first.runner.Round(t.Context())
			if !tt.stands {
				second.runner.Round(t.Context())
			}
			if want := map[bool][2]int{false: {1, 0}, true: {1, 1}}[tt.stands]; given != want {
				t.Errorf("the processes gave %v commands, want %v", given, want)
			}

			d := e.dump(t)
			if len(d.State.Holds) != 0 || len(d.Ended) != 5 || len(due(d, house.DueHoldExpiry)) != 0 {
				t.Errorf("%d holds, %d ended, due %+v; want 0, 5, and no lapse", len(d.State.Holds), len(d.Ended), d.Due)
			}
			if got := d.State.Version - before.State.Version; got != 1 {
				t.Errorf("%d changes recorded five lapses, want one", got)
			}
			if got := events(d) - events(before); got != 5 {
				t.Errorf("%d events, want one for each hold", got)
			}
			for i := 1; i <= 5; i++ {
				if n := e.history(t, "expire_holds")["booking:"+housetest.Booking(i).String()]; n != 1 {
					t.Errorf("the end of hold %d is in the history %d times, want once", i, n)
				}
			}
			states, err := e.store.JobStates(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range states {
				if want := map[bool]string{false: first.runner.c.Holder, true: second.runner.c.Holder}[tt.stands]; s.Holder != want {
					t.Errorf("%s is held by %s, want %s", s.Job, s.Holder, want)
				}
				if s.Job == string(house.DueHoldExpiry) && (s.Done != 5 || s.LastError != "" || s.Lag != time.Second && !tt.stands) {
					t.Errorf("written down: %+v, want five done, a second late", s)
				}
			}
			if len(states) != len(List()) {
				t.Errorf("%d jobs are listed, want %d", len(states), len(List()))
			}
		})
	}
}

func events(d *store.Dump) int { return len(d.Outbox) }

// due are the subjects that have due work of a kind.
func due(d *store.Dump, kind house.DueKind) (subjects []string) {
	for _, row := range d.Due {
		if row.Kind == kind {
			subjects = append(subjects, row.Subject)
		}
	}
	return subjects
}

// A day is closed by itself, once, and not before its time.
func TestADayIsClosedOnce(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	round := func() {
		for _, p := range e.both {
			p.runner.Round(t.Context())
		}
	}
	e.clock.Set(closing.Add(-time.Microsecond))
	round()
	if d := e.dump(t); d.State.OpenFrom > housetest.Friday || len(e.history(t, "close_day")) != 0 {
		t.Fatalf("the day was closed before its time: open from %s", d.State.OpenFrom)
	}
	e.clock.Set(closing)
	round()
	e.clock.Advance(longestSpan)
	round()
	d := e.dump(t)
	if d.State.OpenFrom != housetest.Friday.AddDays(1) {
		t.Errorf("it is open from %s, want the day after", d.State.OpenFrom)
	}
	for _, b := range d.Past {
		if b.Status != seating.NoShow {
			t.Errorf("booking %s is %s, want no_show", b.Reference, b.Status)
		}
	}
	if n := e.history(t, "close_day")["day:"+housetest.Friday.String()]; n != 1 || len(d.Past) != 6 {
		t.Errorf("the day was closed %d times with %d bookings, want once with 6", n, len(d.Past))
	}
}

// H29: the sweeper has read the row of a lapsed hold; before its command comes the
// hold is made again, or it was extended just in time. What lives stays.
func TestH29_AHoldThatWasExtendedMeanwhileStays(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.hold(t, 2)
	e.clock.Advance(59 * time.Second)
	e.ok(t, anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 300})
	// A row as it was read before the extension.
	stale := []store.DueWork{
		{Restaurant: e.id, DueRow: house.DueRow{Subject: "hold:" + housetest.Hold(1).String(), Kind: house.DueHoldExpiry, RunAt: housetest.At("18:01")}},
		{Restaurant: e.id, DueRow: house.DueRow{Subject: "hold:" + housetest.Hold(2).String(), Kind: house.DueHoldExpiry, RunAt: housetest.At("18:01")}},
	}
	e.clock.Advance(2 * time.Second)
	e.both[0].runner.c.Work = readBefore{e.store, stale}
	e.both[0].runner.Round(t.Context())
	d := e.dump(t)
	if len(d.State.Holds) != 1 || d.State.Holds[0].ID != housetest.Hold(1) || len(d.Ended) != 1 {
		t.Fatalf("holds %+v and %d ended, want hold 1 to live and hold 2 to have ended", d.State.Holds, len(d.Ended))
	}
	if rows := due(d, house.DueHoldExpiry); len(rows) != 1 || rows[0] != "hold:"+housetest.Hold(1).String() || d.TableCounts[housetest.Hold(1)] != 1 {
		t.Errorf("lapses to come %v, want the extended hold's", rows)
	}
	if n := len(e.history(t, "expire_holds")); n != 1 {
		t.Errorf("%d lines of the history, want one", n)
	}
}

// readBefore answers with rows that were read before.
type readBefore struct {
	store.Store
	rows []store.DueWork
}

func (r readBefore) Due(_ context.Context, k house.DueKind, _ int) (due []store.DueWork, _ error) {
	for _, w := range r.rows {
		if w.Kind == k {
			due = append(due, w)
		}
	}
	return due, nil
}

// H30: confirm and sweeper meet at the expiry. Whoever comes first, the answer is
// the same, and it says what happened.
func TestH30_SweepAndConfirmMeetAtTheExpiry(t *testing.T) {
	t.Parallel()
	for _, sweepFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("sweep first %v", sweepFirst), func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			e.hold(t, 1)
			e.clock.Advance(60 * time.Second)
			confirm := func() {
				_, err := e.both[1].lines.Do(t.Context(), line.Request{Restaurant: e.id, Command: decide.ConfirmHold{Hold: housetest.Hold(1)}, Actor: anna})
				if seating.CodeOf(err) != seating.CodeHoldExpired {
					t.Errorf("confirm = %v, want HOLD_EXPIRED", err)
				}
			}
			if !sweepFirst {
				confirm()
			}
			e.both[0].runner.Round(t.Context())
			confirm()
			if d := e.dump(t); len(d.Ended) != 1 || d.Ended[0].How != seating.EndExpired || len(d.Occupancy) != 0 {
				t.Errorf("ended %+v with %d allocations, want one that expired and none", d.Ended, len(d.Occupancy))
			}
		})
	}
}

// H31: a sweeper whose store refuses does not look as if it had worked.
func TestH31_AFailingSweepIsTold(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.hold(t, 3)
	e.clock.Advance(61 * time.Second)
	d := newDesk() // measures and keeps the log
	p := e.both[0]
	p.runner.c.Metrics, p.runner.c.Logger = d.metrics, slog.New(slog.NewTextHandler(d, nil))
	p.runner.c.Lines = refuses{seating.Refuse(seating.CodeInternal, "A bug.")}
	p.runner.Round(t.Context())
	if failed, done := sweeps(t, d); failed != 3 || done != 0 || d.logged("due work fails") != 3 {
		t.Errorf("%v failed and %v done, want 3 and 0, each told:\n%s", failed, done, d.log)
	}
	p.runner.c.Lines = p.door
	e.clock.Advance(firstSpan)
	p.runner.Round(t.Context())
	if failed, done := sweeps(t, d); failed != 3 || done != 3 || !strings.Contains(d.log.String(), "INTERNAL") {
		t.Errorf("%v failed and %v done afterwards, want 3 and 3", failed, done)
	}
	if held := e.dump(t); len(held.State.Holds) != 0 {
		t.Errorf("%d holds are left", len(held.State.Holds))
	}
}

type refuses struct{ err error }

func (r refuses) Do(context.Context, line.Request) (line.Answer, error) { return line.Answer{}, r.err }

// A process stops while its command is at hand. What was begun is whole or not
// there, and another process does the rest.
func TestStopLeavesNoHalfWork(t *testing.T) {
	t.Parallel()
	for _, begun := range []bool{false, true} {
		t.Run(fmt.Sprintf("begun %v", begun), func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			e.hold(t, 4)
			e.clock.Advance(61 * time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			p := e.both[0]
			if begun {
				p.runner.c.Lines = leaves{p.lines, cancel}
			} else {
				p.door.before = func(line.Request) { cancel() }
			}
			p.runner.Round(ctx)
			p.lines.Close()
			d := e.dump(t)
			if n := len(d.State.Holds); n != 0 && n != 4 || n+len(d.Ended) != 4 {
				t.Errorf("%d holds are there and %d ended, want all or none", n, len(d.Ended))
			}
			if begun {
				p.runner.Free(ctx) // as Run does
			} else {
				e.clock.Advance(leaseFor) // it was killed
			}
			e.both[1].runner.Round(t.Context())
			if d := e.dump(t); len(d.State.Holds) != 0 || len(d.Ended) != 4 || len(e.history(t, "expire_holds")) != 4 {
				t.Errorf("%d holds are left and %d ended, want 0 and 4", len(d.State.Holds), len(d.Ended))
			}
		})
	}
}

// leaves stops its process as soon as a command is in the line.
type leaves struct {
	lines *line.Lines
	stop  func()
}

func (l leaves) Do(ctx context.Context, r line.Request) (line.Answer, error) {
	l.stop()
	_, _ = l.lines.Do(context.WithoutCancel(ctx), r) // the line ends what it has taken
	return line.Answer{}, seating.Refuse(seating.CodeUnavailable, "The caller stopped waiting; the outcome is not known.")
}
