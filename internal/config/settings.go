package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Setting is one row of the table: what an operator may set.
type Setting struct {
	Name    string // of the flag, without dashes
	Env     string
	Default string
	Range   string // for people
	Help    string
	Secret  bool // never shown, and no flag
	File    bool // may come from the file that <Env>_FILE names

	set func(c *Config, value string) error
	get func(c *Config) string
}

// settings is the table. docs/configuration.md is generated from it.
var settings = []Setting{
	{
		Name: "db", Env: "MAITRED_DB", Default: DefaultDB, Range: "`sqlite:PATH`, `postgres://…`", File: true,
		Help: "Where the data is: a SQLite file, or a PostgreSQL database. serve --demo uses " + DemoDB + " unless this is set.",
		set: func(c *Config, v string) (err error) {
			c.DB, err = c.DB.at(v)
			return err
		},
		get: func(c *Config) string { return c.DB.String() },
	},
	{
		Name: "db-pooler", Env: "MAITRED_DB_POOLER", Default: string(PoolerNone), Range: "`none`, `transaction`",
		Help: "What is between maitred and PostgreSQL: nothing, or a pooler that lends a connection for one transaction.",
		set: func(c *Config, v string) error {
			c.DB.Pooler = Pooler(strings.ToLower(v))
			if c.DB.Pooler != PoolerNone && c.DB.Pooler != PoolerTransaction {
				return errors.New("must be none or transaction")
			}
			return nil
		},
		get: func(c *Config) string { return string(c.DB.Pooler) },
	},
	{
		Name: "db-listen", Env: "MAITRED_DB_LISTEN", Range: "`postgres://…`", File: true,
		Help: "A way to the same database without the pooler, for notifications between servers. Without it: db, or none with a pooler.",
		set: func(c *Config, v string) (err error) {
			c.DB.Listen = nil
			if v != "" {
				c.DB.Listen, err = parsePostgres(v)
			}
			return err
		},
		get: func(c *Config) string { return shown(c.DB.Listen) },
	},
	number("db-conns", "MAITRED_DB_CONNS", DefaultConns, 2, 200, "",
		"How many connections to PostgreSQL one process keeps at most; the one for notifications comes on top.",
		func(c *Config) *int { return &c.DB.Conns }),
	{
		Name: "listen", Env: "MAITRED_LISTEN", Default: "127.0.0.1:8080", Range: "`HOST:PORT`",
		Help: "Where the API listens. Port 0 picks a free one.",
		set: func(c *Config, v string) error {
			c.Listen = v
			return checkListen(v)
		},
		get: func(c *Config) string { return c.Listen },
	},
	{
		Name: "log-level", Env: "MAITRED_LOG_LEVEL", Default: "info", Range: "`debug`, `info`, `warn`, `error`",
		Help: "The least level that is logged.",
		set: func(c *Config, v string) error {
			level, ok := logLevels[strings.ToLower(v)]
			if !ok {
				return errors.New("must be debug, info, warn or error")
			}
			c.LogLevel = level
			return nil
		},
		get: func(c *Config) string { return strings.ToLower(c.LogLevel.String()) },
	},
	{
		Name: "log-format", Env: "MAITRED_LOG_FORMAT", Default: "text", Range: "`text`, `json`",
		Help: "How log lines are written to standard error.",
		set: func(c *Config, v string) error {
			c.LogFormat = LogFormat(strings.ToLower(v))
			if c.LogFormat != LogText && c.LogFormat != LogJSON {
				return errors.New("must be text or json")
			}
			return nil
		},
		get: func(c *Config) string { return string(c.LogFormat) },
	},
	duration("shutdown-grace", "MAITRED_SHUTDOWN_GRACE", "4s", "How long a stopping server waits for the requests at hand.",
		func(c *Config) *time.Duration { return &c.ShutdownGrace }),
	duration("jobs-interval", "MAITRED_JOBS_INTERVAL", "5s",
		"How often a server looks for work that is due, ± 20 %: holds that lapsed, parties that are late or stay, days to close.",
		func(c *Config) *time.Duration { return &c.JobsInterval }),
	duration("outbox-lease", "MAITRED_OUTBOX_LEASE", "15s",
		"How long a worker of the outbox keeps its share of the deliveries without a sign of life; others take it over then.",
		func(c *Config) *time.Duration { return &c.OutboxLease }),
	seconds("hold-ttl-min", "MAITRED_HOLD_TTL_MIN", seating.DefaultHoldRules().MinTTL, 1, seating.MaxHoldTTL,
		"The shortest hold of a new restaurant's policy; a shorter request is raised to it.",
		func(h *seating.HoldRules) *servicetime.Seconds { return &h.MinTTL }),
	seconds("hold-ttl-default", "MAITRED_HOLD_TTL_DEFAULT", seating.DefaultHoldRules().DefaultTTL, 1, seating.MaxHoldTTL,
		"How long a hold lasts when the request does not say; between hold-ttl-min and hold-ttl-max.",
		func(h *seating.HoldRules) *servicetime.Seconds { return &h.DefaultTTL }),
	seconds("hold-ttl-max", "MAITRED_HOLD_TTL_MAX", seating.DefaultHoldRules().MaxTTL, seating.MinHoldRequest, seating.MaxHoldTTL,
		"The longest hold of a new restaurant's policy.",
		func(h *seating.HoldRules) *servicetime.Seconds { return &h.MaxTTL }),
	number("hold-budget-max", "MAITRED_HOLD_BUDGET_MAX", seating.DefaultHoldRules().BudgetMax, 1, 100, "",
		"How many holds one principal may make for one booking within the window.",
		func(c *Config) *int { return &c.Hold.BudgetMax }),
	seconds("hold-budget-window", "MAITRED_HOLD_BUDGET_WINDOW", seating.DefaultHoldRules().BudgetWindow, 5, seating.MaxBudgetWindow,
		"The sliding window of that budget.",
		func(h *seating.HoldRules) *servicetime.Seconds { return &h.BudgetWindow }),
	{
		Name: "cursor-key", Env: "MAITRED_CURSOR_KEY", Secret: true, File: true, Range: "32 characters or more",
		Help: "Signs the cursors of lists. Without it each start makes a new one, and cursors from before are refused.",
		set: func(c *Config, v string) error {
			if v != "" && len(v) < 32 {
				return errors.New("must have at least 32 characters")
			}
			c.CursorKey = Secret(v)
			return nil
		},
		get: func(c *Config) string { return c.CursorKey.String() },
	},
	webhookAllow(),
	sealKey("seal-key", "MAITRED_SEAL_KEY",
		"Seals the secrets of webhooks, in every process the same. Without it no webhook can be made, and none is delivered.",
		func(c *Config) *Secret { return &c.Webhooks.SealKey }),
	sealKey("seal-key-previous", "MAITRED_SEAL_KEY_PREVIOUS",
		"The seal-key before this one: it opens what it sealed, until each webhook's secret has been rotated.",
		func(c *Config) *Secret { return &c.Webhooks.PreviousSealKey }),
}

