package outbox

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Why a worker looks: what Wake is told, and its own reasons.
const (
	SourceCommit = "commit" // this process committed something
	SourceNotify = "notify" // another one did
	sourcePoll   = "poll"
	sourceSweep  = "sweep"
)

// Worker delivers what waits in the outbox. It may run beside others, in this
// process and elsewhere; the database shares the lanes out between them.
type Worker struct {
	c      Config
	names  []string // of its sinks
	sinks  map[string]*counter
	outage *outage
	once   chan struct{} // room for one: suspects are delivered one at a time, see suspects.go

	running                 sync.WaitGroup // deliveries
	delivered, failed, dead atomic.Int64

	mu    sync.Mutex
	desks []desk
	held  map[place]int // deliveries that run, also those of a tenure that has ended
	seen  store.Share
	at    time.Time // of seen
}

// counter is a sink with the places at it.
type counter struct {
	sink  Sink
	crowd *crowd
}

// place names a flow at a sink.
type place struct {
	sink string
	flow seating.FlowID
}

// desk serves one sink during one tenure.
type desk interface {
	run(stop context.Context)
	mail() *inbox
	// waits reports that it has nothing to do until somebody tells it.
	waits() bool
	// dry reports that a whole sweep found nothing, and nothing came since.
	dry() bool
	sink() string
}

// New makes a worker; Run or Drain starts it.
func New(c Config) *Worker {
	c = c.withDefaults()
	w := &Worker{
		c: c, names: []string{store.SinkObservability}, sinks: map[string]*counter{},
		outage: &outage{logger: c.Logger, now: c.Now, random: c.Random},
		once:   make(chan struct{}, 1), held: map[place]int{},
	}
	for _, s := range c.Sinks {
		w.names = append(w.names, s.Name())
		w.sinks[s.Name()] = &counter{sink: s, crowd: newCrowd(c.InFlight)}
	}
	return w
}

// Run delivers until ctx ends. Then it hands nothing out any more, gives deliveries
// at hand 5 seconds to end, settles them and gives its lanes up.
func (w *Worker) Run(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	defer w.ended(endWithin)
	if w.c.Backlog != nil && w.c.Metrics != nil {
		work.Go(func() { w.gauge(ctx) })
	}
	w.work(ctx, func(context.Context, []desk) {})
}

// Wake says that something of a restaurant was committed; zero: of any. It never
// blocks, and nothing rests on it. Source is SourceCommit or SourceNotify.
func (w *Worker) Wake(r seating.RestaurantID, source string) {
	w.c.Metrics.OutboxWake(source)
	w.mu.Lock()
	desks := w.desks
	w.mu.Unlock()
	for _, d := range desks {
		d.mail().wake(r)
	}
}

// work serves tenure after tenure. Beside each of them runs watch.
func (w *Worker) work(ctx context.Context, watch func(context.Context, []desk)) {
	for ctx.Err() == nil {
		t, share := w.begin(ctx)
		if t == nil {
			return
		}
		w.serve(ctx, t, share, watch)
		t.close()
	}
}

// serve is one tenure.
func (w *Worker) serve(ctx context.Context, t *tenure, share store.Share, watch func(context.Context, []desk)) { //nolint:contextcheck // it ends after ctx
	w.see(share)
	desks := w.seats(t)
	for _, d := range desks {
		d.mail().put(func(m *mail) { m.shares, m.all = append(m.shares, share), true })
	}
	w.open(desks)
	defer w.open(nil)

	var beside, work sync.WaitGroup
	beats, stopBeats := context.WithCancel(t.ctx)
	defer stopBeats()
	beside.Go(func() { w.keep(beats, t, desks) })
	polls, stopPolls := context.WithCancel(t.ctx)
	defer context.AfterFunc(ctx, stopPolls)()
	defer stopPolls()
	beside.Go(func() { w.poll(polls, desks) })
	beside.Go(func() { watch(polls, desks) })
	for _, d := range desks {
		work.Go(func() { d.run(ctx) })
	}
	work.Wait()
	// A beat that overtakes the farewell would take the lanes again.
	stopBeats()
	stopPolls()
	beside.Wait()
	if t.ctx.Err() == nil {
		w.leave(t) //nolint:contextcheck // a farewell is said when ctx has ended
	}
}

