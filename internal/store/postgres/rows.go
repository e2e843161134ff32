package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/seating"
)

// queueRows queues the rows of a run in the order of house.Rows, but for the
// allocations of blocks: those that go, go with the first deletions, so that
// blocks can trade places.
func queueRows(f *flush, r seating.RestaurantID, run *run) error {
	here := uid(r)
	if run.floor != nil {
		queueBlocksGone(f, r, &run.floor.Rows)
	}
	if drop := run.dropAllocations; len(drop) > 0 {
		f.exec("DropAllocations", here,
			each(drop, func(a seating.Allocation) pgtype.UUID { return uid(a.Table) }),
			each(drop, func(a seating.Allocation) string { return string(a.Kind) }),
			each(drop, func(a seating.Allocation) pgtype.Timestamptz { return on(a.Window.Start) }),
			each(drop, func(a seating.Allocation) pgtype.UUID { return uid(a.Owner) }),
			len(drop))
	}
	if len(run.reown) > 0 {
		f.exec("Reown", here, ids(run.reown), len(run.reown))
	}
	if err := queueEndHolds(f, here, run.endHolds); err != nil {
		return err
	}
	if run.floor != nil {
		if err := queueFloor(f, r, &run.floor.Rows); err != nil {
			return err
		}
	}
	if err := queuePutBookings(f, here, run.putBookings); err != nil {
		return err
	}
	if err := queuePutHolds(f, here, run.putHolds); err != nil {
		return err
	}
	queuePutAllocations(f, here, run.putAllocations)
	if len(run.anchor) > 0 {
		f.exec("AnchorHolds", here, ids(run.anchor))
	}
	return nil
}

// holdLists are the columns that holds and ended holds have in common, but for
// the first, the restaurant.
type holdLists struct {
	ids, bookings                             []pgtype.UUID
	starts, ends, expires, heldSince, created []pgtype.Timestamptz
	by                                        []string
	adjacent                                  []bool
	override                                  []pgtype.Text
	made                                      []int64
}

func (l *holdLists) add(h seating.Hold) error {
	var override pgtype.Text
	if h.Override != nil {
		body, err := encoded(h.Override)
		if err != nil {
			return err
		}
		override = orNull(body)
	}
	l.ids, l.bookings = append(l.ids, uid(h.ID)), append(l.bookings, uid(h.Booking))
	l.starts, l.ends = append(l.starts, on(h.Window.Start)), append(l.ends, on(h.Window.End))
	l.expires, l.heldSince, l.created = append(l.expires, on(h.ExpiresAt)), append(l.heldSince, on(h.HeldSince)), append(l.created, on(h.CreatedAt))
	l.by, l.adjacent = append(l.by, h.CreatedBy), append(l.adjacent, h.RequireAdjacency)
	l.override, l.made = append(l.override, override), append(l.made, h.Made)
	return nil
}

func (l *holdLists) columns() []any {
	return []any{l.ids, l.bookings, l.starts, l.ends, l.expires, l.heldSince, l.created, l.by, l.adjacent, l.override, l.made}
}

func queueEndHolds(f *flush, here pgtype.UUID, end []seating.EndedHold) error {
	if len(end) == 0 {
		return nil
	}
	var l holdLists
	tables := make([]string, len(end))
	for i, e := range end {
		if err := l.add(e.Hold); err != nil {
			return err
		}
		var err error
		if tables[i], err = encoded(e.Tables); err != nil {
			return err
		}
	}
	args := append([]any{here}, l.columns()...)
	f.exec("EndHolds", append(args, tables,
		each(end, func(e seating.EndedHold) string { return string(e.How) }),
		each(end, func(e seating.EndedHold) pgtype.Timestamptz { return on(e.EndedAt) }),
		each(end, func(e seating.EndedHold) string { return e.EndedBy }),
		len(end))...)
	return nil
}

func queuePutHolds(f *flush, here pgtype.UUID, put []heldAt) error {
	if len(put) == 0 {
		return nil
	}
	var l holdLists
	for _, h := range put {
		if err := l.add(h.Hold); err != nil {
			return err
		}
	}
	args := append([]any{here}, l.columns()...)
	f.exec("PutHolds", append(args,
		each(put, func(h heldAt) pgtype.Timestamptz { return on(h.at) }),
		each(put, func(h heldAt) pgtype.UUID { return pgtype.UUID{Bytes: h.anchor.Table, Valid: true} }),
		each(put, func(h heldAt) pgtype.Timestamptz { return on(h.anchor.Window.Start) }),
		each(put, func(h heldAt) int { return h.tables }))...)
	return nil
}

func queuePutBookings(f *flush, here pgtype.UUID, put []seating.Booking) error {
	if len(put) == 0 {
		return nil
	}
	left := make([]pgtype.Text, len(put)) // NULL while nobody has left
	for i, b := range put {
		if len(b.Left) > 0 {
			body, err := encoded(b.Left)
			if err != nil {
				return err
			}
			left[i] = orNull(body)
		}
	}
	instants := func(column func(b seating.Booking) pgtype.Timestamptz) []pgtype.Timestamptz { return each(put, column) }
	words := func(column func(b seating.Booking) string) []string { return each(put, column) }
	f.exec("PutBookings", here,
		each(put, func(b seating.Booking) pgtype.UUID { return uid(b.ID) }),
		words(func(b seating.Booking) string { return b.Reference }),
		each(put, func(b seating.Booking) int { return b.Covers }),
		words(func(b seating.Booking) string { return b.Date.String() }),
		words(func(b seating.Booking) string { return b.Time.String() }),
		words(func(b seating.Booking) string { return b.ServiceDate.String() }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return on(b.Window.Start) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return on(b.Window.End) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return on(b.Dining.Start) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return on(b.Dining.End) }),
		each(put, func(b seating.Booking) int { return int(b.Turn) }),
		words(func(b seating.Booking) string { return string(b.Status) }),
		each(put, func(b seating.Booking) pgtype.UUID { return uid(b.ZoneWish) }),
		each(put, func(b seating.Booking) pgtype.Text { return orNull(b.SeatingWish) }),
		words(func(b seating.Booking) string { return string(b.Source) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.ArrivedAt) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.CheckedInAt) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.EndedAt) }),
		each(put, func(b seating.Booking) pgtype.Text { return orNull(b.ChosenBy) }),
		left,
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.PlannedStart) }),
		each(put, func(b seating.Booking) int { return b.Priority }),
		each(put, func(b seating.Booking) int { return int(b.Quoted) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.PendingUntil) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.LateAt) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return at(b.OverstayAt) }),
		instants(func(b seating.Booking) pgtype.Timestamptz { return on(b.CreatedAt) }),
		words(func(b seating.Booking) string { return b.CreatedBy }),
		each(put, func(b seating.Booking) int64 { return b.Version }))
	return nil
}

func queuePutAllocations(f *flush, here pgtype.UUID, put []seating.Allocation) {
	if len(put) == 0 {
		return
	}
	f.exec("PutAllocations", here,
		each(put, func(a seating.Allocation) pgtype.UUID { return uid(a.Table) }),
		each(put, func(a seating.Allocation) pgtype.Timestamptz { return on(a.Window.Start) }),
		each(put, func(a seating.Allocation) pgtype.Timestamptz { return on(a.Window.End) }),
		each(put, func(a seating.Allocation) string { return string(a.Kind) }),
		each(put, func(a seating.Allocation) pgtype.UUID { return uid(a.Owner) }),
		each(put, func(a seating.Allocation) pgtype.UUID { return uid(a.Claimant) }))
}
