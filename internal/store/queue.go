package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Queue is the outbox as its workers see it. A worker owns lanes while its lease
// lasts, by the database's clock alone. Everything it writes carries the tokens of
// its lanes, and the statement that writes it checks them and the lease: what comes
// from a worker that has lost a lane changes nothing.
//
// A row belongs to a flow (an endpoint, else a restaurant), a flow to one lane.
// Rows of one aggregate are in one flow, in the order of their ids.
type Queue interface {
	// Beat registers a worker or renews its lease, and takes lanes of its sinks that
	// are free, or whose worker's lease has run out, until it has its fair share:
	// lanes divided by live workers, rounded up. Each lane it takes gets a new token.
	// Workers whose lease has run out long ago are forgotten. It never waits for
	// another worker's transaction.
	Beat(ctx context.Context, b Beat) (Share, error)
	// GiveUp frees lanes of a worker in order: nothing of them is handed out any more.
	// Lanes that are not the worker's are passed over. It frees all of the worker's
	// lanes, and forgets the worker, when lanes is nil.
	GiveUp(ctx context.Context, worker string, lanes []LaneRef) error
	// Turn settles what became of rows, and hands out more, in one round trip. What
	// is settled is settled if lane token and lease hold, row by row; what is handed
	// out is noted in its lane. It hands out nothing of a paused sink.
	Turn(ctx context.Context, t Turn) (Turned, error)
	// Suspect hands out the first row of a flow with an id up to last whose delivery a
	// dead worker may have begun, and raises its handovers in the same statement; nil
	// when there is none (any more) that is due and not parked.
	Suspect(ctx context.Context, worker, sink string, lane Claim, flow seating.FlowID, last int64) (*OutboxRow, error)
	// Move takes rows out of the outbox and puts them into the observability events,
	// in one statement, fenced like Turn. An event that is there already is not
	// doubled.
	Move(ctx context.Context, m Move) (Moved, error)
	// Waiting returns those of the sinks that have a row in a lane of the worker that
	// is neither parked nor paused, cheaply: it may name a sink too many, never one too
	// few.
	Waiting(ctx context.Context, worker string) ([]string, error)
	// OutboxRows returns waiting rows of a sink with an id above after, by id, at most
	// limit.
	OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]OutboxRow, error)
}

// The sinks of this binary. Every event goes to observability, and to webhook once
// for each active endpoint of the restaurant whose filter matches.
const (
	SinkObservability = "observability"
	SinkWebhook       = "webhook"
)

// Sinks lists the sinks of this binary.
func Sinks() []string { return []string{SinkObservability, SinkWebhook} }

// Lanes is the number of lanes of a sink.
const Lanes = 16

// Beat is a sign of life.
type Beat struct {
	Worker string // its name for as long as it runs; another at each start
	Sinks  []string
	Lease  time.Duration
}

// Share is what a worker has after a beat.
type Share struct {
	Now     servicetime.Instant // the database's
	Until   servicetime.Instant // the end of the lease
	Workers int                 // with a lease, this one too
	Fair    int                 // lanes of a sink that it should have; more it should give up when it can
	Lanes   []OwnedLane         // all it has, of its sinks
	Paused  []string            // sinks of its own that are paused
}

// OwnedLane is a lane of a worker.
type OwnedLane struct {
	Sink string
	Claim
	// Suspects are what a worker that died had been handed, when the lane was taken
	// over in this beat: rows up to an id of each flow.
	Suspects []Handed
}

// Claim is a lane with the token of its owner.
type Claim struct {
	Lane  int
	Token int64
}

// LaneRef names a lane of a sink.
type LaneRef struct {
	Sink string
	Lane int
}

// Handed says that rows of a flow up to an id were handed out.
type Handed struct {
	Flow seating.FlowID `json:"flow"`
	Last int64          `json:"last"`
}

