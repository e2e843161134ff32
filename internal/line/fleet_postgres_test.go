package line_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
	"github.com/maitred/maitred/internal/verify"
)

// processes is how many a fleet has.
const processes = 3

// fleets are the ways in which the processes on one database hear of each other.
// None may change an outcome.
var fleets = []fleet{
	{name: "notified"},
	{name: "notifications dead", deaf: true},
	{name: "lock first", lockFirst: true},
}

type fleet struct {
	name      string
	deaf      bool // notifications are sent and nobody hears them
	lockFirst bool // every restaurant is contended, always
}

// onEachFleet runs a test over three processes on one database, in each mode.
func onEachFleet(t *testing.T, test func(f fleet, t *stage)) {
	t.Helper()
	for _, f := range fleets {
		t.Run(f.name, func(t *testing.T) {
			test(f, &stage{T: t, open: func(t testing.TB) *stack { t.Helper(); return f.start(t, ordinary) }})
		})
	}
}

// parts are what an engine takes from its machine.
type parts struct {
	mono  func() time.Duration // nil: real time
	newID func() [16]byte
}

func ordinary(int, *stack) parts { return parts{newID: newID} }

// start makes three engines with nothing in common but a database, wired and
// running as those of three servers, and returns the first of them.
func (f fleet) start(t testing.TB, of func(i int, s *stack) parts) *stack {
	t.Helper()
	clock := storetest.NewClock()
	clock.Set(housetest.At("18:00"))
	db := pgtest.Database(t)
	set := db.FakeClock(t)
	clock.Watch(func(i servicetime.Instant) { set(i.Time()) })
	listen := db.URL
	if f.deaf {
		p := pgtest.NewProxy(t, db.URL)
		p.Refuse(true)
		listen = p.URL(db.URL)
	}
	all := make([]*stack, processes)
	for i := range all {
		s := &stack{clock: clock, db: db, lockFirst: f.lockFirst, peers: all}
		s.postgres = dial(t, postgres.Config{URL: db.URL, ListenURL: listen, MaxConns: 4})
		s.store = s.postgres
		s.serve(t, of(i, s))
		all[i] = s
	}
	return all[0]
}

// serve wires and runs an engine as a server does, and demands that nothing goes
// wrong in it.
func (s *stack) serve(t testing.TB, of parts) {
	t.Helper()
	over := &witness{Seating: s.store, t: t}
	logger := slog.New(alarm{t: t})
	s.houses = live.New(over, live.Config{Shared: true, Monotonic: of.mono, Logger: logger, OnLost: func(id seating.RestaurantID) {
		t.Errorf("commits of %s are taken for lost", id)
	}})
	told := notify.New(s.postgres, notify.Config{OnMoved: s.houses.Moved})
	s.houses.OnChange(func(c live.Changed) {
		if c.Local {
			told.Tell(c.Restaurant)
		}
	})
	s.lines = line.New(over, s.houses, line.Config{NewID: of.newID, Logger: logger, OnBatch: func(b line.BatchDone) {
		s.batch.Add(1)
		if b.Locked {
			s.locked.Add(1)
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.houses.Run(ctx) })
	running.Go(func() { told.Run(ctx) })
	t.Cleanup(func() {
		s.lines.Close()
		cancel()
		running.Wait()
	})
}

// witness stands between an engine and its store and reports errors that processes
// which only compete must never see.
type witness struct {
	store.Seating
	t testing.TB
}

func (w *witness) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	done, err := w.Seating.Commit(ctx, b)
	w.judge(ctx, "Commit", err)
	return done, err
}

func (w *witness) CommitLocked(ctx context.Context, id seating.RestaurantID, after int64, ask store.Ask, decide func(store.Locked) (store.Batch, error)) (store.Committed, error) {
	done, err := w.Seating.CommitLocked(ctx, id, after, ask, decide)
	if _, moved := errors.AsType[*store.MovedError](err); moved {
		w.t.Errorf("CommitLocked was overtaken: %v", err)
	}
	w.judge(ctx, "CommitLocked", err)
	return done, err
}

func (w *witness) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	proof, err := w.Seating.Prove(ctx, id, ask)
	w.judge(ctx, "Prove", err)
	return proof, err
}

