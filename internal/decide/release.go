package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (ReleaseHold) Name() string { return "release_hold" }

// decide ends the hold. Releasing what is over, however it ended, is fine and
// does nothing (H27).
func (c ReleaseHold) decide(d *draft) (Result, *seating.Error) {
	if ended, ok := d.env.Facts.Ended[c.Hold]; ok && d.h.Hold(c.Hold) == nil {
		return Result{Hold: &Hold{Hold: ended.Hold, Tables: ended.Tables}}, nil
	}
	e := d.h.Hold(c.Hold)
	if e == nil {
		_, err := d.hold(c.Hold)
		return Result{}, err
	}
	if err := d.mine(e.Hold); err != nil {
		return Result{}, err
	}
	result := Result{Hold: &Hold{Hold: e.Hold.Hold, Tables: e.Hold.Tables()}}
	if !e.Hold.Live(d.env.Now) {
		d.endHold(e, seating.EndExpired, "")
		return result, nil
	}
	d.guards = append(d.guards, house.Guard{Kind: house.GuardHoldLive, Hold: e.Hold.ID})
	d.endHold(e, seating.EndReleased, "")
	return result, nil
}
