package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Canonical is the one path under which a database is locked, however it is
// spelled: absolute, with symbolic links resolved. The file need not exist.
func Canonical(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil // not even the folder is there: nobody can have locked it
	}
	if err != nil {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	return filepath.Join(dir, filepath.Base(path)), nil
}

// LockPath is the lock file of the database.
func LockPath(db string) string { return db + ".lock" }

// Lock is the right to write to a database. The operating system gives it back
// when the process ends, however it ends; the file stays.
type Lock struct {
	flock *flock.Flock
	path  string
}

// holder is what the one who has the lock writes into its file.
type holder struct {
	PID    int    `json:"pid"`
	Socket string `json:"socket,omitempty"` // of a server
	Key    string `json:"key,omitempty"`    // what the server wants to hear
}

// HeldError says that somebody else has the lock.
type HeldError struct {
	Path string // of the lock file
	PID  int    // 0: not known
}

func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the database is in use: %s has the lock %s", who, e.Path)
}

// retryLock is how often a lock that somebody else has is asked for again.
const retryLock = 25 * time.Millisecond

// Acquire takes the lock of the database, making its folder. A lock held by
// another command line is waited for, until wait has passed; one held by a
// server is not. The error is a *HeldError.
func Acquire(ctx context.Context, db string, wait time.Duration) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(db), 0o700); err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	l := &Lock{path: LockPath(db)}
	l.flock = flock.New(l.path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		ok, err := l.flock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the database: %w", err)
		}
		if ok {
			return l, l.write(holder{PID: os.Getpid()})
		}
		h := readHolder(l.path)
		held := &HeldError{Path: l.path, PID: h.PID}
		if h.Socket != "" {
			return nil, held
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, held
		case <-time.After(retryLock):
		}
	}
}

// Serving notes where the holder answers operations, and returns what its
// callers must know.
func (l *Lock) serving(socket string) (key string, err error) {
	key = rand.Text()
	return key, l.write(holder{PID: os.Getpid(), Socket: socket, Key: key})
}

func (l *Lock) write(h holder) error {
	b, err := json.Marshal(h)
	if err == nil {
		err = os.WriteFile(l.path, append(b, '\n'), 0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("lock the database: %w", err), l.flock.Close())
	}
	return nil
}

// Release gives the lock back. The file stays, empty: who opened it meanwhile
// must find the same one.
func (l *Lock) Release() error {
	return errors.Join(os.Truncate(l.path, 0), l.flock.Close())
}

// readHolder tells who has the lock, as far as that can be read.
func readHolder(path string) holder {
	var h holder
	if b, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(b, &h) // half written or empty: not known
	}
	return h
}
