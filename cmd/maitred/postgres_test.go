package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/maitred/maitred/internal/config"
	"github.com/maitred/maitred/internal/control"
	"github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// withPassword gives an address a password when it has none, for tests that look
// for it in what is printed; a server that asks for none ignores it.
func withPassword(t *testing.T, address string) (withIt, password string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if password, ok := u.User.Password(); ok {
		return address, password
	}
	u.User = url.UserPassword(u.User.Username(), "s3cr3t-0f-th3-d4t4b4s3")
	return u.String(), "s3cr3t-0f-th3-d4t4b4s3"
}

// shared is a migrated database with the demo in it.
type shared struct {
	db       *pgtest.DB
	url      string // with the password
	password string
	room     demo.File
	token    string // of a manager
}

func loadShared(t *testing.T) *shared {
	t.Helper()
	db := pgtest.Database(t)
	s := &shared{db: db}
	s.url, s.password = withPassword(t, db.URL)
	ctx := t.Context()
	a, err := control.Open(ctx, control.Config{Postgres: &postgres.Config{URL: s.url}, Name: "test", Hold: seating.DefaultHoldRules()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := demo.Load(ctx, a, demo.Options{Crowd: 8}); err != nil {
		t.Fatal(err)
	}
	f, err := demo.WriteFile(ctx, a, t.TempDir()+"/demo.json", "")
	if err != nil {
		t.Fatal(err)
	}
	s.room, s.token = *f, f.Restaurants[0].Tokens.Manager
	return s
}

// command runs a command line against the database and wants its exit code.
func (s *shared) command(t *testing.T, want int, args ...string) (out string) {
	t.Helper()
	both := newOutput()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a server that starts though it must not
	defer cancel()
	if got := run(ctx, append(args, "--db", s.url), nil, strings.NewReader(""), both, both); got != want {
		t.Errorf("maitred %v exits %d, want %d:\n%s", args, got, want, both)
	}
	if strings.Contains(both.String(), s.password) {
		t.Errorf("maitred %v prints the password:\n%s", args, both)
	}
	return both.String()
}

// ask sends a request and returns status and body.
func (r *running) ask(method, path, token string, body any, header ...string) (int, map[string]any) {
	r.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, bytes.NewReader(b))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", uuid.NewString())
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(raw, &answer); err != nil {
		r.t.Fatalf("%s %s answers %s", method, path, raw)
	}
	return resp.StatusCode, answer
}

// until asks again and again until the answer is as wanted.
func (r *running) until(path, token string, ok func(status int, answer map[string]any) bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	for {
		status, answer := r.ask(http.MethodGet, path, token, nil)
		if ok(status, answer) {
			return
		}
		if ctx.Err() != nil {
			r.t.Fatalf("GET %s stays %d %v", path, status, answer)
		}
	}
}

// book makes a booking for two on a day without others, so that every table is free.
func (r *running) book(s *shared) string {
	r.t.Helper()
	room := s.room.Restaurants[0]
	last := room.Bookings[len(room.Bookings)-1].Date
	status, answer := r.ask(http.MethodPost, "/v1/restaurants/"+room.ID.String()+"/bookings", s.token, map[string]any{
		"covers": 2, "date": last.AddDays(1), "time": "19:00", "guest": map[string]any{"name": "Ada"},
	})
	if status != http.StatusCreated {
		r.t.Fatalf("a booking is answered %d %v", status, answer)
	}
	return answer["booking"].(map[string]any)["id"].(string)
}

// Two servers and the command line share a database: each sees at once what
// another has done, and none of them says the password.
func TestServersShareADatabase(t *testing.T) {
	t.Parallel()
	s := loadShared(t)
	one, two := serve(t, "--db", s.url), serve(t, "--db", s.url, "--db-conns", "4")
	room := s.room.Restaurants[0]
	root := "/v1/restaurants/" + room.ID.String()
	table := ""
	for _, x := range room.Tables {
		if x.MinCovers <= 2 && x.MaxCovers == 2 {
			table = x.ID.String()
		}
	}
	want := map[string]any{"tableIds": []string{table}}

	mine, rival := one.book(s), one.book(s)
	two.until(root+"/bookings/"+rival, s.token, func(status int, _ map[string]any) bool { return status == http.StatusOK })
	status, held := one.ask(http.MethodPost, root+"/bookings/"+mine+"/holds", s.token, want)
	if status != http.StatusCreated {
		t.Fatalf("a hold is answered %d %v", status, held)
	}
	hold := held["hold"].(map[string]any)["id"].(string)
	version := held["version"].(string)
	if status, answer := two.ask(http.MethodGet, root+"/holds/"+hold, s.token, nil, "Min-Version", version); status != http.StatusOK {
		t.Errorf("the other server answers %d %v", status, answer)
	}
	if status, answer := two.ask(http.MethodPost, root+"/bookings/"+rival+"/holds", s.token, want); status != http.StatusConflict || answer["code"] != "HOLD_CONFLICT" {
		t.Errorf("the table is held twice: %d %v", status, answer)
	}
	if out := s.command(t, exitOK, "holds", "ls", room.Slug); !strings.Contains(out, hold) {
		t.Errorf("holds ls lacks the hold:\n%s", out)
	}

	// What the command line does is heard by both.
	s.command(t, exitOK, "holds", "release", room.Slug, hold)
	for _, r := range []*running{one, two} {
		r.until(root+"/version", s.token, func(_ int, answer map[string]any) bool { return answer["version"] != version })
	}
	if status, answer := two.ask(http.MethodPost, root+"/bookings/"+rival+"/holds", s.token, want); status != http.StatusCreated {
		t.Errorf("a released table is refused: %d %v", status, answer)
	}
	var made control.MadeToken
	if err := json.Unmarshal([]byte(s.command(t, exitOK, "token", "create", room.Slug, "--name", "x", "--role", "server", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	if status, answer := two.ask(http.MethodGet, "/v1/me", made.Secret, nil); status != http.StatusOK {
		t.Errorf("a new token is answered %d %v", status, answer)
	}
	s.command(t, exitOK, "token", "revoke", room.Slug, made.ID.String())
	two.until("/v1/me", made.Secret, func(status int, _ map[string]any) bool { return status == http.StatusUnauthorized })
	s.command(t, exitOK, "verify")

	_, metrics := two.get("/metrics", "")
	for _, name := range []string{
		"maitred_store_flushes_total", "maitred_houses_followed_total", "maitred_notifications_sent_total", "maitred_notifications_heard_total",
		"maitred_notifications_connections_total",
	} {
		if m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics); m == nil || m[1] == "0" {
			t.Errorf("/metrics says %v of %s, want a number above 0", m, name)
		}
	}
	for i, r := range []*running{one, two} {
		if code, took := r.stop(); code != exitOK || took > 5*time.Second {
			t.Errorf("server %d stopped with %d after %s, want 0 within 5 s:\n%s", i, code, took, r.log)
		}
		if all := r.out.String() + r.log.String() + metrics; strings.Contains(all, s.password) {
			t.Errorf("server %d prints the password:\n%s", i, all)
		}
	}
}

// A server is ready while the schema is right; a newer one will do.
func TestReadinessFollowsTheSchema(t *testing.T) {
	t.Parallel()
	s := loadShared(t)
	r := serve(t, "--db", s.url)
	ready := func(want int) {
		t.Helper()
		if status, body := r.get("/readyz", ""); status != want {
			t.Errorf("/readyz = %d %s, want %d", status, body, want)
		}
	}
	ready(http.StatusOK)
	s.db.Exec(t, "INSERT INTO maitred.goose_db_version (version_id, is_applied) VALUES (99, true)")
	ready(http.StatusOK)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"restaurant", "ls"}, {"migrate", "up"}, {"migrate", "status"}} {
		if out := s.command(t, exitConfig, args...); !strings.Contains(out, "newer") || strings.Contains(out, "run \"maitred migrate up\"") {
			t.Errorf("maitred %v on a newer schema says %s", args, out)
		}
	}
	s.db.Exec(t, "DELETE FROM maitred.goose_db_version WHERE version_id = 99 OR version_id = 6")
	ready(http.StatusServiceUnavailable)
	if out := s.command(t, exitConfig, "serve", "--listen", "127.0.0.1:0"); !strings.Contains(out, "maitred migrate up") {
		t.Errorf("serve on an older schema says %s", out)
	}
}

// What somebody has to mend is 78, what may pass is 75.
func TestExitCodesOfADatabase(t *testing.T) {
	t.Parallel()
	s := loadShared(t)
	outsider := "outsider_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	s.db.Exec(t, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", outsider, s.password))
	t.Cleanup(func() { s.db.Exec(t, "DROP ROLE "+outsider) })
	for name, tt := range map[string]struct {
		change func(u *url.URL)
		want   int
		says   string
	}{
		"nobody listens":     {func(u *url.URL) { u.Host, u.RawQuery = "127.0.0.1:1", "" }, exitTryAgain, "cannot be reached"},
		"no such database":   {func(u *url.URL) { u.Path = "/none_" + outsider }, exitConfig, "no such database"},
		"no such user":       {func(u *url.URL) { u.User = url.UserPassword("no_"+outsider, s.password) }, exitConfig, "wrong user or password"},
		"no right":           {func(u *url.URL) { u.User = url.UserPassword(outsider, s.password) }, exitConfig, "lacks a right"},
		"an unknown setting": {func(u *url.URL) { u.RawQuery = "sslmode=perhaps" }, exitConfig, ""},
	} {
		u, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		tt.change(u)
		wrong := &shared{url: u.String(), password: s.password}
		for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"restaurant", "ls"}, {"token", "create", "x", "--name", "x", "--role", "host"}} {
			if out := wrong.command(t, tt.want, args...); !strings.Contains(out, tt.says) {
				t.Errorf("%s: maitred %v says %s, want %q", name, args, out, tt.says)
			}
		}
		if name != "no right" { // who has none may still look
			wrong.command(t, tt.want, "migrate", "status")
		}
		wrong.command(t, tt.want, "migrate", "up")
	}
}

// The two packages cannot see each other; the number is one.
func TestDefaultOfConnectionsIsTheStores(t *testing.T) {
	t.Parallel()
	if config.DefaultConns != postgres.DefaultConns {
		t.Errorf("config says %d connections, the store %d", config.DefaultConns, postgres.DefaultConns)
	}
}
