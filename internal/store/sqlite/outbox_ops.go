package sqlite

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// counted is up to where rows are counted; above it, what waits is estimated and the
// rest is "more than".
const counted = 10_000

// Backlog implements store.Outbox.
func (s *Store) Backlog(ctx context.Context) ([]store.Backlog, error) {
	var all []store.Backlog
	err := s.read(ctx, func(q session) error {
		now := s.clock()
		if err := rowsOf(ctx, q, "Sinks", nil, &all, func(b *store.Backlog) []any { return []any{&b.Sink, &b.Paused} }); err != nil {
			return err
		}
		for i := range all {
			if err := backlog(ctx, q, now, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func backlog(ctx context.Context, q session, now servicetime.Instant, b *store.Backlog) error {
	b.Now = now
	for name, number := range map[string]*int64{"CountWaiting": &b.Rows, "CountDead": &b.Dead, "CountParked": &b.Parked, "CountCircuits": &b.Circuits} {
		if _, err := q.one(ctx, name, []any{b.Sink, counted + 1}, number); err != nil {
			return err
		}
	}
	if _, err := q.one(ctx, "CountWorkers", []any{b.Sink, int64(now)}, &b.Workers); err != nil {
		return err
	}
	if b.Rows > counted {
		if err := estimate(ctx, q, b); err != nil {
			return err
		}
	}
	return oldest(ctx, q, b)
}

// samples are taken at as many places of the outbox, of as many rows each.
const samples = 100

// estimate sets the number of waiting rows by the share of ids that are rows of the
// sink, in samples spread evenly over all ids.
func estimate(ctx context.Context, q session, b *store.Backlog) error {
	var first, last int64
	if _, err := q.one(ctx, "OutboxSpan", nil, &first, &last); err != nil {
		return err
	}
	span := last - first + 1
	var found, seen int64
	for i := range int64(samples) {
		from := first + span*i/samples
		var n, to int64
		if _, err := q.one(ctx, "OutboxSample", []any{b.Sink, from, samples}, &n, &to); err != nil {
			return err
		}
		found, seen = found+n, seen+max(to-from+1, 1)
	}
	b.Rows = max(b.Rows, found*span/max(seen, 1))
	return nil
}

// oldest sets the creation of the oldest row: that of the first row of some flow.
func oldest(ctx context.Context, q session, b *store.Backlog) error {
	if b.Rows == 0 {
		return nil
	}
	f := flowScan{q: q, sink: b.Sink}
	for lane := range store.Lanes {
		var flow seating.FlowID
		for {
			next, found, err := f.next(ctx, lane, flow)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			flow = next
			var at servicetime.Instant
			if _, err := q.one(ctx, "FirstOfFlow", []any{b.Sink, lane, text(flow)}, instant(&at)); err != nil {
				return err
			}
			if b.Oldest == 0 || at < b.Oldest {
				b.Oldest = at
			}
		}
	}
	return nil
}

// Outbox implements store.Outbox.
func (s *Store) Outbox(ctx context.Context, query store.OutboxQuery) ([]store.OutboxEntry, error) {
	return s.entries(ctx, query)
}

// OutboxEntry implements store.Outbox.
func (s *Store) OutboxEntry(ctx context.Context, row int64) (store.OutboxEntry, error) {
	found, err := s.entries(ctx, store.OutboxQuery{After: row - 1, Limit: 1})
	if err == nil && (len(found) == 0 || found[0].ID != row) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.OutboxEntry{}, err
	}
	return found[0], nil
}

func (s *Store) entries(ctx context.Context, query store.OutboxQuery) ([]store.OutboxEntry, error) {
	args := []any{
		query.After, query.Limit, query.Sink, string(query.State), text(query.Restaurant), text(query.Endpoint), string(query.Type), query.Cause,
		int64(s.clock()),
	}
	var all []store.OutboxEntry
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "OutboxEntries", args, &all, func(e *store.OutboxEntry) []any {
			return append(outboxColumns(&e.OutboxRow), instant(&e.ParkedUntil), word(&e.Reason), instant(&e.DeadAt))
		})
	})
	for i := range all {
		e := &all[i]
		switch {
		case e.DeadAt != 0:
			e.State = store.RowDead
		case e.Reason != "":
			e.State = store.RowParked
		default:
			e.State = store.RowWaiting
		}
	}
	return all, err
}

// Retry implements store.Outbox.
func (s *Store) Retry(ctx context.Context, ids []int64, n store.Note) ([]int64, error) {
	var found []int64
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		var there []int64
		for _, row := range ids {
			known, err := retry(ctx, q, now, row)
			if err != nil {
				return err
			}
			if known {
				there = append(there, row)
			}
		}
		found = there
		return operate(ctx, q, now, seating.RestaurantID{}, n)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// retry makes a row due, and reports whether there is one.
func retry(ctx context.Context, q session, now servicetime.Instant, row int64) (bool, error) {
	o, waits, err := waitingRow(ctx, q, row)
	if err != nil {
		return false, err
	}
	if !waits {
		dead, err := q.one(ctx, "IsDead", []any{row}, new(int))
		if err != nil || !dead {
			return false, err
		}
		return true, raise(ctx, q, row, now)
	}
	if _, err := q.exec(ctx, "RetryRow", row, int64(now)); err != nil {
		return false, err
	}
	if _, err := q.exec(ctx, "ProbeNow", o.Sink, text(o.Flow), int64(now)); err != nil {
		return false, err
	}
	return true, unpark(ctx, q, o.Sink, []place{{id: row, flow: o.Flow, aggregate: o.Aggregate}})
}

// raise brings a dead row back, to be due at a time.
func raise(ctx context.Context, q session, row int64, due servicetime.Instant) error {
	if _, err := q.exec(ctx, "RaiseRow", row, int64(due)); err != nil {
		return err
	}
	_, err := q.exec(ctx, "DeleteDead", row)
	return err
}

// Redrive implements store.Outbox.
func (s *Store) Redrive(ctx context.Context, r store.Redrive, n store.Note) (store.Redriven, error) {
	var done store.Redriven
	redrive := func(ctx context.Context, q session, now servicetime.Instant) error {
		var dead []int64
		args := []any{r.Sink, string(r.Type), text(r.Restaurant), r.Cause, int64(r.Since)}
		if err := rowsOf(ctx, q, "DeadToRaise", args, &dead, func(row *int64) []any { return []any{row} }); err != nil {
			return err
		}
		raised := dead[:max(0, min(len(dead), r.Limit))]
		result := store.Redriven{Rows: int64(len(raised)), Left: int64(len(dead) - len(raised))}
		if r.DryRun {
			done = result
			return nil
		}
		for i, row := range raised {
			if err := raise(ctx, q, row, now.Add(time.Duration(i)*r.Gap)); err != nil {
				return err
			}
		}
		done = result
		return operate(ctx, q, now, r.Restaurant, n)
	}
	var err error
	if r.DryRun {
		err = s.read(ctx, func(q session) error { return redrive(ctx, q, s.clock()) })
	} else {
		err = s.write(ctx, 0, redrive)
	}
	if err != nil {
		return store.Redriven{}, err
	}
	return done, nil
}

// Skip implements store.Outbox.
func (s *Store) Skip(ctx context.Context, row int64, reason string, n store.Note) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		o, found, err := waitingRow(ctx, q, row)
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		if err := bury(ctx, q, now, o, store.CauseSkipped, reason); err != nil {
			return err
		}
		return operate(ctx, q, now, o.Restaurant, n)
	})
}

