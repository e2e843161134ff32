package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/maitred/maitred/internal/store"
)

// ErrNewer says that the database was made by a newer binary.
var ErrNewer = errors.New("sqlite: the database has a newer schema than this binary knows")

// code is the extended result code of an error of SQLite; 0 for others.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// primary strips the extension of a result code.
func primary(code int) int { return code & 0xff }

// refused reports whether rows were refused by a constraint or a trigger.
func refused(err error) bool { return primary(code(err)) == sqlite3.SQLITE_CONSTRAINT }

// taken reports whether a unique value is there already.
func taken(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CONSTRAINT_UNIQUE || c == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// broken reports whether SQLite could not do its work: disk full, input or
// output failed, locked by another process, damaged. The transaction, with all
// its savepoints, may be gone.
func broken(err error) bool {
	switch primary(code(err)) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS:
		return true
	}
	return errors.Is(err, sql.ErrConnDone) || errors.Is(err, errClosed)
}

// translate gives an error of SQLite the word the contract has for it. Errors of
// the contract pass unchanged.
func translate(err error) error {
	switch c := code(err); {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), broken(err):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case c == sqlite3.SQLITE_CONSTRAINT_CHECK, c == sqlite3.SQLITE_CONSTRAINT_DATATYPE, c == sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	case primary(c) == sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: %w", store.ErrImpossible, err)
	}
	return err
}
