package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/access"
	"github.com/maitred/maitred/internal/demo"
	"github.com/maitred/maitred/internal/seating"
)

// output collects what a program writes and tells of each piece.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	wrote chan struct{} // has room for one: somebody wrote since
}

func newOutput() *output { return &output{wrote: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.b.Write(p)
	select {
	case o.wrote <- struct{}{}:
	default:
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// running is a server in this process.
type running struct {
	t        *testing.T
	base     string
	out, log *output
	cancel   context.CancelFunc
	ended    chan int
}

var listens = regexp.MustCompile(`listens on (http://\S+)`)

// serve starts a server and waits until it says where it listens.
func serve(t *testing.T, args ...string) *running {
	t.Helper()
	return serveWith(t, nil, args...)
}

// serveWith starts a server in an environment.
func serveWith(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, out: newOutput(), log: newOutput(), cancel: cancel, ended: make(chan int, 1)}
	args = append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
	go func() { r.ended <- run(ctx, args, env, strings.NewReader(""), r.out, r.log) }()
	t.Cleanup(func() {
		cancel()
		if r.ended != nil {
			<-r.ended
		}
	})
	for {
		if m := listens.FindStringSubmatch(r.out.String()); m != nil {
			r.base = m[1]
			return r
		}
		select {
		case <-r.out.wrote:
		case code := <-r.ended:
			r.ended = nil
			t.Fatalf("serve ended with %d:\n%s%s", code, r.out, r.log)
		}
	}
}

// stop ends the server and returns its exit code and how long that took.
func (r *running) stop() (int, time.Duration) {
	r.t.Helper()
	start := time.Now()
	r.cancel()
	code := <-r.ended
	r.ended = nil
	return code, time.Since(start)
}

func (r *running) get(path, token string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestServeAnswersAndStops(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data", "a.db")
	r := serve(t, "--db", "sqlite:"+db)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.yaml"} {
		if status, body := r.get(path, ""); status != http.StatusOK {
			t.Errorf("GET %s = %d %s", path, status, body)
		}
	}
	_, metrics := r.get("/metrics", "")
	for _, name := range []string{"maitred_build_info", "maitred_store_disk_commits_total", "maitred_houses", "maitred_line_batch_size", "go_goroutines"} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("/metrics lacks %s", name)
		}
	}
	var printed output
	printed.wrote = make(chan struct{}, 1)
	if code := run(t.Context(), []string{"openapi"}, nil, nil, &printed, &printed); code != 0 {
		t.Errorf("openapi exits %d", code)
	}
	if _, body := r.get("/openapi.yaml", ""); body != printed.String() {
		t.Error("the server's contract is not the one that openapi prints")
	}
	if code, took := r.stop(); code != 0 || took > 5*time.Second {
		t.Errorf("stopped with %d after %s, want 0 within 5 s:\n%s", code, took, r.log)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(r.base, "http://")); err == nil {
		t.Error("the port is still open")
	}
	if b, err := os.ReadFile(db + ".lock"); err != nil || len(b) > 0 {
		t.Errorf("the lock file holds %q, %v", b, err)
	}
	again := serve(t, "--db", "sqlite:"+db)
	if code, _ := again.stop(); code != 0 {
		t.Errorf("a second life ends with %d", code)
	}
}

// A client that never finishes does not keep the server from stopping.
func TestServeStopsBesideASilentClient(t *testing.T) {
	t.Parallel()
	r := serve(t, "--db", "sqlite:"+filepath.Join(t.TempDir(), "a.db"), "--shutdown-grace", "300ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprint(conn, "POST /v1/restaurants HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if status, _ := r.get("/healthz", ""); status != http.StatusOK {
		t.Errorf("healthz = %d", status)
	}
	if code, took := r.stop(); code != 0 || took > 3*time.Second {
		t.Errorf("stopped with %d after %s, want 0 soon:\n%s", code, took, r.log)
	}
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	serve(t, "--db", "sqlite:"+db)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{db, link} {
		errs := newOutput()
		if code := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--db", "sqlite:" + path}, nil, nil, io.Discard, errs); code != exitTryAgain {
			t.Errorf("a second server on %s exits %d, want %d", path, code, exitTryAgain)
		}
		if !strings.Contains(errs.String(), "a.db.lock") {
			t.Errorf("it does not name the lock: %s", errs)
		}
	}
}

