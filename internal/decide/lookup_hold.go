package decide

import (
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// hold finds a live hold with its booking. A lapsed one is HOLD_EXPIRED whether
// its end is recorded or not; one that ended otherwise is HOLD_ENDED with how
// and by whom.
func (d *draft) hold(id seating.HoldID) (*house.Entry, *seating.Error) {
	if e := d.h.Hold(id); e != nil {
		if !e.Hold.Live(d.env.Now) {
			return nil, holdOver(seating.EndedHold{Hold: e.Hold.Hold, How: seating.EndExpired})
		}
		return e, nil
	}
	if ended, ok := d.env.Facts.Ended[id]; ok {
		return nil, holdOver(ended)
	}
	d.ask.Holds = append(d.ask.Holds, id)
	return nil, seating.Refuse(seating.CodeNotFound, "There is no such hold.")
}

func holdOver(ended seating.EndedHold) *seating.Error {
	fact := &seating.HoldFact{ID: ended.ID, Booking: ended.Booking, How: ended.How, ExpiresAt: ended.ExpiresAt}
	if ended.How == seating.EndExpired {
		err := seating.Refuse(seating.CodeHoldExpired, "The hold has expired; select again.")
		err.Details.Hold = fact
		return err
	}
	fact.By = ended.EndedBy
	err := seating.Refuse(seating.CodeHoldEnded, "The hold was %s.", ended.How)
	err.Details.Hold = fact
	return err
}

// mine refuses another's hold to an actor without the capability override.
func (d *draft) mine(h *house.HoldEntry) *seating.Error {
	if h.CreatedBy == d.env.Actor.Principal || d.env.Actor.Can(seating.CapOverride) {
		return nil
	}
	err := seating.Refuse(seating.CodeOverrideRequired, "It is somebody else's hold.")
	err.Details.Hold = &seating.HoldFact{ID: h.ID, Booking: h.Booking, By: h.CreatedBy, ExpiresAt: h.ExpiresAt}
	return err
}
