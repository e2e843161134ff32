package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/maitred/maitred/internal/store"
)

// The SQLSTATEs that maitred's own functions raise; migrations/005_guard_writes.sql
// says what each means.
const (
	stateNoRestaurant = "MT000"
	stateMoved        = "MT001"
	stateReplay       = "MT002"
	stateGuard        = "MT003"
	stateClock        = "MT004"
	stateCount        = "MT006"
	stateCommitted    = "MT007"
)

// SQLSTATEs of the server that say that a prepared statement is none any more.
const (
	stateStalePlan   = "0A000" // cached plan must not change result type
	stateNoStatement = "26000" // invalid SQL statement name
)

// refusalOf is the server's own error; nil when the server did not refuse.
func refusalOf(err error) *pgconn.PgError {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg
	}
	return nil
}

// taken reports whether a unique value is there already.
func taken(err error) bool {
	pg := refusalOf(err)
	return pg != nil && pg.Code == "23505"
}

// existsWhenTaken says ErrExists for a unique name that is there already.
func existsWhenTaken(err error) error {
	if taken(err) {
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return err
}

// contract are the errors that pass translate unchanged.
var contract = []error{
	store.ErrNotFound, store.ErrGone, store.ErrExists, store.ErrImpossible, store.ErrUnavailable, store.ErrAmbiguous, store.ErrInvalid,
}

// translate gives an error the word the contract has for it. What the server
// refused was not written, but for its class 57 (it is stopping, it cancels) and
// 08 (the connection): these may come after the commit. Everything else that is
// not surely unsent leaves open what became of it.
func translate(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range contract {
		if errors.Is(err, known) {
			return err
		}
	}
	if pg := refusalOf(err); pg != nil {
		return fmt.Errorf("%w: %w", meaning(pg), err)
	}
	if own(err) {
		return err
	}
	if unfit(err) {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	if notSent(err) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, redacted(err))
	}
	return fmt.Errorf("%w: %w", store.ErrAmbiguous, redacted(err))
}

// unfit reports whether an argument cannot be written as its column's type: a
// number that is too large for it. The flush was given up before its end was sent,
// and without its end nothing is committed.
func unfit(err error) bool {
	before, ok := errors.AsType[pgx.ErrPreprocessingBatch](err)
	return ok && strings.Contains(before.Error(), "failed to encode args")
}

// own reports whether an error arose here from what the server had answered, or
// is one of the contract's typed ones.
func own(err error) bool {
	if _, ok := errors.AsType[*decodeError](err); ok {
		return true
	}
	_, moved := errors.AsType[*store.MovedError](err)
	_, replay := errors.AsType[*store.ReplayError](err)
	_, guard := errors.AsType[*store.GuardError](err)
	_, clock := errors.AsType[*store.ClockError](err)
	return moved || replay || guard || clock
}

// decodeError says that an answer of the server could not be read.
type decodeError struct{ cause error }

func (e *decodeError) Error() string { return "postgres: " + e.cause.Error() }
func (e *decodeError) Unwrap() error { return e.cause }

// meaning is what a refusal of the server is in the contract.
func meaning(pg *pgconn.PgError) error {
	switch pg.Code[:2] {
	case "08", "57":
		return store.ErrAmbiguous
	case "22": // a value that its type cannot have
		return store.ErrInvalid
	case "23":
		if pg.Code == "23514" { // a check
			return store.ErrInvalid
		}
		return store.ErrImpossible
	case "MT":
		if pg.Code == stateNoRestaurant {
			return store.ErrNotFound
		}
		return store.ErrImpossible
	case "42": // rights, or a schema that is not ours
		return store.ErrImpossible
	}
	return store.ErrUnavailable // resources, locks, read-only: nothing was written
}
