package query

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// MaxFound bounds the bookings that one look for a guest finds.
const MaxFound = 1000

// FindGuests returns the bookings whose guest has this e-mail address or this
// phone number, newest service date first, at most MaxFound of them.
func (r *Reader) FindGuests(ctx context.Context, id seating.RestaurantID, email, phone string) ([]seating.BookingID, error) {
	found, err := r.lists.FindGuests(ctx, id, email, phone, MaxFound)
	if err != nil {
		return nil, failed("find guests", err)
	}
	return found, nil
}

// Record is everything that is kept of a guest with one booking.
type Record struct {
	store.BookingRow
	Guest   seating.Guest
	History []store.HistoryLine // newest first, with the notes of staff
}

// Records reads everything kept of the guests of bookings, open or closed. Those
// that are not of this restaurant are absent.
func (r *Reader) Records(ctx context.Context, h *house.House, bookings []seating.BookingID) ([]Record, error) {
	guests, err := r.Guests(ctx, h.Restaurant.ID, bookings)
	if err != nil {
		return nil, err
	}
	records := []Record{}
	for _, id := range bookings {
		row, found, err := r.known(ctx, h, id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		record := Record{BookingRow: row, Guest: guests[id]}
		for before, more := int64(0), true; more; {
			page, err := r.History(ctx, h.Restaurant.ID, "booking:"+id.String(), before, pageOfBookings)
			if err != nil {
				return nil, err
			}
			record.History = append(record.History, page.Rows...)
			if more = page.Next != nil; more {
				before = *page.Next
			}
		}
		records = append(records, record)
	}
	return records, nil
}

// known finds a booking in memory or in the store. That there is none is no
// failure: whoever asks about many is told of those that there are.
func (r *Reader) known(ctx context.Context, h *house.House, id seating.BookingID) (store.BookingRow, bool, error) {
	if e := h.Booking(id); e != nil {
		return RowOf(e), true, nil
	}
	row, err := r.lists.Booking(ctx, h.Restaurant.ID, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.BookingRow{}, false, nil
	}
	if err != nil {
		return store.BookingRow{}, false, failed("read booking "+id.String(), err)
	}
	return row, true, nil
}

// BookPage is one page of bookings with their guests.
type BookPage struct {
	Rows   []store.BookingRow
	Guests map[seating.BookingID]seating.Guest
	Next   *store.BookingCursor // nil: it was the last
}

// BookPage reads a page of the bookings of a range of service dates, in their order.
func (r *Reader) BookPage(ctx context.Context, id seating.RestaurantID, from, to servicetime.Date, after *store.BookingCursor) (BookPage, error) {
	page, err := r.Bookings(ctx, id, store.BookingQuery{From: from, To: to, After: after, Limit: pageOfBookings})
	if err != nil {
		return BookPage{}, err
	}
	ids := make([]seating.BookingID, len(page.Rows))
	for i, row := range page.Rows {
		ids[i] = row.ID
	}
	guests, err := r.Guests(ctx, id, ids)
	return BookPage{Rows: page.Rows, Guests: guests, Next: page.Next}, err
}
