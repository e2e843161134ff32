package sqlite

import (
	"context"
	"errors"
	"math"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// maxID is above every id.
const maxID = math.MaxInt64

// flowsAtOnce bounds how many flows one sweep looks at: it runs in the writer's
// transaction, and others wait. What comes after is the next sweep's.
const flowsAtOnce = 1000

// flowScan goes through the flows of a sink. Each is found by one look-up, however
// many rows it has, and one whose circuit is open costs one more.
//
// It reads every flow from its first row: rows that are gone leave nothing behind
// in an index of SQLite that a hint could skip, and so a row whose time has come
// again is never overtaken by one behind it.
type flowScan struct {
	q    session
	now  servicetime.Instant
	sink string
}

// next is the flow after another one of a lane; false when there is none.
func (f flowScan) next(ctx context.Context, lane int, after seating.FlowID) (flow seating.FlowID, found bool, err error) {
	found, err = f.q.one(ctx, "NextFlow", []any{f.sink, lane, after.String()}, id(&flow))
	return flow, found, err
}

// circuit reports how often a flow has failed in a row whose circuit is open, 0 for
// one that is closed, and whether the time for a probe has not come yet.
func (f flowScan) circuit(ctx context.Context, flow seating.FlowID) (failures int, shut bool, err error) {
	var until servicetime.Instant
	found, err := f.q.one(ctx, "Circuit", []any{f.sink, text(flow)}, instant(&until), &failures)
	if err != nil || !found {
		return 0, false, err
	}
	return max(failures, 1), until > f.now, nil
}

// due reports whether a flow has a row up to an id that is due and not parked.
func (f flowScan) due(ctx context.Context, lane int, flow seating.FlowID, last int64) (bool, error) {
	return f.q.one(ctx, "FlowHasDue", []any{f.sink, lane, text(flow), int64(f.now), last}, new(int))
}

// errEnough ends a read of rows.
var errEnough = errors.New("sqlite: enough rows")

// rows are the first rows of a flow with an id up to last that can be handed out, in
// order, and whether there may be more of them now.
func (f flowScan) rows(ctx context.Context, lane int, flow seating.FlowID, last int64, limit int) (rows []store.OutboxRow, more bool, err error) {
	failures, shut, err := f.circuit(ctx, flow)
	if err != nil || shut || limit <= 0 {
		return nil, false, err
	}
	probe := failures > 0
	if probe {
		limit = 1
	}
	late := map[string]bool{} // aggregates with a row that is not due
	err = f.q.each(ctx, "RowsOfFlow", []any{f.sink, lane, text(flow), int64(f.now)}, func(scan func(...any) error) error {
		var o store.OutboxRow
		if err := scan(outboxColumns(&o)...); err != nil {
			return err
		}
		switch {
		case o.ID > last:
			return errEnough
		case o.NextAttemptAt > f.now || late[o.Aggregate]:
			late[o.Aggregate] = true
			return nil
		case len(rows) == limit:
			more = !probe
			return errEnough
		}
		o.CircuitFailures = failures
		rows = append(rows, o)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, more, err
}

// sweep is what to hand out of the lanes of a worker.
type sweep struct {
	flows   []store.FlowRef // these, else all after from
	all     bool
	from    store.FlowRef
	busy    []seating.FlowID
	limit   int
	perFlow int
}

// swept is the outcome of a sweep.
type swept struct {
	rows []store.OutboxRow
	more bool
	next store.FlowRef
}

// run reads rows of the flows that are asked for, as far as their lanes are held.
func (f flowScan) run(ctx context.Context, h *held, w sweep) (swept, error) {
	var out swept
	if w.limit <= 0 {
		return out, nil
	}
	if w.perFlow <= 0 {
		w.perFlow = w.limit
	}
	done := make(map[seating.FlowID]bool, len(w.flows)+len(w.busy))
	take := func(lane int, flow seating.FlowID) error {
		done[flow] = true
		rows, more, err := f.rows(ctx, lane, flow, maxID, min(w.perFlow, w.limit-len(out.rows)))
		out.rows = append(out.rows, rows...)
		out.more = out.more || more
		return err
	}
	for _, r := range w.flows {
		switch {
		case done[r.Flow] || !h.has(r.Lane):
			continue
		case len(out.rows) == w.limit:
			out.more = true
			return out, nil
		}
		if err := take(r.Lane, r.Flow); err != nil {
			return out, err
		}
	}
	if !w.all {
		return out, nil
	}
	for _, flow := range w.busy {
		done[flow] = true
	}
	seen := 0
	for _, lane := range h.lanes {
		if lane < w.from.Lane {
			continue
		}
		var after seating.FlowID
		if lane == w.from.Lane {
			after = w.from.Flow
		}
		for {
			flow, found, err := f.next(ctx, lane, after)
			if err != nil {
				return out, err
			}
			if !found {
				break
			}
			if len(out.rows) == w.limit || seen == flowsAtOnce {
				out.more = true
				return out, nil // next is the flow before this one
			}
			seen++
			after = flow
			out.next = store.FlowRef{Lane: lane, Flow: flow}
			if done[flow] {
				continue
			}
			if err := take(lane, flow); err != nil {
				return out, err
			}
		}
	}
	out.next = store.FlowRef{}
	out.more = out.more || w.from != out.next // of the flows before, it knows nothing
	return out, nil
}

func outboxColumns(o *store.OutboxRow) []any {
	return []any{
		&o.ID, &o.Sink, &o.Lane, id(&o.Flow), id(&o.Restaurant), id(&o.Booking), id(&o.Endpoint), &o.Aggregate, &o.AggregateSeq, word(&o.EventType),
		word(&o.Severity), &o.SchemaVersion, &o.DedupeKey, raw(&o.Payload), raw(&o.Headers), &o.Attempts, &o.Handovers, micros(&o.FailedFor),
		instant(&o.NextAttemptAt), word(&o.LastError), instant(&o.CreatedAt),
	}
}
