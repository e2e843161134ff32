package line_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

func keyed(key, fingerprint string, c decide.Command) line.Request {
	return line.Request{Command: c, Actor: anna, Key: key, Fingerprint: fingerprint, Status: 201}
}

func TestC01_LostResponseThenRetry(t *testing.T) {
	onEachStore(t, func(t *stage) {
		r := t.stack().restaurant(t, "retry", rivals(2))
		r.ok(t, anna, hold(1, 1, 1))
		first, err := r.request(t.Context(), keyed("k1", "confirm", decide.ConfirmHold{Hold: housetest.Hold(1)}))
		if err != nil {
			t.Fatalf("confirm = %v, want granted", err)
		}
		version := r.house(t).Version
		again, err := r.request(t.Context(), keyed("k1", "confirm", decide.ConfirmHold{Hold: housetest.Hold(1)}))
		if err != nil || !again.Replayed || again.Status != 201 || again.Result.Version != first.Result.Version ||
			again.Result.Assignment.Booking != housetest.Booking(1) {
			t.Errorf("retry = %+v, %v, want the stored answer %+v", again, err, first)
		}
		if r.house(t).Version != version {
			t.Error("the retry acted again")
		}
		// Even when the booking is gone the key has its answer (D32).
		r.ok(t, anna, decide.Cancel{Booking: housetest.Booking(1)})
		if again, err = r.request(t.Context(), keyed("k1", "confirm", decide.ConfirmHold{Hold: housetest.Hold(1)})); err != nil || !again.Replayed {
			t.Errorf("retry after the cancel = %+v, %v, want the stored answer", again, err)
		}
	})
}

func TestC04_KeyIsBoundToItsRequest(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r, other := s.restaurant(t, "one", rivals(2)), s.restaurant(t, "two", rivals(2))
		if _, err := r.request(t.Context(), keyed("k", "a", hold(1, 1, 1))); err != nil {
			t.Fatalf("hold = %v, want granted", err)
		}
		_, err := r.request(t.Context(), keyed("k", "b", hold(2, 2, 2)))
		if err == nil || err.Code != seating.CodeIdempotencyConflict {
			t.Errorf("same key, other request = %v, want IDEMPOTENCY_CONFLICT", err)
		}
		if a, err := other.request(t.Context(), keyed("k", "a", hold(1, 1, 1))); err != nil || a.Replayed {
			t.Errorf("same key in another restaurant = %+v, %v, want granted", a, err)
		}
		q := keyed("k", "a", hold(3, 2, 2))
		q.Actor = ben
		if a, err := r.request(t.Context(), q); err != nil || a.Replayed {
			t.Errorf("same key of another principal = %+v, %v, want granted", a, err)
		}
	})
}

// Thirty requests with one key wait while another commit is on its way, so that
// they come in one batch.
func TestC03_SameKeyAtOnceActsOnce(t *testing.T) {
	onEachStore(t, func(t *stage) {
		const callers = 30
		s := t.stack()
		r := s.restaurant(t, "twins", rivals(2))
		waiting, gate := make(chan struct{}), make(chan struct{})
		w := s.behind(t, func(n int) (bool, bool) {
			if n == 1 {
				close(waiting)
				<-gate
			}
			return true, true
		})
		version := r.house(t).Version
		var first sync.WaitGroup
		first.Go(func() { r.ok(t, ben, hold(99, 2, 2)) })
		<-waiting
		go func() {
			for line.Waiting(s.lines, r.id) < callers {
				runtime.Gosched()
			}
			close(gate)
		}()
		var replayed atomic.Int64
		for i, err := range atOnce(callers, func(i int) *seating.Error {
			a, err := r.request(t.Context(), keyed("k", "hold", hold(i+1, 1, 1)))
			if a.Replayed {
				replayed.Add(1)
			}
			return err
		}) {
			if err != nil {
				t.Errorf("caller %d = %v, want the one answer", i, err)
			}
		}
		first.Wait()
		if got := r.house(t).Version - version; got != 2 || replayed.Load() != callers-1 {
			t.Errorf("%d changes and %d replays, want 2 and %d", got, replayed.Load(), callers-1)
		}
		if w.impossible > 0 || w.commits != 2 {
			t.Errorf("%d commits, %d of them impossible, want 2 and 0", w.commits, w.impossible)
		}
		r.verified(t)
	})
}

