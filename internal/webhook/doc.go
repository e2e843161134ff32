// Package webhook delivers events to the endpoints of restaurants, as the sink
// "webhook" of the outbox: what a delivery looks like (Standard Webhooks around
// CloudEvents), which addresses it may go to, what an answer means, and how the
// secrets of endpoints are kept. It refuses to know when something is tried again
// and when it is given up; that is the worker's.
//
//	hooks := webhook.New(webhook.Config{Endpoints: store, Sealer: sealer, Allow: allow})
//	w := outbox.New(outbox.Config{Queue: store, Sinks: []outbox.Sink{hooks}})
package webhook
