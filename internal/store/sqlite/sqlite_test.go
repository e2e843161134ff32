package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, opt storetest.Options) store.Store {
		t.Helper()
		return open(t, opt)
	})
}

// testStore is a store with a raw connection to its file.
type testStore struct {
	*sqlite.Store
	path string
	raw  *sql.DB
	mortal
}

func open(t testing.TB, opt storetest.Options) *testStore {
	t.Helper()
	path := filepath.Join(t.TempDir(), "maitred.db")
	if err := os.WriteFile(path, sqlite.Template(), 0o600); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path, opt)
}

// openAt opens a store on a file that is there.
func openAt(t testing.TB, path string, opt storetest.Options) *testStore {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: opt.Now, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &testStore{Store: s, path: path, raw: raw(t, path, "foreign_keys(1)"), mortal: mortal{opt: opt}}
}

// raw opens the file as an operator's shell would.
func raw(t testing.TB, path, pragma string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_txlock=immediate&_pragma="+pragma)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *testStore) RawSQL(ctx context.Context, script string) error {
	tx, err := s.raw.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *testStore) RawCount(ctx context.Context, query string) (n int64, err error) {
	err = s.raw.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

func (s *testStore) Literal(i servicetime.Instant) string { return strconv.FormatInt(int64(i), 10) }
