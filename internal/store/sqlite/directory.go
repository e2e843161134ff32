package sqlite

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

// existsWhenTaken says ErrExists for a unique name that is there already.
func existsWhenTaken(err error) error {
	if taken(err) {
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return err
}

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
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		return create(ctx, q, now, r)
	})
}

func create(ctx context.Context, q session, now servicetime.Instant, r store.NewRestaurant) error {
	st := &r.State
	st.LastAt = max(st.LastAt, now) // no change is dated before the restaurant was
	here := st.Restaurant.ID.String()
	_, err := q.exec(ctx, "InsertState", here, st.Epoch, text(st.Head), int64(st.LastAt), st.OpenFrom.String())
	if err != nil {
		return existsWhenTaken(err)
	}
	_, err = q.exec(ctx, "InsertRestaurant", here, st.Restaurant.Slug, st.Restaurant.Name, st.Restaurant.Zone, st.Restaurant.Active, int64(now))
	if err != nil {
		return existsWhenTaken(err)
	}
	rules := rowWriter{q: q, r: here, c: &house.Change{Rows: house.Rows{Policy: &st.Policy, Periods: &st.Periods, Closures: &st.Closures}}}
	if err := rules.putRules(ctx); err != nil {
		return err
	}
	_, err = q.exec(ctx, "InsertJournal", here, 0, text(st.Head), nil, int64(st.LastAt), int64(now), commandCreate, seating.Operator().Principal, house.Format, nil, 0, 0)
	if err != nil {
		return err
	}
	body, err := encoded(st)
	if err != nil {
		return err
	}
	if _, err := q.exec(ctx, "InsertCheckpoint", here, 0, body, int64(now)); err != nil {
		return err
	}
	r.Owner.Restaurant, r.Token.Restaurant = st.Restaurant.ID, st.Restaurant.ID
	if _, err := putMember(ctx, q, now, r.Owner); err != nil {
		return err
	}
	return putToken(ctx, q, now, r.Token)
}

// Restaurants implements store.Directory.
func (s *Store) Restaurants(ctx context.Context) ([]seating.Restaurant, error) {
	var all []seating.Restaurant
	err := s.read(ctx, func(q session) error { return rowsOf(ctx, q, "Restaurants", nil, &all, restaurantColumns) })
	return all, err
}

func restaurantColumns(r *seating.Restaurant) []any {
	return []any{id(&r.ID), &r.Slug, &r.Name, &r.Zone, &r.Active}
}

// RestaurantBySlug implements store.Directory.
func (s *Store) RestaurantBySlug(ctx context.Context, slug string) (seating.Restaurant, error) {
	var r seating.Restaurant
	err := s.read(ctx, func(q session) error {
		found, err := q.one(ctx, "RestaurantBySlug", []any{slug}, restaurantColumns(&r)...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	return r, err
}

// DropRestaurant implements store.Directory. The version is raised first, as for
// every write to capacity tables, and rows go before those they refer to.
func (s *Store) DropRestaurant(ctx context.Context, r seating.RestaurantID) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, _ servicetime.Instant) error {
		n, err := q.exec(ctx, "BumpForDrop", text(r))
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrNotFound
		}
		for _, name := range []string{
			"DropAllocations", "DropHolds", "DropEndedHolds", "DropBlocks", "DropGuests", "DropBookings",
			"DropAdjacencies", "DropCombinationTables", "DropCombinations", "DropTables", "DropZones",
			"DropPeriods", "DropClosures", "DropPolicy",
			"DropReceipts", "DropDue", "DropNotes", "DropHistory", "DropCheckpoints",
			"DropOutbox", "DropOutboxBlocks", "DropOutboxDead", "DropDeliveries", "DropWebhooks", "DropObserved", "DropMembers", "DropTokens",
			"DropJournal", "DropRestaurantRow", "DropState",
		} {
			if _, err := q.exec(ctx, name, text(r)); err != nil {
				return err
			}
		}
		return nil
	})
}

// exists refuses a restaurant that is not there.
func exists(ctx context.Context, q session, r seating.RestaurantID) error {
	_, found, err := readState(ctx, q, r)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}
