package line_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

// door stands between a process and the database it is connected to, which may be
// swapped for another one, as by a failover. It counts, and it can shut.
type door struct {
	to     atomic.Pointer[sqlite.Store]
	moved  atomic.Int64 // commits that were overtaken
	proves atomic.Int64
	shut   atomic.Bool  // States is not answered
	full   atomic.Int64 // so many commits find the disk full
	// between happens before a commit reaches the database, unless the lock is taken
	// first.
	between func()
}

func (d *door) Load(ctx context.Context, id seating.RestaurantID) (h *house.House, now servicetime.Instant, err error) {
	return d.to.Load().Load(ctx, id)
}

func (d *door) Journal(ctx context.Context, id seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	return d.to.Load().Journal(ctx, id, after, limit)
}

func (d *door) States(ctx context.Context, ids []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	if d.shut.Load() {
		return nil, store.ErrUnavailable
	}
	return d.to.Load().States(ctx, ids)
}

func (d *door) Prove(ctx context.Context, id seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	d.proves.Add(1)
	return d.to.Load().Prove(ctx, id, ask)
}

func (d *door) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if d.between != nil {
		d.between()
	}
	if d.full.Add(-1) >= 0 {
		return store.Committed{}, store.ErrUnavailable
	}
	done, err := d.to.Load().Commit(ctx, b)
	d.note(err)
	return done, err
}

func (d *door) CommitLocked(ctx context.Context, id seating.RestaurantID, after int64, ask store.Ask, decide func(store.Locked) (store.Batch, error)) (store.Committed, error) {
	done, err := d.to.Load().CommitLocked(ctx, id, after, ask, decide)
	d.note(err)
	return done, err
}

func (d *door) note(err error) {
	if _, ok := errors.AsType[*store.MovedError](err); ok {
		d.moved.Add(1)
	}
}

// process is a whole engine of its own on a file that others have open as well.
type process struct {
	*stack
	door  *door
	told  atomic.Int64 // losses
	idle  atomic.Bool  // and nothing is done about them beside commands
	heard chan live.Changed
}

