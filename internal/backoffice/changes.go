package backoffice

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// What operators do to deliveries, as the history calls it.
const (
	ActionRetry   = "outbox.retry"
	ActionSkip    = "outbox.skip"
	ActionPause   = "outbox.pause"
	ActionResume  = "outbox.resume"
	ActionRedrive = "outbox.redrive"
	ActionJobRun  = "job.run"
)

// Retried says which rows there were.
type Retried struct {
	Retried []int64 `json:"retried" doc:"Due now; dead ones are back."`
	Missing []int64 `json:"missing" doc:"Not in the outbox: delivered, or never there."`
}

// Retry makes rows due now; dead ones come back.
func (o *Office) Retry(ctx context.Context, principal string, ids []int64) (Retried, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(ids) == 0 || len(ids) > MaxLimit:
		return Retried{}, seating.Invalid("ids", "must be 1 to %d ids of rows, not %d", MaxLimit, len(ids))
	case ids[0] < 1:
		return Retried{}, seating.Invalid("ids", "must be ids of rows, which %d is not", ids[0])
	}
	there, err := o.outbox.Retry(ctx, ids, store.Note{Principal: principal, Action: ActionRetry, Detail: map[string]any{"ids": ids}})
	if err != nil {
		return Retried{}, err
	}
	slices.Sort(there)
	done := Retried{Retried: append([]int64{}, there...), Missing: []int64{}}
	for _, id := range ids {
		if !slices.Contains(there, id) {
			done.Missing = append(done.Missing, id)
		}
	}
	o.onDue()
	return done, nil
}

// Skipped is the row that will not be delivered.
type Skipped struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
}

// Skip gives a row up that waits: it goes to the dead letters, and those behind it
// go on.
func (o *Office) Skip(ctx context.Context, principal string, id int64, reason string) (Skipped, error) {
	switch {
	case id < 1:
		return Skipped{}, seating.Invalid("id", "must be the id of a row, not %d", id)
	case !oneLine(reason):
		return Skipped{}, seating.Invalid("reason", "must be 1 to %d characters on one line, without spaces around", MaxReason)
	}
	note := store.Note{Principal: principal, Action: ActionSkip, Detail: map[string]any{"id": id, "reason": reason}}
	err := o.outbox.Skip(ctx, id, reason, note)
	if errors.Is(err, store.ErrNotFound) {
		return Skipped{}, seating.Refuse(seating.CodeNotFound, "there is no row %d that waits: it was delivered, is dead, or never was", id)
	}
	if err != nil {
		return Skipped{}, err
	}
	o.onDue()
	return Skipped{ID: id, Reason: reason}, nil
}

// PausedSink says whether a sink is.
type PausedSink struct {
	Sink   string `json:"sink"`
	Paused bool   `json:"paused"`
}

// Pause stops a sink: rows are kept, none is handed out. Resume ends it.
func (o *Office) Pause(ctx context.Context, principal, sink string) (PausedSink, error) {
	return o.pause(ctx, sink, true, store.Note{Principal: principal, Action: ActionPause, Detail: map[string]any{"sink": sink}})
}

// Resume lets a sink that was paused go on.
func (o *Office) Resume(ctx context.Context, principal, sink string) (PausedSink, error) {
	p, err := o.pause(ctx, sink, false, store.Note{Principal: principal, Action: ActionResume, Detail: map[string]any{"sink": sink}})
	if err == nil {
		o.onDue()
	}
	return p, err
}

func (o *Office) pause(ctx context.Context, sink string, paused bool, n store.Note) (PausedSink, error) {
	if !slices.Contains(store.Sinks(), sink) {
		return PausedSink{}, noSink(sink)
	}
	err := o.outbox.Pause(ctx, sink, paused, n)
	if errors.Is(err, store.ErrNotFound) {
		return PausedSink{}, noSink(sink)
	}
	if err != nil {
		return PausedSink{}, err
	}
	return PausedSink{Sink: sink, Paused: paused}, nil
}

func noSink(sink string) error {
	return seating.Refuse(seating.CodeNotFound, "there is no sink %q; there are %s", clipped(sink), strings.Join(store.Sinks(), ", "))
}
