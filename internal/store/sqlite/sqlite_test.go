package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, opt storetest.Options) store.Store { return open(t, opt) })
}

// template is an empty database: to migrate one for each test takes longer than
// the tests.
var template = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "maitred")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover in the temporary directory harms nobody
	path := filepath.Join(dir, "template.db")
	if _, err := sqlite.Migrate(context.Background(), path, sqlite.Up); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return b
})

// testStore is a store with a raw connection to its file.
type testStore struct {
	*sqlite.Store
	path string
	raw  *sql.DB
}

func open(t testing.TB, opt storetest.Options) *testStore {
	t.Helper()
	path := filepath.Join(t.TempDir(), "maitred.db")
	if err := os.WriteFile(path, template(), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Now: opt.Now, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &testStore{Store: s, path: path, raw: raw(t, path, "foreign_keys(1)")}
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

func (s *testStore) DiskCommits() int64 { return s.Stats().DiskCommits }
