package query

import (
	"cmp"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Waiting is a booking on the waitlist of its service date.
type Waiting struct {
	store.BookingRow
	Position int                 // from 1, the next to be seated
	Waited   servicetime.Minutes // since the party came or, until it has come, since the booking was made
}

// WaitingOrder is who comes first on a waitlist: the higher priority, then the
// booking that was made earlier, then the lower id, so that two readers see one order.
func WaitingOrder(a, b seating.Booking) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.CreatedAt, b.CreatedAt), a.ID.Compare(b.ID))
}

// Waitlist lists who waits, in order. Positions follow from the order alone and
// are stored nowhere: whoever leaves the list moves the others up.
func Waitlist(rows []store.BookingRow, now servicetime.Instant) []Waiting {
	waiting := []Waiting{}
	for _, row := range rows {
		if row.Status == seating.Waitlisted {
			since := cmp.Or(row.ArrivedAt, row.CreatedAt)
			waiting = append(waiting, Waiting{BookingRow: row, Waited: servicetime.Minutes(max(0, now.Sub(since)/time.Minute))})
		}
	}
	slices.SortFunc(waiting, func(a, b Waiting) int { return WaitingOrder(a.Booking, b.Booking) })
	for i := range waiting {
		waiting[i].Position = i + 1
	}
	return waiting
}

// WaitlistOf is the waitlist of a service date. A closed day has none: closing
// ended it.
func WaitlistOf(h *house.House, date servicetime.Date, now servicetime.Instant) []Waiting {
	var rows []store.BookingRow
	for _, e := range h.Day(date).Entries() {
		rows = append(rows, RowOf(e))
	}
	return Waitlist(rows, now)
}
