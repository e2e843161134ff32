package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/maitred/maitred/internal/backoffice"
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

type outboxRetryCmd struct {
	IDs  []int64 `arg:"" name:"id" help:"Ids of rows, from outbox ls."`
	JSON bool    `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*outboxRetryCmd) Help() string {
	return `Exit code 1 when a row is not there: it was delivered meanwhile, or never was.`
}

// Run makes rows due.
func (c *outboxRetryCmd) Run(s *session) error {
	var done backoffice.Retried
	if err := s.change(c.Flags, control.OutboxRetry, control.RetryIn{IDs: c.IDs}, &done); err != nil {
		return err
	}
	if c.JSON {
		if err := s.json(done); err != nil {
			return err
		}
	} else {
		for _, id := range done.Retried {
			s.printf("%d is due now\n", id)
		}
		for _, id := range done.Missing {
			s.printf("%d is not there: it was delivered, or never was\n", id)
		}
	}
	if len(done.Missing) > 0 {
		return errSilent
	}
	return nil
}

type outboxRedriveCmd struct {
	Dead       bool                `required:"" help:"Say so: dead rows come back."`
	Sink       string              `placeholder:"SINK" help:"Only of this sink: observability or webhook."`
	Type       seating.EventType   `placeholder:"TYPE" help:"Only events of this type."`
	Restaurant string              `placeholder:"SLUG" help:"Only of this restaurant, by slug or id."`
	Cause      string              `placeholder:"CAUSE" help:"Only those that are dead because of it."`
	Since      servicetime.Instant `placeholder:"TIME" help:"Only those that died since then, such as 2026-11-27T18:30:00Z."`
	Rate       string              `default:"100/s" placeholder:"N/UNIT" help:"How fast they become due: rows a second (s), minute (m) or hour (h). Default 100/s."`
	Limit      int                 `default:"10000" placeholder:"N" help:"How many at most, 1 to 10000, oldest first. Default 10000."`
	DryRun     bool                `help:"Only count them."`
	JSON       bool                `help:"Print JSON."`
	config.Flags
}

// Help implements kong.HelpProvider.
func (*outboxRedriveCmd) Help() string {
	return `They come back under their ids and keys, and to their places in the order, so that a receiver that has one already can
tell. Mend what they died of first: outbox show says it.`
}

// Validate implements kong.Validatable.
func (c *outboxRedriveCmd) Validate() error {
	if c.Limit < 1 || c.Limit > backoffice.MaxRedrive {
		return fmt.Errorf("--limit is 1 to %d, not %d", backoffice.MaxRedrive, c.Limit)
	}
	_, err := backoffice.ParseRate(c.Rate)
	if err != nil {
		return errors.New("--rate is like 100/s, 30/m or 500/h, up to 10000 of them")
	}
	return nil
}

// Run brings dead rows back.
func (c *outboxRedriveCmd) Run(s *session) error {
	var done backoffice.Redriven
	if err := s.change(c.Flags, control.OutboxRedrive, control.RedriveIn{
		Sink: c.Sink, Type: c.Type, Restaurant: c.Restaurant, Cause: c.Cause, Since: c.Since, Rate: c.Rate, Limit: c.Limit, DryRun: c.DryRun,
	}, &done); err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	verb := "brought back"
	if done.DryRun {
		verb = "would bring back"
	}
	s.printf("%s %s\n", verb, counted(int(done.Rows), "dead row"))
	if done.Left > 0 {
		s.printf("%s over the limit: run it again for them\n", counted(int(done.Left), "more row"))
	}
	return nil
}

type outboxSkipCmd struct {
	Row    int64  `arg:"" name:"id" help:"Id of the row, from outbox ls."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, 1 to 200 characters on one line; it is kept in the log."`
	JSON   bool   `help:"Print JSON."`
	config.Flags
}

// Run gives a row up.
func (c *outboxSkipCmd) Run(s *session) error {
	var done backoffice.Skipped
	if err := s.change(c.Flags, control.OutboxSkip, control.SkipIn{ID: c.Row, Reason: c.Reason}, &done); err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	s.printf("%d is given up; outbox retry %d brings it back\n", done.ID, done.ID)
	return nil
}

type outboxPauseCmd struct {
	Sink string `arg:"" help:"observability or webhook."`
	JSON bool   `help:"Print JSON."`
	config.Flags
}

// Run stops a sink.
func (c *outboxPauseCmd) Run(s *session) error {
	return s.pause(c.Flags, control.OutboxPause, c.Sink, c.JSON)
}

type outboxResumeCmd struct {
	Sink string `arg:"" help:"observability or webhook."`
	JSON bool   `help:"Print JSON."`
	config.Flags
}

// Run lets a sink go on.
func (c *outboxResumeCmd) Run(s *session) error {
	return s.pause(c.Flags, control.OutboxResume, c.Sink, c.JSON)
}

func (s *session) pause(flags config.Flags, operation, sink string, asJSON bool) error {
	var done backoffice.PausedSink
	if err := s.change(flags, operation, control.SinkRef{Sink: sink}, &done); err != nil {
		return err
	}
	switch {
	case asJSON:
		return s.json(done)
	case done.Paused:
		s.printf("%s is paused: rows are kept, none is delivered\n", done.Sink)
	default:
		s.printf("%s goes on\n", done.Sink)
	}
	return nil
}

type outboxLogCmd struct {
	Before int64 `placeholder:"ID" help:"Only what came before this one: how to go on after a page."`
	JSON   bool  `help:"Print JSON."`
	limitFlag
	config.Flags
}

// Run lists what operators did.
func (c *outboxLogCmd) Run(s *session) error {
	return s.read(c.Flags, func(a *control.App) error {
		page, err := control.OperationsLog(s.ctx, a, c.Before, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(page)
		}
		t := s.table("ID", "AT", "BY", "ACTION", "DETAIL")
		for _, o := range page.Operations {
			detail, err := json.Marshal(o.Detail)
			if err != nil {
				return err
			}
			t.row(whole(o.ID), when(o.At), o.Principal, o.Action, string(detail))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if page.Next != 0 {
			s.printf("there are more: --before %d\n", page.Next)
		}
		return nil
	})
}
