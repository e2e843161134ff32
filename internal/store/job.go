package store

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Jobs keeps the leases of jobs and what came of their runs.
type Jobs interface {
	// HoldJobs takes the lease of each job that is free, run out or the holder's
	// already, and returns those it has now. Taking over raises the token; renewing
	// keeps it. Jobs that were never heard of are made.
	HoldJobs(ctx context.Context, holder string, jobs []string, lease time.Duration) ([]JobLease, error)
	// ReportJob writes down a run, if the lease holds; false when it was lost.
	ReportJob(ctx context.Context, r JobReport) (bool, error)
	// FreeJobs gives the holder's leases back.
	FreeJobs(ctx context.Context, holder string) error
	// AskJob wants a job run now by who holds it; ErrNotFound.
	AskJob(ctx context.Context, job string, n Note) error
	// JobStates lists the jobs by name.
	JobStates(ctx context.Context) ([]JobState, error)
	// Prune deletes rows of a kind that are older than keep, of all restaurants or of
	// one, at most limit in one transaction, if the lease of job holds (zero Job: no
	// lease is asked for). The condition is judged again in the statement that deletes.
	Prune(ctx context.Context, p Prune) (Pruned, error)
	// Checkpoint writes down the house of a restaurant as it stands, so that the
	// journal up to it can go one day; nothing when there is one of this version.
	Checkpoint(ctx context.Context, id seating.RestaurantID) error
}

// JobLease is a job that a process may run.
type JobLease struct {
	Job   string
	Token int64
	Until servicetime.Instant
	Asked bool // somebody wants it run now
}

// JobReport is what came of a run.
type JobReport struct {
	Job    string
	Holder string
	Token  int64
	Took   time.Duration
	Done   int64         // rows, or whatever the job counts
	Lag    time.Duration // how late what it found was
	Error  string        // "": success
}

// JobState is a job as it is listed.
type JobState struct {
	Job           string
	Holder        string // "": nobody
	Token         int64
	LeaseUntil    servicetime.Instant
	AskedAt       servicetime.Instant
	LastRunAt     servicetime.Instant
	LastSuccessAt servicetime.Instant
	LastError     string
	LastTook      time.Duration
	Done          int64
	Lag           time.Duration
	Now           servicetime.Instant
}

// Kept names a kind of rows that are kept for a time. Source: docs/operations.md,
// what is kept.
type Kept string

// What the pruner goes through. The first four are of one restaurant at a time.
const (
	KeptReceipts   Kept = "receipts"
	KeptEndedHolds Kept = "ended_holds"
	KeptHistory    Kept = "history" // with the staff's notes beside it
	KeptJournal    Kept = "journal" // up to the newest checkpoint that is old enough and Versions back
	KeptDead       Kept = "dead_letters"
	KeptObserved   Kept = "observability_events"
	KeptDeliveries Kept = "deliveries"
	KeptOperations Kept = "operations"
)

// For how long observability events and lines of the history are kept. Who looks
// whether some are missing has to know; the other times are the pruner's alone.
const (
	KeepObserved = 30 * 24 * time.Hour
	KeepHistory  = 400 * 24 * time.Hour
)

// Prune is one batch of pruning.
type Prune struct {
	Kept       Kept
	Restaurant seating.RestaurantID // of the first four kinds
	Keep       time.Duration
	Versions   int64 // of a journal, kept whatever their age
	Limit      int
	Job        JobLease
	Holder     string
}

// Pruned is the outcome of a batch.
type Pruned struct {
	Rows   int64
	More   bool          // the batch was full
	Oldest time.Duration // age of the oldest row that is left, above keep; 0: none is too old
	Lost   bool          // the lease was lost: nothing was deleted
}
