package live

import (
	"sync"
	"time"

	"github.com/maitred/maitred/internal/servicetime"
)

// clockGoodFor is how long the database's time is reckoned from the last answer
// before it has to be asked for again.
const clockGoodFor = 15 * time.Second

// Clock reckons the database's time: the last that was heard, carried on by a
// clock that never goes back. The wall clock of this process plays no part.
type Clock struct {
	mono func() time.Duration

	mu      sync.Mutex
	heard   servicetime.Instant
	heardAt time.Duration
}

func newClock(mono func() time.Duration) *Clock {
	if mono == nil {
		start := time.Now()                                      //nolint:forbidigo // only differences of it are used: a monotonic clock
		mono = func() time.Duration { return time.Since(start) } //nolint:forbidigo // as above
	}
	return &Clock{mono: mono}
}

// set takes what the database said in answer to a question sent at asked. The
// answer is dated halfway between question and now.
func (c *Clock) set(now servicetime.Instant, asked time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.heardAt = now, asked+(c.mono()-asked)/2
}

func (c *Clock) now() servicetime.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard.Add(c.mono() - c.heardAt)
}

// Good reports whether the time was heard recently enough to decide with.
func (s *Houses) Good() bool {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	return !s.clock.heard.IsZero() && s.clock.mono()-s.clock.heardAt < clockGoodFor
}

// age is how long ago the time was heard.
func (c *Clock) age() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard.IsZero() {
		return clockGoodFor
	}
	return c.mono() - c.heardAt
}
