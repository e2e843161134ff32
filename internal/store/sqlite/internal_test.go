package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

func openInternal(t *testing.T) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "maitred.db")
	if err := os.WriteFile(path, Template(), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestStatementsArePrepared finds a statement that SQLite does not understand, or
// that the driver would parse anew each time.
func TestStatementsArePrepared(t *testing.T) {
	t.Parallel()
	s := openInternal(t)
	err := s.write(t.Context(), 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		for name := range queries {
			if _, err := q.prepared.get(ctx, name); err != nil { //nolint:sqlclosecheck // kept as long as its connection
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil || len(queries) < 100 {
		t.Errorf("%d statements, %v", len(queries), err)
	}
}

// set changes a setting of the writer's connection.
func set(t *testing.T, s *Store, pragma string) {
	t.Helper()
	err := s.write(t.Context(), 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		_, err := q.prepared.on.ExecContext(ctx, "PRAGMA "+pragma)
		return err
	})
	if err != nil {
		t.Fatalf("PRAGMA %s = %v", pragma, err)
	}
}

// fill writes a note of many pages into a table that nothing guards.
func fill(t *testing.T, s *Store) error {
	t.Helper()
	return s.write(t.Context(), 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		_, err := q.prepared.on.ExecContext(ctx, "INSERT INTO outbox_sink (sink) VALUES (HEX(ZEROBLOB(1000000)) || HEX(RANDOMBLOB(8)))")
		return err
	})
}

func TestAFullDiskIsErrUnavailableAndPasses(t *testing.T) {
	t.Parallel()
	s := openInternal(t)
	set(t, s, "max_page_count = 100")
	if err := fill(t, s); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a write to a full disk = %v, want ErrUnavailable", err)
	}
	if backlog, err := s.Backlog(t.Context()); err != nil || len(backlog) != 2 {
		t.Errorf("Backlog after the refused write = %v, %v, want the two sinks", backlog, err)
	}
	set(t, s, "max_page_count = 100000")
	if err := fill(t, s); err != nil {
		t.Errorf("a write after there is room again = %v", err)
	}
}

func TestALockOfAnotherProcessIsErrUnavailableAndPasses(t *testing.T) {
	t.Parallel()
	s := openInternal(t)
	set(t, s, "busy_timeout = 1")
	other, err := s.readers.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, statement := range []string{"PRAGMA query_only = 0", "BEGIN IMMEDIATE"} {
		if _, err := other.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := fill(t, s); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a write beside another's = %v, want ErrUnavailable", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := fill(t, s); err != nil {
		t.Errorf("a write after the other's = %v", err)
	}
}

func TestAWriterThatLostItsConnectionConnectsAgain(t *testing.T) {
	t.Parallel()
	s := openInternal(t)
	for range 2 {
		if err := fill(t, s); err != nil {
			t.Errorf("a write = %v", err)
		}
		// The writer waits for its next job; it gives up a connection like this.
		if err := s.writer.disconnect(); err != nil {
			t.Fatal(err)
		}
	}
}
