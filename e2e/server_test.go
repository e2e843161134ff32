package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the maitred that is tested, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "maitred-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "maitred")
	args := []string{"build", "-o", binary}
	if soak() { // then the processes look for data races as well
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../cmd/maitred")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		return 1
	}
	return m.Run()
}

// soak reports whether the long proofs are wanted.
func soak() bool { return os.Getenv("MAITRED_SOAK") != "" }

// server is a running maitred.
type server struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	done chan struct{} // closed when the process has ended
	log  *bytes.Buffer // read after done only
}

// serve starts maitred with the arguments and waits for it to say where it
// listens.
func serve(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s := &server{t: t, done: make(chan struct{}), log: &bytes.Buffer{}}
	s.cmd = exec.Command(binary, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir = dir
	s.cmd.Env = environment(dir)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listens := make(chan string, 1)
	go func() {
		defer close(s.done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "listens on "); ok {
				listens <- url
			}
		}
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGCONT)
		_ = s.cmd.Process.Kill()
		<-s.done
	})
	select {
	case s.url = <-listens:
	case <-s.done:
		t.Fatalf("maitred ended: %s", s.log)
	case <-time.After(60 * time.Second):
		t.Fatal("maitred does not listen after a minute")
	}
	return s
}

// environment keeps what a process needs and drops every MAITRED_ setting.
func environment(dir string) []string {
	env := []string{"HOME=" + dir}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "MAITRED_") && !strings.HasPrefix(kv, "HOME=") {
			env = append(env, kv)
		}
	}
	return env
}

// kill is kill -9.
func (s *server) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatalf("kill: %v", err)
	}
	<-s.done
}

// maitred runs a command to its end and returns what it printed and its code.
func maitred(t testing.TB, dir string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = dir, environment(dir)
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("maitred %v: %v", args, err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// demo is what maitred-demo.json says.
type demo struct {
	BaseURL     string `json:"baseUrl"`
	Restaurants []struct {
		ID     string            `json:"id"`
		Slug   string            `json:"slug"`
		Zone   string            `json:"zone"`
		Tokens map[string]string `json:"tokens"`
		Tables []struct {
			ID        string `json:"id"`
			Number    string `json:"number"`
			MinCovers int    `json:"minCovers"`
			MaxCovers int    `json:"maxCovers"`
			Zone      string `json:"zone"`
		} `json:"tables"`
		Bookings []struct {
			ID        string `json:"id"`
			Reference string `json:"reference"`
			Covers    int    `json:"covers"`
			Date      string `json:"date"`
			Time      string `json:"time"`
			Status    string `json:"status"`
		} `json:"bookings"`
	} `json:"restaurants"`
}

func readDemo(t testing.TB, path string) demo {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var d demo
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return d
}

// call is one request with what came of it.
type call struct {
	method, path, token, key string
	body                     any

	status   int
	replayed bool
	answer   map[string]any
	err      error // no answer
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// send asks the server at base and fills in the answer.
func (c *call) send(base string) {
	c.status, c.replayed, c.answer, c.err = 0, false, nil, nil
	var body io.Reader
	if c.body != nil {
		b, err := json.Marshal(c.body)
		if err != nil {
			c.err = err
			return
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(c.method, base+c.path, body)
	if err != nil {
		c.err = err
		return
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	resp, err := client.Do(req)
	if err != nil {
		c.err = err
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.err = err
		return
	}
	c.status, c.replayed = resp.StatusCode, resp.Header.Get("Idempotent-Replayed") == "true"
	if err := json.Unmarshal(b, &c.answer); err != nil && len(b) > 0 {
		c.err = fmt.Errorf("%s %s answered %d %q: %w", c.method, c.path, c.status, b, err)
	}
	delete(c.answer, "serverNow")
}

// granted reports whether the command was carried out.
func (c *call) granted() bool { return c.err == nil && c.status >= 200 && c.status < 300 }

// civil is a date as the API writes it; the day may run over.
func civil(year, month, day int) string {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
