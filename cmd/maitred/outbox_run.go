package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
)

type outboxRunCmd struct {
	config.Flags
	config.WorkerFlags
}

// Help implements kong.HelpProvider.
func (*outboxRunCmd) Help() string {
	return `A server delivers by itself: this is for deliveries apart from it, or without one. With PostgreSQL any number of workers
may run beside servers; they share the work. A SQLite file belongs to one process: exit code 75 when a server has it; the
other commands reach the worker like a server.

SIGINT or SIGTERM end it: deliveries at hand get 5 seconds, and what is left goes to other workers at once.`
}

// Run delivers until the session's context ends.
func (c *outboxRunCmd) Run(s *session) (err error) {
	cfg, err := s.config(nil, c.Flags, c.WorkerFlags)
	if err != nil {
		return err
	}
	open, err := s.database(cfg)
	if err != nil {
		return err
	}
	var lock *control.Lock
	if open.Postgres == nil {
		if err := s.there(open.Path); err != nil {
			return err
		}
		if lock, err = control.Acquire(s.ctx, open.Path, lockWait); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	open.Follow = true
	a, err := control.Open(s.ctx, open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	stop := startWorker(s.ctx, cfg, a, nil)
	defer stop(deliverAtEnd)
	if lock != nil {
		operator, err := control.Serve(s.ctx, lock, open.Path, a, control.Standard().With(drainBeside()), nil)
		if err != nil {
			return err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), commandsAtEnd)
			defer cancel()
			err = errors.Join(err, operator.Shutdown(ctx))
		}()
	}
	s.printf("delivering what %s has to tell\n", open.Name)
	a.Logger.InfoContext(s.ctx, "delivering", slog.String("database", open.Name), slog.String("version", version()))
	<-s.ctx.Done()
	return nil
}

// How long deliveries at hand, and commands of operators, may take when a worker is
// told to end.
const (
	deliverAtEnd  = 6 * time.Second
	commandsAtEnd = 2 * time.Second
)

type outboxDrainCmd struct {
	Once    bool          `required:"" help:"Say so: the command ends when nothing is due."`
	Timeout time.Duration `default:"60s" placeholder:"DURATION" help:"How long it may take at most, up to 1h. Default 60s."`
	JSON    bool          `help:"Print JSON."`
	config.Flags
	config.WorkerFlags
}

// Help implements kong.HelpProvider.
func (*outboxDrainCmd) Help() string {
	return `Delivers what is due, and waits for other workers that have some of it. Rows whose time has not come are not waited for.
With a SQLite file that a server has, the server delivers, and the command waits for it.

Exit codes: 0 everything that was due is delivered, or nothing was; 1 something could not be delivered and waits, or was
given up meanwhile, as is printed; 75 it took too long, the database is not available, a sink is paused and has rows, or
another command has the SQLite file; 78 wrong configuration.`
}

// Validate implements kong.Validatable.
func (c *outboxDrainCmd) Validate() error {
	if c.Timeout <= 0 || c.Timeout > control.MaxDrain {
		return fmt.Errorf("--timeout is above 0 and at most %s, not %s", control.MaxDrain, c.Timeout)
	}
	return nil
}

// Run drains the outbox.
func (c *outboxDrainCmd) Run(s *session) error {
	cfg, err := s.config(quiet, c.Flags, c.WorkerFlags)
	if err != nil {
		return err
	}
	if !cfg.DB.Postgres() {
		db, err := control.Canonical(cfg.DB.Path)
		if err != nil {
			return err
		}
		if err := s.there(db); err != nil {
			return err
		}
	}
	var done control.Drained
	if err := s.changeIn(cfg, control.Standard().With(drainHere(cfg)), control.OutboxDrain, control.DrainIn{Within: c.Timeout}, &done); err != nil {
		return err
	}
	if c.JSON {
		if err := s.json(done); err != nil {
			return err
		}
	} else {
		c.print(s, done)
	}
	return endOf(done)
}

func (c *outboxDrainCmd) print(s *session, d control.Drained) {
	switch {
	case !d.Finished:
		s.printf("not everything that is due was delivered within %s\n", c.Timeout)
	case d.Dead == 0 && d.Waiting == 0 && len(d.Paused) == 0:
		s.printf("nothing is due any more\n")
	}
	if d.Dead > 0 {
		s.printf("%s given up: outbox ls --state dead\n", counted(int(d.Dead), "row"))
	}
	if d.Waiting > 0 {
		s.printf("%s because a delivery failed: outbox ls --state parked\n", counted(int(d.Waiting), "queue")+" wait")
	}
	if len(d.Paused) > 0 {
		s.printf("paused, with rows: %s\n", strings.Join(d.Paused, ", "))
	}
}

// endOf is the exit code of a drain, as an error.
func endOf(d control.Drained) error {
	switch {
	case !d.Finished:
		return silentError(exitTryAgain)
	case d.Dead > 0 || d.Waiting > 0:
		return silentError(exitRefused)
	case len(d.Paused) > 0:
		return silentError(exitTryAgain)
	}
	return nil
}
