package outbox

import (
	"sync"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// wokenMost bounds the restaurants that are remembered; more are all.
const wokenMost = 1000

// inbox is what a desk is told by others. Nobody who tells it waits.
type inbox struct {
	signal chan struct{} // room for one

	mu  sync.Mutex
	got mail
}

// mail is what came since it was last looked at.
type mail struct {
	shares  []store.Share
	reports []report
	woken   map[seating.RestaurantID]bool
	all     bool // anything may wait
	freed   []freed
	tried   int // lanes whose suspects were seen to
}

func newInbox() *inbox { return &inbox{signal: make(chan struct{}, 1)} }

func (i *inbox) put(change func(*mail)) {
	i.mu.Lock()
	change(&i.got)
	i.mu.Unlock()
	select {
	case i.signal <- struct{}{}:
	default: // it will be looked at already
	}
}

// wake notes that something of a restaurant may wait; zero: of any.
func (i *inbox) wake(r seating.RestaurantID) {
	i.put(func(m *mail) {
		if r.IsZero() || len(m.woken) >= wokenMost {
			m.all, m.woken = true, nil
			return
		}
		if m.all {
			return
		}
		if m.woken == nil {
			m.woken = map[seating.RestaurantID]bool{}
		}
		m.woken[r] = true
	})
}

func (i *inbox) take() mail {
	i.mu.Lock()
	defer i.mu.Unlock()
	m := i.got
	i.got = mail{}
	return m
}
