package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/telemetry"
)

// cli is the command line; each subcommand's flags are in its own file.
type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Demo       demoCmd       `cmd:"" help:"Load the demo data without serving it."`
	Restaurant restaurantCmd `cmd:"" help:"Make and list restaurants."`
	Token      tokenCmd      `cmd:"" help:"Make, list and revoke API tokens."`
	Operator   operatorCmd   `cmd:"" help:"Make, list and revoke the tokens of operators, who make restaurants and steer deliveries over HTTP."`
	Member     memberCmd     `cmd:"" help:"Add, list, change and remove the people of a restaurant."`
	Holds      holdsCmd      `cmd:"" help:"List, release and expire holds."`
	Outbox     outboxCmd     `cmd:"" help:"See and steer what is delivered to other systems."`
	Jobs       jobsCmd       `cmd:"" help:"List jobs, and have one run now."`
	Verify     verifyCmd     `cmd:"" help:"Check a database against everything that must hold."`
	Export     exportCmd     `cmd:"" help:"Write a restaurant down as JSON."`
	Import     importCmd     `cmd:"" help:"Bring an export into an empty restaurant."`
	Migrate    migrateCmd    `cmd:"" help:"Look at the schema of a database, or change it."`
	Config     configCmd     `cmd:"" help:"Show the settings in force and where they come from."`
	Openapi    openapiCmd    `cmd:"" name:"openapi" help:"Print the HTTP contract as OpenAPI 3.1."`
	Codes      codesCmd      `cmd:"" help:"Print the error codes of the API."`
	Events     eventsCmd     `cmd:"" help:"Print the events that other systems are told."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

const description = `maitred decides which party sits at which table, and never sells one twice.

A SQLite file belongs to one process. Without a server, commands open it themselves. While one runs, commands that
change data are carried out by it, and commands that read look at the file beside it. A PostgreSQL database may have any
number of servers, and commands work on it by themselves.

Settings come from flags or the environment: "maitred config" shows them all.

Exit codes: 0 done; 1 refused, or something was found; 64 wrong usage; 75 busy or not available now, try again;
78 wrong configuration.`

// The exit codes. Source: docs/operations.md, exit codes.
const (
	exitOK       = 0
	exitRefused  = 1
	exitUsage    = 64
	exitTryAgain = 75
	exitConfig   = 78
)

// session is what a subcommand may touch of the world.
type session struct {
	ctx            context.Context //nolint:containedctx // one session, one command: kong calls Run with it
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	asked := len(args) > 0 // else help is shown, and that was no command line
	if !asked {
		args = []string{"--help"}
	}
	defer func() {
		if p := recover(); p != nil {
			wish, ok := p.(exit)
			if !ok {
				panic(p)
			}
			if code = int(wish); !asked {
				code = exitUsage
			}
		}
	}()
	s := &session{ctx: ctx, env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	parser, err := newParser(s)
	if err != nil {
		panic(err) // the tags of this package are wrong
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return s.fail(usageError{err, commandOf(err)})
	}
	if err := parsed.Run(s); err != nil {
		return s.fail(err)
	}
	return exitOK
}

// exit carries kong's wish to exit (after --help) up to run.
type exit int

func newParser(s *session) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("maitred"),
		kong.Description(description),
		kong.Vars(config.Vars()),
		kong.Writers(s.stdout, s.stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups([]kong.Group{{Key: "settings", Title: "Settings:"}}),
	)
}

// usageError is a command line that cannot be; it points to the help.
type usageError struct {
	error
	command string
}

func commandOf(err error) string {
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		return strings.TrimSpace("maitred " + commandPath(parse.Context))
	}
	return "maitred"
}

func commandPath(c *kong.Context) string {
	var names []string
	for _, p := range c.Path {
		if p.Command != nil {
			names = append(names, p.Command.Name)
		}
	}
	return strings.Join(names, " ")
}

// usage refuses a command line whose parts do not go together.
func usage(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...), "maitred"}
}

// errSilent ends a command that has said everything already.
var errSilent = errors.New("refused")

// silentError is errSilent with an exit code of its own.
type silentError int

func (silentError) Error() string { return errSilent.Error() }

// Unwrap makes it an errSilent.
func (silentError) Unwrap() error { return errSilent }

// fail tells an error to a person and returns its exit code.
func (s *session) fail(err error) int {
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(s.stderr, "maitred: %v\n", err)
	}
	if u, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(s.stderr, "See \"%s --help\".\n", u.command)
	}
	return exitCode(err)
}

// config loads the settings for a subcommand. What a command line says about
// itself is less interesting than what a server does: only serve logs below warn
// unless asked to.
func (s *session) config(defaults map[string]string, flags ...any) (config.Config, error) {
	return config.Load(config.Source{Env: s.env, Flags: config.Given(flags...), Default: defaults})
}

var quiet = map[string]string{"log-level": "warn"}

func (s *session) logger(c config.Config) *slog.Logger {
	return telemetry.NewLogger(s.stderr, c.LogLevel, c.LogFormat == config.LogJSON)
}

// lockWait is how long a command waits for the lock of another command.
const lockWait = 3 * time.Second

// change gives an operation to whoever has the database. Only the first
// restaurant makes a SQLite file: with a mistyped --db every other command would
// succeed on an empty one.
func (s *session) change(flags config.Flags, name string, in, out any) error {
	c, err := s.config(quiet, flags)
	if err != nil {
		return err
	}
	if name != control.RestaurantCreate && !c.DB.Postgres() {
		db, err := control.Canonical(c.DB.Path)
		if err != nil {
			return err
		}
		if err := s.there(db); err != nil {
			return err
		}
	}
	return s.changeIn(c, control.Standard(), name, in, out)
}

// there refuses a SQLite file that does not exist.
func (s *session) there(db string) error {
	if _, err := os.Stat(db); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w at %s", control.ErrNoDatabase, db)
	}
	return nil
}

func (s *session) changeIn(c config.Config, ops control.Operations, name string, in, out any) error {
	open, err := s.database(c)
	if err != nil {
		return err
	}
	t := control.Target{
		DB: open.Path, Operations: ops, Wait: lockWait,
		Open: func(ctx context.Context) (*control.App, error) { return control.Open(ctx, open) },
	}
	return t.Do(s.ctx, name, in, out)
}

// database says what to open: one file under one name, or PostgreSQL.
func (s *session) database(c config.Config) (control.Config, error) {
	open := control.Config{Name: c.DB.String(), Hold: c.Hold, Logger: s.logger(c)}
	if c.DB.Postgres() {
		open.Postgres = &postgres.Config{
			URL: string(c.DB.URL), ListenURL: string(c.DB.Listen), Pooler: c.DB.Pooler == config.PoolerTransaction, MaxConns: c.DB.Conns,
		}
		return open, nil
	}
	path, err := control.Canonical(c.DB.Path)
	open.Path = path
	return open, err
}

// read opens the database for reading, beside a server too.
func (s *session) read(flags config.Flags, fn func(a *control.App) error) (err error) {
	c, err := s.config(quiet, flags)
	if err != nil {
		return err
	}
	open, err := s.database(c)
	if err != nil {
		return err
	}
	a, err := control.OpenReader(s.ctx, open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return fn(a)
}

// json prints a value for scripts.
func (s *session) json(v any) error {
	e := json.NewEncoder(s.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printf prints for people.
func (s *session) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.stdout, format, args...) // nowhere to tell that nobody listens
}
