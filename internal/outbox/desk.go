package outbox

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// never is longer than anything waits.
const never = time.Hour

// counterDesk serves a sink: it exchanges outcomes for rows, one exchange at a time,
// and has the rows delivered meanwhile, each flow by itself.
type counterDesk struct {
	post
	counter *counter

	runs     map[seating.FlowID]*run // under way
	atHand   int                     // rows of these
	trying   int                     // suspects' lanes under way
	failures map[seating.FlowID]int  // in a row, of closed circuits

	out      settlement // waits to be sent
	outSince time.Time
	asking   bool // an exchange is under way
	answers  chan func()
	single   bool // the last hand-out saw one flow

	halted  context.Context //nolint:containedctx // a scope: no wave begins after its end
	halt    context.CancelFunc
	leaving bool
}

func newCounterDesk(w *Worker, t *tenure, c *counter) *counterDesk {
	d := &counterDesk{
		post: newPost(w, t, c.sink.Name()), counter: c, runs: map[seating.FlowID]*run{},
		failures: map[seating.FlowID]int{}, answers: make(chan func(), 1),
	}
	d.halted, d.halt = context.WithCancel(t.ctx)
	return d
}

// run serves until the tenure ends, or until stop ends and what was at hand is
// settled.
func (d *counterDesk) run(stop context.Context) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	var bound <-chan time.Time // set once it is to stop
	stopping := stop.Done()
	defer func() { d.halt() }()
	for {
		d.receive(d.box.take())     //nolint:contextcheck // suspects have the scope of their lane
		wait := d.step(d.w.c.Now()) //nolint:contextcheck // what it begins has the scope of the tenure
		d.idle.Store(d.rests())
		if d.leaving && d.rests() {
			return
		}
		timer.Reset(wait)
		select {
		case <-d.t.ctx.Done():
			return
		case <-stopping:
			stopping = nil
			d.leaving = true
			d.halt()
			d.agenda.forget()
			bound = time.After(endWithin)
		case <-bound:
			d.abandon()
			return
		case answered := <-d.answers:
			answered()
		case <-d.box.signal:
		case <-timer.C:
		}
	}
}

// rests reports that nothing is under way.
func (d *counterDesk) rests() bool {
	return !d.asking && len(d.runs) == 0 && d.trying == 0 && d.out.empty() && d.agenda.empty()
}

// abandon ends deliveries that do not end by themselves. Nobody will know whether
// they came to anything, so they are done once more by who comes next.
func (d *counterDesk) abandon() {
	for _, n := range d.owned() {
		d.lanes[n].cancel()
	}
}

// receive takes the mail.
func (d *counterDesk) receive(m mail) {
	now := d.w.c.Now()
	for _, s := range m.shares {
		was := d.paused
		for _, l := range d.admit(s) {
			d.suspect(l)
		}
		d.purge()
		d.resume(was)
	}
	for _, r := range m.reports {
		d.collect(r, now)
	}
	d.released(m.freed, m.tried)
	if !d.leaving {
		d.woken(m, now)
	}
}

// resume makes waves of a sink that is paused end, and begin again.
func (d *counterDesk) resume(was bool) {
	switch {
	case d.paused && !was:
		d.halt()
	case was && !d.paused && !d.leaving:
		d.halted, d.halt = context.WithCancel(d.t.ctx)
	}
}

// purge drops what is to be settled in lanes that were lost.
func (d *counterDesk) purge() {
	for n := range d.out.lanes() {
		if d.lanes[n] == nil {
			kept := d.out.without(n)
			d.w.c.Metrics.OutboxFenced(d.out.rows() - kept.rows())
			d.out = kept
		}
	}
}

// collect takes what a run found out.
func (d *counterDesk) collect(r report, now time.Time) {
	l := d.lanes[r.run.claim.Lane]
	mine := l != nil && l.Token == r.run.claim.Token && r.run.ctx.Err() == nil
	if !r.found.empty() {
		if mine {
			if d.out.empty() {
				d.outSince = now
			}
			d.out.add(r.found)
		} else {
			d.w.c.Metrics.OutboxFenced(r.found.rows())
		}
	}
	if !r.ended {
		return
	}
	r.run.cancel()
	if d.runs[r.run.flow] == r.run {
		delete(d.runs, r.run.flow)
		d.atHand -= len(r.run.rows)
	}
	if delete(d.failures, r.run.flow); r.failures > 0 && mine {
		d.failures[r.run.flow] = r.failures
	}
	if mine && r.run.full && !d.leaving && !d.paused {
		next := store.FlowRef{Lane: l.Lane, Flow: r.run.flow}
		if !r.run.left {
			next.After = r.run.rows[len(r.run.rows)-1].ID
		}
		d.agenda.add(next)
	}
}

