package line

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// batch is a run of decisions, each on the result of the one before.
type batch struct {
	base    *house.House
	house   *house.House // after all changes
	changes []*house.Change
	granted []granted  // the jobs of the changes, in the same order
	others  []*job     // refused, or with nothing to do
	twins   []twin     // repeat a key of a change of this batch
	replays []replayed // their key has a receipt, read under the lock
	broken  []broken   // their change does not apply: a bug
	locked  bool       // decided under the lock
	// since says what was touched up to base; nil: Houses.Touched does.
	since func(seating.Version) touches
}

type granted struct {
	job    *job
	result decide.Result
}

type twin struct {
	job *job
	of  int // index of the change
}

type replayed struct {
	job     *job
	receipt house.Receipt
}

type broken struct {
	job *job
	err *seating.Error
}

// decideAll decides the jobs in order on h.
func (l *Lines) decideAll(ctx context.Context, h *house.House, jobs []*job, now servicetime.Instant) (*batch, error) {
	b := &batch{base: h, house: h}
	return b, l.decideOn(ctx, b, jobs, now)
}

// decideOn decides the jobs in order on the batch's house. It answers none of
// them, because under a lock it may be called again.
func (l *Lines) decideOn(ctx context.Context, b *batch, jobs []*job, now servicetime.Instant) error {
	byKey := map[house.ReceiptKey]int{}
	for _, j := range jobs {
		if i, ok := byKey[j.receiptKey()]; ok && j.Key != "" {
			b.twins = append(b.twins, twin{job: j, of: i})
			continue
		}
		d, err := l.decideOne(ctx, b, j, now, j.facts)
		if err != nil {
			return err
		}
		if d.Change == nil {
			b.others = append(b.others, j)
			continue
		}
		if err := j.seal(d); err != nil {
			return err
		}
		next, err := house.Apply(b.house, d.Change)
		if err != nil {
			b.broken = append(b.broken, broken{job: j, err: l.bug("the change of %s does not apply: %v", d.Change.Command, err)})
			continue
		}
		byKey[j.receiptKey()] = len(b.changes)
		b.house = next
		b.changes = append(b.changes, d.Change)
		b.granted = append(b.granted, granted{job: j, result: d.Result})
	}
	return nil
}

// decideOne decides one job on the batch's house, with what was touched since
// the version its caller saw.
func (l *Lines) decideOne(ctx context.Context, b *batch, j *job, now servicetime.Instant, facts decide.Facts) (d decide.Decision, err error) {
	env := decide.Env{Change: seating.ChangeID(l.c.NewID()), Now: now, Actor: j.Actor, Attempt: j.attempt, IfMatch: j.IfMatch, Facts: facts}
	if j.IfMatch != nil {
		if b.since != nil {
			t := b.since(*j.IfMatch)
			env.Touched, env.TooOld = t.list, t.tooOld
		} else if env.Touched, env.TooOld, err = l.houses.Touched(ctx, b.base, *j.IfMatch); err != nil {
			return d, err
		}
		for _, c := range b.changes {
			env.Touched = append(env.Touched, house.TouchedBy(c))
		}
	}
	defer func() {
		if r := recover(); r != nil {
			d, err = decide.Decision{Refusal: l.bug("%s panicked: %v", j.Command.Name(), r)}, nil
		}
	}()
	return decide.Decide(b.house, j.Command, env), nil
}

// bug logs a broken invariant with its stack and makes its refusal.
func (l *Lines) bug(format string, args ...any) *seating.Error {
	msg := fmt.Sprintf(format, args...)
	l.c.Logger.Error("bug", slog.String("error", msg), slog.String("stack", string(debug.Stack())))
	return seating.Refuse(seating.CodeInternal, "%s", msg)
}

func (j *job) receiptKey() house.ReceiptKey {
	return house.ReceiptKey{Principal: j.Actor.Principal, Key: j.Key}
}

// seal adds the receipt to the job's change.
func (j *job) seal(d decide.Decision) error {
	if j.Key == "" {
		return nil
	}
	body, err := json.Marshal(d.Result)
	if err != nil {
		return fmt.Errorf("receipt of %s: %w", d.Change.Command, err)
	}
	d.Change.Receipt = &house.Receipt{
		ReceiptKey: j.receiptKey(), Fingerprint: j.Fingerprint, Command: d.Change.Command, Status: j.Status,
		Version: d.Result.Version, Body: body, At: d.Change.At,
	}
	return nil
}

// replay answers a job from the receipt of its key.
func (l *Lines) replay(j *job, r house.Receipt, now servicetime.Instant) {
	if r.Fingerprint != j.Fingerprint {
		l.refuse(j, seating.Refuse(seating.CodeIdempotencyConflict, "The key was used for another request."))
		return
	}
	var result decide.Result
	if err := json.Unmarshal(r.Body, &result); err != nil {
		l.refuse(j, l.bug("receipt of %s: %v", r.Command, err))
		return
	}
	l.answer(j, Answer{Result: result, Status: r.Status, Replayed: true, Now: now})
}

// lookup are the keys of the jobs that made no change.
func (b *batch) lookup() []house.ReceiptKey { return keysOf(b.others) }

// proven is a house that was the current one, when, and the receipts of keys.
type proven struct {
	house    *house.House
	now      servicetime.Instant
	receipts map[house.ReceiptKey]house.Receipt
	facts    decide.Facts
	complete bool // facts were asked for
}

// tell answers a job that made no change, from a proved house at the database's
// own time. It returns false when the job has to be decided again: it is granted
// now, or facts are missing.
func (l *Lines) tell(ctx context.Context, j *job, p proven) (told bool, ask decide.Ask, err error) {
	if r, ok := p.receipts[j.receiptKey()]; ok && j.Key != "" {
		l.replay(j, r, p.now)
		return true, ask, nil
	}
	d, err := l.decideOne(ctx, &batch{base: p.house, house: p.house}, j, p.now, p.facts)
	switch {
	case err != nil:
		return false, ask, err
	case d.Change != nil:
		j.facts = p.facts // what grants it; a day that is closed and a hold that is over stay so
		return false, ask, nil
	case d.Refusal == nil:
		l.answer(j, Answer{Result: d.Result, Status: j.Status, Now: p.now})
		return true, ask, nil
	case !p.complete && len(d.Ask.Holds)+len(d.Ask.Bookings) > 0:
		return false, d.Ask, nil
	}
	l.refuse(j, d.Refusal)
	return true, ask, nil
}

func merge(a store.Ask, b decide.Ask) store.Ask {
	a.Holds = append(a.Holds, b.Holds...)
	a.Bookings = append(a.Bookings, b.Bookings...)
	return a
}

func factsOf(p store.Proof) decide.Facts { return decide.Facts{Ended: p.Ended, Closed: p.Closed} }
