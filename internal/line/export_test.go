package line

import "github.com/maitred/maitred/internal/seating"

// Waiting is the number of commands that wait for a restaurant, for tests.
func Waiting(l *Lines, id seating.RestaurantID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[id]; q != nil {
		return len(q.waiting)
	}
	return 0
}
