package control

import (
	"context"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
)

// EpochsRef names the restaurants whose versions begin anew, and why.
type EpochsRef struct {
	Restaurant string `json:"restaurant,omitempty"` // slug or ID; empty: all
	Reason     string `json:"reason"`               // a reason code, for the history
}

// Rotated lists the restaurants with the version they are at now.
type Rotated struct {
	Restaurant seating.Restaurant `json:"restaurant"`
	Version    seating.Version    `json:"version"`
}

// RotateEpochs begins a new epoch. After a restored backup version numbers are
// given out a second time; in a new epoch nothing that a client saw before can be
// mistaken for what is so now.
func RotateEpochs(ctx context.Context, a *App, in EpochsRef) ([]Rotated, error) {
	if !seating.ReasonCode(in.Reason) {
		return nil, seating.Invalid("reason", "a reason is a code like restored_backup: lower-case letters, digits and _, at most 40")
	}
	all, err := a.Store.Restaurants(ctx)
	if err != nil {
		return nil, err
	}
	if in.Restaurant != "" {
		one, err := a.Restaurant(ctx, in.Restaurant)
		if err != nil {
			return nil, err
		}
		all = []seating.Restaurant{one}
	}
	var done []Rotated
	for _, r := range all {
		result, err := a.Do(ctx, r.ID, decide.RotateEpoch{Epoch: NewEpoch(), Reason: in.Reason})
		if err != nil {
			return done, err
		}
		done = append(done, Rotated{Restaurant: r, Version: result.Version})
	}
	return done, nil
}
