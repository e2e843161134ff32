package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/control"
)

// The same command goes to the server while there is one, and is carried out
// here when there is none.
func TestCommandGoesToTheServerOrIsCarriedOutHere(t *testing.T) {
	t.Parallel()
	db, err := control.Canonical(filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	a, s, l := serving(t, db)
	opened := 0
	there := target(t, db, &opened)
	in := control.NewRestaurant{Slug: "chez", Name: "Chez", Zone: "UTC", OwnerEmail: "a@example.com"}
	var made control.MadeRestaurant
	if err := there.Do(t.Context(), control.RestaurantCreate, in, &made); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Restaurant(t.Context(), "chez"); err != nil || opened != 0 || !strings.HasPrefix(made.Secret, access.Prefix) {
		t.Errorf("made %+v, opened %d times, %v", made, opened, err)
	}
	again := there.Do(t.Context(), control.RestaurantCreate, in, &made)
	wantFailure(t, again, "EXISTS", "chez")
	wantFailure(t, there.Do(t.Context(), "no.such", in, nil), "NOT_FOUND", "another version")
	wantFailure(t, there.Do(t.Context(), control.TokenRevoke, in, nil), "INVALID", "another version")
	if info, err := os.Stat(s.Socket()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is %v, %v; want mode 0600", info, err)
	}
	if _, err := control.Acquire(t.Context(), db, time.Hour); err == nil || !strings.Contains(err.Error(), control.LockPath(db)) {
		t.Errorf("Acquire beside a server = %v, want a refusal at once that names the lock", err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Socket()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	// The lock is held, nobody answers.
	_, ok := errors.AsType[*control.UnreachableError](there.Do(t.Context(), control.RestaurantCreate, in, nil))
	if !ok || opened != 0 {
		t.Errorf("a held lock without a server: opened %d times", opened)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, there.Do(t.Context(), control.RestaurantCreate, in, &made), "EXISTS", "chez")
	if opened != 1 {
		t.Errorf("opened %d times without a server, want once", opened)
	}
	in.Slug = "other"
	if err := there.Do(t.Context(), control.RestaurantCreate, in, &made); err != nil || opened != 2 {
		t.Errorf("in this process: %v", err)
	}
}

// The socket answers nobody who has not read the lock file.
func TestSocketWantsTheKeyOfTheLockFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	_, s, l := serving(t, db)
	defer func() { _ = errors.Join(s.Shutdown(context.Background()), l.Release()) }()
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "POST /operations/%s HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", control.HoldExpire)
	answer := make([]byte, 12)
	if _, err := conn.Read(answer); err != nil || !strings.HasSuffix(string(answer), "401") {
		t.Errorf("answer %q, %v; want 401", answer, err)
	}
}

// A stale socket is replaced, and a path too long for a socket is dealt with.
func TestSocketPaths(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"stale": "", "long": strings.Repeat("d", 120)} {
		db := filepath.Join(t.TempDir(), dir, "a.db")
		if err := os.MkdirAll(filepath.Dir(db), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(db+".sock", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		a, s, l := serving(t, db)
		opened := 0
		var done control.Expired
		if err := target(t, db, &opened).Do(t.Context(), control.HoldExpire, struct{}{}, &done); err != nil || opened != 0 {
			t.Errorf("%s: %v, opened %d times", name, err, opened)
		}
		if err := errors.Join(s.Shutdown(t.Context()), a.Close(), l.Release()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(s.Socket()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the socket is still there", name)
		}
	}
}

// Commands without a server wait for each other.
func TestCommandsWaitForEachOther(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	l, err := control.Acquire(t.Context(), db, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := control.Acquire(t.Context(), db, 60*time.Millisecond); err == nil {
		t.Fatal("two have the lock")
	} else if _, ok := errors.AsType[*control.HeldError](err); !ok {
		t.Errorf("Acquire = %v, want *HeldError", err)
	}
	got := make(chan error)
	go func() {
		second, err := control.Acquire(context.Background(), db, time.Minute)
		if err == nil {
			err = second.Release()
		}
		got <- err
	}()
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("the one who waited: %v", err)
	}
}

// One file has one lock, however its path is spelled.
func TestLinksLeadToOneLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "real.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	want, err := control.Canonical(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, filepath.Join(dir, ".", "x", "..", "real.db")} {
		if got, err := control.Canonical(path); err != nil || got != want {
			t.Errorf("Canonical(%s) = %s, %v, want %s", path, got, err, want)
		}
	}
	if got, err := control.Canonical(filepath.Join(dir, "new", "a.db")); err != nil || filepath.Base(got) != "a.db" {
		t.Errorf("Canonical of a path in no folder = %s, %v", got, err)
	}
}

// What only reads makes no file and no schema.
func TestReaderMakesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	if _, err := control.OpenReader(t.Context(), control.Config{Path: path}); !errors.Is(err, control.ErrNoDatabase) {
		t.Errorf("OpenReader of no file = %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("OpenReader made a file")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := control.OpenReader(t.Context(), control.Config{Path: path}); !errors.Is(err, control.ErrBehind) {
		t.Errorf("OpenReader of an empty file = %v", err)
	}
}