func TestC38_RefusedKeyMayBeTriedAgain(t *testing.T) {
	onEachStore(t, func(t *stage) {
		r := t.stack().restaurant(t, "again", rivals(2))
		r.ok(t, anna, hold(1, 1, 1))
		q := keyed("k", "hold", hold(2, 2, 1))
		q.Actor = ben
		if _, err := r.request(t.Context(), q); err == nil || err.Code != seating.CodeHoldConflict {
			t.Fatalf("hold = %v, want HOLD_CONFLICT", err)
		}
		r.ok(t, anna, decide.ReleaseHold{Hold: housetest.Hold(1)})
		if a, err := r.request(t.Context(), q); err != nil || a.Replayed {
			t.Errorf("the same key after the table was freed = %+v, %v, want granted", a, err)
		}
	})
}

// A replay is found before any refusal, a spent budget and a missing object
// included.
func TestReplayComesBeforeEveryRefusal(t *testing.T) {
	onEachStore(t, func(t *stage) {
		r := t.stack().restaurant(t, "first", rivals(1))
		q := keyed("k", "hold", hold(1, 1, 1))
		if _, err := r.request(t.Context(), q); err != nil {
			t.Fatalf("hold = %v, want granted", err)
		}
		for i := range 4 {
			r.ok(t, anna, hold(i+2, 1, 2+i%2))
		}
		r.refused(t, anna, hold(9, 1, 1), seating.CodeRateLimited)
		q.IfMatch = &seating.Version{Epoch: "other", N: 1}
		if a, err := r.request(t.Context(), q); err != nil || !a.Replayed {
			t.Errorf("retry = %+v, %v, want the stored answer", a, err)
		}
	})
}

// wire stands between the lines and the store and loses answers.
type wire struct {
	store.Seating
	mu         sync.Mutex
	commits    int
	impossible int // refused by the database behind a right version
	// lose says, for the n-th commit, whether it reaches the store and whether
	// its answer comes back.
	lose func(n int) (reaches, answers bool)
	// spoil refuses a batch as the database would; nil refuses none.
	spoil func(store.Batch) error
}

func (w *wire) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	w.mu.Lock()
	w.commits++
	reaches, answers := w.lose(w.commits)
	w.mu.Unlock()
	var done store.Committed
	err := store.ErrAmbiguous
	if w.spoil != nil {
		if err := w.spoil(b); err != nil {
			return done, err
		}
	}
	if reaches {
		done, err = w.Seating.Commit(ctx, b)
		if errors.Is(err, store.ErrImpossible) {
			w.mu.Lock()
			w.impossible++
			w.mu.Unlock()
		}
	}
	if !answers {
		return store.Committed{}, fmt.Errorf("connection lost: %w", store.ErrAmbiguous)
	}
	return done, err
}

// CommitLocked is lost, or loses its answer, as a commit does. What does not reach
// the store is lost after it was decided.
func (w *wire) CommitLocked(ctx context.Context, id seating.RestaurantID, after int64, ask store.Ask, decide func(store.Locked) (store.Batch, error)) (store.Committed, error) {
	w.mu.Lock()
	w.commits++
	reaches, answers := w.lose(w.commits)
	w.mu.Unlock()
	lost := errors.New("lost on the way there")
	done, err := w.Seating.CommitLocked(ctx, id, after, ask, func(l store.Locked) (store.Batch, error) {
		b, err := decide(l)
		if err == nil && w.spoil != nil {
			err = w.spoil(b)
		}
		if err == nil && !reaches {
			err = lost
		}
		return b, err
	})
	if !answers || errors.Is(err, lost) {
		return store.Committed{}, fmt.Errorf("connection lost: %w", store.ErrAmbiguous)
	}
	if errors.Is(err, store.ErrImpossible) && w.spoil == nil {
		w.mu.Lock()
		w.impossible++
		w.mu.Unlock()
	}
	return done, err
}

