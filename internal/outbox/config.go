package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/telemetry"
)

// Config of a Worker. The zero value of a number is its default.
type Config struct {
	Queue store.Queue
	Sinks []Sink // besides observability, which the store itself serves
	// Name tells this worker from all others, also from the one this process was
	// before: a new random one at each start. Empty: made here.
	Name    string
	NewID   func() [16]byte // UUIDv7s, for the keys of outbox.dead events
	Logger  *slog.Logger    // nil: none
	Metrics *telemetry.Metrics
	Now     func() time.Time // with a monotonic reading; for waits and measures, never for the database's leases

	// Backlog says how things stand; nil: not measured. A store.Outbox has it.
	Backlog func(ctx context.Context) ([]store.Backlog, error)
	// Rows lists what waits, by which Drain sees the lanes of other workers; nil: it
	// looks at its own alone. A store.Outbox has it as its method Outbox.
	Rows func(ctx context.Context, q store.OutboxQuery) ([]store.OutboxEntry, error)

	Lease    time.Duration // 15 s; renewed every third of it
	Poll     time.Duration // 1 s ± 20 %: how often it looks although nobody woke it
	Batch    int           // 500 rows handed out at once
	PerFlow  int           // 100 rows of one flow, when others wait too
	InFlight int           // 64 rows of one restaurant delivered at the same time, per sink
	Linger   time.Duration // how long it lets woken work gather before it begins; 0: not at all
	Gap      time.Duration // 3 ms: least time between the beginnings of two exchanges when they find little
	Timeout  time.Duration // 30 s for one Deliver

	// Random picks a part of a duration; nil: any, at random.
	Random func(time.Duration) time.Duration
}

// Bounds that are nobody's choice.
const (
	flushRows    = 500                  // outcomes that go to the queue at once,
	flushWithin  = 5 * time.Millisecond // and how long fewer wait for more
	endWithin    = 5 * time.Second      // for deliveries at hand when the worker is to stop
	answerWithin = time.Second          // for a sink to come back once its time is over
	gaugeEvery   = 15 * time.Second
	jitter       = 0.2 // of the poll, so that processes do not ask in step
	// Rows that are handed out ahead, in batches: of deliveries that have just begun,
	// and of all, so that slow receivers cost memory and not the others' turn.
	aheadYoung  = 2
	aheadMost   = 20
	youngFor    = time.Second
	flowsAtOnce = 100 // that one exchange reads by name
)

func (c Config) withDefaults() Config {
	c.Lease = cmp.Or(c.Lease, 15*time.Second)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Batch = cmp.Or(c.Batch, 500)
	c.PerFlow = min(cmp.Or(c.PerFlow, 100), c.Batch)
	c.InFlight = cmp.Or(c.InFlight, 64)
	c.Gap = cmp.Or(c.Gap, 3*time.Millisecond)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Random == nil {
		c.Random = rand.N[time.Duration]
	}
	if c.Name == "" {
		c.Name = "worker/" + seating.AnyID(c.NewID()).String()
	}
	return c
}

// around is a duration ± 20 %.
func (c Config) around(d time.Duration) time.Duration {
	spread := time.Duration(2 * jitter * float64(d))
	if spread <= 0 {
		return d
	}
	return d - spread/2 + c.Random(spread)
}
