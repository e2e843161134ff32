package line

import (
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// When a restaurant is contended: its line was overtaken twice within
// contendedWithin, and for contendedFor after that. Source: docs/architecture.md,
// the line.
const (
	contendedWithin = time.Second
	contendedFor    = 5 * time.Second
)

// contention is what is known of the other processes at one restaurant, on the
// monotonic clock.
type contention struct {
	overtaken time.Duration // when the line was, last
	until     time.Duration // contended until then; 0: it was overtaken once
}

// overtaken notes that another process committed in between; again says that it
// happened to the same batch before, however long ago.
func (l *Lines) overtaken(id seating.RestaurantID, again bool) {
	now := l.houses.Monotonic()
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, c := range l.contended {
		if now >= c.until && now-c.overtaken > contendedWithin {
			delete(l.contended, other) // what is left was overtaken within a second, or is contended
		}
	}
	c, lately := l.contended[id]
	if lately || again {
		c.until = now + contendedFor
	}
	c.overtaken = now
	l.contended[id] = c
}

// isContended reports whether the line is to take the lock first.
func (l *Lines) isContended(id seating.RestaurantID) bool {
	now := l.houses.Monotonic()
	l.mu.Lock()
	defer l.mu.Unlock()
	return now < l.contended[id].until
}
