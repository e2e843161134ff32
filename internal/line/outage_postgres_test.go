package line_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// holdRow takes the lock of the restaurant as a client of the database's own would,
// until the returned function lets it go.
func (s *shore) holdRow(t testing.TB, id seating.RestaurantID) (release func()) {
	t.Helper()
	conn := s.db.Connect(t)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM restaurant_state WHERE restaurant_id = $1 FOR NO KEY UPDATE", id.String()); err != nil {
		t.Fatalf("lock: %v", err)
	}
	return func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) } // the server may be gone, and the lock with it
}

// waits waits until so many backends of the engine wait for a lock.
func (d *distant) waits(t testing.TB, backends int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	for n := 0; n < backends; {
		err := d.shore.watch.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'", d.name).Scan(&n)
		if err != nil {
			t.Fatalf("backends of %s: %v", d.name, err)
		}
	}
}

// outcome is what a client was told.
type outcome struct {
	answer  line.Answer
	refusal *seating.Error
}

// during sends a wish, lets something happen while its commit waits in the
// database, and returns what the client was told. happens is given what makes the
// client leave.
func (d *distant) during(t testing.TB, w wish, happens func(leave func())) outcome {
	t.Helper()
	release := d.shore.holdRow(t, d.id)
	ctx, leave := context.WithTimeout(t.Context(), patient)
	defer leave()
	told := make(chan outcome, 1)
	go func() {
		a, err := d.request(ctx, w.request())
		told <- outcome{a, err}
	}()
	d.waits(t, 1)
	happens(leave)
	release()
	return <-told
}

// trial is a scenario for a commit of one way.
type trial struct {
	*testing.T
	wish wish
}

// each runs a scenario for a commit of each way.
func each(t *testing.T, scenario func(t *trial)) {
	t.Helper()
	for _, w := range []wish{plainly, lockedFirst} {
		t.Run(w.name, func(t *testing.T) { scenario(&trial{T: t, wish: w}) })
	}
}

// dear is each for a scenario that takes seconds: one way will do unless it is to
// soak.
func dear(t *testing.T, way wish, scenario func(t *trial)) {
	t.Helper()
	if soaking() {
		each(t, scenario)
		return
	}
	t.Run(way.name, func(t *testing.T) { scenario(&trial{T: t, wish: way}) })
}

var plainly, lockedFirst = wishes[0], wishes[3]

// A commit that has reached the database waits there while its client is gone, and
// goes on when the client has sent it once more: one of the two takes effect.
func TestFaultCommitsLate(t *testing.T) {
	s := newShore(t, pgtest.Database(t))
	for _, w := range wishes[:3] {
		t.Run(w.name, func(t *testing.T) {
			way := w.messages(t, s)
			d := s.distant(t, w.locked)
			release := s.holdRow(t, d.id)
			d.proxy.Arm(pgtest.Cut{Dir: pgtest.ToServer, After: way[pgtest.ToServer], From: w.begins(), Half: true})
			told := make(chan outcome, 1)
			go func() {
				a, err := d.request(t.Context(), w.request())
				told <- outcome{a, err}
			}()
			<-d.proxy.Cut()
			d.waits(t, 2)
			release()
			o := <-told
			if o.refusal != nil {
				t.Errorf("the request = %v, want granted: sent twice, and one was committed", o.refusal)
			}
			w.settled(t, d, o.answer, o.refusal, true)
		})
	}
}

// The server crashes at the moment of a commit, and comes back.
func TestFaultServerCrashes(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	each(t, func(t *trial) {
		db := c.Database(t)
		s := newShore(t, db)
		d := s.distant(t, t.wish.locked)
		kept, err := d.request(t.Context(), line.Request{Command: hold(4, 4, 4), Actor: ben, Key: "kept", Fingerprint: "f", Status: 201})
		if err != nil {
			t.Fatalf("hold = %v, want granted", err)
		}
		o := d.during(t, t.wish, func(func()) {
			c.StopImmediate(t)
			c.Restart(t)
		})
		s.again(t, db)
		d.base = kept.Result.Version.N
		if h, _, err := s.store.Load(t.Context(), d.id); err != nil || h.Hold(housetest.Hold(4)) == nil || h.Version < d.base {
			t.Errorf("Load = %v, %v, want the hold that was acknowledged before the crash", h, err)
		}
		t.Logf("told %v", o.refusal)
		t.wish.settled(t, d, o.answer, o.refusal, true)
	})
}

