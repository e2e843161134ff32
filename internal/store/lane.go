package store

import "github.com/maitred/maitred/internal/seating"

// Lane is the lane of a flow, 0 to Lanes-1, the same in every process and every
// release: the last digit of its id, which is random. A flow has one lane, so
// that one worker at a time serves it, with all its aggregates.
func Lane(flow seating.FlowID) int { return int(flow[15] % Lanes) }

// ToldPrefix begins the dedupe key of an event that no change made.
const ToldPrefix = "told/"

// ToldKey is the dedupe key of an event that no change made; id is a new UUIDv7.
func ToldKey(id [16]byte) string { return ToldPrefix + seating.AnyID(id).String() }