// seats makes the desks of a tenure.
func (w *Worker) seats(t *tenure) []desk {
	desks := []desk{newMover(w, t)}
	for _, s := range w.c.Sinks {
		desks = append(desks, newCounterDesk(w, t, w.sinks[s.Name()]))
	}
	return desks
}

func (w *Worker) open(desks []desk) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.desks = desks
}

func (w *Worker) see(share store.Share) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.at = share, w.c.Now()
}

// leave gives the lanes up at the end, all but those in which a delivery still
// runs: whoever takes one of these must take it from a dead worker.
func (w *Worker) leave(t *tenure) {
	ctx, cancel := context.WithTimeout(t.ctx, endWithin)
	defer cancel()
	w.ended(answerWithin)
	err := w.c.Queue.GiveUp(ctx, w.c.Name, w.clean())
	if err != nil {
		w.c.Logger.WarnContext(ctx, "lanes could not be given up; they are free when the lease ends", slog.Any("error", err))
	}
}

// ended waits for deliveries to end, for so long.
func (w *Worker) ended(within time.Duration) {
	all := make(chan struct{})
	go func() {
		w.running.Wait()
		close(all)
	}()
	bound := time.NewTimer(within)
	defer bound.Stop()
	select {
	case <-all:
	case <-bound.C:
	}
}

// clean lists the lanes in which no delivery runs; nil: none runs at all.
func (w *Worker) clean() []store.LaneRef {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return nil
	}
	taken := map[store.LaneRef]bool{}
	for p := range w.held {
		taken[store.LaneRef{Sink: p.sink, Lane: store.Lane(p.flow)}] = true
	}
	clean := []store.LaneRef{}
	for _, l := range w.seen.Lanes {
		if ref := (store.LaneRef{Sink: l.Sink, Lane: l.Lane}); !taken[ref] {
			clean = append(clean, ref)
		}
	}
	return clean
}

// hold notes that a delivery of a flow runs; what it returns notes its end.
func (w *Worker) hold(p place) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[p]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.held[p]--; w.held[p] == 0 {
			delete(w.held, p)
		}
	}
}

// holding lists the flows of a sink of which a delivery runs.
func (w *Worker) holding(sink string) []seating.FlowID {
	w.mu.Lock()
	defer w.mu.Unlock()
	var flows []seating.FlowID
	for p := range w.held {
		if p.sink == sink {
			flows = append(flows, p.flow)
		}
	}
	return flows
}

// poll looks from time to time although nobody woke the desks that have nothing to
// do, with one question for all of them.
func (w *Worker) poll(ctx context.Context, desks []desk) {
	wait := w.c.around(w.c.Poll)
	for {
		pause(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		wait = w.c.around(w.c.Poll)
		waiting := map[string]desk{}
		for _, d := range desks {
			if d.waits() {
				waiting[d.sink()] = d
			}
		}
		if len(waiting) == 0 {
			continue
		}
		sinks, err := w.ask(ctx)
		if again := w.outage.noted(ctx, "waiting", err); err != nil {
			wait = max(wait, again)
			continue
		}
		for _, s := range sinks {
			if d := waiting[s]; d != nil {
				w.c.Metrics.OutboxWake(sourcePoll)
				d.mail().wake(seating.RestaurantID{})
			}
		}
	}
}

func (w *Worker) ask(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.c.Lease)
	defer cancel()
	return w.c.Queue.Waiting(ctx, w.c.Name)
}

// gauge measures how things stand, from time to time.
func (w *Worker) gauge(ctx context.Context) {
	for ctx.Err() == nil {
		within, cancel := context.WithTimeout(ctx, gaugeEvery)
		backlog, err := w.c.Backlog(within)
		cancel()
		w.outage.noted(ctx, "backlog", err)
		for _, b := range backlog {
			age := time.Duration(0)
			if !b.Oldest.IsZero() {
				age = max(0, b.Now.Sub(b.Oldest))
			}
			w.c.Metrics.OutboxBacklog(b.Sink, b.Rows, b.Parked, age, b.Paused)
		}
		pause(ctx, w.c.around(gaugeEvery))
	}
}
