package line_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/verify"
)

// patient bounds what must happen sooner or later.
const patient = 60 * time.Second

// shore is a database as those reach it who are not cut off, for restaurants of
// many engines that are.
type shore struct {
	*stack
	watch *pgx.Conn
	mu    sync.Mutex // watch is for one at a time
	made  int
}

func newShore(t testing.TB, db *pgtest.DB) *shore {
	t.Helper()
	s := &shore{stack: newStackOn(t, func(t testing.TB, s *stack) store.Store { t.Helper(); return openPostgresAt(t, s, db) })}
	s.watch = s.db.Connect(t)
	return s
}

// again reaches for a database whose server has ended since, or for another that
// took its place.
func (s *shore) again(t testing.TB, db *pgtest.DB) {
	t.Helper()
	s.db = db
	s.postgres = dial(t, postgres.Config{URL: db.URL, MaxConns: 4})
	s.store = s.postgres
	s.watch = db.Connect(t)
}

// distant is an engine behind a proxy, one of several on the database, at a
// restaurant of its own.
type distant struct {
	*restaurant // through the proxy
	shore       *shore
	name        string // of its connections
	proxy       *pgtest.Proxy
	base        int64 // version of the restaurant before the fault
}

// distant makes an engine that is warm: what it does next is the commit.
func (s *shore) distant(t testing.TB, locked bool) *distant {
	t.Helper()
	s.mu.Lock()
	s.made++
	name := fmt.Sprintf("distant-%d", s.made)
	place := s.restaurant(t, name, rivals(4))
	s.mu.Unlock()
	d := &distant{shore: s, name: name, proxy: pgtest.NewProxy(t, s.db.URL)}
	e := &stack{clock: s.clock, db: s.db}
	e.postgres = dial(t, postgres.Config{URL: d.proxy.URL(s.db.URL) + "&application_name=" + name, MaxConns: 3})
	e.store = e.postgres
	e.houses = live.New(e.store, live.Config{Shared: true, Monotonic: e.monotonic})
	e.lines = line.New(e.store, e.houses, line.Config{NewID: newID})
	t.Cleanup(func() {
		d.heal()
		e.lines.Close()
	})
	d.restaurant = &restaurant{stack: e, id: place.id}
	d.ok(t, anna, hold(1, 1, 1))
	if locked {
		line.Contend(e.lines, place.id)
		d.ok(t, anna, decide.ExtendHold{Hold: housetest.Hold(1), By: 240})
	}
	d.base = d.house(t).Version
	return d
}

// heal ends all faults of the proxy. What was cut off ends, what was held back
// goes on.
func (d *distant) heal() {
	d.proxy.Disarm()
	d.proxy.Release()
	d.proxy.Resume()
}

// quiet waits until no backend of the engine does anything any more: what was to
// be committed late has been.
func (d *distant) quiet(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	d.shore.mu.Lock()
	defer d.shore.mu.Unlock()
	for n := 1; n > 0; {
		err := d.shore.watch.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'", d.name).Scan(&n)
		if err != nil {
			t.Fatalf("backends of %s: %v", d.name, err)
		}
	}
}

// stored reads, past the proxy, how often a command has been committed since the
// fault, and demands that everything stored is sound.
func (d *distant) stored(t testing.TB, command string) (times int) {
	t.Helper()
	dump, err := d.shore.store.Dump(t.Context(), d.id)
	if err != nil {
		t.Fatalf("Dump: %v", err)
	}
	for _, f := range verify.Check(dump) {
		t.Errorf("verify: %+v", f)
	}
	for _, e := range dump.Journal {
		if e.Version > d.base && e.Command == command {
			times++
		}
	}
	return times
}

// wish is what a client wants while the network breaks.
type wish struct {
	name   string
	key    string
	locked bool // with the lock taken first
	c      decide.Command
	again  decide.Command // what a client that has no key asks for then
}

