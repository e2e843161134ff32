package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/notify"
	"github.com/maitred/maitred/internal/seating"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// air is what signals go through: it can fail, hang and be cut.
type air struct {
	mu      sync.Mutex
	sent    [][]seating.RestaurantID // what arrived
	tries   []time.Time
	fail    error         // of Notify
	hang    chan struct{} // Notify waits for it
	deaf    error         // of Listen, before it is ready
	listens []time.Time
	cut     chan error // ends the Listen that is under way
	heard   func([]seating.RestaurantID)
}

func newAir() *air { return &air{cut: make(chan error)} }

func (a *air) Notify(ctx context.Context, moved []seating.RestaurantID) error {
	a.mu.Lock()
	a.tries = append(a.tries, time.Now())
	fail, hang := a.fail, a.hang
	a.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if fail != nil {
		return fail
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, moved)
	return nil
}

func (a *air) Listen(ctx context.Context, ready func(), heard func([]seating.RestaurantID)) error {
	a.mu.Lock()
	a.listens = append(a.listens, time.Now())
	deaf := a.deaf
	a.heard = heard
	a.mu.Unlock()
	if deaf != nil {
		return deaf
	}
	ready()
	select {
	case err := <-a.cut:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (a *air) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *air) arrived() [][]seating.RestaurantID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.sent)
}

func id(n byte) seating.RestaurantID { return seating.RestaurantID{15: n} }

// start runs a notifier in a bubble of its own time and returns what ends it.
func start(t *testing.T, n *notify.Notifier) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

func elapse(d time.Duration) {
	time.Sleep(d) // bubble time
	synctest.Wait()
}

func TestChangesAreToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir()
		restaurants := 0
		n := notify.New(a, notify.Config{OnSent: func(r int) { restaurants += r }})
		start(t, n)
		for range 500 {
			n.Tell(id(1))
			n.Tell(id(2))
		}
		elapse(5 * time.Millisecond)
		if got := a.arrived(); len(got) != 1 || !slices.Equal(got[0], []seating.RestaurantID{id(1), id(2)}) {
			t.Errorf("a thousand changes of two restaurants = %v, want one notification of both", got)
		}
		n.Tell(id(1))
		synctest.Wait() // it is seen, and waits a moment for more
		n.Tell(id(2))
		elapse(5 * time.Millisecond)
		if got := a.arrived(); len(got) != 2 || len(got[1]) != 2 {
			t.Errorf("two changes one after the other = %v, want one notification of both", got[1:])
		}
		// What is told while one is under way goes out in the next.
		hang := make(chan struct{})
		a.set(func() { a.hang = hang })
		n.Tell(id(3))
		elapse(5 * time.Millisecond)
		for i := range byte(100) {
			n.Tell(id(100 + i%3))
		}
		elapse(time.Second)
		if got := a.arrived(); len(got) != 2 {
			t.Errorf("%d notifications while one hangs, want the two before", len(got))
		}
		close(hang)
		elapse(5 * time.Millisecond)
		got := a.arrived()
		if len(got) != 4 || !slices.Equal(got[2], []seating.RestaurantID{id(3)}) || !slices.Equal(got[3], []seating.RestaurantID{id(100), id(101), id(102)}) {
			t.Errorf("notifications = %v, want the one that hung and one of all that was told meanwhile", got)
		}
		if restaurants != 8 {
			t.Errorf("OnSent counted %d restaurants, want 8", restaurants)
		}
		elapse(time.Hour)
		if got := a.arrived(); len(got) != 4 {
			t.Errorf("%d notifications, want no more when nothing is told", len(got))
		}
	})
}

// What could not be told is kept and told when it can be, with what came since; the
// log says so once.
func TestWhatCannotBeToldIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := newAir()
		a.fail = errors.New("connection refused")
		n := notify.New(a, notify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		start(t, n)
		n.Tell(id(1))
		elapse(time.Minute)
		n.Tell(id(2))
		n.Tell(id(1))
		elapse(time.Minute)
		gaps := func() (all []time.Duration) {
			for i := range a.tries[1:] {
				all = append(all, a.tries[i+1].Sub(a.tries[i]))
			}
			return all
		}()
		if first, last := gaps[0], gaps[len(gaps)-1]; first > 100*time.Millisecond || last < 5*time.Second || last > 10*time.Second {
			t.Errorf("tries came after %v … %v, want 100 ms at most at first, and 5 to 10 s at last", first, last)
		}
		if got := strings.Count(log.String(), "notifications cannot be sent"); got != 1 {
			t.Errorf("the log tells %d times of one outage, want once", got)
		}
		a.set(func() { a.fail = nil })
		elapse(10 * time.Second)
		if got := a.arrived(); len(got) != 1 || !slices.Equal(got[0], []seating.RestaurantID{id(1), id(2)}) {
			t.Errorf("notifications after the outage = %v, want one of all that was told", got)
		}
		if got := strings.Count(log.String(), "notifications are sent again"); got != 1 {
			t.Errorf("the log tells %d times of its end, want once", got)
		}
	})
}