// The server is replaced by its standby at the moment of a commit; the standby has
// everything that was acknowledged.
func TestFaultPromotion(t *testing.T) {
	dear(t, plainly, func(t *trial) {
		primary := pgtest.Start(t, pgtest.Options{})
		db := primary.Database(t)
		s := newShore(t, db)
		d := s.distant(t, t.wish.locked)
		standby := primary.Standby(t)
		epoch := d.house(t).Epoch
		o := d.during(t, t.wish, func(func()) {
			primary.StopImmediate(t)
			standby.Promote(t)
			d.proxy.Target(t, standby.Same(db).URL)
		})
		s.again(t, standby.Same(db))
		if h, _, err := s.store.Load(t.Context(), d.id); err != nil || h.Version < d.base || h.Epoch != epoch {
			t.Errorf("Load = %v, %v, want what was acknowledged before the promotion, in the same epoch", h, err)
		}
		t.Logf("told %v", o.refusal)
		t.wish.settled(t, d, o.answer, o.refusal, true)
	})
}

// The standby that takes over has not received what was acknowledged last: nobody
// can keep it, but nobody may go on as if it were there. What is asked at the moment
// of the failover is decided in a new epoch, on what the standby has.
func TestFaultPromotionThatLosesCommits(t *testing.T) {
	dear(t, lockedFirst, func(t *trial) {
		primary := pgtest.Start(t, pgtest.Options{})
		db := primary.Database(t)
		s := newShore(t, db)
		d := s.distant(t, t.wish.locked)
		d.houses = live.New(d.store, live.Config{Shared: true, Monotonic: d.monotonic, OnLost: func(id seating.RestaurantID) { d.lines.OnLost(id) }})
		d.lines = line.New(d.store, d.houses, line.Config{NewID: newID})
		t.Cleanup(d.lines.Close)
		if t.wish.locked {
			line.Contend(d.lines, d.id)
		}
		d.house(t)
		standby := primary.Standby(t)
		standby.StopReceiving(t)
		seen := d.ok(t, ben, hold(4, 4, 4)).Result.Version
		o := d.during(t, t.wish, func(func()) {
			primary.StopImmediate(t)
			standby.Promote(t)
			d.proxy.Target(t, standby.Same(db).URL)
		})
		s.again(t, standby.Same(db))
		again, err := d.request(t.Context(), t.wish.request())
		if err != nil {
			t.Fatalf("asked again = %v (first %v), want granted", err, o.refusal)
		}
		if o.refusal == nil && again.Result.Version != o.answer.Result.Version {
			t.Errorf("asked again = %s, want the answer of the first time, %s", again.Result.Version, o.answer.Result.Version)
		}
		if n := d.stored(t, t.wish.c.Name()); n != 1 {
			t.Errorf("the command is stored %d times, want once", n)
		}
		h, _, errLoad := s.store.Load(t.Context(), d.id)
		if errLoad != nil || h.Epoch == seen.Epoch || h.Hold(housetest.Hold(4)) != nil || h.Hold(housetest.Hold(2)) == nil {
			t.Errorf("Load = %v, %v, want a new epoch with the second hold and without the one that is lost", h, errLoad)
		}
		_, err = d.request(t.Context(), line.Request{Command: hold(5, 3, 3), Actor: anna, Status: 201, IfMatch: &seen})
		if err == nil || err.Code != seating.CodeStaleContext || err.Details.Reason != "too_old" {
			t.Errorf("hold with a version of the lost past = %v, want STALE_CONTEXT, too_old", err)
		}
		d.ok(t, anna, hold(5, 3, 4)) // the table of the hold that is lost
	})
}

