package jobs

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// O22: what time alone brings to bookings comes to each once, not before its time,
// whichever of two processes sees it.
func TestO22_TheWorkOfBookingsIsDoneOnce(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	web, sits := housetest.Booking(7), housetest.Booking(8)
	seated := e.ok(t, anna, decide.WalkIn{ID: sits, Covers: 2}).Booking
	asked := e.ok(t, anna, decide.CreateBooking{
		ID: web, Covers: 2, Date: housetest.Friday, Time: servicetime.NewClock(21, 0), Source: seating.SourceWeb, Guest: seating.Guest{Email: "ada@example.org"},
		AutoAssign: true, Transition: decide.ToNone,
	}).Booking
	var expected []seating.BookingID
	for n := 1; n <= 6; n++ {
		expected = append(expected, housetest.Booking(n))
	}
	for _, tt := range []struct {
		kind    house.DueKind
		command string
		at      servicetime.Instant
		of      []seating.BookingID
	}{
		{house.DuePending, "expire_pending", asked.PendingUntil, []seating.BookingID{web}},
		{house.DueOverstay, "mark_overstay", seated.Window.End.Add(house.OverstayGrace), []seating.BookingID{sits}},
		{house.DueLate, "mark_late", housetest.At("20:15"), expected},
	} {
		e.clock.Set(tt.at.Add(-time.Microsecond))
		rounds(t, e)
		if n := e.history(t, tt.command); len(n) != 0 || len(due(e.dump(t), tt.kind)) < len(tt.of) {
			t.Errorf("%s was given before its time: %v", tt.command, n)
		}
		e.clock.Set(tt.at)
		rounds(t, e)
		e.clock.Advance(time.Second)
		rounds(t, e)
		n := e.history(t, tt.command)
		for _, id := range tt.of {
			if n["booking:"+id.String()] == 0 || len(n) != len(tt.of) {
				t.Errorf("%s is in the history %v, want it for %s", tt.command, n, id)
			}
		}
		if rows := due(e.dump(t), tt.kind); slices.Contains(rows, "booking:"+tt.of[0].String()) {
			t.Errorf("%s stays due: %v", tt.kind, rows)
		}
	}
	rows, err := e.store.OutboxRows(t.Context(), store.SinkObservability, 0, 1000)
	if err != nil {
		t.Fatalf("OutboxRows: %v", err)
	}
	told := map[seating.EventType]int{}
	for _, row := range rows {
		told[row.EventType]++
	}
	if told[seating.EventBookingLate] != 6 || told[seating.EventBookingOverstaying] != 1 {
		t.Errorf("events %v, want six late parties and one that stays", told)
	}
}

// rounds lets both processes make one at the same time.
func rounds(t *testing.T, e *engine) {
	t.Helper()
	var work sync.WaitGroup
	for _, p := range e.both {
		work.Go(func() { p.runner.Round(t.Context()) })
	}
	work.Wait()
}
