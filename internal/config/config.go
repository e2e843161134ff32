package config

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// Config is what is in force.
type Config struct {
	DB            Database
	Listen        string // host:port; port 0 picks one
	LogLevel      slog.Level
	LogFormat     LogFormat
	ShutdownGrace time.Duration // how long requests at hand are waited for
	JobsInterval  time.Duration // from one look for due work to the next
	OutboxLease   time.Duration // of a worker of the outbox
	Hold          seating.HoldRules
	CursorKey     Secret // signs list cursors; empty: a new one at each start
	Webhooks      Webhooks

	// Unknown are variables of the environment that begin like ours and are none:
	// most likely spelled wrong.
	Unknown []string

	from map[string]string // setting → where its value came from
}

// LogFormat is how log lines are written.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Secret is text that must not be printed; its String does not show it.
type Secret []byte

func (s Secret) String() string {
	if len(s) == 0 {
		return ""
	}
	return "[set]"
}

// Format keeps the secret out of every fmt verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue keeps it out of the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps it out of JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Source is where settings come from.
type Source struct {
	Env   []string          // "NAME=value", as os.Environ gives it
	Flags map[string]string // given on the command line, by setting name
	// Default replaces defaults, by setting name: a subcommand's own.
	Default map[string]string
	// ReadFile reads the file that a …_FILE variable names; nil: os.ReadFile.
	ReadFile func(path string) ([]byte, error)
}

// Fault is one setting that cannot be.
type Fault struct {
	Setting string // its flag's name
	From    string // where the value came from
	Message string
}

func (f Fault) String() string {
	if f.From == "" {
		return f.Setting + ": " + f.Message
	}
	return f.Setting + " (" + f.From + "): " + f.Message
}

// Error lists everything that is wrong; the command line exits 78 for it.
type Error struct{ Faults []Fault }

func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return "configuration: " + strings.Join(lines, "; ")
}

// Load reads the settings: defaults, then environment, then flags. Its error is
// an *Error with all faults.
func Load(src Source) (Config, error) {
	if src.ReadFile == nil {
		src.ReadFile = os.ReadFile
	}
	env := environment(src.Env)
	c := Config{from: map[string]string{}}
	var faults []Fault
	for i := range settings {
		s := &settings[i]
		value, from, err := s.value(src, env)
		if err == nil {
			err = s.set(&c, value)
		}
		if err != nil {
			faults = append(faults, Fault{Setting: s.Name, From: from, Message: err.Error()})
			continue
		}
		c.from[s.Name] = from
	}
	if len(faults) == 0 {
		faults = c.validate()
	}
	c.Unknown = unknown(env)
	if len(faults) > 0 {
		return c, &Error{Faults: faults}
	}
	return c, nil
}

// fromDefault is told as the source of a value that nobody set.
const fromDefault = "default"

// value finds the text of a setting and where it came from.
func (s *Setting) value(src Source, env map[string]string) (value, from string, err error) {
	if v, ok := src.Flags[s.Name]; ok {
		return v, "flag --" + s.Name, nil
	}
	plain, hasPlain := env[s.Env]
	if s.File {
		name := s.Env + "_FILE"
		if path, ok := env[name]; ok {
			if hasPlain {
				return "", name, fmt.Errorf("is set a second time by %s; use one of the two", s.Env)
			}
			b, err := src.ReadFile(path)
			if err != nil {
				return "", name, fmt.Errorf("cannot be read: %w", err)
			}
			return strings.TrimSpace(string(b)), name, nil
		}
	}
	if hasPlain {
		return plain, s.Env, nil
	}
	if v, ok := src.Default[s.Name]; ok {
		return v, fromDefault, nil
	}
	return s.Default, fromDefault, nil
}

// environment keeps the variables that are maitred's. An empty one counts as not
// set, as deployment tools write them.
func environment(pairs []string) map[string]string {
	env := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, envPrefix) && value != "" {
			env[name] = value
		}
	}
	return env
}

const envPrefix = "MAITRED_"

// commandEnv are the variables of flags that are no settings: they choose what a
// command does, not how.
var commandEnv = []string{"MAITRED_DEMO", "MAITRED_DEMO_DATE"}

func unknown(env map[string]string) []string {
	var names []string
	for name := range env {
		known := strings.HasPrefix(name, envPrefix+"TEST_") || slices.Contains(commandEnv, name) || slices.ContainsFunc(settings, func(s Setting) bool {
			return name == s.Env || s.File && name == s.Env+"_FILE"
		})
		if !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// validate judges settings together.
func (c *Config) validate() []Fault {
	var faults []Fault
	add := func(name, format string, args ...any) {
		faults = append(faults, Fault{Setting: name, From: c.from[name], Message: fmt.Sprintf(format, args...)})
	}
	for _, name := range []string{"db-pooler", "db-listen", "db-conns"} {
		if !c.DB.Postgres() && c.from[name] != fromDefault {
			add(name, "goes with a PostgreSQL database; db is %s", c.DB)
		}
	}
	h := c.Hold
	if h.DefaultTTL < h.MinTTL {
		add("hold-ttl-default", "is %d s, below hold-ttl-min (%d s)", h.DefaultTTL, h.MinTTL)
	}
	if h.DefaultTTL > h.MaxTTL {
		add("hold-ttl-default", "is %d s, above hold-ttl-max (%d s)", h.DefaultTTL, h.MaxTTL)
	}
	if h.MinTTL > h.MaxTTL {
		add("hold-ttl-min", "is %d s, above hold-ttl-max (%d s)", h.MinTTL, h.MaxTTL)
	}
	if len(c.Webhooks.PreviousSealKey) > 0 && len(c.Webhooks.SealKey) == 0 {
		add("seal-key-previous", "goes with seal-key, which is not set")
	}
	return faults
}
