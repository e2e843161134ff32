package line

import (
	"context"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
)

// lostCommits is the reason code of an epoch that begins because commits are lost.
const lostCommits = "lost_commits"

// rotateAgainIn is the pause before a rotation that failed is tried again, doubled
// up to rotateSlowest.
const (
	rotateAgainIn = 250 * time.Millisecond
	rotateSlowest = 10 * time.Second
)

// OnLost begins a new epoch for a restaurant of which commits are lost, beside the
// caller, also when nobody wants anything of it. It tries until that is done, by
// this process or another, or the lines are closed. It is for live.Config.OnLost.
func (l *Lines) OnLost(id seating.RestaurantID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.work.Go(func() {
		for wait := rotateAgainIn; l.houses.Lost(id); wait = min(2*wait, rotateSlowest) {
			j := l.rotation(id)
			if l.enqueue(j) != nil {
				return // closed, or so full that a batch will see to it
			}
			if o := <-j.done; o.err == nil {
				continue
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-l.stop:
				timer.Stop()
				return
			}
		}
	})
}

// rotation is the command that begins a new epoch.
func (l *Lines) rotation(id seating.RestaurantID) *job {
	return &job{
		Request: Request{Restaurant: id, Command: decide.RotateEpoch{Epoch: l.c.NewEpoch(), Reason: lostCommits}, Actor: seating.System()},
		ctx:     context.Background(), done: make(chan outcome, 1), rotates: true,
	}
}

// rotateFirst puts a new epoch in front of everything else while commits are lost:
// no version of the lost past may match what is decided now. Rotations that are
// not needed any more are answered. made is the one that nobody waits for.
func (p *pass) rotateFirst(jobs []*job) (all []*job, made *job) {
	lost := p.houses.Lost(p.id)
	var first *job
	for _, j := range jobs {
		switch {
		case !j.rotates:
			all = append(all, j)
		case lost && first == nil:
			first = j
		default:
			p.answer(j, Answer{})
		}
	}
	if !lost {
		return all, nil
	}
	if first == nil {
		made = p.rotation(p.id)
		first = made
	}
	return append([]*job{first}, all...), made
}
