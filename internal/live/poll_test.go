package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// K02: the poll brings what others commit within 300 ms, without a read by whoever
// asks, and tells it as not of this process.
func TestK02_PollBoundsStaleness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		var told []live.Changed
		houses.OnChange(func(c live.Changed) { told = append(told, c) })
		running(t, houses)
		get(t, houses)
		for n := range 20 {
			elapse(137 * time.Millisecond)
			d.pass(t, 1)
			elapse(300 * time.Millisecond)
			if h := get(t, houses); h.Version != int64(n+1) {
				t.Fatalf("Get 300 ms after a commit = version %d, want %d", h.Version, n+1)
			}
		}
		if d.proves > 2 || d.loads != 1 { // the clock's
			t.Errorf("%d proofs and %d loads, want the clock's two at most and one load", d.proves, d.loads)
		}
		for _, c := range told[1:] {
			if c.Local || c.Reloaded || len(c.Touched) == 0 {
				t.Errorf("told %+v, want a change of another process with its touch", c)
			}
		}
		polls := d.asked()
		spread := map[time.Duration]bool{}
		for i := range polls[1:] {
			gap := polls[i+1].Sub(polls[i])
			spread[gap] = true
			if gap < 200*time.Millisecond || gap > 300*time.Millisecond {
				t.Errorf("poll %d came after %v, want 250 ms ± 20 %%", i+1, gap)
			}
		}
		if len(spread) < 2 {
			t.Errorf("polls came every %v, want them spread", spread)
		}
	})
}

// A house that nobody asked for in ten seconds is not polled, and the poll itself
// is no use of it; whoever asks again gets a proof.
func TestPollEndsTenSecondsAfterTheLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		get(t, houses)
		used := time.Now()
		elapse(time.Hour)
		polls := d.asked()
		if last := polls[len(polls)-1].Sub(used); last < 9700*time.Millisecond || last > 10*time.Second {
			t.Errorf("the last poll came %v after the last use, want about ten seconds", last)
		}
		d.pass(t, 1)
		proves := d.proves
		if h := get(t, houses); h.Version != 1 || d.proves != proves+1 {
			t.Errorf("Get of an idle house = version %d with %d proofs, want 1 with one", h.Version, d.proves-proves)
		}
	})
}

// Whoever watches a restaurant keeps it polled; it is loaded again when it was
// forgotten.
func TestWatchKeepsAHousePolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		stop := houses.Watch(restaurant)
		also := houses.Watch(restaurant)
		elapse(time.Hour)
		if houses.Loaded() != 1 {
			t.Fatalf("Loaded() = %d, want the watched house", houses.Loaded())
		}
		d.pass(t, 1)
		elapse(300 * time.Millisecond)
		proves := d.proves
		if h := get(t, houses); h.Version != 1 || d.proves != proves {
			t.Errorf("Get of a watched house = version %d with %d proofs, want 1 with none", h.Version, d.proves-proves)
		}
		houses.Invalidate(restaurant, "test")
		elapse(300 * time.Millisecond)
		if houses.Loaded() != 1 {
			t.Error("a watched house that was forgotten is not loaded again")
		}
		stop()
		stop() // twice is once
		elapse(time.Minute)
		if polls := d.asked(); time.Since(polls[len(polls)-1]) > time.Second {
			t.Error("the house is not polled though somebody watches it still")
		}
		also()
		elapse(time.Minute)
		if polls := d.asked(); time.Since(polls[len(polls)-1]) < 30*time.Second {
			t.Error("the house is polled though nobody watches it any more")
		}
	})
}

