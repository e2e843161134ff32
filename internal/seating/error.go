package seating

import (
	"errors"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/servicetime"
)

// Error is a refusal: a code from the table, a sentence for a person, and the
// operands. Domain functions return it; everything else wraps it.
type Error struct {
	Code    Code
	Msg     string
	Details Details
}

// Details are the operands of a refusal; which are set depends on the code.
type Details struct {
	Checks     []Check       // the verdict, when a check refused
	Fields     []Field       // INVALID: one per refused field
	Status     Status        // BOOKING_STATE: the current state
	Hold       *HoldFact     // HOLD_EXPIRED, HOLD_ENDED, HOLD_CONFLICT
	Cause      CheckID       // POLICY_DRIFT, TABLE_DRIFT
	Tables     []TableRef    // TABLE_IN_USE, TABLE_DRIFT
	Blockers   []Blocker     // TABLE_IN_USE
	Changed    []ChangedFact // STALE_CONTEXT: what changed
	Reason     string        // STALE_CONTEXT too_old; NO_TABLE; RATE_LIMITED budget, principal, restaurant
	Choices    []Choice      // NO_TABLE: nearest alternatives
	RetryAfter time.Duration // RATE_LIMITED, UNAVAILABLE, BEHIND
	Unknown    bool          // UNAVAILABLE: the outcome is unknown, ask again with the same key
	Moved      bool          // the access of the actor changed while the command ran
}

// Field is one refused field of a request.
type Field struct {
	Pointer string `json:"pointer"` // RFC 6901, or the name of a header or parameter
	Message string `json:"message"`
}

// HoldFact says what became of a hold.
type HoldFact struct {
	ID        HoldID              `json:"holdId"`
	Booking   BookingID           `json:"bookingId"`
	How       HoldEnd             `json:"how,omitempty"`
	By        string              `json:"by,omitempty"`
	ExpiresAt servicetime.Instant `json:"expiresAt,omitempty"`
}

// ChangedFact is one committed change since a version that somebody saw.
type ChangedFact struct {
	Version  Version            `json:"version"`
	What     string             `json:"what"` // the command
	Bookings []BookingID        `json:"bookingIds,omitempty"`
	Tables   []TableRef         `json:"tables,omitempty"`
	Window   servicetime.Window `json:"window,omitzero"`
	Aspects  []Aspect           `json:"aspects,omitempty"`
}

// Choice is a time at which the party could sit instead.
type Choice struct {
	Date   servicetime.Date  `json:"date"`
	Time   servicetime.Clock `json:"time"`
	Tables []TableRef        `json:"tables"`
}

func (e *Error) Error() string { return string(e.Code.Entry().Code) + ": " + e.Msg }

// Refuse makes a refusal.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Invalid refuses one field of a request.
func Invalid(pointer, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Code: CodeInvalid, Msg: msg, Details: Details{Fields: []Field{{Pointer: pointer, Message: msg}}}}
}

// InvalidFields refuses several fields; nil when there are none.
func InvalidFields(fields []Field) *Error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Msg: fields[0].Message, Details: Details{Fields: fields}}
}

// CodeOf is the code of an error; anything that is not a refusal is INTERNAL.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// BugPanics makes Bug panic; package tests set it in their TestMain.
var BugPanics bool

// Bug reports a broken invariant: it panics under test and is INTERNAL
// otherwise. The caller logs it with its stack.
func Bug(format string, args ...any) *Error {
	msg := "bug: " + fmt.Sprintf(format, args...)
	if BugPanics {
		panic(msg)
	}
	return &Error{Code: CodeInternal, Msg: msg}
}