var wishes = []wish{
	{name: "hold with a key", key: "k", c: hold(2, 2, 2)},
	{name: "hold without a key", c: hold(2, 2, 2), again: hold(3, 2, 2)},
	{name: "confirm with a key", key: "k", c: decide.ConfirmHold{Hold: housetest.Hold(1)}},
	{name: "hold with a key, lock first", key: "k", locked: true, c: hold(2, 2, 2)},
	{name: "confirm with a key, lock first", key: "k", locked: true, c: decide.ConfirmHold{Hold: housetest.Hold(1)}},
	{name: "hold without a key, lock first", locked: true, c: hold(2, 2, 2), again: hold(3, 2, 2)},
}

func (w wish) request() line.Request {
	return line.Request{Command: w.c, Actor: anna, Key: w.key, Fingerprint: w.name, Status: 201}
}

// begins is the first message of the commit.
func (w wish) begins() func(pgtest.Message) bool {
	if w.locked {
		return pgtest.Runs("BEGIN")
	}
	return pgtest.Runs("set_config('role'")
}

// messages counts, in an undisturbed run, what goes each way from the first
// message of the commit on.
func (w wish) messages(t testing.TB, s *shore) (way [2]int) {
	t.Helper()
	d := s.distant(t, w.locked)
	var mu sync.Mutex
	begins, begun := w.begins(), false
	d.proxy.OnMessage(func(m pgtest.Message) {
		mu.Lock()
		defer mu.Unlock()
		if begun = begun || begins(m); begun {
			way[m.Direction]++
		}
	})
	if _, err := d.request(t.Context(), w.request()); err != nil {
		t.Fatalf("%s, undisturbed = %v, want granted", w.name, err)
	}
	d.proxy.OnMessage(nil)
	mu.Lock()
	defer mu.Unlock()
	return way
}

// fault is what happens to the connection.
type fault struct {
	name string
	half bool // the server's side stays open until the client has been told something
	// stall holds back what comes after, until the client has left, or with outlast
	// until the engine has given up.
	stall, outlast bool
}

var faults = []fault{
	{name: "cut"},
	{name: "cut at the client", half: true},
	{name: "stalled", stall: true},
	{name: "stalled for longer than anybody waits", stall: true, outlast: true},
}

// crossing is a wish whose commit breaks at a boundary between two messages.
type crossing struct {
	wish
	fault
	dir   pgtest.Direction
	after int
}

func (c crossing) String() string {
	return fmt.Sprintf("%s, %s after %d messages %s", c.wish.name, c.fault.name, c.after, c.dir)
}

// play lets the fault happen.
func (c crossing) play(t *trial, s *shore) {
	d := s.distant(t, c.locked)
	d.proxy.Arm(pgtest.Cut{Dir: c.dir, After: c.after, From: c.begins(), Half: c.half, Stall: c.stall})
	ctx, leave := context.WithTimeout(t.Context(), patient)
	defer leave()
	cut := make(chan bool, 1)
	go func() {
		select {
		case <-d.proxy.Cut():
			cut <- true
			if c.stall && !c.outlast {
				leave()
			}
		case <-ctx.Done():
			cut <- false
		}
	}()
	answer, refusal := d.request(ctx, c.request())
	if !<-cut {
		t.Fatalf("the connection was not cut; the request = %v", refusal)
	}
	if refusal != nil && refusal.Details.Unknown && !c.stall {
		t.Errorf("the request = %v, want to know: the database was there all the time", refusal)
	}
	c.settled(t, d, answer, refusal, !c.stall || c.outlast)
}

