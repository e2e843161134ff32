package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Commit implements store.Seating.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := b.WellFormed(); err != nil {
		return store.Committed{}, err
	}
	var done store.Committed
	err := s.write(ctx, len(b.Changes), func(ctx context.Context, q session, now servicetime.Instant) (err error) {
		done, err = commit(ctx, q, now, b)
		return err
	})
	if err != nil {
		return store.Committed{}, err
	}
	return done, nil
}

// commit is the transaction of a batch, in the order the contract gives.
func commit(ctx context.Context, q session, now servicetime.Instant, b store.Batch) (store.Committed, error) {
	done := store.Committed{Now: now}
	moved, err := bump(ctx, q, b)
	if err != nil {
		return done, err
	}
	if !moved {
		known, err := committed(ctx, q, b)
		if err != nil {
			return done, err
		}
		if !known {
			return done, movedError(ctx, q, b.Restaurant, now)
		}
		done.Receipts, err = lookUp(ctx, q, b.Restaurant, b.Lookup)
		return done, err
	}
	if err := judge(ctx, q, now, b); err != nil {
		return done, err
	}
	for i, c := range b.Changes {
		if err := writeRows(ctx, q, c, i, now); err != nil {
			return done, err
		}
		if err := writeRecord(ctx, q, c, now); err != nil {
			return done, err
		}
	}
	done.Receipts, err = lookUp(ctx, q, b.Restaurant, b.Lookup)
	return done, err
}

// bump moves the state from the base of the first change to after the last one,
// and reports whether it was at that base.
func bump(ctx context.Context, q session, b store.Batch) (bool, error) {
	first, last := b.Changes[0], b.Changes[len(b.Changes)-1]
	rev := map[seating.Aspect]any{}
	var lastAt servicetime.Instant
	var openFrom any
	for _, c := range b.Changes {
		for _, a := range c.Aspects {
			rev[a] = c.Version()
		}
		lastAt = max(lastAt, c.At)
		if c.Rows.OpenFrom != nil {
			openFrom = c.Rows.OpenFrom.String()
		}
	}
	n, err := q.exec(ctx, "BumpState", last.Public().Epoch, last.Version(), text(last.ID),
		rev[seating.AspectFloor], rev[seating.AspectPolicy], rev[seating.AspectBookings], rev[seating.AspectHolds],
		int64(lastAt), openFrom, text(b.Restaurant), first.Epoch, first.Base, text(first.BaseHead))
	return n == 1, err
}

// committed reports whether the journal has exactly the batch's changes.
func committed(ctx context.Context, q session, b store.Batch) (bool, error) {
	for _, c := range b.Changes {
		found, err := q.one(ctx, "JournalHas", []any{text(b.Restaurant), c.Version(), text(c.ID)}, new(int64))
		if err != nil || !found {
			return false, err
		}
	}
	return true, nil
}

func movedError(ctx context.Context, q session, r seating.RestaurantID, now servicetime.Instant) error {
	state, found, err := readState(ctx, q, r)
	switch {
	case err != nil:
		return err
	case !found:
		return store.ErrNotFound
	}
	return &store.MovedError{State: state, Now: now}
}

func readState(ctx context.Context, q session, r seating.RestaurantID) (store.State, bool, error) {
	var s store.State
	found, err := q.one(ctx, "State", []any{text(r)},
		&s.Epoch, &s.Version, id(&s.Head), &s.Revisions.Floor, &s.Revisions.Policy, &s.Revisions.Bookings, &s.Revisions.Holds)
	return s, found, err
}

// lookUp reads the receipts there are for the keys.
func lookUp(ctx context.Context, q session, r seating.RestaurantID, keys []house.ReceiptKey) (map[house.ReceiptKey]house.Receipt, error) {
	found := map[house.ReceiptKey]house.Receipt{}
	for _, k := range keys {
		receipt, ok, err := readReceipt(ctx, q, r, k)
		if err != nil {
			return nil, err
		}
		if ok {
			found[k] = receipt
		}
	}
	return found, nil
}

func readReceipt(ctx context.Context, q session, r seating.RestaurantID, k house.ReceiptKey) (house.Receipt, bool, error) {
	receipt := house.Receipt{ReceiptKey: k}
	found, err := q.one(ctx, "Receipt", []any{text(r), k.Principal, k.Key},
		&receipt.Fingerprint, &receipt.Command, &receipt.Status, &receipt.Version.Epoch, &receipt.Version.N, raw(&receipt.Body), instant(&receipt.At))
	return receipt, found, err
}
