package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Waiter is implemented by stores whose factory can let a commit wait.
type Waiter interface {
	// Lock takes the lock that commits to a restaurant take, as somebody else, and
	// returns what lets go of it.
	Lock(t testing.TB, r seating.RestaurantID) (release func())
	// Behind begins a commit in a goroutine of its own and returns once it waits
	// behind whoever has the lock of its restaurant, or has ended. What it returned
	// comes from the channel.
	Behind(t testing.TB, commit func(ctx context.Context) error) <-chan error
}

var clockTests = []test{
	{"EveryTimeIsTheDatabasesClock", everyTimeIsTheDatabasesClock},
	{"AClockThatGoesBackMustNotStopARestaurant", aClockThatGoesBackMustNotStop},
	{"GuardsAreJudgedByTheClockOfThatMoment", guardsAreJudgedByTheClockOfThatMoment},
	{"DueWorkFollowsTheClockBothWays", dueWorkFollowsTheClock},
	{"TokensExpireByTheClockBothWays", tokensExpireByTheClock},
	{"RecordsCarryTheTimeTheyWereMade", recordsCarryTheTimeTheyWereMade},
	{"AConfirmThatWaitedMustBeJudgedAfterTheWait", func(t *testing.T, e Env) {
		// C07: the hold has half a second left when its confirm begins to wait.
		w := wait(t, e)
		confirm := func() *house.Change { return w.d.Confirm(w.booking, w.hold, w.d.Tables[0]) }
		w.late(confirm, house.GuardHoldLive)
		w.inTime(confirm)
	}},
	{"AHoldThatWaitedMustNotBeStoredDead", func(t *testing.T, e Env) {
		// H13: a hold has half a second to live when its commit begins to wait.
		w := wait(t, e)
		take := func() *house.Change {
			h := w.d.Hold(w.other)
			h.ExpiresAt = w.hold.ExpiresAt
			c := w.d.TakeHold(h, w.d.Tables[1])
			c.Guards = []house.Guard{{Kind: house.GuardBefore, Until: h.ExpiresAt}}
			return c
		}
		w.late(take, house.GuardBefore)
		w.inTime(take)
	}},
	{"ATokenThatExpiredWhileItsCommitWaitedMustFail", func(t *testing.T, e Env) {
		w := wait(t, e)
		short := store.Token{
			ID: NewID[seating.TokenID](), Restaurant: w.d.ID(), Name: "short", Role: seating.RoleHost, Hash: [32]byte{1}, HoldCap: 1,
			ExpiresAt: w.hold.ExpiresAt,
		}
		if err := e.Store.PutToken(t.Context(), short); err != nil {
			t.Fatalf("PutToken = %v", err)
		}
		step := func() *house.Change {
			c := w.d.Change("by token", house.Rows{})
			c.Guards = []house.Guard{{Kind: house.GuardAccess, Subject: "token:" + short.ID.String(), Access: 1}}
			return c
		}
		w.late(step, house.GuardAccess)
		w.inTime(step)
	}},
	{"ACommitThatWaitedTooLongMustBeDecidedAgain", func(t *testing.T, e Env) {
		w := wait(t, e)
		const second = servicetime.Instant(1_000_000)
		var decided servicetime.Instant
		step := func() *house.Change {
			decided = e.Clock.Instant()
			return w.d.Change("plain", house.Rows{})
		}
		before := w.d.Dump()
		moved := w.start() + second + 1
		_, err := w.committed(step, moved)
		clock, ok := errors.AsType[*store.ClockError](err)
		if !ok || clock.Now != moved || moved-decided <= second {
			t.Errorf("Commit that waited %d µs = %v, want *ClockError with the time it got the lock", moved-decided, err)
		}
		w.d.Unchanged(before)
		if done, err := w.committed(step, w.start()+second); err != nil || done.Now != decided+second {
			t.Errorf("Commit that waited a second = %+v, %v, want it taken at the end of the wait", done, err)
		}
	}},
	{"WhatIsShownUnderTheLockIsOfTheEndOfTheWait", func(t *testing.T, e Env) {
		w := wait(t, e)
		d := w.d
		at := w.hold.ExpiresAt
		for range tries {
			e.Clock.Set(w.start())
			var shown store.Locked
			told := w.behind(at, func(ctx context.Context) error {
				_, err := e.Store.CommitLocked(ctx, d.ID(), d.House.Version, store.Ask{}, func(l store.Locked) (store.Batch, error) {
					shown = l
					return store.Batch{}, nil
				})
				return err
			})
			if errors.Is(told, store.ErrUnavailable) {
				continue
			}
			if told != nil || shown.Now != at {
				t.Errorf("CommitLocked behind another = %v, shown the time %v, want %v", told, shown.Now, at)
			}
			return
		}
		t.Fatal("the lock was never had in time")
	}},
}

