package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Backfilled is the due work of a restaurant whose rows were written without that
// of its bookings, after the migration that brings it: of each open booking what
// house.BookingDue says, and the close of each open day six hours after its last
// window, a time that the job corrects.
func Backfilled(d *store.Dump) []house.DueRow {
	rows := slices.Clone(d.Due)
	last := map[servicetime.Date]servicetime.Instant{}
	for _, b := range d.State.Bookings {
		rows = append(rows, house.BookingDue(b, d.State.Policy.Late)...)
		last[b.ServiceDate] = max(last[b.ServiceDate], b.Window.End)
	}
	for date, end := range last {
		rows = append(rows, house.DueRow{Subject: "day:" + date.String(), Kind: house.DueCloseDay, RunAt: end.Add(6 * time.Hour)})
	}
	slices.SortFunc(rows, func(a, b house.DueRow) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind))
	})
	return rows
}
