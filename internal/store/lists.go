package store

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Lists serves read models that are not in memory: closed days, history, guests.
type Lists interface {
	// Bookings returns bookings by (service date, start, id), after the cursor.
	Bookings(ctx context.Context, id seating.RestaurantID, q BookingQuery) ([]BookingRow, error)
	// Booking returns one booking of any day, or ErrNotFound.
	Booking(ctx context.Context, id seating.RestaurantID, booking seating.BookingID) (BookingRow, error)
	// Guests returns what is known of the guests of those bookings; unknown ones are absent.
	Guests(ctx context.Context, id seating.RestaurantID, bookings []seating.BookingID) (map[seating.BookingID]seating.Guest, error)
	// FindGuests returns the bookings, newest service date first and at most limit,
	// whose guest has this e-mail address, the case of all letters ignored as in
	// names, or this phone number, of which the digits alone count; an empty one, or
	// a number without a digit, is not looked for. It must find them as Contact does,
	// and goes through all guests of the restaurant.
	FindGuests(ctx context.Context, id seating.RestaurantID, email, phone string, limit int) ([]seating.BookingID, error)
	// DayAllocations returns the allocations of the bookings of a service date, open
	// or closed, by booking and key; those of holds and blocks are not among them.
	DayAllocations(ctx context.Context, id seating.RestaurantID, date servicetime.Date) ([]seating.Allocation, error)
	// History returns the lines of a subject ("" for all), newest first, with a
	// version below before (0: from the newest): limit lines, and the rest of the
	// version that the last of them is of. It must never cut a version in two.
	History(ctx context.Context, id seating.RestaurantID, subject string, before int64, limit int) ([]HistoryLine, error)
	// EndedHold returns a hold that is over, or ErrNotFound.
	EndedHold(ctx context.Context, id seating.RestaurantID, hold seating.HoldID) (seating.EndedHold, error)
}

// BookingQuery selects bookings. Dates are service dates, both ends included.
type BookingQuery struct {
	From, To servicetime.Date
	Statuses []seating.Status // none: all
	Text     string           // literal, case ignored, in reference or guest name; "" for all
	After    *BookingCursor   // exclusive
	Limit    int
}

// BookingCursor is a place in the order of a booking list.
type BookingCursor struct {
	Date  servicetime.Date    `json:"d"`
	Start servicetime.Instant `json:"s"`
	ID    seating.BookingID   `json:"i"`
}

// BookingRow is a booking with the tables of its last stretch.
type BookingRow struct {
	seating.Booking
	Tables []seating.TableID // sorted
}

// HistoryLine is one line of the history.
type HistoryLine struct {
	Version   int64
	Ordinal   int
	At        servicetime.Instant
	Principal string
	Command   string
	Subject   string
	From, To  string
	Reason    string
	Detail    string // JSON or empty
	Note      string // staff's free text, erasable
}