// everyTimeIsTheDatabasesClock: whatever tells a time tells the one that was set,
// to the microsecond, wherever it went before.
func everyTimeIsTheDatabasesClock(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	for _, at := range []servicetime.Instant{
		Opening + 1, Opening.Add(-time.Hour), Opening.Add(24 * time.Hour), Opening.Add(24*time.Hour) - 1,
		servicetime.InstantOf(time.Date(2027, time.March, 28, 1, 0, 0, 999_999_000, time.UTC)), // the clocks of Europe skip an hour
		servicetime.InstantOf(time.Date(2027, time.October, 31, 0, 59, 59, 1_000, time.UTC)),   // and show one twice
		servicetime.InstantOf(time.Date(2028, time.February, 29, 23, 59, 59, 999_999_000, time.UTC)), 1,
		servicetime.InstantOf(time.Date(2199, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)), Opening,
	} {
		e.Clock.Set(at)
		told := map[string]servicetime.Instant{}
		var err error
		if told["Now"], err = e.Store.Now(t.Context()); err != nil {
			t.Fatalf("Now = %v", err)
		}
		if _, told["Load"], err = e.Store.Load(t.Context(), d.ID()); err != nil {
			t.Fatalf("Load = %v", err)
		}
		for name, ask := range map[string]store.Ask{"Prove": {}, "Prove with facts": {Holds: []seating.HoldID{NewID[seating.HoldID]()}}} {
			proof, err := e.Store.Prove(t.Context(), d.ID(), ask)
			if err != nil {
				t.Fatalf("%s = %v", name, err)
			}
			told[name] = proof.Now
		}
		told["Dump"] = d.Dump().Now
		told["CommitLocked"] = d.shown(d.House.Version, store.Ask{}).Now
		told["Commit"] = d.Commit(d.Change("step", house.Rows{})).Now
		for name, now := range told {
			if now != at {
				t.Errorf("%s tells %v, want %v", name, now, at)
			}
		}
	}
}

// aClockThatGoesBackMustNotStop: commits go on whatever the clock does, and the
// time of the restaurant never runs backwards.
func aClockThatGoesBackMustNotStop(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	const hour, day = time.Hour, 24 * time.Hour
	latest := d.House.LastAt
	for i, by := range []time.Duration{time.Second, -hour, 0, time.Minute, day, -hour, -day, 2 * day, -1, 1} {
		e.Clock.Advance(by)
		now := e.Clock.Instant()
		b := d.Booking(fmt.Sprintf("B%d", i), i*60, i*60+60)
		done := d.Commit(d.Book(b))
		h := d.Hold(b)
		d.Commit(d.TakeHold(h, d.Tables[0]))
		d.passing(house.Guard{Kind: house.GuardHoldLive, Hold: h.ID})
		d.Commit(d.Release(h, seating.EndReleased, d.Tables[0]))
		latest = max(latest, now)
		if done.Now != now {
			t.Errorf("Commit after the clock went %v tells %v, want %v", by, done.Now, now)
		}
		d.Same()
		if got := d.Load().LastAt; got != latest {
			t.Errorf("LastAt after the clock went %v = %v, want %v", by, got, latest)
		}
	}
	// Not even a change that says so takes the restaurant's time back.
	back := d.Change("dated back", house.Rows{})
	back.At = Opening.Add(-hour)
	d.Commit(back)
	if got := d.Load().LastAt; got != latest {
		t.Errorf("LastAt after a change that is dated back = %v, want %v", got, latest)
	}
	d.Same()
	entries, err := e.Store.Journal(t.Context(), d.ID(), 0, 1000)
	if err != nil {
		t.Fatalf("Journal = %v", err)
	}
	for i, entry := range entries[1 : len(entries)-1] {
		if entry.At < entries[i].At {
			t.Errorf("the time of version %d is before that of version %d", entry.Version, entries[i].Version)
		}
	}
	sound(t, d)
}

// guardsAreJudgedByTheClockOfThatMoment: a hold that had lapsed is live again when
// the clock says so, and the other way round; nothing remembers what it was.
func guardsAreJudgedByTheClockOfThatMoment(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	h := d.Hold(b)
	d.Commit(d.Book(b))
	d.Commit(d.TakeHold(h, d.Tables[0]))
	live, lapsed := house.Guard{Kind: house.GuardHoldLive, Hold: h.ID}, house.Guard{Kind: house.GuardHoldLapsed, Hold: h.ID}
	before := house.Guard{Kind: house.GuardBefore, Until: h.ExpiresAt}
	for _, at := range []servicetime.Instant{
		h.ExpiresAt - 1, h.ExpiresAt.Add(24 * time.Hour), h.ExpiresAt.Add(-time.Hour), h.ExpiresAt, h.ExpiresAt - 1, h.ExpiresAt.Add(time.Hour),
	} {
		e.Clock.Set(at)
		if at < h.ExpiresAt {
			d.passing(live)
			d.passing(before)
			d.failing(lapsed)
		} else {
			d.failing(live)
			d.failing(before)
			d.passing(lapsed)
		}
		d.Same()
	}
	end := d.Release(h, seating.EndExpired, d.Tables[0])
	end.Guards = []house.Guard{lapsed}
	d.Commit(end)
	d.Same()
}