func TestBusyPortIsTryAgain(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	db := filepath.Join(t.TempDir(), "a.db")
	args := []string{"serve", "--db", "sqlite:" + db, "--listen", l.Addr().String()}
	if code := run(t.Context(), args, nil, nil, io.Discard, io.Discard); code != exitTryAgain {
		t.Errorf("a busy port exits %d, want %d", code, exitTryAgain)
	}
	r := serve(t, "--db", "sqlite:"+db) // the lock was given back
	r.stop()
}

func readDemo(t *testing.T, path string) (f demo.File) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// A demo is loaded once, kept with its tokens, and tokens that were lost are
// minted again.
func TestServeDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"--demo", "--db", "sqlite:" + filepath.Join(dir, "demo.db")}
	path := filepath.Join(dir, demo.FileName)

	r := serve(t, args...)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the demo's file is %v, %v; want mode 0600", info, err)
	}
	first := readDemo(t, path)
	if first.BaseURL != r.base || len(first.Restaurants) != 2 || len(first.Restaurants[0].Tables) != 60 {
		t.Fatalf("the file is of %s with %d restaurants", first.BaseURL, len(first.Restaurants))
	}
	for i, f := range first.Restaurants {
		other := first.Restaurants[1-i]
		for role, token := range map[seating.Role]string{
			seating.RoleOwner: f.Tokens.Owner, seating.RoleManager: f.Tokens.Manager, seating.RoleHost: f.Tokens.Host, seating.RoleServer: f.Tokens.Server,
		} {
			if status, body := r.get("/v1/me", token); status != http.StatusOK || !strings.Contains(body, string(role)) {
				t.Errorf("%s of %s: %d %s", role, f.Slug, status, body)
			}
			if status, _ := r.get("/v1/restaurants/"+f.ID.String()+"/bookings/"+f.Bookings[0].ID.String(), token); status != http.StatusOK {
				t.Errorf("%s reads a booking of %s: %d", role, f.Slug, status)
			}
			if status, _ := r.get("/v1/restaurants/"+other.ID.String()+"/bookings/"+other.Bookings[0].ID.String(), token); status != http.StatusNotFound {
				t.Errorf("%s of %s reads the other's booking: %d", role, f.Slug, status)
			}
		}
	}
	errs := newOutput()
	if code := run(t.Context(), append([]string{"verify"}, args[1:]...), nil, nil, io.Discard, errs); code != exitOK {
		t.Errorf("verify of a live demo exits %d: %s", code, errs)
	}
	if code, took := r.stop(); code != 0 || took > 5*time.Second {
		t.Errorf("stopped with %d after %s", code, took)
	}

	r = serve(t, args...)
	if again := readDemo(t, path); again.Restaurants[0].Tokens != first.Restaurants[0].Tokens || again.BaseURL != r.base || len(again.Restaurants[0].Bookings) != len(first.Restaurants[0].Bookings) {
		t.Error("a second start did not keep the demo")
	}
	if !strings.Contains(r.log.String(), "kept=true") {
		t.Errorf("the log does not say that the demo was kept:\n%s", r.log)
	}
	r.stop()

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r = serve(t, args...)
	minted := readDemo(t, path)
	if minted.Restaurants[0].Tokens == first.Restaurants[0].Tokens {
		t.Error("the tokens of a lost file came back")
	}
	if status, _ := r.get("/v1/me", minted.Restaurants[1].Tokens.Server); status != http.StatusOK {
		t.Errorf("a minted token: %d", status)
	}
	if status, _ := r.get("/v1/me", first.Restaurants[1].Tokens.Server); status != http.StatusUnauthorized {
		t.Errorf("a lost token: %d, want 401", status)
	}
	if strings.Contains(r.log.String()+r.out.String(), access.Prefix) {
		t.Error("a token was printed or logged")
	}
}
