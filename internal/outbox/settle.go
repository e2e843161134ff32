package outbox

import "github.com/maitred/maitred/internal/store"

// settlement is what became of rows, on its way to the queue.
type settlement struct {
	done     []store.Settled
	failed   []store.Failed
	dead     []store.Died
	circuits []store.Circuit
	log      []store.Delivery
}

func (s *settlement) add(o settlement) {
	s.done = append(s.done, o.done...)
	s.failed = append(s.failed, o.failed...)
	s.dead = append(s.dead, o.dead...)
	s.circuits = append(s.circuits, o.circuits...)
	s.log = append(s.log, o.log...)
}

// rows is how many it settles.
func (s *settlement) rows() int { return len(s.done) + len(s.failed) + len(s.dead) }

func (s *settlement) empty() bool { return s.rows()+len(s.circuits)+len(s.log) == 0 }

// lanes marks the lanes it is about.
func (s *settlement) lanes() map[int]bool {
	lanes := map[int]bool{}
	for _, r := range s.done {
		lanes[r.Lane] = true
	}
	for _, r := range s.failed {
		lanes[r.Lane] = true
	}
	for _, r := range s.dead {
		lanes[r.Lane] = true
	}
	for _, c := range s.circuits {
		lanes[c.Lane] = true
	}
	return lanes
}

// without is the part that is not about a lane, but for the log: what was
// delivered was delivered, whoever owns the lane.
func (s *settlement) without(lane int) settlement {
	rest := settlement{log: s.log}
	for _, r := range s.done {
		if r.Lane != lane {
			rest.done = append(rest.done, r)
		}
	}
	for _, r := range s.failed {
		if r.Lane != lane {
			rest.failed = append(rest.failed, r)
		}
	}
	for _, r := range s.dead {
		if r.Lane != lane {
			rest.dead = append(rest.dead, r)
		}
	}
	for _, c := range s.circuits {
		if c.Lane != lane {
			rest.circuits = append(rest.circuits, c)
		}
	}
	return rest
}

// into puts it into a turn.
func (s *settlement) into(t *store.Turn) {
	t.Done, t.Failed, t.Dead, t.Circuits, t.Log = s.done, s.failed, s.dead, s.circuits, s.log
}

// outcome of a settlement: how many of its rows counted.
type outcome struct {
	delivered, failed int
	dead              []store.Died
	fenced            int
}

// judged compares a settlement with the ids that counted.
func (s *settlement) judged(settled []int64) outcome {
	counted := make(map[int64]bool, len(settled))
	for _, id := range settled {
		counted[id] = true
	}
	var o outcome
	for _, r := range s.done {
		if counted[r.ID] {
			o.delivered++
		}
	}
	for _, r := range s.failed {
		if counted[r.ID] {
			o.failed++
		}
	}
	for _, r := range s.dead {
		if counted[r.ID] {
			o.dead = append(o.dead, r)
		}
	}
	o.fenced = s.rows() - o.delivered - o.failed - len(o.dead)
	return o
}