// Pause implements store.Outbox.
func (s *Store) Pause(ctx context.Context, sink string, paused bool, n store.Note) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		changed, err := q.exec(ctx, "PauseSink", sink, paused)
		if err != nil {
			return err
		}
		if changed == 0 {
			return store.ErrNotFound
		}
		return operate(ctx, q, now, seating.RestaurantID{}, n)
	})
}

// Operations implements store.Outbox.
func (s *Store) Operations(ctx context.Context, before int64, limit int) ([]store.Operated, error) {
	var all []store.Operated
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "Operations", []any{cmp.Or(before, math.MaxInt64), limit}, &all, func(o *store.Operated) []any {
			return []any{&o.ID, instant(&o.At), &o.Principal, &o.Action, id(&o.Restaurant), raw(&o.Detail)}
		})
	})
	return all, err
}

// Operate implements store.Outbox.
func (s *Store) Operate(ctx context.Context, restaurant seating.RestaurantID, n store.Note) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		return operate(ctx, q, now, restaurant, n)
	})
}

func operate(ctx context.Context, q session, now servicetime.Instant, restaurant seating.RestaurantID, n store.Note) error {
	if n.Detail == nil {
		n.Detail = map[string]any{}
	}
	detail, err := encoded(n.Detail)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, "InsertOperation", int64(now), n.Principal, n.Action, text(restaurant), detail)
	return err
}
