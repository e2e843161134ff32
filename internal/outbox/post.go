package outbox

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// post is what every desk has: lanes, and what it is to look at in them.
type post struct {
	w     *Worker
	t     *tenure
	name  string // of the sink
	byOwn bool   // its flows are restaurants, which are woken by name
	box   *inbox

	lanes  map[int]*lane
	agenda agenda
	pace   pace
	paused bool

	sweepAt time.Time // of the next sweep while there is work
	found   int       // rows, by the sweep that is under way
	clean   bool      // nothing was at hand when that sweep began

	retryAt time.Time // the queue did not answer

	idle, dried atomic.Bool
}

// lane is a lane the desk owns.
type lane struct {
	store.Claim
	surplus  atomic.Bool // to be given up when it has run dry
	suspects map[seating.FlowID]bool
	ctx      context.Context //nolint:containedctx // a scope: it ends when the lane is lost
	cancel   context.CancelFunc
}

func newPost(w *Worker, t *tenure, name string) post {
	return post{
		w: w, t: t, name: name, byOwn: name != store.SinkWebhook, box: newInbox(), lanes: map[int]*lane{},
		sweepAt: w.c.Now(),
	}
}

func (p *post) mail() *inbox { return p.box }
func (p *post) sink() string { return p.name }
func (p *post) waits() bool  { return p.idle.Load() }
func (p *post) dry() bool    { return p.dried.Load() }

// admit takes what a beat says: lanes that are new, lanes that are gone, and how
// many of them are too many. It returns the new ones.
func (p *post) admit(s store.Share) (gained []store.OwnedLane) {
	owned := map[int]bool{}
	for _, l := range s.Lanes {
		if l.Sink != p.name {
			continue
		}
		owned[l.Lane] = true
		if have := p.lanes[l.Lane]; have != nil {
			if have.Token == l.Token {
				continue
			}
			p.lose(l.Lane)
		}
		ctx, cancel := context.WithCancel(p.t.ctx)
		p.lanes[l.Lane] = &lane{Claim: l.Claim, suspects: map[seating.FlowID]bool{}, ctx: ctx, cancel: cancel}
		gained = append(gained, l)
	}
	for n := range p.lanes {
		if !owned[n] {
			p.lose(n)
		}
	}
	if len(gained) > 0 {
		p.w.c.Metrics.OutboxHandover(len(gained))
		p.agenda.sweep()
		p.dried.Store(false)
	}
	p.trim(s.Fair)
	paused := slices.Contains(s.Paused, p.name)
	if p.paused && !paused {
		p.agenda.sweep()
	}
	p.paused = paused
	return gained
}

// trim marks the lanes above the fair share; the highest go.
func (p *post) trim(fair int) {
	for i, n := range p.owned() {
		p.lanes[n].surplus.Store(i >= max(1, fair))
	}
}

func (p *post) owned() []int {
	owned := make([]int, 0, len(p.lanes))
	for n := range p.lanes {
		owned = append(owned, n)
	}
	slices.Sort(owned)
	return owned
}

// lose forgets a lane and ends what runs in it.
func (p *post) lose(n int) {
	if l := p.lanes[n]; l != nil {
		l.cancel()
		delete(p.lanes, n)
		p.agenda.drop(n)
	}
}

// claims lists lanes, those of some settlement and, with open, all from which may be
// handed out.
func (p *post) claims(settled map[int]bool, open bool) []store.Claim {
	var claims []store.Claim
	for _, n := range p.owned() {
		if l := p.lanes[n]; settled[n] || open && !l.surplus.Load() {
			claims = append(claims, l.Claim)
		}
	}
	return claims
}

// serves reports whether there is a lane from which may be handed out.
func (p *post) serves() bool {
	for _, l := range p.lanes {
		if !l.surplus.Load() {
			return !p.paused
		}
	}
	return false
}

// woken notes what somebody committed.
func (p *post) woken(m mail, now time.Time) {
	if !m.all && len(m.woken) == 0 {
		return
	}
	if p.agenda.empty() && p.w.c.Linger > 0 {
		p.pace.notBefore = now.Add(p.w.c.Linger)
	}
	p.dried.Store(false)
	if m.all || !p.byOwn {
		p.agenda.sweep()
		return
	}
	for r := range m.woken {
		flow := seating.FlowID(r)
		if l := p.lanes[store.Lane(flow)]; l != nil {
			p.agenda.add(store.FlowRef{Lane: l.Lane, Flow: flow})
		}
	}
}

// again wants a sweep when its time has come, as long as there is work, and returns
// the time until then.
func (p *post) again(now time.Time) time.Duration {
	if wait := p.sweepAt.Sub(now); wait > 0 {
		return wait
	}
	p.agenda.sweep()
	p.w.c.Metrics.OutboxWake(sourceSweep)
	p.sweepAt = now.Add(p.w.c.around(p.w.c.Poll))
	return p.w.c.Poll
}

// begun notes that a look begins; clean says that nothing is at hand.
func (p *post) begun(l look, clean bool, now time.Time) {
	p.pace.began = now
	if l.sweep && l.from == (store.FlowRef{}) {
		p.found, p.clean = 0, clean
		p.sweepAt = now.Add(p.w.c.around(p.w.c.Poll))
	}
}

// looked notes what a look found.
func (p *post) looked(l look, rows int, next store.FlowRef) {
	p.pace.found(rows, p.w.c.Batch)
	if rows > 0 {
		p.dried.Store(false)
		p.clean = false
	}
	if !l.sweep {
		return
	}
	p.found += rows
	p.agenda.sweptTo(next)
	if !p.agenda.going && p.found == 0 && p.clean {
		p.dried.Store(true)
	}
}

// pace keeps looks that find little apart.
type pace struct {
	began     time.Time
	notBefore time.Time
	little    bool
	misses    int // looks in a row that found nothing
}

// wait is the time until the next look.
func (p *pace) wait(now time.Time, gap time.Duration) time.Duration {
	wait := p.notBefore.Sub(now)
	if p.little {
		wait = max(wait, p.began.Add(gap<<min(p.misses, 4)).Sub(now))
	}
	return max(0, wait)
}

func (p *pace) found(rows, batch int) {
	p.little = rows < (batch+1)/2
	if p.misses++; rows > 0 {
		p.misses = 0
	}
}