func (w *witness) judge(ctx context.Context, what string, err error) {
	for _, never := range []error{store.ErrUnavailable, store.ErrAmbiguous, store.ErrImpossible, store.ErrInvalid} {
		if errors.Is(err, never) && ctx.Err() == nil {
			w.t.Errorf("%s = %v, want no such error between healthy processes", what, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "40P01") {
		w.t.Errorf("%s = %v: a deadlock", what, err)
	}
}

// alarm is a log that fails the test at an error.
type alarm struct{ t testing.TB }

func (alarm) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (a alarm) Handle(_ context.Context, r slog.Record) error {
	var with []string
	r.Attrs(func(attr slog.Attr) bool { with = append(with, attr.String()); return true })
	a.t.Errorf("the log has an error: %s %v", r.Message, with)
	return nil
}

func (a alarm) WithAttrs([]slog.Attr) slog.Handler { return a }
func (a alarm) WithGroup(string) slog.Handler      { return a }

// spread is a fleet as the model's opponent: each command goes to another process,
// and each look as well, by a client that has seen a version and asks for no older
// one.
type spread struct {
	*restaurant
	t    *rapid.T
	seen seating.Version
}

func (s *spread) any() *restaurant {
	return s.by(rapid.IntRange(0, processes-1).Draw(s.t, "process"))
}

func (s *spread) Advance(d time.Duration) { s.clock.Advance(d) }

func (s *spread) Do(who seating.Actor, c decide.Command) *seating.Error {
	a, err := s.any().do(s.t.Context(), who, c)
	if err == nil && a.Result.Version.N > s.seen.N {
		s.seen = a.Result.Version
	}
	return err
}

func (s *spread) House() *house.House { return s.at(s.any()) }

func (s *spread) at(r *restaurant) *house.House {
	h, err := r.houses.AtLeast(s.t.Context(), s.id, s.seen)
	if err != nil {
		s.t.Fatalf("AtLeast(%s): %v", s.seen, err)
	}
	return h
}

// Check demands load(v) == replay(v) == what is in the memory of each process, and
// what verify demands.
func (s *spread) Check() {
	loaded, _, err := s.store.Load(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatalf("Load: %v", err)
	}
	for i := range processes {
		if diff := cmp.Diff(s.at(s.by(i)).State(), loaded.State()); diff != "" {
			s.t.Fatalf("the loaded house differs from that of process %d (-live +loaded):\n%s", i, diff)
		}
	}
	dump, err := s.store.Dump(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatalf("Dump: %v", err)
	}
	if found := verify.Check(dump); len(found) > 0 {
		s.t.Fatalf("verify found %+v", found)
	}
}

// TestModelOfThreeProcesses plays the model's games against three processes at
// once.
func TestModelOfThreeProcesses(t *testing.T) {
	const steps = 120
	defer fewerGames(t, 10)()
	onEachFleet(t, func(f fleet, t *stage) {
		s := f.start(t, func(_ int, s *stack) parts { return parts{mono: s.monotonic, newID: newID} })
		games, total := 0, 0
		rapid.Check(t, func(r *rapid.T) {
			games++
			s.clock.Set(modeltest.Start)
			place := s.restaurant(t, fmt.Sprintf("game-%d", games), nil)
			defer place.drop(t)
			total += modeltest.Play(r, &spread{restaurant: place, t: r, seen: place.house(t).Public()}, steps)
		})
		passes, locked := int64(0), int64(0)
		for i, p := range s.peers {
			passes, locked = passes+p.batch.Load(), locked+p.locked.Load()
			if p.changes() == 0 {
				t.Errorf("process %d committed nothing", i)
			}
		}
		t.Logf("%d steps, %d granted, %d of %d passes took the lock first", games*steps, total, locked, passes)
		if total < 12*games {
			t.Errorf("only %d commands were granted in %d games; they do not reach far", total, games)
		}
		if f.lockFirst && locked < passes {
			t.Errorf("%d of %d passes took the lock first, want all", locked, passes)
		}
	})
}

// The races of one process, spread over three.
func TestRacesOfThreeProcesses(t *testing.T) {
	onEachFleet(t, func(_ fleet, t *stage) {
		for _, race := range []struct {
			name string
			run  func(*stage)
		}{
			{"H04", holdsForOneTable},
			{"D01", assignsForOneTable},
			{"D02", holdsAndAssignsForOneTable},
			{"C03", confirmsOfOneHold},
			{"H20", budgetUnderConcurrency},
			{"two tables", differentTablesAtOnce},
			{"C27", cancelAgainstConfirm},
		} {
			t.Run(race.name, race.run)
		}
	})
}
