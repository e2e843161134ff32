package postgres

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// PutOperator implements store.Directory. Operators are the system's: no
// transaction of a restaurant sees them.
func (s *Store) PutOperator(ctx context.Context, o store.Operator) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		return existsWhenTaken(send(func(f *flush) {
			f.as(roleSystem, noRestaurant)
			f.exec("InsertOperator", uid(o.ID), o.Name, o.Hash[:], at(o.ExpiresAt))
		}))
	})
}

// RevokeOperator implements store.Directory.
func (s *Store) RevokeOperator(ctx context.Context, operator seating.OperatorID) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		var found bool
		err := send(func(f *flush) {
			f.as(roleSystem, noRestaurant)
			f.one("HasOperator", []any{uid(operator)}, &found, new(int64))
			f.exec("RevokeOperator", uid(operator))
		})
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
}

// Operators implements store.Directory.
func (s *Store) Operators(ctx context.Context) ([]store.Operator, error) {
	var operators []store.Operator
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) { rowsOf(f, "Operators", nil, &operators, operatorColumns) })
	return operators, err
}

// OperatorByHash implements store.Directory.
func (s *Store) OperatorByHash(ctx context.Context, hash [32]byte) (store.Operator, error) {
	var o store.Operator
	var found bool
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		f.one("OperatorByHash", []any{hash[:]}, &found, operatorColumns(&o)...)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Operator{}, err
	}
	return o, nil
}

func operatorColumns(o *store.Operator) []any {
	return []any{id(&o.ID), &o.Name, digest(&o.Hash), &o.Access, instant(&o.CreatedAt), instant(&o.ExpiresAt), instant(&o.RevokedAt)}
}
