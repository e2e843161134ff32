package outbox

import (
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// agenda is what a worker is to look at for one sink: flows of which rows are known,
// and sweeps through all of them. A flow is a short cut with a hint; what a hint
// passed over is found by the next sweep from the beginning.
type agenda struct {
	hot   []store.FlowRef
	named map[seating.FlowID]bool // in hot

	wanted bool // a sweep from the beginning
	going  bool // one is under way, and goes on behind from
	from   store.FlowRef
	swept  bool // the last look was a sweep: flows come next
}

// look is one look.
type look struct {
	flows []store.FlowRef
	sweep bool
	from  store.FlowRef
}

func (l look) nothing() bool { return !l.sweep && len(l.flows) == 0 }

// add names a flow. The place of one that is named already stays, and the lower
// hint wins.
func (a *agenda) add(f store.FlowRef) {
	if a.named == nil {
		a.named = map[seating.FlowID]bool{}
	}
	if !a.named[f.Flow] {
		a.named[f.Flow] = true
		a.hot = append(a.hot, f)
		return
	}
	for i := range a.hot {
		if a.hot[i].Flow == f.Flow {
			a.hot[i].After = min(a.hot[i].After, f.After)
		}
	}
}

// sweep wants one that begins from now on.
func (a *agenda) sweep() { a.wanted = true }

func (a *agenda) empty() bool { return len(a.hot) == 0 && !a.wanted && !a.going }

// next takes the next look, sweeps and flows in turn so that neither waits for the
// end of the other. Flows that are busy keep their place.
func (a *agenda) next(sweeps bool, busy func(seating.FlowID) bool) look {
	if sweeps && (a.going || a.wanted) && (!a.swept || len(a.hot) == 0) {
		a.swept = true
		if !a.going {
			a.wanted, a.going, a.from = false, true, store.FlowRef{}
		}
		return look{sweep: true, from: a.from}
	}
	a.swept = false
	var l look
	kept := a.hot[:0]
	for _, f := range a.hot {
		if len(l.flows) < flowsAtOnce && !busy(f.Flow) {
			l.flows = append(l.flows, f)
			delete(a.named, f.Flow)
		} else {
			kept = append(kept, f)
		}
	}
	a.hot = kept
	return l
}

// back puts a look back that was not answered.
func (a *agenda) back(l look) {
	if l.sweep {
		a.going, a.wanted = false, true
	}
	for _, f := range l.flows {
		a.add(f)
	}
}

// sweptTo notes how far a sweep came; the zero place is its end.
func (a *agenda) sweptTo(next store.FlowRef) {
	a.from, a.going = next, next != store.FlowRef{}
}

// forget drops everything: the sink is paused, or has no lanes.
func (a *agenda) forget() { *a = agenda{} }

// drop forgets the flows of a lane.
func (a *agenda) drop(lane int) {
	kept := a.hot[:0]
	for _, f := range a.hot {
		if f.Lane == lane {
			delete(a.named, f.Flow)
		} else {
			kept = append(kept, f)
		}
	}
	a.hot = kept
}
