package outbox

import (
	"context"
	"sync"

	"github.com/maitred/maitred/internal/seating"
)

// crowd bounds the rows of one restaurant that are delivered to one sink at the
// same time.
type crowd struct {
	limit int

	mu    sync.Mutex
	inUse map[seating.RestaurantID]int
	freed map[seating.RestaurantID]chan struct{} // closed when some come back
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, inUse: map[seating.RestaurantID]int{}, freed: map[seating.RestaurantID]chan struct{}{}}
}

// enter takes at least one place, at most n, and waits for it. With shared it leaves
// two thirds of what is free to others: the flows of a restaurant are several
// receivers, and one that does not answer must not hold the places of all.
func (c *crowd) enter(ctx context.Context, r seating.RestaurantID, n int, shared bool) (int, bool) {
	for {
		c.mu.Lock()
		free := c.limit - c.inUse[r]
		if free > 0 {
			if shared {
				free = max(1, free/3)
			}
			got := min(n, free)
			c.inUse[r] += got
			c.mu.Unlock()
			return got, true
		}
		freed := c.freed[r]
		if freed == nil {
			freed = make(chan struct{})
			c.freed[r] = freed
		}
		c.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

func (c *crowd) leave(r seating.RestaurantID, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inUse[r] -= n; c.inUse[r] == 0 {
		delete(c.inUse, r)
	}
	if freed := c.freed[r]; freed != nil {
		delete(c.freed, r)
		close(freed)
	}
}
