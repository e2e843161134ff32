package line_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// C03, C34: a batch in which one key was used before is answered whole: the
// retry from its receipt, its neighbours by their own decisions.
func TestReplayInABatchLeavesNoNeighbourWaiting(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "replayed", rivals(4))
		used := keyed("k", "hold", hold(1, 1, 1))
		if _, err := r.request(t.Context(), used); err != nil {
			t.Fatalf("hold = %v, want granted", err)
		}
		r.ok(t, anna, decide.ReleaseHold{Hold: housetest.Hold(1)}) // so that the retry would be granted again
		waiting, gate := make(chan struct{}), make(chan struct{})
		s.behind(t, func(n int) (bool, bool) {
			if n == 1 {
				close(waiting)
				<-gate
			}
			return true, true
		})
		var first sync.WaitGroup
		first.Go(func() { r.ok(t, ben, decide.Assign{Booking: housetest.Booking(4), Tables: housetest.Tables(8)}) })
		<-waiting
		go func() {
			for line.Waiting(s.lines, r.id) < 3 {
				runtime.Gosched()
			}
			close(gate)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // who is forgotten is told nothing
		defer cancel()
		replayed := false
		for i, err := range atOnce(3, func(i int) *seating.Error {
			if i > 0 {
				_, err := r.do(ctx, anna, hold(i+1, i+1, i+1))
				return err
			}
			a, err := r.request(ctx, used)
			replayed = a.Replayed
			return err
		}) {
			if err != nil {
				t.Errorf("command %d = %v, want granted", i, err)
			}
		}
		first.Wait()
		if !replayed {
			t.Error("the retry was not answered from its receipt")
		}
		if h := r.house(t); h.Hold(housetest.Hold(1)) != nil || h.Hold(housetest.Hold(2)) == nil || h.Hold(housetest.Hold(3)) == nil {
			t.Error("holds 2 and 3 are to be there, hold 1 is not")
		}
		r.verified(t)
	})
}
