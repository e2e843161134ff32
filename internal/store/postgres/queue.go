package postgres

import (
	"context"

	"github.com/maitred/maitred/internal/store"
)

// Backlog implements store.Queue.
func (s *Store) Backlog(ctx context.Context) ([]store.Backlog, error) {
	var backlog []store.Backlog
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "Backlog", nil, &backlog, func(b *store.Backlog) []any {
			return []any{&b.Sink, &b.Rows, instant(&b.Oldest)}
		})
	})
	return backlog, err
}

// OutboxRows implements store.Queue.
func (s *Store) OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]store.OutboxRow, error) {
	var rows []store.OutboxRow
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "OutboxRows", []any{sink, after, limit}, &rows, func(o *store.OutboxRow) []any {
			return []any{
				&o.ID, &o.Sink, &o.Lane, id(&o.Restaurant), id(&o.Booking), &o.Aggregate, &o.AggregateSeq, word(&o.EventType),
				&o.SchemaVersion, &o.DedupeKey, raw(&o.Payload), &o.Attempts, instant(&o.NextAttemptAt), word(&o.LastError), instant(&o.CreatedAt),
			}
		})
	})
	return rows, err
}
