package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Now implements store.Upkeep.
func (s *Store) Now(context.Context) (servicetime.Instant, error) { return s.clock(), nil }

// Due implements store.Upkeep.
func (s *Store) Due(ctx context.Context, kind house.DueKind, limit int) ([]store.DueWork, error) {
	var due []store.DueWork
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "Due", []any{string(kind), int64(s.clock()), limit}, &due, func(d *store.DueWork) []any {
			return append([]any{id(&d.Restaurant)}, dueColumns(&d.DueRow)...)
		})
	})
	return due, err
}

func dueColumns(d *house.DueRow) []any {
	return []any{&d.Subject, word(&d.Kind), instant(&d.RunAt), &d.Attempt}
}

// Integrity implements store.Upkeep.
func (s *Store) Integrity(ctx context.Context) ([]string, error) {
	var found []string
	err := s.read(ctx, func(q session) error {
		for _, name := range []string{"IntegrityCheck", "ForeignKeyCheck"} {
			if err := rowsOf(ctx, q, name, nil, &found, func(s *string) []any { return []any{s} }); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}
