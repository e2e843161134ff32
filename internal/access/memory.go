package access

import (
	"sync"
	"time"
)

// memory remembers look-ups for a moment. It never holds more than max.
type memory struct {
	mu   sync.Mutex
	max  int
	rows map[[32]byte]remembered
}

type remembered struct {
	caller Caller
	until  time.Time
}

func newMemory(limit int) *memory {
	return &memory{max: limit, rows: map[[32]byte]remembered{}}
}

func (m *memory) get(hash [32]byte, now time.Time) (Caller, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.rows[hash]
	if !ok || !now.Before(r.until) || r.until.Sub(now) > Freshness {
		return Caller{}, false // the second bound: a clock that went back must not keep a row alive
	}
	return r.caller, true
}

func (m *memory) put(hash [32]byte, c Caller, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, have := m.rows[hash]; !have && len(m.rows) >= m.max {
		clear(m.rows) // everything in it is a second old at most: asking again is cheap
	}
	m.rows[hash] = remembered{caller: c, until: until}
}

func (m *memory) drop(hash [32]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, hash)
}