func dueWorkFollowsTheClock(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	h := d.Hold(b)
	d.Commit(d.Book(b))
	d.Commit(d.TakeHold(h, d.Tables[0]))
	want := []store.DueWork{{Restaurant: d.ID(), DueRow: house.DueRow{Subject: "hold:" + h.ID.String(), Kind: house.DueHoldExpiry, RunAt: h.ExpiresAt}}}
	for _, at := range []servicetime.Instant{
		h.ExpiresAt - 1, h.ExpiresAt, h.ExpiresAt.Add(-time.Hour), h.ExpiresAt.Add(24 * time.Hour), h.ExpiresAt - 1,
	} {
		e.Clock.Set(at)
		due, err := e.Store.Due(t.Context(), house.DueHoldExpiry, 10)
		if err != nil {
			t.Fatalf("Due = %v", err)
		}
		expected := want
		if at < h.ExpiresAt {
			expected = nil
		}
		if diff := cmp.Diff(expected, due); diff != "" {
			t.Errorf("Due %v after the expiry (-want +got):\n%s", at.Time().Sub(h.ExpiresAt.Time()), diff)
		}
	}
}

func tokensExpireByTheClock(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	short := store.Token{
		ID: NewID[seating.TokenID](), Restaurant: d.ID(), Name: "short", Role: seating.RoleHost, Hash: [32]byte{1}, HoldCap: 1, ExpiresAt: At(10),
	}
	if err := e.Store.PutToken(t.Context(), short); err != nil {
		t.Fatalf("PutToken = %v", err)
	}
	guard := house.Guard{Kind: house.GuardAccess, Subject: "token:" + short.ID.String(), Access: 1}
	for _, at := range []servicetime.Instant{At(10) - 1, At(10), At(-60), At(10 + 24*60), At(10) - 1} {
		e.Clock.Set(at)
		_, err := e.Store.TokenByHash(t.Context(), short.Hash)
		if at < short.ExpiresAt {
			if err != nil {
				t.Errorf("TokenByHash %v before it expires = %v", short.ExpiresAt.Time().Sub(at.Time()), err)
			}
			d.passing(guard)
		} else {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("TokenByHash of an expired token = %v, want ErrNotFound", err)
			}
			d.failing(guard)
		}
		if _, err := e.Store.TokenByHash(t.Context(), d.New.Token.Hash); err != nil {
			t.Errorf("TokenByHash of a token that never expires = %v", err)
		}
	}
}

// recordsCarryTheTimeTheyWereMade: what a change says of its time is kept as it is;
// what the store says is its clock's, also when that went back.
func recordsCarryTheTimeTheyWereMade(t *testing.T, e Env) {
	raw := rawOf(t, e)
	e.Clock.Set(At(-7))
	d := Plant(t, e.Store, e.Clock, "one") // says Opening, which is later
	if got := d.House.LastAt; got != At(-7) {
		t.Errorf("LastAt of a new restaurant = %v, want the store's time", got)
	}
	for i, at := range []servicetime.Instant{At(0), At(-60), At(24 * 60), At(90)} {
		e.Clock.Set(at)
		b := d.Booking(fmt.Sprintf("B%d", i), i*60, i*60+60)
		c := d.Book(b)
		c.Receipt = receipt(d, house.ReceiptKey{Principal: d.Actor.Principal, Key: b.Reference}, c)
		d.Commit(c)
		h := d.Hold(b)
		d.Commit(d.TakeHold(h, d.Tables[0]))
		release := d.Release(h, seating.EndReleased, d.Tables[0])
		d.Commit(release)

		if c.At != max(at, At(0)) && i < 2 || c.Receipt.At != at {
			t.Fatalf("the test's own times are wrong: %+v", c)
		}
		entries, err := e.Store.Journal(t.Context(), d.ID(), c.Base, 1)
		if err != nil || len(entries) != 1 || entries[0].At != c.At || entries[0].Change.Now != at {
			t.Errorf("Journal = %+v, %v, want the times of the change", entries, err)
		}
		lines, err := e.Store.History(t.Context(), d.ID(), c.History[0].Subject, 0, 1)
		if err != nil || len(lines) != 1 || lines[0].At != c.At {
			t.Errorf("History = %+v, %v, want the time of the change", lines, err)
		}
		ended, err := e.Store.EndedHold(t.Context(), d.ID(), h.ID)
		if diff := cmp.Diff(release.Rows.EndHolds[0], ended); err != nil || diff != "" {
			t.Errorf("EndedHold = %v (-want +got):\n%s", err, diff)
		}
		proof, err := e.Store.Prove(t.Context(), d.ID(), store.Ask{Keys: []house.ReceiptKey{c.Receipt.ReceiptKey}})
		if diff := cmp.Diff(*c.Receipt, proof.Receipts[c.Receipt.ReceiptKey]); err != nil || diff != "" {
			t.Errorf("receipt = %v (-want +got):\n%s", err, diff)
		}
		events, err := e.Store.OutboxRows(t.Context(), store.SinkObservability, 0, 100)
		if err != nil || len(events) != i+1 || events[i].CreatedAt != at || events[i].NextAttemptAt != at {
			t.Errorf("OutboxRows = %+v, %v, want the last to be of %v", events, err, at)
		}
		written, err := raw.RawCount(t.Context(), fmt.Sprintf("SELECT COUNT(version) FROM journal WHERE restaurant_id = '%s' AND written_at = %s", d.ID(), raw.Literal(at)))
		if err != nil || written != 3 {
			t.Errorf("%d entries were written at %v, %v, want 3", written, at, err)
		}
		d.Same()
	}
}

