package jobs

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/line"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Bounds of a turn: what one restaurant may take of a round.
const (
	turnRows = 100              // rows of a kind
	turnFor  = 5 * time.Second  // no command is begun after
	giveIn   = 10 * time.Second // for one command
	patience = 2                // grants that leave their row before that is told
)

// turn is the work of one restaurant in one round, by kind in the order of the
// table.
type turn struct {
	id    seating.RestaurantID
	round *round
	fresh [][]store.DueWork // not tried yet
	again [][]retry         // whose back-off is over
}

// retry is a row that was tried, and until when it had to wait.
type retry struct {
	store.DueWork
	until time.Time
}

func newTurn(id seating.RestaurantID) *turn {
	return &turn{id: id, fresh: make([][]store.DueWork, len(kinds)), again: make([][]retry, len(kinds))}
}

// add puts a row of the i-th kind into the turn.
func (t *turn) add(i int, w store.DueWork, before try) {
	switch {
	case before.times > 0:
		t.again[i] = append(t.again[i], retry{w, before.until})
	case len(t.fresh[i]) < turnRows:
		t.fresh[i] = append(t.fresh[i], w)
	}
}

// cut leaves what fits into the turn. Of the rows that were tried, those go first
// that could have gone longest, so that each has its turn however many fail.
func (t *turn) cut(i int) {
	slices.SortStableFunc(t.again[i], func(a, b retry) int { return a.until.Compare(b.until) })
	t.again[i] = t.again[i][:min(turnRows-len(t.fresh[i]), len(t.again[i]))]
}

// parcel is rows of a kind that are done by one command.
type parcel struct {
	i    int // of the kind
	kind *kind
	rows []store.DueWork
}

// parcels are the turn's, in the order in which they are given. What was never
// tried comes before what failed, so that no number of failing rows keeps a good
// one waiting. A row that failed goes alone: it may be what its parcel failed for.
func (t *turn) parcels() []parcel {
	var fresh, again []parcel
	for i := range kinds {
		k := &kinds[i]
		if k.join != nil && len(t.fresh[i]) > 0 {
			fresh = append(fresh, parcel{i, k, t.fresh[i]})
		} else {
			for _, w := range t.fresh[i] {
				fresh = append(fresh, parcel{i, k, []store.DueWork{w}})
			}
		}
		for _, w := range t.again[i] {
			again = append(again, parcel{i, k, []store.DueWork{w.DueWork}})
		}
	}
	return append(fresh, again...)
}

// serve does a turn. It ends early when the process stops, when it has lasted long
// enough, and when the restaurant cannot be served.
func (r *Runner) serve(ctx context.Context, t *turn) {
	began := r.c.Now()
	for _, p := range t.parcels() {
		if ctx.Err() != nil || r.c.Now().Sub(began) >= turnFor || !r.give(ctx, t, p) {
			return
		}
	}
}

// give has the work of a parcel done, while the lease of its kind is held. It
// returns false when it is of no use to go on with this restaurant.
func (r *Runner) give(ctx context.Context, t *turn, p parcel) bool {
	lease := t.round.of[p.i].lease
	if lease.lost() {
		return true
	}
	var commands []decide.Command
	read := p.rows[:0:0]
	for _, w := range p.rows {
		c, err := p.kind.command(w.Subject)
		if err != nil {
			t.round.failed(p.i, "a row cannot be read: "+w.Subject)
			r.failed(ctx, w, slog.Any("error", err))
			continue
		}
		commands, read = append(commands, c), append(read, w)
	}
	if len(commands) == 0 {
		return true
	}
	command := commands[0]
	if len(commands) > 1 {
		command = p.kind.join(commands)
	}
	under, release := lease.within(ctx)
	defer release()
	within, cancel := context.WithTimeout(under, giveIn)
	defer cancel()
	_, err := r.c.Lines.Do(within, line.Request{Restaurant: t.id, Command: command, Actor: seating.System()})
	if err != nil && under.Err() != nil {
		return ctx.Err() == nil // stopping, or somebody else's now: the line ends what it has begun, and the rows say what is left
	}
	code := seating.CodeOf(err)
	if err != nil && code == seating.CodeUnavailable {
		t.round.failed(p.i, string(code))
		r.unserved(ctx, t.id, p.kind, len(read))
		return false
	}
	r.served(t.id)
	for _, w := range read {
		switch {
		case err != nil:
			t.round.failed(p.i, string(code))
			r.failed(ctx, w, slog.String("code", string(code)))
		case r.granted(ctx, w):
			t.round.did(p.i)
		default:
			t.round.failed(p.i, "work stays although its command is granted")
		}
	}
	return true
}

// granted notes a row whose command was granted. Usually it is gone by that; one
// that stays is told, for its command will be given for ever, and is not done.
func (r *Runner) granted(ctx context.Context, w store.DueWork) (done bool) {
	if times := r.tried(w); times > patience {
		r.c.Metrics.JobsFailed(string(w.Kind), 1)
		r.c.Logger.WarnContext(ctx, "due work stays although its command is granted", append(about(w), slog.Int("tries", times))...)
		return false
	}
	r.c.Metrics.JobsDone(string(w.Kind), 1)
	return true
}

// failed notes a row whose command was refused, or that has none.
func (r *Runner) failed(ctx context.Context, w store.DueWork, why slog.Attr) {
	times := r.tried(w)
	r.c.Metrics.JobsFailed(string(w.Kind), 1)
	r.c.Logger.WarnContext(ctx, "due work fails", append(about(w), why, slog.Int("tries", times))...)
}

// unserved notes a restaurant that cannot be served; that is not the fault of its
// rows.
func (r *Runner) unserved(ctx context.Context, id seating.RestaurantID, k *kind, rows int) {
	r.mu.Lock()
	r.memory.unserved(id, r.c.Now())
	r.mu.Unlock()
	r.c.Metrics.JobsFailed(string(k.due), rows)
	r.c.Logger.WarnContext(ctx, "the due work of a restaurant has to wait", slog.String("restaurant", id.String()), slog.String("kind", string(k.due)))
}

func (r *Runner) served(id seating.RestaurantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory.served(id)
}

func (r *Runner) tried(w store.DueWork) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory.tried(w, r.c.Now())
}

// about names a row in the log. Messages of refusals are left out: they are written
// for the restaurant's own people.
func about(w store.DueWork) []any {
	return []any{slog.String("restaurant", w.Restaurant.String()), slog.String("kind", string(w.Kind)), slog.String("subject", w.Subject)}
}
