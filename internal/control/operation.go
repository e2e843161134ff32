package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Operation is one thing an operator may do to an App; JSON in, JSON out.
type Operation func(ctx context.Context, a *App, in json.RawMessage) (out any, err error)

// Operations are operations by name.
type Operations map[string]Operation

// Define makes an operation of a function. Fields of the input that the function
// does not know are refused: a command line that is newer than the server must
// not lose half of what it says.
func Define[In, Out any](f func(ctx context.Context, a *App, in In) (Out, error)) Operation {
	return func(ctx context.Context, a *App, raw json.RawMessage) (any, error) {
		var in In
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, &Error{Code: "INVALID", Message: fmt.Sprintf("the server does not understand the command: %v; is it of another version?", err)}
		}
		return f(ctx, a, in)
	}
}

// The names of the standard operations.
const (
	RestaurantCreate = "restaurant.create"
	RestaurantRotate = "restaurant.rotate_epoch"
	TokenCreate      = "token.create"
	TokenRevoke      = "token.revoke"
	OperatorCreate   = "operator.create"
	OperatorRevoke   = "operator.revoke"
	MemberAdd        = "member.add"
	MemberRole       = "member.role"
	MemberRemove     = "member.remove"
	HoldRelease      = "hold.release"
	HoldExpire       = "hold.expire"
	Import           = "import"
	OutboxRetry      = "outbox.retry"
	OutboxRedrive    = "outbox.redrive"
	OutboxSkip       = "outbox.skip"
	OutboxPause      = "outbox.pause"
	OutboxResume     = "outbox.resume"
	OutboxDrain      = "outbox.drain" // not standard: how depends on who has the database, see DrainBy
	JobRun           = "job.run"
)

// Standard lists the operations of this package.
func Standard() Operations {
	return Operations{
		RestaurantCreate: Define(CreateRestaurant),
		RestaurantRotate: Define(RotateEpochs),
		TokenCreate:      Define(CreateToken),
		TokenRevoke:      Define(RevokeToken),
		OperatorCreate:   Define(CreateOperator),
		OperatorRevoke:   Define(RevokeOperator),
		MemberAdd:        Define(AddMember),
		MemberRole:       Define(ChangeRole),
		MemberRemove:     Define(RemoveMember),
		HoldRelease:      Define(ReleaseHold),
		HoldExpire:       Define(ExpireHolds),
		Import:           Define(ImportDocument),
		OutboxRetry:      Define(RetryRows),
		OutboxRedrive:    Define(RedriveRows),
		OutboxSkip:       Define(SkipRow),
		OutboxPause:      Define(PauseSink),
		OutboxResume:     Define(ResumeSink),
		JobRun:           Define(AskForJob),
	}
}

// With adds operations under their names.
func (o Operations) With(more Operations) Operations {
	all := maps.Clone(o)
	maps.Copy(all, more)
	return all
}

// Error is what an operation that did not succeed tells, also over the socket.
type Error struct {
	Code    string          `json:"code"` // of the table of codes, or EXISTS
	Message string          `json:"message"`
	Fields  []seating.Field `json:"fields,omitempty"`
	Retry   bool            `json:"retry,omitempty"` // the same command may succeed later

	cause error // nil when it came over the socket
}

func (f *Error) Unwrap() error { return f.cause }

func (f *Error) Error() string {
	switch len(f.Fields) {
	case 0:
		return f.Code + ": " + f.Message
	case 1:
		return strings.TrimSuffix(f.Code+": "+f.Fields[0].Pointer, ": ") + ": " + f.Message
	}
	lines := []string{f.Code + ":"}
	for _, field := range f.Fields {
		lines = append(lines, "  "+field.Pointer+": "+field.Message)
	}
	return strings.Join(lines, "\n")
}

// ErrorOf turns an operation's error into what is told.
func ErrorOf(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	if refusal, ok := errors.AsType[*seating.Error](err); ok {
		code := refusal.Code.Entry().Code
		return &Error{
			Code: string(code), Message: refusal.Msg, Fields: refusal.Details.Fields,
			Retry: code == seating.CodeUnavailable || code == seating.CodeBehind,
		}
	}
	for _, known := range []struct {
		err   error
		code  string
		retry bool
	}{
		{store.ErrExists, "EXISTS", false},
		{store.ErrNotFound, string(seating.CodeNotFound), false},
		{store.ErrInvalid, string(seating.CodeInvalid), false},
		{store.ErrUnavailable, string(seating.CodeUnavailable), true},
		{context.Canceled, string(seating.CodeUnavailable), true},
		{context.DeadlineExceeded, string(seating.CodeUnavailable), true},
	} {
		if errors.Is(err, known.err) {
			return &Error{Code: known.code, Message: err.Error(), Retry: known.retry}
		}
	}
	return &Error{Code: string(seating.CodeInternal), Message: err.Error()}
}
