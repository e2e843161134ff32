package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/store"
)

// Config says where the database is and how it is reached.
type Config struct {
	URL string // postgres://…, or a DSN of libpq's
	// Pooler says that URL leads through a pooler that hands out connections for a
	// transaction only: no statement stays prepared.
	Pooler bool
	// ListenURL leads to the database itself, for notifications; "" is URL, and no
	// notifications when Pooler is set.
	ListenURL string
	MaxConns  int          // 0: DefaultConns
	Logger    *slog.Logger // nil: none
}

// DefaultConns is how many connections a store keeps at most.
const DefaultConns = 16

// Store is a PostgreSQL database behind the contract, for any number of
// processes. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool
	listen string // URL for notifications; "": none
	self   string // tells this store's own notifications from others'
	logger *slog.Logger

	closing sync.Once

	flushes, batches, changes atomic.Int64
}

// Stats counts what the store did since it was opened.
type Stats struct {
	Flushes int64 // round trips: statements sent together count as one
	Batches int64 // batches committed
	Changes int64 // changes in them
}

// Stats counts what the store did.
func (s *Store) Stats() Stats {
	return Stats{Flushes: s.flushes.Load(), Batches: s.batches.Load(), Changes: s.changes.Load()}
}

// Open connects to a database whose schema is that of this binary, and changes
// nothing in it. ErrBehind when a migration is missing, ErrNewer when there are
// more than this binary knows.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{logger: cfg.Logger, listen: cfg.ListenURL, self: newSelf()}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.listen == "" && !cfg.Pooler {
		s.listen = cfg.URL
	}
	pool, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", redacted(err))
	}
	pool.MaxConns = int32(cfg.MaxConns) //nolint:gosec // a small number
	if cfg.MaxConns == 0 {
		pool.MaxConns = DefaultConns
	}
	tune(pool.ConnConfig)
	if cfg.Pooler {
		pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	} else {
		pool.AfterConnect = warm
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, fmt.Errorf("open the database: %w", redacted(err))
	}
	if err := s.current(ctx); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

// ErrBehind says that a migration is missing: "maitred migrate up" applies it.
var ErrBehind = errors.New("postgres: the schema is behind this binary")

// ErrNewer says that a newer binary has migrated the database.
var ErrNewer = errors.New("postgres: the database has a newer schema than this binary knows")

// Close waits for those who use a connection, and closes all.
func (s *Store) Close() error {
	s.closing.Do(s.pool.Close)
	return nil
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Signals = (*Store)(nil)
)
