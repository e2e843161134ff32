package backoffice

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// behindAfter is how old the oldest waiting row of a sink may be. Source:
// docs/operations.md, alerts.
const behindAfter = time.Minute

// The conditions of a sink.
const (
	SinkOK     = "ok"
	SinkBehind = "behind" // its oldest row waits for more than a minute
	SinkPaused = "paused" // by an operator; how old its rows are says nothing
)

// OutboxStatus is how things stand with all sinks.
type OutboxStatus struct {
	Sinks  []SinkStatus `json:"sinks"`
	Behind bool         `json:"behind" doc:"One of the sinks is."`
}

// SinkStatus is how things stand with one sink.
type SinkStatus struct {
	Sink         string              `json:"sink"`
	Condition    string              `json:"condition" enum:"ok,behind,paused" doc:"behind: the oldest row waits for more than a minute."`
	Waiting      int64               `json:"waiting" doc:"Rows that are not delivered yet, parked ones too; above 10,000 an estimate."`
	OldestAt     servicetime.Instant `json:"oldestAt,omitempty" format:"date-time" doc:"When the oldest waiting row was written; absent: none waits."`
	OldestAge    servicetime.Seconds `json:"oldestAgeSeconds"`
	Parked       int64               `json:"parkedAggregates" doc:"Bookings, or restaurants, whose rows wait behind one that failed."`
	OpenCircuits int64               `json:"openCircuits" doc:"Endpoints that are tried with one row at a time, because they failed."`
	Dead         int64               `json:"dead" doc:"Rows that were given up; above 10,000 an estimate."`
	Paused       bool                `json:"paused"`
	Workers      int                 `json:"workers" doc:"That have a lease and serve a lane of it. None: nobody delivers."`
	Lanes        int                 `json:"lanes" doc:"Into how many shares its rows are dealt; a worker serves whole lanes."`
	Now          servicetime.Instant `json:"now" format:"date-time" doc:"The database's time."`
}

// Status returns how things stand, by sink.
func (o *Office) Status(ctx context.Context) (OutboxStatus, error) {
	all, err := o.outbox.Backlog(ctx)
	if err != nil {
		return OutboxStatus{}, err
	}
	s := OutboxStatus{Sinks: make([]SinkStatus, len(all))}
	for i, b := range all {
		s.Sinks[i] = statusOf(b)
		s.Behind = s.Behind || s.Sinks[i].Condition == SinkBehind
	}
	return s, nil
}

func statusOf(b store.Backlog) SinkStatus {
	s := SinkStatus{
		Sink: b.Sink, Condition: SinkOK, Waiting: b.Rows, OldestAt: b.Oldest, Parked: b.Parked, OpenCircuits: b.Circuits, Dead: b.Dead,
		Paused: b.Paused, Workers: b.Workers, Lanes: store.Lanes, Now: b.Now,
	}
	var age time.Duration
	if !b.Oldest.IsZero() {
		age = max(0, b.Now.Sub(b.Oldest))
	}
	s.OldestAge = servicetime.Seconds(age / time.Second)
	switch {
	case b.Paused:
		s.Condition = SinkPaused
	case age > behindAfter:
		s.Condition = SinkBehind
	}
	return s
}
