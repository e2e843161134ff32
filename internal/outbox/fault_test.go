package outbox

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maitred/maitred/internal/store"
)

var down = Result{Err: errGone}

// A row that fails waits with what is behind it; everything else goes on.
func TestAFailedRowParksItsAggregateAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ids := s.hook(1, 1, 4, 40)
		bad := ids[1]
		until := 20 * time.Second
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			if row.ID == bad && time.Since(s.began) < until {
				return down, time.Millisecond
			}
			return Result{Outcome: Delivered}, time.Millisecond
		}
		s.start("a")
		wait(t.Context(), 2*time.Second)
		s.memory.mu.Lock()
		if len(s.memory.rows) != 10 {
			t.Errorf("%d rows wait, want the 10 of the booking that failed", len(s.memory.rows))
		}
		s.memory.mu.Unlock()
		s.empty(10 * time.Minute)
		s.right(ids)
		if n := s.tries(bad); n < 3 || n > 40 {
			t.Errorf("the row was tried %d times in 20 seconds", n)
		}
	})
}

// One endpoint takes nothing, or answers nothing: the others do not notice.
func TestADeadEndpointDelaysNobody(t *testing.T) {
	for name, takes := range map[string]time.Duration{"refuses": 0, "black hole": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
					if row.Flow == flow(16) {
						return down, takes
					}
					return Result{Outcome: Delivered}, 5 * time.Millisecond
				}
				s.hook(1, 16, 500, 20_000)
				p := s.start("a")
				wait(t.Context(), time.Second)
				for range 20 {
					ids := slices.Concat(s.hook(1, 32, 1, 2), s.hook(2, 48, 1, 2)) // of the same restaurant, and of another; the same lane
					began := time.Since(s.began)
					p.w.Wake(restaurant(1), SourceCommit)
					wait(t.Context(), 2*time.Second)
					s.right(ids)
					for _, id := range ids {
						if took := s.took(id) - began; took > 100*time.Millisecond {
							t.Errorf("row %d waited %s beside a dead endpoint", id, took)
						}
					}
				}
			})
		})
	}
}

// An endpoint is away for a week. Nothing of it dies, what waits costs nothing but
// the probes, and then all comes, in order.
func TestAWeekOfOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		const week = 7 * 24 * time.Hour
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			if time.Since(s.began) < week {
				return down, 10 * time.Millisecond
			}
			return Result{Outcome: Delivered}, time.Millisecond
		}
		ids := s.hook(1, 1, 50, 1000)
		s.start("a", func(c *Config) { c.Lease, c.Poll = time.Hour, time.Minute })
		wait(t.Context(), week-time.Second)
		tries, attempts := 0, 0
		for _, id := range ids {
			tries += s.tries(id)
			attempts += s.row(id).Attempts
		}
		if s.left() != 1000 || len(s.died()) != 0 {
			t.Fatalf("after a week %d of 1000 rows wait and %d are dead", s.left(), len(s.died()))
		}
		if attempts != circuitAfter {
			t.Errorf("%d attempts are counted, want the %d before the circuit opened", attempts, circuitAfter)
		}
		if probes := int(week / (circuitLast / 2)); tries > 2*probes || tries < probes/4 {
			t.Errorf("a week cost %d deliveries; %d probes would be one each 2.5 minutes", tries, probes)
		}
		s.empty(20 * time.Minute)
		s.right(ids)
	})
}

// A receiver that says when to come again is left alone for that long.
func TestRetryAfterIsKeptTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var at []time.Duration
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			at = append(at, time.Since(s.began))
			if len(at) == 1 {
				return Result{Err: errGone, After: 10 * time.Minute}, 0
			}
			return Result{Outcome: Delivered}, 0
		}
		ids := s.hook(1, 1, 1, 5)
		s.start("a")
		s.empty(time.Hour)
		s.right(ids)
		if gap := at[1] - at[0]; gap < 10*time.Minute || gap > 10*time.Minute+2*time.Second {
			t.Errorf("it came again after %s, asked for 10 minutes", gap)
		}
	})
}

