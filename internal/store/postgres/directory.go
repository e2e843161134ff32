package postgres

import (
	"context"
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// commandCreate is the command of the journal entry of version 0.
const commandCreate = "create_restaurant"

// sender sends statements of one transaction and waits for their answers.
type sender func(queue func(f *flush)) error

// CreateRestaurant implements store.Directory.
func (s *Store) CreateRestaurant(ctx context.Context, r store.NewRestaurant) error {
	switch st := r.State; {
	case st.Version != 0 || st.Revisions != seating.Revisions{}:
		return fmt.Errorf("%w: a new restaurant has version 0", store.ErrInvalid)
	case len(st.Zones)+len(st.Tables)+len(st.Edges)+len(st.Combinations)+len(st.Blocks)+len(st.Bookings)+len(st.Holds)+len(st.Allocations)+len(st.Grants) > 0:
		return fmt.Errorf("%w: a new restaurant is empty", store.ErrInvalid)
	case r.Owner.Role != seating.RoleOwner:
		return fmt.Errorf("%w: a new restaurant has an owner", store.ErrInvalid)
	}
	r.Owner.Restaurant, r.Token.Restaurant = r.State.Restaurant.ID, r.State.Restaurant.ID
	return s.tx(ctx, func(send func(func(*flush)) error) error { return create(send, r) })
}

// create writes the restaurant in an order in which two that want the same names
// wait for each other at the first of them.
func create(send sender, r store.NewRestaurant) error {
	st := &r.State
	var now servicetime.Instant
	err := send(func(f *flush) {
		f.as(roleApp, st.Restaurant.ID)
		queueClock(f, &now)
	})
	if err != nil {
		return err
	}
	st.LastAt = max(st.LastAt, now) // no change is dated before the restaurant was
	body, err := encoded(st)
	if err != nil {
		return err
	}
	var unencoded error
	err = send(func(f *flush) {
		here := uid(st.Restaurant.ID)
		f.exec("InsertState", here, st.Epoch, uid(st.Head), on(st.LastAt), day(st.OpenFrom))
		f.exec("InsertRestaurant", here, st.Restaurant.Slug, st.Restaurant.Name, st.Restaurant.Zone, st.Restaurant.Active, on(now))
		unencoded = queueRules(f, st.Restaurant.ID, &house.Rows{Policy: &st.Policy, Periods: &st.Periods, Closures: &st.Closures})
		f.exec("InsertFirstEntry", here, uid(st.Head), on(st.LastAt), on(now), commandCreate, seating.Operator().Principal, house.Format)
		f.exec("InsertCheckpoint", here, int64(0), body, on(now))
	})
	if unencoded != nil {
		return unencoded
	}
	if err != nil {
		return existsWhenTaken(err)
	}
	if _, err := putMember(send, r.Owner); err != nil {
		return err
	}
	return putToken(send, r.Token)
}

// Restaurants implements store.Directory.
func (s *Store) Restaurants(ctx context.Context) ([]seating.Restaurant, error) {
	var all []seating.Restaurant
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) { rowsOf(f, "Restaurants", nil, &all, restaurantColumns) })
	return all, err
}

func restaurantColumns(r *seating.Restaurant) []any {
	return []any{id(&r.ID), &r.Slug, &r.Name, &r.Zone, &r.Active}
}

// RestaurantBySlug implements store.Directory.
func (s *Store) RestaurantBySlug(ctx context.Context, slug string) (seating.Restaurant, error) {
	var r seating.Restaurant
	var found bool
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		f.one("RestaurantBySlug", []any{slug}, &found, restaurantColumns(&r)...)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return r, err
}

// DropRestaurant implements store.Directory. The version is raised first, which
// takes the lock, and rows go before those they refer to.
func (s *Store) DropRestaurant(ctx context.Context, r seating.RestaurantID) error {
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		var found bool
		err := send(func(f *flush) {
			f.as(roleApp, r)
			f.exec("TakeTime")
			f.one("BumpForDrop", []any{uid(r)}, &found, new(int64))
		})
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		return send(func(f *flush) {
			for _, name := range []string{
				"EmptyAllocations", "EmptyHolds", "EmptyEndedHolds", "EmptyBlocks", "EmptyGuests", "EmptyBookings",
				"EmptyAdjacencies", "EmptyCombinationTables", "EmptyCombinations", "EmptyTables", "EmptyZones",
				"EmptyPeriods", "EmptyClosures", "EmptyPolicy",
				"EmptyReceipts", "EmptyDue", "EmptyNotes", "EmptyHistory", "EmptyCheckpoints",
				"EmptyOutbox", "EmptyOutboxBlocks", "EmptyOutboxDead", "EmptyWebhooks", "EmptyDeliveries", "EmptyObserved", "EmptyMembers", "EmptyTokens",
				"EmptyJournal", "DropRestaurantRow", "DropState",
			} {
				f.exec(name, uid(r))
			}
		})
	})
}

// lock takes the lock that every change of the restaurant takes first: what
// decides about rights comes before a change or after it, never beside it.
func lock(send sender, r seating.RestaurantID) error {
	var found bool
	err := send(func(f *flush) {
		f.as(roleApp, r)
		f.one("Lock", []any{uid(r)}, &found, new(int64))
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}
