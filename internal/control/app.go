package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/sqlite"
	"github.com/maitred/maitred/internal/telemetry"
)

// App is what operations act on: an open database with everything on it.
type App struct {
	Store  store.Store
	Houses *live.Houses
	Lines  *line.Lines // nil in an App that only reads
	Hold   seating.HoldRules
	Logger *slog.Logger

	// Tell takes events that no change made; nil: nobody keeps them. It never blocks.
	Tell func(store.Told)

	peers *peers    // nil: no other process changes the database
	work  listeners // who is told that something may wait to be delivered
}

// Config says what to open and how.
type Config struct {
	Path     string           // of a SQLite file
	Postgres *postgres.Config // a PostgreSQL database instead; its Logger is the one below
	Name     string           // of the database for people, without a password
	// Follow says that the process stays and wants to know what other processes on
	// the same database change. With a SQLite file there are none.
	Follow  bool
	Hold    seating.HoldRules
	Logger  *slog.Logger
	Now     func() time.Time   // SQLite's clock; nil: the system's
	Metrics *telemetry.Metrics // nil: not measured
}

// Open opens a database for writing. A SQLite file is made when it is missing and
// its schema brought up to date; the caller holds the lock (Acquire). Nothing is
// made or migrated in PostgreSQL, where any number of processes may write:
// *DatabaseError when it cannot be used.
func Open(ctx context.Context, c Config) (*App, error) {
	if c.Postgres == nil {
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}
	a, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	a.Lines = line.New(a.Store, a.Houses, line.Config{
		Logger: c.Logger, NewID: NewID, NewEpoch: NewEpoch,
		OnBatch: func(b line.BatchDone) {
			if b.Changes > 0 {
				c.Metrics.Batch(b.Changes, b.Commit)
			}
			if b.Locked {
				c.Metrics.Locked()
			}
		},
		OnCommand: c.Metrics.Command,
	})
	if signals, ok := a.Store.(store.Signals); ok {
		a.peers = meet(ctx, a, signals, c)
	}
	return a, nil
}

// ErrNoDatabase says that there is no file to read.
var ErrNoDatabase = errors.New("there is no database")

// ErrBehind says that the schema of a SQLite file is older than this binary.
var ErrBehind = errors.New("the schema of the database is behind this binary")

// OpenReader opens an existing database for reading, also beside a server that
// uses it. It makes no file and migrates nothing: ErrNoDatabase, ErrBehind,
// *DatabaseError.
func OpenReader(ctx context.Context, c Config) (*App, error) {
	if c.Postgres != nil {
		return open(ctx, c)
	}
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrNoDatabase, c.Path)
	}
	steps, err := sqlite.Migrate(ctx, c.Path, store.Status)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if !s.Applied {
			return nil, fmt.Errorf("%w: %s is not applied", ErrBehind, s.Name)
		}
	}
	return open(ctx, c)
}

func open(ctx context.Context, c Config) (*App, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{Hold: c.Hold, Logger: c.Logger}
	if c.Postgres != nil {
		s, err := openPostgres(ctx, c)
		if err != nil {
			return nil, err
		}
		c.Metrics.Counter(telemetry.NameStoreFlushes, "Round trips to the database.", func() float64 { return float64(s.Stats().Flushes) })
		a.Store = s
	} else {
		s, err := sqlite.Open(ctx, sqlite.Config{Path: c.Path, Now: c.Now, Logger: c.Logger})
		if err != nil {
			return nil, err
		}
		c.Metrics.Counter(telemetry.NameStoreDiskCommits, "Transactions that reached the disk.", func() float64 { return float64(s.Stats().DiskCommits) })
		a.Store = s
	}
	a.Houses = live.New(a.Store, live.Config{Logger: c.Logger, Shared: c.Postgres != nil, OnLost: a.lost})
	a.Houses.OnChange(func(changed live.Changed) {
		switch {
		case changed.Reloaded:
			c.Metrics.HouseLoaded()
		case !changed.Local:
			c.Metrics.HouseFollowed()
		}
	})
	c.Metrics.Gauge(telemetry.NameHouses, "Houses in memory.", func() float64 { return float64(a.Houses.Loaded()) })
	return a, nil
}

// lost begins a new epoch for a restaurant of which the database has lost
// commits. One that only reads leaves that to those who write.
func (a *App) lost(r seating.RestaurantID) {
	if a.Lines != nil {
		a.Lines.OnLost(r)
	}
}

// Close answers what the lines have taken, tells other processes of it, ends what
// runs beside and closes the database.
func (a *App) Close() error {
	if a.Lines != nil {
		a.Lines.Close()
	}
	if a.peers != nil {
		a.peers.leave()
	}
	return a.Store.Close()
}

// NewID makes a UUIDv7.
func NewID() [16]byte { return uuid.Must(uuid.NewV7()) }

// NewEpoch makes the name of an epoch.
func NewEpoch() string { return strings.ToLower(rand.Text())[:16] }

// Restaurant finds a restaurant by slug or ID.
func (a *App) Restaurant(ctx context.Context, name string) (seating.Restaurant, error) {
	if id, err := seating.ParseID[seating.RestaurantID](name); err == nil {
		all, err := a.Store.Restaurants(ctx)
		if err != nil {
			return seating.Restaurant{}, err
		}
		for _, r := range all {
			if r.ID == id {
				return r, nil
			}
		}
		return seating.Restaurant{}, noRestaurant(name)
	}
	r, err := a.Store.RestaurantBySlug(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return r, noRestaurant(name)
	}
	return r, err
}

func noRestaurant(name string) error {
	return seating.Refuse(seating.CodeNotFound, "there is no restaurant %q", name)
}

// Do gives a command to a restaurant as the deployment's operator.
func (a *App) Do(ctx context.Context, r seating.RestaurantID, c decide.Command) (decide.Result, error) {
	answer, err := a.Lines.Do(ctx, line.Request{Restaurant: r, Command: c, Actor: seating.Operator()})
	return answer.Result, err
}

// now is the database's time.
func (a *App) now(ctx context.Context) (servicetime.Instant, error) { return a.Store.Now(ctx) }

// systemRequest is a command of maitred's own.
func systemRequest(r seating.RestaurantID, c decide.Command) line.Request {
	return line.Request{Restaurant: r, Command: c, Actor: seating.System()}
}
