package decide

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// closeAfter is how long after its last period a day may be closed.
const closeAfter = 6 * time.Hour

// Name implements Command.
func (CloseDay) Name() string { return "close_day" }

// decide ends every booking up to the service date and moves openFrom past it:
// checked-in parties have left, those who were expected did not come, the waiting
// list is over. Closing a closed day does nothing. The job that is too early, as
// the service periods have changed, is told when to come again.
// Source: docs/domain.md, close of day.
func (c CloseDay) decide(d *draft) (Result, *seating.Error) {
	if c.Date < d.h.OpenFrom {
		return Result{}, nil
	}
	if due := d.closable(c.Date); d.env.Now < due {
		if d.env.Actor.Kind == seating.ActorSystem {
			d.moves(house.DueRow{Subject: daySubject(c.Date), Kind: house.DueCloseDay, RunAt: due})
			return Result{}, nil
		}
		return Result{}, seating.Invalid("/date", "the service of %s can be closed from %s", c.Date, due)
	}
	n := 0
	for _, day := range d.h.Days() {
		if day.Date > c.Date {
			break
		}
		for _, e := range day.Entries() {
			n += d.close(e)
		}
	}
	for date := d.h.OpenFrom; date <= c.Date; date++ {
		d.forget(house.DueRow{Subject: daySubject(date), Kind: house.DueCloseDay})
	}
	open := c.Date.AddDays(1)
	d.rows.OpenFrom = &open
	d.changes(seating.AspectBookings)
	d.touch.Many = true
	d.line(daySubject(c.Date), "open", "closed", "closed", detail(map[string]any{"bookings": n}))
	d.event(seating.EventDayClosed, seating.SeverityNotice, seating.BookingID{}, seating.EventPayload{Date: &c.Date})
	return Result{Count: n}, nil
}

// close ends one booking of the day; it returns how many it ended.
func (d *draft) close(e *house.Entry) int {
	d.endOwnHold(e, seating.EndReleased, "closed")
	ends := map[seating.Status]seating.Status{
		seating.CheckedIn: seating.Completed, seating.Confirmed: seating.NoShow,
		seating.Pending: seating.NoShow, seating.Waitlisted: seating.Cancelled,
	}
	to, ok := ends[e.Status]
	if !ok {
		return 0
	}
	b := e.Booking
	d.truncate(e)
	d.becomes(&b, to, "closed")
	d.put(b)
	return 1
}

// Name implements Command.
func (RotateEpoch) Name() string { return "rotate_epoch" }

func (c RotateEpoch) decide(d *draft) (Result, *seating.Error) {
	if _, err := seating.ParseVersion(c.Epoch + ".0"); err != nil || c.Epoch == d.h.Epoch {
		return Result{}, seating.Invalid("/epoch", "a new epoch is 1 to 32 lower-case letters and digits")
	}
	if c.Reason != "" && !seating.ReasonCode(c.Reason) {
		return Result{}, seating.Invalid("/reason", "a reason is a code like restored: lower-case letters, digits and _, at most 40")
	}
	d.rows.Epoch = c.Epoch
	d.changes(seating.AspectFloor, seating.AspectPolicy, seating.AspectBookings, seating.AspectHolds)
	d.touch.Many = true
	d.line("restaurant", "", "epoch", c.Reason, "")
	d.event(seating.EventEpochRotated, seating.SeverityWarning, seating.BookingID{}, seating.EventPayload{Reason: c.Reason})
	return Result{}, nil
}
