package outbox

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// memory is the contract of store.Queue in memory, by the clock of the test. It is the
// outbox of which a test says what it must have become.
type memory struct {
	mu      sync.Mutex
	nextID  int64
	rows    map[int64]*store.OutboxRow
	flows   map[lanePlace][]int64 // ids in order
	order   map[store.LaneRef][]seating.FlowID
	workers map[string]servicetime.Instant
	lanes   map[store.LaneRef]*memoryLane
	blocks  map[blockKey]*memoryBlock
	paused  map[string]bool
	dead    map[int64]store.Died
	moved   []int64
	log     []store.Delivery
	calls   map[string]int
	fenced  int
}

type lanePlace struct {
	store.LaneRef
	flow seating.FlowID
}

type memoryLane struct {
	worker string
	token  int64
	handed map[seating.FlowID]int64
}

type blockKey struct {
	sink      string
	flow      seating.FlowID
	aggregate string
}

type memoryBlock struct {
	until    servicetime.Instant
	head     int64
	failures int
}

func newMemory() *memory {
	m := &memory{
		rows: map[int64]*store.OutboxRow{}, flows: map[lanePlace][]int64{}, order: map[store.LaneRef][]seating.FlowID{},
		workers: map[string]servicetime.Instant{}, lanes: map[store.LaneRef]*memoryLane{}, blocks: map[blockKey]*memoryBlock{},
		paused: map[string]bool{}, dead: map[int64]store.Died{}, calls: map[string]int{},
	}
	for _, s := range store.Sinks() {
		for n := range store.Lanes {
			m.lanes[store.LaneRef{Sink: s, Lane: n}] = &memoryLane{handed: map[seating.FlowID]int64{}}
		}
	}
	return m
}

func (m *memory) now() servicetime.Instant { return servicetime.InstantOf(time.Now()) }

// put commits a row.
func (m *memory) put(row store.OutboxRow) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nextID++
	row.ID, row.Lane, row.CreatedAt = m.nextID, store.Lane(row.Flow), m.now()
	row.NextAttemptAt = row.CreatedAt
	m.rows[row.ID] = &row
	ref := store.LaneRef{Sink: row.Sink, Lane: row.Lane}
	at := lanePlace{ref, row.Flow}
	if m.flows[at] == nil {
		m.order[ref] = append(m.order[ref], row.Flow)
		slices.SortFunc(m.order[ref], seating.FlowID.Compare)
	}
	m.flows[at] = append(m.flows[at], row.ID)
	return row.ID
}

func (m *memory) drop(id int64) {
	row := m.rows[id]
	delete(m.rows, id)
	ref := store.LaneRef{Sink: row.Sink, Lane: row.Lane}
	at := lanePlace{ref, row.Flow}
	if i, ok := slices.BinarySearch(m.flows[at], id); ok {
		// What goes is near the front.
		ids := m.flows[at]
		copy(ids[1:i+1], ids[:i])
		m.flows[at] = ids[1:]
	}
	if len(m.flows[at]) == 0 {
		delete(m.flows, at)
		m.order[ref] = slices.DeleteFunc(m.order[ref], func(f seating.FlowID) bool { return f == row.Flow })
	}
	key := blockKey{row.Sink, row.Flow, row.Aggregate}
	if b := m.blocks[key]; b != nil && b.head == id {
		delete(m.blocks, key)
	}
}

func (m *memory) call(name string) func() {
	m.mu.Lock()
	m.calls[name]++
	return m.mu.Unlock
}

func (m *memory) alive(worker string) bool { return m.workers[worker].After(m.now()) }