// A notification brings a house forward at once, also while the poll gets no
// answer.
func TestK02_NotificationBringsAHouseForwardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		get(t, houses)
		d.pass(t, 1)
		houses.Moved([]seating.RestaurantID{restaurant, housetest.ID[seating.RestaurantID](9)})
		synctest.Wait()
		if h := get(t, houses); h.Version != 1 || d.journals != 1 || len(d.asked()) != 0 || d.proves != 0 {
			t.Errorf("Get = version %d after %d reads, %d polls and %d proofs, want 1 after one read", h.Version, d.journals, len(d.asked()), d.proves)
		}
		d.pass(t, 1)
		houses.Moved(nil)
		synctest.Wait()
		if h := get(t, houses); h.Version != 2 || len(d.asked()) != 1 {
			t.Errorf("Get after Moved(nil) = version %d after %d polls, want 2 after one at once", h.Version, len(d.asked()))
		}
	})
}

// A notification about a house that is not in use costs nothing until somebody
// asks: then it is proved, however fresh it was.
func TestNotificationOfAnUnusedHouseMakesTheNextOneProve(t *testing.T) {
	for name, ids := range map[string][]seating.RestaurantID{"named": {restaurant}, "any": nil} {
		synctest.Test(t, func(t *testing.T) {
			d, houses := shared(t)
			running(t, houses)
			get(t, houses)
			elapse(10*time.Second + 10*time.Millisecond) // the last poll was less than 310 ms ago
			d.pass(t, 1)
			houses.Moved(ids)
			synctest.Wait()
			if d.journals > 0 {
				t.Errorf("%s: an unused house was refreshed", name)
			}
			proves := d.proves
			if h := get(t, houses); h.Version != 1 || d.proves != proves+1 {
				t.Errorf("%s: Get = version %d with %d proofs, want 1 with one", name, h.Version, d.proves-proves)
			}
		})
	}
}

// However many notifications come, one refresh of a restaurant is under way, and
// one more follows when some came meanwhile.
func TestNotificationsAreCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		get(t, houses)
		d.pass(t, 1)
		open := d.gate("journal")
		for range 1000 {
			houses.Moved([]seating.RestaurantID{restaurant})
			synctest.Wait()
		}
		if got := d.count(&d.journals); got != 1 {
			t.Errorf("%d refreshes are under way, want 1", got)
		}
		d.pass(t, 1)
		second := d.gate("journal")
		open()
		synctest.Wait()
		for range 10 {
			houses.Moved([]seating.RestaurantID{restaurant})
			synctest.Wait()
		}
		if got := d.count(&d.journals); got != 2 {
			t.Errorf("%d refreshes, want the second under way alone", got)
		}
		d.pass(t, 1)
		second()
		synctest.Wait()
		if h := get(t, houses); h.Version != 3 || d.journals != 3 {
			t.Errorf("Get = version %d after %d refreshes, want 3 after three", h.Version, d.journals)
		}
	})
}

// Moved is told by whoever must not wait, also where nobody runs.
func TestMovedNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		get(t, houses)
		d.pass(t, 1)
		for range 10 {
			houses.Moved([]seating.RestaurantID{restaurant})
			houses.Moved(nil)
		}
		running(t, houses)
		synctest.Wait()
		if h := get(t, houses); h.Version != 1 {
			t.Errorf("Get = version %d once somebody runs, want 1", h.Version)
		}
	})
}

// The poll is stuck or dead: what is served is proved by whoever asks, and is
// never older than a second.
func TestK02_AStuckPollDoesNotMakeHousesStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		get(t, houses)
		open := d.gate("states")
		defer open()
		for n := range 10 {
			d.pass(t, 1)
			elapse(time.Second + 1)
			if h := get(t, houses); h.Version != int64(n+1) {
				t.Errorf("Get a second after commit %d = version %d", n+1, h.Version)
			}
		}
	})
}

