package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is an outbox, a receiver and the workers between them.
type stage struct {
	t      *testing.T
	memory *memory
	random *rand.Rand

	mu       sync.Mutex
	sent     map[int64]int  // deliveries that the receiver took, by row
	refused  map[int64]bool // by the receiver, or not even shown to it
	times    map[int64]time.Duration
	tried    map[int64]int
	inFlight map[string]*process // by aggregate
	crowd    map[seating.RestaurantID]int
	most     int // in flight of one restaurant
	wrong    []string
	began    time.Time
	behave   func(p *process, row store.OutboxRow) (Result, time.Duration)
}

// process is one life of a worker.
type process struct {
	s      *stage
	w      *Worker
	cancel context.CancelFunc
	ended  chan struct{}

	mu   sync.Mutex
	dead bool                                   // killed: nothing of it has an effect any more
	hole bool                                   // its questions are not answered
	deaf func(call string) (before, after bool) // fails a question, before or after it took effect
}

func newStage(t *testing.T) *stage {
	t.Helper()
	return &stage{
		t: t, memory: newMemory(), random: rand.New(rand.NewPCG(1, 2)), sent: map[int64]int{}, refused: map[int64]bool{}, times: map[int64]time.Duration{},
		tried: map[int64]int{}, inFlight: map[string]*process{}, crowd: map[seating.RestaurantID]int{}, began: time.Now(),
		behave: func(*process, store.OutboxRow) (Result, time.Duration) {
			return Result{Outcome: Delivered}, time.Millisecond
		},
	}
}

// part is seeded, and locked because workers draw at the same time.
func (s *stage) part(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.random.Int64N(int64(d)))
}

func (s *stage) newID() (id [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range id {
		id[i] = byte(s.random.Uint32())
	}
	return id
}

// start runs a worker; the test ends it.
func (s *stage) start(name string, with ...func(*Config)) *process {
	p := s.hire(name, with...)
	ctx, cancel := context.WithCancel(s.t.Context())
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		p.w.Run(ctx)
	}()
	s.t.Cleanup(p.stop)
	return p
}

func (s *stage) hire(name string, with ...func(*Config)) *process {
	p := &process{s: s, ended: make(chan struct{})}
	c := Config{
		Queue: p, Sinks: []Sink{p}, Name: name, NewID: s.newID, Now: time.Now, Random: s.part, Lease: 3 * time.Second,
		Backlog: s.memory.backlog, Rows: s.memory.list,
	}
	for _, w := range with {
		w(&c)
	}
	p.w = New(c)
	return p
}

// stop ends a worker in order.
func (p *process) stop() {
	p.cancel()
	<-p.ended
}

// kill ends a worker as a crash does: nothing of it counts from now on.
func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.s.mu.Lock()
	for a, who := range p.s.inFlight {
		if who == p {
			delete(p.s.inFlight, a)
		}
	}
	p.s.mu.Unlock()
	p.cancel()
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *process) stall(hole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hole = hole
}

// asked does a question, or what befalls it.
func asked[T any](ctx context.Context, p *process, name string, do func() (T, error)) (T, error) {
	var none T
	p.mu.Lock()
	dead, hole, deaf := p.dead, p.hole, p.deaf
	p.mu.Unlock()
	if hole {
		<-ctx.Done()
		return none, ctx.Err()
	}
	if dead {
		return none, errGone
	}
	before, after := false, false
	if deaf != nil {
		before, after = deaf(name)
	}
	if before {
		return none, errors.New("no connection")
	}
	wait(ctx, 300*time.Microsecond)
	if p.isDead() {
		return none, errGone
	}
	got, err := do()
	if after {
		return none, errors.New("the connection is gone")
	}
	return got, err
}

func wait(ctx context.Context, d time.Duration) { pause(ctx, d) }

func (p *process) Beat(ctx context.Context, b store.Beat) (store.Share, error) {
	return asked(ctx, p, "Beat", func() (store.Share, error) { return p.s.memory.Beat(ctx, b) })
}

func (p *process) GiveUp(ctx context.Context, worker string, lanes []store.LaneRef) error {
	_, err := asked(ctx, p, "GiveUp", func() (int, error) { return 0, p.s.memory.GiveUp(ctx, worker, lanes) })
	return err
}

