package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/httpapi"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/telemetry"
)

type serveCmd struct {
	Demo     bool              `env:"MAITRED_DEMO" help:"Serve two invented restaurants with a book for fifteen days, from a database of their own. The days are kept while they cover today. Tokens are written to maitred-demo.json beside the database, with PostgreSQL in maitred-data."`
	DemoDate *servicetime.Date `env:"MAITRED_DEMO_DATE" placeholder:"YYYY-MM-DD" help:"First day of the demo's book, instead of today. The clock stays the real one."`
	config.Flags
	config.ServeFlags
	config.WorkerFlags
}

// Help implements kong.HelpProvider.
func (*serveCmd) Help() string {
	return `One server at a time uses a SQLite file: it holds PATH.lock, and answers the other commands on PATH.sock. A second one
ends with exit code 75. The schema of the file is brought up to date at the start.

Any number of servers use a PostgreSQL database. Its schema is brought up to date by "maitred migrate up" alone: serve
ends with exit code 78 when it is behind.

SIGINT or SIGTERM stop a server: it takes no more requests, answers those at hand and ends within 5 seconds; a second
signal ends it at once.`
}

// Validate implements kong.Validatable.
func (c *serveCmd) Validate() error {
	if c.DemoDate != nil && !c.Demo {
		return errors.New("--demo-date goes with --demo")
	}
	return nil
}

// Run serves until the session's context ends.
func (c *serveCmd) Run(s *session) error {
	defaults := map[string]string{}
	if c.Demo {
		defaults["db"] = config.DemoDB
	}
	cfg, err := s.config(defaults, c.Flags, c.ServeFlags, c.WorkerFlags)
	if err != nil {
		return err
	}
	srv := &server{session: s, config: cfg, logger: s.logger(cfg)}
	if c.Demo {
		srv.demo = &demo.Options{Date: c.DemoDate, Crowd: demoCrowd}
	}
	for _, name := range cfg.Unknown {
		srv.logger.Warn("unknown variable in the environment", slog.String("name", name))
	}
	err = srv.start()
	if err == nil {
		err = srv.wait()
	}
	return errors.Join(err, srv.stop())
}

// server is a running server; what is set is stopped.
type server struct {
	*session
	config config.Config
	logger *slog.Logger
	demo   *demo.Options

	lock     *control.Lock // of a SQLite file
	app      *control.App
	listener net.Listener
	api      *httpapi.Server
	served   chan error
	jobs     func()              // ends the jobs, and waits for them
	deliver  func(time.Duration) // ends the worker, and waits for what it has at hand
	record   func(time.Duration) // ends the recorder, and waits for what it has kept
	operator *control.Server     // of a SQLite file
}

// start opens the database, loads the demo and begins to listen.
func (s *server) start() error {
	open, err := s.database(s.config)
	if err != nil {
		return err
	}
	if open.Postgres == nil {
		if s.lock, err = control.Acquire(s.ctx, open.Path, lockWait); err != nil {
			return err
		}
	}
	registry := prometheus.NewRegistry()
	metrics := telemetry.New(registry, version())
	open.Metrics, open.Follow = metrics, true
	if s.app, err = control.Open(s.ctx, open); err != nil {
		return err
	}
	if s.demo != nil {
		if err := s.loadDemo(); err != nil {
			return err
		}
	}
	s.jobs = startJobs(s.ctx, s.app, s.config.JobsInterval, metrics)
	s.record = startRecorder(s.ctx, s.app, metrics)
	s.deliver = startWorker(s.ctx, s.config, s.app, metrics)
	api, err := httpapi.New(httpapi.Deps{
		Houses: s.app.Houses, Lines: s.app.Lines, Lists: s.app.Store, Directory: s.app.Store,
		Gate: access.NewGate(s.app.Store, time.Now), Found: founder(s.app), Office: s.app.Office(), Logger: s.logger, Now: time.Now, CursorKey: cursorKey(s.config.CursorKey),
		NewID: control.NewID, Registry: registry, Ready: s.app.Ready,
		Webhooks: s.app.Store, Sealer: sealer(s.config.Webhooks), Allow: s.config.Webhooks.Allow, Tell: s.app.Tell,
	})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(s.ctx, "tcp", s.config.Listen); err != nil {
		return err
	}
	base := baseURL(s.listener.Addr())
	ops := control.Standard().With(drainBeside())
	if s.demo != nil {
		file, err := demoFile(s.config.DB)
		if err != nil {
			return err
		}
		if _, err := demo.WriteFile(s.ctx, s.app, file, base); err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
		ops = ops.With(demoOperations(file, base))
		s.printf("demo: tokens, tables and bookings are in %s\n", file)
	}
	if s.lock != nil {
		if s.operator, err = control.Serve(s.ctx, s.lock, open.Path, s.app, ops, metrics); err != nil {
			return err
		}
	}
	s.api, s.served = httpapi.NewServer(api, s.logger), make(chan error, 1)
	go func() { s.served <- s.api.Serve(s.listener) }()
	s.printf("maitred %s listens on %s\n", version(), base)
	s.logger.Info("listening", slog.String("url", base), slog.String("database", open.Name), slog.String("version", version()))
	return nil
}

