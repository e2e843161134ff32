package sqlite

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// forgotten is how long a worker without a lease is remembered.
const forgotten = time.Hour

// Beat implements store.Queue.
func (s *Store) Beat(ctx context.Context, b store.Beat) (store.Share, error) {
	var share store.Share
	err := s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		share, err = beat(ctx, q, now, b)
		return err
	})
	if err != nil {
		return store.Share{}, err
	}
	return share, nil
}

func beat(ctx context.Context, q session, now servicetime.Instant, b store.Beat) (store.Share, error) {
	share := store.Share{Now: now, Until: now.Add(b.Lease)}
	if _, err := q.exec(ctx, "PutWorker", b.Worker, int64(share.Until), int64(now)); err != nil {
		return share, err
	}
	if _, err := q.exec(ctx, "ForgetWorkers", int64(now.Add(-forgotten))); err != nil {
		return share, err
	}
	if _, err := q.one(ctx, "LiveWorkers", []any{int64(now)}, &share.Workers); err != nil {
		return share, err
	}
	share.Workers = max(share.Workers, 1) // a lease of nothing is over at once
	share.Fair = (store.Lanes + share.Workers - 1) / share.Workers
	for _, sink := range b.Sinks {
		if err := takeLanes(ctx, q, now, b.Worker, sink, &share); err != nil {
			return share, err
		}
		paused, err := isPaused(ctx, q, sink)
		if err != nil {
			return share, err
		}
		if paused {
			share.Paused = append(share.Paused, sink)
		}
	}
	return share, nil
}

func isPaused(ctx context.Context, q session, sink string) (paused bool, err error) {
	_, err = q.one(ctx, "SinkPaused", []any{sink}, &paused)
	return paused, err
}

// laneRow is a lane as it is stored.
type laneRow struct {
	store.Claim
	worker string
	handed []store.Handed
	free   bool
}

// takeLanes adds the lanes of a worker to its share, and takes free ones until it has
// its fair part.
func takeLanes(ctx context.Context, q session, now servicetime.Instant, worker, sink string, share *store.Share) error {
	var lanes []laneRow
	err := rowsOf(ctx, q, "SinkLanes", []any{sink, int64(now)}, &lanes, func(l *laneRow) []any {
		return []any{&l.Lane, &l.Token, word(&l.worker), decoded(&l.handed), &l.free}
	})
	if err != nil {
		return err
	}
	has := 0
	for _, l := range lanes {
		if l.worker == worker {
			has++
		}
	}
	for _, l := range lanes {
		owned := store.OwnedLane{Sink: sink, Claim: l.Claim}
		if l.worker != worker {
			if !l.free || has >= share.Fair {
				continue
			}
			if _, err := q.exec(ctx, "TakeLane", sink, l.Lane, worker); err != nil {
				return err
			}
			owned.Token++
			owned.Suspects = l.handed
			has++
		}
		share.Lanes = append(share.Lanes, owned)
	}
	return nil
}

// GiveUp implements store.Queue.
func (s *Store) GiveUp(ctx context.Context, worker string, lanes []store.LaneRef) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		for _, l := range lanes {
			if _, err := q.exec(ctx, "FreeLane", l.Sink, l.Lane, worker); err != nil {
				return err
			}
		}
		if lanes != nil {
			return nil
		}
		if _, err := q.exec(ctx, "FreeLanes", worker); err != nil {
			return err
		}
		_, err := q.exec(ctx, "ForgetWorker", worker)
		return err
	})
}

