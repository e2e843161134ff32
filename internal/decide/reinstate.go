package decide

import "github.com/maitred/maitred/internal/seating"

// Name implements Command.
func (Reinstate) Name() string { return "reinstate" }

// decide takes a cancellation back while the booking's time is not over. It has
// its reference and its time again, and no table: those may be somebody else's.
// Again is fine and does nothing. Source: docs/domain.md, booking states.
func (c Reinstate) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	if e.Status == seating.Pending {
		return d.seated(e.Booking, e.Tables()), nil
	}
	if err := d.only(e, seating.Pending, seating.Cancelled); err != nil {
		return Result{}, err
	}
	if e.Window.End <= d.env.Now {
		return Result{}, seating.Refuse(seating.CodePast, "The time of booking %s ended at %s; make a new one.", e.Reference, d.clock(e.Window.End))
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	b := e.Booking
	b.ChosenBy = ""
	d.replace(e.Allocations, nil)
	d.goesBack(&b, seating.Pending, "reinstated")
	d.put(b, e.Tables()...)
	b.Version = d.version()
	return d.seated(b, nil), nil
}
