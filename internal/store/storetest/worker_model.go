package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// workerModelTests play two workers, commits, steals and late answers in any order,
// against a model of what must come of it.
var workerModelTests = []test{
	{"NothingIsLostDoubledOrOvertaken", func(t *testing.T, e Env) {
		var all tally
		for seed := range uint64(4) {
			all = all.plus(playWorkers(t, e, seed, 300))
		}
		if all.steals < 20 || all.late < 3 || all.failures < 10 || all.suspects < 3 || all.events < 150 {
			t.Errorf("the games play too little: %+v", all)
		}
	}},
}

// eventModel is what the model knows of an event on its way to an endpoint.
type eventModel struct {
	row       store.OutboxRow // as it was committed
	delivered int             // how often a receiver got it
	stolen    int             // how often it was at hand when its lane went over
	gone      bool            // acknowledged, or dead
	attempts  int
	parked    servicetime.Instant // its aggregate is parked behind it until then
}

// tally counts what a game was about.
type tally struct{ steals, late, failures, suspects, events int }

func (n tally) plus(o tally) tally {
	return tally{n.steals + o.steals, n.late + o.late, n.failures + o.failures, n.suspects + o.suspects, n.events + o.events}
}

// workersGame is one play.
type workersGame struct {
	t       *testing.T
	e       Env
	r       *rand.Rand
	seed    uint64
	seeds   []*Seed
	parties []seating.BookingID
	events  map[int64]*eventModel
	ids     []int64 // of events, in order
	players []*player
	order   map[string][]int64 // first deliveries, by aggregate

	tally
}

// player is a worker of the game.
type player struct {
	*outboxWorker
	hand  []store.OutboxRow // handed out and not answered, in order
	until servicetime.Instant
}

