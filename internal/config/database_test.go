package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/config"
)

const (
	database = "MAITRED_DB=postgres://maitred:hunter2@db.example/m?sslmode=require&sslpassword=hunter3"
	direct   = "MAITRED_DB_LISTEN=postgresql://maitred:hunter4@direct.example/m"
)

func TestDatabaseIsAFileOrPostgres(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Env: []string{database, direct, "MAITRED_DB_POOLER=Transaction", "MAITRED_DB_CONNS=40"}})
	want := config.Database{
		URL: config.Secret(strings.TrimPrefix(database, "MAITRED_DB=")), Pooler: config.PoolerTransaction,
		Listen: config.Secret(strings.TrimPrefix(direct, "MAITRED_DB_LISTEN=")), Conns: 40,
	}
	if !c.DB.Postgres() || string(c.DB.URL) != string(want.URL) || string(c.DB.Listen) != string(want.Listen) || c.DB.Pooler != want.Pooler || c.DB.Conns != 40 {
		t.Errorf("DB = %+v, want %+v", c.DB, want)
	}
	c = load(t, config.Source{})
	if c.DB.Postgres() || c.DB.Path == "" || c.DB.Pooler != config.PoolerNone || c.DB.Conns != config.DefaultConns {
		t.Errorf("the default is %+v", c.DB)
	}
}

// The password is in no output, whichever way it came in and whatever is wrong.
func TestPasswordOfTheDatabaseIsNeverShown(t *testing.T) {
	t.Parallel()
	c := load(t, config.Source{Env: []string{database, direct}})
	var all strings.Builder
	if err := c.Print(&all); err != nil {
		t.Fatal(err)
	}
	inForce, err := json.Marshal(c.InForce())
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(map[string]any{"config": c})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&all, verb+verb+verb+verb, c, c.DB, &c.DB, c.DB.URL)
	}
	shown := all.String() + string(inForce) + string(asJSON)
	for _, secret := range []string{"hunter", fmt.Sprintf("%x", "hunter"), "104 117 110 116"} {
		if strings.Contains(shown, secret) {
			t.Errorf("the password is shown: %s", shown)
		}
	}
	for _, visible := range []string{"postgres://maitred:xxxxx@db.example/m?sslmode=require&sslpassword=xxxxx", "postgresql://maitred:xxxxx@direct.example/m"} {
		if !strings.Contains(shown, visible) {
			t.Errorf("%q is not shown in %s", visible, shown)
		}
	}

	for _, wrong := range []string{
		"postgres://u:hunter2@h:port/d", "postgres://u:hunter2#x@h/d", "postgres://u:1/hunter2@h/d", "postgres://u:1?hunter2@h/d",
		"postgres:u:hunter2@h", "postgres://u:hunter2%zz@h/d", "host=h password=hunter2", "postgres://u@h/d?password=hunter2%zz",
	} {
		for _, name := range []string{"MAITRED_DB", "MAITRED_DB_LISTEN"} {
			_, err := config.Load(config.Source{Env: []string{database, name + "=" + wrong}})
			if err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("Load(%s=%s) = %v, want an error without the password", name, wrong, err)
			}
		}
	}
}

func TestAddressMayComeFromAFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/run/db": "postgres://u:p@h/d\n", "/run/listen": "postgres://u:p@direct/d\n"}
	read := func(path string) ([]byte, error) { return []byte(files[path]), nil }
	c := load(t, config.Source{Env: []string{"MAITRED_DB_FILE=/run/db", "MAITRED_DB_LISTEN_FILE=/run/listen"}, ReadFile: read})
	if string(c.DB.URL) != "postgres://u:p@h/d" || string(c.DB.Listen) != "postgres://u:p@direct/d" || len(c.Unknown) > 0 {
		t.Errorf("DB = %q, %q, unknown %v", string(c.DB.URL), string(c.DB.Listen), c.Unknown)
	}
	if _, err := config.Load(config.Source{Env: []string{database, "MAITRED_DB_FILE=/run/db"}, ReadFile: read}); err == nil {
		t.Error("two sources of one setting are accepted")
	}
	c = load(t, config.Source{Env: []string{"MAITRED_DB_FILE=/run/db"}, Flags: map[string]string{"db": "sqlite:a.db"}, ReadFile: read})
	if c.DB.Postgres() || c.DB.Path != "a.db" {
		t.Errorf("DB = %v, want what the flag says", c.DB)
	}
}

func TestPostgresSettingsAreRefusedBesideAFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{Env: []string{direct, "MAITRED_DB_POOLER=none"}, Flags: map[string]string{"db-conns": "16", "db": "sqlite:a.db"}})
	refused, ok := errors.AsType[*config.Error](err)
	if !ok {
		t.Fatalf("Load() = %v, want *config.Error", err)
	}
	var got []string
	for _, f := range refused.Faults {
		got = append(got, f.String())
	}
	const because = ": goes with a PostgreSQL database; db is sqlite:a.db"
	want := []string{"db-pooler (MAITRED_DB_POOLER)" + because, "db-listen (MAITRED_DB_LISTEN)" + because, "db-conns (flag --db-conns)" + because}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestPostgresSettingsHaveBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, good, bad string }{
		{"MAITRED_DB_CONNS", "2", "1"},
		{"MAITRED_DB_CONNS", "200", "201"},
		{"MAITRED_DB_POOLER", "transaction", "session"},
		{"MAITRED_DB_LISTEN", "postgres://h/d", "sqlite:a.db"},
	} {
		load(t, config.Source{Env: []string{database, tt.name + "=" + tt.good}})
		if _, err := config.Load(config.Source{Env: []string{database, tt.name + "=" + tt.bad}}); err == nil {
			t.Errorf("Load(%s=%s) is accepted", tt.name, tt.bad)
		}
	}
}
