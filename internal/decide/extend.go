package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (ExtendHold) Name() string { return "extend_hold" }

// decide sets the expiry to min(now + By, now + 600 s, heldSince + 30 min) and
// never shortens. Source: docs/domain.md, holds.
func (c ExtendHold) decide(d *draft) (Result, *seating.Error) {
	e, err := d.hold(c.Hold)
	if err != nil {
		return Result{}, err
	}
	if err := d.mine(e.Hold); err != nil {
		return Result{}, err
	}
	if c.By < 1 || c.By > seating.MaxHoldTTL {
		return Result{}, seating.Invalid("/seconds", "extend by 1 to %d seconds", seating.MaxHoldTTL)
	}
	hold := e.Hold.Hold
	until := min(
		d.env.Now.Add(c.By.Duration()),
		d.env.Now.Add(d.h.Policy.Hold.MaxTTL.Duration()),
		hold.HeldSince.Add(seating.MaxHeld.Duration()),
	)
	tables := e.Hold.Tables()
	if until <= hold.ExpiresAt {
		return Result{Hold: &Hold{Hold: hold, Tables: tables}}, nil
	}
	hold.ExpiresAt = until
	d.guards = append(d.guards, house.Guard{Kind: house.GuardHoldLive, Hold: hold.ID})
	d.rows.PutHolds = append(d.rows.PutHolds, hold)
	d.due.Put = append(d.due.Put, house.DueRow{Subject: holdSubject(hold.ID), Kind: house.DueHoldExpiry, RunAt: until})
	d.changes(seating.AspectHolds)
	d.line(bookingSubject(e.ID), "hold_live", "hold_extended", "", detail(map[string]any{"hold": hold.ID, "expiresAt": until}))
	d.event(seating.EventHoldExtended, seating.SeverityInfo, e.ID, seating.EventPayload{Hold: hold.ID, Tables: tables, Window: hold.Window, ExpiresAt: until})
	return Result{Hold: &Hold{Hold: hold, Tables: tables}}, nil
}