func (m *memory) Beat(_ context.Context, b store.Beat) (store.Share, error) {
	defer m.call("Beat")()
	now := m.now()
	m.workers[b.Worker] = now.Add(b.Lease)
	live := 0
	for w := range m.workers {
		if m.alive(w) {
			live++
		}
	}
	s := store.Share{Now: now, Until: now.Add(b.Lease), Workers: live, Fair: (store.Lanes + live - 1) / live}
	for _, sink := range b.Sinks {
		var mine []int
		for n := range store.Lanes {
			if m.lanes[store.LaneRef{Sink: sink, Lane: n}].worker == b.Worker {
				mine = append(mine, n)
			}
		}
		suspects := map[int][]store.Handed{}
		for n := 0; n < store.Lanes && len(mine) < s.Fair; n++ {
			l := m.lanes[store.LaneRef{Sink: sink, Lane: n}]
			if l.worker == b.Worker || l.worker != "" && m.alive(l.worker) {
				continue
			}
			if l.worker == "" {
				clear(l.handed)
			}
			for _, f := range slices.SortedFunc(maps.Keys(l.handed), seating.FlowID.Compare) {
				suspects[n] = append(suspects[n], store.Handed{Flow: f, Last: l.handed[f]})
			}
			l.worker = b.Worker
			l.token++
			mine = append(mine, n)
		}
		slices.Sort(mine)
		for _, n := range mine {
			claim := store.Claim{Lane: n, Token: m.lanes[store.LaneRef{Sink: sink, Lane: n}].token}
			s.Lanes = append(s.Lanes, store.OwnedLane{Sink: sink, Claim: claim, Suspects: suspects[n]})
		}
		if m.paused[sink] {
			s.Paused = append(s.Paused, sink)
		}
	}
	return s, nil
}

func (m *memory) GiveUp(_ context.Context, worker string, lanes []store.LaneRef) error {
	defer m.call("GiveUp")()
	for ref, l := range m.lanes {
		if l.worker == worker && (lanes == nil || slices.Contains(lanes, ref)) {
			l.worker = ""
			clear(l.handed)
		}
	}
	if lanes == nil {
		delete(m.workers, worker)
	}
	return nil
}

// fence says which lanes hold, and which do not.
func (m *memory) fence(worker, sink string, claims []store.Claim) (held map[int]bool, lost []int) {
	held = map[int]bool{}
	for _, c := range claims {
		l := m.lanes[store.LaneRef{Sink: sink, Lane: c.Lane}]
		if l.worker == worker && l.token == c.Token && m.alive(worker) {
			held[c.Lane] = true
		} else {
			lost = append(lost, c.Lane)
		}
	}
	return held, lost
}

func (m *memory) Turn(_ context.Context, t store.Turn) (store.Turned, error) {
	defer m.call("Turn")()
	held, lost := m.fence(t.Worker, t.Sink, t.Claims)
	out := store.Turned{Now: m.now(), Lost: lost, Paused: m.paused[t.Sink]}
	m.settle(t, held, &out)
	m.log = append(m.log, t.Log...)
	if t.Limit > 0 && !out.Paused {
		m.handOut(t, held, &out)
	}
	for n := range held {
		m.tidy(t.Sink, n)
	}
	return out, nil
}

func (m *memory) settle(t store.Turn, held map[int]bool, out *store.Turned) {
	counts := func(s store.Settled) *store.OutboxRow {
		row := m.rows[s.ID]
		if !held[s.Lane] {
			m.fenced++
			return nil
		}
		if row != nil {
			out.Settled = append(out.Settled, s.ID)
		}
		return row
	}
	for _, s := range t.Done {
		if row := counts(s); row != nil {
			m.drop(s.ID)
		}
	}
	for _, f := range t.Failed {
		row := counts(f.Settled)
		if row == nil {
			continue
		}
		row.LastError, row.Handovers = f.Error, 0
		row.NextAttemptAt = m.now().Add(f.Wait)
		if f.Counted {
			row.Attempts++
			row.FailedFor += f.Spent
		}
		m.blocks[blockKey{t.Sink, row.Flow, row.Aggregate}] = &memoryBlock{until: row.NextAttemptAt, head: row.ID}
	}
	for _, d := range t.Dead {
		if row := counts(d.Settled); row != nil {
			m.dead[d.ID] = d
			m.drop(d.ID)
		}
	}
	for _, c := range t.Circuits {
		if !held[c.Lane] {
			continue
		}
		if c.Open {
			m.blocks[blockKey{t.Sink, c.Flow, ""}] = &memoryBlock{until: m.now().Add(c.Wait), failures: c.Failures}
			continue
		}
		for key := range m.blocks {
			if key.sink == t.Sink && key.flow == c.Flow {
				delete(m.blocks, key)
			}
		}
	}
}

