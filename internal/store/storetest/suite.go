// Package storetest is the conformance suite of package store: whatever a store
// is made of, it must pass. Each test gets a store of its own and is named after
// what the contract demands; a store declares what it cannot do as an Exception,
// with a reason.
//
// Seed makes a small restaurant and the changes of its life, each decided the
// plain way, so that a test reads like what happens in a house.
package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Options are what the suite asks of a store it opens.
//
// The database's clock is the test's. A store that takes a function takes Now; one
// whose clock is in its database gives Watch a function that sets it: it is called
// at once, and by whoever moves the clock, before that one goes on.
type Options struct {
	Now   func() time.Time
	Watch func(set func(servicetime.Instant))
}

// Raw is implemented by stores whose factory gives the suite a connection of its
// own to the same database, with nothing between it and the constraints. The
// suite reaches for it to write what no Change would say.
type Raw interface {
	// RawSQL runs a script in one transaction and commits it.
	RawSQL(ctx context.Context, script string) error
	// RawCount runs a query that answers with one number.
	RawCount(ctx context.Context, query string) (int64, error)
	// Literal writes an instant as the store's columns keep it.
	Literal(i servicetime.Instant) string
}

// Exception is a test that a store does not pass, and why.
type Exception struct{ Test, Reason string }

// Except declares an exception.
func Except(test, reason string) Exception { return Exception{Test: test, Reason: reason} }

// Env is what a test works on.
type Env struct {
	Store store.Store
	Clock *Clock
}

// test is one demand of the contract.
type test struct {
	name string
	run  func(t *testing.T, e Env)
}

// Run runs the suite on stores that open makes.
func Run(t *testing.T, open func(t *testing.T, opt Options) store.Store, except ...Exception) {
	t.Helper()
	reasons := map[string]string{}
	for _, x := range except {
		reasons[x.Test] = x.Reason
	}
	for _, topic := range []struct {
		name  string
		tests []test
	}{
		{"Directory", directoryTests},
		{"Load", loadTests},
		{"Journal", journalTests},
		{"Commit", commitTests},
		{"Locked", lockedTests},
		{"Guards", guardTests},
		{"Refusals", refusalTests},
		{"Rules", ruleTests},
		{"Steps", stepTests},
		{"Guests", guestTests},
		{"Occupancy", occupancyTests},
		{"Concurrency", concurrencyTests},
		{"Prove", proveTests},
		{"Lists", listTests},
		{"Queue", queueTests},
		{"Upkeep", upkeepTests},
		{"Tenancy", tenancyTests},
		{"Clocks", clockTests},
		{"Retention", retentionTests},
		{"Crash", crashTests},
		{"Worker", workerTests},
		{"Turn", turnTests},
		{"Outbox", outboxTests},
		{"Webhooks", webhookTests},
		{"Observed", observedTests},
		{"Jobs", jobTests},
		{"Prune", pruneTests},
		{"WorkerModel", workerModelTests},
		{"WebhookRewrite", webhookRewriteTests},
	} {
		t.Run(topic.name, func(t *testing.T) {
			for _, c := range topic.tests {
				t.Run(c.name, func(t *testing.T) {
					if reason, ok := reasons[c.name]; ok {
						t.Skip("declared exception: " + reason)
					}
					t.Parallel()
					clock := NewClock()
					c.run(t, Env{Store: open(t, clock.Options()), Clock: clock})
				})
			}
		})
	}
}

// Clock is a clock that moves only when told to.
type Clock struct {
	mu       sync.Mutex
	now      servicetime.Instant
	watchers []func(servicetime.Instant)
}

// Opening is where every Clock starts: 2026-11-27 17:00 in UTC, a Friday.
const Opening servicetime.Instant = 1795798800_000000

// NewClock starts at Opening.
func NewClock() *Clock { return &Clock{now: Opening} }

// Options are those of a store that goes by this clock.
func (c *Clock) Options() Options { return Options{Now: c.Now, Watch: c.Watch} }

// Now is the time.
func (c *Clock) Now() time.Time { return c.Instant().Time() }

// Instant is the time.
func (c *Clock) Instant() servicetime.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Instant().Add(d)) }

// Set moves the clock to an instant. It returns when all who watch know it.
func (c *Clock) Set(i servicetime.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = i
	for _, set := range c.watchers {
		set(i)
	}
}

// Watch tells set the time, now and whenever it is set.
func (c *Clock) Watch(set func(servicetime.Instant)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(c.watchers, set)
	set(c.now)
}