func (s *stack) behind(t testing.TB, lose func(n int) (reaches, answers bool)) *wire {
	t.Helper()
	w := &wire{Seating: s.store, lose: lose}
	s.start(t, w)
	return w
}

func TestAmbiguousCommitIsSentAgainUntilDefinite(t *testing.T) {
	onEachStore(t, func(t *stage) {
		for name, lose := range map[string]func(n int) (bool, bool){
			"lost on the way there": func(n int) (bool, bool) { return n > 2, n > 2 },
			"lost on the way back":  func(n int) (bool, bool) { return true, n > 2 },
		} {
			t.Run(name, func(t *stage) {
				s := t.stack()
				r := s.restaurant(t, "lossy", rivals(2))
				w := s.behind(t, lose)
				before := r.house(t).Version
				r.ok(t, anna, hold(1, 1, 1))
				if got := r.house(t).Version - before; got != 1 || w.commits != 3 {
					t.Errorf("%d changes after %d commits, want 1 after 3", got, w.commits)
				}
				r.refused(t, ben, hold(2, 2, 1), seating.CodeHoldConflict)
				r.verified(t)
			})
		}
	})
}

// A commit whose answer was lost, and that another process has overtaken since:
// what was committed stays committed and is told so.
func TestAmbiguousCommitThatWasOvertaken(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "overtaken", rivals(3))
		other := &stack{store: s.store, clock: s.clock}
		other.start(t, s.store)
		rival := &restaurant{stack: other, id: r.id}
		s.behind(t, func(n int) (bool, bool) {
			if n == 2 {
				rival.ok(t, ben, hold(2, 2, 2))
			}
			return true, n != 1
		})
		r.house(t)
		a := r.ok(t, anna, hold(1, 1, 1))
		r.refused(t, anna, hold(3, 3, 2), seating.CodeHoldConflict)
		// Both changes are there, each once: ours and, behind it, the rival's.
		h := r.house(t)
		if h.Version != a.Result.Version.N+1 || h.Hold(housetest.Hold(1)) == nil || h.Hold(housetest.Hold(2)) == nil {
			t.Errorf("house at %d with holds %v and %v, answer at %s, want one version behind it with both", h.Version,
				h.Hold(housetest.Hold(1)), h.Hold(housetest.Hold(2)), a.Result.Version)
		}
		r.verified(t)
	})
}

func TestAmbiguousForEverIsToldHonestly(t *testing.T) {
	onEachStore(t, func(t *stage) {
		t.Parallel() // it takes five seconds, and nothing else
		s := t.stack()
		r := s.restaurant(t, "silent", rivals(2))
		s.behind(t, func(int) (bool, bool) { return false, false })
		_, err := r.do(t.Context(), anna, hold(1, 1, 1))
		if err == nil || err.Code != seating.CodeUnavailable || !err.Details.Unknown || err.Details.RetryAfter == 0 {
			t.Errorf("hold over a dead wire = %v, want UNAVAILABLE with an unknown outcome and Retry-After", err)
		}
	})
}