// The server stops answering at the moment of a commit and goes on some time after
// the client has left.
func TestFaultServerHangs(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	each(t, func(t *trial) {
		d := newShore(t, c.Database(t)).distant(t, t.wish.locked)
		release := d.shore.holdRow(t, d.id)
		ctx, leave := context.WithTimeout(t.Context(), patient)
		defer leave()
		told := make(chan outcome, 1)
		go func() {
			a, err := d.request(ctx, t.wish.request())
			told <- outcome{a, err}
		}()
		d.waits(t, 1)
		c.Pause()
		leave()
		o := <-told
		c.Resume()
		release()
		if o.refusal == nil || !o.refusal.Details.Unknown {
			t.Errorf("while the server hangs the client is told %v, want an unknown outcome", o.refusal)
		}
		t.wish.settled(t, d, o.answer, o.refusal, false)
	})
}

// The disk of the server is full: commands are refused, definitely, until there is
// room again.
func TestFaultDiskIsFull(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{Disk: true})
	each(t, func(t *trial) {
		d := newShore(t, c.Database(t)).distant(t, t.wish.locked)
		restore := c.FullDisk(t)
		granted := 0
		var refusal *seating.Error
		var failed line.Request
		for ; refusal == nil && granted < 5000; granted++ { // until no page has room for more
			var command decide.Command = decide.Assign{Booking: housetest.Booking(4), Tables: housetest.Tables(4)}
			if granted%2 == 1 {
				command = decide.Unassign{Booking: housetest.Booking(4)}
			}
			failed = line.Request{Command: command, Actor: cleo, Key: fmt.Sprint("fill-", granted), Fingerprint: "fill", Status: 200}
			_, refusal = d.request(t.Context(), failed)
		}
		granted--
		if refusal == nil || refusal.Code != seating.CodeUnavailable || refusal.Details.Unknown {
			t.Fatalf("with a full disk command %d is answered with %v, want UNAVAILABLE, definitely", granted, refusal)
		}
		t.Logf("%d commands found room", granted)
		if n := d.stored(t, "assign") + d.stored(t, "unassign"); n != granted {
			t.Errorf("%d commands are stored, want the %d that were granted", n, granted)
		}
		restore()
		if a, err := d.request(t.Context(), failed); err != nil || a.Replayed {
			t.Errorf("the command that was refused = %+v, %v, want it granted now", a, err)
		}
		d.base = d.house(t).Version
		answer, refusal := d.request(t.Context(), t.wish.request())
		t.wish.settled(t, d, answer, refusal, true)
	})
}

// Somebody holds the lock of the restaurant and does not let go: commands are
// refused when a lock has been waited for as long as one is, readers notice nothing,
// and all is well when it goes.
func TestFaultLockIsStuck(t *testing.T) {
	s := newShore(t, pgtest.Database(t))
	each(t, func(t *trial) {
		d := s.distant(t, t.wish.locked)
		release := s.holdRow(t, d.id)
		began := time.Now()
		answer, refusal := d.request(t.Context(), t.wish.request())
		took := time.Since(began)
		if refusal == nil || refusal.Code != seating.CodeUnavailable || refusal.Details.Unknown || refusal.Details.RetryAfter == 0 {
			t.Errorf("the request = %v, want UNAVAILABLE with Retry-After, definitely", refusal)
		}
		if most := definiteWithin; took > most {
			t.Errorf("the refusal took %v, want at most %v", took, most)
		}
		if h, err := d.houses.Proved(t.Context(), d.id); err != nil || h.Version != d.base {
			t.Errorf("Proved = %v, %v, want it to work beside the lock", h, err)
		}
		if !t.wish.locked {
			d.refused(t, ben, hold(9, 3, 1), seating.CodeHoldConflict) // proved by a read
		}
		release()
		t.wish.settled(t, d, answer, refusal, true)
	})
}

// definiteWithin is what a caller waits for a lock, two seconds, with room for a
// machine that is busy.
const definiteWithin = 5 * time.Second