// step begins an exchange if there is a reason to, and returns the time after which
// there may be one although nothing happens.
func (d *counterDesk) step(now time.Time) time.Duration {
	if d.asking {
		return never
	}
	if wait := d.retryAt.Sub(now); wait > 0 {
		return wait
	}
	if surplus := d.spare(); len(surplus) > 0 {
		d.giveUp(surplus)
		return never
	}
	wait := never
	flush := !d.out.empty()
	if age := now.Sub(d.outSince); flush && d.out.rows() < flushRows && len(d.runs) > 0 && age < flushWithin {
		flush, wait = false, flushWithin-age
	}
	l, more := d.look(now)
	if l.nothing() && !flush {
		return min(wait, more)
	}
	d.exchange(l, now)
	return never
}

// look chooses what to hand out next, or says when to ask again.
func (d *counterDesk) look(now time.Time) (look, time.Duration) {
	if d.leaving {
		return look{}, never
	}
	if !d.serves() {
		d.agenda.forget()
		d.dried.Store(true)
		return look{}, never
	}
	wait := never
	if len(d.runs) > 0 || len(d.agenda.hot) > 0 || d.trying > 0 {
		wait = d.again(now)
	}
	if d.agenda.empty() || !d.room(now) {
		return look{}, wait
	}
	// A sweep that goes on found as much as it could take: nothing is to be saved by
	// letting it wait, whatever looks at single flows found in between.
	if apart := d.pace.wait(now, d.w.c.Gap); apart > 0 && !d.agenda.going {
		return look{}, min(wait, apart)
	}
	sweeps := true
	for n := range d.out.lanes() {
		sweeps = sweeps && !d.lanes[n].surplus.Load()
	}
	return d.agenda.next(sweeps, d.busy), wait
}

// busy reports whether nothing of a flow may be handed out now.
func (d *counterDesk) busy(f seating.FlowID) bool {
	l := d.lanes[store.Lane(f)]
	return d.runs[f] != nil || l == nil || l.surplus.Load() || l.suspects[f]
}

// room reports whether there is room for another batch.
func (d *counterDesk) room(now time.Time) bool {
	young := 0
	for _, r := range d.runs {
		if now.Sub(r.began) < youngFor {
			young += len(r.rows)
		}
	}
	return young < aheadYoung*d.w.c.Batch && d.atHand < aheadMost*d.w.c.Batch
}

// spare lists lanes above the fair share in which nothing is at hand any more.
func (d *counterDesk) spare() []store.LaneRef {
	var spare []store.LaneRef
	used := d.out.lanes()
	for _, f := range d.w.holding(d.name) {
		used[store.Lane(f)] = true
	}
	for _, r := range d.runs {
		used[r.claim.Lane] = true
	}
	for _, n := range d.owned() {
		if l := d.lanes[n]; l.surplus.Load() && !used[n] && len(l.suspects) == 0 {
			spare = append(spare, store.LaneRef{Sink: d.name, Lane: n})
		}
	}
	return spare
}

// giveUp hands lanes over in order.
func (d *counterDesk) giveUp(lanes []store.LaneRef) {
	d.ask(func(ctx context.Context) func() {
		err := d.w.c.Queue.GiveUp(ctx, d.w.c.Name, lanes)
		return func() {
			if d.answered(err) {
				for _, l := range lanes {
					d.lose(l.Lane)
				}
			}
		}
	})
}

// ask has a question asked beside the desk; what it returns is done at the desk.
func (d *counterDesk) ask(question func(ctx context.Context) func()) {
	d.asking = true
	go func() {
		ctx, cancel := context.WithTimeout(d.t.ctx, d.w.c.Lease)
		defer cancel()
		d.answers <- question(ctx) // there is room: one question at a time
	}()
}

// answered notes whether the queue has answered.
func (d *counterDesk) answered(err error) bool {
	d.asking = false
	wait := d.w.outage.noted(d.t.ctx, "turn", err)
	if err != nil {
		d.retryAt = d.w.c.Now().Add(wait)
	}
	return err == nil
}
