package outbox

import (
	"context"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// exchange settles what is known and hands out what a look finds, in one turn.
func (d *counterDesk) exchange(l look, now time.Time) {
	out := d.out
	d.out = settlement{}
	t := store.Turn{Worker: d.w.c.Name, Sink: d.name, Busy: d.handedOut()}
	out.into(&t)
	lanes := out.lanes()
	if !l.nothing() {
		for _, f := range l.flows {
			lanes[f.Lane] = true
		}
		t.Flows, t.Sweep, t.From = l.flows, l.sweep, l.from
		t.Limit, t.PerFlow = d.w.c.Batch, d.w.c.PerFlow
		if d.single {
			t.PerFlow = t.Limit
		}
		d.begun(l, out.empty() && len(d.runs) == 0 && d.trying == 0, now)
	}
	t.Claims = d.claims(lanes, l.sweep)
	d.ask(func(ctx context.Context) func() {
		turned, err := d.w.c.Queue.Turn(ctx, t)
		return func() { d.turned(l, out, t, turned, err) } //nolint:contextcheck // deliveries have the scope of their lane, not of a question
	})
}

// handedOut lists the flows that are at hand, and those whose suspects are not
// through: nothing of them is to be handed out, and their notes are to stay.
func (d *counterDesk) handedOut() []seating.FlowID {
	at := map[seating.FlowID]bool{}
	for f := range d.runs {
		at[f] = true
	}
	for _, l := range d.lanes {
		for f := range l.suspects {
			at[f] = true
		}
	}
	for _, f := range d.w.holding(d.name) {
		at[f] = true
	}
	busy := make([]seating.FlowID, 0, len(at))
	for f := range at {
		busy = append(busy, f)
	}
	return busy
}

// turned takes the answer of an exchange.
func (d *counterDesk) turned(l look, out settlement, t store.Turn, turned store.Turned, err error) {
	if !d.answered(err) {
		// Whether it was settled is not known. Settling once more changes nothing then.
		out.add(d.out)
		d.out = out
		d.agenda.back(l)
		d.purge()
		return
	}
	for _, n := range turned.Lost {
		for _, c := range t.Claims {
			if l := d.lanes[n]; l != nil && c.Lane == n && c.Token == l.Token {
				d.lose(n)
			}
		}
	}
	d.purge()
	d.w.count(d.name, out.judged(turned.Settled))
	if t.Limit == 0 {
		return
	}
	d.w.c.Metrics.OutboxHanded(d.name, len(turned.Rows))
	d.looked(l, len(turned.Rows), turned.Next)
	if turned.Paused {
		was := d.paused
		d.paused = true
		d.agenda.forget()
		d.resume(was)
		return
	}
	d.begin(turned.Rows, turned.Now, t)
	if len(turned.Rows) >= t.Limit {
		d.agenda.back(unread(l, turned.Rows)) // another look is to find them
	}
}

// unread are the named flows of a look of which nothing was handed out.
func unread(l look, rows []store.OutboxRow) look {
	read := map[seating.FlowID]bool{}
	for _, row := range rows {
		read[row.Flow] = true
	}
	var rest look
	for _, f := range l.flows {
		if !read[f.Flow] {
			rest.flows = append(rest.flows, f)
		}
	}
	return rest
}

// cutOff is the flow of which the limit may have kept back rows: the last one that was
// read, in the order in which flows are read.
func cutOff(t store.Turn, rows []store.OutboxRow) seating.FlowID {
	if len(rows) < t.Limit || len(rows) == 0 {
		return seating.FlowID{}
	}
	read := map[seating.FlowID]bool{}
	for _, row := range rows {
		read[row.Flow] = true
	}
	if !t.Sweep {
		for _, f := range slices.Backward(t.Flows) {
			if read[f.Flow] {
				return f.Flow
			}
		}
	}
	return rows[len(rows)-1].Flow
}

// begin starts the delivery of rows, each flow by itself.
func (d *counterDesk) begin(rows []store.OutboxRow, now servicetime.Instant, t store.Turn) {
	var flows []seating.FlowID
	by := map[seating.FlowID][]store.OutboxRow{}
	for _, row := range rows {
		if by[row.Flow] == nil {
			flows = append(flows, row.Flow)
		}
		by[row.Flow] = append(by[row.Flow], row)
		d.w.c.Metrics.OutboxLag(d.name, now.Sub(row.CreatedAt))
	}
	if t.Sweep || len(flows) > 0 {
		d.single = len(flows) == 1
	}
	cut := cutOff(t, rows)
	for _, f := range flows {
		lane := d.lanes[by[f][0].Lane]
		if lane == nil || d.runs[f] != nil || d.leaving {
			continue // lost meanwhile; it is handed out again
		}
		full := len(by[f]) >= t.PerFlow || f == cut || by[f][0].CircuitFailures > 0
		d.start(d.newRun(lane, f, by[f], full))
	}
}

func (d *counterDesk) newRun(l *lane, f seating.FlowID, rows []store.OutboxRow, full bool) *run {
	r := &run{w: d.w, counter: d.counter, claim: l.Claim, flow: f, rows: rows, began: d.w.c.Now(), full: full, halt: d.halted, going: &l.surplus}
	r.ctx, r.cancel = context.WithCancel(l.ctx)
	return r
}

func (d *counterDesk) start(r *run) {
	d.runs[r.flow] = r
	d.atHand += len(r.rows)
	release := d.w.hold(place{sink: d.name, flow: r.flow})
	failures := d.failures[r.flow]
	d.w.running.Go(func() {
		r.serve(failures, func(p report) {
			if p.ended {
				release() // before anybody hears of it
			}
			d.box.put(func(m *mail) { m.reports = append(m.reports, p) })
		})
	})
}

// count adds up what counted of a settlement.
func (w *Worker) count(sink string, o outcome) {
	w.delivered.Add(int64(o.delivered))
	w.failed.Add(int64(o.failed))
	w.dead.Add(int64(len(o.dead)))
	w.c.Metrics.OutboxAttempts(sink, outcomeDelivered, o.delivered)
	w.c.Metrics.OutboxAttempts(sink, outcomeFailed, o.failed)
	w.c.Metrics.OutboxAttempts(sink, outcomeDead, len(o.dead))
	w.c.Metrics.OutboxFenced(o.fenced)
	for _, d := range o.dead {
		w.c.Metrics.OutboxDead(sink, d.Cause)
	}
}
