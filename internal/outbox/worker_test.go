package outbox

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

func TestEverythingIsDeliveredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var ids []int64
		for e := range 40 {
			ids = append(ids, s.hook(e/4, e, 7, 130)...)
		}
		s.seen(1, 1200)
		s.seen(2, 3)
		s.start("a")
		took := s.empty(time.Minute)
		s.right(ids)
		if s.again() != 0 {
			t.Errorf("%d rows were delivered twice", s.again())
		}
		if took > 3*time.Second {
			t.Errorf("5200 rows at 1 ms took %s", took)
		}
		if s.moved() != 1203 {
			t.Errorf("%d of 1203 rows were moved", s.moved())
		}
	})
}

func TestAWakeIsServedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		p := s.start("a")
		wait(t.Context(), 10*time.Second)
		for i := range 20 {
			ids := s.hook(1, 1, 1, 1)
			s.seen(1, 1)
			p.w.Wake(restaurant(1), SourceCommit)
			if took := s.empty(100 * time.Millisecond); took > 10*time.Millisecond {
				t.Errorf("wake %d was served after %s", i, took)
			}
			s.right(ids)
			wait(t.Context(), 50*time.Millisecond)
		}
	})
}

func TestNobodyNeedsToWakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.start("a")
		wait(t.Context(), 10*time.Second)
		ids := s.hook(1, 1, 1, 3)
		s.seen(1, 3)
		s.empty(1300 * time.Millisecond)
		s.right(ids)
	})
}

// Idle means one question for all sinks in each interval, and the renewals.
func TestAnIdleWorkerAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.start("a", func(c *Config) { c.Lease = 15 * time.Second })
		wait(t.Context(), 10*time.Second)
		s.memory.mu.Lock()
		clear(s.memory.calls)
		s.memory.mu.Unlock()
		wait(t.Context(), 100*time.Second)
		s.memory.mu.Lock()
		defer s.memory.mu.Unlock()
		got := s.memory.calls
		if got["Waiting"] < 80 || got["Waiting"] > 120 || got["Beat"] < 19 || got["Beat"] > 21 || len(got) != 2 {
			t.Errorf("100 idle seconds cost %v", got)
		}
	})
}

// One restaurant has a hundred thousand rows; another's few do not wait for them.
func TestABacklogDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.hook(1, 1, 1000, 100_000)
		p := s.start("a")
		wait(t.Context(), time.Second)
		for range 5 {
			ids := s.hook(2, 17, 1, 3) // the same lane
			began := time.Since(s.began)
			p.w.Wake(restaurant(2), SourceCommit)
			wait(t.Context(), 300*time.Millisecond)
			s.right(ids)
			for _, id := range ids {
				if took := s.took(id) - began; took > 50*time.Millisecond {
					t.Errorf("row %d waited %s behind the backlog of another", id, took)
				}
			}
		}
		if s.left() == 0 {
			t.Error("there was no backlog")
		}
	})
}

func TestARestaurantIsNotOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, 20 * time.Millisecond
		}
		var ids []int64
		for e := range 8 {
			ids = append(ids, s.hook(1, e, 100, 200)...)
		}
		s.start("a", func(c *Config) { c.InFlight = 16 })
		s.empty(time.Minute)
		s.right(ids)
		if s.most > 16 || s.most < 12 {
			t.Errorf("%d rows of one restaurant were delivered at the same time, want about 16 and not more", s.most)
		}
	})
}

func TestPausedSinksKeepTheirRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, 50 * time.Millisecond
		}
		p := s.start("a")
		ids := s.hook(1, 1, 2, 200)
		wait(t.Context(), time.Second)
		s.memory.mu.Lock()
		s.memory.paused[store.SinkWebhook] = true
		s.memory.mu.Unlock()
		wait(t.Context(), 3*time.Second)
		s.memory.mu.Lock()
		left := len(s.memory.rows)
		clear(s.memory.calls)
		s.memory.mu.Unlock()
		if left == 0 {
			t.Fatal("nothing was left to pause")
		}
		p.w.Wake(restaurant(1), SourceCommit)
		wait(t.Context(), time.Hour)
		s.memory.mu.Lock()
		if len(s.memory.rows) != left {
			t.Errorf("%d rows were delivered while the sink was paused", left-len(s.memory.rows))
		}
		if s.memory.calls["Turn"] > 2 {
			t.Errorf("a paused sink cost %d turns", s.memory.calls["Turn"])
		}
		s.memory.paused[store.SinkWebhook] = false
		s.memory.mu.Unlock()
		s.empty(time.Minute)
		s.right(ids)
	})
}

// Lanes are shared out when another worker comes, in order: nothing is delivered
// twice, and nothing out of order.
func TestLanesAreSharedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var ids []int64
		for e := range 64 {
			ids = append(ids, s.hook(e, e, 5, 150)...)
		}
		a := s.start("a")
		s.behaves(func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, 100 * time.Millisecond
		})
		wait(t.Context(), 500*time.Millisecond)
		b := s.start("b")
		wait(t.Context(), 4*time.Second)
		have := s.owners()
		if have["a"] != 16 || have["b"] != 16 {
			t.Errorf("lanes are shared out %v", have)
		}
		a.stop()
		wait(t.Context(), 2*time.Second)
		s.memory.mu.Lock()
		for ref, l := range s.memory.lanes {
			if l.worker != "b" {
				t.Errorf("%v belongs to %q after the other worker has left", ref, l.worker)
			}
		}
		s.memory.mu.Unlock()
		s.empty(5 * time.Minute)
		b.stop()
		s.right(ids)
		if s.again() != 0 {
			t.Errorf("%d rows were delivered twice", s.again())
		}
	})
}