// Another process commits in between: the line refreshes from the journal and
// decides again; nobody sees a wrong refusal.
func TestAnotherProcessMovedTheVersion(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "shared", rivals(10))
		other := &stack{store: s.store, clock: s.clock}
		other.start(t, s.store)
		rival := &restaurant{stack: other, id: r.id}
		r.house(t)
		rival.ok(t, ben, hold(1, 1, 1))
		r.refused(t, anna, hold(2, 2, 1), seating.CodeHoldConflict) // proved, not from the stale house
		rival.ok(t, ben, decide.ReleaseHold{Hold: housetest.Hold(1)})
		r.ok(t, anna, hold(3, 2, 1))
		rival.refused(t, ben, decide.ConfirmHold{Hold: housetest.Hold(99)}, seating.CodeNotFound)
		rival.ok(t, cleo, decide.ConfirmHold{Hold: housetest.Hold(3)})
		r.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(77)}, seating.CodeNotFound)
		r.ok(t, anna, decide.ConfirmHold{Hold: housetest.Hold(3)}) // confirmed over there: the same answer
		r.verified(t)
	})
}

func TestTwoProcessesFight(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "fight", daily(60))
		s.clock.Set(at("11:00"))
		other := &stack{store: s.store, clock: s.clock}
		other.start(t, s.store)
		sides := []*restaurant{r, {stack: other, id: r.id}}
		for i, err := range atOnce(60, func(i int) *seating.Error {
			_, err := sides[i%2].do(t.Context(), anna, decide.Assign{Booking: housetest.Booking(i + 1), Tables: housetest.Tables(5)})
			return err
		}) {
			if err != nil {
				t.Errorf("assign %d = %v, want granted", i, err)
			}
		}
		r.verified(t)
	})
}

// H12, C07: the line's reckoning of the time is off; the database's clock
// decides.
func TestH12_ClockSkewDoesNotDecide(t *testing.T) {
	onEachStore(t, func(t *stage) {
		for name, skew := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
			t.Run(name, func(t *stage) {
				s := t.stack()
				r := s.restaurant(t, "skew", rivals(3))
				drift := time.Duration(0)
				s.houses = live.New(s.store, live.Config{Monotonic: func() time.Duration { return s.monotonic() + drift }})
				s.lines = line.New(s.store, s.houses, line.Config{NewID: newID})
				s.contend(r.id)
				r.ok(t, anna, hold(1, 1, 1))
				drift = skew
				r.refused(t, ben, hold(2, 2, 1), seating.CodeHoldConflict)
				drift = 2 * skew
				r.ok(t, anna, decide.ConfirmHold{Hold: housetest.Hold(1)})
				r.verified(t)
			})
		}
	})
}

// C07: the hold expires while the commit waits.
func TestC07_TimeIsJudgedAfterTheLock(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "wait", rivals(2))
		made := r.ok(t, anna, hold(1, 1, 1))
		w := s.behind(t, func(int) (bool, bool) { return true, true })
		w.lose = func(n int) (bool, bool) {
			if n == 1 {
				s.clock.Set(made.Result.Hold.ExpiresAt)
			}
			return true, true
		}
		s.clock.Set(made.Result.Hold.ExpiresAt - 500_000)
		r.house(t)
		r.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(1)}, seating.CodeHoldExpired)
		r.ok(t, ben, hold(2, 2, 1))
		r.verified(t)
	})
}

func TestRevokedRightsDoNotCommit(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "revoked", rivals(2))
		tokens, err := s.store.Tokens(t.Context(), r.id)
		if err != nil || len(tokens) != 1 {
			t.Fatalf("Tokens = %v, %v", tokens, err)
		}
		who := anna
		who.Principal = seating.TokenPrincipal(tokens[0].ID, "")
		who.Subject, who.Access = who.Principal, tokens[0].Access
		r.ok(t, who, hold(1, 1, 1))
		if err := s.store.RevokeToken(t.Context(), r.id, tokens[0].ID); err != nil {
			t.Fatalf("RevokeToken: %v", err)
		}
		refusal := r.refused(t, who, hold(2, 2, 2), seating.CodeForbidden)
		if !refusal.Details.Moved {
			t.Error("the refusal does not say that the rights have changed")
		}
		r.ok(t, anna, hold(3, 2, 2))
		r.verified(t)
	})
}

