package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/store"
)

// OutboxRows implements store.Queue.
func (s *Store) OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]store.OutboxRow, error) {
	var rows []store.OutboxRow
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "OutboxRows", []any{sink, after, limit}, &rows, outboxColumns)
	})
	return rows, err
}