// settled demands that what a client was told while something was broken is true:
// what was granted is there once, what was refused never is, and what is not known is
// there once at most; and that to ask again settles it. over says that nothing of the
// engine is under way any more.
func (w wish) settled(t testing.TB, d *distant, first line.Answer, refusal *seating.Error, over bool) {
	t.Helper()
	least, most := 0, 1
	switch {
	case refusal == nil:
		least = 1
	case refusal.Code != seating.CodeUnavailable:
		t.Errorf("the request = %v, want granted or UNAVAILABLE", refusal)
	case !refusal.Details.Unknown:
		most = 0
	}
	told := func(when string) {
		t.Helper()
		if n := d.stored(t, w.c.Name()); n < least || n > most {
			t.Errorf("%s the command was committed %d times, want %d to %d; the request = %v", when, n, least, most, refusal)
		}
	}
	told("with the fault")
	d.heal()
	if over { // else the next in the line waits for it
		d.quiet(t)
		told("when all was quiet")
	}
	again := w.request()
	if w.again != nil {
		again.Command = w.again
	}
	before := d.stored(t, w.c.Name())
	second, err := d.request(t.Context(), again)
	if err != nil {
		t.Fatalf("asked again = %v, want granted", err)
	}
	// What the network kept comes now, if ever.
	d.hangUp(t)
	if w.key != "" {
		least, most = 1, 1
		told("asked again with the key")
		if refusal == nil && (!second.Replayed || second.Result.Version != first.Result.Version) || before == 1 && !second.Replayed {
			t.Errorf("asked again = %+v, want the answer of the first time, %+v", second, first)
		}
		return
	}
	least, most = 1, 2
	told("asked again without a key")
	h, _, errLoad := d.shore.store.Load(t.Context(), d.id)
	if errLoad != nil {
		t.Fatalf("Load: %v", errLoad)
	}
	if e := h.Booking(housetest.Booking(2)); e.Hold == nil || e.Hold.ID != housetest.Hold(3) || len(e.Hold.Allocations) != 1 {
		t.Errorf("booking 2 has %+v, want the second hold alone", e.Hold)
	}
}

// hangUp ends the engine and waits until the server has all that it ever sent.
func (d *distant) hangUp(t testing.TB) {
	t.Helper()
	d.lines.Close()
	if err := d.postgres.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	for began := time.Now(); d.proxy.Connections() > 0; runtime.Gosched() {
		if time.Since(began) > patient {
			t.Fatalf("%d connections are open", d.proxy.Connections())
		}
	}
	d.quiet(t)
}

// soaking says that the long tests are wanted.
func soaking() bool { return os.Getenv("MAITRED_SOAK") != "" }

// boundaries are those of a commit that are tried: all of them in a soak, else
// the first, the last and every so many between, beginning elsewhere for each kind.
func boundaries(messages, offset int) (all []int) {
	const every = 7
	for n := range messages + 1 {
		if soaking() || n == 0 || n >= messages-1 || (n+offset)%every == 0 {
			all = append(all, n)
		}
	}
	return all
}

// TestFaultsAtEveryMessage breaks the connection at each boundary between two
// messages of a commit, in each direction and in each way: no acknowledged change is
// lost, none has two effects, and whoever is told that something is not so can rely on
// it.
func TestFaultsAtEveryMessage(t *testing.T) {
	s := newShore(t, pgtest.Database(t))
	var all []crossing
	for i, w := range wishes {
		way := w.messages(t, s)
		if least := 15; way[pgtest.ToServer] < least || way[pgtest.ToClient] < least {
			t.Fatalf("%s: %d messages to the server and %d back, want at least %d each: nothing would be broken", w.name, way[0], way[1], least)
		}
		for j, f := range faults {
			if f.outlast && !soaking() {
				n := way[pgtest.ToServer] / 2
				all = append([]crossing{{wish: w, fault: f, dir: pgtest.ToServer, after: n}}, all...) // takes longest
				continue
			}
			for _, n := range boundaries(way[pgtest.ToServer], i+2*j) {
				if f.stall && n == way[pgtest.ToServer] {
					continue // nothing is left to be held back
				}
				all = append(all, crossing{wish: w, fault: f, dir: pgtest.ToServer, after: n})
			}
			for _, n := range boundaries(way[pgtest.ToClient]-1, i+2*j+1) {
				all = append(all, crossing{wish: w, fault: f, dir: pgtest.ToClient, after: n})
			}
		}
	}
	t.Logf("%d crossings", len(all))
	// Several at a time: most of what they do is to wait.
	room := make(chan struct{}, 24)
	var running sync.WaitGroup
	for _, c := range all {
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			t.Run(c.String(), func(t *testing.T) { c.play(&trial{T: t, wish: c.wish}, s) })
		})
	}
	running.Wait()
}