func TestStopLetsDeliveriesEnd(t *testing.T) {
	for _, takes := range []time.Duration{2 * time.Second, time.Minute} {
		t.Run(takes.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.behave = func(*process, store.OutboxRow) (Result, time.Duration) { return Result{Outcome: Delivered}, takes }
				s.hook(1, 1, 3, 30)
				p := s.start("a", func(c *Config) { c.Timeout = 2 * time.Minute })
				wait(t.Context(), time.Second)
				began := time.Now()
				p.stop()
				if took := time.Since(began); took > endWithin+2*answerWithin {
					t.Errorf("it took %s to stop", took)
				}
				s.memory.mu.Lock()
				defer s.memory.mu.Unlock()
				if want := map[bool]int{true: 27, false: 30}[takes < endWithin]; len(s.memory.rows) != want {
					t.Errorf("%d rows wait, want %d", len(s.memory.rows), want)
				}
				for ref, l := range s.memory.lanes {
					if l.worker != "" {
						t.Errorf("%v still belongs to the worker", ref)
					}
				}
				if len(s.memory.workers) != 0 {
					t.Error("the worker is still known")
				}
			})
		})
	}
}

// A sink that does not come back holds its own flow, also when the worker goes: its
// lane is not given up, because the delivery may still have an effect.
func TestASinkThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		free := make(chan struct{})
		p := s.hire("a", func(c *Config) {
			c.Timeout = time.Second
			c.Sinks = []Sink{sinkFunc(func(ctx context.Context, batch []Item) []Result {
				if batch[0].Row.Flow == flow(3) {
					<-free
				}
				return c.Queue.(*process).Deliver(ctx, batch)
			})}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(p.ended); p.w.Run(ctx) }()
		s.hook(1, 3, 1, 2)
		ids := s.hook(1, 4, 1, 2)
		wait(t.Context(), 3*time.Second)
		s.right(ids)
		stuck := s.memory.lanes[store.LaneRef{Sink: store.SinkWebhook, Lane: 3}]
		s.memory.mu.Lock()
		if n := s.memory.rows[1].Attempts; n != 1 {
			t.Errorf("a row without an answer has %d attempts, want 1", n)
		}
		s.memory.mu.Unlock()
		wait(t.Context(), time.Minute)
		s.memory.mu.Lock()
		if n := s.memory.rows[1].Attempts; n != 1 {
			t.Errorf("the row was tried %d times while its delivery still ran", n)
		}
		s.memory.mu.Unlock()
		cancel()
		<-p.ended
		s.memory.mu.Lock()
		if stuck.worker != "a" {
			t.Error("a lane was given up while a delivery ran in it")
		}
		s.memory.mu.Unlock()
		close(free)
		wait(t.Context(), time.Second)
	})
}

type sinkFunc func(ctx context.Context, batch []Item) []Result

func (sinkFunc) Name() string { return store.SinkWebhook }

func (f sinkFunc) Deliver(ctx context.Context, batch []Item) []Result { return f(ctx, batch) }

func TestASinkThatForgetsOrPanicsHasNotDelivered(t *testing.T) {
	for name, bad := range map[string]func() []Result{
		"forgets": func() []Result { return nil },
		"panics":  func() []Result { panic("no connection pool") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				calls := 0
				ids := s.hook(1, 1, 1, 2)
				s.start("a", func(c *Config) {
					good := c.Sinks[0]
					c.Sinks = []Sink{sinkFunc(func(ctx context.Context, batch []Item) []Result {
						if calls++; calls <= 2 {
							return bad()
						}
						return good.Deliver(ctx, batch)
					})}
				})
				s.empty(time.Minute)
				s.right(ids)
				if calls != 4 {
					t.Errorf("the sink was called %d times, want 4", calls)
				}
			})
		})
	}
}

// Types this binary does not know wait for one that does: uncounted, and without
// holding anybody else up. Observability takes them.
func TestUnknownTypesAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		odd := func(sink string, f seating.FlowID, version int, event seating.EventType) int64 {
			return s.memory.put(store.OutboxRow{
				Sink: sink, Flow: f, Restaurant: restaurant(1), Aggregate: fmt.Sprint(event, version), EventType: event,
				SchemaVersion: version, Payload: []byte(`{"x":[]}`),
			})
		}
		newer := odd(store.SinkWebhook, flow(1), 1, "booking.teleported")
		shape := odd(store.SinkWebhook, flow(1), 2, seating.EventBookingLate)
		odd(store.SinkObservability, seating.FlowID(restaurant(1)), 1, "booking.teleported")
		ids := s.hook(1, 1, 2, 20)
		s.start("a")
		wait(t.Context(), time.Hour)
		s.right(ids)
		for _, id := range []int64{newer, shape} {
			row := s.row(id)
			if row == nil || row.Attempts != 0 || s.tries(id) != 0 || row.LastError == "" {
				t.Errorf("row %d of an unknown type: %+v, tried %d times", id, row, s.tries(id))
			}
		}
		if s.moved() != 1 || s.left() != 2 {
			t.Errorf("%d moved and %d left, want 1 and 2", s.moved(), s.left())
		}
	})
}

func TestWhatCannotBeReadIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.memory.put(store.OutboxRow{
			Sink: store.SinkWebhook, Flow: flow(1), Restaurant: restaurant(1), Aggregate: "1/0", EventType: seating.EventBookingLate,
			SchemaVersion: 1, Payload: []byte(`{"version":[`),
		})
		s.refused[id] = true
		ids := s.hook(1, 1, 1, 2)
		s.start("a")
		s.empty(5 * time.Second)
		s.right(ids)
		if got := s.died()[id].Cause; got != store.CauseMalformed || s.tries(id) != 0 {
			t.Errorf("cause %q after %d deliveries, want %q and none", got, s.tries(id), store.CauseMalformed)
		}
	})
}
