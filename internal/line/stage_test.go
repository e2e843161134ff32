package line_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/house/modeltest"
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

func TestMain(m *testing.M) {
	seating.BugPanics = true
	modeltest.Soak(3)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

// stores are the databases that everything is demanded on: what makes one, with
// the clock of a stack.
var stores = []struct {
	name string
	open func(t testing.TB, s *stack) store.Store
}{
	{"sqlite", openSQLite},
	{"postgres", openPostgres},
}

// stage is a test on one of the stores, or on several processes over one.
type stage struct {
	*testing.T
	open func(testing.TB) *stack
}

// onEachStore runs a test on each of the stores.
func onEachStore(t *testing.T, test func(t *stage)) {
	t.Helper()
	for _, on := range stores {
		if racing && lockFirst && on.name == "sqlite" {
			continue // make test plays these without the race detector
		}
		t.Run(on.name, func(t *testing.T) {
			test(&stage{T: t, open: func(t testing.TB) *stack { t.Helper(); return newStackOn(t, on.open) }})
		})
	}
}

// stack makes a whole engine of the stage's kind.
func (s *stage) stack() *stack {
	s.Helper()
	return s.open(s.T)
}

// Run runs a part of the test on the same store.
func (s *stage) Run(name string, test func(t *stage)) {
	s.T.Run(name, func(t *testing.T) { test(&stage{T: t, open: s.open}) })
}

// stack is a whole engine on a database, with a clock by hand.
type stack struct {
	store    store.Store
	sqlite   *sqlite.Store   // nil on another store
	postgres *postgres.Store // nil on another store
	db       *pgtest.DB      // of postgres
	clock    *storetest.Clock
	houses   *live.Houses
	lines    *line.Lines
	batch    atomic.Int64 // passes of the lines
	locked   atomic.Int64 // of these, with the lock taken first
	peers    []*stack     // all processes on the database, where there are several

	lockFirst bool // every restaurant is contended
	places    []seating.RestaurantID
}

// lockFirst makes every line of new stacks take the lock first.
var lockFirst bool

// newStack is an engine on a SQLite file.
func newStack(t testing.TB) *stack {
	t.Helper()
	return newStackOn(t, openSQLite)
}

func newStackOn(t testing.TB, open func(testing.TB, *stack) store.Store) *stack {
	t.Helper()
	s := &stack{clock: storetest.NewClock(), lockFirst: lockFirst}
	s.clock.Set(housetest.At("18:00"))
	s.store = open(t, s)
	s.start(t, s.store)
	t.Cleanup(func() {
		s.lines.Close()
		if s.lockFirst && s.locked.Load() == 0 && s.batch.Load() > 0 {
			t.Error("no pass took the lock first")
		}
	})
	return s
}

func openSQLite(t testing.TB, s *stack) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "maitred.db"), Now: s.clock.Now})
	if err != nil {
		t.Fatalf("sqlite.Open: %v", err)
	}
	closes(t, db)
	s.sqlite = db
	return db
}

func openPostgres(t testing.TB, s *stack) store.Store {
	t.Helper()
	return openPostgresAt(t, s, pgtest.Database(t))
}

// openPostgresAt opens a database and makes its clock the stack's.
func openPostgresAt(t testing.TB, s *stack, db *pgtest.DB) store.Store {
	t.Helper()
	s.db = db
	set := s.db.FakeClock(t)
	s.clock.Watch(func(i servicetime.Instant) { set(i.Time()) })
	s.postgres = dial(t, postgres.Config{URL: s.db.URL, MaxConns: 4})
	return s.postgres
}

// dial opens a store on a database that is there.
func dial(t testing.TB, c postgres.Config) *postgres.Store {
	t.Helper()
	db, err := postgres.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("postgres.Open: %v", err)
	}
	closes(t, db)
	return db
}

