package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// fleet is some maitred servers on one database.
type fleet struct {
	t      testing.TB
	dir    string
	db     string // as the command line reaches it, past every fault between a server and its database
	hosts  []*host
	client *http.Client
}

// host is one place at which a server lives, one after the other.
type host struct {
	*fleet
	name string
	db   string // as this server reaches it
	url  atomic.Pointer[string]
	life *server
	logs []*bytes.Buffer // of the lives before
}

// newFleet starts a server for each address of the database.
func newFleet(t testing.TB, db string, each ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, dir: t.TempDir(), db: db, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 256,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}}}
	t.Cleanup(f.client.CloseIdleConnections)
	for i, address := range each {
		h := &host{fleet: f, name: string(rune('A' + i)), db: address}
		f.hosts = append(f.hosts, h)
		h.start()
	}
	return f
}

// start begins a life. It has a port of its own: what is sent to the one before is
// refused.
func (h *host) start() {
	h.t.Helper()
	if h.life != nil {
		h.logs = append(h.logs, h.life.log)
	}
	dir := filepath.Join(h.dir, h.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	h.life = serve(h.t, dir, "--db", h.db)
	h.url.Store(&h.life.url)
}

func (h *host) signal(s syscall.Signal) {
	h.t.Helper()
	if err := h.life.cmd.Process.Signal(s); err != nil {
		h.t.Fatalf("signal %v to server %s: %v", s, h.name, err)
	}
}

// stop ends all servers in good order and checks what they have logged.
func (f *fleet) stop() {
	f.t.Helper()
	for _, h := range f.hosts {
		h.signal(syscall.SIGTERM)
	}
	for _, h := range f.hosts {
		<-h.life.done
		if code := h.life.cmd.ProcessState.ExitCode(); code != 0 {
			f.t.Errorf("server %s ends with exit code %d:\n%s", h.name, code, h.life.log)
		}
		for i, log := range append(h.logs, h.life.log) {
			if lines := alarms.FindAll(log.Bytes(), 5); lines != nil {
				f.t.Errorf("server %s, life %d, logged:\n%s", h.name, i, bytes.Join(lines, []byte("\n")))
			}
		}
	}
}

// alarms are the lines of a log that correct code never writes: a broken
// invariant, rows that the database refused behind a right version, a panic, a data
// race.
var alarms = regexp.MustCompile(`(?m)^.*(msg=bug|the database refused|panic:|panicked|DATA RACE|fatal error:).*$`)

// operate runs a command line against the database and decodes what it prints.
func (f *fleet) operate(out any, args ...string) {
	f.t.Helper()
	printed, code := maitred(f.t, f.dir, append(args, "--db", f.db)...)
	if code != 0 {
		f.t.Fatalf("maitred %v = %d:\n%s", args, code, printed)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(printed), out); err != nil {
			f.t.Fatalf("maitred %v: %v:\n%s", args, err, printed)
		}
	}
}

// verified runs maitred verify, which must find nothing.
func (f *fleet) verified() {
	f.t.Helper()
	if out, code := maitred(f.t, f.dir, "verify", "--db", f.db); code != 0 {
		f.t.Errorf("verify = %d:\n%s", code, out)
	}
}

// order is a request that may be repeated at any server.
type order struct {
	method, path, token string
	key, ifMatch, least string // Idempotency-Key, If-Match, Min-Version
	body                any
}

// reply is what came back.
type reply struct {
	status   int
	replayed bool
	raw      []byte
	said     said
	sent     bool  // the server may have got the request
	err      error // no whole answer
}

// said is what the tests read of answers and refusals.
type said struct {
	Version string `json:"version"`
	Code    string `json:"code"`
	Outcome string `json:"outcome"`
	Hold    struct {
		ID     string `json:"id"`     // of an answer
		HoldID string `json:"holdId"` // of a refusal
		How    string `json:"how"`
	} `json:"hold"`
	Booking struct {
		ID       string   `json:"id"`
		Version  string   `json:"version"`
		TableIDs []string `json:"tableIds"`
		Status   string   `json:"status"`
	} `json:"booking"`
	Blockers []struct {
		Table struct {
			ID string `json:"id"`
		} `json:"table"`
		Kind      string `json:"kind"`
		BookingID string `json:"bookingId"`
		HoldID    string `json:"holdId"`
		Reference string `json:"reference"`
	} `json:"blockers"`
}

// ask sends an order to a host once and waits for the answer at most so long.
func (h *host) ask(o order, within time.Duration) reply {
	return h.askAt(*h.url.Load(), o, within)
}

func (f *fleet) askAt(base string, o order, within time.Duration) (r reply) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	body := []byte("{}")
	if o.body != nil {
		var err error
		if body, err = json.Marshal(o.body); err != nil {
			return reply{err: err}
		}
	}
	// The body is one that net/http cannot rewind: it would send a request with a
	// key a second time by itself, and who counts attempts would not know.
	req, err := http.NewRequestWithContext(ctx, o.method, base+o.path, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return reply{err: err}
	}
	if req.ContentLength = int64(len(body)); o.method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	if o.key != "" {
		req.Header.Set("Idempotency-Key", o.key)
	}
	if o.ifMatch != "" {
		req.Header.Set("If-Match", `"`+o.ifMatch+`"`)
	}
	if o.least != "" {
		req.Header.Set("Min-Version", o.least)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		dial, ok := errors.AsType[*net.OpError](err)
		return reply{err: err, sent: !ok || dial.Op != "dial"}
	}
	defer resp.Body.Close()
	r = reply{status: resp.StatusCode, replayed: resp.Header.Get("Idempotent-Replayed") == "true", sent: true}
	if r.raw, r.err = io.ReadAll(resp.Body); r.err != nil {
		return r
	}
	if err := json.Unmarshal(r.raw, &r.said); err != nil {
		r.err = fmt.Errorf("%s %s answered %d %q: %w", o.method, o.path, r.status, r.raw, err)
	}
	return r
}

func (r reply) granted() bool { return r.err == nil && r.status >= 200 && r.status < 300 }

// nothing reports that the answer promises that nothing was done, and that asking
// again is right.
func (r reply) nothing() bool {
	return !r.sent || r.err == nil && r.status == http.StatusServiceUnavailable && r.said.Outcome == ""
}

// open reports that the outcome is open: the order may have been carried out, or
// still be.
func (r reply) open() bool {
	return r.sent && (r.err != nil || r.status == http.StatusServiceUnavailable && r.said.Outcome == "unknown")
}

func (r reply) String() string {
	if r.err != nil {
		return fmt.Sprintf("no answer: %v", r.err)
	}
	return fmt.Sprintf("%d %s", r.status, r.raw)
}

// stopped lets a server stand still for a while. What reached it in that time it
// answers afterwards.
func (h *host) stopped(d time.Duration) {
	h.t.Helper()
	h.signal(syscall.SIGSTOP)
	<-time.After(d)
	h.signal(syscall.SIGCONT)
}
