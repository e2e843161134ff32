package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// The roles of a transaction. Every statement that names a restaurant runs as
// app; system is for what crosses restaurants, and sees no booking.
const (
	roleApp    = "maitred_app"
	roleSystem = "maitred_system"
)

// flush collects statements that go to the server together and are answered
// together: one round trip, and one transaction unless the statements say
// otherwise.
type flush struct {
	batch   pgx.Batch
	answers []func(pgx.BatchResults) error
}

// as begins a transaction, or goes on with one, with the rights of a role; app
// comes with the restaurant it is bound to.
func (f *flush) as(role string, r seating.RestaurantID) {
	tenant := ""
	if !r.IsZero() {
		tenant = r.String()
	}
	f.exec("As", role, tenant)
}

// exec queues a statement whose rows nobody wants.
func (f *flush) exec(name string, args ...any) {
	f.batch.Queue(statement(name), args...)
	f.answers = append(f.answers, func(br pgx.BatchResults) error {
		_, err := br.Exec()
		return labelled(name, err)
	})
}

// each queues a statement; row is called for every row of its answer, before the
// outcome of the flush is known. An error of row says that the answer cannot be
// read, whatever becomes of the flush.
func (f *flush) each(name string, args []any, row func(scan func(...any) error) error) {
	f.batch.Queue(statement(name), args...)
	f.answers = append(f.answers, func(br pgx.BatchResults) error {
		rows, err := br.Query()
		if err != nil {
			return labelled(name, err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows.Scan); err != nil {
				return &decodeError{cause: labelled(name, err)}
			}
		}
		return labelled(name, rows.Err())
	})
}

// one queues a statement that answers with at most one row, and reports through
// found (which may be nil) whether there was one.
func (f *flush) one(name string, args []any, found *bool, dest ...any) {
	f.each(name, args, func(scan func(...any) error) error {
		if found != nil {
			*found = true
		}
		return scan(dest...)
	})
}

// rowsOf queues a statement and appends its rows to a list.
func rowsOf[T any](f *flush, name string, args []any, list *[]T, columns func(*T) []any) {
	row := new(T)
	dest := columns(row)
	f.each(name, args, func(scan func(...any) error) error {
		var none T
		*row = none
		if err := scan(dest...); err != nil {
			return err
		}
		*list = append(*list, *row)
		return nil
	})
}

func statement(name string) string {
	text, ok := queries[name]
	if !ok {
		panic("postgres: there is no statement " + name)
	}
	return text
}

func labelled(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// send sends the flush and reads all answers. Only a nil error means that the
// transaction has ended well: an error that comes with the last answer voids what
// the others said.
func (s *Store) send(ctx context.Context, conn *pgxpool.Conn, f *flush) error {
	s.flushes.Add(1)
	br := conn.SendBatch(ctx, &f.batch)
	var first error
	for _, answer := range f.answers {
		if err := answer(br); err != nil {
			first = err
			break
		}
	}
	err := errors.Join(first, br.Close())
	if pg := refusalOf(err); pg != nil && (pg.Code == stateStalePlan || pg.Code == stateNoStatement) {
		// What this connection has prepared is of a schema that was: it goes.
		_ = conn.Conn().Close(context.WithoutCancel(ctx))
	}
	return err
}

// once sends the flush on any connection. Errors are those of the contract.
func (s *Store) once(ctx context.Context, f *flush) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, redacted(err))
	}
	defer conn.Release()
	return translate(s.send(ctx, conn, f))
}

// read sends statements that see one state of the database, as a role, in one
// flush.
func (s *Store) read(ctx context.Context, role string, r seating.RestaurantID, queue func(f *flush)) error {
	f := &flush{}
	f.exec("BeginRead")
	f.as(role, r)
	queue(f)
	f.exec("Commit")
	return unwritten(s.once(ctx, f))
}

// unwritten says what a lost answer means to a read: nothing was to be written.
func unwritten(err error) error {
	if errors.Is(err, store.ErrAmbiguous) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// tx runs a transaction of several flushes, for what is not on a hot path. fn may
// send as many as it likes; each is answered before the next. It may be called
// again when nothing of it was written.
func (s *Store) tx(ctx context.Context, fn func(send func(queue func(f *flush)) error) error) error {
	err := s.tryTx(ctx, fn)
	if s.freed(ctx, err) {
		err = s.tryTx(ctx, fn)
	}
	return err
}

func (s *Store) tryTx(ctx context.Context, fn func(send func(queue func(f *flush)) error) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, redacted(err))
	}
	defer conn.Release()
	begun := false
	send := func(queue func(f *flush)) error {
		f := &flush{}
		if !begun {
			f.exec("Begin")
		}
		queue(f)
		err := s.send(ctx, conn, f)
		begun = true
		return err
	}
	if err := fn(send); err != nil {
		// What a lost connection leaves open ends with it; nothing was committed.
		f := &flush{}
		f.exec("Rollback")
		_ = s.send(context.WithoutCancel(ctx), conn, f)
		return unwritten(translate(err))
	}
	return translate(send(func(f *flush) { f.exec("Commit") }))
}

// notSent reports whether nothing of a flush can have reached the server.
func notSent(err error) bool { return pgconn.SafeToRetry(err) }