// due lists rows of a flow that may be handed out, with the failures of its circuit.
func (m *memory) due(at lanePlace, after int64, limit int) (rows []store.OutboxRow) {
	now := m.now()
	failures := 0
	if c := m.blocks[blockKey{at.Sink, at.flow, ""}]; c != nil {
		if c.until.After(now) {
			return nil
		}
		failures, limit = c.failures, min(limit, 1)
	}
	behind := map[string]bool{}
	for _, id := range m.flows[at] {
		row := m.rows[id]
		b := m.blocks[blockKey{at.Sink, at.flow, row.Aggregate}]
		if behind[row.Aggregate] || row.NextAttemptAt.After(now) || b != nil && b.until.After(now) {
			behind[row.Aggregate] = true
			continue
		}
		if id <= after {
			behind[row.Aggregate] = true // a hint that is wrong shows by this
			continue
		}
		if len(rows) == limit {
			break
		}
		out := *row
		out.CircuitFailures = failures
		rows = append(rows, out)
	}
	return rows
}

func (m *memory) handOut(t store.Turn, held map[int]bool, out *store.Turned) {
	hand := func(lane int, f seating.FlowID, after int64) {
		if slices.Contains(t.Busy, f) {
			return
		}
		at := lanePlace{store.LaneRef{Sink: t.Sink, Lane: lane}, f}
		rows := m.due(at, after, min(t.PerFlow, t.Limit-len(out.Rows)))
		if len(rows) > 0 {
			m.lanes[at.LaneRef].handed[f] = max(m.lanes[at.LaneRef].handed[f], rows[len(rows)-1].ID)
			out.More = out.More || len(rows) == t.PerFlow
		}
		out.Rows = append(out.Rows, rows...)
	}
	if !t.Sweep {
		for _, f := range t.Flows {
			if held[f.Lane] && len(out.Rows) < t.Limit {
				hand(f.Lane, f.Flow, f.After)
			}
		}
		return
	}
	m.sweep(t.Sink, held, t.From, func(lane int, f seating.FlowID) bool {
		if len(out.Rows) >= t.Limit {
			return false
		}
		hand(lane, f, 0)
		out.Next = store.FlowRef{Lane: lane, Flow: f}
		return true
	}, func() { out.Next = store.FlowRef{} })
	out.More = out.More || out.Next != store.FlowRef{}
}

// sweep goes through the flows behind a place; end is called when it came to it.
func (m *memory) sweep(sink string, held map[int]bool, from store.FlowRef, visit func(int, seating.FlowID) bool, end func()) {
	for lane := range store.Lanes {
		if !held[lane] || lane < from.Lane {
			continue
		}
		for _, f := range slices.Clone(m.order[store.LaneRef{Sink: sink, Lane: lane}]) {
			if lane == from.Lane && f.Compare(from.Flow) <= 0 {
				continue
			}
			if !visit(lane, f) {
				return
			}
		}
	}
	end()
}

// tidy takes those flows out of what was handed out of which nothing is due.
func (m *memory) tidy(sink string, n int) {
	ref := store.LaneRef{Sink: sink, Lane: n}
	for f, last := range m.lanes[ref].handed {
		rows := m.due(lanePlace{ref, f}, 0, 1)
		if len(rows) == 0 || rows[0].ID > last {
			delete(m.lanes[ref].handed, f)
		}
	}
}

func (m *memory) Suspect(_ context.Context, worker, sink string, lane store.Claim, flow seating.FlowID, last int64) (*store.OutboxRow, error) {
	defer m.call("Suspect")()
	held, _ := m.fence(worker, sink, []store.Claim{lane})
	if !held[lane.Lane] || m.paused[sink] {
		return nil, nil
	}
	rows := m.due(lanePlace{store.LaneRef{Sink: sink, Lane: lane.Lane}, flow}, 0, 1)
	if len(rows) == 0 || rows[0].ID > last {
		return nil, nil
	}
	m.rows[rows[0].ID].Handovers++
	rows[0].Handovers++
	return &rows[0], nil
}

