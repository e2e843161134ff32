package line

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// settle answers every job of a batch, pass by pass: what a pass could not
// settle (the restaurant moved, time has passed, facts are missing) is decided
// again on what is known by then.
func (l *Lines) settle(id seating.RestaurantID, jobs []*job) {
	ctx, cancel := context.WithTimeout(context.Background(), settleIn)
	defer cancel()
	p := &pass{Lines: l, id: id}
	for len(jobs) > 0 {
		jobs = p.admit(jobs)
		if len(jobs) == 0 {
			return
		}
		left, err := p.run(ctx, jobs)
		if len(left) == len(jobs) {
			for _, j := range left {
				j.tries++
			}
		}
		if err != nil {
			refusal, ok := errors.AsType[*seating.Error](err)
			if !ok {
				refusal = l.bug("line: %v", err)
			}
			for _, j := range left {
				l.refuse(j, refusal)
			}
			return
		}
		jobs = left
	}
}

// pass is the work on one batch.
type pass struct {
	*Lines
	id     seating.RestaurantID
	ask    store.Ask // facts that refusals of the last pass depend on
	single bool      // commit one change at a time: a batch failed for no known reason
	moved  bool      // another process came in between already
}

// admit leaves out jobs whose caller has left, and gives up on those that too
// many passes could not settle.
func (p *pass) admit(jobs []*job) []*job {
	var in []*job
	for _, j := range jobs {
		switch {
		case j.told:
		case j.ctx.Err() != nil:
			p.refuse(j, unavailable("The caller has left."))
		case j.tries > triesLimit:
			p.refuse(j, unavailable("The command could not be settled; try again."))
		default:
			in = append(in, j)
		}
	}
	return in
}

// run makes one pass and returns the jobs that are still to be answered; with an
// error, those that it concerns.
func (p *pass) run(ctx context.Context, jobs []*job) (left []*job, err error) {
	h, err := p.houses.Get(ctx, p.id)
	if err != nil {
		return jobs, err
	}
	if !p.houses.Good() {
		if h, err = p.houses.Proved(ctx, p.id); err != nil {
			return jobs, err
		}
	}
	jobs, made := p.rotateFirst(jobs)
	if len(jobs) == 0 {
		return nil, nil
	}
	if p.single {
		jobs, left = jobs[:1], jobs[1:]
	}
	again, err := p.pass(ctx, h, jobs)
	return append(without(again, made), left...), err
}

// pass decides and settles jobs on a house.
func (p *pass) pass(ctx context.Context, h *house.House, jobs []*job) (left []*job, err error) {
	if p.isContended(p.id) {
		return p.locked(ctx, h, jobs)
	}
	b, err := p.decideAll(ctx, h, jobs, p.houses.Now())
	if err != nil {
		return jobs, err
	}
	if len(b.changes) > 0 {
		return p.commit(ctx, b)
	}
	p.tellSettled(b, 0)
	return p.prove(ctx, b)
}

// prove answers a batch without any change: its house is shown to be the
// current one, and receipts and facts are read, before a refusal goes out.
func (p *pass) prove(ctx context.Context, b *batch) ([]*job, error) {
	ask := p.ask
	ask.Keys = b.lookup()
	p.ask = store.Ask{}
	h, proof, err := p.houses.Prove(ctx, p.id, ask)
	if err != nil {
		return b.others, err
	}
	if p.houses.Lost(p.id) {
		return b.others, nil // the proof has shown it: a new epoch comes before any answer
	}
	p.c.OnBatch(BatchDone{Commands: len(b.others)})
	return p.tellAll(ctx, b.others, proven{
		house: h, now: proof.Now, receipts: proof.Receipts, complete: len(ask.Holds)+len(ask.Bookings) > 0,
		facts: factsOf(proof),
	})
}

func (p *pass) tellAll(ctx context.Context, jobs []*job, pr proven) (again []*job, err error) {
	for i, j := range jobs {
		told, ask, err := p.tell(ctx, j, pr)
		if err != nil {
			return append(again, jobs[i:]...), err
		}
		if !told {
			p.ask = merge(p.ask, ask)
			again = append(again, j)
		}
	}
	return again, nil
}

// commit writes the batch's changes and answers its jobs.
func (p *pass) commit(ctx context.Context, b *batch) ([]*job, error) {
	asked := p.houses.Monotonic()
	done, err := p.definite(ctx, store.Batch{Restaurant: p.id, Changes: b.changes, Lookup: b.lookup()})
	if err != nil {
		return p.failed(ctx, b, err, asked)
	}
	p.houses.Heard(done.Now, asked)
	return p.committed(ctx, b, done.Now, done.Receipts, asked)
}

// committed publishes what was committed and answers the batch's jobs.
func (p *pass) committed(ctx context.Context, b *batch, now servicetime.Instant, receipts map[house.ReceiptKey]house.Receipt, asked time.Duration) ([]*job, error) {
	p.houses.Publish(b.house, b.changes, asked)
	p.c.OnBatch(BatchDone{Commands: len(b.jobs()), Changes: len(b.changes), Commit: p.houses.Monotonic() - asked, Locked: b.locked})
	for _, g := range b.granted {
		p.answer(g.job, Answer{Result: g.result, Status: g.job.Status, Now: now})
	}
	for _, t := range b.twins {
		p.replay(t.job, *b.changes[t.of].Receipt, now)
	}
	p.tellSettled(b, now)
	return p.tellAll(ctx, b.others, proven{house: b.house, now: now, receipts: receipts})
}

