package decide

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Name implements Command.
func (MakeHold) Name() string { return "hold" }

func (c MakeHold) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if err := d.override(c.Override, c.Note); err != nil {
		return Result{}, err
	}
	ttl, raised, err := d.ttl(c.TTL)
	if err != nil {
		return Result{}, err
	}
	if e.Status.Ended() {
		return Result{}, wrongState(e, "It takes no tables.")
	}
	if err := d.fresh(c.Booking, c.Tables); err != nil {
		return Result{}, err
	}
	r := planner.RequestFor(e, d.env.Actor.Principal, d.env.Now)
	r.RequireAdjacency, r.Override = c.RequireAdjacency, c.Override
	v := planner.Judge(d.h, r, c.Tables)
	if err := verdict(v.Checks); err != nil {
		return Result{}, err
	}
	hold := seating.Hold{
		ID: c.ID, RequireAdjacency: c.RequireAdjacency, Override: c.Override,
	}
	made, err := d.claim(e, hold, v.Tables, ttl, "")
	if err != nil {
		return Result{}, err
	}
	made.Raised = raised
	d.overridden(bookingSubject(c.Booking), c.Override, c.Note, v.Checks)
	return Result{Hold: made, Checks: v.Checks, Summary: &v.Summary}, nil
}

// ttl admits a request for a lifetime: none is the default, a short one is
// raised to the minimum, one out of bounds is refused.
// Source: docs/domain.md, holds.
func (d *draft) ttl(asked servicetime.Seconds) (ttl servicetime.Seconds, raised bool, err *seating.Error) {
	rules := d.h.Policy.Hold
	switch {
	case asked == 0:
		return rules.DefaultTTL, false, nil
	case asked < seating.MinHoldRequest || asked > rules.MaxTTL:
		return 0, false, seating.Invalid("/ttlSeconds", "a hold lasts %d to %d seconds", seating.MinHoldRequest, rules.MaxTTL)
	case asked < rules.MinTTL:
		return rules.MinTTL, true, nil
	}
	return asked, false, nil
}

// claim puts a hold of the actor on the tables, which were judged before. It
// ends the hold the booking has, inherits how long the tables have been held
// when one is shared, and keeps to the budget and the caps.
func (d *draft) claim(e *house.Entry, hold seating.Hold, tables []seating.TableID, ttl servicetime.Seconds, reason string) (*Hold, *seating.Error) {
	now := d.env.Now
	if err := d.withinBudget(e); err != nil {
		return nil, err
	}
	if err := d.withinCaps(e); err != nil {
		return nil, err
	}
	hold.Booking, hold.Window = e.ID, planner.Remaining(e.Window, now)
	hold.CreatedAt, hold.HeldSince, hold.CreatedBy, hold.Made = now, now, d.env.Actor.Principal, d.version()
	hold.ExpiresAt = now.Add(ttl.Duration())
	if old := e.Hold; old != nil && old.Live(now) && meet(old.Tables(), tables) {
		hold.HeldSince = min(old.HeldSince, now) // now, should the clock have gone back
		hold.ExpiresAt = min(hold.ExpiresAt, hold.HeldSince.Add(seating.MaxHeld.Duration()))
		d.guards = append(d.guards, house.Guard{Kind: house.GuardBefore, Until: hold.ExpiresAt})
	}
	d.endOwnHold(e, seating.EndSuperseded, reason)
	d.sweep(tables, hold.Window, e.ID)

	d.rows.PutHolds = append(d.rows.PutHolds, hold)
	for _, t := range tables {
		d.rows.PutAllocations = append(d.rows.PutAllocations, holdAllocation(hold.ID, e.ID, t, hold.Window))
	}
	d.rows.Grants = append(d.rows.Grants, house.GrantPut{Booking: e.ID, Grant: seating.Grant{Principal: hold.CreatedBy, At: hold.CreatedAt, Hold: hold.ID}})
	d.due.Put = append(d.due.Put, house.DueRow{Subject: holdSubject(hold.ID), Kind: house.DueHoldExpiry, RunAt: hold.ExpiresAt})
	d.changes(seating.AspectHolds)
	d.touches(e.ID, hold.Window, tables...)
	d.line(bookingSubject(e.ID), "", "hold_live", reason, detail(map[string]any{"hold": hold.ID, "tables": tables, "expiresAt": hold.ExpiresAt}))
	d.event(seating.EventHoldCreated, seating.SeverityInfo, e.ID, seating.EventPayload{
		Hold: hold.ID, Tables: tables, Window: hold.Window, ExpiresAt: hold.ExpiresAt, Combined: len(tables) > 1, Reason: reason,
	})
	return &Hold{Hold: hold, Tables: tables}, nil
}

func meet(a, b []seating.TableID) bool {
	return slices.ContainsFunc(a, func(t seating.TableID) bool { return slices.Contains(b, t) })
}

// withinBudget refuses one creation too many of a principal for a booking in
// the sliding window. Releasing gives nothing back. Code: RATE_LIMITED.
// Source: docs/domain.md, budget.
func (d *draft) withinBudget(e *house.Entry) *seating.Error {
	rules := d.h.Policy.Hold
	since := d.env.Now.Add(-rules.BudgetWindow.Duration())
	var counted []servicetime.Instant // oldest first: grants are kept in order
	for _, g := range e.Grants {
		if g.Principal == d.env.Actor.Principal && g.At > since {
			counted = append(counted, g.At)
		}
	}
	if len(counted) < rules.BudgetMax {
		return nil
	}
	free := counted[len(counted)-rules.BudgetMax].Add(rules.BudgetWindow.Duration())
	return limited(free.Sub(d.env.Now), "budget",
		"%d holds for this booking within %d seconds; that is the limit.", len(counted), rules.BudgetWindow)
}

// withinCaps refuses a live hold too many: of the principal in the restaurant,
// or of all together. The booking's own hold does not count, it is replaced.
func (d *draft) withinCaps(e *house.Entry) *seating.Error {
	all, own := 0, 0
	var nextOwn, next servicetime.Instant
	for held := range d.h.Held() {
		hold := held.Hold
		if held.ID == e.ID || !hold.Live(d.env.Now) {
			continue
		}
		all++
		next = earliest(next, hold.ExpiresAt)
		if hold.CreatedBy == d.env.Actor.Principal {
			own++
			nextOwn = earliest(nextOwn, hold.ExpiresAt)
		}
	}
	if limit := d.env.Actor.HoldCap; own >= limit {
		return limited(nextOwn.Sub(d.env.Now), "principal", "You hold tables for %d bookings; that is the limit.", own)
	}
	if limit := max(seating.LeastHoldCap, len(d.h.Floor.Tables())); all >= limit {
		return limited(next.Sub(d.env.Now), "restaurant", "%d holds are live in this restaurant; that is the limit.", all)
	}
	return nil
}

func earliest(a, b servicetime.Instant) servicetime.Instant {
	if a.IsZero() {
		return b
	}
	return min(a, b)
}

func limited(wait time.Duration, reason, format string, args ...any) *seating.Error {
	err := seating.Refuse(seating.CodeRateLimited, format, args...)
	err.Details.Reason = reason
	err.Details.RetryAfter = max(wait, time.Second)
	return err
}
