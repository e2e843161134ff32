package decide

import (
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// pastDayGrace is how long a day that is brought in when it could be closed
// already stays open, so that what belongs to it can follow.
const pastDayGrace = time.Hour

func daySubject(date servicetime.Date) string { return "day:" + date.String() }

// closable is when a service date can be closed.
func (d *draft) closable(date servicetime.Date) servicetime.Instant {
	return d.h.Calendar.DayEnd(date).Add(closeAfter)
}

// again puts due work; what is there of the same subject and kind moves.
func (d *draft) again(row house.DueRow) {
	d.due.Put = append(d.due.Put, row)
	d.changes(seating.AspectBookings)
}

// forget drops due work.
func (d *draft) forget(row house.DueRow) {
	d.due.Drop = append(d.due.Drop, house.DueRow{Subject: row.Subject, Kind: row.Kind})
	d.changes(seating.AspectBookings)
}

// remind writes the due work of a booking that is put: only what differs from
// before, and the close of its day with the day's first booking.
func (d *draft) remind(b seating.Booking) {
	var before []house.DueRow
	old := d.h.Booking(b.ID)
	if old != nil {
		before = house.BookingDue(old.Booking, d.h.Policy.Late)
	}
	after := house.BookingDue(b, d.h.Policy.Late)
	for _, row := range before {
		if !slices.ContainsFunc(after, func(r house.DueRow) bool { return r.Kind == row.Kind }) {
			d.forget(row)
		}
	}
	for _, row := range after {
		if !slices.Contains(before, row) {
			d.again(row)
		}
	}
	closing := house.DueRow{Subject: daySubject(b.ServiceDate), Kind: house.DueCloseDay}
	known := func(r house.DueRow) bool { return r.Subject == closing.Subject && r.Kind == closing.Kind }
	if len(d.h.Day(b.ServiceDate).Entries()) > 0 || slices.ContainsFunc(d.due.Put, known) {
		return
	}
	closing.RunAt = d.closable(b.ServiceDate)
	if closing.RunAt <= d.env.Now {
		closing.RunAt = d.env.Now.Add(pastDayGrace)
	}
	d.again(closing)
}

// falls finds the booking whose due work of a kind has fallen due as the booking
// and the policy stand now. Otherwise it returns nil: the row moves to its right
// time, or it is gone already, with the change that made it senseless; the second
// of two processes that saw it has nothing to do.
func (d *draft) falls(id seating.BookingID, kind house.DueKind) *house.Entry {
	if e := d.h.Booking(id); e != nil {
		for _, row := range house.BookingDue(e.Booking, d.h.Policy.Late) {
			switch {
			case row.Kind != kind:
			case row.RunAt <= d.env.Now:
				return e
			default:
				d.moves(row)
				return nil
			}
		}
	}
	return nil
}

// moves is all that a job does that came too early.
func (d *draft) moves(row house.DueRow) {
	d.again(row)
	d.line(row.Subject, "", "due_moved", string(row.Kind), "")
}

// noted answers a job: the booking as it stands, or nothing where it is gone.
func (d *draft) noted(id seating.BookingID) Result {
	if e := d.h.Booking(id); e != nil {
		return stands(e)
	}
	return Result{}
}
