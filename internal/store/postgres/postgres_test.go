package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, opt storetest.Options) store.Store {
		t.Helper()
		return open(t, opt)
	})
}

// testStore is a store with a raw connection to its database.
type testStore struct {
	*postgres.Store
	db  *pgtest.DB
	raw *pgx.Conn // a superuser's, with schema maitred in its path
	mortal
}

// open opens a store on a database of the test's own. Without a clock to watch the
// time is the server's.
func open(t testing.TB, opt storetest.Options) *testStore {
	t.Helper()
	db := pgtest.Database(t)
	if opt.Watch != nil {
		set := db.FakeClock(t)
		opt.Watch(func(i servicetime.Instant) { set(i.Time()) })
	}
	return &testStore{Store: reopen(t, db, postgres.Config{MaxConns: 4}), db: db, raw: db.Connect(t)}
}

// reopen opens one more store on a database, as another process would.
func reopen(t testing.TB, db *pgtest.DB, cfg postgres.Config) *postgres.Store {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = db.URL
	}
	s, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// stage is a store with restaurants in it.
func stage(t testing.TB, slugs ...string) (s *testStore, seeds []*storetest.Seed) {
	t.Helper()
	clock := storetest.NewClock()
	s = open(t, clock.Options())
	for _, slug := range slugs {
		seeds = append(seeds, storetest.Plant(t, s, clock, slug))
	}
	return s, seeds
}

// RawSQL sends the script as one message, which the server takes as one
// transaction.
func (s *testStore) RawSQL(ctx context.Context, script string) error {
	_, err := s.raw.PgConn().Exec(ctx, script).ReadAll()
	return err
}

func (s *testStore) RawCount(ctx context.Context, query string) (n int64, err error) {
	err = s.raw.QueryRow(ctx, query).Scan(&n)
	return n, err
}

func (s *testStore) Literal(i servicetime.Instant) string {
	return "'" + i.Time().Format(time.RFC3339Nano) + "'::timestamptz"
}
