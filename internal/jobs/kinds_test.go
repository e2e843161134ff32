package jobs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

func TestEachKindHasItsCommand(t *testing.T) {
	t.Parallel()
	booking, hold := housetest.Booking(1), housetest.Hold(2)
	date := servicetime.NewDate(2026, 11, 27)
	want := []struct {
		due     house.DueKind
		subject string
		command any
	}{
		{house.DueHoldExpiry, "hold:" + hold.String(), decide.ExpireHolds{Holds: []seating.HoldID{hold}}},
		{house.DuePending, "booking:" + booking.String(), decide.ExpirePending{Booking: booking}},
		{house.DueLate, "booking:" + booking.String(), decide.MarkLate{Booking: booking}},
		{house.DueOverstay, "booking:" + booking.String(), decide.MarkOverstay{Booking: booking}},
		{house.DueCloseDay, "day:2026-11-27", decide.CloseDay{Date: date}},
	}
	if len(want) != len(kinds) {
		t.Fatalf("there are %d kinds, want %d", len(kinds), len(want))
	}
	for i, w := range want {
		got, err := kinds[i].command(w.subject)
		if err != nil || kinds[i].due != w.due {
			t.Errorf("kind %d is %s, its command of %q = %v, want %s", i, kinds[i].due, w.subject, err, w.due)
		}
		if diff := cmp.Diff(w.command, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.due, diff)
		}
		for _, bad := range []string{"", "x", w.subject[1:], w.subject + "0", "table:" + booking.String()} {
			if c, err := kinds[i].command(bad); err == nil {
				t.Errorf("%s: the command of %q = %v, want an error", w.due, bad, c)
			}
		}
	}
}

func TestHoldsAreJoined(t *testing.T) {
	t.Parallel()
	got := joinHolds([]decide.Command{
		decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1)}}, decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(2)}},
	})
	if diff := cmp.Diff(decide.ExpireHolds{Holds: []seating.HoldID{housetest.Hold(1), housetest.Hold(2)}}, got); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
	for i := range kinds {
		if joins := kinds[i].join != nil; joins != (kinds[i].due == house.DueHoldExpiry) {
			t.Errorf("%s joins = %v: only holds have a command of several", kinds[i].due, joins)
		}
	}
}
