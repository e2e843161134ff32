package line_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/query"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/postgres/pgtest"
	"github.com/maitred/maitred/internal/store/storetest"
)

// counted is an engine whose flushes are counted twice: by its store, and on the
// wire.
type counted struct {
	*restaurant
	gate *wire

	mu    sync.Mutex
	wired int64 // syncs and simple queries
}

// hall is a house with n tables of four, T9 and up, and as many parties of four.
func hall(n int) func(*house.State) {
	return func(s *house.State) {
		rivals(n)(s)
		for i := range n {
			table := s.Tables[0]
			table.ID, table.Number = housetest.Table(9+i), fmt.Sprintf("T%d", 9+i)
			s.Tables = append(s.Tables, table)
		}
	}
}

// count makes an engine beside others, with one connection. Its monotonic clock
// stands, so that what was current a moment ago stays so: proofs are another
// matter.
func count(t testing.TB, pooler bool) *counted {
	t.Helper()
	s := &stack{clock: storetest.NewClock(), db: pgtest.Database(t)}
	set := s.db.FakeClock(t)
	s.clock.Set(at("18:00"))
	set(s.clock.Now())
	c := &counted{}
	proxy := pgtest.NewProxy(t, s.db.URL)
	proxy.OnMessage(func(m pgtest.Message) {
		// A pool asks whether a connection that was idle for a second still lives. A
		// machine that is busy with other things makes one idle.
		if (m.Type == 'S' || m.Type == 'Q') && m.Direction == pgtest.ToServer && !strings.Contains(m.Text, "ping") {
			c.mu.Lock()
			c.wired++
			c.mu.Unlock()
		}
	})
	s.postgres = dial(t, postgres.Config{URL: proxy.URL(s.db.URL), Pooler: pooler, MaxConns: 1})
	s.store = s.postgres
	c.restaurant = s.restaurant(t, "count", hall(80))
	c.gate = &wire{Seating: s.store, lose: func(int) (bool, bool) { return true, true }}
	s.houses = live.New(c.gate, live.Config{Shared: true, Monotonic: s.monotonic})
	s.lines = line.New(c.gate, s.houses, line.Config{NewID: newID})
	t.Cleanup(s.lines.Close)
	return c
}

func (c *counted) flushes() (store, wire int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.postgres.Stats().Flushes, c.wired
}

// whatever it costs.
const whatever = -1

// costs demands that something takes that many flushes, whoever counts.
func (c *counted) costs(t *testing.T, what string, want int64, do func()) {
	t.Helper()
	store, wire := c.flushes()
	do()
	storeAfter, wireAfter := c.flushes()
	if want != whatever && (storeAfter-store != want || wireAfter-wire != want) {
		t.Errorf("%s took %d flushes, %d on the wire, want %d", what, storeAfter-store, wireAfter-wire, want)
	}
}

// life is every command of a manual flow, for bookings from n on; each costs as
// much.
func (c *counted) life(t *testing.T, n int, each int64) {
	t.Helper()
	granted := func(what string, do decide.Command) {
		t.Helper()
		c.costs(t, what, each, func() { c.ok(t, anna, do) })
	}
	granted("a hold", hold(n, n, 9))
	granted("an extension", decide.ExtendHold{Hold: housetest.Hold(n), By: 300})
	granted("a confirm", decide.ConfirmHold{Hold: housetest.Hold(n)})
	granted("a hold of two tables", hold(n+1, n+1, 1, 2))
	granted("a release", decide.ReleaseHold{Hold: housetest.Hold(n + 1)})
	granted("an assign", decide.Assign{Booking: housetest.Booking(n + 1), Tables: housetest.Tables(3)})
	granted("an unassign", decide.Unassign{Booking: housetest.Booking(n + 1)})
	granted("a cancel", decide.Cancel{Booking: housetest.Booking(n)})
	granted("a cancel of one without tables", decide.Cancel{Booking: housetest.Booking(n + 1)})
}

// busy lets a command wait at the commit while do brings others, and then go on.
func (c *counted) busy(t *testing.T, booking, waiting int, do func()) {
	t.Helper()
	at, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	c.gate.lose = func(int) (bool, bool) {
		once.Do(func() {
			close(at)
			<-gate
		})
		return true, true
	}
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := c.do(t.Context(), cleo, decide.Cancel{Booking: housetest.Booking(booking)}); err != nil {
			t.Errorf("cancel = %v, want granted", err)
		}
	})
	<-at
	go func() {
		for line.Waiting(c.lines, c.id) < waiting {
			runtime.Gosched()
		}
		close(gate)
	}()
	do()
	first.Wait()
}