func (m *memory) Move(_ context.Context, t store.Move) (store.Moved, error) {
	defer m.call("Move")()
	held, lost := m.fence(t.Worker, store.SinkObservability, t.Claims)
	out := store.Moved{Lost: lost, Paused: m.paused[store.SinkObservability]}
	if out.Paused {
		return out, nil
	}
	hand := func(lane int, f seating.FlowID) {
		at := lanePlace{store.LaneRef{Sink: store.SinkObservability, Lane: lane}, f}
		rows := m.due(at, 0, min(t.PerFlow, t.Limit-len(out.Rows)))
		out.More = out.More || len(rows) == t.PerFlow
		for _, row := range rows {
			out.Rows = append(out.Rows, store.MovedRow{ID: row.ID, Type: row.EventType, Waited: m.now().Sub(row.CreatedAt)})
			m.moved = append(m.moved, row.ID)
			m.drop(row.ID)
		}
	}
	for _, f := range t.Flows {
		if held[f.Lane] {
			hand(f.Lane, f.Flow)
		}
	}
	if len(t.Flows) == 0 {
		m.sweep(store.SinkObservability, held, t.From, func(lane int, f seating.FlowID) bool {
			if len(out.Rows) >= t.Limit {
				return false
			}
			hand(lane, f)
			out.Next = store.FlowRef{Lane: lane, Flow: f}
			return true
		}, func() { out.Next = store.FlowRef{} })
		out.More = out.More || out.Next != store.FlowRef{}
	}
	return out, nil
}

func (m *memory) Waiting(_ context.Context, worker string) ([]string, error) {
	defer m.call("Waiting")()
	var sinks []string
	for _, sink := range store.Sinks() {
		if m.paused[sink] {
			continue
		}
		for n := range store.Lanes {
			ref := store.LaneRef{Sink: sink, Lane: n}
			if m.lanes[ref].worker == worker && slices.ContainsFunc(m.order[ref], func(f seating.FlowID) bool {
				return len(m.due(lanePlace{ref, f}, 0, 1)) > 0
			}) {
				sinks = append(sinks, sink)
				break
			}
		}
	}
	return sinks, nil
}

func (m *memory) OutboxRows(_ context.Context, sink string, after int64, limit int) ([]store.OutboxRow, error) {
	defer m.call("OutboxRows")()
	var rows []store.OutboxRow
	for _, row := range m.rows {
		if row.Sink == sink && row.ID > after {
			rows = append(rows, *row)
		}
	}
	slices.SortFunc(rows, func(a, b store.OutboxRow) int { return cmp.Compare(a.ID, b.ID) })
	return rows[:min(limit, len(rows))], nil
}

// list and backlog are what of store.Outbox a worker asks for.
func (m *memory) list(ctx context.Context, q store.OutboxQuery) ([]store.OutboxEntry, error) {
	rows, err := m.OutboxRows(ctx, q.Sink, q.After, q.Limit)
	m.mu.Lock()
	defer m.mu.Unlock()
	var entries []store.OutboxEntry
	for _, row := range rows {
		e := store.OutboxEntry{OutboxRow: row, State: store.RowWaiting}
		for _, a := range []string{"", row.Aggregate} {
			if b := m.blocks[blockKey{row.Sink, row.Flow, a}]; b != nil && b.until.After(m.now()) {
				e.State = store.RowParked
			}
		}
		entries = append(entries, e)
	}
	return entries, err
}

func (m *memory) backlog(context.Context) ([]store.Backlog, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []store.Backlog
	for _, sink := range store.Sinks() {
		b := store.Backlog{Sink: sink, Now: m.now(), Paused: m.paused[sink]}
		for _, row := range m.rows {
			if row.Sink == sink {
				b.Rows++
				if b.Oldest == 0 || row.CreatedAt < b.Oldest {
					b.Oldest = row.CreatedAt
				}
			}
		}
		all = append(all, b)
	}
	return all, nil
}

var errGone = errors.New("the process is gone")
