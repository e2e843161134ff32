package postgres

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Backlog implements store.Outbox.
func (s *Store) Backlog(ctx context.Context) ([]store.Backlog, error) {
	var backlog []store.Backlog
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "Backlog", nil, &backlog, func(b *store.Backlog) []any {
			return []any{&b.Sink, &b.Rows, instant(&b.Oldest), instant(&b.Now), &b.Parked, &b.Circuits, &b.Dead, &b.Paused, &b.Workers}
		})
	})
	return backlog, err
}

// Outbox implements store.Outbox.
func (s *Store) Outbox(ctx context.Context, q store.OutboxQuery) ([]store.OutboxEntry, error) {
	var entries []store.OutboxEntry
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "OutboxEntries", []any{
			q.Sink, string(q.State), uid(q.Restaurant), uid(q.Endpoint), string(q.Type), q.Cause, q.After, max(q.Limit, 0),
		}, &entries, entryColumns)
	})
	for i := range entries {
		entries[i].State = stateOf(&entries[i])
	}
	return entries, err
}

// OutboxEntry implements store.Outbox.
func (s *Store) OutboxEntry(ctx context.Context, id int64) (store.OutboxEntry, error) {
	var e store.OutboxEntry
	var found bool
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) { f.one("OutboxEntry", []any{id}, &found, entryColumns(&e)...) })
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.OutboxEntry{}, err
	}
	e.State = stateOf(&e)
	return e, nil
}

func entryColumns(e *store.OutboxEntry) []any {
	return append(outboxColumns(&e.OutboxRow), instant(&e.ParkedUntil), word(&e.Reason), instant(&e.DeadAt))
}

func stateOf(e *store.OutboxEntry) store.RowState {
	switch {
	case e.DeadAt != 0:
		return store.RowDead
	case e.ParkedUntil != 0:
		return store.RowParked
	}
	return store.RowWaiting
}

// Retry implements store.Outbox.
func (s *Store) Retry(ctx context.Context, ids []int64, n store.Note) ([]int64, error) {
	var there []int64
	err := s.operate(ctx, n, func(send sender) (seating.RestaurantID, error) {
		there = nil
		return noRestaurant, send(func(f *flush) {
			column := func(v *int64) []any { return []any{v} }
			rowsOf(f, "RetryWaiting", []any{list(ids)}, &there, column)
			rowsOf(f, "BringBack", []any{list(ids), int64(0)}, &there, column)
		})
	})
	if err != nil {
		return nil, err
	}
	return inOrder(ids, there), nil
}

// inOrder are those of the ids that there are, each once.
func inOrder(ids, there []int64) []int64 {
	is := map[int64]bool{}
	for _, v := range there {
		is[v] = true
	}
	var all []int64
	for _, v := range ids {
		if is[v] {
			all = append(all, v)
		}
		is[v] = false
	}
	return all
}

// Redrive implements store.Outbox.
func (s *Store) Redrive(ctx context.Context, r store.Redrive, n store.Note) (store.Redriven, error) {
	var done store.Redriven
	filter := []any{r.Sink, string(r.Type), uid(r.Restaurant), r.Cause, at(r.Since)}
	limit := int64(max(r.Limit, 0))
	if r.DryRun {
		var all int64
		err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) { f.one("CountDead", filter, nil, &all) })
		done.Rows = min(all, limit)
		done.Left = all - done.Rows
		return done, err
	}
	err := s.operate(ctx, n, func(send sender) (seating.RestaurantID, error) {
		var all int64
		var chosen, back []int64
		column := func(v *int64) []any { return []any{v} }
		err := send(func(f *flush) {
			f.one("CountDead", filter, nil, &all)
			rowsOf(f, "ChooseDead", append(append([]any{}, filter...), limit), &chosen, column)
		})
		if err != nil {
			return noRestaurant, err
		}
		err = send(func(f *flush) { rowsOf(f, "BringBack", []any{list(chosen), r.Gap.Microseconds()}, &back, column) })
		done = store.Redriven{Rows: int64(len(back)), Left: max(all-limit, 0)}
		return r.Restaurant, err
	})
	if err != nil {
		return store.Redriven{}, err
	}
	return done, nil
}

// Skip implements store.Outbox.
func (s *Store) Skip(ctx context.Context, row int64, reason string, n store.Note) error {
	return s.operate(ctx, n, func(send sender) (seating.RestaurantID, error) {
		var of seating.RestaurantID
		var found bool
		err := send(func(f *flush) { f.one("SkipRow", []any{row, text(reason), store.CauseSkipped}, &found, id(&of)) })
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return of, err
	})
}

// Pause implements store.Outbox.
func (s *Store) Pause(ctx context.Context, sink string, paused bool, n store.Note) error {
	return s.operate(ctx, n, func(send sender) (seating.RestaurantID, error) {
		var found bool
		err := send(func(f *flush) { f.one("PauseSink", []any{sink, paused}, &found, new(int)) })
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return noRestaurant, err
	})
}

// Operations implements store.Outbox.
func (s *Store) Operations(ctx context.Context, before int64, limit int) ([]store.Operated, error) {
	var all []store.Operated
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "Operations", []any{before, max(limit, 0)}, &all, func(o *store.Operated) []any {
			return []any{&o.ID, instant(&o.At), &o.Principal, &o.Action, id(&o.Restaurant), raw(&o.Detail)}
		})
	})
	return all, err
}

// Operate implements store.Outbox.
func (s *Store) Operate(ctx context.Context, restaurant seating.RestaurantID, n store.Note) error {
	return s.operate(ctx, n, func(sender) (seating.RestaurantID, error) { return restaurant, nil })
}

// operate does something as the system and writes down who did, in one
// transaction; do names the restaurant that it is about, if it is about one.
func (s *Store) operate(ctx context.Context, n store.Note, do func(send sender) (seating.RestaurantID, error)) error {
	detail := n.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	body, err := encoded(detail)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := send(func(f *flush) { f.as(roleSystem, noRestaurant) }); err != nil {
			return err
		}
		of, err := do(send)
		if err != nil {
			return err
		}
		return send(func(f *flush) { f.exec("Operate", n.Principal, n.Action, uid(of), body) })
	})
}