// What a caller waits for is one flush, and none where memory knows.
func TestFlushesOfACommand(t *testing.T) {
	for name, pooler := range map[string]bool{"direct": false, "behind a pooler": true} {
		t.Run(name, func(t *testing.T) {
			c := count(t, pooler)
			c.house(t)
			if pooler { // what a statement looks like is asked once
				c.life(t, 1, whatever)
			}
			c.life(t, 3, 1)
			t.Run("refusals", func(t *testing.T) {
				c.ok(t, ben, hold(5, 5, 4))
				if pooler {
					c.refused(t, anna, hold(6, 6, 4), seating.CodeHoldConflict)
				}
				c.costs(t, "a refusal", 1, func() { c.refused(t, anna, hold(6, 6, 4), seating.CodeHoldConflict) })
				c.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(98)}, seating.CodeNotFound)
				c.costs(t, "a refusal of a hold that is not known", 2, func() { // its house, and then whether it has ended
					c.refused(t, anna, decide.ConfirmHold{Hold: housetest.Hold(99)}, seating.CodeNotFound)
				})
				c.costs(t, "a commit and 32 refusals that came meanwhile", 2, func() {
					c.busy(t, 7, 32, func() {
						for i, err := range atOnce(32, func(i int) *seating.Error {
							_, err := c.do(t.Context(), housetest.Host(fmt.Sprint("host-", i)), hold(100+i, 10+i, 4))
							return err
						}) {
							if err == nil || err.Code != seating.CodeHoldConflict {
								t.Errorf("hold %d = %v, want HOLD_CONFLICT", i, err)
							}
						}
					})
				})
			})
			t.Run("32 at once", func(t *testing.T) {
				before, batches := c.changes(), c.commits()
				c.costs(t, "a commit and 32 holds of different tables that came meanwhile", 2, func() {
					c.busy(t, 8, 32, func() {
						for i, err := range atOnce(32, func(i int) *seating.Error {
							_, err := c.do(t.Context(), housetest.Host(fmt.Sprint("host-", i)), hold(200+i, 10+i, 10+i))
							return err
						}) {
							if err != nil {
								t.Errorf("hold %d = %v, want granted", i, err)
							}
						}
					})
				})
				if changes, batches := c.changes()-before, c.commits()-batches; changes != 33 || batches != 2 {
					t.Errorf("%d changes in %d batches, want 33 in 2", changes, batches)
				}
			})
			t.Run("reads", func(t *testing.T) {
				reader := query.New(c.houses, c.store)
				version := c.house(t).Public()
				c.costs(t, "context and validate", 0, func() {
					h, err := reader.House(t.Context(), c.id, &version)
					if err != nil {
						t.Fatalf("House: %v", err)
					}
					e, h, err := reader.Entry(t.Context(), h, housetest.Booking(50))
					if err != nil {
						t.Fatalf("Entry: %v", err)
					}
					if seen := query.ContextOf(h, e, anna.Principal, reader.Now()); len(seen.Tables) != 88 {
						t.Errorf("the context has %d tables, want 88", len(seen.Tables))
					}
					if _, _, err := reader.Validate(t.Context(), h, e, anna.Principal, query.Question{Tables: housetest.Tables(9), Seen: &version}); err != nil {
						t.Errorf("Validate: %v", err)
					}
				})
				if pooler {
					c.houses.Invalidate(c.id, "what a statement looks like is asked once")
					c.house(t)
				}
				c.houses.Invalidate(c.id, "it is to be loaded")
				c.costs(t, "a load", 1, func() { c.house(t) })
			})
			t.Run("lock first", func(t *testing.T) {
				line.Contend(c.lines, c.id)
				c.life(t, 60, whatever) // BEGIN, lock and journal are prepared when a connection first needs them
				c.life(t, 62, 2)
				c.refused(t, anna, hold(300, 64, 4), seating.CodeHoldConflict)
				c.costs(t, "a refusal under the lock", 2, func() { c.refused(t, anna, hold(301, 64, 4), seating.CodeHoldConflict) })
			})
			c.verified(t)
		})
	}
}
