package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// maxGroup bounds how many jobs share one disk commit.
const maxGroup = 64

// errClosed: the store was closed.
var errClosed = errors.New("sqlite: the store is closed")

// job is one caller's write. run may be called again, on a transaction of its
// own, when the commit of a group was refused; it must set its results last.
type job struct {
	run     func(ctx context.Context, q session, now servicetime.Instant) error
	changes int        // changes of the batch; 0: not a batch; run may set it
	err     error      // the outcome, before it is sent to done
	done    chan error // buffered: the writer never waits for a caller
}

// writer owns the one connection that writes.
type writer struct {
	s    *Store
	path string
	jobs chan *job // unbuffered: what was sent was taken
	quit chan struct{}
	gone chan struct{}

	db   *sql.DB
	conn *sql.Conn // nil: to be opened again
	stmt prepared
}

// startWriter brings the schema up to date when it is not, and starts the writer.
func startWriter(ctx context.Context, s *Store, path string) (*writer, error) {
	w := &writer{s: s, path: path, jobs: make(chan *job), quit: make(chan struct{}), gone: make(chan struct{})}
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	if !current(ctx, w.conn) {
		if err := w.disconnect(); err != nil {
			return nil, err
		}
		if _, err := Migrate(ctx, path, store.Up); err != nil {
			return nil, err
		}
		if err := w.connect(ctx); err != nil {
			return nil, err
		}
	}
	go w.loop(context.WithoutCancel(ctx))
	return w, nil
}

// write hands a write to the writer and waits for its outcome. A caller that
// gives up before the writer took it knows that nothing was written; one that
// gives up later gets ErrAmbiguous, and the write is finished without it.
func (s *Store) write(ctx context.Context, changes int, run func(ctx context.Context, q session, now servicetime.Instant) error) error {
	return s.hand(ctx, &job{run: run, changes: changes, done: make(chan error, 1)})
}

// hand gives a job to the writer and waits, see write.
func (s *Store) hand(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	select {
	case s.writer.jobs <- j:
	case <-s.writer.quit:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errClosed)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
	}
	select {
	case err := <-j.done:
		return translate(err)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrAmbiguous, ctx.Err())
	}
}

// stop ends the writer after what it has taken.
func (w *writer) stop() error {
	close(w.quit)
	<-w.gone
	return w.disconnect()
}

func (w *writer) loop(ctx context.Context) {
	defer close(w.gone)
	for {
		select {
		case j := <-w.jobs:
			w.serve(ctx, w.gather(j))
		case <-w.quit:
			return
		}
	}
}

// gather takes what waits beside the first job, and never waits for more.
func (w *writer) gather(first *job) []*job {
	group := []*job{first}
	for len(group) < maxGroup {
		select {
		case j := <-w.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// serve runs a group and then answers everybody in it.
func (w *writer) serve(ctx context.Context, group []*job) {
	if w.conn == nil {
		if err := w.connect(ctx); err != nil {
			w.answer(group, fmt.Errorf("%w: %w", store.ErrUnavailable, err))
			return
		}
	}
	err := w.transact(ctx, group)
	if refused(err) && len(group) > 1 {
		// A deferred reference of one job failed at the end of all: each again, alone.
		for _, j := range group {
			w.answer([]*job{j}, w.transact(ctx, []*job{j}))
		}
		return
	}
	w.answer(group, err)
}

// answer sends the common error, or to each its own outcome.
func (w *writer) answer(group []*job, err error) {
	for _, j := range group {
		if err != nil {
			j.done <- err
		} else {
			j.done <- j.err
		}
	}
}

// transact runs the jobs in one transaction, each in a savepoint of its own. An
// error is everybody's, and then nothing was written; or it is ErrAmbiguous.
func (w *writer) transact(ctx context.Context, group []*job) error {
	q := session{prepared: &w.stmt}
	if _, err := q.exec(ctx, "Begin"); err != nil {
		w.abandon(ctx, q)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	batches, changes := 0, 0
	for _, j := range group {
		if err := w.attempt(ctx, q, j); err != nil {
			w.abandon(ctx, q)
			return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
		if j.err == nil && j.changes > 0 {
			batches, changes = batches+1, changes+j.changes
		}
	}
	if _, err := q.exec(ctx, "Commit"); err != nil {
		return w.uncommitted(ctx, q, err)
	}
	w.s.diskCommits.Add(1)
	w.s.batches.Add(int64(batches))
	w.s.changes.Add(int64(changes))
	return nil
}

// attempt runs one job. The error is one after which the whole transaction is
// lost; what the job itself was refused with is in j.err.
func (w *writer) attempt(ctx context.Context, q session, j *job) error {
	if _, err := q.exec(ctx, "Savepoint"); err != nil {
		return err
	}
	if j.err = j.run(ctx, q, w.s.clock()); j.err != nil {
		if broken(j.err) {
			return j.err
		}
		if _, err := q.exec(ctx, "RollbackTo"); err != nil {
			return err
		}
	}
	_, err := q.exec(ctx, "Release")
	return err
}

// uncommitted finds out what a failed COMMIT means. A failed write or sync may
// have left a complete commit in the log for a recovery to find: ambiguous. After
// anything else the transaction is open or gone, and a rollback makes sure of it.
func (w *writer) uncommitted(ctx context.Context, q session, err error) error {
	w.s.logger.LogAttrs(ctx, slog.LevelError, "the commit failed", slog.String("error", err.Error()))
	rolledBack := w.abandon(ctx, q)
	switch {
	case refused(err) && rolledBack:
		return err
	case !rolledBack, primary(code(err)) == sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", store.ErrAmbiguous, err)
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

// abandon rolls back what is open and reports whether nothing is open now.
// Without that certainty the connection is given up.
func (w *writer) abandon(ctx context.Context, q session) bool {
	_, err := q.exec(ctx, "Rollback")
	if err == nil || code(err) == sqlite3.SQLITE_ERROR {
		return true // rolled back, or SQLite had done it: no transaction is active
	}
	_ = w.disconnect() // its transaction ends with it
	return false
}

func (w *writer) connect(ctx context.Context) (err error) {
	w.db, err = sql.Open("sqlite", dsn(w.path))
	if err != nil {
		return err
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return errors.Join(err, w.disconnect())
	}
	w.stmt = prepared{on: w.conn, by: map[string]*sql.Stmt{}}
	return nil
}

func (w *writer) disconnect() error {
	err := w.stmt.close()
	if w.conn != nil {
		err = errors.Join(err, w.conn.Close())
	}
	if w.db != nil {
		err = errors.Join(err, w.db.Close())
	}
	w.db, w.conn, w.stmt = nil, nil, prepared{}
	return err
}
