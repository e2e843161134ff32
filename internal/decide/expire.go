package decide

import "github.com/maitred/maitred/internal/seating"

// Name implements Command.
func (ExpireHolds) Name() string { return "expire_holds" }

// decide records those of the holds that have lapsed. Holds that are live, were
// extended meanwhile or have ended are passed over (H29). Correctness never
// depends on it: a lapsed hold is invisible to every rule.
func (c ExpireHolds) decide(d *draft) (Result, *seating.Error) {
	n := 0
	seen := map[seating.HoldID]bool{}
	for _, id := range c.Holds {
		if e := d.h.Hold(id); e != nil && !e.Hold.Live(d.env.Now) && !seen[id] {
			d.endHold(e, seating.EndExpired, "")
			n++
		}
		seen[id] = true
	}
	return Result{Count: n}, nil
}
