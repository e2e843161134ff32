package sqlite

import (
	"context"
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// rowWriter writes the rows of one change.
type rowWriter struct {
	q     session
	c     *house.Change
	index int // of the change in its batch, for errors
	now   servicetime.Instant
	r     string // the restaurant's id, as every statement wants it
	// touched are the holds whose allocations or rows the change wrote.
	touched map[seating.HoldID]bool
}

// writeRows writes the rows of a change in the order of house.Rows, but for the
// allocations of blocks: those that go, go with the first deletions, so that
// blocks can trade places.
func writeRows(ctx context.Context, q session, c *house.Change, index int, now servicetime.Instant) error {
	w := &rowWriter{q: q, c: c, index: index, now: now, r: c.Restaurant.String(), touched: map[seating.HoldID]bool{}}
	for _, step := range []func(context.Context) error{
		w.dropAllocations, w.reown, w.endHolds, w.dropFloor,
		w.putRestaurant, w.putFloor, w.putRules,
		w.putBookings, w.putHolds, w.putAllocations, w.anchorHolds,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// all runs a statement that writes any number of rows.
func (w *rowWriter) all(ctx context.Context, name string, args ...any) error {
	_, err := w.q.exec(ctx, name, args...)
	return err
}

// some runs a statement that must write at least one row: the house has it.
func (w *rowWriter) some(ctx context.Context, name string, args ...any) error {
	n, err := w.q.exec(ctx, name, args...)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %s of change %s found no row", store.ErrImpossible, name, w.c.ID)
	}
	return err
}

func (w *rowWriter) dropAllocations(ctx context.Context) error {
	for _, b := range w.c.Rows.PutBlocks {
		if err := w.all(ctx, "DeleteBlockAllocations", w.r, text(b.ID)); err != nil {
			return err
		}
	}
	for _, block := range w.c.Rows.DropBlocks {
		if err := w.all(ctx, "DeleteBlockAllocations", w.r, text(block)); err != nil {
			return err
		}
	}
	for _, a := range w.c.Rows.DropAllocations {
		if err := w.some(ctx, "DeleteAllocation", w.r, text(a.Table), string(a.Kind), int64(a.Window.Start), text(a.Owner)); err != nil {
			return err
		}
		w.touch(a)
	}
	return nil
}

func (w *rowWriter) touch(a seating.Allocation) {
	if a.Kind == seating.OwnedByHold {
		w.touched[seating.HoldID(a.Owner)] = true
	}
}

func (w *rowWriter) reown(ctx context.Context) error {
	for _, hold := range w.c.Rows.Reown {
		if err := w.some(ctx, "ReownAllocations", w.r, text(hold)); err != nil {
			return err
		}
		w.touched[hold] = true
	}
	return nil
}

func (w *rowWriter) endHolds(ctx context.Context) error {
	for _, e := range w.c.Rows.EndHolds {
		tables, err := encoded(e.Tables)
		if err != nil {
			return err
		}
		override, err := overrideColumn(e.Override)
		if err != nil {
			return err
		}
		err = w.all(ctx, "InsertEndedHold", w.r, text(e.ID), text(e.Booking), int64(e.Window.Start), int64(e.Window.End),
			int64(e.ExpiresAt), int64(e.HeldSince), int64(e.CreatedAt), e.CreatedBy, e.RequireAdjacency, override, e.Made,
			tables, string(e.How), int64(e.EndedAt), e.EndedBy)
		if err != nil {
			return err
		}
		if err := w.some(ctx, "DeleteHold", w.r, text(e.ID)); err != nil {
			return err
		}
		delete(w.touched, e.ID)
	}
	return nil
}

func overrideColumn(o *seating.Override) (any, error) {
	if o == nil {
		return nil, nil //nolint:nilnil // NULL is the column of no override
	}
	return encoded(o)
}

// leftColumn is NULL while nobody has left.
func leftColumn(tables []seating.TableID) (any, error) {
	if len(tables) == 0 {
		return nil, nil //nolint:nilnil // NULL is the column of no tables
	}
	return encoded(tables)
}

func (w *rowWriter) putBookings(ctx context.Context) error {
	for _, b := range w.c.Rows.PutBookings {
		left, err := leftColumn(b.Left)
		if err != nil {
			return err
		}
		_, err = w.q.exec(ctx, "UpsertBooking", w.r, text(b.ID), b.Reference, b.Covers, b.Date.String(), b.Time.String(), b.ServiceDate.String(),
			int64(b.Window.Start), int64(b.Window.End), int64(b.Dining.Start), int64(b.Dining.End), int(b.Turn), string(b.Status),
			text(b.ZoneWish), orNull(string(b.SeatingWish)), string(b.Source), at(b.ArrivedAt), at(b.CheckedInAt), at(b.EndedAt),
			orNull(string(b.ChosenBy)), left, at(b.PlannedStart), b.Priority, int(b.Quoted), at(b.PendingUntil), at(b.LateAt), at(b.OverstayAt),
			int64(b.CreatedAt), b.CreatedBy, b.Version)
		if taken(err) {
			// Its key is replaced, so it is the reference that another booking has.
			return &store.GuardError{Index: w.index, Guard: house.Guard{Kind: house.GuardReference, Reference: b.Reference}, Now: w.now}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) putHolds(ctx context.Context) error {
	for _, h := range w.c.Rows.PutHolds {
		override, err := overrideColumn(h.Override)
		if err != nil {
			return err
		}
		table, start, count := w.anchor(h.ID)
		err = w.all(ctx, "UpsertHold", w.r, text(h.ID), text(h.Booking), int64(h.Window.Start), int64(h.Window.End),
			int64(h.ExpiresAt), int64(h.HeldSince), int64(h.CreatedAt), h.CreatedBy, h.RequireAdjacency, override, h.Made,
			int64(w.c.At), table, start, count)
		if err != nil {
			return err
		}
		w.touched[h.ID] = true
	}
	return nil
}

// anchor is the first allocation that the change puts for a hold, and how many
// it puts. A hold without any gets an anchor that cannot be, which anchorHolds
// sets right or refuses.
func (w *rowWriter) anchor(hold seating.HoldID) (table string, start int64, count int) {
	for _, a := range w.c.Rows.PutAllocations {
		if a.Kind == seating.OwnedByHold && seating.HoldID(a.Owner) == hold {
			if count == 0 {
				table, start = a.Table.String(), int64(a.Window.Start)
			}
			count++
		}
	}
	return table, start, max(count, 1)
}

func (w *rowWriter) putAllocations(ctx context.Context) error {
	for _, a := range w.c.Rows.PutAllocations {
		if err := w.allocate(ctx, a); err != nil {
			return err
		}
		w.touch(a)
	}
	return nil
}

func (w *rowWriter) allocate(ctx context.Context, a seating.Allocation) error {
	owner := a.Owner.String()
	var hold, booking, block any
	switch a.Kind {
	case seating.OwnedByHold:
		hold = owner
	case seating.OwnedByBooking:
		booking = owner
	case seating.OwnedByBlock:
		block = owner
	}
	return w.all(ctx, "InsertAllocation", w.r, text(a.Table), int64(a.Window.Start), int64(a.Window.End),
		string(a.Kind), owner, text(a.Claimant), hold, booking, block)
}

// anchorHolds sets anchor and count of the holds that were touched by what their
// allocations are now. A hold that is left without any is refused here, with its
// own change, and not first at the end of all.
func (w *rowWriter) anchorHolds(ctx context.Context) error {
	for hold := range w.touched {
		if err := w.all(ctx, "AnchorHold", w.r, text(hold)); err != nil {
			return fmt.Errorf("hold %s: %w", hold, err)
		}
	}
	return nil
}

// fold makes the key by which names are unique, ignoring case.
func fold(s string) string { return store.FoldName(s) }
