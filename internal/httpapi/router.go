package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"github.com/maitred/maitred/internal/seating"
)

// route builds the handler: hygiene for every request, then the operation.
func (a *API) route() http.Handler {
	mux := http.NewServeMux()
	for _, op := range a.operations {
		mux.HandleFunc(op.method+" "+op.path, func(w http.ResponseWriter, r *http.Request) { a.serve(op, w, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !plainPath(r.URL.Path) {
			a.unrouted(w, r, plainProblem(seating.CodeNotFound, http.StatusNotFound, "there is no such route"))
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			a.unrouted(w, r, a.noRoute(mux, w, r))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// plainPath reports whether a path needs no cleaning; the mux would redirect it.
func plainPath(p string) bool {
	return strings.HasPrefix(p, "/") && (p == "/" || path.Clean(p) == p)
}

// noRoute tells a path that does not exist from a method that does not apply.
func (a *API) noRoute(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) *Problem {
	var allowed []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(probe); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return plainProblem(seating.CodeNotFound, http.StatusNotFound, "there is no such route")
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return plainProblem(seating.CodeUnreadable, http.StatusMethodNotAllowed, "the method does not apply here")
}

func (a *API) unrouted(w http.ResponseWriter, _ *http.Request, p *Problem) {
	a.metrics.count("unrouted", p.Status, 0)
	p.write(w)
}

// serve answers one request of an operation: whatever happens, with its status,
// its metrics, and a body in the shape of the contract.
func (a *API) serve(op *operation, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), maxCall)
	defer cancel()
	started := a.now()
	rec := &recorder{ResponseWriter: w}
	c := &call{api: a, op: op, w: rec, r: r, ctx: ctx, trace: rand.Text()}
	rec.Header().Set(headerTrace, c.trace)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http's own sentinel panic
				panic(p)
			}
			a.logFailure(ctx, slog.LevelError, c.trace, op.id, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			if rec.status == 0 {
				problem := problemOf(&seating.Error{Code: seating.CodeInternal}, nil)
				problem.TraceID = c.trace
				problem.write(rec)
			}
		}
		a.metrics.count(op.id, rec.status, a.now().Sub(started))
	}()
	reply, err := c.run()
	if err != nil {
		c.refuse(err)
		c.tellRefusal(ctx, err)
		return
	}
	c.answer(reply)
	c.told()
}

// refuse answers with a problem.
func (c *call) refuse(err error) {
	refusal := refusalOf(err, c.op.changes())
	var known map[string]Principal
	if !c.restaurant.IsZero() {
		known = c.api.names.of(c.ctx, c.restaurant, principalsOf(refusal))
	}
	p := problemOf(refusal, known)
	if refusal.Details.Reason == reasonMedia && refusal.Code == seating.CodeUnreadable {
		p.Status, p.Reason = http.StatusUnsupportedMediaType, ""
	}
	if p.Status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		if p.Status == http.StatusInternalServerError {
			p.TraceID, level = c.trace, slog.LevelError
		}
		c.api.logFailure(c.ctx, level, c.trace, c.op.id, err)
	}
	c.stampProblem(p)
	p.write(c.w)
}

// stampProblem adds version and time to a refusal in a restaurant whose member
// asked and may ask. A house that cannot be had makes no second failure.
func (c *call) stampProblem(p *Problem) {
	if c.restaurant.IsZero() || p.Status == http.StatusForbidden || p.Status >= http.StatusInternalServerError {
		return
	}
	h, err := c.api.reader.House(c.ctx, c.restaurant, nil)
	if err != nil {
		return
	}
	v := h.Public()
	p.Version, p.ServerNow = &v, c.api.reader.Now()
}

// answer sends what a handler gave.
func (c *call) answer(r *reply) {
	h := c.w.Header()
	if r.etag != "" {
		h.Set("ETag", r.etag)
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Vary", "Authorization")
		if noneMatches(c.r.Header.Values(headerIfNoneMatch), r.etag) && c.op.method == http.MethodGet {
			c.w.WriteHeader(http.StatusNotModified)
			return
		}
	} else {
		h.Set("Cache-Control", "no-store")
	}
	if r.replay {
		h.Set(headerReplayed, "true")
	}
	status := r.status
	if status == 0 {
		status = c.op.status
	}
	switch body := r.body.(type) {
	case func(http.ResponseWriter, *http.Request):
		body(c.w, c.r)
	case nil:
		c.w.WriteHeader(status)
	default:
		h.Set("Content-Type", "application/json")
		c.w.WriteHeader(status)
		writeJSON(c.w, body)
	}
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// errClosed is what Serve returns after Shutdown.
var errClosed = http.ErrServerClosed

// closed reports whether a server ended because it was told to.
func closed(err error) bool { return err == nil || errors.Is(err, errClosed) }
