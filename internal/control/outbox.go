package control

import (
	"context"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// commandLine is who does what is done by the command line.
const commandLine = "operator"

// Office is what operators see and do about deliveries and jobs.
func (a *App) Office() *backoffice.Office {
	return backoffice.New(a.Store, a.Store, func() { a.tell(seating.RestaurantID{}, outbox.SourceCommit) })
}

// OutboxStatus returns how things stand with the sinks.
func OutboxStatus(ctx context.Context, a *App) (backoffice.OutboxStatus, error) {
	return a.Office().Status(ctx)
}

// RowsIn selects rows of the outbox.
type RowsIn struct {
	Sink       string
	State      store.RowState
	Restaurant string // slug or id; "": all
	Endpoint   seating.EndpointID
	Type       seating.EventType
	Cause      string
	After      int64
	Limit      int
}

// OutboxList returns rows that wait or are dead.
func OutboxList(ctx context.Context, a *App, in RowsIn) (backoffice.RowsPage, error) {
	r, err := a.restaurantOf(ctx, in.Restaurant)
	if err != nil {
		return backoffice.RowsPage{}, err
	}
	return a.Office().Rows(ctx, backoffice.RowsQuery{
		Sink: in.Sink, State: in.State, Restaurant: r, Endpoint: in.Endpoint, Type: in.Type, Cause: in.Cause, After: in.After, Limit: in.Limit,
	})
}

// restaurantOf finds a restaurant that may be left out.
func (a *App) restaurantOf(ctx context.Context, name string) (seating.RestaurantID, error) {
	if name == "" {
		return seating.RestaurantID{}, nil
	}
	r, err := a.Restaurant(ctx, name)
	return r.ID, err
}

// OutboxShow returns one row that waits or is dead.
func OutboxShow(ctx context.Context, a *App, id int64) (backoffice.OutboxRow, error) {
	return a.Office().Row(ctx, id)
}

// RetryIn names rows to be delivered now.
type RetryIn struct {
	IDs []int64 `json:"ids"`
}

// RetryRows makes rows due now; dead ones come back.
func RetryRows(ctx context.Context, a *App, in RetryIn) (backoffice.Retried, error) {
	return a.Office().Retry(ctx, commandLine, in.IDs)
}

// RedriveIn selects dead rows to bring back.
type RedriveIn struct {
	Sink       string              `json:"sink,omitempty"`
	Type       seating.EventType   `json:"type,omitempty"`
	Restaurant string              `json:"restaurant,omitempty"` // slug or id
	Cause      string              `json:"cause,omitempty"`
	Since      servicetime.Instant `json:"since,omitempty"`
	Rate       string              `json:"rate,omitempty"`
	Limit      int                 `json:"limit,omitempty"`
	DryRun     bool                `json:"dryRun,omitempty"`
}

// RedriveRows brings dead rows back.
func RedriveRows(ctx context.Context, a *App, in RedriveIn) (backoffice.Redriven, error) {
	r, err := a.restaurantOf(ctx, in.Restaurant)
	if err != nil {
		return backoffice.Redriven{}, err
	}
	return a.Office().Redrive(ctx, commandLine, backoffice.Redrive{
		Sink: in.Sink, Type: in.Type, Restaurant: r, Cause: in.Cause, Since: in.Since, Rate: in.Rate, Limit: in.Limit, DryRun: in.DryRun,
	})
}

// SkipIn names a row to be given up.
type SkipIn struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
}

// SkipRow gives a row up.
func SkipRow(ctx context.Context, a *App, in SkipIn) (backoffice.Skipped, error) {
	return a.Office().Skip(ctx, commandLine, in.ID, in.Reason)
}

// SinkRef names a sink.
type SinkRef struct {
	Sink string `json:"sink"`
}

// PauseSink stops a sink.
func PauseSink(ctx context.Context, a *App, in SinkRef) (backoffice.PausedSink, error) {
	return a.Office().Pause(ctx, commandLine, in.Sink)
}

// ResumeSink lets a sink go on.
func ResumeSink(ctx context.Context, a *App, in SinkRef) (backoffice.PausedSink, error) {
	return a.Office().Resume(ctx, commandLine, in.Sink)
}

// OperationsLog returns what operators did, newest first.
func OperationsLog(ctx context.Context, a *App, before int64, limit int) (backoffice.ActionsPage, error) {
	return a.Office().Operations(ctx, before, limit)
}

// JobsList lists the jobs.
func JobsList(ctx context.Context, a *App) (backoffice.JobList, error) { return a.Office().Jobs(ctx) }

// JobRef names a job.
type JobRef struct {
	Job string `json:"job"`
}

// AskForJob wants a job run now, by the process that has its lease.
func AskForJob(ctx context.Context, a *App, in JobRef) (backoffice.JobAsked, error) {
	return a.Office().RunJob(ctx, commandLine, in.Job)
}
