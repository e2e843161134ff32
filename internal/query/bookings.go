package query

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// RowOf is a booking of a house as lists show it.
func RowOf(e *house.Entry) store.BookingRow {
	return store.BookingRow{Booking: e.Booking, Tables: e.Tables()}
}

// Booking finds one booking of any day: in memory, else in a proved house, else
// among the closed days. It returns NOT_FOUND when it is in none.
func (r *Reader) Booking(ctx context.Context, h *house.House, booking seating.BookingID) (store.BookingRow, *house.House, error) {
	if e := h.Booking(booking); e != nil {
		return RowOf(e), h, nil
	}
	h, err := r.houses.Proved(ctx, h.Restaurant.ID)
	if err != nil {
		return store.BookingRow{}, nil, err
	}
	if e := h.Booking(booking); e != nil {
		return RowOf(e), h, nil
	}
	row, err := r.lists.Booking(ctx, h.Restaurant.ID, booking)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.BookingRow{}, h, NoBooking()
	case err != nil:
		return store.BookingRow{}, h, failed("read booking "+booking.String(), err)
	}
	return row, h, nil
}

// Page is one page of a list; Next continues it, nil when it was the last.
type Page[R, C any] struct {
	Rows []R
	Next *C
}

// Bookings lists bookings by service date, start and id.
func (r *Reader) Bookings(ctx context.Context, id seating.RestaurantID, q store.BookingQuery) (Page[store.BookingRow, store.BookingCursor], error) {
	limit := q.Limit
	q.Limit++
	rows, err := r.lists.Bookings(ctx, id, q)
	if err != nil {
		return Page[store.BookingRow, store.BookingCursor]{}, failed("list bookings", err)
	}
	page := Page[store.BookingRow, store.BookingCursor]{Rows: rows}
	if len(rows) > limit {
		page.Rows = rows[:limit]
		last := page.Rows[limit-1]
		page.Next = &store.BookingCursor{Date: last.ServiceDate, Start: last.Window.Start, ID: last.ID}
	}
	return page, nil
}

// Guests returns what is known of the guests of bookings; unknown ones are absent.
func (r *Reader) Guests(ctx context.Context, id seating.RestaurantID, bookings []seating.BookingID) (map[seating.BookingID]seating.Guest, error) {
	if len(bookings) == 0 {
		return nil, nil
	}
	guests, err := r.lists.Guests(ctx, id, bookings)
	if err != nil {
		return nil, failed("read guests", err)
	}
	return guests, nil
}

// History lists what happened to a subject, or with "" to the restaurant, newest
// first, before a version (0: from the newest). A page never ends within the lines of
// one version; it has as many more as that takes.
func (r *Reader) History(ctx context.Context, id seating.RestaurantID, subject string, before int64, limit int) (Page[store.HistoryLine, int64], error) {
	lines, err := r.lists.History(ctx, id, subject, before, limit+1)
	if err != nil {
		return Page[store.HistoryLine, int64]{}, failed("read history", err)
	}
	page := Page[store.HistoryLine, int64]{Rows: lines}
	if len(lines) <= limit {
		return page, nil
	}
	end := limit
	for end < len(lines) && lines[end].Version == lines[limit-1].Version {
		end++
	}
	page.Rows = lines[:end]
	page.Next = &lines[end-1].Version
	return page, nil
}
