package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// run is the delivery of rows of one flow that were handed out together.
type run struct {
	w       *Worker
	counter *counter
	claim   store.Claim
	flow    seating.FlowID
	rows    []store.OutboxRow
	began   time.Time
	full    bool // there may be more of the flow
	left    bool // a row was left behind that is to come again

	ctx    context.Context //nolint:containedctx // a scope: it ends when the lane or the lease is lost
	cancel context.CancelFunc
	halt   context.Context //nolint:containedctx // a scope: no further wave begins after its end,
	going  *atomic.Bool    // nor when this is set: the lane is to be given up
}

// report is what a run found out, part by part.
type report struct {
	run      *run
	found    settlement
	failures int // in a row, at the end
	ended    bool
}

// serve delivers the rows wave by wave: in one wave at most one row of an aggregate,
// and the aggregates side by side. What follows a row that failed waits with it, and
// when the circuit opens all of the rest does. tell gets each wave's outcome.
func (r *run) serve(failures int, tell func(report)) {
	j := &judge{circuit: circuit{failures: failures}, random: r.w.c.Random, newID: r.w.c.NewID, now: r.w.c.Now}
	if n := r.rows[0].CircuitFailures; n > 0 {
		j.circuit = circuit{failures: n, open: true}
	}
	rest, stopped := make([]*store.OutboxRow, len(r.rows)), map[string]bool{}
	for i := range r.rows {
		rest[i] = &r.rows[i]
	}
	var hung chan struct{}
	for len(rest) > 0 && r.ctx.Err() == nil && !r.halts() && !j.opened && hung == nil {
		restaurant, n := rest[0].Restaurant, ready(rest, stopped)
		if n == 0 {
			break
		}
		got, ok := r.counter.crowd.enter(r.ctx, restaurant, n, !rest[0].Endpoint.IsZero())
		if !ok {
			break
		}
		var wave []*store.OutboxRow
		wave, rest = cut(rest, stopped, got)
		hung = r.wave(j, wave, stopped)
		r.counter.crowd.leave(restaurant, got)
		if j.unknown > 0 {
			r.unknown(j)
		}
		if !j.found.empty() && r.ctx.Err() == nil {
			tell(report{run: r, found: j.found})
		}
		j.found = settlement{}
	}
	if hung != nil {
		<-hung
	}
	r.left = len(stopped) > 0 || len(rest) > 0 || j.opened
	failures = j.circuit.failures
	if j.circuit.open {
		failures = 0 // from now on the row that tries it says how many
	}
	tell(report{run: r, failures: failures, ended: true})
}

// halts reports whether what has not begun is left to who is handed it next.
func (r *run) halts() bool { return r.halt.Err() != nil || r.going.Load() }

// ready counts the aggregates that are not stopped.
func ready(rows []*store.OutboxRow, stopped map[string]bool) int {
	seen := make(map[string]bool, len(rows))
	for _, row := range rows {
		if !stopped[row.Aggregate] {
			seen[row.Aggregate] = true
		}
	}
	return len(seen)
}

// cut takes the next wave: the first row of each aggregate that is not stopped, at
// most n. What stays are the rows behind those.
func cut(rows []*store.OutboxRow, stopped map[string]bool, n int) (wave, rest []*store.OutboxRow) {
	taken := make(map[string]bool, n)
	wave, rest = make([]*store.OutboxRow, 0, n), make([]*store.OutboxRow, 0, len(rows))
	for i, row := range rows {
		switch {
		case stopped[row.Aggregate]:
		case len(wave) == n:
			return wave, append(rest, rows[i:]...)
		case taken[row.Aggregate]:
			rest = append(rest, row)
		default:
			taken[row.Aggregate] = true
			wave = append(wave, row)
		}
	}
	return wave, rest
}

// wave delivers one row of each of some aggregates. It returns what closes when the
// sink, which has not kept to its time, comes back at last; nil: it did.
func (r *run) wave(j *judge, wave []*store.OutboxRow, stopped map[string]bool) (hung chan struct{}) {
	items := make([]Item, 0, len(wave))
	for _, row := range wave {
		dead := len(j.found.dead)
		if item, ok := j.known(*row); ok {
			items = append(items, item)
		} else if len(j.found.dead) == dead {
			stopped[row.Aggregate] = true
		}
	}
	if len(items) == 0 {
		return nil
	}
	began := r.w.c.Now()
	results, hung := r.deliver(items)
	if r.ctx.Err() != nil {
		return hung // nothing of it counts any more
	}
	worst := Delivered
	for i, item := range items {
		result := Result{Err: errNoAnswer}
		if i < len(results) {
			result = results[i]
		}
		if !j.delivered(item.Row, result) {
			stopped[item.Row.Aggregate] = true
		}
		worst = worse(worst, result.Outcome)
	}
	r.w.c.Metrics.OutboxDispatched(r.counter.sink.Name(), worst.String(), r.w.c.Now().Sub(began))
	return hung
}

// deliver calls the sink. A panic fails the batch, and so does a sink that is not
// back a second after its time.
func (r *run) deliver(items []Item) (results []Result, hung chan struct{}) {
	ctx, cancel := context.WithTimeout(r.ctx, r.w.c.Timeout)
	sink := r.counter.sink
	back := make(chan []Result, 1)
	gone := make(chan struct{})
	go func() {
		defer cancel()
		defer close(gone)
		defer func() {
			if p := recover(); p != nil {
				r.w.c.Logger.ErrorContext(ctx, "a sink panicked", slog.String("sink", sink.Name()), slog.Any("panic", p),
					slog.String("stack", string(debug.Stack())))
				back <- failures(len(items), fmt.Errorf("the sink panicked: %v", p))
			}
		}()
		back <- sink.Deliver(ctx, items)
	}()
	select {
	case results = <-back:
		return results, nil
	case <-ctx.Done():
	}
	grace := time.NewTimer(answerWithin)
	defer grace.Stop()
	select {
	case results = <-back:
		return results, nil
	case <-grace.C:
		r.w.c.Logger.ErrorContext(ctx, "a sink does not keep to its time; its flow waits until it is back",
			slog.String("sink", sink.Name()), slog.String("flow", r.flow.String()), slog.Duration("timeout", r.w.c.Timeout))
		return failures(len(items), fmt.Errorf("no answer within %s", r.w.c.Timeout)), gone
	}
}

// unknown tells of rows whose type this binary does not know: it is no failure of
// the receiver, and somebody has to bring a binary that does.
func (r *run) unknown(j *judge) {
	for range j.unknown {
		r.w.c.Metrics.OutboxUnknown()
	}
	j.unknown = 0
	last := j.found.failed[len(j.found.failed)-1]
	r.w.c.Logger.ErrorContext(r.ctx, "an event waits for a binary that knows its type", slog.String("sink", r.counter.sink.Name()),
		slog.Int64("id", last.ID), slog.String("error", last.Error))
}

func failures(n int, err error) []Result {
	results := make([]Result, n)
	for i := range results {
		results[i].Err = err
	}
	return results
}

// worse is the outcome that says more of a batch.
func worse(a, b Outcome) Outcome {
	switch {
	case a == Retry || b == Retry:
		return Retry
	case a == Dead || b == Dead:
		return Dead
	default:
		return Delivered
	}
}

func (o Outcome) String() string {
	switch o {
	case Delivered:
		return outcomeDelivered
	case Dead:
		return outcomeDead
	default:
		return outcomeFailed
	}
}
