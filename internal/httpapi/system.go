package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/maitred/maitred/internal/seating"
)

// VersionAnswer is where a restaurant stands.
type VersionAnswer struct {
	Revisions seating.Revisions `json:"revisions" doc:"The version number at which each aspect last changed."`
	Stamp
}

// Health says that a process runs, or may serve.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

func (a *API) system() []*operation {
	return []*operation{
		{
			id: "get-version", method: http.MethodGet, path: base + "/version", tag: tagSystem,
			summary: "Where the restaurant stands",
			who:     members, cap: seating.CapSee, tagged: true, status: http.StatusOK, answer: gives[VersionAnswer](), do: getVersion,
		},
		{
			id: "get-health", method: http.MethodGet, path: "/healthz", tag: tagSystem, summary: "The process runs",
			who: anyone, status: http.StatusOK, answer: gives[Health](), do: getHealth,
		},
		{
			id: "get-readiness", method: http.MethodGet, path: "/readyz", tag: tagSystem, summary: "The process may serve",
			who: anyone, status: http.StatusOK, answer: gives[Health](), do: getReadiness,
		},
		{
			id: "get-metrics", method: http.MethodGet, path: "/metrics", tag: tagSystem, summary: "Metrics for Prometheus",
			who: anyone, status: http.StatusOK, do: getMetrics,
		},
		{
			id: "get-openapi-yaml", method: http.MethodGet, path: "/openapi.yaml", tag: tagSystem, summary: "This document, as YAML",
			who: anyone, status: http.StatusOK, do: a.getDocument("application/yaml", func() []byte { return a.yaml }),
		},
		{
			id: "get-openapi-json", method: http.MethodGet, path: "/openapi.json", tag: tagSystem, summary: "This document, as JSON",
			who: anyone, status: http.StatusOK, do: a.getDocument("application/json", func() []byte { return a.json }),
		},
		{
			id: "get-problem", method: http.MethodGet, path: problemPath + "{code}", tag: tagSystem, summary: "What a code means",
			who: anyone, status: http.StatusOK, do: getProblem,
		},
	}
}

func getVersion(c *call) (*reply, error) {
	h, err := c.api.reader.House(c.ctx, c.restaurant, c.least)
	if err != nil {
		return nil, err
	}
	return &reply{etag: tag(h.Public()), body: VersionAnswer{Revisions: h.Revisions, Stamp: c.stamp(h)}}, nil
}

func getHealth(*call) (*reply, error) { return &reply{body: Health{Status: "ok"}}, nil }

// readyTime bounds a readiness probe; a store that takes longer does not answer.
const readyTime = 2 * time.Second

func getReadiness(c *call) (*reply, error) {
	if c.api.ready != nil {
		ctx, cancel := context.WithTimeout(c.ctx, readyTime)
		defer cancel()
		if err := c.api.ready(ctx); err != nil {
			refusal := seating.Refuse(seating.CodeUnavailable, "this process cannot serve now")
			refusal.Details.RetryAfter = time.Second
			return nil, fmt.Errorf("not ready: %w: %w", refusal, err)
		}
	}
	return &reply{body: Health{Status: "ok"}}, nil
}

func getMetrics(c *call) (*reply, error) {
	h := promhttp.HandlerFor(c.api.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
	return &reply{body: h.ServeHTTP}, nil
}

func (a *API) getDocument(contentType string, document func() []byte) func(*call) (*reply, error) {
	return func(*call) (*reply, error) { return &reply{body: plain(contentType, document())}, nil }
}

func getProblem(c *call) (*reply, error) {
	code := c.r.PathValue("code")
	for _, e := range seating.Codes() {
		if string(e.Code) == code {
			return &reply{body: plain("text/plain; charset=utf-8", fmt.Appendf(nil, "%s\n\nHTTP status %s.\n%s\n", e.Code, statusesOf(e.Code), e.Meaning))}, nil
		}
	}
	return nil, seating.Refuse(seating.CodeNotFound, "there is no such code")
}

// statusesOf lists the HTTP statuses a code is told with.
func statusesOf(code seating.Code) string {
	var statuses []string
	for _, e := range seating.Codes() {
		if e.Code == code {
			statuses = append(statuses, itoa(e.Status))
		}
	}
	return strings.Join(statuses, " or ")
}

func plain(contentType string, body []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body) // the caller has gone: nobody to tell
	}
}
