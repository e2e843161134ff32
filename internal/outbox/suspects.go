package outbox

import (
	"context"
	"sync/atomic"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// suspect sees to what a worker that died had at hand in a lane: one of these rows may
// have killed it. Each is noted before it is delivered, and only one at a time is
// delivered in this process, so that the row which kills is told from its
// neighbours. Until its flow is through, nothing else of the flow is handed out.
func (d *counterDesk) suspect(l store.OwnedLane) {
	if len(l.Suspects) == 0 {
		return
	}
	lane := d.lanes[l.Lane]
	for _, h := range l.Suspects {
		lane.suspects[h.Flow] = true
	}
	d.trying++
	halted := d.halted
	d.w.running.Go(func() {
		ctx, cancel := context.WithCancel(lane.ctx)
		defer cancel()
		defer context.AfterFunc(halted, cancel)()
		for _, h := range l.Suspects {
			through := d.through(ctx, lane, h) //nolint:contextcheck // as below
			d.box.put(func(m *mail) { m.freed = append(m.freed, freed{lane: lane, flow: h.Flow, through: through}) })
		}
		d.box.put(func(m *mail) { m.tried++ })
	})
}

// through delivers the suspects of one flow; false when it was broken off.
func (d *counterDesk) through(ctx context.Context, l *lane, h store.Handed) bool {
	failures := 0
	for {
		select {
		case d.w.once <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		left, err := d.tryOne(ctx, l, h, &failures)
		<-d.w.once
		if ctx.Err() != nil {
			return false
		}
		if wait := d.w.outage.noted(ctx, "suspect", err); err != nil {
			pause(ctx, wait)
		} else if !left {
			return true
		}
	}
}

// tryOne delivers the next suspect of a flow and settles it; false when there is none.
func (d *counterDesk) tryOne(ctx context.Context, l *lane, h store.Handed, failures *int) (left bool, _ error) {
	within, cancel := context.WithTimeout(ctx, d.w.c.Lease)
	row, err := d.w.c.Queue.Suspect(within, d.w.c.Name, d.name, l.Claim, h.Flow, h.Last)
	cancel()
	if err != nil || row == nil {
		return false, err
	}
	found := d.alone(l, h.Flow, *row, failures) //nolint:contextcheck // what was begun is brought to its end also when the worker is to stop
	if gone := l.ctx.Err(); gone != nil {
		d.w.c.Metrics.OutboxFenced(found.rows())
		return false, gone
	}
	return true, d.settle(l, found) //nolint:contextcheck // and settled
}

// alone delivers one row. It is brought to its end also when the worker is to stop.
func (d *counterDesk) alone(l *lane, f seating.FlowID, row store.OutboxRow, failures *int) settlement {
	release := d.w.hold(place{sink: d.name, flow: f})
	defer release()
	r := d.newRun(l, f, []store.OutboxRow{row}, false)
	r.halt, r.going = l.ctx, new(atomic.Bool)
	defer r.cancel()
	var found settlement
	r.serve(*failures, func(p report) {
		found.add(p.found)
		*failures = p.failures
	})
	return found
}

// settle settles one row by itself, again and again while the queue does not
// answer: what was delivered is not to be delivered once more.
func (d *counterDesk) settle(l *lane, s settlement) error {
	t := store.Turn{Worker: d.w.c.Name, Sink: d.name, Claims: []store.Claim{l.Claim}}
	s.into(&t)
	for {
		ctx, cancel := context.WithTimeout(l.ctx, d.w.c.Lease)
		turned, err := d.w.c.Queue.Turn(ctx, t)
		cancel()
		if err == nil {
			d.w.count(d.name, s.judged(turned.Settled))
			return nil
		}
		pause(l.ctx, d.w.outage.noted(l.ctx, "turn", err))
		if l.ctx.Err() != nil {
			return err
		}
	}
}

// freed says that the suspects of a flow are through, or were broken off.
type freed struct {
	lane    *lane
	flow    seating.FlowID
	through bool
}

// released takes flows back into the ordinary way.
func (d *counterDesk) released(flows []freed, tried int) {
	d.trying -= tried
	for _, f := range flows {
		delete(f.lane.suspects, f.flow)
		if d.lanes[f.lane.Lane] == f.lane && f.through && !d.leaving {
			d.agenda.add(store.FlowRef{Lane: f.lane.Lane, Flow: f.flow})
		}
	}
}
