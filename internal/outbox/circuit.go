package outbox

import "time"

// When a flow is left alone, and when it is tried. Source: docs/domain.md, deliveries.
const (
	circuitAfter = 5 // failures in a row
	circuitFirst = time.Second
	circuitLast  = 5 * time.Minute
	askedMost    = time.Hour // that a receiver may ask for
	// probeApart is how much longer than its circuit a row waits that was tried in
	// vain: the next to be tried is another one, if there is one. Else a row that its
	// receiver can never take would keep the circuit open for all behind it.
	probeApart = 2 * time.Second
)

// circuit is what a worker knows of a flow: how many deliveries failed since one
// was taken. Failures of an open circuit go on counting, by which the wait grows.
type circuit struct {
	failures int
	open     bool
}

// failed notes a failure. When the circuit is open after it, wait is the time until
// one row is tried; asked is what the receiver asked for, which opens it at once.
func (c *circuit) failed(asked time.Duration, random func(time.Duration) time.Duration) (wait time.Duration) {
	c.failures++
	if asked <= 0 && !c.open && c.failures < circuitAfter {
		return 0
	}
	c.open = true
	grown := doubled(circuitFirst, 1+max(0, c.failures-circuitAfter), circuitLast)
	return max(circuitFirst, part(grown, random), min(asked, askedMost))
}

// answered notes that the receiver has taken a row, or refused it for good: it is
// there. It reports whether that closes the circuit.
func (c *circuit) answered() (closes bool) {
	closes = c.open
	*c = circuit{}
	return closes
}
