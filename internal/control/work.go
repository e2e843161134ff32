package control

import (
	"maps"
	"slices"
	"sync"

	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
)

// listeners are told that something may wait to be delivered.
type listeners struct {
	mu   sync.Mutex
	next int
	fs   map[int]func(seating.RestaurantID, string)
}

// OnWork calls f whenever something may wait to be delivered: after changes of this
// process and of others, and after what operators did; the zero restaurant is any.
// It is a hint, which may be missed. f must not block. The returned function ends
// it.
func (a *App) OnWork(f func(r seating.RestaurantID, source string)) (stop func()) {
	l := &a.work
	l.mu.Lock()
	id := l.next
	l.next++
	if l.fs == nil {
		l.fs = map[int]func(seating.RestaurantID, string){}
	}
	l.fs[id] = f
	l.mu.Unlock()
	deaf := a.Houses.OnChange(func(c live.Changed) {
		if c.Local {
			f(c.Restaurant, outbox.SourceCommit)
		}
	})
	return func() {
		deaf()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.fs, id)
	}
}

// moved hears what other processes have changed; nil: anything may have.
func (a *App) moved(restaurants []seating.RestaurantID) {
	a.Houses.Moved(restaurants)
	if restaurants == nil {
		restaurants = []seating.RestaurantID{{}}
	}
	for _, r := range restaurants {
		a.tell(r, outbox.SourceNotify)
	}
}

// tell calls the listeners, outside the lock.
func (a *App) tell(r seating.RestaurantID, source string) {
	a.work.mu.Lock()
	fs := slices.Collect(maps.Values(a.work.fs))
	a.work.mu.Unlock()
	for _, f := range fs {
		f(r, source)
	}
}
