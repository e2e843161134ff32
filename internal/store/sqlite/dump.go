package sqlite

import (
	"context"
	"math"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// Dump implements store.Upkeep.
func (s *Store) Dump(ctx context.Context, r seating.RestaurantID) (*store.Dump, error) {
	d := &store.Dump{
		TableCounts: map[seating.HoldID]int{},
		History:     map[int64]int{},
		Outbox:      map[string]int64{},
		Expected:    map[int64]int{},
	}
	err := s.read(ctx, func(q session) (err error) {
		if d.State, err = readHouse(ctx, q, r); err != nil {
			return err
		}
		d.Now = s.clock()
		d.EventsFrom = d.Now.Add(-store.KeepObserved)
		if d.Journal, err = s.readJournal(ctx, q, r, -1, math.MaxInt32); err != nil {
			return err
		}
		if err := dumpOccupancy(ctx, q, r, d); err != nil {
			return err
		}
		return dumpRecord(ctx, q, r, d)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// dumpOccupancy reads bookings of closed days and all holds and allocations.
func dumpOccupancy(ctx context.Context, q session, r seating.RestaurantID, d *store.Dump) error {
	here := []any{text(r)}
	d.State.Holds = nil
	if err := rowsOf(ctx, q, "DumpHolds", here, &d.State.Holds, holdColumns); err != nil {
		return err
	}
	if err := counts(ctx, q, "DumpTableCounts", here, d.TableCounts, func(k *seating.HoldID) any { return id(k) }); err != nil {
		return err
	}
	if err := rowsOf(ctx, q, "DumpEnded", here, &d.Ended, endedColumns); err != nil {
		return err
	}
	if err := rowsOf(ctx, q, "DumpPast", []any{text(r), d.State.OpenFrom.String()}, &d.Past, bookingColumns); err != nil {
		return err
	}
	if err := rowsOf(ctx, q, "DumpOccupancy", here, &d.Occupancy, allocationColumns); err != nil {
		return err
	}
	return rowsOf(ctx, q, "DumpStrays", here, &d.Strays, func(s *string) []any { return []any{s} })
}

// dumpRecord reads what is told of the changes.
func dumpRecord(ctx context.Context, q session, r seating.RestaurantID, d *store.Dump) error {
	here := []any{text(r)}
	var checkpoint house.State
	found, err := q.one(ctx, "DumpCheckpoint", here, decoded(&checkpoint))
	if err != nil {
		return err
	}
	if found {
		d.Checkpoint = &checkpoint
	}
	self := func(v *int64) any { return v }
	if err := counts(ctx, q, "DumpExpected", here, d.Expected, self); err != nil {
		return err
	}
	if err := counts(ctx, q, "DumpHistory", here, d.History, self); err != nil {
		return err
	}
	if err := counts(ctx, q, "DumpOutbox", []any{text(r), store.Lane(seating.FlowID(r))}, d.Outbox, func(k *string) any { return k }); err != nil {
		return err
	}
	err = rowsOf(ctx, q, "DumpReceipts", here, &d.Receipts, func(p *house.Receipt) []any {
		return []any{
			&p.Principal, &p.Key, &p.Fingerprint, &p.Command, &p.Status, &p.Version.Epoch, &p.Version.N, raw(&p.Body), instant(&p.At),
		}
	})
	if err != nil {
		return err
	}
	return rowsOf(ctx, q, "DumpDue", here, &d.Due, dueColumns)
}

// counts reads rows of a key and a number.
func counts[K comparable, N int | int64](ctx context.Context, q session, name string, args []any, into map[K]N, key func(*K) any) error {
	return q.each(ctx, name, args, func(scan func(...any) error) error {
		var k K
		var n N
		err := scan(key(&k), &n)
		into[k] = n
		return err
	})
}
