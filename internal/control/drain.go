package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/outbox"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// DrainIn bounds a drain.
type DrainIn struct {
	Within time.Duration `json:"within"`
}

// Drained is how a drain ended.
type Drained struct {
	// Finished says that nothing is due any more, of the sinks that are not paused.
	Finished bool `json:"finished"`
	// Dead counts the rows that were given up meanwhile.
	Dead int64 `json:"dead"`
	// Waiting counts the bookings, or restaurants, and endpoints whose rows wait
	// because a delivery failed.
	Waiting int64 `json:"waiting"`
	// Paused are the sinks that are paused and have rows.
	Paused []string `json:"paused"`
}

// DrainBy makes the operation that drains. deliver returns when nothing is due any
// more, or with an error, that of ctx too: a worker of its own where nobody else
// has the database, Await where one is working already.
func DrainBy(deliver func(ctx context.Context, a *App) error) Operation {
	return Define(func(ctx context.Context, a *App, in DrainIn) (Drained, error) { return drain(ctx, a, in, deliver) })
}

// MaxDrain is the longest that one drain may take.
const MaxDrain = time.Hour

func drain(ctx context.Context, a *App, in DrainIn, deliver func(context.Context, *App) error) (Drained, error) {
	if in.Within <= 0 || in.Within > MaxDrain {
		return Drained{}, seating.Invalid("timeout", "must be above 0 and at most %s, not %s", MaxDrain, in.Within)
	}
	before, err := a.Store.Backlog(ctx)
	if err != nil {
		return Drained{}, err
	}
	within, cancel := context.WithTimeout(ctx, in.Within)
	defer cancel()
	err = deliver(within, a)
	late := within.Err() != nil && ctx.Err() == nil && (err == nil || errors.Is(err, context.DeadlineExceeded))
	if err != nil && !late {
		return Drained{}, err
	}
	after, err := a.Store.Backlog(ctx)
	if err != nil {
		return Drained{}, err
	}
	return drained(before, after, !late), nil
}

// drained judges a drain by what the outbox was before and is after it.
func drained(before, after []store.Backlog, finished bool) Drained {
	d := Drained{Finished: finished, Paused: []string{}}
	for _, b := range after {
		d.Dead += b.Dead
		switch {
		case !b.Paused:
			d.Waiting += b.Parked + b.Circuits
		case b.Rows > 0:
			d.Paused = append(d.Paused, b.Sink)
		}
	}
	for _, b := range before {
		d.Dead -= b.Dead
	}
	d.Dead = max(0, d.Dead) // redriven or pruned meanwhile
	return d
}

// lookAgain is how often Await looks.
const lookAgain = 100 * time.Millisecond

// Await waits until nothing is due, of what was there when it came by. Others
// deliver: it tells them that there may be work.
func Await(ctx context.Context, a *App) error {
	a.tell(seating.RestaurantID{}, outbox.SourceCommit)
	for _, sink := range store.Sinks() {
		w := wait{app: a, sink: sink, later: map[string]bool{}}
		for {
			due, err := w.due(ctx)
			if err != nil {
				return err
			}
			if !due {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(lookAgain):
			}
		}
	}
	return nil
}

// wait goes through the rows of a sink by id, each once: a row it has left behind
// is gone, or waits for its time.
type wait struct {
	app   *App
	sink  string
	after int64
	later map[string]bool // aggregates of which a row waits for its time, and those behind it
}

// duePage is how many rows are read at once.
const duePage = 200

// due goes on to the next row that could be delivered now, and reports whether
// there is one.
func (w *wait) due(ctx context.Context) (bool, error) {
	all, err := w.app.Store.Backlog(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(b store.Backlog) bool { return b.Sink == w.sink && !b.Paused && b.Rows > 0 })
	if i < 0 {
		return false, nil
	}
	for {
		rows, err := w.app.Store.Outbox(ctx, store.OutboxQuery{Sink: w.sink, State: store.RowWaiting, After: w.after, Limit: duePage})
		if err != nil {
			return false, err
		}
		for _, r := range rows {
			if r.State == store.RowParked || r.NextAttemptAt.After(all[i].Now) {
				w.later[r.Aggregate] = true
			}
			if !w.later[r.Aggregate] {
				return true, nil
			}
			w.after = r.ID
		}
		if len(rows) < duePage {
			return false, nil
		}
	}
}
