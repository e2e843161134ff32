package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Config says where the database is and what it runs with.
type Config struct {
	Path    string           // of the file; made, readable by its owner only, when missing
	Now     func() time.Time // the database's clock; nil: the system's
	Logger  *slog.Logger     // nil: none
	Readers int              // connections for reading; 0: one for each CPU, at least 4
}

// Store is a SQLite database behind the contract. It is safe for concurrent use.
type Store struct {
	now    func() time.Time
	logger *slog.Logger

	readers *readers
	writer  *writer

	closing sync.Once
	closed  error

	diskCommits, batches, changes atomic.Int64
}

var _ store.Store = (*Store)(nil)

// Stats counts what was made durable since the store was opened.
type Stats struct {
	DiskCommits int64 // transactions committed to disk
	Batches     int64 // batches in them
	Changes     int64 // changes in these
}

// Open opens the database, brings its schema up to date and starts the writer.
// It does not guard against a second process; that is its caller's part.
// ErrNewer when the schema is newer than the binary.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{now: cfg.Now, logger: cfg.Logger}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	path, err := touchFile(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", cfg.Path, err)
	}
	n := cfg.Readers
	if n == 0 {
		n = max(4, runtime.NumCPU())
	}
	if s.readers, err = openReaders(path, n); err != nil {
		return nil, fmt.Errorf("open %s: %w", cfg.Path, err)
	}
	if s.writer, err = startWriter(ctx, s, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", cfg.Path, err), s.readers.close())
	}
	return s, nil
}

// Close stops the writer after what it has taken, and closes the database.
// Closing twice is fine.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = errors.Join(s.writer.stop(), s.readers.close()) })
	return s.closed
}

// Stats counts what was made durable.
func (s *Store) Stats() Stats {
	return Stats{DiskCommits: s.diskCommits.Load(), Batches: s.batches.Load(), Changes: s.changes.Load()}
}

// clock reads the database's clock.
func (s *Store) clock() servicetime.Instant { return servicetime.InstantOf(s.now()) }

// touchFile makes the database's file when it is missing: SQLite would make it
// readable by everybody. The files beside it inherit its mode.
func touchFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path of the database is missing")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// dsn names the database and the settings of a connection. README.md says why
// each is set.
func dsn(path string, more ...string) string {
	settings := url.Values{"_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"cache_size(-65536)", "mmap_size(268435456)", "recursive_triggers(1)",
	}, more...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String()
}
