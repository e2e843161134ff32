package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/live"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Houses is what the read models need of live.Houses.
type Houses interface {
	// Get returns the newest known house.
	Get(ctx context.Context, id seating.RestaurantID) (*house.House, error)
	// Proved returns a house proved current by one read of the store.
	Proved(ctx context.Context, id seating.RestaurantID) (*house.House, error)
	// AtLeast returns a house that has reached the version, or BEHIND.
	AtLeast(ctx context.Context, id seating.RestaurantID, v seating.Version) (*house.House, error)
	// Touched returns the touches after a version up to h, or that they are not known.
	Touched(ctx context.Context, h *house.House, since seating.Version) (touched []house.Touched, tooOld bool, err error)
	// Now is the database's time.
	Now() servicetime.Instant
}

var _ Houses = (*live.Houses)(nil)

// Reader answers questions about one restaurant at a time.
type Reader struct {
	houses Houses
	lists  store.Lists
}

// New makes a reader.
func New(houses Houses, lists store.Lists) *Reader { return &Reader{houses: houses, lists: lists} }

// Now is the database's time.
func (r *Reader) Now() servicetime.Instant { return r.houses.Now() }

// House returns the newest known house, or one that has reached a version.
func (r *Reader) House(ctx context.Context, id seating.RestaurantID, least *seating.Version) (*house.House, error) {
	if least != nil {
		return r.houses.AtLeast(ctx, id, *least)
	}
	return r.houses.Get(ctx, id)
}

// Proved returns a house proved current by one read of the store.
func (r *Reader) Proved(ctx context.Context, id seating.RestaurantID) (*house.House, error) {
	return r.houses.Proved(ctx, id)
}

// Entry finds a booking of an open day in memory. It returns the house it was
// found in, and NOT_FOUND, or DAY_CLOSED for a booking of a closed day, only from
// a proved one.
func (r *Reader) Entry(ctx context.Context, h *house.House, booking seating.BookingID) (*house.Entry, *house.House, error) {
	if e := h.Booking(booking); e != nil {
		return e, h, nil
	}
	h, err := r.houses.Proved(ctx, h.Restaurant.ID)
	if err != nil {
		return nil, nil, err
	}
	if e := h.Booking(booking); e != nil {
		return e, h, nil
	}
	row, err := r.lists.Booking(ctx, h.Restaurant.ID, booking)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, h, NoBooking()
	case err != nil:
		return nil, h, failed("read booking "+booking.String(), err)
	case row.ServiceDate < h.OpenFrom:
		return nil, h, seating.Refuse(seating.CodeDayClosed, "the day %s is closed", row.ServiceDate)
	}
	return nil, h, failed("read booking "+booking.String(), errors.New("the booking is newer than its proved house"))
}

// NoBooking is the answer for a booking that is not there, or not in this
// restaurant.
func NoBooking() *seating.Error {
	return seating.Refuse(seating.CodeNotFound, "there is no such booking")
}

// NoHold is the answer for a hold that is not there.
func NoHold() *seating.Error { return seating.Refuse(seating.CodeNotFound, "there is no such hold") }

// failed translates an error of the store: one that says the store cannot serve
// becomes UNAVAILABLE and keeps its cause, anything else is a bug.
func failed(what string, err error) error {
	if errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		refusal := seating.Refuse(seating.CodeUnavailable, "the store does not answer; try again")
		refusal.Details.RetryAfter = time.Second
		return fmt.Errorf("%s: %w: %w", what, refusal, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