// tries bounds how often a wait is staged again: on a busy machine a store may have
// given up waiting before the lock is let go.
const tries = 10

// waiting is a house in which commits wait for the lock while the clock moves past
// the expiry of a hold.
type waiting struct {
	t              *testing.T
	e              Env
	waiter         Waiter
	d              *Seed
	booking, other seating.Booking
	hold           seating.Hold
}

func wait(t *testing.T, e Env) *waiting {
	t.Helper()
	waiter, ok := e.Store.(Waiter)
	if !ok {
		t.Skip("the factory cannot tell that a commit waits")
	}
	w := &waiting{t: t, e: e, waiter: waiter, d: Plant(t, e.Store, e.Clock, "one")}
	w.booking, w.other = w.d.Booking("WAITS", 0, 60), w.d.Booking("OTHER", 0, 60)
	w.d.Commit(w.d.Book(w.booking))
	w.d.Commit(w.d.Book(w.other))
	w.hold = w.d.Hold(w.booking)
	w.d.Commit(w.d.TakeHold(w.hold, w.d.Tables[0]))
	return w
}

// start is half a second before the expiry: near enough that what was decided then
// is not refused for that alone.
func (w *waiting) start() servicetime.Instant { return w.hold.ExpiresAt - 500_000 }

// behind lets a commit wait for the lock, moves the clock meanwhile, and returns
// what the commit was told.
func (w *waiting) behind(to servicetime.Instant, commit func(ctx context.Context) error) error {
	w.t.Helper()
	release := w.waiter.Lock(w.t, w.d.ID())
	told := w.waiter.Behind(w.t, commit)
	w.e.Clock.Set(to)
	release()
	return <-told
}

// committed commits a change that is decided at start and waits until the clock is
// somewhere else.
func (w *waiting) committed(change func() *house.Change, to servicetime.Instant) (done store.Committed, err error) {
	w.t.Helper()
	for range tries {
		w.e.Clock.Set(w.start())
		c := change()
		err = w.behind(to, func(ctx context.Context) (err error) {
			done, err = w.e.Store.Commit(ctx, w.d.Batch(c))
			return err
		})
		if !errors.Is(err, store.ErrUnavailable) {
			if err == nil {
				w.d.taken(c)
			}
			return done, err
		}
	}
	w.t.Fatalf("the lock was never had in time: %v", err)
	return done, err
}

// late demands that a change be refused by its guard when the clock reaches the
// expiry while it waits.
func (w *waiting) late(change func() *house.Change, kind house.GuardKind) {
	w.t.Helper()
	before := w.d.Dump()
	_, err := w.committed(change, w.hold.ExpiresAt)
	guard, ok := errors.AsType[*store.GuardError](err)
	if !ok || guard.Guard.Kind != kind || guard.Now != w.hold.ExpiresAt {
		w.t.Errorf("Commit that waited past the expiry = %v, want *GuardError of kind %s at the expiry", err, kind)
	}
	w.d.Unchanged(before)
}

// inTime demands that a change be taken when the clock is a microsecond short of
// the expiry after the wait.
func (w *waiting) inTime(change func() *house.Change) {
	w.t.Helper()
	done, err := w.committed(change, w.hold.ExpiresAt-1)
	if err != nil || done.Now != w.hold.ExpiresAt-1 {
		w.t.Errorf("Commit that waited until just before the expiry = %+v, %v, want it taken then", done, err)
	}
	w.d.Same()
}
