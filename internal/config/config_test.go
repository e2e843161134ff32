package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/seating"
)

func load(t *testing.T, src config.Source) config.Config {
	t.Helper()
	c, err := config.Load(src)
	if err != nil {
		t.Fatalf("Load(%+v) = %v, want no error", src, err)
	}
	return c
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{})
	if got, want := c.Hold, seating.DefaultHoldRules(); got != want {
		t.Errorf("Hold = %+v, want %+v", got, want)
	}
	if got, want := c.Hold, (seating.HoldRules{MinTTL: 60, DefaultTTL: 180, MaxTTL: 600, BudgetMax: 5, BudgetWindow: 60}); got != want {
		t.Errorf("Hold = %+v, want %+v", got, want)
	}
	if c.Listen != "127.0.0.1:8080" || c.DB.Path != "maitred-data/maitred.db" || c.LogFormat != config.LogText {
		t.Errorf("Load() = %+v", c)
	}
	for _, s := range c.InForce() {
		if s.From != "default" {
			t.Errorf("%s comes from %q, want default", s.Name, s.From)
		}
	}
}

func TestFlagWinsOverEnvironmentOverDefault(t *testing.T) {
	t.Parallel()
	src := config.Source{
		Env:     []string{"MAITRED_LISTEN=:1", "MAITRED_DB=sqlite:env.db", "OTHER=x", "MAITRED_LOG_LEVEL="},
		Flags:   map[string]string{"listen": ":0"},
		Default: map[string]string{"db": config.DemoDB, "log-format": "json"},
	}
	c := load(t, src)
	want := map[string][2]string{
		"listen":     {":0", "flag --listen"},
		"db":         {"sqlite:env.db", "MAITRED_DB"},
		"log-format": {"json", "default"},
		"log-level":  {"info", "default"},
	}
	for _, s := range c.InForce() {
		if w, ok := want[s.Name]; ok && (s.Value != w[0] || s.From != w[1]) {
			t.Errorf("%s = %q from %q, want %q from %q", s.Name, s.Value, s.From, w[0], w[1])
		}
	}
}

func TestEachSettingRefusesWhatItCannotBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, good, bad string }{
		{"MAITRED_LISTEN", ":0", "8080"},
		{"MAITRED_LISTEN", "[::1]:80", "localhost:http-alt"},
		{"MAITRED_LISTEN", "0.0.0.0:65535", "0.0.0.0:65536"},
		{"MAITRED_DB", "sqlite:a.db", "a.db"},
		{"MAITRED_DB", "sqlite:/var/lib/a.db", "sqlite:///var/lib/a.db"},
		{"MAITRED_DB", "sqlite:a.db", "sqlite:"},
		{"MAITRED_DB", "sqlite:a.db", "sqlite:a.db?mode=ro"},
		{"MAITRED_DB", "postgres://u:p%40ss@h:5432/d?sslmode=require", "postgres://u:p@h:port/d"},
		{"MAITRED_DB", "postgresql://h1:5432,h2:5432/d", "postgresql:h1"},
		{"MAITRED_DB", "postgres:///d?host=/run/postgresql", "postgres://u:12#34@h/d"},
		{"MAITRED_DB", "postgres://h/d", "postgres://u:12/34@h/d"},
		{"MAITRED_DB", "postgres://h/d", "postgres://u:12?34@h/d"},
		{"MAITRED_DB", "postgres://h/d", "postgres://h/d?sslmode=%zz"},
		{"MAITRED_DB", "postgres://h/d", "host=h dbname=d"},
		{"MAITRED_LOG_LEVEL", "DEBUG", "loud"},
		{"MAITRED_LOG_FORMAT", "json", "xml"},
		{"MAITRED_SHUTDOWN_GRACE", "1s", "0s"},
		{"MAITRED_SHUTDOWN_GRACE", "60s", "61s"},
		{"MAITRED_JOBS_INTERVAL", "100ms", "0"},
		{"MAITRED_JOBS_INTERVAL", "5s", "5"},
		{"MAITRED_JOBS_INTERVAL", "1m", "61s"},
		{"MAITRED_HOLD_TTL_MIN", "1", "0"},
		{"MAITRED_HOLD_TTL_MIN", "180", "181"}, // above the default TTL
		{"MAITRED_HOLD_TTL_MIN", "60", "601"},
		{"MAITRED_HOLD_TTL_DEFAULT", "60", "59"}, // below the least
		{"MAITRED_HOLD_TTL_DEFAULT", "600", "601"},
		{"MAITRED_HOLD_TTL_MAX", "180", "179"}, // below the default
		{"MAITRED_HOLD_TTL_MAX", "600", "601"},
		{"MAITRED_HOLD_BUDGET_MAX", "1", "0"},
		{"MAITRED_HOLD_BUDGET_MAX", "100", "101"},
		{"MAITRED_HOLD_BUDGET_WINDOW", "5", "4"},
		{"MAITRED_HOLD_BUDGET_WINDOW", "3600", "3601"},
		{"MAITRED_HOLD_BUDGET_WINDOW", "60", "1m"},
		{"MAITRED_OUTBOX_LEASE", "3s", "99ms"},
		{"MAITRED_CURSOR_KEY", strings.Repeat("k", 32), strings.Repeat("k", 31)},
		{"MAITRED_SEAL_KEY", strings.Repeat("k", 32), strings.Repeat("k", 31)},
		{"MAITRED_SEAL_KEY", strings.Repeat("k", 33), "short"},
		{"MAITRED_WEBHOOK_ALLOW", "127.0.0.0/8", "127.0.0.1/8"},
		{"MAITRED_WEBHOOK_ALLOW", "10.1.0.0/16, fd00::/64", "10.1.0.0/16,,fd00::/64"},
		{"MAITRED_WEBHOOK_ALLOW", "192.168.1.7/32", "192.168.1.7"},
		{"MAITRED_WEBHOOK_ALLOW", "0.0.0.0/0,::/0", "::ffff:10.0.0.0/104"},
		{"MAITRED_WEBHOOK_ALLOW", "10.0.0.0/8", "example.com"},
	} {
		load(t, config.Source{Env: []string{tt.name + "=" + tt.good}})
		_, err := config.Load(config.Source{Env: []string{tt.name + "=" + tt.bad}})
		if refused, ok := errors.AsType[*config.Error](err); !ok || len(refused.Faults) != 1 {
			t.Errorf("Load(%s=%s) = %v, want one fault", tt.name, tt.bad, err)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{Env: []string{"MAITRED_LISTEN=x", "MAITRED_HOLD_TTL_MIN=y"}, Flags: map[string]string{"db": "z"}})
	refused, ok := errors.AsType[*config.Error](err)
	if !ok {
		t.Fatalf("Load() = %v, want *config.Error", err)
	}
	var got []string
	for _, f := range refused.Faults {
		got = append(got, f.Setting+" "+f.From)
	}
	want := []string{"db flag --db", "listen MAITRED_LISTEN", "hold-ttl-min MAITRED_HOLD_TTL_MIN"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("s3cr3t", 8)
	fromFile := config.Source{
		Env:      []string{"MAITRED_CURSOR_KEY_FILE=/run/key"},
		ReadFile: func(string) ([]byte, error) { return []byte(key + "\n"), nil },
	}
	for name, src := range map[string]config.Source{"variable": {Env: []string{"MAITRED_CURSOR_KEY=" + key}}, "file": fromFile} {
		c := load(t, src)
		if string(c.CursorKey) != key {
			t.Fatalf("%s: the key was not read", name)
		}
		var shown strings.Builder
		if err := c.Print(&shown); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(map[string]any{"config": c})
		if err != nil {
			t.Fatal(err)
		}
		inForce, _ := json.Marshal(c.InForce())
		log := slog.New(slog.NewTextHandler(&shown, nil))
		log.Info("config", slog.Any("key", c.CursorKey))
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+verb, c, c.CursorKey)
		}
		all := shown.String() + string(asJSON) + string(inForce)
		for _, spelled := range []string{"s3cr3t", fmt.Sprintf("%x", "s3cr3t"), "115 51 99 114 51 116", "0x73, 0x33"} {
			if strings.Contains(all, spelled) {
				t.Errorf("%s: the secret is shown: %s", name, all)
			}
		}
		if !strings.Contains(shown.String(), "[set]") {
			t.Errorf("%s: Print does not say that the key is set:\n%s", name, shown.String())
		}
	}
}

