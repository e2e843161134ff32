// Package outbox delivers events after their commit: the worker that owns lanes of
// the queue, the rules of trying again and of giving up, circuits, and the interface
// of a sink. It refuses to know what an event means and where a sink leads.
//
// A worker reads, delivers and acknowledges; it never delivers inside a
// transaction, and what it writes is fenced by the store. Nothing rests on a
// wake-up: it only makes a delivery sooner.
//
//	w := outbox.New(outbox.Config{Queue: store, Sinks: []outbox.Sink{hooks}})
//	go w.Run(ctx)
//	w.Wake(restaurant) // something was committed
package outbox
