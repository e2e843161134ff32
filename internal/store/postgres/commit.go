package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Commit implements store.Seating, in one flush.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	w, err := s.try(ctx, b)
	if s.freed(ctx, err) {
		w, err = s.try(ctx, b)
	}
	if w == nil {
		return store.Committed{}, err
	}
	return s.outcome(ctx, w, err)
}

// try sends a batch. Without it, nothing was sent.
func (s *Store) try(ctx context.Context, b store.Batch) (*written, error) {
	f := &flush{}
	f.as(roleApp, b.Restaurant)
	w, err := s.queueBatch(f, b)
	if err != nil {
		return nil, err
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, redacted(err))
	}
	defer conn.Release()
	return w, s.send(ctx, conn, f)
}

// written is a batch on its way.
type written struct {
	batch   store.Batch
	demands *demands
	now     servicetime.Instant
	done    store.Committed
}

// queueBatch queues all statements of a batch but the first, which names the role.
func (s *Store) queueBatch(f *flush, b store.Batch) (*written, error) {
	if err := b.WellFormed(); err != nil {
		return nil, err
	}
	w := &written{batch: b, demands: demandsOf(b)}
	w.done.Receipts = map[house.ReceiptKey]house.Receipt{}
	f.one("Advance", advance(b, w.demands), nil, instant(&w.now))
	for _, r := range runs(b.Changes) {
		if err := queueRows(f, b.Restaurant, r); err != nil {
			return nil, err
		}
	}
	if err := queueRecord(f, b); err != nil {
		return nil, err
	}
	if len(b.Lookup) > 0 {
		queueLookUp(f, b.Restaurant, b.Lookup, w.done.Receipts)
	}
	return w, nil
}

// advance are the arguments of maitred.advance.
func advance(b store.Batch, d *demands) []any {
	first, last := b.Changes[0], b.Changes[len(b.Changes)-1]
	revisions := map[seating.Aspect]pgtype.Int8{}
	lastAt, earliest, latest := first.At, first.Now, first.Now
	var openFrom pgtype.Text
	for _, c := range b.Changes {
		for _, a := range c.Aspects {
			revisions[a] = pgtype.Int8{Int64: c.Version(), Valid: true}
		}
		lastAt, earliest, latest = max(lastAt, c.At), min(earliest, c.Now), max(latest, c.Now)
		if c.Rows.OpenFrom != nil {
			openFrom = orNull(c.Rows.OpenFrom.String())
		}
	}
	return []any{
		uid(b.Restaurant), first.Epoch, first.Base, uid(first.BaseHead),
		each(b.Changes, func(c *house.Change) pgtype.UUID { return uid(c.ID) }), last.Public().Epoch,
		revisions[seating.AspectFloor], revisions[seating.AspectPolicy], revisions[seating.AspectBookings], revisions[seating.AspectHolds],
		on(lastAt), openFrom, on(earliest), on(latest),
		list(d.principals), list(d.keys), list(d.kinds), list(d.subjects), list(d.numbers), list(d.words),
	}
}

// list is an empty list rather than NULL for none.
func list[V any](values []V) []V {
	if values == nil {
		return []V{}
	}
	return values
}

// outcome is what the answer to a batch means.
func (s *Store) outcome(ctx context.Context, w *written, err error) (store.Committed, error) {
	if err == nil {
		s.batches.Add(1)
		s.changes.Add(int64(len(w.batch.Changes)))
		w.done.Now = w.now
		return w.done, nil
	}
	pg := refusalOf(err)
	if pg == nil {
		if _, ok := errors.AsType[*decodeError](err); ok {
			// What cannot be read says nothing about the commit.
			return store.Committed{}, fmt.Errorf("%w: %w", store.ErrAmbiguous, err)
		}
		return store.Committed{}, translate(err)
	}
	if pg.Code == stateCommitted {
		return s.committedBefore(ctx, w, pg)
	}
	return store.Committed{}, w.refusal(pg, err)
}

// committedBefore answers a batch that was sent once more.
func (s *Store) committedBefore(ctx context.Context, w *written, pg *pgconn.PgError) (store.Committed, error) {
	var detail advanced
	if err := detail.read(pg); err != nil {
		return store.Committed{}, err
	}
	w.done.Now = detail.Now
	if len(w.batch.Lookup) > 0 {
		proof, err := s.Prove(ctx, w.batch.Restaurant, store.Ask{Keys: w.batch.Lookup})
		if err != nil {
			// Committed it is, but what the others are to be told is not known.
			return store.Committed{}, fmt.Errorf("%w: %w", store.ErrAmbiguous, err)
		}
		w.done.Receipts = proof.Receipts
	}
	return w.done, nil
}

// advanced is the detail of an error that maitred.advance raises.
type advanced struct {
	Now     servicetime.Instant `json:"-"`
	Micros  int64               `json:"now"`
	N       int                 `json:"n"` // from 1
	Epoch   string              `json:"epoch"`
	Version int64               `json:"version"`

	Head     seating.ChangeID `json:"head"`
	Floor    int64            `json:"floor"`
	Policy   int64            `json:"policy"`
	Bookings int64            `json:"bookings"`
	Holds    int64            `json:"holds"`

	Fingerprint string  `json:"fingerprint"`
	Command     string  `json:"command"`
	Status      int     `json:"status"`
	Body        *string `json:"body"`
	At          int64   `json:"at"`
}

func (a *advanced) read(pg *pgconn.PgError) error {
	if err := json.Unmarshal([]byte(pg.Detail), a); err != nil {
		return &decodeError{fmt.Errorf("the detail of %s: %w", pg.Code, err)}
	}
	a.Now = servicetime.Instant(a.Micros)
	return nil
}

// refusal is the contract's error for what the server refused a batch with.
func (w *written) refusal(pg *pgconn.PgError, err error) error {
	var detail advanced
	switch pg.Code {
	case stateMoved, stateReplay, stateGuard, stateClock:
		if err := detail.read(pg); err != nil {
			return err
		}
	}
	switch pg.Code {
	case stateMoved:
		return &store.MovedError{Now: detail.Now, State: store.State{
			Epoch: detail.Epoch, Version: detail.Version, Head: detail.Head,
			Revisions: seating.Revisions{Floor: detail.Floor, Policy: detail.Policy, Bookings: detail.Bookings, Holds: detail.Holds},
		}}
	case stateReplay:
		i := w.demands.receipts[detail.N-1]
		receipt := house.Receipt{
			ReceiptKey: w.batch.Changes[i].Receipt.ReceiptKey, Fingerprint: detail.Fingerprint, Command: detail.Command, Status: detail.Status,
			Version: seating.Version{Epoch: detail.Epoch, N: detail.Version}, At: servicetime.Instant(detail.At),
		}
		if detail.Body != nil {
			receipt.Body = []byte(*detail.Body)
		}
		return &store.ReplayError{Index: i, Receipt: receipt, Now: detail.Now}
	case stateGuard:
		of := w.demands.guards[detail.N-1]
		return &store.GuardError{Index: of.change, Guard: of.guard, Now: detail.Now}
	case stateClock:
		return &store.ClockError{Now: detail.Now}
	}
	switch pg.ConstraintName {
	case "restaurants_slug_key":
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	case "bookings_reference":
		// Which of several is not told; alone, each can be.
		if put := w.batch.Changes[0].Rows.PutBookings; len(w.batch.Changes) == 1 && len(put) == 1 {
			return &store.GuardError{Guard: house.Guard{Kind: house.GuardReference, Reference: put[0].Reference}, Now: w.now}
		}
	}
	return translate(err)
}
