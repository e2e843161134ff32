package house

import (
	"time"

	"github.com/maitred/maitred/internal/seating"
)

// OverstayGrace is how long a party may stay past the end of its window before
// that is told. Source: docs/domain.md, time.
const OverstayGrace = 5 * time.Minute

// BookingDue is the due work of a booking as it stands, at most one row a kind.
// The change that puts a booking also puts these rows and drops those of before,
// so that nothing has to be remembered in a process.
func BookingDue(b seating.Booking, late seating.LateRule) []DueRow {
	var rows []DueRow
	subject := "booking:" + b.ID.String()
	expected := b.Status == seating.Pending || b.Status == seating.Confirmed
	if expected && b.ArrivedAt.IsZero() && b.LateAt.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DueLate, RunAt: b.Dining.Start.Add(late.After.Duration())})
	}
	if b.Status == seating.CheckedIn && b.OverstayAt.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DueOverstay, RunAt: b.Window.End.Add(OverstayGrace)})
	}
	if b.Status == seating.Pending && !b.PendingUntil.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DuePending, RunAt: b.PendingUntil})
	}
	return rows
}