// A row that its receiver can never take among others that it takes: it dies after
// its attempts and its time, and nothing else does.
func TestARowNobodyTakesDiesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ids := s.hook(1, 1, 1, 1)
		bad := ids[0]
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			if row.ID == bad {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.refused[bad] = exhausted(row) // after this one its booking goes on
				return down, 0
			}
			return Result{Outcome: Delivered}, 0
		}
		p := s.start("a", func(c *Config) { c.Lease, c.Poll = time.Hour, 10*time.Second })
		died := time.Duration(0)
		for time.Since(s.began) < 240*time.Hour && died == 0 {
			ids = append(ids, s.hook(1, 1, 2, 2)[1]) // of another booking; the first of them is behind the bad one
			p.w.Wake(restaurant(1), SourceCommit)
			wait(t.Context(), 10*time.Minute)
			s.memory.mu.Lock()
			if _, is := s.memory.dead[bad]; is {
				died = time.Since(s.began)
			}
			s.memory.mu.Unlock()
		}
		s.empty(30 * time.Minute)
		s.right(ids[1:])
		if s.died()[bad].Cause != store.CauseExhausted || died < retryFor || died > 2*retryFor+24*time.Hour {
			t.Errorf("it died after %s of cause %q", died, s.died()[bad].Cause)
		}
		if s.tries(bad) < retryAttempts {
			t.Errorf("it died after %d attempts", s.tries(bad))
		}
		if len(s.died()) != 1 {
			t.Errorf("%d rows died", len(s.died()))
		}
	})
}

// What a receiver refuses for good is dead at once, and its booking goes on.
func TestARefusalIsDeadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		ids := s.hook(1, 1, 1, 10)
		s.behave = func(_ *process, row store.OutboxRow) (Result, time.Duration) {
			switch row.ID {
			case ids[3]:
				return Result{Outcome: Dead, Err: errGone}, 0
			case ids[4]:
				return Result{Outcome: Dead, Cause: store.CauseGone}, 0
			}
			return Result{Outcome: Delivered}, 0
		}
		s.start("a")
		s.empty(2 * time.Second)
		s.right(ids, store.CauseRefused, store.CauseGone)
		if s.died()[ids[3]].Cause != store.CauseRefused || s.died()[ids[4]].Cause != store.CauseGone || len(s.died()) != 2 {
			t.Errorf("dead: %+v", s.died())
		}
		if a, b := s.died()[ids[3]].Key, s.died()[ids[4]].Key; a == b || len(a) != len(store.ToldPrefix)+36 {
			t.Errorf("the keys of their events are %q and %q", a, b)
		}
	})
}

// A worker dies with rows at hand. Its lanes are taken when its lease ends; what it
// had delivered and not settled comes twice, nothing else does.
func TestTakeoverAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, 10 * time.Millisecond
		}
		var ids []int64
		for e := range 20 {
			ids = append(ids, s.hook(e, e, 3, 100)...)
		}
		a := s.start("a")
		wait(t.Context(), 95*time.Millisecond)
		open := s.open()
		a.kill()
		killed := time.Since(s.began)
		s.start("b")
		wait(t.Context(), 3500*time.Millisecond)
		first := time.Hour
		for _, id := range ids {
			if at := s.took(id); at > killed {
				first = min(first, at)
			}
		}
		if first-killed > 4*time.Second {
			t.Errorf("the first delivery after the kill came after %s, the lease is 3 s", first-killed)
		}
		s.empty(time.Minute)
		s.right(ids)
		if open == 0 || s.again() > open {
			t.Errorf("%d rows were delivered twice; %d were on their way or not settled at the kill", s.again(), open)
		}
		if len(s.died()) != 0 {
			t.Errorf("innocent rows died: %v", s.died())
		}
	})
}