func (p *process) Turn(ctx context.Context, t store.Turn) (store.Turned, error) {
	return asked(ctx, p, "Turn", func() (store.Turned, error) { return p.s.memory.Turn(ctx, t) })
}

func (p *process) Suspect(ctx context.Context, worker, sink string, lane store.Claim, flow seating.FlowID, last int64) (*store.OutboxRow, error) {
	return asked(ctx, p, "Suspect", func() (*store.OutboxRow, error) { return p.s.memory.Suspect(ctx, worker, sink, lane, flow, last) })
}

func (p *process) Move(ctx context.Context, m store.Move) (store.Moved, error) {
	return asked(ctx, p, "Move", func() (store.Moved, error) { return p.s.memory.Move(ctx, m) })
}

func (p *process) Waiting(ctx context.Context, worker string) ([]string, error) {
	return asked(ctx, p, "Waiting", func() ([]string, error) { return p.s.memory.Waiting(ctx, worker) })
}

func (p *process) OutboxRows(ctx context.Context, sink string, after int64, limit int) ([]store.OutboxRow, error) {
	return asked(ctx, p, "OutboxRows", func() ([]store.OutboxRow, error) { return p.s.memory.OutboxRows(ctx, sink, after, limit) })
}

// Name makes a process the sink of its own worker.
func (*process) Name() string { return store.SinkWebhook }

// Deliver is the receiver: it takes rows side by side, and looks whether they may
// come now.
func (p *process) Deliver(ctx context.Context, batch []Item) []Result {
	results := make([]Result, len(batch))
	var all sync.WaitGroup
	for i, item := range batch {
		all.Go(func() { results[i] = p.one(ctx, item.Row) })
	}
	all.Wait()
	return results
}

func (p *process) one(ctx context.Context, row store.OutboxRow) Result {
	s := p.s
	if !s.arrives(p, row) {
		return Result{Err: errGone}
	}
	result, takes := s.behaviour()(p, row)
	wait(ctx, takes)
	if p.isDead() {
		return Result{Err: errGone}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, row.Aggregate)
	s.crowd[row.Restaurant]--
	if ctx.Err() != nil {
		return Result{Err: ctx.Err()}
	}
	s.refused[row.ID] = s.refused[row.ID] || result.Outcome == Dead
	if result.Outcome == Delivered {
		s.sent[row.ID]++
		if s.sent[row.ID] == 1 {
			s.times[row.ID] = time.Since(s.began)
		}
	}
	return result
}

// behaviour is how the receiver behaves now; behaves changes that.
func (s *stage) behaviour() func(*process, store.OutboxRow) (Result, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behave
}

func (s *stage) behaves(as func(*process, store.OutboxRow) (Result, time.Duration)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behave = as
}

// left counts rows that wait.
func (s *stage) left() int {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return len(s.memory.rows)
}

// row is one that waits; nil: it does not.
func (s *stage) row(id int64) *store.OutboxRow {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if row := s.memory.rows[id]; row != nil {
		return new(*row)
	}
	return nil
}

// died are those that were given up.
func (s *stage) died() map[int64]store.Died {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return maps.Clone(s.memory.dead)
}

// moved counts those of the observability sink that are there.
func (s *stage) moved() int {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	return len(s.memory.moved)
}

// tries counts deliveries that began, of a row.
func (s *stage) tries(id int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried[id]
}

// owners counts the lanes of each worker.
func (s *stage) owners() map[string]int {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	have := map[string]int{}
	for _, l := range s.memory.lanes {
		have[l.worker]++
	}
	return have
}

// took is when the receiver took a row, after the test began.
func (s *stage) took(id int64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.times[id]
}

// arrives looks at what holds whatever happens: one row of an aggregate at a time, and
// none before those that are in front of it. Nothing arrives from a process that is
// dead.
func (s *stage) arrives(p *process, row store.OutboxRow) bool {
	s.memory.mu.Lock()
	var before []int64
	for _, id := range s.memory.flows[lanePlace{store.LaneRef{Sink: row.Sink, Lane: row.Lane}, row.Flow}] {
		if id >= row.ID {
			break
		}
		if s.memory.rows[id].Aggregate == row.Aggregate && s.memory.rows[id].Handovers < handoversMost {
			before = append(before, id)
		}
	}
	s.memory.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.isDead() { // asked where kill forgets what it had on its way
		return false
	}
	if who := s.inFlight[row.Aggregate]; who != nil {
		s.wrong = append(s.wrong, fmt.Sprintf("row %d at %s while another of %s is delivered by %s", row.ID, p.w.c.Name, row.Aggregate, who.w.c.Name))
	}
	for _, id := range before {
		if s.sent[id] == 0 && !s.refused[id] {
			s.wrong = append(s.wrong, fmt.Sprintf("row %d before row %d of %s", row.ID, id, row.Aggregate))
		}
	}
	s.inFlight[row.Aggregate] = p
	s.tried[row.ID]++
	s.crowd[row.Restaurant]++
	s.most = max(s.most, s.crowd[row.Restaurant])
	return true
}