// openFile opens a database for one process.
func openFile(t *testing.T, path string, clock *storetest.Clock) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: clock.Now})
	if err != nil {
		t.Fatalf("sqlite.Open: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

// newProcess starts an engine on the file. mono is its monotonic clock; nil: that
// of the test's own time.
func newProcess(t *testing.T, path string, clock *storetest.Clock, mono func() time.Duration) *process {
	t.Helper()
	p := &process{stack: &stack{clock: clock}, door: &door{}, heard: make(chan live.Changed, 10_000)}
	db := openFile(t, path, clock)
	p.store, p.sqlite = db, db
	p.door.to.Store(db)
	p.houses = live.New(p.door, live.Config{Shared: true, Monotonic: mono, OnLost: func(id seating.RestaurantID) {
		p.told.Add(1)
		if !p.idle.Load() {
			p.lines.OnLost(id)
		}
	}})
	p.houses.OnChange(func(c live.Changed) { p.heard <- c })
	p.lines = line.New(p.door, p.houses, line.Config{NewID: newID, OnBatch: func(b line.BatchDone) {
		p.batch.Add(1)
		if b.Locked {
			p.locked.Add(1)
		}
	}})
	t.Cleanup(func() { p.lines.Close() })
	return p
}

// at is the process at a restaurant.
func (p *process) at(id seating.RestaurantID) *restaurant { return &restaurant{stack: p.stack, id: id} }

// wait waits until a change of the restaurant leads to a version.
func (p *process) wait(t *testing.T, version int64) live.Changed {
	t.Helper()
	for {
		select {
		case c := <-p.heard:
			if c.To.N >= version {
				return c
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("version %d did not come", version)
		}
	}
}

// beside runs the houses of the process until the test ends.
func (p *process) beside(t *testing.T, run func(context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// pair is two processes on one file, and a restaurant there.
func pair(t *testing.T, edit func(*house.State), mono func() time.Duration) (a, b *process, id seating.RestaurantID) {
	t.Helper()
	clock := storetest.NewClock()
	clock.Set(housetest.At("11:00"))
	path := filepath.Join(t.TempDir(), "maitred.db")
	a = newProcess(t, path, clock, mono)
	id = a.restaurant(t, "pair", edit).id
	return a, newProcess(t, path, clock, mono), id
}

// fight gives n assignments to two processes in turn, four at a time on each, and
// demands that every one is granted: none can hurt another.
func fight(t *testing.T, a, b *process, id seating.RestaurantID, n int) {
	t.Helper()
	sides := []*restaurant{a.at(id), b.at(id)}
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range n {
			next <- i
		}
	}()
	for who, err := range atOnce(8, func(who int) *seating.Error {
		for i := range next {
			c := decide.Assign{Booking: housetest.Booking(i + 1), Tables: housetest.Tables(5)}
			if _, err := sides[who%2].do(t.Context(), anna, c); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("a command of %d = %v, want granted", who, err)
			drain(next)
		}
	}
	if a.told.Load()+b.told.Load() > 0 {
		t.Error("commits are taken for lost")
	}
	if h, err := a.houses.Proved(t.Context(), id); err != nil || int(h.Version) != n+1 {
		t.Errorf("Proved = version %d, %v, want version %d", versionOf(h), err, n+1)
	}
	a.at(id).verified(t)
}

// versionOf a house that may not be there.
func versionOf(h *house.House) int64 {
	if h == nil {
		return 0
	}
	return h.Version
}

// drain takes what nobody else takes any more.
func drain(c <-chan int) {
	for range c {
		continue
	}
}

// Two processes fight over one restaurant: UNAVAILABLE means that the store is
// down, never that others were faster.
func TestTwoProcessesOnOneFileFight(t *testing.T) {
	commands := 300
	if racing {
		commands = 120
	}
	t.Run("as it comes", func(t *testing.T) {
		a, b, id := pair(t, daily(commands), nil)
		a.beside(t, a.houses.Run)
		b.beside(t, b.houses.Run)
		began := time.Now()
		fight(t, a, b, id, commands)
		took := time.Since(began)
		moved := a.door.moved.Load() + b.door.moved.Load()
		t.Logf("%d commits were overtaken in %v; %d of %d passes took the lock first", moved, took, a.locked.Load()+b.locked.Load(), a.batch.Load()+b.batch.Load())
		// Within a second each process is overtaken twice at most: then it takes the
		// lock for five.
		if limit := 4 * (1 + int64(took/time.Second)); moved > limit {
			t.Errorf("%d commits were overtaken in %v, want at most %d", moved, took, limit)
		}
	})
	// A rival that is quicker at every commit: without the lock no command would ever
	// get through.
	t.Run("against one that is always quicker", func(t *testing.T) {
		a, b, id := pair(t, daily(commands), nil)
		mine, theirs := a.at(id), b.at(id)
		rivals := commands / 2
		a.door.between = func() {
			rivals++
			theirs.ok(t, ben, decide.Assign{Booking: housetest.Booking(rivals), Tables: housetest.Tables(5)})
		}
		began := time.Now()
		for n := range commands / 2 {
			mine.ok(t, anna, decide.Assign{Booking: housetest.Booking(n + 1), Tables: housetest.Tables(5)})
		}
		took := time.Since(began)
		moved := a.door.moved.Load()
		t.Logf("%d commits were overtaken in %v; %d of %d passes took the lock first", moved, took, a.locked.Load(), a.batch.Load())
		if limit := 2 * (1 + int64(took/(5*time.Second))); moved < 2 || moved > limit {
			t.Errorf("%d commits were overtaken in %v, want 2 and no more than %d", moved, took, limit)
		}
		mine.verified(t)
	})
	t.Run("lock first", func(t *testing.T) {
		a, b, id := pair(t, daily(commands), nil)
		line.Contend(a.lines, id)
		line.Contend(b.lines, id)
		fight(t, a, b, id, commands)
		if moved := a.door.moved.Load() + b.door.moved.Load(); moved > 0 {
			t.Errorf("%d commits under the lock were overtaken, want none", moved)
		}
	})
}

// A restaurant is contended for five seconds once its line was overtaken twice
// within one.
func TestContended(t *testing.T) {
	var passed time.Duration
	a, b, id := pair(t, daily(40), func() time.Duration { return passed })
	mine, theirs := a.at(id), b.at(id)
	n := 0
	// overtaken gives the line a command; another process comes in between, unless
	// the lock is taken first.
	overtaken := func(want int64) {
		t.Helper()
		before := a.door.moved.Load()
		n++
		between := n
		a.door.between = func() {
			a.door.between = nil
			n++
			theirs.ok(t, ben, decide.Assign{Booking: housetest.Booking(between), Tables: housetest.Tables(5)})
		}
		mine.ok(t, ben, decide.Assign{Booking: housetest.Booking(20 - n), Tables: housetest.Tables(5)})
		a.door.between = nil
		if got := a.door.moved.Load() - before; got != want {
			t.Errorf("at %v the line was overtaken %d times, want %d", passed, got, want)
		}
	}
	mine.house(t)
	for _, tt := range []struct {
		at   time.Duration
		lost bool // the line is overtaken then
		want bool
	}{
		{at: 0, lost: true},
		{at: time.Second + 1, lost: true}, // too late to be the second
		{at: 2*time.Second + 1, lost: true, want: true},
		{at: 7 * time.Second, want: true},
		{at: 7*time.Second + 1},
	} {
		passed = tt.at
		if tt.lost {
			overtaken(1)
		}
		if got := line.Contended(a.lines, id); got != tt.want {
			t.Errorf("contended at %v = %t, want %t", tt.at, got, tt.want)
		}
	}
	passed = 2*time.Second + 2
	locked := a.locked.Load()
	theirs.ok(t, ben, decide.Assign{Booking: housetest.Booking(20), Tables: housetest.Tables(5)})
	overtaken(0)
	if got := a.locked.Load() - locked; got != 1 {
		t.Errorf("%d passes took the lock first, want one", got)
	}
	// However slow everything is, a batch that was overtaken twice is not overtaken a
	// third time.
	passed = time.Hour
	moved := a.door.moved.Load()
	a.door.between = func() {
		passed += 2 * time.Second
		n++
		theirs.ok(t, ben, decide.Assign{Booking: housetest.Booking(n), Tables: housetest.Tables(5)})
	}
	mine.ok(t, ben, decide.Assign{Booking: housetest.Booking(40), Tables: housetest.Tables(5)})
	a.door.between = nil
	if got := a.door.moved.Load() - moved; got != 2 {
		t.Errorf("a batch was overtaken %d times, want 2", got)
	}
	theirs.ok(t, ben, decide.Assign{Booking: housetest.Booking(39), Tables: housetest.Tables(5)})
	mine.ok(t, ben, decide.Assign{Booking: housetest.Booking(38), Tables: housetest.Tables(5)})
	// What others had committed is told as theirs, the rest as one's own, in order.
	var last []live.Changed
	for len(a.heard) > 0 {
		last = append(last, <-a.heard)
	}
	last = last[len(last)-2:]
	if last[0].Local || !last[1].Local || last[0].To != last[1].From || len(last[0].Touched) != 1 || len(last[1].Touched) != 1 {
		t.Errorf("told %+v, want the other's change and then the own one", last)
	}
}

// If-Match is judged under the lock on what the lock shows: what others have
// touched since counts, and a version that this process did not know yet is known.
func TestIfMatchUnderTheLock(t *testing.T) {
	a, b, id := pair(t, rivals(6), nil)
	line.Contend(a.lines, id)
	mine, theirs := a.at(id), b.at(id)
	seen := mine.house(t).Public()
	theirs.ok(t, ben, hold(1, 1, 1))
	ask := func(n, table int, v seating.Version) *seating.Error {
		_, err := mine.request(t.Context(), line.Request{Command: hold(n, n, table), Actor: anna, Status: 201, IfMatch: &v})
		return err
	}
	if err := ask(2, 1, seen); err == nil || err.Code != seating.CodeStaleContext || err.Details.Reason != "changed" || len(err.Details.Changed) != 1 {
		t.Errorf("hold of the table that was taken since = %v, want STALE_CONTEXT with the change", err)
	}
	theirs.ok(t, ben, hold(3, 3, 7)) // which the caller has seen
	theirs.ok(t, ben, decide.ReleaseHold{Hold: housetest.Hold(3)})
	ahead := theirs.house(t).Public()
	passes := a.batch.Load()
	if err := ask(4, 7, ahead); err != nil || a.batch.Load() != passes+1 {
		t.Errorf("hold with a version of the other process = %v in %d passes, want granted in one", err, a.batch.Load()-passes)
	}
	theirs.refused(t, ben, hold(5, 5, 7), seating.CodeHoldConflict)
	if err := ask(5, 8, seating.Version{Epoch: ahead.Epoch, N: ahead.N + 10}); err == nil || err.Code != seating.CodeStaleContext || err.Details.Reason != "too_old" {
		t.Errorf("hold with a version of the future = %v, want STALE_CONTEXT", err)
	}
	mine.verified(t)
}

// What the lock shows is a proof: refusals, replays and facts need no other read.
func TestTheLockIsAProof(t *testing.T) {
	// Time stands still: a house that was not proved for a second would be now.
	a, b, id := pair(t, rivals(6), func() time.Duration { return 0 })
	line.Contend(a.lines, id)
	mine, theirs := a.at(id), b.at(id)
	mine.house(t)
	theirs.ok(t, ben, hold(1, 1, 1))
	theirs.ok(t, ben, hold(2, 2, 2))
	theirs.ok(t, ben, decide.ReleaseHold{Hold: housetest.Hold(2)})
	if _, err := theirs.request(t.Context(), keyed("k", "hold", hold(3, 3, 2))); err != nil {
		t.Fatalf("hold = %v", err)
	}
	a.door.proves.Store(0)
	mine.refused(t, anna, hold(4, 4, 1), seating.CodeHoldConflict)
	mine.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(2)}, seating.CodeHoldEnded)
	mine.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(99)}, seating.CodeNotFound)
	if answer, err := mine.request(t.Context(), keyed("k", "hold", hold(3, 3, 2))); err != nil || !answer.Replayed {
		t.Errorf("retry = %+v, %v, want the answer that the other process gave", answer, err)
	}
	if n := a.door.proves.Load(); n != 0 {
		t.Errorf("%d proofs beside the lock, want none", n)
	}
}

// When nothing was to be written, nothing was, and that is no unknown outcome.
func TestNothingToWriteIsNeverUnknown(t *testing.T) {
	s := newStack(t)
	r := s.restaurant(t, "nothing", rivals(2))
	r.ok(t, anna, hold(1, 1, 1))
	s.behind(t, func(int) (bool, bool) { return true, false })
	line.Contend(s.lines, r.id)
	if err := r.refused(t, ben, hold(2, 2, 1), seating.CodeUnavailable); err.Details.Unknown {
		t.Errorf("a refusal whose proof was lost = %v, want a definite answer", err)
	}
}

// A journal that does not lead on under the lock: the house is loaded and the
// command decided again.
func TestAReloadUnderTheLock(t *testing.T) {
	a, b, id := pair(t, rivals(6), nil)
	line.Contend(a.lines, id)
	mine, theirs := a.at(id), b.at(id)
	mine.house(t)
	theirs.ok(t, ben, hold(1, 1, 1))
	h := theirs.house(t)
	big := storetest.ChangeOn(h, seating.Operator(), a.clock.Instant(), "huge",
		house.Rows{Closures: &[]servicetime.Closure{{From: housetest.Friday.AddDays(200), To: housetest.Friday.AddDays(200), Reason: strings.Repeat("x", 256<<10)}}}, seating.AspectPolicy)
	if _, err := b.store.Commit(t.Context(), store.Batch{Restaurant: id, Changes: []*house.Change{big}}); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	mine.refused(t, anna, hold(2, 2, 1), seating.CodeHoldConflict)
	mine.ok(t, anna, hold(3, 3, 2))
	mine.verified(t)
}

// K02: what one process commits the other serves within a second, by whatever
// means are left.
func TestK02_OneProcessSeesWhatTheOtherCommits(t *testing.T) {
	t.Run("by the poll", func(t *testing.T) {
		a, b, id := pair(t, rivals(6), nil)
		a.beside(t, a.houses.Run)
		defer a.houses.Watch(id)()
		a.at(id).house(t)
		v := b.at(id).ok(t, ben, hold(1, 1, 1)).Result.Version
		if c := a.wait(t, v.N); c.Local {
			t.Errorf("told %+v, want it not local", c)
		}
		if h := a.at(id).house(t); h.Hold(housetest.Hold(1)) == nil {
			t.Error("the hold is not served")
		}
	})
	t.Run("by a notification, the poll being dead", func(t *testing.T) {
		a, b, id := pair(t, rivals(6), nil)
		a.door.shut.Store(true)
		wire := newSignals()
		from := notify.New(wire.end(), notify.Config{})
		b.houses.OnChange(func(c live.Changed) {
			if c.Local {
				from.Tell(c.Restaurant)
			}
		})
		to := wire.end()
		a.beside(t, a.houses.Run)
		a.beside(t, notify.New(to, notify.Config{OnMoved: a.houses.Moved}).Run)
		b.beside(t, from.Run)
		<-to.ready
		a.at(id).house(t)
		v := b.at(id).ok(t, ben, hold(1, 1, 1)).Result.Version
		a.wait(t, v.N)
		if h := a.at(id).house(t); h.Hold(housetest.Hold(1)) == nil {
			t.Error("the hold is not served")
		}
	})
	t.Run("by a proof, poll and notifications being dead", func(t *testing.T) {
		var passed time.Duration
		a, b, id := pair(t, rivals(6), func() time.Duration { return passed })
		a.at(id).house(t)
		b.at(id).ok(t, ben, hold(1, 1, 1))
		if h := a.at(id).house(t); h.Hold(housetest.Hold(1)) != nil || a.door.proves.Load() > 0 {
			t.Errorf("Get within a second = version %d after %d proofs, want the house in memory", h.Version, a.door.proves.Load())
		}
		passed = time.Second + 1
		if h := a.at(id).house(t); h.Hold(housetest.Hold(1)) == nil || a.door.proves.Load() != 1 {
			t.Errorf("Get after a second = version %d after %d proofs, want the hold and one proof", h.Version, a.door.proves.Load())
		}
	})
}

// signals carries notifications between the processes of a test.
type signals struct {
	from  *signals
	to    []chan []seating.RestaurantID // of the ends that listen; guarded by mu
	mu    sync.Mutex
	ready chan struct{} // of an end: closed when it listens
}

func newSignals() *signals { return &signals{} }

// end is one process's end of them.
func (s *signals) end() *signals { return &signals{from: s, ready: make(chan struct{})} }

func (s *signals) Notify(_ context.Context, moved []seating.RestaurantID) error {
	s.from.mu.Lock()
	defer s.from.mu.Unlock()
	for _, c := range s.from.to {
		c <- moved
	}
	return nil
}

func (s *signals) Listen(ctx context.Context, ready func(), heard func([]seating.RestaurantID)) error {
	c := make(chan []seating.RestaurantID, 1000)
	s.from.mu.Lock()
	s.from.to = append(s.from.to, c)
	s.from.mu.Unlock()
	ready()
	close(s.ready)
	for {
		select {
		case moved := <-c:
			heard(moved)
		case <-ctx.Done():
			return nil
		}
	}
}
