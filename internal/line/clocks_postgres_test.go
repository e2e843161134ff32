package line_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// drift is a monotonic clock that is not as it should be.
type drift struct {
	mu    sync.Mutex
	base  func() time.Duration
	rate  float64
	asleep time.Duration // lost in suspensions so far
}

func (d *drift) now() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(float64(d.base())*d.rate) - d.asleep
}

// sleep is a suspension: the clock has not noticed how much time has passed.
func (d *drift) sleep(passed time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asleep += passed
}

// hourAhead makes ids as a process does whose wall clock is an hour ahead.
func hourAhead() [16]byte {
	id := newID()
	var ms [8]byte
	copy(ms[2:], id[:6])
	binary.BigEndian.PutUint64(ms[:], binary.BigEndian.Uint64(ms[:])+uint64(time.Hour/time.Millisecond))
	copy(id[:6], ms[2:])
	return id
}

// H12: the clocks of processes decide nothing. A process's wall clock is in its ids
// only, and its monotonic clock in its reckoning of the database's time. Of three
// processes one makes ids of the hour to come, the monotonic clock of the second runs
// a tenth too fast, and the third is suspended now and then. Who may hold what, when a
// hold is over, and what came first are the same at all of them.
func TestH12_ClocksOfThreeProcesses(t *testing.T) {
	onEachFleet(t, func(f fleet, t *stage) {
		fast, suspended := &drift{rate: 1.1}, &drift{rate: 1}
		s := f.startWith(t, func(i int, s *stack) parts {
			fast.base, suspended.base = s.elapsed, s.elapsed
			return []parts{
				{mono: s.elapsed, newID: hourAhead},
				{mono: fast.now, newID: newID},
				{mono: suspended.now, newID: newID},
			}[i]
		})
		s.clock.Set(at("15:00"))
		r := s.restaurant(t, "clocks", rivals(6))
		draw := rand.New(rand.NewPCG(7, 11))
		tables := [][]int{{1}, {2}, {3}, {1, 2}, {2, 3}}
		holds, granted, lapsed := 0, 0, 0
		for range 200 {
			h := r.house(t)
			now := s.clock.Instant()
			at := r.by(draw.IntN(processes))
			booking := housetest.Booking(1 + draw.IntN(6))
			e := h.Booking(booking)
			switch kind := draw.IntN(10); {
			case kind < 5 || e.Hold == nil:
				wanted := tables[draw.IntN(len(tables))]
				holds++
				taken := false
				for _, o := range h.Bookings() {
					if o.ID == booking || o.Hold == nil || o.Hold.ExpiresAt <= now {
						continue
					}
					for _, a := range o.Hold.Allocations {
						taken = taken || slices.Contains(housetest.Tables(wanted...), a.Table)
					}
				}
				for _, o := range h.Bookings() {
					for _, a := range o.Allocations {
						taken = taken || o.ID != booking && slices.Contains(housetest.Tables(wanted...), a.Table)
					}
				}
				a, err := at.do(t.Context(), housetest.Host(string(rune('a'+draw.IntN(20)))), hold(holds, int(1+draw.IntN(1)), wanted...).of(booking))
				switch {
				case err != nil && err.Code == seating.CodeRateLimited:
				case taken && (err == nil || err.Code.Entry().Status != 409):
					t.Fatalf("hold of %v at %s = %v, want a conflict", wanted, now, err)
				case !taken && err != nil:
					t.Fatalf("hold of %v at %s = %v, want granted: nobody has it any more", wanted, now, err)
				case !taken:
					granted++
					off := a.Result.Hold.ExpiresAt.Sub(now) - 3*time.Minute
					if off < -time.Second || off > time.Second {
						t.Errorf("a hold made at %s ends at %s, %v off", now, a.Result.Hold.ExpiresAt, off)
					}
				}
			case kind < 7:
				_, err := at.do(t.Context(), cleo, decide.ConfirmHold{Hold: e.Hold.ID})
				switch live := e.Hold.ExpiresAt > now; {
				case live && err != nil:
					t.Fatalf("confirm at %s of a hold until %s = %v, want granted", now, e.Hold.ExpiresAt, err)
				case !live && (err == nil || err.Code != seating.CodeHoldExpired):
					t.Fatalf("confirm at %s of a hold until %s = %v, want HOLD_EXPIRED", now, e.Hold.ExpiresAt, err)
				case !live:
					lapsed++
				}
			default:
				if _, err := at.do(t.Context(), cleo, decide.Unassign{Booking: booking}); err != nil {
					t.Fatalf("unassign = %v, want granted", err)
				}
			}
			step := time.Duration(draw.IntN(90_000)) * time.Millisecond
			s.clock.Advance(step)
			if draw.IntN(3) == 0 {
				suspended.sleep(step)
			}
		}
		t.Logf("%d of %d holds granted, %d confirms of lapsed ones refused", granted, holds, lapsed)
		if granted < 20 || lapsed == 0 {
			t.Errorf("%d of %d holds granted, %d confirms of lapsed ones refused: they do not reach far", granted, holds, lapsed)
		}
		// The order is that of the versions, whatever the ids say.
		dump, err := s.store.Dump(t.Context(), r.id)
		if err != nil {
			t.Fatalf("Dump: %v", err)
		}
		var last servicetime.Instant
		for _, e := range dump.Journal {
			if e.At < last {
				t.Errorf("version %d is at %s, before the one before it", e.Version, e.At)
			}
			last = e.At
		}
		rows, err := s.store.OutboxRows(t.Context(), store.SinkObservability, 0, 100_000)
		if err != nil {
			t.Fatalf("OutboxRows: %v", err)
		}
		seq := map[string]int64{}
		for _, row := range rows {
			if row.Restaurant == r.id && row.AggregateSeq < seq[row.Aggregate] {
				t.Errorf("event %d of %s is of version %d, behind one of version %d", row.ID, row.Aggregate, row.AggregateSeq, seq[row.Aggregate])
			}
			seq[row.Aggregate] = row.AggregateSeq
		}
		r.verified(t)
	})
}
