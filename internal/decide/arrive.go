package decide

import "github.com/maitred/maitred/internal/seating"

// Name implements Command.
func (Arrive) Name() string { return "arrive" }

// decide notes that the party is here: it is not late any more, whether it sits
// yet or not. That is so on its own day only. Again is fine and does nothing.
func (c Arrive) decide(d *draft) (Result, *seating.Error) {
	e, err := d.booking(c.Booking)
	if err != nil {
		return Result{}, err
	}
	tables := e.Tables()
	switch {
	case e.Status.Ended():
		return Result{}, wrongState(e, "A party that is here comes with a booking that is open.")
	case e.Status == seating.CheckedIn || !e.ArrivedAt.IsZero():
		return d.seated(e.Booking, tables), nil
	}
	if err := d.onItsDay(e); err != nil {
		return Result{}, err
	}
	if err := d.untouched(c.Booking); err != nil {
		return Result{}, err
	}
	b := e.Booking
	b.ArrivedAt, b.PendingUntil = d.env.Now, 0 // nobody cancels who stands at the door
	d.line(bookingSubject(b.ID), "", "arrived", "", "")
	d.event(seating.EventBookingChanged, seating.SeverityInfo, b.ID, seating.EventPayload{Status: b.Status, Window: b.Window, What: "arrived"})
	d.put(b, tables...)
	b.Version = d.version()
	return d.seated(b, tables), nil
}
