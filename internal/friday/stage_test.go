package friday

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/httpapi"
	"github.com/maitred/maitred/internal/jobs"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/sqlite"
)

func TestMain(m *testing.M) {
	seating.BugPanics = true
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

// soak reports whether the long proofs are wanted.
func soak() bool { return os.Getenv("MAITRED_SOAK") != "" }

// clock is set to each minute by hand and runs on by itself from there, so that
// nothing of one minute happens at the same instant.
type clock struct {
	mu       sync.Mutex
	minute   time.Time
	set      time.Time
	watchers []func(time.Time)
}

func newClock(at time.Time) *clock { return &clock{minute: at, set: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.minute.Add(min(time.Since(c.set), 59*time.Second))
}

// monotonic is the time of the processes: it never goes back, because minutes are
// longer than they take here.
func (c *clock) monotonic() time.Duration { return c.now().Sub(time.Unix(0, 0)) }

func (c *clock) step(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.minute, c.set = to, time.Now()
	for _, w := range c.watchers {
		w(to)
	}
}

// process is one server: on PostgreSQL there are two on one database.
type process struct {
	store  store.Store
	houses *live.Houses
	lines  *line.Lines
	runner *jobs.Runner
	web    *httptest.Server
	log    *journal
}

// journal keeps what a process logs as a warning or worse.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func newUUID() [16]byte { return uuid.Must(uuid.NewV7()) }

// onSQLite is one server with two runners of due work: a file has one writer.
func onSQLite(t *testing.T, c *clock) []*process {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "m.db"), Now: c.now})
	if err != nil {
		t.Fatalf("sqlite.Open: %v", err)
	}
	first := serve(t, c, db, false)
	second := *first
	second.runner = runnerOf(c, first, first.log)
	return []*process{first, &second}
}

// onPostgres is two servers on one database.
func onPostgres(t *testing.T, c *clock) (both []*process) {
	t.Helper()
	d := pgtest.Database(t)
	set := d.FakeClock(t)
	set(c.minute)
	c.watchers = append(c.watchers, set)
	for range 2 {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: d.URL, MaxConns: 4})
		if err != nil {
			t.Fatalf("postgres.Open: %v", err)
		}
		both = append(both, serve(t, c, db, true))
	}
	return both
}

func runnerOf(c *clock, p *process, log *journal) *jobs.Runner {
	return jobs.New(jobs.Config{
		Work: p.store, Lines: p.lines, Every: time.Minute, Now: c.now,
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
}

func serve(t *testing.T, c *clock, db store.Store, shared bool) *process {
	t.Helper()
	p := &process{store: db, log: &journal{}}
	logger := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.houses = live.New(db, live.Config{Logger: logger, Monotonic: c.monotonic, Shared: shared})
	p.lines = line.New(db, p.houses, line.Config{Logger: logger, NewID: newUUID})
	api, err := httpapi.New(httpapi.Deps{
		Houses: p.houses, Lines: p.lines, Lists: db, Directory: db, Webhooks: db, Gate: access.NewGate(db, c.now), Logger: logger,
		Now: c.now, CursorKey: []byte("0123456789abcdef"), NewID: newUUID, Registry: prometheus.NewRegistry(),
		Found: func(context.Context, httpapi.Founding) (httpapi.Founded, error) {
			return httpapi.Founded{}, errors.ErrUnsupported
		}, // nobody does
		Office: backoffice.New(db, db, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.web = httptest.NewServer(api)
	p.runner = runnerOf(c, p, p.log)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var poll sync.WaitGroup
	if shared {
		poll.Go(func() { p.houses.Run(ctx) })
	}
	t.Cleanup(func() {
		p.web.Close()
		cancel()
		poll.Wait()
		p.lines.Close()
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return p
}

// found makes the restaurant and who works in it. It returns their tokens.
func found(t *testing.T, c *clock, db store.Store) (seating.RestaurantID, map[string]string) {
	t.Helper()
	id, now := seating.RestaurantID(newUUID()), servicetime.InstantOf(c.now())
	secrets := map[string]string{}
	token := func(name string, role seating.Role) store.Token {
		row, secret := access.NewToken(newUUID(), id, name, role, now)
		secrets[name] = secret
		return row
	}
	err := db.CreateRestaurant(t.Context(), store.NewRestaurant{
		State: houseState(id, now),
		Owner: store.Member{Restaurant: id, User: newUUID(), Email: "olive@example.org", Name: "Olive", Role: seating.RoleOwner, Access: 1},
		Token: token("owner", seating.RoleOwner), At: now,
	})
	if err != nil {
		t.Fatalf("CreateRestaurant: %v", err)
	}
	for name, role := range map[string]seating.Role{
		anna: seating.RoleHost, ben: seating.RoleHost, site: seating.RoleHost, sam: seating.RoleServer, mona: seating.RoleManager,
	} {
		if err := db.PutToken(t.Context(), token(name, role)); err != nil {
			t.Fatalf("PutToken: %v", err)
		}
	}
	return id, secrets
}

// newClient is a client whose connections end with the test.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}
