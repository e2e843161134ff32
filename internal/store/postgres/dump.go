package postgres

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
	var found, pinned bool
	var checkpoint house.State
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.exec("TakeTime")
		queueHouse(f, r, &d.State, &found)
		queueClock(f, &d.Now)
		s.queueJournal(ctx, f, r, -1, math.MaxInt32, &d.Journal)
		readOccupancy(f, r, d)
		f.one("DumpCheckpoint", []any{uid(r)}, &pinned, decoded(&checkpoint))
		queueDumpRecord(f, r, d)
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, store.ErrNotFound
	}
	if pinned {
		d.Checkpoint = &checkpoint
	}
	return d, nil
}

// readOccupancy queues bookings of closed days and all holds and allocations.
func readOccupancy(f *flush, r seating.RestaurantID, d *store.Dump) {
	here := []any{uid(r)}
	rowsOf(f, "DumpHolds", here, &d.State.Holds, holdColumns)
	counts(f, "DumpTableCounts", here, d.TableCounts, func(k *seating.HoldID) any { return id(k) })
	rowsOf(f, "DumpEnded", here, &d.Ended, endedColumns)
	rowsOf(f, "DumpPast", here, &d.Past, bookingColumns)
	rowsOf(f, "DumpOccupancy", here, &d.Occupancy, allocationColumns)
	rowsOf(f, "DumpStrays", here, &d.Strays, func(s *string) []any { return []any{s} })
}

// queueDumpRecord queues what is told of the changes.
func queueDumpRecord(f *flush, r seating.RestaurantID, d *store.Dump) {
	here := []any{uid(r)}
	self := func(v *int64) any { return v }
	counts(f, "DumpExpected", here, d.Expected, self)
	counts(f, "DumpHistory", here, d.History, self)
	counts(f, "DumpOutbox", []any{uid(r), store.SinkObservability, store.ToldPrefix}, d.Outbox, func(k *string) any { return k })
	f.one("DumpEventsFrom", []any{store.KeepObserved}, nil, instant(&d.EventsFrom))
	rowsOf(f, "DumpReceipts", here, &d.Receipts, receiptColumns)
	rowsOf(f, "DumpDue", here, &d.Due, dueColumns)
}

// counts queues rows of a key and a number.
func counts[K comparable, N int | int64](f *flush, name string, args []any, into map[K]N, key func(*K) any) {
	f.each(name, args, func(scan func(...any) error) error {
		var k K
		var n N
		err := scan(key(&k), &n)
		into[k] = n
		return err
	})
}
