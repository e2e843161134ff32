package webhook

import (
	"context"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// freshness is for how long an endpoint is taken from memory: a rotation, a pause or
// a removal is in force after it.
const freshness = time.Second

// maxEndpoints bounds those in memory that nothing is being sent to.
const maxEndpoints = 1000

// Endpoints is the part of store.Webhooks that the sink needs.
type Endpoints interface {
	Endpoint(ctx context.Context, id seating.EndpointID) (store.Webhook, error)
}

var _ Endpoints = store.Webhooks(nil)

// endpoints remembers endpoints for a moment, and bounds how much is sent to one at
// a time.
type endpoints struct {
	of  Endpoints
	now func() time.Time

	mu    sync.Mutex
	known map[seating.EndpointID]*endpoint
}

type endpoint struct {
	users int           // who is sending to it; guarded by endpoints.mu
	turns chan struct{} // has room for as many requests as may be under way

	mu   sync.Mutex // held while it is read, so that one does for all
	read time.Time
	row  store.Webhook
	err  error
}

func newEndpoints(of Endpoints, now func() time.Time) *endpoints {
	return &endpoints{of: of, now: now, known: map[seating.EndpointID]*endpoint{}}
}

// use begins a use of an endpoint; its end must be told by done.
func (e *endpoints) use(id seating.EndpointID) *endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.known[id]
	if p == nil {
		if len(e.known) >= maxEndpoints {
			e.forget()
		}
		p = &endpoint{turns: make(chan struct{}, maxAtOnce)}
		e.known[id] = p
	}
	p.users++
	return p
}

func (e *endpoints) done(p *endpoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.users--
}

// forget drops all that nobody uses; they are read again when they are.
func (e *endpoints) forget() {
	for id, p := range e.known {
		if p.users == 0 {
			delete(e.known, id)
		}
	}
}

// get returns the endpoint as it was at most a second ago. That there is none is
// remembered too; that the store did not answer is not.
func (e *endpoints) get(ctx context.Context, id seating.EndpointID, p *endpoint) (store.Webhook, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := e.now(); p.read.IsZero() || now.Sub(p.read) >= freshness {
		p.row, p.err = e.of.Endpoint(ctx, id)
		p.read = now
		if p.err != nil && !isNotFound(p.err) {
			p.read = time.Time{}
		}
	}
	return p.row, p.err
}
