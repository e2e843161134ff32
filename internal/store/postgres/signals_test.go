package postgres_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// ear is somebody who listens.
type ear struct {
	heard chan []seating.RestaurantID
	ended chan error // what listening ended with
	stop  context.CancelFunc
}

// lend runs listen until the end of the test, and returns when it listens.
func lend(t *testing.T, listen func(ctx context.Context, ready func(), heard func([]seating.RestaurantID)) error) *ear {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	e := &ear{heard: make(chan []seating.RestaurantID, 100), ended: make(chan error, 1), stop: stop}
	ready := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		e.ended <- listen(ctx, func() { close(ready) }, func(moved []seating.RestaurantID) { e.heard <- moved })
		return nil
	})
	t.Cleanup(func() {
		stop()
		_ = g.Wait() // returns no error
	})
	select {
	case <-ready:
	case err := <-e.ended:
		t.Fatalf("Listen = %v before it was ready", err)
	}
	return e
}

func (e *ear) next(t *testing.T) []seating.RestaurantID {
	t.Helper()
	select {
	case moved := <-e.heard:
		return moved
	case err := <-e.ended:
		t.Fatalf("Listen = %v, want to hear something", err)
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was heard")
	}
	return nil
}

// end waits for the end of listening.
func (e *ear) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-e.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("listening did not end")
	}
	return nil
}

func restaurants(n int) []seating.RestaurantID {
	list := make([]seating.RestaurantID, n)
	for i := range list {
		list[i] = storetest.NewID[seating.RestaurantID]()
	}
	return list
}

func TestNotifyIsHeardByTheOthers(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	one, two, three := reopen(t, db, postgres.Config{}), reopen(t, db, postgres.Config{}), reopen(t, db, postgres.Config{})
	first, second := lend(t, one.Listen), lend(t, two.Listen)
	a, b := restaurants(2), restaurants(1)
	if err := one.Notify(t.Context(), a); err != nil {
		t.Fatalf("Notify = %v", err)
	}
	if err := three.Notify(t.Context(), b); err != nil {
		t.Fatalf("Notify = %v", err)
	}
	// Notifications come in the order of their transactions: had the first heard
	// its own, it would have heard that before.
	if diff := cmp.Diff(b, first.next(t)); diff != "" {
		t.Errorf("who told a hears (-want +got):\n%s", diff)
	}
	for _, want := range [][]seating.RestaurantID{a, b} {
		if diff := cmp.Diff(want, second.next(t)); diff != "" {
			t.Errorf("who told nothing hears (-want +got):\n%s", diff)
		}
	}
	first.stop()
	if err := first.end(t); err != nil {
		t.Errorf("Listen = %v after its context ended, want nil", err)
	}
}

func TestNotifyOfManyIsOneFlush(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	one, two := reopen(t, db, postgres.Config{}), reopen(t, db, postgres.Config{})
	e := lend(t, two.Listen)
	moved := restaurants(500)
	before := one.Stats().Flushes
	if err := one.Notify(t.Context(), moved); err != nil {
		t.Fatalf("Notify = %v", err)
	}
	if err := one.Notify(t.Context(), nil); err != nil {
		t.Fatalf("Notify(nobody) = %v", err)
	}
	if n := one.Stats().Flushes - before; n != 1 {
		t.Errorf("%d flushes, want 1 for all and none for nobody", n)
	}
	var heard []seating.RestaurantID
	for len(heard) < len(moved) {
		heard = append(heard, e.next(t)...)
	}
	if diff := cmp.Diff(moved, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestPayloadsFit(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 188, 189, 190, 1000} {
		moved := restaurants(n)
		payloads := postgres.Payloads("self", moved)
		var words []string
		for _, p := range payloads {
			list, ok := strings.CutPrefix(p, "self:")
			if !ok || len(p) > postgres.MaxPayload {
				t.Errorf("%d restaurants: a payload of %d bytes begins %.10s", n, len(p), p)
			}
			words = append(words, strings.Split(list, ",")...)
		}
		want := make([]string, n)
		for i, r := range moved {
			want[i] = r.String()
		}
		if !slices.Equal(words, want) {
			t.Errorf("%d restaurants are told as %d", n, len(words))
		}
		if least := (n*37 + postgres.MaxPayload - 1) / postgres.MaxPayload; len(payloads) > least+1 {
			t.Errorf("%d restaurants take %d notifications", n, len(payloads))
		}
	}
}

// TestWhatNobodyUnderstandsMayBeAnybody: another release, or a person with a
// shell, may write on the channel.
func TestWhatNobodyUnderstandsMayBeAnybody(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{})
	e := lend(t, s.Listen)
	r := restaurants(1)[0].String()
	for _, payload := range []string{"", "hello", "someone:", "someone:" + r + ",", "someone:" + r + ",x", r, ":"} {
		if err := s.RawSQL(t.Context(), "NOTIFY maitred_moved, '"+payload+"'"); err != nil {
			t.Fatal(err)
		}
		if moved := e.next(t); moved != nil {
			t.Errorf("after %q heard %v, want nil for anybody", payload, moved)
		}
	}
	if err := s.RawSQL(t.Context(), "NOTIFY maitred_moved, 'someone:"+r+"'"); err != nil {
		t.Fatal(err)
	}
	if moved := e.next(t); len(moved) != 1 || moved[0].String() != r {
		t.Errorf("heard %v, want %s", moved, r)
	}
}

func TestListenEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{})
	e := lend(t, s.Listen)
	if err := s.RawSQL(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"); err != nil {
		t.Fatal(err)
	}
	if err := e.end(t); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Listen = %v after its connection was closed, want ErrUnavailable", err)
	}
}

func TestListenBehindAPoolerHearsNothing(t *testing.T) {
	t.Parallel()
	s := reopen(t, pgtest.Database(t), postgres.Config{Pooler: true})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := s.Listen(ctx, func() { t.Error("ready was called: it does not listen") }, func([]seating.RestaurantID) { t.Error("it heard something") })
	if err != nil {
		t.Errorf("Listen = %v after its context ended, want nil", err)
	}
}

func TestListenOfAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	s := reopen(t, db, postgres.Config{ListenURL: "postgres://maitred:secret@127.0.0.1:1/x?sslmode=disable"})
	err := s.Listen(t.Context(), func() { t.Error("ready was called") }, nil)
	if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("Listen = %v, want ErrUnavailable and no address in it", err)
	}
}

// TestASilentConnectionIsAsked: one that answers goes on being listened to; one
// behind a network that is gone is given up, although nobody says so.
func TestASilentConnectionIsAsked(t *testing.T) {
	t.Parallel()
	s := open(t, storetest.Options{})
	w := newWire(t, s.db.URL)
	e := lend(t, func(ctx context.Context, ready func(), heard func([]seating.RestaurantID)) error {
		return postgres.ListenOn(ctx, w.url, 20*time.Millisecond, 200*time.Millisecond, ready, heard)
	})
	w.drain()
	for range 5 { // by the listener: nobody else is on this wire
		select {
		case <-w.asked:
		case <-time.After(20 * time.Second):
			t.Fatal("nobody asked whether the connection lives")
		}
	}
	r := restaurants(1)
	if err := s.Notify(t.Context(), r); err != nil {
		t.Fatalf("Notify = %v", err)
	}
	if diff := cmp.Diff(r, e.next(t)); diff != "" {
		t.Errorf("heard after five silences (-want +got):\n%s", diff)
	}
	w.cut()
	if err := e.end(t); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Listen = %v on a wire that is cut, want ErrUnavailable", err)
	}
}

// wire leads to a server. Once cut, it carries nothing, and who is on it is not
// told.
type wire struct {
	url   string
	asked chan struct{} // what the client sends, message by message or coarser

	refuse func() error // no further connection

	mu   sync.Mutex
	dead bool
	ends []func() // of its connections
}

func newWire(t *testing.T, address string) *wire {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Host = l.Addr().String()
	w := &wire{url: u.String(), asked: make(chan struct{}, 1000), refuse: l.Close}
	var g errgroup.Group
	t.Cleanup(func() {
		_ = l.Close()
		w.mu.Lock()
		for _, end := range w.ends {
			end()
		}
		w.mu.Unlock()
		_ = g.Wait() // returns no error
	})
	g.Go(func() error {
		for {
			client, err := l.Accept()
			if err != nil {
				return nil //nolint:nilerr // no further connection: the test is over, or the wire is cut
			}
			backend, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			end := sync.OnceFunc(func() { _, _ = client.Close(), backend.Close() })
			w.mu.Lock()
			w.ends = append(w.ends, end)
			w.mu.Unlock()
			g.Go(func() error { return w.carry(end, backend, client, w.asked) })
			g.Go(func() error { return w.carry(end, client, backend, nil) })
		}
	})
	return w
}

func (w *wire) carry(end func(), to io.Writer, from io.Reader, told chan<- struct{}) error {
	defer end()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return nil // who was on it has gone
		}
		w.mu.Lock()
		dead := w.dead
		w.mu.Unlock()
		if dead {
			continue // neither carried nor refused
		}
		if told != nil {
			told <- struct{}{}
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return nil // who was on it has gone
		}
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	_ = w.refuse()
}

// drain forgets what was sent so far.
func (w *wire) drain() {
	for {
		select {
		case <-w.asked:
		default:
			return
		}
	}
}
