package line

import (
	"context"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Bounds of a line.
const (
	batchLimit   = 32               // commands in one batch
	waitingLimit = 2000             // commands waiting for one restaurant
	definiteIn   = 5 * time.Second  // to find out what became of an ambiguous commit
	settleIn     = 15 * time.Second // for a batch as a whole
	triesLimit   = 10               // passes in a row that settle nothing
)

// Config of the lines.
type Config struct {
	Logger *slog.Logger
	NewID  func() [16]byte // UUIDv7
	// NewEpoch makes the name of an epoch: 1 to 32 lower-case letters and digits.
	// nil: a NewID in hexadecimal.
	NewEpoch func() string
	// OnBatch and OnCommand are told what was done; nil is allowed. They must not
	// block.
	OnBatch   func(BatchDone)
	OnCommand func(command string, code seating.Code) // code is empty for a granted one
}

// BatchDone describes one pass of a line.
type BatchDone struct {
	Commands int
	Changes  int           // committed
	Commit   time.Duration // of the store's commit; 0 when nothing was committed
	Locked   bool          // the lock was taken first: the restaurant is contended
}

// Lines are the queues of all restaurants in this process.
type Lines struct {
	store  store.Seating
	houses *live.Houses
	c      Config

	mu        sync.Mutex
	queues    map[seating.RestaurantID]*queue
	contended map[seating.RestaurantID]contention
	closed    bool
	stop      chan struct{} // closed with the lines
	work      sync.WaitGroup
}

// New makes the lines of a process.
func New(s store.Seating, houses *live.Houses, c Config) *Lines {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnBatch == nil {
		c.OnBatch = func(BatchDone) {}
	}
	if c.OnCommand == nil {
		c.OnCommand = func(string, seating.Code) {}
	}
	if c.NewEpoch == nil {
		c.NewEpoch = func() string { id := c.NewID(); return hex.EncodeToString(id[:]) }
	}
	return &Lines{
		store: s, houses: houses, c: c, queues: map[seating.RestaurantID]*queue{},
		contended: map[seating.RestaurantID]contention{}, stop: make(chan struct{}),
	}
}

// queue is one restaurant's line. It exists while somebody waits.
type queue struct {
	waiting []*job
}

// job is one command in a line.
type job struct {
	Request
	ctx     context.Context //nolint:containedctx // the caller's: a command whose caller has left is not begun
	done    chan outcome    // buffered: the line never waits for a caller
	told    bool            // the outcome went out
	tries   int             // passes that settled nothing
	attempt int             // picks another reference
	facts   decide.Facts    // that granted it
	rotates bool            // of maitred's own: a new epoch, because commits are lost
}

type outcome struct {
	answer Answer
	err    error
}

// Do puts the command into its restaurant's line and waits for the outcome. Every
// refusal is a *seating.Error. When ctx ends first, or the store stays silent,
// the refusal is UNAVAILABLE with Details.Unknown where the command may have
// been committed: ask again with the same key.
func (l *Lines) Do(ctx context.Context, r Request) (Answer, error) {
	j := &job{Request: r, ctx: ctx, done: make(chan outcome, 1)}
	if err := l.enqueue(j); err != nil { //nolint:contextcheck // a line serves many callers; none of them ends it
		l.c.OnCommand(r.Command.Name(), err.Code)
		return Answer{}, err
	}
	select {
	case o := <-j.done:
		return o.answer, o.err
	case <-ctx.Done():
		return Answer{}, unknown("The caller stopped waiting; the outcome is not known.")
	}
}

func (l *Lines) enqueue(j *job) *seating.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[j.Restaurant]
	switch {
	case l.closed:
		return unavailable("This process is stopping; try again.")
	case q != nil && len(q.waiting) >= waitingLimit:
		return unavailable("Too many commands wait for this restaurant; try again.")
	case q == nil:
		q = &queue{}
		l.queues[j.Restaurant] = q
		l.work.Add(1)
		go l.run(j.Restaurant, q)
	}
	q.waiting = append(q.waiting, j)
	return nil
}

// run takes batch after batch until nobody waits; then the queue ends.
func (l *Lines) run(id seating.RestaurantID, q *queue) {
	defer l.work.Done()
	for {
		l.mu.Lock()
		n := min(len(q.waiting), batchLimit)
		if n == 0 {
			delete(l.queues, id)
			l.mu.Unlock()
			return
		}
		batch := append([]*job(nil), q.waiting[:n]...)
		q.waiting = append(q.waiting[:0:0], q.waiting[n:]...)
		l.mu.Unlock()
		l.settle(id, batch)
	}
}

// Close refuses new commands and waits until those at hand are answered.
func (l *Lines) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.stop)
	}
	l.mu.Unlock()
	l.work.Wait()
}

func (l *Lines) answer(j *job, a Answer) { l.tellOnce(j, outcome{answer: a}, "") }

func (l *Lines) refuse(j *job, err *seating.Error) { l.tellOnce(j, outcome{err: err}, err.Code) }

// tellOnce sends the first outcome of a job; there is room for one.
func (l *Lines) tellOnce(j *job, o outcome, code seating.Code) {
	if j.told {
		return
	}
	j.told = true
	l.c.OnCommand(j.Command.Name(), code)
	j.done <- o
}

func unavailable(msg string) *seating.Error {
	err := seating.Refuse(seating.CodeUnavailable, "%s", msg)
	err.Details.RetryAfter = time.Second
	return err
}

func unknown(msg string) *seating.Error {
	err := unavailable(msg)
	err.Details.Unknown = true
	return err
}