// Settings lists the table.
func Settings() []Setting { return settings }

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// seconds is a hold rule in whole seconds.
func seconds(name, env string, def, lo, hi servicetime.Seconds, help string, field func(*seating.HoldRules) *servicetime.Seconds) Setting {
	return number(name, env, int(def), int(lo), int(hi), " s", help, func(c *Config) *int { return (*int)(field(&c.Hold)) })
}

// number is a whole number within bounds.
func number(name, env string, def, lo, hi int, unit, help string, field func(*Config) *int) Setting {
	return Setting{
		Name: name, Env: env, Default: strconv.Itoa(def), Range: fmt.Sprintf("%d–%d%s", lo, hi, unit), Help: help,
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < lo || n > hi {
				return fmt.Errorf("must be a whole number from %d to %d", lo, hi)
			}
			*field(c) = n
			return nil
		},
		get: func(c *Config) string { return strconv.Itoa(*field(c)) },
	}
}

// duration is a duration within 100ms and 60s.
func duration(name, env, def, help string, field func(*Config) *time.Duration) Setting {
	return Setting{
		Name: name, Env: env, Default: def, Range: "100ms–60s", Help: help,
		set: func(c *Config, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil {
				return errors.New("must be a duration like " + def)
			}
			if d < 100*time.Millisecond || d > time.Minute {
				return errors.New("must be 100ms to 60s")
			}
			*field(c) = d
			return nil
		},
		get: func(c *Config) string { return field(c).String() },
	}
}

func checkListen(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return errors.New("must be HOST:PORT, such as 127.0.0.1:8080 or :0")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("has no port from 0 to 65535")
	}
	return nil
}
