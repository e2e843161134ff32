package jobs

import (
	"context"
	cryptorand "crypto/rand"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

// Bounds of a round.
const (
	atOnce   = 4       // restaurants that are served at the same time
	look     = 1000    // rows of a kind that are asked for
	lookMost = 100_000 // when there are more
	askIn    = 10 * time.Second
	jitter   = 0.2 // of the interval, so that processes do not ask in step
)

// Work is where due work is found, and what is to be pruned, with the leases of
// jobs. A store.Store is one.
type Work interface {
	Now(ctx context.Context) (servicetime.Instant, error)
	Due(ctx context.Context, kind house.DueKind, limit int) ([]store.DueWork, error)

	HoldJobs(ctx context.Context, holder string, jobs []string, lease time.Duration) ([]store.JobLease, error)
	ReportJob(ctx context.Context, r store.JobReport) (bool, error)
	FreeJobs(ctx context.Context, holder string) error
	JobStates(ctx context.Context) ([]store.JobState, error)

	Restaurants(ctx context.Context) ([]seating.Restaurant, error)
	Prune(ctx context.Context, p store.Prune) (store.Pruned, error)
	Checkpoint(ctx context.Context, id seating.RestaurantID) error
}

var _ Work = store.Store(nil)

// Doer does commands. A *line.Lines is one.
type Doer interface {
	Do(ctx context.Context, r line.Request) (line.Answer, error)
}

// Config of a Runner.
type Config struct {
	Work  Work
	Lines Doer
	// Holder tells this process from all others, also from the one it was before: a new
	// one at each start. Empty: made here.
	Holder  string
	Every   time.Duration // from one round to the next, ± 20 %
	Logger  *slog.Logger
	Metrics *telemetry.Metrics // nil: not measured
	Now     func() time.Time   // for back-offs; with a monotonic reading
	// Jitter picks a part of a duration; nil: any, at random.
	Jitter func(time.Duration) time.Duration
}

// Runner does the due work of all restaurants and prunes what is kept long enough:
// those jobs of which it has the lease.
type Runner struct {
	c      Config
	leases *leases
	room   chan struct{} // as many as may be served at once

	mu      sync.Mutex
	reports map[string]reported
	chores  []*chore
	memory  *memory
	busy    map[seating.RestaurantID]bool // has a turn
	unheard map[house.DueKind]bool        // the store does not say what is due
	flooded map[house.DueKind]bool        // more is due than is looked at
}

// New makes a runner; Run runs it.
func New(c Config) *Runner {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Jitter == nil {
		c.Jitter = rand.N[time.Duration]
	}
	if c.Holder == "" {
		c.Holder = cryptorand.Text()
	}
	r := &Runner{
		c: c, room: make(chan struct{}, atOnce), memory: newMemory(c.Jitter), busy: map[seating.RestaurantID]bool{},
		unheard: map[house.DueKind]bool{}, flooded: map[house.DueKind]bool{}, reports: map[string]reported{},
	}
	r.leases, r.chores = newLeases(&r.c), newChores(r)
	return r
}

// Run does round after round until ctx ends, the first within one interval. A round
// does not wait for the one before: a restaurant that is slow is passed over until
// its turn is over. When Run returns, nothing of it runs any more and its leases are
// free; a command that was begun is ended by its line.
func (r *Runner) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer func() {
		work.Wait()
		r.Free(ctx)
	}()
	work.Go(func() { r.leases.beat(ctx) })
	timer := time.NewTimer(r.c.Jitter(r.c.Every))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		r.round(ctx, &work)
		spread := time.Duration(2 * jitter * float64(r.c.Every))
		timer.Reset(r.c.Every - spread/2 + r.c.Jitter(spread))
	}
}

// Free gives the leases back, as Run does at its end.
func (r *Runner) Free(ctx context.Context) { r.leases.free(ctx) }

// Round is one round of Run, brought to its end. It keeps its leases.
func (r *Runner) Round(ctx context.Context) {
	var work sync.WaitGroup
	r.round(ctx, &work)
	work.Wait()
}