// Waiting implements store.Queue. It reads beside the writer.
func (s *Store) Waiting(ctx context.Context, worker string) ([]string, error) {
	var waiting []string
	err := s.read(ctx, func(q session) error {
		var lanes []store.LaneRef
		err := rowsOf(ctx, q, "LanesOf", []any{worker}, &lanes, func(l *store.LaneRef) []any { return []any{&l.Sink, &l.Lane} })
		if err != nil {
			return err
		}
		paused := map[string]bool{}
		now := s.clock()
		for _, l := range lanes {
			if _, known := paused[l.Sink]; !known {
				if paused[l.Sink], err = isPaused(ctx, q, l.Sink); err != nil {
					return err
				}
			}
			if paused[l.Sink] || slices.Contains(waiting, l.Sink) {
				continue
			}
			some, err := laneWaits(ctx, q, now, l)
			if err != nil {
				return err
			}
			if some {
				waiting = append(waiting, l.Sink)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return waiting, nil
}

// laneWaits reports whether a lane has a row to hand out.
func laneWaits(ctx context.Context, q session, now servicetime.Instant, l store.LaneRef) (bool, error) {
	f := flowScan{q: q, now: now, sink: l.Sink}
	for place := (store.FlowRef{Lane: l.Lane}); ; {
		flow, found, err := f.next(ctx, l.Lane, place.Flow)
		if err != nil || !found {
			return false, err
		}
		place.Flow = flow
		_, shut, err := f.circuit(ctx, flow)
		if err != nil {
			return false, err
		}
		if shut {
			continue
		}
		due, err := f.due(ctx, l.Lane, flow, maxID)
		if err != nil || due {
			return due, err
		}
	}
}

// held are the lanes of a worker under its claims, with what was handed out of each.
type held struct {
	q      session
	sink   string
	lanes  []int // in the order of lanes
	handed map[int][]store.Handed
	// touched are flows of which something was settled or handed out, by lane.
	touched map[int]map[seating.FlowID]bool
	lost    []int
}

// fence reads which of the claims hold.
func fence(ctx context.Context, q session, now servicetime.Instant, worker, sink string, claims []store.Claim) (*held, error) {
	h := &held{q: q, sink: sink, handed: map[int][]store.Handed{}, touched: map[int]map[seating.FlowID]bool{}}
	for _, c := range claims {
		var handed []store.Handed
		found, err := q.one(ctx, "LaneHeld", []any{sink, c.Lane, c.Token, worker, int64(now)}, decoded(&handed))
		if err != nil {
			return nil, err
		}
		if !found {
			h.lost = append(h.lost, c.Lane)
			continue
		}
		if !h.has(c.Lane) {
			h.lanes = append(h.lanes, c.Lane)
			h.handed[c.Lane] = handed
		}
	}
	slices.Sort(h.lanes)
	return h, nil
}

func (h *held) has(lane int) bool { return slices.Contains(h.lanes, lane) }

// settled notes that rows of a flow are not at hand any more.
func (h *held) settled(lane int, flow seating.FlowID) {
	if h.touched[lane] == nil {
		h.touched[lane] = map[seating.FlowID]bool{}
	}
	h.touched[lane][flow] = true
}

// forget takes a flow out of what was handed out of a lane.
func (h *held) forget(lane int, flow seating.FlowID) {
	h.settled(lane, flow)
	h.handed[lane] = slices.DeleteFunc(h.handed[lane], func(x store.Handed) bool { return x.Flow == flow })
}

// hand notes that rows of a flow up to an id are handed out.
func (h *held) hand(lane int, flow seating.FlowID, last int64) {
	h.settled(lane, flow)
	for i, x := range h.handed[lane] {
		if x.Flow == flow {
			h.handed[lane][i].Last = max(x.Last, last)
			return
		}
	}
	h.handed[lane] = append(h.handed[lane], store.Handed{Flow: flow, Last: last})
}

// settle takes those flows out of what was handed out of which nothing is at hand any
// more: no row up to the last one is due and free. What failed is not due, and what
// is behind it is parked; so it is not taken for the cause of a crash later.
func (h *held) settle(ctx context.Context, f flowScan) error {
	for lane, flows := range h.touched {
		var left []store.Handed
		for _, x := range h.handed[lane] {
			if flows[x.Flow] {
				due, err := f.due(ctx, lane, x.Flow, x.Last)
				if err != nil {
					return err
				}
				if !due {
					continue
				}
			}
			left = append(left, x)
		}
		h.handed[lane] = left
	}
	return nil
}

// note writes down what is handed out of the lanes in which that has changed.
func (h *held) note(ctx context.Context) error {
	for lane := range h.touched {
		var column any
		if len(h.handed[lane]) > 0 {
			b, err := json.Marshal(h.handed[lane])
			if err != nil {
				return err
			}
			column = string(b)
		}
		if _, err := h.q.exec(ctx, "SetHanded", h.sink, lane, column); err != nil {
			return err
		}
	}
	return nil
}
