package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Statement is the text of one of the store's statements.
func Statement(name string) string { return statement(name) }

// OnConnection hands out a connection of the pool, as the last one left it.
func (s *Store) OnConnection(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return do(conn.Conn())
}
