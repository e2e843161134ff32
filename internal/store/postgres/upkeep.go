package postgres

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Now implements store.Upkeep.
func (s *Store) Now(ctx context.Context) (now servicetime.Instant, err error) {
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	queueClock(f, &now)
	return now, unwritten(s.once(ctx, f))
}

// Due implements store.Upkeep.
func (s *Store) Due(ctx context.Context, kind house.DueKind, limit int) ([]store.DueWork, error) {
	var due []store.DueWork
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		rowsOf(f, "Due", []any{string(kind), limit}, &due, func(d *store.DueWork) []any {
			return append([]any{id(&d.Restaurant)}, dueColumns(&d.DueRow)...)
		})
	})
	return due, err
}

func dueColumns(d *house.DueRow) []any {
	return []any{&d.Subject, word(&d.Kind), instant(&d.RunAt), &d.Attempt}
}

// Integrity implements store.Upkeep: what a login without special rights can ask
// of the catalogue, which is whether everything that guards the rows is on.
func (s *Store) Integrity(ctx context.Context) ([]string, error) {
	var found []string
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		for _, name := range []string{"UnvalidatedConstraints", "DisabledTriggers", "UnprotectedTables", "InvalidIndexes"} {
			rowsOf(f, name, nil, &found, func(s *string) []any { return []any{s} })
		}
	})
	return found, err
}