func (s *server) loadDemo() error {
	report, err := demo.Load(s.ctx, s.app, *s.demo)
	if err != nil {
		return err
	}
	for _, r := range report.Restaurants {
		s.logger.Info("demo", slog.String("restaurant", r.Slug), slog.Bool("kept", report.Kept), slog.String("first_day", r.First.String()),
			slog.Int("tables", r.Tables), slog.Int("bookings", r.Bookings))
	}
	return nil
}

// wait returns when the session ends, or serving fails.
func (s *server) wait() error {
	select {
	case <-s.ctx.Done():
		s.logger.Info("stopping")
		return nil
	case err := <-s.served:
		s.served <- nil // stop waits for it
		return fmt.Errorf("serve: %w", err)
	}
}

// recordWithin, deliverWithin and closeWithin are how long what was told, deliveries
// at hand, and the lines and the store may take to end after the requests have; with the default grace all of
// it fits into 5 s.
const (
	recordWithin  = 100 * time.Millisecond
	deliverWithin = 250 * time.Millisecond
	closeWithin   = 500 * time.Millisecond
)

// stop ends what was started, in order: no more requests, those at hand answered,
// jobs and deliveries ended, lines and store closed, lock given back.
func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), s.config.ShutdownGrace)
	defer cancel()
	var errs []error
	if s.api != nil {
		if err := s.api.Shutdown(ctx); err != nil {
			s.logger.Warn("connections were cut", slog.Duration("grace", s.config.ShutdownGrace), slog.Any("error", err))
		}
		errs = append(errs, <-s.served)
	} else if s.listener != nil {
		errs = append(errs, s.listener.Close())
	}
	if s.operator != nil {
		errs = append(errs, s.operator.Shutdown(ctx))
	}
	if s.jobs != nil {
		s.jobs()
	}
	if s.record != nil {
		s.record(recordWithin + max(0, time.Until(deadline(ctx))))
	}
	if s.deliver != nil {
		s.deliver(deliverWithin + max(0, time.Until(deadline(ctx))))
	}
	if s.app != nil {
		closed := make(chan error, 1)
		go func() { closed <- s.app.Close() }()
		select {
		case err := <-closed:
			errs = append(errs, err)
		case <-time.After(closeWithin + max(0, time.Until(deadline(ctx)))):
			return errors.Join(append(errs, errors.New("the database did not close in time; what was answered is safe"))...)
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Release())
	}
	return errors.Join(errs...)
}

func deadline(ctx context.Context) time.Time {
	d, _ := ctx.Deadline()
	return d
}

// cursorKey derives the key of list cursors; without a secret it is a new one.
func cursorKey(secret config.Secret) []byte {
	if len(secret) == 0 {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return key
	}
	key := sha256.Sum256(secret)
	return key[:]
}

// baseURL is where a listener can be reached from this machine.
func baseURL(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "http://" + a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
