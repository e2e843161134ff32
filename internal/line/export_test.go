package line

import (
	"math"

	"github.com/maitred/maitred/internal/seating"
)

// Contend makes the line of a restaurant take the lock first from now on, for
// tests.
func Contend(l *Lines, id seating.RestaurantID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.contended[id] = contention{until: math.MaxInt64}
}

// Contended reports whether the line of a restaurant takes the lock first, for
// tests.
func Contended(l *Lines, id seating.RestaurantID) bool { return l.isContended(id) }

// Waiting is the number of commands that wait for a restaurant, for tests.
func Waiting(l *Lines, id seating.RestaurantID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[id]; q != nil {
		return len(q.waiting)
	}
	return 0
}
