package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// readers is a pool of connections that only read. Each keeps statements of its
// own; whoever has one needs no second.
type readers struct {
	db   *sql.DB
	idle chan *reader // as many as there may be; nil ones are not connected yet
	gone chan struct{}
}

type reader struct {
	conn *sql.Conn
	stmt prepared
}

func openReaders(path string, n int) (*readers, error) {
	db, err := sql.Open("sqlite", dsn(path, "query_only(1)"))
	if err != nil {
		return nil, err
	}
	p := &readers{db: db, idle: make(chan *reader, n), gone: make(chan struct{})}
	for range n {
		p.idle <- nil
	}
	return p, nil
}

// close waits for those who read, and closes the pool.
func (p *readers) close() error {
	close(p.gone)
	var err error
	for range cap(p.idle) {
		if r := <-p.idle; r != nil {
			err = errors.Join(err, r.close())
		}
	}
	return errors.Join(err, p.db.Close())
}

func (r *reader) close() error { return errors.Join(r.stmt.close(), r.conn.Close()) }

// take waits for a connection.
func (p *readers) take(ctx context.Context) (*reader, error) {
	select {
	case r := <-p.idle:
		if r != nil {
			return r, nil
		}
		conn, err := p.db.Conn(ctx)
		if err != nil {
			p.idle <- nil
			return nil, err
		}
		return &reader{conn: conn, stmt: prepared{on: conn, by: map[string]*sql.Stmt{}}}, nil
	case <-p.gone:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read runs fn in one consistent read.
func (s *Store) read(ctx context.Context, fn func(q session) error) error {
	r, err := s.readers.take(ctx)
	if err != nil {
		return translate(err)
	}
	q := session{prepared: &r.stmt}
	if _, err = q.exec(ctx, "BeginRead"); err == nil {
		err = fn(q)
		// Nothing was written; a connection that cannot even be rolled back goes.
		if _, failed := q.exec(context.WithoutCancel(ctx), "Rollback"); failed != nil {
			_ = r.close()
			r = nil
		}
	}
	s.readers.idle <- r
	return translate(err)
}
