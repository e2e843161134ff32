package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (TakeOver) Name() string { return "take_over_hold" }

// decide supersedes somebody else's live hold by one of the actor's on the same
// tables. It counts as a creation; taking over one's own hold does nothing.
func (c TakeOver) decide(d *draft) (Result, *seating.Error) {
	e, err := d.hold(c.Hold)
	if err != nil {
		return Result{}, err
	}
	if !d.env.Actor.Can(seating.CapOverride) {
		return Result{}, seating.Refuse(seating.CodeOverrideRequired, "Taking over a hold takes the capability override.")
	}
	if !seating.ReasonCode(c.Reason) {
		return Result{}, seating.Invalid("/reason", "a reason is a code like guest_waiting: lower-case letters, digits and _, at most 40")
	}
	tables := e.Hold.Tables()
	if e.Hold.CreatedBy == d.env.Actor.Principal {
		return Result{Hold: &Hold{Hold: e.Hold.Hold, Tables: tables}}, nil
	}
	r := planner.RequestFor(e, e.Hold.CreatedBy, d.env.Now)
	r.RequireAdjacency, r.Override = e.Hold.RequireAdjacency, e.Hold.Override
	v := planner.Judge(d.h, r, tables)
	if err := verdict(v.Checks); err != nil {
		return Result{}, err
	}
	d.guards = append(d.guards, house.Guard{Kind: house.GuardHoldLive, Hold: e.Hold.ID})
	made, err := d.claim(e, seating.Hold{
		ID: c.ID, RequireAdjacency: e.Hold.RequireAdjacency, Override: e.Hold.Override,
	}, tables, d.h.Policy.Hold.DefaultTTL, c.Reason)
	if err != nil {
		return Result{}, err
	}
	return Result{Hold: made, Checks: v.Checks, Summary: &v.Summary}, nil
}