// flow is an endpoint by number; those of one restaurant share its number.
func flow(n int) seating.FlowID {
	return seating.FlowID{0: 1, 8: 0x80, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

func restaurant(n int) seating.RestaurantID {
	return seating.RestaurantID{0: 2, 8: 0x80, 14: byte(n >> 8), 15: byte(n)}
}

var payload = func() json.RawMessage {
	b, err := json.Marshal(seating.EventPayload{SchemaVersion: seating.EventSchemaVersion, Version: seating.Version{Epoch: "e", N: 1}, What: "party of four"})
	if err != nil {
		panic(err)
	}
	return b
}()

// hook commits n rows for an endpoint of a restaurant, over so many bookings.
func (s *stage) hook(r, endpoint, bookings, n int) (ids []int64) {
	for i := range n {
		ids = append(ids, s.memory.put(store.OutboxRow{
			Sink: store.SinkWebhook, Flow: flow(endpoint), Endpoint: seating.EndpointID(flow(endpoint)), Restaurant: restaurant(r),
			Aggregate: fmt.Sprintf("%d/%d", endpoint, i%bookings), EventType: seating.EventBookingCreated,
			SchemaVersion: seating.EventSchemaVersion, Payload: payload,
		}))
	}
	return ids
}

// seen commits n rows for the observability sink.
func (s *stage) seen(r, n int) {
	for range n {
		s.memory.put(store.OutboxRow{
			Sink: store.SinkObservability, Flow: seating.FlowID(restaurant(r)), Restaurant: restaurant(r), Aggregate: "restaurant",
			EventType: seating.EventFloorChanged, SchemaVersion: seating.EventSchemaVersion, Payload: payload,
		})
	}
}

// empty waits until nothing waits any more, at most so long, and returns how long it took.
func (s *stage) empty(within time.Duration) time.Duration {
	s.t.Helper()
	began := time.Now()
	for time.Since(began) < within {
		s.memory.mu.Lock()
		left := len(s.memory.rows)
		s.memory.mu.Unlock()
		if left == 0 {
			return time.Since(began)
		}
		wait(s.t.Context(), 5*time.Millisecond)
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.t.Fatalf("%d rows still wait after %s: %v", len(s.memory.rows), within, slices.Sorted(maps.Keys(s.memory.rows))[:1])
	return 0
}

// right demands what holds whatever happened, and that each row was taken, or died
// of something the test wants.
func (s *stage) right(ids []int64, causes ...string) {
	s.t.Helper()
	synctest.Wait()
	dead := s.died()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wrong) > 0 {
		s.t.Fatalf("%d rows came when they must not; the first: %s", len(s.wrong), s.wrong[0])
	}
	for _, id := range ids {
		if d := dead[id]; s.sent[id] == 0 && !slices.Contains(causes, d.Cause) {
			s.t.Fatalf("row %d was lost; its death: %q %q", id, d.Cause, d.Error)
		}
	}
}

// open counts rows that the receiver has or takes and that are not settled.
func (s *stage) open() (n int) {
	synctest.Wait()
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.memory.rows {
		if s.sent[id] > 0 {
			n++
		}
	}
	return n + len(s.inFlight)
}

// handed counts rows that workers have at hand, begun or not.
func (s *stage) handed() (n int) {
	synctest.Wait()
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for id, row := range s.memory.rows {
		if last, is := s.memory.lanes[store.LaneRef{Sink: row.Sink, Lane: row.Lane}].handed[row.Flow]; is && id <= last {
			n++
		}
	}
	return n
}

// again is how many deliveries there were beyond one for each row.
func (s *stage) again() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.sent {
		n += times - 1
	}
	return n
}