// round asks what is due of the kinds it has the lease of, and begins the turns of
// the restaurants that have work.
func (r *Runner) round(ctx context.Context, work *sync.WaitGroup) {
	passed := r.passed()
	turns := map[seating.RestaurantID]*turn{}
	mine, unheld := r.leases.take(ctx)
	this := newRound(r.c.Now(), mine)
	var now servicetime.Instant
	var unknown error
	if this.any() {
		now, unknown = r.now(ctx)
	}
	for i := range kinds {
		k := kinds[i].due
		if ctx.Err() != nil {
			return
		}
		if this.of[i].lease == nil {
			r.notMine(ctx, k, unheld)
			continue
		}
		rows, all, err := r.due(ctx, i, this, now, unknown)
		if ctx.Err() != nil {
			return
		}
		if r.heard(ctx, k, all, err) {
			r.choose(i, rows, all, passed, turns)
		}
	}
	var served sync.WaitGroup
	for id, t := range turns {
		t.round = this
		served.Add(1)
		r.begin(ctx, work, served.Done, id, t)
	}
	work.Go(func() {
		served.Wait()
		r.report(ctx, this)
	})
	for _, c := range r.chores {
		c.see(ctx, work, mine)
	}
}

// notMine notes a kind that another process has, or of which the store does not say
// who has it.
func (r *Runner) notMine(ctx context.Context, k house.DueKind, err error) {
	if err != nil {
		r.heard(ctx, k, true, err)
		return
	}
	r.unheard[k] = false
	r.c.Metrics.JobsLag(string(k), 0)
}

// begin does a turn beside the caller when there is room.
func (r *Runner) begin(ctx context.Context, work *sync.WaitGroup, done func(), id seating.RestaurantID, t *turn) {
	r.mu.Lock()
	r.busy[id] = true
	r.mu.Unlock()
	work.Go(func() {
		defer done()
		defer func() {
			r.mu.Lock()
			delete(r.busy, id)
			r.mu.Unlock()
		}()
		select {
		case r.room <- struct{}{}:
			defer func() { <-r.room }()
			r.serve(ctx, t)
		case <-ctx.Done():
		}
	})
}

// passed are the restaurants that this round passes over. It is asked for before
// the rows are read: rows that are read while a turn is doing them say nothing.
func (r *Runner) passed() map[seating.RestaurantID]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.c.Now()
	passed := map[seating.RestaurantID]bool{}
	for id := range r.busy {
		passed[id] = true
	}
	for id, p := range r.memory.places {
		if now.Before(p.until) {
			passed[id] = true
		}
	}
	return passed
}

// now is the database's time, by which work is due.
func (r *Runner) now(ctx context.Context) (servicetime.Instant, error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	return r.c.Work.Now(ctx)
}

// due reads the rows of a kind that are due; all says that these are all. The
// oldest come first, and rows that fail or wait are among them, so whenever there
// may be more behind, more are asked for: nothing is hidden by what is in front.
func (r *Runner) due(ctx context.Context, i int, this *round, now servicetime.Instant, err error) (rows []store.DueWork, all bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	k := kinds[i].due
	for limit := look; err == nil && !all && limit <= lookMost; limit *= 10 {
		rows, err = r.c.Work.Due(ctx, k, limit)
		all = len(rows) < limit
	}
	if err != nil {
		this.failed(i, "what is due cannot be read")
		return nil, false, err
	}
	lag := time.Duration(0)
	if len(rows) > 0 {
		lag = max(0, now.Sub(rows[0].RunAt))
	}
	this.of[i].lag = lag
	r.c.Metrics.JobsLag(string(k), lag)
	return rows, all, nil
}

// heard counts one question and tells when its outcome changes; it reports whether
// there is an answer.
func (r *Runner) heard(ctx context.Context, k house.DueKind, all bool, err error) bool {
	r.c.Metrics.JobsRun(string(k), err == nil)
	name := slog.String("kind", string(k))
	switch {
	case err != nil && !r.unheard[k]:
		r.c.Logger.ErrorContext(ctx, "due work cannot be read", name, slog.Any("error", err))
	case err == nil && r.unheard[k]:
		r.c.Logger.InfoContext(ctx, "due work can be read again", name)
	}
	r.unheard[k] = err != nil
	if err != nil {
		return false
	}
	if !all && !r.flooded[k] {
		r.c.Logger.ErrorContext(ctx, "more work is due than is looked at", name, slog.Int("rows", lookMost))
	}
	r.flooded[k] = !all
	return true
}

// choose puts the rows of the i-th kind that may be tried now into the turns of
// their restaurants.
func (r *Runner) choose(i int, rows []store.DueWork, all bool, passed map[seating.RestaurantID]bool, turns map[seating.RestaurantID]*turn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		r.memory.forget(kinds[i].due, rows)
	}
	now := r.c.Now()
	for _, w := range rows {
		t := r.memory.of(w)
		if passed[w.Restaurant] || now.Before(t.until) {
			continue
		}
		if turns[w.Restaurant] == nil {
			turns[w.Restaurant] = newTurn(w.Restaurant)
		}
		turns[w.Restaurant].add(i, w, t)
	}
	for _, t := range turns {
		t.cut(i)
	}
}
