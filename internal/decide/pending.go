package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// Name implements Command.
func (ExpirePending) Name() string { return "expire_pending" }

// decide cancels a web booking that was not confirmed in time, as a person would
// cancel it. Source: docs/domain.md, booking states.
func (c ExpirePending) decide(d *draft) (Result, *seating.Error) {
	e := d.falls(c.Booking, house.DuePending)
	if e == nil {
		return d.noted(c.Booking), nil
	}
	return d.over(e, seating.Cancelled, "pending_expired", "pending_expired"), nil
}
