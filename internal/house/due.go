package house

import (
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// OverstayGrace is how long a party may stay past the end of its window before
// that is told. Source: docs/domain.md, time.
const OverstayGrace = 5 * time.Minute

// LateFrom is when a party that is expected and has not come becomes late; false for
// any other. Source: docs/domain.md, late rule.
func LateFrom(b seating.Booking, rule seating.LateRule) (servicetime.Instant, bool) {
	expected := b.Status == seating.Pending || b.Status == seating.Confirmed
	return b.Dining.Start.Add(rule.After.Duration()), expected && b.ArrivedAt.IsZero()
}

// OverstaysFrom is when a party that sits has stayed too long; false for any other.
// Source: docs/domain.md, overstay.
func OverstaysFrom(b seating.Booking) (servicetime.Instant, bool) {
	return b.Window.End.Add(OverstayGrace), b.Status == seating.CheckedIn
}

// BookingDue is the due work of a booking as it stands, at most one row a kind.
// The change that puts a booking also puts these rows and drops those of before,
// so that nothing has to be remembered in a process.
func BookingDue(b seating.Booking, late seating.LateRule) []DueRow {
	var rows []DueRow
	subject := "booking:" + b.ID.String()
	if from, expected := LateFrom(b, late); expected && b.LateAt.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DueLate, RunAt: from})
	}
	if from, sits := OverstaysFrom(b); sits && b.OverstayAt.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DueOverstay, RunAt: from})
	}
	if b.Status == seating.Pending && !b.PendingUntil.IsZero() {
		rows = append(rows, DueRow{Subject: subject, Kind: DuePending, RunAt: b.PendingUntil})
	}
	return rows
}