// A row kills every worker that delivers it. It dies after the third handover, and
// takes none of its neighbours with it.
func TestAPoisonRowKillsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var ids []int64
		for e := range 12 {
			ids = append(ids, s.hook(e, e, 3, 40)...)
		}
		bad := ids[40*5+7]
		kills := 0
		s.behave = func(p *process, row store.OutboxRow) (Result, time.Duration) {
			if row.ID == bad {
				kills++
				s.mu.Lock()
				s.refused[bad] = true
				s.mu.Unlock()
				p.kill()
			}
			return Result{Outcome: Delivered}, time.Millisecond
		}
		for life := range 12 {
			p := s.start(string(rune('a' + life)))
			wait(t.Context(), 4*time.Second)
			if !p.isDead() {
				break
			}
		}
		s.empty(time.Minute)
		s.right(ids, store.CauseCrashLoop)
		if s.died()[bad].Cause != store.CauseCrashLoop || len(s.died()) != 1 {
			t.Errorf("dead: %+v", s.died())
		}
		if kills != handoversMost {
			t.Errorf("it killed %d workers, want %d", kills, handoversMost)
		}
	})
}

// The queue does not answer for longer than the lease, and another takes over. By its
// own clock the worker knows, and stops what it has under way before that.
func TestALostLeaseEndsDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(p *process, _ store.OutboxRow) (Result, time.Duration) {
			if p.w.c.Name == "a" {
				return Result{Outcome: Delivered}, 20 * time.Second
			}
			return Result{Outcome: Delivered}, time.Millisecond
		}
		ids := s.hook(1, 1, 20, 60)
		a := s.start("a")
		wait(t.Context(), 500*time.Millisecond)
		a.stall(true)
		s.start("b")
		s.empty(30 * time.Second)
		a.stall(false)
		wait(t.Context(), time.Minute)
		s.right(ids)
		if s.again() != 0 {
			t.Errorf("%d rows were delivered twice: a delivery that was cut off was none", s.again())
		}
		s.memory.mu.Lock()
		if s.memory.fenced != 0 {
			t.Errorf("%d rows were settled with a lost lane", s.memory.fenced)
		}
		have := map[string]int{}
		for _, l := range s.memory.lanes {
			have[l.worker]++
		}
		s.memory.mu.Unlock()
		if have["a"] != 16 || have["b"] != 16 {
			t.Errorf("lanes after the stall: %v", have)
		}
	})
}

// The zombie: the database has given its lanes away before its own clock noticed.
func TestAZombieSettlesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, 400 * time.Millisecond
		}
		ids := s.hook(1, 1, 5, 5)
		s.start("a")
		wait(t.Context(), 200*time.Millisecond)
		ref := store.LaneRef{Sink: store.SinkWebhook, Lane: 1}
		s.memory.mu.Lock()
		s.memory.lanes[ref].worker = "other"
		s.memory.lanes[ref].token++
		s.memory.workers["other"] = s.memory.now().Add(2 * time.Second)
		s.memory.mu.Unlock()
		wait(t.Context(), 500*time.Millisecond)
		s.memory.mu.Lock()
		if len(s.memory.rows) != 5 || s.memory.fenced != 5 {
			t.Errorf("%d rows wait and %d outcomes were turned away, want 5 and 5", len(s.memory.rows), s.memory.fenced)
		}
		s.memory.mu.Unlock()
		s.empty(10 * time.Second)
		s.right(ids)
	})
}

