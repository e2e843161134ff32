package outbox

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// mover is the desk of the observability sink, which is in the same database: a
// row is moved by one statement, so there is nothing to deliver, to settle or to try
// again. It looks into no row, so it moves also what this binary does not know.
type mover struct {
	post
}

func newMover(w *Worker, t *tenure) *mover {
	return &mover{post: newPost(w, t, store.SinkObservability)}
}

func (m *mover) run(stop context.Context) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	for stop.Err() == nil && m.t.ctx.Err() == nil {
		got := m.box.take()
		for _, s := range got.shares {
			m.admit(s)
		}
		m.woken(got, m.w.c.Now())
		wait := m.step(m.w.c.Now()) //nolint:contextcheck // questions have the scope of the tenure
		m.idle.Store(m.agenda.empty())
		timer.Reset(wait)
		select {
		case <-m.t.ctx.Done():
		case <-stop.Done():
		case <-m.box.signal:
		case <-timer.C:
		}
	}
}

// step moves once if there is a reason to, and returns how long to wait.
func (m *mover) step(now time.Time) time.Duration {
	if wait := m.retryAt.Sub(now); wait > 0 {
		return wait
	}
	m.giveUp()
	if !m.serves() {
		m.agenda.forget()
		m.dried.Store(true)
		return never
	}
	if m.agenda.empty() {
		return never
	}
	m.again(now)
	if apart := m.pace.wait(now, m.w.c.Gap); apart > 0 {
		return apart
	}
	l := m.agenda.next(true, func(f seating.FlowID) bool {
		l := m.lanes[store.Lane(f)]
		return l == nil || l.surplus.Load()
	})
	if l.nothing() {
		m.agenda.forget() // flows of lanes that are going
		return never
	}
	m.move(l, now)
	if m.agenda.empty() {
		return never
	}
	return 0
}

// giveUp hands surplus lanes over; nothing of them is at hand.
func (m *mover) giveUp() {
	var lanes []store.LaneRef
	for _, n := range m.owned() {
		if m.lanes[n].surplus.Load() {
			lanes = append(lanes, store.LaneRef{Sink: m.name, Lane: n})
		}
	}
	if len(lanes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(m.t.ctx, m.w.c.Lease)
	defer cancel()
	err := m.w.c.Queue.GiveUp(ctx, m.w.c.Name, lanes)
	if wait := m.w.outage.noted(m.t.ctx, "move", err); err != nil {
		m.retryAt = m.w.c.Now().Add(wait)
		return
	}
	for _, l := range lanes {
		m.lose(l.Lane)
	}
}

func (m *mover) move(l look, now time.Time) {
	asked := store.Move{
		Worker: m.w.c.Name, Claims: m.claims(nil, true), Flows: l.flows, From: l.from, Limit: m.w.c.Batch, PerFlow: m.w.c.PerFlow,
	}
	if len(l.flows) == 1 {
		asked.PerFlow = asked.Limit
	}
	m.begun(l, true, now)
	ctx, cancel := context.WithTimeout(m.t.ctx, m.w.c.Lease)
	moved, err := m.w.c.Queue.Move(ctx, asked)
	cancel()
	if wait := m.w.outage.noted(m.t.ctx, "move", err); err != nil {
		m.agenda.back(l)
		m.retryAt = m.w.c.Now().Add(wait)
		return
	}
	took := m.w.c.Now().Sub(now)
	for _, n := range moved.Lost {
		m.lose(n)
	}
	m.looked(l, len(moved.Rows), moved.Next)
	if moved.Paused {
		m.paused = true
		m.agenda.forget()
		return
	}
	if moved.More && len(moved.Rows) > 0 {
		for _, f := range l.flows {
			m.agenda.add(f)
		}
		if l.sweep && !m.agenda.going {
			m.agenda.sweep()
		}
	}
	m.counted(moved.Rows, took)
}

func (m *mover) counted(rows []store.MovedRow, took time.Duration) {
	if len(rows) == 0 {
		return
	}
	m.w.delivered.Add(int64(len(rows)))
	m.w.c.Metrics.OutboxHanded(m.name, len(rows))
	m.w.c.Metrics.OutboxAttempts(m.name, outcomeDelivered, len(rows))
	m.w.c.Metrics.OutboxDispatched(m.name, outcomeDelivered, took)
	for _, r := range rows {
		m.w.c.Metrics.OutboxLag(m.name, r.Waited)
	}
}