// An outage of the store is told once; the poll goes on, more slowly, and houses
// are not served on trust.
func TestPollOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := newDesk(t)
		houses := live.New(d, live.Config{Shared: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		running(t, houses)
		defer houses.Watch(restaurant)()
		get(t, houses)
		d.fail(errors.New("connection refused"))
		began := time.Now()
		elapse(time.Minute)
		if n := strings.Count(log.String(), "the poll of the houses fails"); n != 1 {
			t.Errorf("the log tells %d times of the outage, want once:\n%s", n, log.String())
		}
		polls := d.asked()
		last := polls[len(polls)-1].Sub(polls[len(polls)-2])
		if last < 1600*time.Millisecond || last > 2400*time.Millisecond {
			t.Errorf("polls of a dead store come every %v, want about 2s", last)
		}
		if n := len(polls); n < 20 {
			t.Errorf("%d polls in the %v of an outage, want it to go on", n, time.Since(began))
		}
		if _, err := houses.Get(t.Context(), restaurant); seating.CodeOf(err) != seating.CodeUnavailable {
			t.Errorf("Get in an outage = %v, want UNAVAILABLE: the house may be stale", err)
		}
		d.fail(nil)
		d.pass(t, 1)
		elapse(2400 * time.Millisecond)
		proves := d.proves
		if h := get(t, houses); h.Version != 1 || d.proves != proves {
			t.Errorf("Get after the outage = version %d with %d proofs, want 1 with none: the poll is back", h.Version, d.proves-proves)
		}
		if n := strings.Count(log.String(), "the poll of the houses goes on"); n != 1 {
			t.Errorf("the log tells %d times of its end, want once", n)
		}
		before := len(d.asked())
		elapse(time.Second)
		if n := len(d.asked()) - before; n < 3 {
			t.Errorf("%d polls in the second after an outage, want the usual pace", n)
		}
	})
}

// The database's time is asked for every five seconds when nothing else brings it.
func TestPollKeepsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, houses := shared(t)
		running(t, houses)
		defer houses.Watch(restaurant)()
		get(t, houses)
		elapse(time.Minute)
		if !houses.Good() {
			t.Error("Good() = false after a minute of polls")
		}
		before := d.count(&d.proves)
		if before < 10 || before > 12 {
			t.Errorf("%d proofs in a minute, want one every five seconds", before)
		}
		houses.Heard(now, houses.Monotonic()) // the last proof may be almost five seconds old
		for range 60 {
			elapse(time.Second)
			houses.Heard(now, houses.Monotonic()) // as a commit does
		}
		if n := d.count(&d.proves) - before; n != 0 {
			t.Errorf("%d proofs though commits bring the time, want none", n)
		}
	})
}

func TestARestaurantThatIsGoneIsNotPolledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		gone := &vanished{desk: d}
		houses := live.New(gone, live.Config{Shared: true})
		running(t, houses)
		get(t, houses)
		gone.away.Store(true)
		elapse(time.Second)
		polls := len(d.asked())
		elapse(time.Minute)
		if houses.Loaded() != 0 || len(d.asked()) != polls {
			t.Errorf("Loaded() = %d and %d more polls, want none of a restaurant that is gone", houses.Loaded(), len(d.asked())-polls)
		}
	})
}

// vanished is a desk whose restaurant was removed.
type vanished struct {
	*desk
	away atomic.Bool
}

func (v *vanished) States(ctx context.Context, ids []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	states, err := v.desk.States(ctx, ids)
	if v.away.Load() {
		clear(states)
	}
	return states, err
}

// Poll is one round, for whoever does not run.
func TestPollIsOneRound(t *testing.T) {
	s := newDesk(t)
	houses := live.New(s, live.Config{Shared: true})
	if err := houses.Poll(t.Context()); err != nil || len(s.asked()) != 0 {
		t.Errorf("Poll of nothing = %v after %d reads, want nil after none", err, len(s.asked()))
	}
	get(t, houses)
	s.pass(t, 3)
	if err := houses.Poll(t.Context()); err != nil {
		t.Errorf("Poll = %v", err)
	}
	if h := get(t, houses); h.Version != 3 {
		t.Errorf("Get after Poll = version %d, want 3", h.Version)
	}
	s.fail(errors.New("down"))
	if err := houses.Poll(t.Context()); err == nil {
		t.Error("Poll of a dead store = nil")
	}
}