// Turn is one exchange of a worker with the outbox, about one sink.
type Turn struct {
	Worker string
	Sink   string
	Claims []Claim // of the lanes of all rows below, and of those to hand out from

	Done   []Settled // delivered: the rows go, and what they parked is free
	Failed []Failed  // stay, their aggregates wait behind them
	Dead   []Died    // go to the dead letters; an outbox.dead event is written for each
	// Circuits that open, stay open or close. One that closes frees all that is
	// parked in its flow.
	Circuits []Circuit
	Log      []Delivery // for the delivery log; written whatever the tokens say

	// What to hand out: from these flows, or with Sweep from all flows of Claims that
	// come after From, by lane and flow, but the Busy ones. A row that is not due or
	// whose aggregate is parked is passed over, with all of its aggregate behind it.
	// Of a flow whose circuit is open nothing is handed out before its time, and then
	// one row.
	Flows   []FlowRef
	Sweep   bool
	From    FlowRef
	Busy    []seating.FlowID
	Limit   int // rows; 0: hand out nothing
	PerFlow int // rows of one flow
}

// FlowRef is a place in the order of flows, and the id behind which to read one.
type FlowRef struct {
	Lane int
	Flow seating.FlowID
	// After is a hint: rows up to it need not be looked at. It does not hold in a flow
	// of which something is parked or put off: what comes after a row of an aggregate
	// must not be handed out because the row itself is not looked at.
	After int64
}

// Settled names a row in its lane.
type Settled struct {
	ID   int64
	Lane int
}

// Failed is a row whose delivery failed and is to be tried again. Its handovers
// are 0 again: its worker lived to see it fail.
type Failed struct {
	Settled
	Error string
	// Wait parks the aggregate, from the database's now on.
	Wait time.Duration
	// Counted raises attempts, and adds Spent to the time for which the row has
	// been failing. It is not set for what the row cannot help: an open circuit, a type
	// that this binary does not know.
	Counted bool
	Spent   time.Duration
	Reason  string // of parking: failed, unknown_type
}

// The reasons for which an aggregate or a flow is parked.
const (
	ParkedFailed      = "failed"
	ParkedUnknownType = "unknown_type"
	ParkedCircuit     = "circuit_open"
)

// Died is a row that is given up.
type Died struct {
	Settled
	Cause string // one of the causes below
	Error string
	Key   string // dedupe key of the outbox.dead event, see ToldKey
}

// Why a row is dead.
const (
	CauseRefused   = "refused"    // the receiver says that it will never take it
	CauseExhausted = "exhausted"  // tried often enough and long enough
	CauseMalformed = "malformed"  // cannot be read
	CauseCrashLoop = "crash_loop" // its worker died too often
	CauseSkipped   = "skipped"    // by an operator
	CauseGone      = "gone"       // the receiver is not there any more
)

// Circuit is the state of a flow's circuit.
type Circuit struct {
	Lane       int
	Flow       seating.FlowID
	Restaurant seating.RestaurantID
	Open       bool
	Wait       time.Duration // until one row is tried
	Failures   int           // in a row
}

// Turned is the outcome of a turn.
type Turned struct {
	Now     servicetime.Instant
	Settled []int64 // ids of Done, Failed and Dead that counted
	Lost    []int   // lanes of Claims that are not the worker's any more
	Rows    []OutboxRow
	// More says that there may be more to hand out now; Next is where a sweep goes on,
	// zero from the beginning.
	More   bool
	Next   FlowRef
	Paused bool
}

// Move is one transfer to the observability events.
type Move struct {
	Worker  string
	Claims  []Claim
	Flows   []FlowRef // none: sweep
	From    FlowRef   // of a sweep
	Limit   int
	PerFlow int
}

// Moved is the outcome of a Move.
type Moved struct {
	Rows   []MovedRow
	Lost   []int
	More   bool
	Next   FlowRef
	Paused bool
}

// MovedRow is a row that was moved.
type MovedRow struct {
	ID     int64
	Type   seating.EventType
	Waited time.Duration // from its creation to the move
}

// OutboxRow is one event on its way to one destination.
type OutboxRow struct {
	ID            int64
	Sink          string
	Lane          int
	Flow          seating.FlowID
	Restaurant    seating.RestaurantID
	Booking       seating.BookingID
	Endpoint      seating.EndpointID // zero: of another sink than webhook
	Aggregate     string
	AggregateSeq  int64
	EventType     seating.EventType
	Severity      seating.Severity
	SchemaVersion int
	DedupeKey     string
	Payload       json.RawMessage
	Headers       json.RawMessage // "": none
	Attempts      int
	Handovers     int
	FailedFor     time.Duration
	NextAttemptAt servicetime.Instant
	LastError     string
	CreatedAt     servicetime.Instant

	// CircuitFailures is set on a row that is handed out to try whether a flow whose
	// circuit is open can be served again.
	CircuitFailures int
}
