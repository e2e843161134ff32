package config

import (
	"fmt"
	"reflect"
)

// Flags are the settings that every command that touches data takes. Each has
// its environment variable; see the table in settings.go.
type Flags struct {
	DB        *string `name:"db" group:"settings" placeholder:"DATABASE" help:"${db_help}"`
	DBPooler  *string `name:"db-pooler" group:"settings" placeholder:"KIND" help:"${db_pooler_help}"`
	DBListen  *string `name:"db-listen" group:"settings" placeholder:"URL" help:"${db_listen_help}"`
	DBConns   *string `name:"db-conns" group:"settings" placeholder:"N" help:"${db_conns_help}"`
	LogLevel  *string `name:"log-level" group:"settings" placeholder:"LEVEL" help:"${log_level_help}"`
	LogFormat *string `name:"log-format" group:"settings" placeholder:"FORMAT" help:"${log_format_help}"`
}

// ServeFlags are the settings of a server.
type ServeFlags struct {
	Listen           *string `name:"listen" group:"settings" placeholder:"HOST:PORT" help:"${listen_help}"`
	ShutdownGrace    *string `name:"shutdown-grace" group:"settings" placeholder:"DURATION" help:"${shutdown_grace_help}"`
	JobsInterval     *string `name:"jobs-interval" group:"settings" placeholder:"DURATION" help:"${jobs_interval_help}"`
	HoldTTLMin       *string `name:"hold-ttl-min" group:"settings" placeholder:"SECONDS" help:"${hold_ttl_min_help}"`
	HoldTTLDefault   *string `name:"hold-ttl-default" group:"settings" placeholder:"SECONDS" help:"${hold_ttl_default_help}"`
	HoldTTLMax       *string `name:"hold-ttl-max" group:"settings" placeholder:"SECONDS" help:"${hold_ttl_max_help}"`
	HoldBudgetMax    *string `name:"hold-budget-max" group:"settings" placeholder:"N" help:"${hold_budget_max_help}"`
	HoldBudgetWindow *string `name:"hold-budget-window" group:"settings" placeholder:"SECONDS" help:"${hold_budget_window_help}"`
}

// WorkerFlags are the settings of what delivers the outbox.
type WorkerFlags struct {
	OutboxLease  *string `name:"outbox-lease" group:"settings" placeholder:"DURATION" help:"${outbox_lease_help}"`
	WebhookAllow *string `name:"webhook-allow" group:"settings" placeholder:"PREFIXES" help:"${webhook_allow_help}"`
}

// Given collects the flags that were on the command line, by setting name, out
// of structs like Flags and ServeFlags.
func Given(structs ...any) map[string]string {
	given := map[string]string{}
	for _, s := range structs {
		v := reflect.Indirect(reflect.ValueOf(s))
		for i := range v.NumField() {
			if text, ok := reflect.TypeAssert[*string](v.Field(i)); ok && text != nil {
				given[v.Type().Field(i).Tag.Get("name")] = *text
			}
		}
	}
	return given
}

// Vars are the texts that the tags of Flags and ServeFlags refer to.
func Vars() map[string]string {
	vars := map[string]string{}
	for _, s := range settings {
		help := s.Help
		if s.Default != "" {
			help += " Default " + s.Default + "."
		}
		vars[varName(s.Name)+"_help"] = fmt.Sprintf("%s ($%s)", help, s.Env)
	}
	return vars
}

func varName(name string) string {
	b := []byte(name)
	for i := range b {
		if b[i] == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}
