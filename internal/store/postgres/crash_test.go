package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

var (
	_ storetest.Crasher = (*testStore)(nil)
	_ storetest.Waiter  = (*testStore)(nil)
)

// mortal is what a store needs to be killed.
type mortal struct {
	mu   sync.RWMutex
	dead bool
}

var errDead = errors.New("the process was killed")

// gone says that there is nobody left to ask.
func (m *mortal) gone() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.dead {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errDead)
	}
	return nil
}

func (s *testStore) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := s.gone(); err != nil {
		return store.Committed{}, err
	}
	return s.Store.Commit(ctx, b)
}

func (s *testStore) CommitLocked(ctx context.Context, r seating.RestaurantID, after int64, ask store.Ask,
	decide func(store.Locked) (store.Batch, error),
) (store.Committed, error) {
	if err := s.gone(); err != nil {
		return store.Committed{}, err
	}
	return s.Store.CommitLocked(ctx, r, after, ask, decide)
}

// backends are those of the store: the test's own are an admin's.
const backends = `FROM pg_stat_activity WHERE datname = current_database() AND usename = '` + pgtest.Login + `'`

// Crash ends the backends of the store where they are. Commits that had come as far
// as the pool may still go through on a new connection before it returns; none
// does after that, because there are no connections any more.
func (s *testStore) Crash(t testing.TB) store.Store {
	t.Helper()
	s.mu.Lock()
	s.dead = true
	s.mu.Unlock()
	end := func() int64 {
		n, err := s.RawCount(t.Context(), "SELECT count(pg_terminate_backend(pid)) "+backends)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	end()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = s.Close() // waits for those who have a connection to find that it is none
	}()
	t.Cleanup(func() { <-closed })
	for {
		// The pool gives connections until it has been shut.
		shut := s.OnConnection(t.Context(), func(*pgx.Conn) error { return nil })
		if end() == 0 && shut != nil {
			break
		}
	}
	return &testStore{Store: reopen(t, s.db, postgres.Config{MaxConns: 4}), db: s.db, raw: s.raw}
}

// Lock takes the lock as another process would, on a connection of its own.
func (s *testStore) Lock(t testing.TB, r seating.RestaurantID) (release func()) {
	t.Helper()
	tx, err := s.db.Connect(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT 1 FROM restaurant_state WHERE restaurant_id = $1 FOR NO KEY UPDATE", r.String()); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Behind waits until the server says that a backend of the store waits for a lock.
func (s *testStore) Behind(t testing.TB, commit func(ctx context.Context) error) <-chan error {
	t.Helper()
	told := make(chan error, 1)
	go func() { told <- commit(t.Context()) }()
	for {
		n, err := s.RawCount(t.Context(), "SELECT count(*) "+backends+" AND wait_event_type = 'Lock'")
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return told
		}
		select {
		case err := <-told:
			told <- err // whoever reads it will see that it did not wait
			return told
		default:
		}
	}
}

// TestACommitThatIsKilledHalfWayLeavesNothing: the server ends the connection when
// state, rows, journal and outbox are written and the guests are not. Nobody can
// know then what became of it; asking again tells.
func TestACommitThatIsKilledHalfWayLeavesNothing(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	b := d.Booking("HALF", 0, 60)
	c := d.Book(b, d.Tables[0])
	c.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Ada Lovelace"}}}
	before := d.Dump()
	watch := s.db.Connect(t)
	tx, err := watch.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE guest IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	told := s.Behind(t, func(ctx context.Context) error {
		_, err := s.Commit(ctx, d.Batch(c))
		return err
	})
	if n, err := s.RawCount(t.Context(), "SELECT count(pg_terminate_backend(pid)) "+backends+" AND wait_event_type = 'Lock'"); err != nil || n != 1 {
		t.Fatalf("%d backends wait half way, %v, want 1", n, err)
	}
	if err := <-told; !errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("Commit of a backend that was ended = %v, want ErrAmbiguous", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Unchanged(before)
	d.Commit(c)
	d.Same()
	if _, err := s.Commit(t.Context(), d.Batch(c)); err != nil {
		t.Errorf("Commit once more = %v, want nil", err)
	}
	d.Same()
}
