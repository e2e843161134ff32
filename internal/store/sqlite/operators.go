package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// PutOperator implements store.Directory.
func (s *Store) PutOperator(ctx context.Context, o store.Operator) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		_, err := q.exec(ctx, "InsertOperator", text(o.ID), o.Name, o.Hash[:], int64(now), at(o.ExpiresAt))
		return existsWhenTaken(err)
	})
}

// RevokeOperator implements store.Directory.
func (s *Store) RevokeOperator(ctx context.Context, operator seating.OperatorID) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		found, err := q.one(ctx, "HasOperator", []any{text(operator)}, new(int64))
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		_, err = q.exec(ctx, "RevokeOperator", int64(now), text(operator))
		return err
	})
}

// Operators implements store.Directory.
func (s *Store) Operators(ctx context.Context) ([]store.Operator, error) {
	var operators []store.Operator
	err := s.read(ctx, func(q session) error { return rowsOf(ctx, q, "Operators", nil, &operators, operatorColumns) })
	return operators, err
}

// OperatorByHash implements store.Directory.
func (s *Store) OperatorByHash(ctx context.Context, hash [32]byte) (store.Operator, error) {
	var o store.Operator
	err := s.read(ctx, func(q session) error {
		found, err := q.one(ctx, "OperatorByHash", []any{hash[:], int64(s.clock())}, operatorColumns(&o)...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Operator{}, err
	}
	return o, nil
}

func operatorColumns(o *store.Operator) []any {
	return []any{id(&o.ID), &o.Name, digest(&o.Hash), &o.Access, instant(&o.CreatedAt), instant(&o.ExpiresAt), instant(&o.RevokedAt)}
}
