package verify

import (
	"slices"
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// dueOf are the kinds of due work of a booking.
var dueOf = []house.DueKind{house.DueLate, house.DueOverstay, house.DuePending}

// checkBookingDue: exactly the work that a booking as it stands has to come. When
// a party counts as late is policy, which may have changed since the row was
// written; then the job puts it right, and only that there is a row is judged.
func checkBookingDue(v *view) {
	there := map[string]map[house.DueKind]house.DueRow{}
	for _, row := range v.Due {
		if id, isBooking := strings.CutPrefix(row.Subject, "booking:"); isBooking {
			v.knownDue(row, id)
			if there[row.Subject] == nil {
				there[row.Subject] = map[house.DueKind]house.DueRow{}
			}
			there[row.Subject][row.Kind] = row
		} else if slices.Contains(dueOf, row.Kind) {
			v.report(row.Subject, "has the due work %s, which is for bookings", row.Kind)
		}
	}
	for i := range v.State.Bookings {
		b := &v.State.Bookings[i]
		rows := there["booking:"+b.ID.String()]
		for _, want := range house.BookingDue(*b, v.State.Policy.Late) {
			row, ok := rows[want.Kind]
			switch {
			case !ok:
				v.report(v.booking(b), "is %s and has no due work %s", b.Status, want.Kind)
			case want.Kind != house.DueLate && row.RunAt != want.RunAt:
				v.report(v.booking(b), "has the due work %s at %s, it should be at %s", want.Kind, row.RunAt, want.RunAt)
			}
			delete(rows, want.Kind)
		}
		for _, kind := range dueOf {
			if row, ok := rows[kind]; ok {
				v.report(v.booking(b), "is %s and has the due work %s at %s, which it has no need of", b.Status, kind, row.RunAt)
			}
		}
	}
}

// knownDue judges whether the booking that work is due for is one of open days.
func (v *view) knownDue(row house.DueRow, id string) {
	booking, err := seating.ParseID[seating.BookingID](id)
	switch b := v.bookings[booking]; {
	case err != nil || b == nil:
		v.report(row.Subject, "has the due work %s and is not there", row.Kind)
	case !v.open[booking]:
		v.report(v.booking(b), "has the due work %s and is of %s, a closed day", row.Kind, b.ServiceDate)
	case !slices.Contains(dueOf, row.Kind):
		v.report(v.booking(b), "has the due work %q, which is not for bookings", row.Kind)
	}
}

// checkDayDue: a day that has bookings will be closed. When it is over follows
// from periods and closures, which may have changed; and a day whose bookings all
// went to other days keeps its row until its turn comes.
func checkDayDue(v *view) {
	there := map[servicetime.Date]bool{}
	for _, row := range v.Due {
		day, isDay := strings.CutPrefix(row.Subject, "day:")
		if isDay != (row.Kind == house.DueCloseDay) {
			v.report(row.Subject, "has the due work %q, which is for something else", row.Kind)
			continue
		}
		if !isDay {
			continue
		}
		date, err := servicetime.ParseDate(day)
		switch {
		case err != nil:
			v.report(row.Subject, "is to be closed at %s and is no day", row.RunAt)
		case date < v.State.OpenFrom:
			v.report(row.Subject, "is to be closed at %s and is closed, days are open from %s", row.RunAt, v.State.OpenFrom)
		}
		there[date] = true
	}
	for _, b := range v.State.Bookings {
		if !there[b.ServiceDate] {
			v.report("day:"+b.ServiceDate.String(), "has bookings and no due work to close it")
			there[b.ServiceDate] = true // told once
		}
	}
}