// closes closes a store at the end of the test.
func closes(t testing.TB, db store.Store) {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// commits counts how often the database made something durable, by whichever
// process.
func (s *stack) commits() (n int64) {
	if s.sqlite != nil {
		return s.sqlite.Stats().DiskCommits
	}
	for _, p := range s.processes() {
		n += p.postgres.Stats().Batches
	}
	return n
}

// changes counts the changes that were committed by this process.
func (s *stack) changes() int64 {
	if s.sqlite != nil {
		return s.sqlite.Stats().Changes
	}
	return s.postgres.Stats().Changes
}

func (s *stack) processes() []*stack {
	if s.peers != nil {
		return s.peers
	}
	return []*stack{s}
}

// start makes houses and lines over a store, which may stand in front of the
// real one.
func (s *stack) start(t testing.TB, over store.Seating) {
	t.Helper()
	s.houses = live.New(over, live.Config{Monotonic: s.monotonic})
	s.lines = line.New(over, s.houses, line.Config{
		NewID: newID,
		OnBatch: func(b line.BatchDone) {
			s.batch.Add(1)
			if b.Locked {
				s.locked.Add(1)
			}
		},
	})
	s.contend(s.places...)
}

// contend makes the restaurants contended, when all are to be.
func (s *stack) contend(ids ...seating.RestaurantID) {
	for _, id := range ids {
		if s.lockFirst {
			line.Contend(s.lines, id)
		}
	}
}

func (s *stack) monotonic() time.Duration { return s.clock.Instant().Sub(0) }

// restaurant makes one with the floor of housetest and the bookings that edit
// adds to it.
func (s *stack) restaurant(t testing.TB, slug string, edit func(*house.State)) *restaurant {
	t.Helper()
	made := storetest.NewRestaurant(slug)
	made.State.Restaurant.Zone = housetest.Paris
	made.State.OpenFrom = housetest.Friday.AddDays(-1)
	if err := s.store.CreateRestaurant(t.Context(), made); err != nil {
		t.Fatalf("CreateRestaurant: %v", err)
	}
	state := housetest.State()
	if edit != nil {
		edit(&state)
	}
	h, _, err := s.store.Load(t.Context(), made.State.Restaurant.ID)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	rows := house.Rows{
		PutZones: state.Zones, PutTables: state.Tables, PutEdges: state.Edges, PutCombinations: state.Combinations, PutBlocks: state.Blocks,
		Policy: &state.Policy, Periods: &state.Periods, PutBookings: state.Bookings, PutAllocations: state.Allocations,
	}
	now := s.clock.Instant()
	c := storetest.ChangeOn(h, seating.Operator(), now, "seed", rows, seating.AspectFloor, seating.AspectPolicy, seating.AspectBookings)
	c.Due.Put = dueOf(state)
	if _, err := s.store.Commit(t.Context(), store.Batch{Restaurant: h.Restaurant.ID, Changes: []*house.Change{c}}); err != nil {
		t.Fatalf("Commit(seed): %v", err)
	}
	for _, p := range s.processes() {
		p.places = append(p.places, h.Restaurant.ID)
		p.contend(h.Restaurant.ID)
	}
	return &restaurant{stack: s, id: h.Restaurant.ID}
}

// dueOf is the work that commands would have written for the bookings.
func dueOf(state house.State) []house.DueRow {
	var rows []house.DueRow
	days := map[servicetime.Date]bool{}
	for _, b := range state.Bookings {
		rows = append(rows, house.BookingDue(b, state.Policy.Late)...)
		if !days[b.ServiceDate] {
			days[b.ServiceDate] = true
			rows = append(rows, house.DueRow{Subject: "day:" + b.ServiceDate.String(), Kind: house.DueCloseDay, RunAt: b.Window.End.Add(24 * time.Hour)})
		}
	}
	return rows
}

type restaurant struct {
	*stack
	id seating.RestaurantID
}

// by is the restaurant as the i-th caller reaches it: where there are several
// processes, callers are spread over them.
func (r *restaurant) by(i int) *restaurant {
	all := r.processes()
	return &restaurant{stack: all[i%len(all)], id: r.id}
}

func (r *restaurant) do(ctx context.Context, who seating.Actor, c decide.Command) (line.Answer, *seating.Error) {
	return r.request(ctx, line.Request{Command: c, Actor: who, Status: 200})
}

func (r *restaurant) request(ctx context.Context, q line.Request) (line.Answer, *seating.Error) {
	q.Restaurant = r.id
	a, err := r.lines.Do(ctx, q)
	if err == nil {
		return a, nil
	}
	refusal, ok := err.(*seating.Error) //nolint:errorlint // Do promises this very type
	if !ok {
		panic(err)
	}
	return a, refusal
}

func (r *restaurant) ok(t testing.TB, who seating.Actor, c decide.Command) line.Answer {
	t.Helper()
	a, err := r.do(t.Context(), who, c)
	if err != nil {
		t.Fatalf("%s = %v, want granted", c.Name(), err)
	}
	return a
}

func (r *restaurant) refused(t testing.TB, who seating.Actor, c decide.Command, want seating.Code) *seating.Error {
	t.Helper()
	_, err := r.do(t.Context(), who, c)
	if err == nil || err.Code != want {
		t.Fatalf("%s = %v, want %s", c.Name(), err, want)
	}
	return err
}

// house is the newest house this process knows; where there are several, the
// current one.
func (r *restaurant) house(t testing.TB) *house.House {
	t.Helper()
	get := r.houses.Get
	if r.peers != nil {
		get = r.houses.Proved
	}
	h, err := get(t.Context(), r.id)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return h
}

// drop removes the restaurant. Those of these tests have tables of the same ids,
// which are to be unique in a database.
func (r *restaurant) drop(t testing.TB) {
	t.Helper()
	if err := r.store.DropRestaurant(t.Context(), r.id); err != nil {
		t.Errorf("DropRestaurant: %v", err)
	}
}

// verified demands that the stored rows pass every check.
func (r *restaurant) verified(t testing.TB) {
	t.Helper()
	dump, err := r.store.Dump(t.Context(), r.id)
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	for _, f := range verify.Check(dump) {
		t.Errorf("verify: %+v", f)
	}
}

var (
	anna = housetest.Host("anna")
	ben  = housetest.Host("ben")
	cleo = housetest.Manager("cleo")
)

func hold(id, booking int, tables ...int) decide.MakeHold {
	return decide.MakeHold{ID: housetest.Hold(id), Booking: housetest.Booking(booking), Tables: housetest.Tables(tables...)}
}

func at(clock string) servicetime.Instant { return housetest.At(clock) }

func newID() [16]byte { return uuid.Must(uuid.NewV7()) }