func playWorkers(t *testing.T, e Env, seed uint64, steps int) tally {
	t.Helper()
	g := &workersGame{t: t, e: e, r: rand.New(rand.NewPCG(seed, 7)), seed: seed, parties: parties(4), events: map[int64]*eventModel{}, order: map[string][]int64{}}
	for i := range 2 {
		d := Plant(t, e.Store, e.Clock, fmt.Sprintf("g%d-%d", seed, i))
		d.endpoint()
		g.seeds = append(g.seeds, d)
	}
	for range 2 {
		g.join()
	}
	moves := []func(){g.commit, g.commit, g.beat, g.hands, g.hands, g.hands, g.answer, g.answer, g.answer, g.tick, g.stall, g.circuit, g.share}
	for range steps {
		moves[g.r.IntN(len(moves))]()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	g.drain()
	if t.Failed() {
		t.Fatalf("seed %d", seed)
	}
	return g.tally
}

// join lets a new worker in.
func (g *workersGame) join() {
	p := &player{outboxWorker: g.e.worker(g.t, store.SinkWebhook)}
	g.players = append(g.players, p)
	g.beats(p)
}

// alive reports whether the lease of a player lasts.
func (g *workersGame) alive(p *player) bool { return g.e.Clock.Instant() < p.until }

// owns reports whether a player has the lane of a row now, as far as beats tell.
func (g *workersGame) owner(lane int) (owner *player, claim store.Claim) {
	for _, p := range g.players {
		for _, l := range p.share.Lanes {
			if l.Lane == lane && (owner == nil || l.Token > claim.Token) {
				owner, claim = p, l.Claim
			}
		}
	}
	return owner, claim
}

// beats renews a lease. Lanes that come from a player whose lease was over are
// stolen: what that one has at hand may be delivered twice from now on.
func (g *workersGame) beats(p *player) {
	g.t.Helper()
	before := map[int]*player{}
	for lane := range store.Lanes {
		before[lane], _ = g.owner(lane)
	}
	p.beats()
	p.until = p.share.Until
	for _, l := range p.share.Lanes {
		was := before[l.Lane]
		if was == nil || was == p {
			continue
		}
		if g.alive(was) && slices.ContainsFunc(was.share.Lanes, func(o store.OwnedLane) bool { return o.Lane == l.Lane && o.Token == l.Token-1 }) {
			g.t.Errorf("the lane %d was taken from a worker whose lease lasts", l.Lane)
		}
		g.steals++
		g.suspects += len(l.Suspects)
		suspects := map[seating.FlowID]int64{}
		for _, s := range l.Suspects {
			suspects[s.Flow] = s.Last
		}
		for _, row := range was.hand {
			ev := g.events[row.ID]
			if row.Lane != l.Lane || ev.gone {
				continue
			}
			ev.stolen++
			if suspects[row.Flow] < row.ID && !g.isParked(ev) {
				g.t.Errorf("row %d was at hand when its lane went over, and is no suspect", row.ID)
			}
		}
	}
}

func (g *workersGame) isParked(ev *eventModel) bool {
	for _, o := range g.events {
		if !o.gone && o.row.Aggregate == ev.row.Aggregate && o.parked > g.e.Clock.Instant() {
			return true
		}
	}
	return false
}

func (g *workersGame) pick() *player { return g.players[g.r.IntN(len(g.players))] }

func (g *workersGame) commit() {
	d := g.seeds[g.r.IntN(len(g.seeds))]
	party := g.parties[g.r.IntN(len(g.parties))]
	kinds := []seating.EventType{seating.EventBookingChanged, seating.EventAssignmentSync}
	d.happens(party, kinds[:1+g.r.IntN(2)]...)
	last := int64(0)
	if len(g.ids) > 0 {
		last = g.ids[len(g.ids)-1]
	}
	rows, err := g.e.Store.OutboxRows(g.t.Context(), store.SinkWebhook, last, 100)
	if err != nil || len(rows) == 0 {
		g.t.Fatalf("OutboxRows(after %d) = %d, %v, want what was committed", last, len(rows), err)
	}
	for _, row := range rows {
		if row.Restaurant != d.ID() {
			continue // of another game
		}
		g.events[row.ID] = &eventModel{row: row}
		g.ids = append(g.ids, row.ID)
		g.tally.events++
	}
}

func (g *workersGame) beat() { g.beats(g.pick()) }

func (g *workersGame) tick() {
	g.e.Clock.Advance(time.Duration(g.r.IntN(4000)) * time.Millisecond)
}

// share lets a worker give up, in order, what it has above its fair part.
func (g *workersGame) share() {
	p := g.pick()
	g.beats(p)
	for _, l := range p.share.Lanes[min(len(p.share.Lanes), p.share.Fair):] {
		if slices.ContainsFunc(p.hand, func(row store.OutboxRow) bool { return row.Lane == l.Lane }) {
			continue
		}
		if err := g.e.Store.GiveUp(g.t.Context(), p.name, []store.LaneRef{{Sink: l.Sink, Lane: l.Lane}}); err != nil {
			g.t.Fatalf("GiveUp = %v", err)
		}
	}
	g.beats(p)
	g.beats(g.pick())
}

// stall lets leases run out: of all, or of all but one.
func (g *workersGame) stall() {
	if g.r.IntN(3) > 0 {
		return
	}
	spared := g.pick()
	for range 2 {
		g.e.Clock.Advance(lease / 2)
		if g.r.IntN(4) > 0 {
			g.beats(spared)
		}
	}
}

// hands hands out to a worker that has nothing at hand of the flows it asks for.
func (g *workersGame) hands() {
	p := g.pick()
	var busy []seating.FlowID
	for _, row := range p.hand {
		busy = append(busy, row.Flow)
	}
	turned := p.turn(store.Turn{Sink: store.SinkWebhook, Sweep: true, Busy: busy, Limit: 1 + g.r.IntN(6), PerFlow: 1 + g.r.IntN(4)})
	if !g.alive(p) && len(turned.Rows) > 0 {
		g.t.Errorf("a worker whose lease is over is handed %v", idsOf(turned.Rows))
	}
	g.handed(p, turned.Rows)
}

// handed judges what was handed out: each row is the next of its aggregate, and
// nobody else who may work has it.
func (g *workersGame) handed(p *player, rows []store.OutboxRow) {
	g.t.Helper()
	taken := map[string]int64{}
	for _, row := range rows {
		if row.Restaurant != g.seeds[0].ID() && row.Restaurant != g.seeds[1].ID() {
			continue
		}
		ev := g.events[row.ID]
		if ev == nil || ev.gone {
			g.t.Errorf("row %d is handed out, and it is settled", row.ID)
			return
		}
		if row.DedupeKey != ev.row.DedupeKey || row.Attempts != ev.attempts || string(row.Payload) != string(ev.row.Payload) {
			g.t.Errorf("handed out = %+v, want %+v with %d attempts", row, ev.row, ev.attempts)
		}
		if g.isParked(ev) {
			g.t.Errorf("row %d is handed out while its aggregate is parked", row.ID)
		}
		for _, id := range g.ids {
			if o := g.events[id]; id < row.ID && id > taken[row.Aggregate] && !o.gone && o.row.Aggregate == row.Aggregate {
				g.t.Errorf("row %d is handed out before row %d of the same aggregate", row.ID, id)
			}
		}
		taken[row.Aggregate] = row.ID
		if owner, claim := g.owner(row.Lane); owner != p {
			g.t.Errorf("row %d is handed to a worker that is not the last one that took the lane, %+v", row.ID, claim)
		}
		p.hand = append(p.hand, row)
	}
}

// answer lets a worker deliver the first of its rows and say so: also one whose lane
// went over meanwhile, which was on its way when that happened.
func (g *workersGame) answer() {
	p := g.pick()
	if len(p.hand) == 0 {
		return
	}
	row := p.hand[0]
	ev := g.events[row.ID]
	owner, _ := g.owner(row.Lane)
	counts := g.alive(p) && owner == p && !ev.gone
	turn := store.Turn{Sink: store.SinkWebhook}
	switch kind := g.r.IntN(10); {
	case kind < 7:
		g.deliver(row)
		turn.Done = []store.Settled{at(row)}
	case kind < 9:
		turn.Failed = []store.Failed{failed(row, time.Duration(1+g.r.IntN(5000))*time.Millisecond)}
	default:
		turn.Dead = []store.Died{{Settled: at(row), Cause: store.CauseRefused, Key: store.ToldKey(NewID[[16]byte]())}}
	}
	settled := p.turn(turn).Settled
	if (len(settled) == 1) != counts {
		g.t.Errorf("the answer for row %d counts: %t, want %t (lease %t, owner %t, settled before %t)", row.ID, len(settled) == 1, counts, g.alive(p), owner == p, ev.gone)
	}
	if !counts {
		g.late++
		if owner == p {
			ev.stolen++ // its lease was over, and nobody took the lane yet
		}
		p.hand = nil // it notices, and drops what it has
		return
	}
	p.hand = p.hand[1:]
	switch {
	case turn.Failed != nil:
		g.failures++
		ev.attempts++
		ev.parked = g.e.Clock.Instant().Add(turn.Failed[0].Wait)
		p.hand = slices.DeleteFunc(p.hand, func(o store.OutboxRow) bool { return o.Aggregate == row.Aggregate })
	default:
		ev.gone = true
	}
}

// deliver is what the receiver sees.
func (g *workersGame) deliver(row store.OutboxRow) {
	ev := g.events[row.ID]
	if ev.delivered++; ev.delivered > 1 {
		if ev.delivered > 1+ev.stolen {
			g.t.Errorf("row %d is delivered %d times, and was at hand at %d steals", row.ID, ev.delivered, ev.stolen)
		}
		return
	}
	first := g.order[row.Aggregate]
	if len(first) > 0 && first[len(first)-1] > row.ID {
		g.t.Errorf("row %d of an aggregate is delivered after row %d", row.ID, first[len(first)-1])
	}
	g.order[row.Aggregate] = append(first, row.ID)
}

// circuit closes the circuit of an endpoint, which frees what is parked.
func (g *workersGame) circuit() {
	p := g.pick()
	if len(g.ids) == 0 || g.r.IntN(3) > 0 {
		return
	}
	row := g.events[g.ids[g.r.IntN(len(g.ids))]].row
	owner, _ := g.owner(row.Lane)
	p.turn(store.Turn{Sink: store.SinkWebhook, Circuits: []store.Circuit{{Lane: row.Lane, Flow: row.Flow, Restaurant: row.Restaurant}}})
	if !g.alive(p) || owner != p {
		return
	}
	for _, ev := range g.events {
		if ev.row.Flow == row.Flow {
			ev.parked = 0
		}
	}
}

// drain ends the game: one worker delivers what is left, the suspects one by one.
func (g *workersGame) drain() {
	var waits []string
	for _, id := range g.ids {
		if !g.events[id].gone {
			waits = append(waits, g.events[id].row.DedupeKey)
		}
	}
	var stored []string
	for _, row := range queued(g.t, g.e.Store, store.SinkWebhook) {
		stored = append(stored, row.DedupeKey)
	}
	if diff := cmp.Diff(waits, stored); len(waits)+len(stored) > 0 && diff != "" {
		g.t.Errorf("what waits (-model +store):\n%s", diff)
		return
	}
	g.e.Clock.Advance(time.Minute)
	g.join()
	last := g.players[len(g.players)-1]
	for _, l := range last.share.Lanes {
		for _, s := range l.Suspects {
			for {
				row := last.suspect(store.SinkWebhook, s.Flow, s.Last)
				if row == nil {
					break
				}
				if row.Handovers == 0 {
					g.t.Errorf("the suspect %d has no handover", row.ID)
				}
				g.deliver(*row)
				g.events[row.ID].gone = true
				last.done(*row)
			}
		}
	}
	for {
		rows := last.sweep(store.SinkWebhook, 1000)
		if len(rows) == 0 {
			break
		}
		g.handed(last, rows)
		if g.t.Failed() {
			return
		}
		for _, row := range rows {
			g.deliver(row)
			g.events[row.ID].gone = true
		}
		if n := len(last.done(rows...).Settled); n != len(rows) {
			g.t.Errorf("%d of the last %d rows are settled", n, len(rows))
			return
		}
	}
	for _, id := range slices.Sorted(maps.Keys(g.events)) {
		if ev := g.events[id]; !ev.gone {
			g.t.Errorf("row %d is lost", id)
		}
	}
	if err := g.e.Store.GiveUp(g.t.Context(), last.name, nil); err != nil {
		g.t.Fatalf("GiveUp = %v", err)
	}
}
