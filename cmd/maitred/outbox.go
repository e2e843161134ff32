package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

type outboxCmd struct {
	Status  outboxStatusCmd  `cmd:"" help:"How deliveries stand, by sink; exit code 1 when one is behind."`
	Ls      outboxLsCmd      `cmd:"" help:"List rows that wait or are dead; never what they say."`
	Show    outboxShowCmd    `cmd:"" help:"Show a row that waits or is dead; never what it says."`
	Retry   outboxRetryCmd   `cmd:"" help:"Deliver rows now; dead ones come back."`
	Redrive outboxRedriveCmd `cmd:"" help:"Bring dead rows back, at a rate."`
	Skip    outboxSkipCmd    `cmd:"" help:"Give a row up that waits, so that those behind it go on."`
	Pause   outboxPauseCmd   `cmd:"" help:"Stop the deliveries of a sink. No row is lost."`
	Resume  outboxResumeCmd  `cmd:"" help:"Go on with the deliveries of a sink."`
	Log     outboxLogCmd     `cmd:"" help:"What operators did, newest first."`
	Run     outboxRunCmd     `cmd:"" help:"Deliver until SIGINT or SIGTERM, without a server."`
	Drain   outboxDrainCmd   `cmd:"" help:"Deliver what is due and end, for a cron."`
}

type outboxStatusCmd struct {
	JSON bool `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*outboxStatusCmd) Help() string {
	return `A sink is behind when its oldest row waits for more than a minute. Exit code 1 then, so that a monitor can use the
command; a sink that somebody paused is not behind. Numbers above 10,000 are estimates.`
}

// Run shows how deliveries stand.
func (c *outboxStatusCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		status, err := control.OutboxStatus(s.ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			err = s.json(status)
		} else {
			err = c.print(s, status)
		}
		if err == nil && status.Behind {
			err = errSilent
		}
		return err
	})
}

func (c *outboxStatusCmd) print(s *session, status backoffice.OutboxStatus) error {
	t := s.table("SINK", "CONDITION", "WAITING", "OLDEST", "PARKED", "CIRCUITS", "DEAD", "WORKERS")
	for _, k := range status.Sinks {
		oldest := ""
		if k.Waiting > 0 {
			oldest = k.OldestAge.Duration().String()
		}
		t.row(k.Sink, k.Condition, whole(k.Waiting), oldest, whole(k.Parked), whole(k.OpenCircuits), whole(k.Dead), strconv.Itoa(k.Workers))
	}
	return t.Flush()
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// limitFlag is the size of a page.
type limitFlag struct {
	Limit int `default:"100" placeholder:"N" help:"How many at most, 1 to 200. Default 100."`
}

// Validate implements kong.Validatable.
func (f limitFlag) Validate() error {
	if f.Limit < 1 || f.Limit > backoffice.MaxLimit {
		return fmt.Errorf("--limit is 1 to %d, not %d", backoffice.MaxLimit, f.Limit)
	}
	return nil
}

type outboxLsCmd struct {
	Sink       string             `placeholder:"SINK" help:"Only of this sink: observability or webhook."`
	State      store.RowState     `placeholder:"STATE" help:"Only those that are waiting (parked ones too), parked or dead."`
	Restaurant string             `placeholder:"SLUG" help:"Only of this restaurant, by slug or id."`
	Endpoint   seating.EndpointID `placeholder:"ID" help:"Only of this endpoint of a webhook."`
	Type       seating.EventType  `placeholder:"TYPE" help:"Only events of this type."`
	Cause      string             `placeholder:"CAUSE" help:"Only those that are dead because of it."`
	After      int64              `placeholder:"ID" help:"Only rows after this one: how to go on after a page."`
	JSON       bool               `help:"Print JSON."`
	limitFlag
	config.Flags
}

// Run lists rows.
func (c *outboxLsCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		page, err := control.OutboxList(s.ctx, a, control.RowsIn{
			Sink: c.Sink, State: c.State, Restaurant: c.Restaurant, Endpoint: c.Endpoint, Type: c.Type, Cause: c.Cause, After: c.After, Limit: c.Limit,
		})
		if _, ok := errors.AsType[*seating.Error](err); ok {
			return control.ErrorOf(err) // says which filter
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(page)
		}
		t := s.table("ID", "STATE", "SINK", "TYPE", "RESTAURANT", "VERSION", "ATTEMPTS", "CREATED", "NEXT", "REASON")
		for _, r := range page.Rows {
			next := r.NextAttemptAt
			if r.ParkedUntil.After(next) {
				next = r.ParkedUntil
			}
			t.row(whole(r.ID), string(r.State), r.Sink, string(r.Type), r.Restaurant.String(), whole(r.Version), strconv.Itoa(r.Attempts),
				when(r.CreatedAt), when(next), r.Reason)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if page.Next != 0 {
			s.printf("there are more: --after %d\n", page.Next)
		}
		return nil
	})
}

type outboxShowCmd struct {
	Row  int64 `arg:"" name:"id" help:"Id of the row, from outbox ls."`
	JSON bool  `help:"Print JSON."`
	config.Flags
}

// Run shows a row.
func (c *outboxShowCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		r, err := control.OutboxShow(s.ctx, a, c.Row)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(r)
		}
		booking, endpoint := "", ""
		if !r.Booking.IsZero() {
			booking = r.Booking.String()
		}
		if !r.Endpoint.IsZero() {
			endpoint = r.Endpoint.String()
		}
		for _, line := range [][2]string{
			{"id", whole(r.ID)},
			{"state", string(r.State)},
			{"reason", r.Reason},
			{"sink", r.Sink},
			{"lane", strconv.Itoa(r.Lane)},
			{"type", string(r.Type)},
			{"severity", string(r.Severity)},
			{"schema version", strconv.Itoa(r.SchemaVersion)},
			{"restaurant", r.Restaurant.String()},
			{"version", whole(r.Version)},
			{"booking", booking},
			{"endpoint", endpoint},
			{"aggregate", r.Aggregate},
			{"dedupe key", r.Key},
			{"attempts", strconv.Itoa(r.Attempts)},
			{"handovers", strconv.Itoa(r.Handovers)},
			{"failing for", nonZero(r.FailedFor.Duration())},
			{"created", when(r.CreatedAt)},
			{"next attempt", when(r.NextAttemptAt)},
			{"parked until", when(r.ParkedUntil)},
			{"dead", when(r.DeadAt)},
			{"last error", r.LastError},
		} {
			if line[1] != "" {
				s.printf("%-15s %s\n", line[0], line[1])
			}
		}
		return nil
	})
}

func nonZero(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
