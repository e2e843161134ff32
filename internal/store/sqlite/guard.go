package sqlite

import (
	"context"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// clockSlack bounds how far the time a change was decided with may be from the
// store's, in microseconds.
const clockSlack = 1_000_000

// judge looks for receipts and judges guards and times, after the lock. It sees
// the database before the batch; what an earlier change of the batch did to a
// hold or a reference is kept beside it.
func judge(ctx context.Context, q session, now servicetime.Instant, b store.Batch) error {
	for i, c := range b.Changes {
		if c.Receipt == nil {
			continue
		}
		receipt, found, err := readReceipt(ctx, q, b.Restaurant, c.Receipt.ReceiptKey)
		if err != nil {
			return err
		}
		if found {
			return &store.ReplayError{Index: i, Receipt: receipt, Now: now}
		}
	}
	before := ahead{expiry: map[seating.HoldID]servicetime.Instant{}, references: map[string]bool{}}
	for i, c := range b.Changes {
		for _, g := range c.Guards {
			ok, err := before.holds(ctx, q, now, b.Restaurant, g)
			if err != nil {
				return err
			}
			if !ok {
				return &store.GuardError{Index: i, Guard: g, Now: now}
			}
		}
		if off := c.Now - now; off > clockSlack || off < -clockSlack {
			return &store.ClockError{Now: now}
		}
		before.note(c)
	}
	return nil
}

// ahead is what earlier changes of a batch will have written.
type ahead struct {
	expiry     map[seating.HoldID]servicetime.Instant // 0: ended
	references map[string]bool
}

func (a ahead) note(c *house.Change) {
	for _, h := range c.Rows.EndHolds {
		a.expiry[h.ID] = 0
	}
	for _, h := range c.Rows.PutHolds {
		a.expiry[h.ID] = h.ExpiresAt
	}
	for _, b := range c.Rows.PutBookings {
		a.references[b.Reference] = true
	}
}

// holds reports whether a guard holds.
func (a ahead) holds(ctx context.Context, q session, now servicetime.Instant, r seating.RestaurantID, g house.Guard) (bool, error) {
	switch g.Kind {
	case house.GuardHoldLive, house.GuardHoldLapsed:
		expiry, known := a.expiry[g.Hold]
		if !known {
			var err error
			if known, err = q.one(ctx, "HoldExpiry", []any{text(r), text(g.Hold)}, instant(&expiry)); err != nil || !known {
				return false, err
			}
		}
		return expiry != 0 && (expiry > now) == (g.Kind == house.GuardHoldLive), nil
	case house.GuardAccess:
		return accessIs(ctx, q, now, r, g)
	case house.GuardReference:
		taken, err := q.one(ctx, "ReferenceTaken", []any{text(r), g.Reference}, new(int64))
		return !taken && !a.references[g.Reference], err
	case house.GuardBefore:
		return now < g.Until, nil
	}
	return false, nil // a demand nobody can judge is not met
}

// accessIs reports whether the subject's access revision is the guard's.
func accessIs(ctx context.Context, q session, now servicetime.Instant, r seating.RestaurantID, g house.Guard) (bool, error) {
	var access int64
	var found bool
	var err error
	kind, subject, _ := strings.Cut(g.Subject, ":")
	switch kind {
	case "user":
		found, err = q.one(ctx, "MemberAccess", []any{text(r), subject}, &access)
	case "token":
		found, err = q.one(ctx, "TokenAccess", []any{text(r), subject, int64(now)}, &access)
	}
	return found && access == g.Access, err
}
