package store

import (
	"hash/fnv"

	"github.com/maitred/maitred/internal/seating"
)

// Lane is the lane of a row of the outbox, 0 to Lanes-1: a hash of restaurant
// and aggregate, the same in every process and every release, because rows of
// one aggregate must stay in one lane.
func Lane(restaurant seating.RestaurantID, aggregate string) int {
	h := fnv.New64a()
	_, _ = h.Write(restaurant[:])
	_, _ = h.Write([]byte(aggregate))
	return int(h.Sum64() % Lanes)
}
