package outbox

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/store"
)

// drain runs a Drain of a worker within a time.
func (s *stage) drain(p *process, within time.Duration) (_ Drained, took time.Duration, _ error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), within)
	defer cancel()
	began := time.Now()
	d, err := p.w.Drain(ctx)
	took = time.Since(began)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for ref, l := range s.memory.lanes {
		if l.worker == p.w.c.Name && !p.hole {
			s.t.Errorf("%v still belongs to a drain that is over", ref)
		}
	}
	return d, took, err
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		if d, took, err := s.drain(s.hire("empty"), time.Minute); err != nil || d != (Drained{}) || took > 200*time.Millisecond {
			t.Errorf("an empty outbox is drained to %+v, %v after %s", d, err, took)
		}
		ids := s.hook(1, 1, 10, 1300)
		ids = append(ids, s.hook(1, 2, 2, 10)...)
		s.seen(1, 700)
		bad, refused := ids[1300], ids[1301]
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			switch row.ID {
			case bad:
				return Result{Err: errGone, After: time.Hour}, 0
			case refused:
				return Result{Outcome: Dead}, 0
			}
			return Result{Outcome: Delivered}, time.Millisecond
		}
		d, took, err := s.drain(s.hire("a"), time.Minute)
		if want := (Drained{Delivered: 2000, Failed: 1, Dead: 1, Left: 9}); err != nil || d != want {
			t.Errorf("drained %+v, %v; want %+v", d, err, want)
		}
		if took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// What is not due yet is not waited for.
func TestDrainDoesNotWaitForRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.hook(1, 1, 1, 3)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) { return down, 0 }
		d, _, err := s.drain(s.hire("a", func(c *Config) { c.Random = whole }), time.Minute)
		if want := (Drained{Failed: 1, Left: 3}); err != nil || d != want {
			t.Errorf("drained %+v, %v; want %+v", d, err, want)
		}
	})
}

// Beside another worker a drain is over when that one has nothing left that is due.
func TestDrainWaitsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			if row.Flow == flow(16) {
				return down, 0
			}
			return Result{Outcome: Delivered}, 200 * time.Millisecond
		}
		var ids []int64
		for e := range 16 {
			ids = append(ids, s.hook(e, e, 1, 60)...)
		}
		s.hook(1, 16, 20, 20) // its circuit opens; nobody waits for it
		other := s.start("other")
		wait(t.Context(), time.Second)
		d, _, err := s.drain(s.hire("a"), time.Minute)
		s.right(ids)
		s.memory.mu.Lock()
		left := len(s.memory.rows)
		s.memory.mu.Unlock()
		if err != nil || left != 20 || d.Left != 20 || d.Delivered == 0 || d.Delivered >= 960 {
			t.Errorf("drained %+v, %v, and %d rows wait", d, err, left)
		}
		other.stop()
	})
}

func TestDrainEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.hook(1, 1, 1, 100)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, time.Second
		}
		d, took, err := s.drain(s.hire("a"), 10*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || d.Delivered < 8 || d.Delivered+d.Left != 100 || took > 17*time.Second {
			t.Errorf("drained %+v, %v after %s", d, err, took)
		}
	})
}

// A queue that does not answer is not an empty queue.
func TestDrainTellsOfAnOutage(t *testing.T) {
	for name, fails := range map[string]string{"all": "", "turns": "Turn", "moves": "Move"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.hook(1, 1, 1, 1)
				p := s.hire("a")
				p.deaf = func(call string) (bool, bool) { return fails == "" || fails == call, false }
				d, took, err := s.drain(p, time.Minute)
				if err == nil || errors.Is(err, context.DeadlineExceeded) || took > 15*time.Second {
					t.Errorf("drained %+v, %v after %s", d, err, took)
				}
			})
		})
	}
	t.Run("no answer at all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			p := s.hire("a")
			p.stall(true)
			if d, _, err := s.drain(p, 3*time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("drained %+v, %v", d, err)
			}
		})
	})
}

func TestDrainLeavesPausedSinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.hook(1, 1, 1, 5)
		s.seen(1, 5)
		s.memory.paused[store.SinkWebhook] = true
		d, _, err := s.drain(s.hire("a"), time.Minute)
		if want := (Drained{Delivered: 5, Left: 5}); err != nil || d != want {
			t.Errorf("drained %+v, %v; want %+v", d, err, want)
		}
	})
}