// stopper is a store whose client is stopped, as by SIGSTOP, while it has the lock.
type stopper struct {
	store.Seating
	once     sync.Once
	has, run chan struct{} // it has the lock; it may go on
}

func (s *stopper) CommitLocked(ctx context.Context, id seating.RestaurantID, after int64, ask store.Ask, decide func(store.Locked) (store.Batch, error)) (store.Committed, error) {
	return s.Seating.CommitLocked(ctx, id, after, ask, func(l store.Locked) (store.Batch, error) {
		s.once.Do(func() {
			close(s.has)
			<-s.run
		})
		return decide(l)
	})
}

// stop stops a process while it has the lock of a restaurant, until run is called,
// which returns what the client of its command was told.
func (d *distant) stop(t *testing.T) (run func() outcome) {
	t.Helper()
	at := &stopper{Seating: d.store, has: make(chan struct{}), run: make(chan struct{})}
	d.lines = line.New(at, d.houses, line.Config{NewID: newID})
	goOn := sync.OnceFunc(func() { close(at.run) })
	t.Cleanup(func() {
		goOn()
		d.lines.Close()
	})
	line.Contend(d.lines, d.id)
	told := make(chan outcome, 1)
	go func() {
		a, err := d.request(t.Context(), keyed("k", "hold", hold(2, 2, 2)))
		told <- outcome{a, err}
	}()
	<-at.has
	return func() outcome {
		goOn()
		return <-told
	}
}

// A process is stopped while it has the lock of a restaurant: the database takes it
// away within some two seconds, others go on, and what the stopped one had decided is
// not committed when it wakes.
func TestFaultProcessStopsWithTheLock(t *testing.T) {
	t.Run("another wants the restaurant", func(t *testing.T) {
		s := newShore(t, pgtest.Database(t))
		stopped, other := s.distant(t, true), s.distant(t, false)
		rival := &restaurant{stack: other.stack, id: stopped.id}
		rival.house(t)
		run := stopped.stop(t)
		began, tries := time.Now(), 0
		for ; ; tries++ {
			_, err := rival.do(t.Context(), ben, hold(3, 3, 2))
			if err == nil {
				break
			}
			if err.Code != seating.CodeUnavailable || err.Details.Unknown || tries > 2 {
				t.Fatalf("the other process: try %d = %v, want granted, or UNAVAILABLE for some two seconds", tries, err)
			}
		}
		if took := time.Since(began); took > 2*definiteWithin {
			t.Errorf("the house was shut for %v", took)
		}
		t.Logf("the house was shut for %v, %d commands were refused", time.Since(began), tries)
		o := run()
		if o.refusal == nil || o.refusal.Details.Unknown || o.refusal.Code != seating.CodeUnavailable && o.refusal.Code != seating.CodeHoldConflict {
			t.Errorf("the process that was stopped = %v, want its hold refused, definitely", o.refusal)
		}
		if _, err := stopped.request(t.Context(), keyed("k", "hold", hold(2, 2, 2))); err == nil || err.Code != seating.CodeHoldConflict {
			t.Errorf("asked again = %v, want HOLD_CONFLICT", err)
		}
		if n := stopped.stored(t, "hold"); n != 1 {
			t.Errorf("%d holds are stored since, want the other process's alone", n)
		}
	})
	t.Run("nobody does", func(t *testing.T) {
		stopped := newShore(t, pgtest.Database(t)).distant(t, true)
		run := stopped.stop(t)
		began := time.Now()
		stopped.quiet(t)
		if took := time.Since(began); took > 2*definiteWithin {
			t.Errorf("the lock was held for %v", took)
		}
		o := run()
		if o.refusal != nil && (o.refusal.Details.Unknown || o.refusal.Code != seating.CodeUnavailable) {
			t.Errorf("the process that was stopped = %v, want granted or UNAVAILABLE, definitely", o.refusal)
		}
		wish{name: "hold", key: "k", c: hold(2, 2, 2)}.settled(t, stopped, o.answer, o.refusal, true)
	})
}
