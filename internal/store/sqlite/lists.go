package sqlite

import (
	"cmp"
	"context"
	"math"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Bookings implements store.Lists.
func (s *Store) Bookings(ctx context.Context, r seating.RestaurantID, query store.BookingQuery) ([]store.BookingRow, error) {
	statuses := make([]string, len(query.Statuses))
	for i, status := range query.Statuses {
		statuses[i] = string(status)
	}
	wanted, err := encoded(statuses)
	if err != nil {
		return nil, err
	}
	// Without a cursor the list begins before everything.
	after := store.BookingCursor{Start: math.MinInt64}
	if query.After != nil {
		after = *query.After
	}
	args := []any{
		text(r), query.From.String(), query.To.String(), wanted, fold(query.Text),
		after.Date.String(), int64(after.Start), after.ID.String(), query.Limit,
	}
	var rows []store.BookingRow
	err = s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "ListBookings", args, &rows, bookingRowColumns)
	})
	return rows, err
}

func bookingRowColumns(b *store.BookingRow) []any {
	return append(bookingColumns(&b.Booking), decoded(&b.Tables))
}

// Booking implements store.Lists.
func (s *Store) Booking(ctx context.Context, r seating.RestaurantID, booking seating.BookingID) (store.BookingRow, error) {
	var row store.BookingRow
	err := s.read(ctx, func(q session) error {
		found, err := q.one(ctx, "OneBooking", []any{text(r), text(booking)}, bookingRowColumns(&row)...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	return row, err
}

// Guests implements store.Lists.
func (s *Store) Guests(ctx context.Context, r seating.RestaurantID, bookings []seating.BookingID) (map[seating.BookingID]seating.Guest, error) {
	guests := map[seating.BookingID]seating.Guest{}
	ids, err := list(bookings)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(q session) error {
		return q.each(ctx, "Guests", []any{text(r), ids}, func(scan func(...any) error) error {
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
	statement, args := "History", []any{text(r), cmp.Or(before, math.MaxInt64), limit}
	if subject != "" {
		statement, args = "HistoryOfSubject", append(args, subject)
	}
	var lines []store.HistoryLine
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, statement, args, &lines, func(h *store.HistoryLine) []any {
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
	var ended map[seating.HoldID]seating.EndedHold
	err := s.read(ctx, func(q session) (err error) {
		ended, err = readEnded(ctx, q, r, []seating.HoldID{hold})
		if err == nil && len(ended) == 0 {
			err = store.ErrNotFound
		}
		return err
	})
	return ended[hold], err
}

// FindGuests implements store.Lists.
func (s *Store) FindGuests(ctx context.Context, r seating.RestaurantID, email, phone string, limit int) ([]seating.BookingID, error) {
	wanted := store.ContactOf(email, phone)
	if wanted.Empty() {
		return nil, nil
	}
	var found []seating.BookingID
	err := s.read(ctx, func(q session) error {
		return q.each(ctx, "AllContacts", []any{text(r)}, func(scan func(...any) error) error {
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
	err := s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "DayAllocations", []any{text(r), date.String()}, &all, allocationColumns)
	})
	return all, err
}
