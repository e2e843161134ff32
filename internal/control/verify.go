package control

import (
	"context"
	"errors"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/verify"
)

// Verified is what verify found.
type Verified struct {
	Checks      int                  `json:"checks"`
	Restaurants []VerifiedRestaurant `json:"restaurants"`
	Database    []verify.Finding     `json:"database"` // of the file itself
}

// VerifiedRestaurant is what was found in one restaurant.
type VerifiedRestaurant struct {
	ID       seating.RestaurantID `json:"id"`
	Slug     string               `json:"slug"`
	Version  int64                `json:"version"`
	At       servicetime.Instant  `json:"at"`
	Findings []verify.Finding     `json:"findings"`
}

// Findings counts them all.
func (v *Verified) Findings() int {
	n := len(v.Database)
	for _, r := range v.Restaurants {
		n += len(r.Findings)
	}
	return n
}

// Verify checks the rows of one restaurant, or of all when none is named, and
// the database itself. It reads beside writers and changes nothing.
func Verify(ctx context.Context, a *App, restaurant string) (*Verified, error) {
	done := &Verified{Checks: len(verify.Checks()), Restaurants: []VerifiedRestaurant{}, Database: []verify.Finding{}}
	list, err := a.chosen(ctx, restaurant)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		dump, err := a.Store.Dump(ctx, r.ID)
		if errors.Is(err, store.ErrNotFound) && restaurant == "" {
			continue // dropped meanwhile
		}
		if err != nil {
			return nil, err
		}
		found := verify.Check(dump)
		if found == nil {
			found = []verify.Finding{}
		}
		done.Restaurants = append(done.Restaurants, VerifiedRestaurant{
			ID: r.ID, Slug: r.Slug, Version: dump.State.Version, At: dump.Now, Findings: found,
		})
	}
	wrong, err := a.Store.Integrity(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range wrong {
		done.Database = append(done.Database, verify.Finding{Check: "integrity", Subject: "database", Message: w})
	}
	return done, nil
}

// chosen is the named restaurant, or all.
func (a *App) chosen(ctx context.Context, restaurant string) ([]seating.Restaurant, error) {
	if restaurant == "" {
		return a.Store.Restaurants(ctx)
	}
	r, err := a.Restaurant(ctx, restaurant)
	return []seating.Restaurant{r}, err
}