// definite commits, and while the outcome is not known sends the identical batch
// again until it is: committed now or before, or never possible any more.
// Source: docs/architecture.md, ambiguous commits.
func (p *pass) definite(ctx context.Context, b store.Batch) (store.Committed, error) {
	done, err := p.store.Commit(ctx, b)
	return p.insist(ctx, b, done, err)
}

// insist is definite after the first answer.
func (p *pass) insist(ctx context.Context, b store.Batch, done store.Committed, err error) (store.Committed, error) {
	if !errors.Is(err, store.ErrAmbiguous) {
		return done, err
	}
	until, cancel := context.WithTimeout(context.WithoutCancel(ctx), definiteIn)
	defer cancel()
	for wait := 5 * time.Millisecond; errors.Is(err, store.ErrAmbiguous) || errors.Is(err, store.ErrUnavailable); wait = min(2*wait, 250*time.Millisecond) {
		p.c.Logger.WarnContext(ctx, "outcome of a commit unknown, asking again", slog.String("restaurant", p.id.String()), slog.Any("error", err))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-until.Done():
			timer.Stop()
			return done, store.ErrAmbiguous
		}
		done, err = p.store.Commit(until, b)
	}
	return done, err
}

// failed sorts out why a batch was not committed. It returns the jobs to decide
// again.
func (p *pass) failed(ctx context.Context, b *batch, err error, asked time.Duration) ([]*job, error) {
	all := b.jobs()
	if moved, ok := errors.AsType[*store.MovedError](err); ok {
		p.houses.Heard(moved.Now, asked)
		p.overtaken(p.id, p.moved)
		p.moved = true
		if _, err := p.houses.Refresh(ctx, p.id); err != nil {
			return all, err
		}
		return all, nil
	}
	if replay, ok := errors.AsType[*store.ReplayError](err); ok {
		p.houses.Heard(replay.Now, asked)
		return p.replayAll(ctx, all)
	}
	if guard, ok := errors.AsType[*store.GuardError](err); ok {
		p.houses.Heard(guard.Now, asked)
		return p.guardFailed(b, guard), nil
	}
	if clock, ok := errors.AsType[*store.ClockError](err); ok {
		p.houses.Heard(clock.Now, asked)
		return all, nil
	}
	switch {
	case errors.Is(err, store.ErrImpossible), errors.Is(err, store.ErrInvalid):
		p.houses.Invalidate(p.id, "the database refused a change")
		if len(b.changes) == 1 || p.single && len(b.changes) > 0 {
			j := b.granted[0].job
			p.refuse(j, p.bug("the database refused %s behind a right version: %v", b.changes[0].Command, err))
			return without(all, j), nil
		}
		p.single = true
		return all, nil
	case errors.Is(err, store.ErrNotFound):
		return all, seating.Refuse(seating.CodeNotFound, "There is no such restaurant.")
	case errors.Is(err, store.ErrAmbiguous):
		p.houses.Invalidate(p.id, "the outcome of a commit is not known")
		return all, unknown("The store does not answer; the outcome is not known.")
	}
	p.c.Logger.ErrorContext(ctx, "commit failed", slog.String("restaurant", p.id.String()), slog.Any("error", err))
	return all, unavailable("The store does not answer; try again.")
}

// replayAll answers, after one read, every job whose key has a receipt.
func (p *pass) replayAll(ctx context.Context, jobs []*job) (left []*job, err error) {
	_, proof, err := p.houses.Prove(ctx, p.id, store.Ask{Keys: keysOf(jobs)})
	if err != nil {
		return jobs, err
	}
	for _, j := range jobs {
		if r, ok := proof.Receipts[j.receiptKey()]; ok && j.Key != "" {
			p.replay(j, r, proof.Now)
		} else {
			left = append(left, j)
		}
	}
	return left, nil
}

// guardFailed decides again with the database's time, but for an actor whose
// rights have changed: that one is sent back to be authorized anew.
func (p *pass) guardFailed(b *batch, failed *store.GuardError) []*job {
	j := b.granted[failed.Index].job
	switch failed.Guard.Kind {
	case house.GuardAccess:
		var left []*job
		for _, o := range b.jobs() {
			if o.Actor.Subject == j.Actor.Subject && o.Actor.Access == j.Actor.Access {
				err := seating.Refuse(seating.CodeForbidden, "Your rights have changed.")
				err.Details.Moved = true
				p.refuse(o, err)
			} else {
				left = append(left, o)
			}
		}
		return left
	case house.GuardReference:
		j.attempt++
	case house.GuardHoldLive, house.GuardHoldLapsed, house.GuardBefore:
		if j.tries > triesLimit/2 {
			// Time alone does not explain it: what is in memory is not what is stored.
			p.houses.Invalidate(p.id, "a guard keeps failing")
		}
	}
	return b.jobs()
}

// jobs are all that are not answered yet, granted first.
func (b *batch) jobs() []*job {
	var all []*job
	for _, g := range b.granted {
		all = append(all, g.job)
	}
	for _, t := range b.twins {
		all = append(all, t.job)
	}
	for _, r := range b.replays {
		all = append(all, r.job)
	}
	for _, r := range b.broken {
		all = append(all, r.job)
	}
	return append(all, b.others...)
}

func without(jobs []*job, j *job) []*job {
	var rest []*job
	for _, o := range jobs {
		if o != j {
			rest = append(rest, o)
		}
	}
	return rest
}
