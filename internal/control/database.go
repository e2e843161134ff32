package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
)

// DatabaseError says that a PostgreSQL database could not be opened or migrated.
type DatabaseError struct {
	Database string // for people: without a password
	// Wrong says that somebody has to mend something first: the address, a right, the
	// schema. Otherwise trying again may help.
	Wrong bool
	Cause error
}

func (e *DatabaseError) Error() string {
	text := e.Database + ": " + e.Cause.Error()
	if hint := hint(e.Cause); hint != "" {
		text += "; " + hint
	}
	return text
}

func (e *DatabaseError) Unwrap() error { return e.Cause }

// Judge says of an error of opening or migrating a PostgreSQL database whether
// trying again may help. Other errors, and nil, pass unchanged.
func Judge(database string, err error) error {
	_, connecting := errors.AsType[*postgres.ConnectError](err)
	state := stateOf(err)
	switch {
	case errors.Is(err, postgres.ErrBehind), errors.Is(err, postgres.ErrNewer), errors.Is(err, postgres.ErrAddress), wrongStates[state], len(state) == 5 && wrongStates[state[:2]]:
		return &DatabaseError{Database: database, Wrong: true, Cause: err}
	case connecting, errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrAmbiguous):
		return &DatabaseError{Database: database, Cause: err}
	}
	return err
}

// wrongStates are SQLSTATEs, and classes of them, that stay until somebody mends
// something.
var wrongStates = map[string]bool{
	"0A": true, // an extension that the server does not have
	"28": true, // who logs in
	"3D": true, // no such database
	"3F": true, // no such schema
	"42": true, // rights, or a schema that is not maitred's
}

// stateOf is the SQLSTATE that the server refused with; "" when it did not.
func stateOf(err error) string {
	if e, ok := errors.AsType[*postgres.ConnectError](err); ok {
		return e.Code()
	}
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// hint says what to do about it.
func hint(err error) string {
	state := stateOf(err)
	switch {
	case errors.Is(err, postgres.ErrBehind):
		return `run "maitred migrate up" as a user that may: maitred never changes the schema of PostgreSQL by itself`
	case errors.Is(err, postgres.ErrNewer):
		return "run the newer binary, or let that one take its migrations back"
	case strings.HasPrefix(state, "28"):
		return "wrong user or password, or the server does not let this user in from here"
	case state == "3D000":
		return "there is no such database on the server"
	case state == "42501":
		return "the user lacks a right: docs/operations.md says which roles it must be a member of"
	case state == "53300":
		return "the server has no connection left"
	case state == "0A000":
		return "the server lacks the extension btree_gist (of the contrib modules)"
	}
	return ""
}

// openPostgres opens a PostgreSQL database, and makes sure that the user may do
// what maitred does: otherwise that came out with the first request.
func openPostgres(ctx context.Context, c Config) (*postgres.Store, error) {
	cfg := *c.Postgres
	cfg.Logger = c.Logger
	s, err := postgres.Open(ctx, cfg)
	if err != nil {
		return nil, Judge(c.Name, err)
	}
	if err := probe(ctx, s); err != nil {
		return nil, errors.Join(Judge(c.Name, err), s.Close())
	}
	return s, nil
}

// probe asks for something as each of the two roles that serve.
func probe(ctx context.Context, s store.Store) error {
	if _, err := s.RestaurantBySlug(ctx, "-"); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("as maitred_system: %w", err)
	}
	if _, _, err := s.Load(ctx, seating.RestaurantID{}); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("as maitred_app: %w", err)
	}
	return nil
}

// Ready reports whether the database answers and has the schema of this binary.
// A schema that has become newer since the start will do: a migration lets the
// binary before it work on, so that servers can be replaced one by one.
func (a *App) Ready(ctx context.Context) error {
	if s, ok := a.Store.(*postgres.Store); ok {
		if err := s.Ready(ctx); err != nil {
			return err
		}
	}
	return probe(ctx, a.Store)
}
