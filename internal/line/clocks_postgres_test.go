package line_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// drift is a monotonic clock that is not as it should be.
type drift struct {
	mu     sync.Mutex
	base   func() time.Duration
	rate   float64
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
		s := f.start(t, func(i int, s *stack) parts {
			switch i {
			case 0:
				return parts{mono: s.monotonic, newID: hourAhead}
			case 1:
				fast.base = s.monotonic
				return parts{mono: fast.now, newID: newID}
			default:
				suspended.base = s.monotonic
				return parts{mono: suspended.now, newID: newID}
			}
		})
		s.clock.Set(at("15:00"))
		g := &clockGame{stage: t, restaurant: s.restaurant(t, "clocks", rivals(6)), draw: rand.New(rand.NewPCG(7, 11))}
		for range 200 {
			g.step()
			passed := time.Duration(g.draw.IntN(90_000)) * time.Millisecond
			s.clock.Advance(passed)
			if g.draw.IntN(3) == 0 {
				suspended.sleep(passed)
			}
		}
		t.Logf("%d of %d holds granted, %d confirms of lapsed ones refused", g.granted, g.holds, g.lapsed)
		if g.granted < 20 || g.lapsed == 0 {
			t.Errorf("%d of %d holds granted, %d confirms of lapsed ones refused: they do not reach far", g.granted, g.holds, g.lapsed)
		}
		g.ordered()
		g.verified(t)
	})
}

// clockGame plays parties of one evening against processes, and knows from the
// database's time alone what must come of it.
type clockGame struct {
	*stage
	*restaurant
	draw                   *rand.Rand
	holds, granted, lapsed int
}

func (g *clockGame) step() {
	h, now := g.house(g), g.clock.Instant()
	p, booking := g.by(g.draw.IntN(processes)), housetest.Booking(1+g.draw.IntN(6))
	e := h.Booking(booking)
	switch kind := g.draw.IntN(10); {
	case kind < 5 || e.Hold == nil:
		g.hold(p, h, booking, now)
	case kind < 8:
		_, err := p.do(g.Context(), cleo, decide.ConfirmHold{Hold: e.Hold.ID})
		switch live := now < e.Hold.ExpiresAt; {
		case live && err != nil:
			g.Errorf("confirm at %s of a hold until %s = %v, want granted", now, e.Hold.ExpiresAt, err)
		case !live && (err == nil || err.Code != seating.CodeHoldExpired):
			g.Errorf("confirm at %s of a hold until %s = %v, want HOLD_EXPIRED", now, e.Hold.ExpiresAt, err)
		case !live:
			g.lapsed++
		}
	default:
		if _, err := p.do(g.Context(), cleo, decide.Unassign{Booking: booking}); err != nil {
			g.Errorf("unassign = %v, want granted", err)
		}
	}
}

func (g *clockGame) hold(p *restaurant, h *house.House, booking seating.BookingID, now servicetime.Instant) {
	tables := [][]seating.TableID{housetest.Tables(1), housetest.Tables(2), housetest.Tables(3)}[g.draw.IntN(3)]
	who := housetest.Host(fmt.Sprint("host-", g.draw.IntN(20)))
	g.holds++
	own := h.Booking(booking).Hold
	taken := own != nil && now < own.ExpiresAt && own.CreatedBy != who.Principal // by a colleague
	for o := range h.Bookings() {
		for _, a := range o.Allocations {
			taken = taken || o.ID != booking && slices.Contains(tables, a.Table)
		}
		if o.Hold != nil && now < o.Hold.ExpiresAt {
			for _, a := range o.Hold.Allocations {
				taken = taken || o.ID != booking && slices.Contains(tables, a.Table)
			}
		}
	}
	a, err := p.do(g.Context(), who, decide.MakeHold{ID: housetest.Hold(g.holds), Booking: booking, Tables: tables})
	switch {
	case taken && (err == nil || err.Code.Entry().Status != 409 && err.Code != seating.CodeRateLimited):
		g.Errorf("hold of %v at %s = %v, want a conflict: another has it", tables, now, err)
	case taken || err != nil && err.Code == seating.CodeRateLimited:
	case err != nil:
		g.Errorf("hold of %v at %s = %v, want granted: nobody has it", tables, now, err)
	default:
		g.granted++
		if off := a.Result.Hold.ExpiresAt.Sub(now.Add(3 * time.Minute)); off < -time.Second || off > time.Second {
			g.Errorf("a hold made at %s ends at %s, %v off", now, a.Result.Hold.ExpiresAt, off)
		}
	}
}

// ordered demands that what happened is told in the order of the versions, whatever
// the ids say.
func (g *clockGame) ordered() {
	dump, err := g.store.Dump(g.Context(), g.id)
	if err != nil {
		g.Fatalf("Dump: %v", err)
	}
	last := dump.Journal[0]
	for _, e := range dump.Journal[1:] {
		if e.Version != last.Version+1 || e.BaseHead != last.Head || e.At < last.At {
			g.Errorf("version %d at %s comes after version %d at %s", e.Version, e.At, last.Version, last.At)
		}
		last = e
	}
	rows, err := g.store.OutboxRows(g.Context(), store.SinkObservability, 0, 100_000)
	if err != nil || len(rows) == 0 {
		g.Fatalf("OutboxRows = %d rows, %v", len(rows), err)
	}
	version := map[string]int64{}
	for _, row := range rows {
		if row.AggregateSeq < version[row.Aggregate] {
			g.Errorf("event %d of %s is of version %d, behind one of version %d", row.ID, row.Aggregate, row.AggregateSeq, version[row.Aggregate])
		}
		version[row.Aggregate] = row.AggregateSeq
	}
}
