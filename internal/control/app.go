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
}

// Config says what to open and how.
type Config struct {
	Path    string // of the database's file
	Hold    seating.HoldRules
	Logger  *slog.Logger
	Now     func() time.Time   // nil: the system's clock
	Metrics *telemetry.Metrics // nil: not measured
}

// Open opens the database for writing, makes it when it is missing and brings
// its schema up to date. The caller holds the lock (Acquire).
func Open(ctx context.Context, c Config) (*App, error) {
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	a, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	a.Lines = line.New(a.Store, a.Houses, line.Config{
		Logger: c.Logger, NewID: NewID,
		OnBatch: func(b line.BatchDone) {
			if b.Changes > 0 {
				c.Metrics.Batch(b.Changes, b.Commit)
			}
		},
		OnCommand: c.Metrics.Command,
	})
	return a, nil
}

// ErrNoDatabase says that there is no file to read.
var ErrNoDatabase = errors.New("there is no database")

// ErrBehind says that the schema is older than this binary.
var ErrBehind = errors.New("the schema of the database is behind this binary")

// OpenReader opens an existing database for reading, also beside a server that
// uses it. It makes no file and migrates nothing: ErrNoDatabase, ErrBehind.
func OpenReader(ctx context.Context, c Config) (*App, error) {
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s", ErrNoDatabase, c.Path)
	}
	steps, err := sqlite.Migrate(ctx, c.Path, sqlite.Status)
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
	s, err := sqlite.Open(ctx, sqlite.Config{Path: c.Path, Now: c.Now, Logger: c.Logger})
	if err != nil {
		return nil, err
	}
	houses := live.New(s, live.Config{Logger: c.Logger})
	houses.OnChange(func(changed live.Changed) {
		if changed.Reloaded {
			c.Metrics.HouseLoaded()
		}
	})
	c.Metrics.Gauge(telemetry.NameHouses, "Houses in memory.", func() float64 { return float64(houses.Loaded()) })
	c.Metrics.Counter(telemetry.NameStoreDiskCommits, "Transactions that reached the disk.", func() float64 { return float64(s.Stats().DiskCommits) })
	return &App{Store: s, Houses: houses, Hold: c.Hold, Logger: c.Logger}, nil
}

// Close answers what the lines have taken and closes the database.
func (a *App) Close() error {
	if a.Lines != nil {
		a.Lines.Close()
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