func TestReferenceThatIsTakenIsReplaced(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "reference", func(st *house.State) {
			housetest.Party(st, 1, 2, "19:00")
			// A booking of a closed day has the reference that booking 2 would get.
			st.Bookings[0].Reference = seating.ReferenceFor(housetest.Booking(2), 0)
			st.Bookings[0].ServiceDate = housetest.Friday.AddDays(-2)
		})
		c := decide.CreateBooking{ID: housetest.Booking(2), Covers: 2, Date: housetest.Friday, Time: 20 * 60, Source: seating.SourcePhone}
		if got, want := r.ok(t, anna, c).Result.Booking.Reference, seating.ReferenceFor(housetest.Booking(2), 1); got != want {
			t.Errorf("reference = %s, want the second choice %s", got, want)
		}
	})
}

// A command that the caller has given up on before its turn is not begun.
func TestCallerWhoHasLeftIsNotServed(t *testing.T) {
	onEachStore(t, func(t *stage) {
		r := t.stack().restaurant(t, "left", rivals(1))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.do(ctx, anna, hold(1, 1, 1))
		if err == nil || err.Code != seating.CodeUnavailable {
			t.Errorf("hold of a caller who left = %v, want UNAVAILABLE", err)
		}
		r.lines.Close()
		if e := r.house(t).Booking(housetest.Booking(1)); e.Hold != nil {
			t.Error("the hold was made all the same")
		}
	})
}

func TestClosedLinesRefuse(t *testing.T) {
	onEachStore(t, func(t *stage) {
		r := t.stack().restaurant(t, "closed", rivals(1))
		r.lines.Close()
		r.refused(t, anna, hold(1, 1, 1), seating.CodeUnavailable)
	})
}

func TestUnknownRestaurant(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := &restaurant{stack: s, id: housetest.ID[seating.RestaurantID](77)}
		r.refused(t, anna, hold(1, 1, 1), seating.CodeNotFound)
	})
}

// A bug in one command must not fail its neighbours: the batch is committed again
// one change at a time, and only the cause answers 500.
func TestDatabaseRefusesOneOfABatch(t *testing.T) {
	onEachStore(t, func(t *stage) {
		const callers = 8
		s := t.stack()
		r := s.restaurant(t, "spoiled", rivals(callers+1))
		waiting, gate := make(chan struct{}), make(chan struct{})
		w := s.behind(t, func(n int) (bool, bool) {
			if n == 1 {
				close(waiting)
				<-gate
			}
			return true, true
		})
		bad := housetest.Hold(3)
		w.spoil = func(b store.Batch) error {
			for _, c := range b.Changes {
				for _, h := range c.Rows.PutHolds {
					if h.ID == bad {
						return fmt.Errorf("rows overlap: %w", store.ErrImpossible)
					}
				}
			}
			return nil
		}
		var first sync.WaitGroup
		first.Go(func() {
			r.ok(t, ben, decide.Assign{Booking: housetest.Booking(callers + 1), Tables: housetest.Tables(8)})
		})
		<-waiting
		go func() {
			for line.Waiting(s.lines, r.id) < callers {
				runtime.Gosched()
			}
			close(gate)
		}()
		tables := [][]int{{1}, {2}, {3}, {4}, {7}, {1}, {2}, {7}}
		answers := atOnce(callers, func(i int) *seating.Error {
			_, err := r.do(t.Context(), anna, hold(i+1, i+1, tables[i]...))
			return err
		})
		first.Wait()
		internal := 0
		for i, err := range answers {
			switch {
			case err != nil && err.Code == seating.CodeInternal:
				internal++
				if i != 2 {
					t.Errorf("caller %d = %v, but it was not the cause", i, err)
				}
			case err != nil && err.Code != seating.CodeHoldConflict:
				t.Errorf("caller %d = %v, want granted or HOLD_CONFLICT", i, err)
			}
		}
		if internal != 1 {
			t.Errorf("%d answers are INTERNAL, want that of the cause alone", internal)
		}
		r.verified(t)
	})
}
