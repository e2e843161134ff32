package line_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// rivals is a house with n pending parties of four at 19:00.
func rivals(n int) func(*house.State) {
	return func(s *house.State) {
		for i := range n {
			housetest.Party(s, i+1, 4, "19:00")
		}
	}
}

// daily is a house with a pending party of two at noon on each of n days.
func daily(n int) func(*house.State) {
	return func(s *house.State) {
		for i := range n {
			housetest.Party(s, i+1, 2, "12:00")
			b := &s.Bookings[i]
			shift := servicetime.Instant(i) * 24 * 3600 * 1_000_000
			b.Date, b.ServiceDate = b.Date.AddDays(i), b.ServiceDate.AddDays(i)
			b.Window = servicetime.Window{Start: b.Window.Start + shift, End: b.Window.End + shift}
			b.Dining = servicetime.Window{Start: b.Dining.Start + shift, End: b.Dining.End + shift}
		}
	}
}

// atOnce runs f for 0 to n-1 at the same time and returns what each answered.
func atOnce(n int, f func(i int) *seating.Error) []*seating.Error {
	answers := make([]*seating.Error, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			answers[i] = f(i)
		})
	}
	close(gate)
	all.Wait()
	return answers
}

// oneWinner demands that one was granted, that all others were told 409 by name
// of the one who has the table, and that the disk was written to in the tens.
func oneWinner(t testing.TB, r *restaurant, before int64, answers []*seating.Error) {
	t.Helper()
	won := 0
	for i, err := range answers {
		switch {
		case err == nil:
			won++
		case err.Code.Entry().Status != 409 && err.Code != seating.CodeRateLimited:
			t.Errorf("caller %d = %v, want 409", i, err)
		case err.Code.Entry().Status == 409 && (len(err.Details.Blockers) == 0 || err.Details.Blockers[0].Reference == ""):
			t.Errorf("caller %d = %v, want it to name who has the table", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d were granted, want 1", won)
	}
	disk := r.commits() - before
	t.Logf("%d commands, %d commits", len(answers), disk)
	if disk > 60 {
		t.Errorf("%d commits for %d commands, want tens", disk, len(answers))
	}
	r.verified(t)
}

func TestH04_TwoHundredHoldsForOneTable(t *testing.T) { onEachStore(t, holdsForOneTable) }

func holdsForOneTable(t *stage) {
	r := t.stack().restaurant(t, "holds", rivals(200))
	before := r.commits()
	oneWinner(t, r, before, atOnce(200, func(i int) *seating.Error {
		_, err := r.by(i).do(t.Context(), housetest.Host(fmt.Sprint("host-", i)), hold(i+1, i+1, 1))
		return err
	}))
}

func TestD01_TwoHundredAssignsForOneTable(t *testing.T) { onEachStore(t, assignsForOneTable) }

func assignsForOneTable(t *stage) {
	r := t.stack().restaurant(t, "assigns", rivals(200))
	before := r.commits()
	oneWinner(t, r, before, atOnce(200, func(i int) *seating.Error {
		_, err := r.by(i).do(t.Context(), anna, decide.Assign{Booking: housetest.Booking(i + 1), Tables: housetest.Tables(1)})
		return err
	}))
}

func TestD02_HoldsAndAssignsForOneTable(t *testing.T) { onEachStore(t, holdsAndAssignsForOneTable) }

func holdsAndAssignsForOneTable(t *stage) {
	r := t.stack().restaurant(t, "mixed", rivals(200))
	before := r.commits()
	oneWinner(t, r, before, atOnce(200, func(i int) *seating.Error {
		var c decide.Command = hold(i+1, i+1, 1)
		if i%2 == 0 {
			c = decide.Assign{Booking: housetest.Booking(i + 1), Tables: housetest.Tables(1)}
		}
		_, err := r.by(i).do(t.Context(), housetest.Host(fmt.Sprint("host-", i)), c)
		return err
	}))
}

// One hold, two hundred confirms of it: one turns it into the assignment, the
// others are told that it is one. Against them run holds for the same table.
func TestC03_TwoHundredConfirmsOfOneHold(t *testing.T) { onEachStore(t, confirmsOfOneHold) }

func confirmsOfOneHold(t *stage) {
	r := t.stack().restaurant(t, "confirms", rivals(200))
	r.ok(t, anna, hold(1, 1, 1))
	before := r.house(t).Version
	answers := atOnce(200, func(i int) *seating.Error {
		var c decide.Command = decide.ConfirmHold{Hold: housetest.Hold(1)}
		if i%2 == 0 {
			c = hold(i+2, i+2-i/199, 1)
		}
		_, err := r.by(i).do(t.Context(), anna, c)
		return err
	})
	for i, err := range answers {
		switch {
		case i%2 == 1 && err != nil:
			t.Errorf("confirm %d = %v, want granted", i, err)
		case i%2 == 0 && (err == nil || err.Code.Entry().Status != 409 && err.Code != seating.CodeRateLimited):
			t.Errorf("hold %d = %v, want 409", i, err)
		}
	}
	if got := r.house(t).Version - before; got != 1 {
		t.Errorf("%d changes, want 1", got)
	}
	if e := r.house(t).Booking(housetest.Booking(1)); e.Status != seating.Confirmed || len(e.Allocations) != 1 {
		t.Errorf("booking 1 is %s with %v", e.Status, e.Allocations)
	}
	r.verified(t)
}

// H20: the budget is exact whatever comes at once.
func TestH20_BudgetUnderConcurrency(t *testing.T) { onEachStore(t, budgetUnderConcurrency) }

func budgetUnderConcurrency(t *stage) {
	r := t.stack().restaurant(t, "budget", rivals(1))
	answers := atOnce(60, func(i int) *seating.Error {
		_, err := r.by(i).do(t.Context(), anna, hold(i+1, 1, 1+i%4))
		return err
	})
	won := 0
	for _, err := range answers {
		switch {
		case err == nil:
			won++
		case err.Code != seating.CodeRateLimited:
			t.Errorf("answer = %v, want RATE_LIMITED", err)
		}
	}
	if won != 5 {
		t.Errorf("%d holds were granted, want 5", won)
	}
	r.verified(t)
}

func TestDifferentTablesAtOnceBothSucceed(t *testing.T) { onEachStore(t, differentTablesAtOnce) }

func differentTablesAtOnce(t *stage) {
	r := t.stack().restaurant(t, "two", rivals(8))
	for i, err := range atOnce(4, func(i int) *seating.Error {
		_, err := r.by(i).do(t.Context(), anna, hold(i+1, i+1, i+1))
		return err
	}) {
		if err != nil {
			t.Errorf("hold of T%d = %v, want granted", i+1, err)
		}
	}
	r.verified(t)
}

// C27: cancel and confirm of the same booking, a hundred pairs, fifty at once: each
// pair ends in one order or the other, and nobody waits for ever.
func TestC27_CancelAgainstConfirm(t *testing.T) { onEachStore(t, cancelAgainstConfirm) }

func cancelAgainstConfirm(t *stage) {
	const rounds, pairs = 2, seating.LeastHoldCap
	r := t.stack().restaurant(t, "pairs", daily(rounds*pairs))
	r.clock.Set(at("11:00"))
	for round := range rounds {
		first := round*pairs + 1
		for i := range pairs {
			r.ok(t, housetest.Host(fmt.Sprint("host-", i/10)), hold(first+i, first+i, 5))
		}
		answers := atOnce(2*pairs, func(i int) *seating.Error {
			n := first + i/2
			var c decide.Command = decide.ConfirmHold{Hold: housetest.Hold(n)}
			if i%2 == 0 {
				c = decide.Cancel{Booking: housetest.Booking(n)}
			}
			_, err := r.by(i/2+i%2).do(t.Context(), cleo, c)
			return err
		})
		h := r.house(t)
		for i := range pairs {
			n, cancel, confirm := first+i, answers[2*i], answers[2*i+1]
			if cancel != nil {
				t.Errorf("cancel %d = %v, want granted before or after the confirm", n, cancel)
			}
			if confirm != nil && confirm.Code != seating.CodeHoldEnded {
				t.Errorf("confirm %d = %v, want granted or HOLD_ENDED", n, confirm)
			}
			if e := h.Booking(housetest.Booking(n)); e.Status != seating.Cancelled || len(e.Allocations) > 0 || e.Hold != nil {
				t.Errorf("booking %d is %s with %v and hold %v, want cancelled and nothing", n, e.Status, e.Allocations, e.Hold)
			}
		}
	}
	r.verified(t)
}

// What waits is committed together: the disk is written to far less often than
// commands come.
func TestManyWaitingShareACommit(t *testing.T) { onEachStore(t, manyWaitingShareACommit) }

func manyWaitingShareACommit(t *stage) {
	r := t.stack().restaurant(t, "share", daily(64))
	r.clock.Set(at("11:00"))
	before, changes := r.commits(), r.house(t).Version
	for i, err := range atOnce(64, func(i int) *seating.Error {
		_, err := r.by(i).do(t.Context(), anna, decide.Assign{Booking: housetest.Booking(i + 1), Tables: housetest.Tables(5)})
		return err
	}) {
		if err != nil {
			t.Errorf("assign %d = %v, want granted", i, err)
		}
	}
	if got := r.house(t).Version - changes; got != 64 {
		t.Errorf("%d versions, want 64", got)
	}
	if got := r.commits() - before; got > 32 {
		t.Errorf("%d disk commits for 64 changes, want at most 32", got)
	}
	r.verified(t)
}

// Growing and shifting over tables the booking already holds or owns.
func TestD19_GrowingAndShiftingOverOwnTables(t *testing.T) {
	onEachStore(t, growingAndShiftingOverOwnTables)
}

func growingAndShiftingOverOwnTables(t *stage) {
	r := t.stack().restaurant(t, "own", func(s *house.State) { housetest.Party(s, 1, 8, "19:00") })
	r.ok(t, anna, hold(1, 1, 1, 2))
	r.ok(t, anna, hold(2, 1, 2, 3))
	r.ok(t, anna, decide.ConfirmHold{Hold: housetest.Hold(2)})
	r.ok(t, anna, hold(3, 1, 2, 3, 4))
	r.ok(t, anna, decide.ConfirmHold{Hold: housetest.Hold(3)})
	r.ok(t, anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(3, 4)})
	r.ok(t, anna, decide.Assign{Booking: housetest.Booking(1), Tables: housetest.Tables(2, 3, 4)})
	r.verified(t)
}

// H30, C06: at the very expiry either the hold is confirmed or it is
// HOLD_EXPIRED, by the database's clock, and nothing in between.
func TestC06_ConfirmAtTheExpiry(t *testing.T) { onEachStore(t, confirmAtTheExpiry) }

func confirmAtTheExpiry(t *stage) {
	for name, away := range map[string]int64{"1 ms before": -1000, "1 us before": -1, "at": 0, "1 ms after": 1000} {
		t.Run(name, func(t *stage) {
			s := t.stack()
			r := s.restaurant(t, "expiry", rivals(2))
			made := r.ok(t, anna, hold(1, 1, 1))
			s.clock.Set(made.Result.Hold.ExpiresAt + servicetime.Instant(away))
			if away < 0 {
				r.refused(t, ben, hold(2, 2, 1), seating.CodeHoldConflict)
				r.ok(t, anna, decide.ConfirmHold{Hold: housetest.Hold(1)})
			} else {
				r.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(1)}, seating.CodeHoldExpired)
				r.ok(t, ben, hold(2, 2, 1))
				r.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(1)}, seating.CodeHoldExpired)
			}
			r.verified(t)
		})
	}
}
