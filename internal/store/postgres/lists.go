package postgres

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Bookings implements store.Lists.
func (s *Store) Bookings(ctx context.Context, r seating.RestaurantID, query store.BookingQuery) ([]store.BookingRow, error) {
	statuses := each(query.Statuses, func(status seating.Status) string { return string(status) })
	afterDate, afterStart, afterID := place(query.After)
	args := []any{
		uid(r), day(query.From), day(query.To), statuses, fold(query.Text), afterDate, afterStart, afterID, query.Limit,
	}
	var rows []store.BookingRow
	err := s.read(ctx, roleApp, r, func(f *flush) { rowsOf(f, "ListBookings", args, &rows, bookingRowColumns) })
	return rows, err
}

// place is a cursor as its three columns. Without one the list begins before
// everything.
func place(after *store.BookingCursor) (pgtype.Date, pgtype.Timestamptz, pgtype.UUID) {
	if after == nil {
		return pgtype.Date{InfinityModifier: pgtype.NegativeInfinity, Valid: true},
			pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}, pgtype.UUID{Valid: true}
	}
	return day(after.Date), on(after.Start), pgtype.UUID{Bytes: after.ID, Valid: true}
}

// day is the column of a date.
func day(d servicetime.Date) pgtype.Date {
	year, month, n := d.Civil()
	return pgtype.Date{Time: time.Date(year, month, n, 0, 0, 0, 0, time.UTC), Valid: true}
}

func bookingRowColumns(b *store.BookingRow) []any {
	return append(bookingColumns(&b.Booking), decoded(&b.Tables))
}

// Booking implements store.Lists.
func (s *Store) Booking(ctx context.Context, r seating.RestaurantID, booking seating.BookingID) (store.BookingRow, error) {
	var row store.BookingRow
	var found bool
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.one("OneBooking", []any{uid(r), uid(booking)}, &found, bookingRowColumns(&row)...)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return row, err
}

// Guests implements store.Lists.
func (s *Store) Guests(ctx context.Context, r seating.RestaurantID, bookings []seating.BookingID) (map[seating.BookingID]seating.Guest, error) {
	guests := map[seating.BookingID]seating.Guest{}
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.each("Guests", []any{uid(r), ids(bookings)}, func(scan func(...any) error) error {
			var b seating.BookingID
			var g seating.Guest
			err := scan(id(&b), &g.Name, &g.Phone, &g.Email, &g.Notes)
			guests[b] = g
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return guests, nil
}

// History implements store.Lists.
func (s *Store) History(ctx context.Context, r seating.RestaurantID, subject string, before int64, limit int) ([]store.HistoryLine, error) {
	name, args := "History", []any{uid(r), cmp.Or(before, math.MaxInt64), limit}
	if subject != "" {
		name, args = "HistoryOfSubject", append(args, subject)
	}
	var lines []store.HistoryLine
	err := s.read(ctx, roleApp, r, func(f *flush) {
		rowsOf(f, name, args, &lines, func(h *store.HistoryLine) []any {
			return []any{
				&h.Version, &h.Ordinal, instant(&h.At), &h.Principal, &h.Command, &h.Subject, &h.From, &h.To, &h.Reason,
				word(&h.Detail), word(&h.Note),
			}
		})
	})
	return lines, err
}

// EndedHold implements store.Lists.
func (s *Store) EndedHold(ctx context.Context, r seating.RestaurantID, hold seating.HoldID) (seating.EndedHold, error) {
	ended := map[seating.HoldID]seating.EndedHold{}
	err := s.read(ctx, roleApp, r, func(f *flush) { queueEnded(f, r, []seating.HoldID{hold}, ended) })
	if err == nil && len(ended) == 0 {
		err = store.ErrNotFound
	}
	return ended[hold], err
}

// FindGuests implements store.Lists.
func (s *Store) FindGuests(ctx context.Context, r seating.RestaurantID, email, phone string, limit int) ([]seating.BookingID, error) {
	wanted := store.ContactOf(email, phone)
	if wanted.Empty() {
		return nil, nil
	}
	var found []seating.BookingID
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.each("AllContacts", []any{uid(r)}, func(scan func(...any) error) error {
			var b seating.BookingID
			var email, phone string
			err := scan(id(&b), &email, &phone)
			if err == nil && len(found) < limit && wanted.Is(email, phone) {
				found = append(found, b)
			}
			return err
		})
	})
	return found, err
}

// DayAllocations implements store.Lists.
func (s *Store) DayAllocations(ctx context.Context, r seating.RestaurantID, date servicetime.Date) ([]seating.Allocation, error) {
	var all []seating.Allocation
	err := s.read(ctx, roleApp, r, func(f *flush) {
		rowsOf(f, "DayAllocations", []any{uid(r), day(date)}, &all, allocationColumns)
	})
	return all, err
}
