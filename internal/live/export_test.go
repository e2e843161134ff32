package live

import "github.com/maitred/maitred/internal/house"

// Replace publishes a loaded house, as a load that began when nothing was in
// memory does, for tests.
func Replace(s *Houses, h *house.House) { s.replace(h, nil, s.clock.mono()) }

// ReplaceSince publishes a house that a load brought which began when before was
// in memory, for tests.
func ReplaceSince(s *Houses, h, before *house.House) { s.replace(h, before, s.clock.mono()) }
