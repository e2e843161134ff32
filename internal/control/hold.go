package control

import (
	"context"
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// HoldRow is a hold that has not ended, as it is listed.
type HoldRow struct {
	ID        seating.HoldID      `json:"id"`
	Reference string              `json:"reference"` // of its booking
	Tables    []string            `json:"tables"`    // numbers
	Window    servicetime.Window  `json:"window"`
	ExpiresAt servicetime.Instant `json:"expiresAt"`
	Lapsed    bool                `json:"lapsed"` // past its expiry, not yet recorded
	CreatedBy string              `json:"createdBy"`
}

// Holds lists the holds of a restaurant that have not ended, by expiry.
func Holds(ctx context.Context, a *App, restaurant string) ([]HoldRow, error) {
	r, err := a.Restaurant(ctx, restaurant)
	if err != nil {
		return nil, err
	}
	h, err := a.Houses.Proved(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	now := a.Houses.Now()
	rows := []HoldRow{}
	for e := range h.Held() {
		row := HoldRow{
			ID: e.Hold.ID, Reference: e.Reference, Window: e.Hold.Window, ExpiresAt: e.Hold.ExpiresAt,
			Lapsed: !e.Hold.Live(now), CreatedBy: e.Hold.CreatedBy,
		}
		for _, t := range h.Floor.Refs(e.Hold.Tables()) {
			row.Tables = append(row.Tables, t.Number)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(x, y HoldRow) int { return int(x.ExpiresAt - y.ExpiresAt) })
	return rows, nil
}

// HoldRef names a hold of a restaurant.
type HoldRef struct {
	Restaurant string         `json:"restaurant"`
	Hold       seating.HoldID `json:"hold"`
}

// Released is the hold that was released, or had ended before.
type Released struct {
	ID     seating.HoldID      `json:"id"`
	Tables int                 `json:"tables"`
	Before servicetime.Instant `json:"expiresAt"`
}

// ReleaseHold ends a hold, whoever has it.
func ReleaseHold(ctx context.Context, a *App, in HoldRef) (Released, error) {
	r, err := a.Restaurant(ctx, in.Restaurant)
	if err != nil {
		return Released{}, err
	}
	result, err := a.Do(ctx, r.ID, decide.ReleaseHold{Hold: in.Hold})
	if err != nil {
		return Released{}, err
	}
	released := Released{ID: in.Hold}
	if result.Hold != nil {
		released.Tables, released.Before = len(result.Hold.Tables), result.Hold.ExpiresAt
	}
	return released, nil
}

// expireBatch is how many lapses one command records.
const expireBatch = 100

// Expired counts the lapses that were recorded.
type Expired struct {
	Holds       int `json:"holds"`
	Restaurants int `json:"restaurants"`
}

// ExpireHolds records the holds of all restaurants that have lapsed. Nothing
// depends on it: a lapsed hold is invisible to every rule from its expiry on.
func ExpireHolds(ctx context.Context, a *App, _ struct{}) (Expired, error) {
	return expire(ctx, a, expireBatch)
}

func expire(ctx context.Context, a *App, atOnce int) (Expired, error) {
	var done Expired
	touched := map[seating.RestaurantID]bool{}
	for {
		due, err := a.Store.Due(ctx, house.DueHoldExpiry, atOnce)
		if err != nil {
			return done, err
		}
		lapsed := map[seating.RestaurantID][]seating.HoldID{}
		for _, row := range due {
			if id, err := seating.ParseID[seating.HoldID](strings.TrimPrefix(row.Subject, "hold:")); err == nil {
				lapsed[row.Restaurant] = append(lapsed[row.Restaurant], id)
			}
		}
		recorded := 0
		for r, holds := range lapsed {
			result, err := a.Lines.Do(ctx, systemRequest(r, decide.ExpireHolds{Holds: holds}))
			if err != nil {
				return done, err
			}
			if result.Result.Count > 0 {
				touched[r] = true
			}
			recorded += result.Result.Count
		}
		done.Holds, done.Restaurants = done.Holds+recorded, len(touched)
		if recorded == 0 || len(due) < atOnce {
			return done, nil
		}
	}
}
