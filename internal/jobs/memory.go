package jobs

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// A back-off lasts for a random part of a span that doubles from one try to the
// next, so that what failed together is not tried together.
const (
	firstSpan   = 5 * time.Second
	longestSpan = 5 * time.Minute
)

// memory is what this process remembers of rows that it has tried and that may
// still be there, and of restaurants that could not be served. Nothing rests on it:
// a new process begins without.
type memory struct {
	jitter func(time.Duration) time.Duration
	rows   map[house.DueKind]map[rowID]try
	places map[seating.RestaurantID]pause
}

type rowID struct {
	restaurant seating.RestaurantID
	subject    string
}

// try is how often a row was tried. One that was put again for another time is
// another piece of work.
type try struct {
	runAt servicetime.Instant
	pause
}

type pause struct {
	times int
	until time.Time
}

func newMemory(jitter func(time.Duration) time.Duration) *memory {
	return &memory{jitter: jitter, rows: map[house.DueKind]map[rowID]try{}, places: map[seating.RestaurantID]pause{}}
}

// again is the pause after one more time.
func (m *memory) again(p pause, now time.Time) pause {
	span := firstSpan
	for range p.times {
		span = min(2*span, longestSpan)
	}
	return pause{times: p.times + 1, until: now.Add(m.jitter(span))}
}

// of is what is remembered of a row.
func (m *memory) of(w store.DueWork) try {
	if t := m.rows[w.Kind][rowID{w.Restaurant, w.Subject}]; t.runAt == w.RunAt {
		return t
	}
	return try{runAt: w.RunAt}
}

// tried notes a try of a row, whatever came of it: a row whose work was done is
// gone, and forgotten by forget. It returns how often the row was tried.
func (m *memory) tried(w store.DueWork, now time.Time) int {
	t := m.of(w)
	t.pause = m.again(t.pause, now)
	if m.rows[w.Kind] == nil {
		m.rows[w.Kind] = map[rowID]try{}
	}
	m.rows[w.Kind][rowID{w.Restaurant, w.Subject}] = t
	return t.times
}

// forget drops what is remembered of rows of the kind that are not there any more.
func (m *memory) forget(k house.DueKind, there []store.DueWork) {
	if len(m.rows[k]) == 0 {
		return
	}
	kept := map[rowID]try{}
	for _, w := range there {
		id := rowID{w.Restaurant, w.Subject}
		if t, ok := m.rows[k][id]; ok {
			kept[id] = t
		}
	}
	m.rows[k] = kept
}

// unserved notes that a restaurant could not be served at all.
func (m *memory) unserved(id seating.RestaurantID, now time.Time) {
	m.places[id] = m.again(m.places[id], now)
}

// served notes that it could.
func (m *memory) served(id seating.RestaurantID) { delete(m.places, id) }
