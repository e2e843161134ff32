package outbox

import (
	"context"
	"log/slog"
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
	Now     func() time.Time // with a monotonic reading; for waits and measures, never for leases

	Lease    time.Duration // 15 s; renewed every third of it
	Poll     time.Duration // 1 s ± 20 %: how often it looks although nobody woke it
	Batch    int           // 500 rows handed out at once
	PerFlow  int           // 100 rows of one flow, when others wait too
	InFlight int           // 64 rows of one restaurant delivered at the same time, per sink
	Linger   time.Duration // how long it lets woken work gather before it begins; 0: not at all
	Gap      time.Duration // 10 ms: least time between the beginnings of two exchanges when they find little
	Timeout  time.Duration // 30 s for one Deliver

	// Random picks a part of a duration; nil: any, at random.
	Random func(time.Duration) time.Duration
}

// The shape of what follows is in worker.go:
//
//	func New(c Config) *Worker
//	func (w *Worker) Run(ctx context.Context)                 // until ctx ends; then gives its lanes up
//	func (w *Worker) Wake(r seating.RestaurantID)             // never blocks; zero: any
//	func (w *Worker) Drain(ctx context.Context) (Drained, error) // instead of Run: until nothing is due
var (
	_ context.Context
	_ seating.RestaurantID
)
