package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/storetest"
)

var (
	_ storetest.Crasher = (*testStore)(nil)
	_ storetest.Waiter  = (*testStore)(nil)
)

// mortal is what a store needs to be killed.
type mortal struct {
	opt storetest.Options

	mu   sync.RWMutex // for reading: somebody is being told of a commit
	dead bool
}

var errDead = errors.New("the process was killed")

// told is what a caller learns of a commit: nothing, once the process is gone.
func (m *mortal) told(err error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.dead {
		return fmt.Errorf("%w: %w", store.ErrAmbiguous, errDead)
	}
	return err
}

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
	done, err := s.Store.Commit(ctx, b)
	return done, s.told(err)
}

func (s *testStore) CommitLocked(ctx context.Context, r seating.RestaurantID, after int64, ask store.Ask,
	decide func(store.Locked) (store.Batch, error),
) (store.Committed, error) {
	if err := s.gone(); err != nil {
		return store.Committed{}, err
	}
	done, err := s.Store.CommitLocked(ctx, r, after, ask, decide)
	return done, s.told(err)
}

// Crash opens the files as they are at this moment, in the middle of whatever the
// writer is doing, as a copy. Whoever was told of a commit was told before that.
func (s *testStore) Crash(t testing.TB) store.Store {
	t.Helper()
	for range 100 {
		if file, log, ok := s.moment(t); ok {
			copied := filepath.Join(t.TempDir(), "maitred.db")
			for path, content := range map[string][]byte{copied: file, copied + "-wal": log} {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Error(err)
				}
			}
			return openAt(t, copied, s.opt)
		}
	}
	t.Fatal("the files never stood still")
	return nil
}

// moment reads the file and its log as they are at one moment, after which nobody
// is told of anything; not ok when there was no such moment. The log only grows
// until a checkpoint has carried all of it over to the file, and the next one has
// another salt in its header. So when no checkpoint is begun meanwhile and the
// header stays, what was read of the log is what a kill would have left.
func (s *testStore) moment(t testing.TB) (file, log []byte, ok bool) {
	t.Helper()
	read := func(suffix string) []byte {
		b, err := os.ReadFile(s.path + suffix)
		if err != nil {
			t.Error(err)
		}
		return b
	}
	// Of the shared index: how much of the log is carried over, and how much of it a
	// checkpoint has tried. Source: sqlite.org/walformat.html, section 2.2.
	carried := func() []byte {
		index := read("-shm")
		return append(index[96:100:100], index[128:132]...)
	}
	const header = 32
	s.mu.Lock()
	defer s.mu.Unlock()
	before := carried()
	log = read("-wal")
	file = read("")
	again := read("-wal")
	salt := min(header, len(log))
	s.dead = bytes.Equal(before, carried()) && len(again) >= salt && bytes.Equal(log[:salt], again[:salt])
	return file, log, s.dead
}

// arriving is a context that says when somebody began to wait with it.
type arriving struct {
	context.Context //nolint:containedctx // it is one
	once            sync.Once
	here            chan struct{}
}

func (a *arriving) Done() <-chan struct{} {
	a.once.Do(func() { close(a.here) })
	return a.Context.Done()
}

// Lock keeps the writer busy.
func (s *testStore) Lock(t testing.TB, r seating.RestaurantID) (release func()) {
	t.Helper()
	inside, leave, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var enter sync.Once
	go func() {
		_, err := s.Store.CommitLocked(t.Context(), r, 0, store.Ask{}, func(store.Locked) (store.Batch, error) {
			enter.Do(func() { close(inside) })
			<-leave
			return store.Batch{}, nil
		})
		left <- err
	}()
	<-inside
	return func() {
		close(leave)
		if err := <-left; err != nil {
			t.Errorf("the one who had the lock was told %v", err)
		}
	}
}

// Behind waits until the commit stands in the queue of the writer: that is the
// first time it may have to give up.
func (s *testStore) Behind(t testing.TB, commit func(ctx context.Context) error) <-chan error {
	t.Helper()
	a := &arriving{Context: t.Context(), here: make(chan struct{})}
	told := make(chan error, 1)
	go func() { told <- commit(a) }()
	<-a.here
	return told
}