// A notification that hangs is given up and tried again; nobody who tells waits.
func TestNothingWaitsForANotificationThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir()
		a.hang = make(chan struct{})
		n := notify.New(a, notify.Config{})
		stop := start(t, n)
		began := time.Now()
		for i := range byte(200) {
			n.Tell(id(i))
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("telling took %v, want no time", took)
		}
		elapse(10 * time.Second)
		if len(a.tries) < 3 {
			t.Errorf("%d tries in ten seconds of hanging, want more", len(a.tries))
		}
		a.set(func() { a.hang = nil })
		elapse(5 * time.Second)
		if got := a.arrived(); len(got) != 1 || len(got[0]) != 200 {
			t.Errorf("%d notifications, want one of 200 restaurants", len(got))
		}
		a.set(func() { a.hang = make(chan struct{}) })
		n.Tell(id(1))
		elapse(5 * time.Millisecond)
		began = time.Now()
		stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("Run ended %v after its context, want at once", took)
		}
	})
}

// A listener that is cut off comes back, and takes everything for moved: what was
// told meanwhile is lost.
func TestListenerComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := newAir()
		var moved [][]seating.RestaurantID
		connected, heard := 0, 0
		n := notify.New(a, notify.Config{
			Logger: slog.New(slog.NewTextHandler(&log, nil)), OnMoved: func(ids []seating.RestaurantID) { moved = append(moved, ids) },
			OnHeard: func(r int) { heard += r }, OnConnected: func() { connected++ },
		})
		start(t, n)
		if len(moved) != 1 || moved[0] != nil {
			t.Fatalf("OnMoved was told %v when it began to listen, want nil once", moved)
		}
		a.heard([]seating.RestaurantID{id(1), id(2)})
		a.heard(nil)
		if len(moved) != 3 || !slices.Equal(moved[1], []seating.RestaurantID{id(1), id(2)}) || moved[2] != nil || heard != 2 {
			t.Errorf("OnMoved was told %v (%d restaurants), want what was heard", moved, heard)
		}
		a.set(func() { a.deaf = errors.New("connection refused") })
		a.cut <- errors.New("connection reset")
		elapse(time.Minute)
		tries := len(a.listens)
		if last := a.listens[tries-1].Sub(a.listens[tries-2]); tries < 8 || last > 10*time.Second || last < 5*time.Second {
			t.Errorf("%d tries to listen in a minute, the last after %v, want it to go on every 5 to 10 s", tries, last)
		}
		if len(moved) != 3 {
			t.Errorf("OnMoved was told %v while it did not listen", moved[3:])
		}
		a.set(func() { a.deaf = nil })
		elapse(10 * time.Second)
		if len(moved) != 4 || moved[3] != nil || connected != 2 {
			t.Errorf("OnMoved was told %v after %d connections, want nil after the second", moved[3:], connected)
		}
		if out, back := strings.Count(log.String(), "notifications are not heard"), strings.Count(log.String(), "notifications are heard again"); out != 1 || back != 1 {
			t.Errorf("the log tells %d times of the outage and %d of its end, want once each:\n%s", out, back, log.String())
		}
	})
}

// A store that ends Listen without an error has stopped listening all the same.
func TestListenThatEndsIsBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir()
		start(t, notify.New(a, notify.Config{}))
		a.cut <- nil
		elapse(time.Second)
		if len(a.listens) != 2 {
			t.Errorf("listened %d times, want it to begin again", len(a.listens))
		}
	})
}

func TestWithoutSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notify.New(nil, notify.Config{})
		stop := start(t, n)
		n.Tell(id(1))
		if err := n.Flush(t.Context()); err != nil {
			t.Errorf("Flush = %v, want nil", err)
		}
		elapse(time.Hour)
		stop()
	})
}

// Flush tells what waits, for a process that is about to end.
func TestFlush(t *testing.T) {
	a := newAir()
	n := notify.New(a, notify.Config{})
	n.Tell(id(1))
	a.fail = errors.New("down")
	if err := n.Flush(t.Context()); err == nil {
		t.Error("Flush into the void = nil")
	}
	a.fail = nil
	for range 2 {
		if err := n.Flush(t.Context()); err != nil {
			t.Errorf("Flush = %v, want nil", err)
		}
	}
	if got := a.arrived(); len(got) != 1 || !slices.Equal(got[0], []seating.RestaurantID{id(1)}) {
		t.Errorf("notifications = %v, want one", got)
	}
}