// An outage of the queue costs nothing but time, and is told twice: when it begins
// and when it ends. Outcomes are kept until they are settled.
func TestAnOutageOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		logs := &lines{}
		ids := s.hook(1, 1, 10, 400)
		s.seen(1, 1000)
		a := s.start("a", func(c *Config) { c.Lease, c.Logger = time.Minute, logs.logger() })
		wait(t.Context(), 30*time.Millisecond)
		a.mu.Lock()
		a.deaf = func(call string) (bool, bool) { return call != "Beat", false }
		a.mu.Unlock()
		wait(t.Context(), 30*time.Second)
		s.memory.mu.Lock()
		left := len(s.memory.rows)
		s.memory.mu.Unlock()
		a.mu.Lock()
		a.deaf = nil
		a.mu.Unlock()
		s.empty(time.Minute)
		s.right(ids)
		if left == 0 || s.again() != 0 {
			t.Errorf("%d rows were left at the outage, %d came twice after it", left, s.again())
		}
		if got := logs.all(); len(got) < 2 || len(got) > 8 {
			t.Errorf("an outage of 30 seconds logged %d lines: %v", len(got), got)
		}
	})
}

// Chaos: workers come, stall and die, questions fail before or after they took
// effect, receivers fail. Whatever happens, the order holds, one row of a booking is
// delivered at a time, and nothing is lost.
func TestChaos(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(string(rune('a'+seed)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		})
	}
}

func chaos(t *testing.T, seed uint64) {
	t.Helper()
	s := newStage(t)
	s.random = seeded(seed)
	s.behave = func(*process, store.OutboxRow) (Result, time.Duration) {
		takes := s.part(20 * time.Millisecond)
		switch n := s.part(100); {
		case n < 3:
			return down, takes
		case n < 4:
			return Result{Err: errGone, After: s.part(2 * time.Second)}, takes
		case n < 5:
			return Result{Outcome: Delivered}, s.part(3 * time.Second)
		}
		return Result{Outcome: Delivered}, takes
	}
	var ids []int64
	var live []*process
	born, deaths, open := 0, 0, 0
	bear := func() {
		born++
		p := s.start(string(rune('A'+born%26))+string(rune('0'+born/26)), func(c *Config) {
			c.Lease, c.PerFlow, c.Batch, c.InFlight = 2*time.Second, 10, 40, 8
		})
		p.mu.Lock()
		p.deaf = func(string) (bool, bool) { n := s.part(1000); return n < 15, n >= 15 && n < 30 }
		p.mu.Unlock()
		live = append(live, p)
	}
	bear()
	for range 120 {
		switch n := s.part(100); {
		case n < 45:
			e := int(s.part(24))
			ids = append(ids, s.hook(e/4, e, 3, 1+int(s.part(20)))...)
			s.seen(e/4, 2)
			live[0].w.Wake(restaurant(e/4), SourceCommit)
		case n < 55 && len(live) < 4:
			bear()
		case n < 62 && len(live) > 1:
			deaths++
			open += s.open()
			live[0].kill()
			live = live[1:]
		case n < 66 && len(live) > 1:
			live[0].stop()
			live = live[1:]
		case n < 72:
			deaths++
			open += s.handed() // it goes on until it notices
			live[int(s.part(time.Duration(len(live))))].stall(true)
		case n < 85:
			for _, p := range live {
				p.stall(false)
			}
		}
		wait(t.Context(), s.part(400*time.Millisecond))
	}
	for _, p := range live {
		p.stall(false)
		p.mu.Lock()
		p.deaf = nil
		p.mu.Unlock()
	}
	s.behaves(func(*process, store.OutboxRow) (Result, time.Duration) {
		return Result{Outcome: Delivered}, time.Millisecond
	})
	s.empty(time.Hour)
	s.right(ids, store.CauseCrashLoop) // who is at hand at three deaths is taken for the cause
	if len(s.died()) > deaths/handoversMost {
		t.Errorf("%d rows died of %d deaths of workers", len(s.died()), deaths)
	}
	if s.again() > open {
		t.Errorf("%d rows were delivered twice; %d were on their way or not settled when something went wrong", s.again(), open)
	}
	if len(ids) == 0 || born < 2 {
		t.Error("nothing happened")
	}
}