func TestSecretFileFaults(t *testing.T) {
	t.Parallel()
	missing := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	for name, env := range map[string][]string{
		"both":    {"MAITRED_CURSOR_KEY=" + strings.Repeat("k", 32), "MAITRED_CURSOR_KEY_FILE=/x"},
		"missing": {"MAITRED_CURSOR_KEY_FILE=/x"},
	} {
		if _, err := config.Load(config.Source{Env: env, ReadFile: missing}); err == nil {
			t.Errorf("%s: Load succeeded", name)
		}
	}
}

func TestMisspelledVariableIsNamed(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Env: []string{"MAITRED_HOLD_TLL_MIN=5", "MAITRED_LISTEN_FILE=x", "MAITRED_TEST_POSTGRES=x", "MAITRED_CURSOR_KEY_FILE="}})
	if diff := cmp.Diff([]string{"MAITRED_HOLD_TLL_MIN", "MAITRED_LISTEN_FILE"}, c.Unknown); diff != "" {
		t.Errorf("Unknown (-want +got):\n%s", diff)
	}
}

func TestEverySettingHasItsFlagAndDocumentation(t *testing.T) {
	t.Parallel()
	var flags []string
	for _, s := range []any{config.Flags{}, config.ServeFlags{}, config.WorkerFlags{}} {
		for f := range reflect.TypeOf(s).Fields() {
			flags = append(flags, f.Tag.Get("name"))
		}
	}
	var page strings.Builder
	if err := config.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	vars := config.Vars()
	for _, s := range config.Settings() {
		if slices.Contains(flags, s.Name) == s.Secret {
			t.Errorf("%s: flag %v, secret %v", s.Name, !s.Secret, s.Secret)
		}
		if !strings.Contains(page.String(), s.Env) || !strings.Contains(page.String(), s.Help) {
			t.Errorf("the page lacks %s", s.Name)
		}
		if want := "MAITRED_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")); s.Env != want {
			t.Errorf("%s: variable %s, want %s", s.Name, s.Env, want)
		}
		if vars[strings.ReplaceAll(s.Name, "-", "_")+"_help"] == "" {
			t.Errorf("%s has no help text", s.Name)
		}
	}
}

func TestGivenTakesOnlyWhatWasGiven(t *testing.T) {
	t.Parallel()
	got := config.Given(config.Flags{DB: new("sqlite:x")}, &config.ServeFlags{Listen: new("")})
	if diff := cmp.Diff(map[string]string{"db": "sqlite:x", "listen": ""}, got); diff != "" {
		t.Errorf("Given (-want +got):\n%s", diff)
	}
}
