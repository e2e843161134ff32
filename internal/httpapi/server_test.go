package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
)

// fakeLines answers as a test wants.
type fakeLines struct {
	do func(line.Request) (line.Answer, error)
}

func (f fakeLines) Do(_ context.Context, r line.Request) (line.Answer, error) { return f.do(r) }

// with is the stack with other lines and readiness.
func (s *stack) with(lines Lines, ready func(context.Context) error) *stack {
	s.t.Helper()
	d := s.deps
	d.Registry, d.Ready = prometheus.NewRegistry(), ready
	if lines != nil {
		d.Lines = lines
	}
	api, err := New(d)
	if err != nil {
		s.t.Fatal(err)
	}
	c := *s
	c.api = api
	return &c
}

func TestPanicIsAProblemWithATraceID(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	broken := s.with(fakeLines{func(line.Request) (line.Answer, error) { panic("secret-71") }}, nil)
	got := broken.do(http.MethodPost, s.one.path("/bookings/"+uuid.NewString()+"/cancel"), s.one.tokens[seating.RoleHost], nil).refused(http.StatusInternalServerError, seating.CodeInternal)
	if got.text("traceId") != got.header.Get(headerTrace) || strings.Contains(string(got.raw), "secret-71") {
		t.Errorf("a panic = %s, want the trace id and nothing else", got.raw)
	}
	if log := s.log.String(); !strings.Contains(log, got.text("traceId")) || !strings.Contains(log, "secret-71") {
		t.Error("the panic is not in the log under its trace id")
	}
}

// A change that met another access revision at its commit is given once more with
// the rights of now; a second time it is refused.
func TestMovedAccessIsAuthorizedOnceMore(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	moved := seating.Refuse(seating.CodeForbidden, "access moved")
	moved.Details.Moved = true
	path, host := s.one.path("/bookings/"+uuid.NewString()+"/cancel"), s.one.tokens[seating.RoleHost]
	calls := 0
	once := s.with(fakeLines{func(line.Request) (line.Answer, error) {
		if calls++; calls == 1 {
			return line.Answer{}, moved
		}
		return line.Answer{}, seating.Refuse(seating.CodeNotFound, "there is no such booking")
	}}, nil)
	once.do(http.MethodPost, path, host, nil).refused(http.StatusNotFound, seating.CodeNotFound)
	if calls != 2 {
		t.Errorf("the command was given %d times, want 2", calls)
	}
	calls = 0
	always := s.with(fakeLines{func(line.Request) (line.Answer, error) { calls++; return line.Answer{}, moved }}, nil)
	always.do(http.MethodPost, path, host, nil).refused(http.StatusForbidden, seating.CodeForbidden)
	if calls != 2 {
		t.Errorf("the command was given %d times, want 2 and no more", calls)
	}
}

func TestUnknownOutcomeIsTold(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	lost := seating.Refuse(seating.CodeUnavailable, "no answer")
	lost.Details.Unknown, lost.Details.RetryAfter = true, 1500*time.Millisecond
	broken := s.with(fakeLines{func(line.Request) (line.Answer, error) { return line.Answer{}, lost }}, nil)
	got := broken.do(http.MethodPost, s.one.path("/bookings/"+uuid.NewString()+"/cancel"), s.one.tokens[seating.RoleHost], nil).refused(http.StatusServiceUnavailable, seating.CodeUnavailable)
	if got.text("outcome") != "unknown" || got.header.Get("Retry-After") != "2" {
		t.Errorf("an unknown outcome = %s, Retry-After %q", got.raw, got.header.Get("Retry-After"))
	}
}

func TestNotReadyTellsNoReason(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	down := s.with(nil, func(context.Context) error { return errors.New("disk /var/lib/x is full") })
	got := down.do(http.MethodGet, "/readyz", "", nil).refused(http.StatusServiceUnavailable, seating.CodeUnavailable)
	if strings.Contains(string(got.raw), "disk") {
		t.Errorf("/readyz = %s, want no reason", got.raw)
	}
	down.do(http.MethodGet, "/healthz", "", nil).want(http.StatusOK)
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, path := range []string{"/healthz", "/nowhere", s.one.path("/floor")} {
		h := s.do(http.MethodGet, path, s.one.tokens[seating.RoleHost], nil).header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("GET %s: headers %v, want nosniff, a cache rule, no CORS", path, h)
		}
	}
	if c := s.do(http.MethodGet, s.one.path("/holds"), s.one.tokens[seating.RoleHost], nil).header.Get("Cache-Control"); c != "no-store" {
		t.Errorf("GET /holds: Cache-Control = %q, want no-store", c)
	}
	s.do(http.MethodOptions, s.one.path("/floor"), "", nil, "Origin", "https://evil.example").want(http.StatusMethodNotAllowed)
}

// Shutdown lets the request under way finish, and takes no other.
func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	slow := s.with(fakeLines{func(line.Request) (line.Answer, error) {
		close(begun)
		<-goOn
		return line.Answer{}, seating.Refuse(seating.CodeNotFound, "there is no such booking")
	}}, nil)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(slow.api, s.deps.Logger)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	status := make(chan int, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.Addr().String()+s.one.path("/bookings/"+uuid.NewString()+"/cancel"), strings.NewReader("{}"))
		if err != nil {
			status <- 0
			return
		}
		req.Header.Set("Authorization", "Bearer "+s.one.tokens[seating.RoleHost])
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		status <- res.StatusCode
	}()
	<-begun
	down := make(chan error, 1)
	go func() { down <- server.Shutdown(t.Context()) }()
	if err := <-served; err != nil {
		t.Errorf("Serve() = %v, want nil after Shutdown", err)
	}
	close(goOn)
	if got := <-status; got != http.StatusNotFound {
		t.Errorf("the request under way = %d, want its 404", got)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
}
