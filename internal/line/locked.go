package line

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// errBehind: what the lock showed does not lead on from the house in memory.
var errBehind = errors.New("line: the house is to be refreshed")

// underLock is what was decided while the lock of the restaurant was held.
type underLock struct {
	*batch
	followed []*house.Change // by others, before the batch
	proof    store.Proof
	at       time.Duration // on the monotonic clock: the lock was held
}

// locked decides and commits the jobs with the lock of the restaurant taken first,
// so that nobody comes in between. What the lock shows is a proof: receipts are
// found before anything is decided, and refusals need no further read.
func (p *pass) locked(ctx context.Context, h *house.House, jobs []*job) ([]*job, error) {
	seen, err := p.seen(ctx, h, jobs)
	if err != nil {
		return jobs, err
	}
	ask := p.ask
	p.ask = store.Ask{}
	ask.Keys = keysOf(jobs)
	asked := p.houses.Monotonic()
	var u *underLock // of the last time that it was decided
	done, err := p.store.CommitLocked(ctx, p.id, h.Version, ask, func(locked store.Locked) (store.Batch, error) {
		var err error
		if u, err = p.decideLocked(ctx, h, jobs, seen, locked); err != nil {
			return store.Batch{}, err
		}
		return store.Batch{Restaurant: p.id, Changes: u.changes}, nil
	})
	switch {
	case errors.Is(err, errBehind):
		_, err = p.houses.Refresh(ctx, p.id)
		return jobs, err
	case err != nil && (u == nil || len(u.changes) == 0):
		return p.failed(ctx, &batch{others: jobs}, definitely(err), asked)
	case err != nil:
		if done, err = p.insist(ctx, store.Batch{Restaurant: p.id, Changes: u.changes}, done, err); err != nil {
			return p.failed(ctx, u.batch, err, asked)
		}
	}
	p.houses.Advance(u.base, u.followed, u.at)
	if len(u.changes) > 0 {
		p.houses.Heard(done.Now, u.at)
		return p.committed(ctx, u.batch, done.Now, u.proof.Receipts, u.at)
	}
	p.houses.Heard(u.proof.Now, u.at)
	p.c.OnBatch(BatchDone{Commands: len(jobs), Locked: true})
	p.tellSettled(u.batch, u.proof.Now)
	return p.tellAll(ctx, u.others, proven{
		house: u.base, now: u.proof.Now, receipts: u.proof.Receipts, complete: len(ask.Holds)+len(ask.Bookings) > 0,
		facts: factsOf(u.proof),
	})
}

// decideLocked decides the jobs on what the lock shows, with the time read under
// it. It does no I/O.
func (p *pass) decideLocked(ctx context.Context, h *house.House, jobs []*job, seen map[seating.Version]touches, locked store.Locked) (*underLock, error) {
	began := p.houses.Monotonic()
	base, followed, err := live.Follow(h, locked.Entries)
	if err != nil || locked.Gone || base.Epoch != locked.Epoch || base.Version != locked.Version || base.Head != locked.Head {
		return nil, errBehind
	}
	b := &batch{base: base, house: base, locked: true}
	b.since = func(v seating.Version) touches { return since(v, h, base, seen[v], followed) }
	var open []*job
	for _, j := range jobs {
		receipt, ok := locked.Receipts[j.receiptKey()]
		switch {
		case ok && j.Key != "":
			b.replays = append(b.replays, replayed{job: j, receipt: receipt})
		case j.rotates && base.Epoch != h.Epoch:
			b.others = append(b.others, j) // another process has seen to it
		default:
			open = append(open, j)
		}
	}
	if err := p.decideOn(ctx, b, open, locked.Now); err != nil {
		return nil, err
	}
	return &underLock{batch: b, followed: followed, proof: locked.Proof, at: began}, nil
}

// touches are what was touched since a version; tooOld says that it is not known.
type touches struct {
	list   []house.Touched
	tooOld bool
}

// seen reads, before the lock is taken, what was touched since the versions that
// the jobs' callers saw, up to the house in memory.
func (p *pass) seen(ctx context.Context, h *house.House, jobs []*job) (map[seating.Version]touches, error) {
	seen := map[seating.Version]touches{}
	for _, j := range jobs {
		if j.IfMatch == nil {
			continue
		}
		list, tooOld, err := p.houses.Touched(ctx, h, *j.IfMatch)
		if err != nil {
			return nil, err
		}
		seen[*j.IfMatch] = touches{list: list, tooOld: tooOld}
	}
	return seen, nil
}

// since is what was touched between a version and base, where before is that up to
// h, and followed led from h to base. It says what Houses.Touched would.
func since(v seating.Version, h, base *house.House, before touches, followed []*house.Change) touches {
	if v.Epoch != base.Epoch || v.N > base.Version || base.Version-v.N > live.TouchesKept {
		return touches{tooOld: true}
	}
	var list []house.Touched
	if v.Epoch == h.Epoch && v.N <= h.Version {
		if before.tooOld {
			return before
		}
		list = slices.Clone(before.list)
	}
	for _, c := range followed {
		if c.Version() > v.N {
			list = append(list, house.TouchedBy(c))
		}
	}
	return touches{list: list}
}

func keysOf(jobs []*job) []house.ReceiptKey {
	var keys []house.ReceiptKey
	for _, j := range jobs {
		if j.Key != "" {
			keys = append(keys, j.receiptKey())
		}
	}
	return keys
}

// definitely makes of an outcome that is not known one that is: where nothing was
// to be written, nothing was.
func definitely(err error) error {
	if errors.Is(err, store.ErrAmbiguous) {
		return store.ErrUnavailable
	}
	return err
}

// tellSettled answers the jobs of a batch that need no further proof: replays, and
// those whose change is a bug.
func (l *Lines) tellSettled(b *batch, now servicetime.Instant) {
	for _, r := range b.replays {
		l.replay(r.job, r.receipt, now)
	}
	for _, r := range b.broken {
		l.refuse(r.job, r.err)
	}
}
