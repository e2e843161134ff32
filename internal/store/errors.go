package store

import (
	"errors"
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/servicetime"
)

// Errors that a caller branches on, told apart with errors.Is.
var (
	// ErrNotFound: the restaurant, or the row asked for, does not exist.
	ErrNotFound = errors.New("store: not found")
	// ErrGone: the journal does not reach back that far.
	ErrGone = errors.New("store: journal entry not kept")
	// ErrExists: a unique name is taken (slug, member).
	ErrExists = errors.New("store: exists already")
	// ErrChanged: somebody changed the row since it was read.
	ErrChanged = errors.New("store: changed since it was read")
	// ErrImpossible: the database refused rows behind a right version. It is a bug.
	ErrImpossible = errors.New("store: impossible conflict")
	// ErrUnavailable: definite, nothing was written, the store cannot serve now.
	ErrUnavailable = errors.New("store: unavailable")
	// ErrAmbiguous: it is not known whether the batch was committed.
	ErrAmbiguous = errors.New("store: outcome unknown")
	// ErrInvalid: the rows break a bound of the database (a definite refusal).
	ErrInvalid = errors.New("store: invalid")
)

// MovedError says that the restaurant is not at the batch's base.
type MovedError struct {
	State
	Now servicetime.Instant
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("store: moved to %s.%d", e.Epoch, e.Version)
}

// ReplayError says that the key of the change at Index has a receipt.
type ReplayError struct {
	Index   int
	Receipt house.Receipt
	Now     servicetime.Instant
}

func (e *ReplayError) Error() string { return fmt.Sprintf("store: change %d is a replay", e.Index) }

// GuardError says that a guard of the change at Index failed.
type GuardError struct {
	Index int
	Guard house.Guard
	Now   servicetime.Instant
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("store: guard %s of change %d failed", e.Guard.Kind, e.Index)
}

// ClockError says that the batch was decided with a time more than a second off.
type ClockError struct{ Now servicetime.Instant }

func (e *ClockError) Error() string { return "store: decided with another time than " + e.Now.String() }
