package planner_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/planner"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// What a slot says becomes of a booking that is made there: the same tables, or
// the refusal it tells.
func TestSlotsAreWhatBookingsGet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawFloor(t)
		s.Policy.Pacing.CoversPerSlot = rapid.SampledFrom([]int{0, 0, 6}).Draw(t, "covers a slot")
		s.Policy.BufferBefore = servicetime.Minutes(rapid.SampledFrom([]int{0, 10}).Draw(t, "buffer"))
		h, err := house.New(s)
		if err != nil {
			t.Fatal(err)
		}
		actor := housetest.Host("anna")
		p := planner.Party{
			Covers: rapid.IntRange(1, 14).Draw(t, "covers"), Turn: servicetime.Minutes(rapid.SampledFrom([]int{0, 0, 200}).Draw(t, "turn")),
			ZoneWish:    rapid.SampledFrom([]seating.ZoneID{{}, {}, housetest.Patio}).Draw(t, "zone"),
			SeatingWish: rapid.SampledFrom([]seating.SeatingType{"", "", seating.SeatingSofa}).Draw(t, "seating"),
			Principal:   actor.Principal, Now: housetest.At(rapid.SampledFrom([]string{"09:00", "18:00", "19:03"}).Draw(t, "now")),
		}
		for _, slot := range planner.Slots(h, p, housetest.Friday) {
			got := decide.Decide(h, decide.CreateBooking{
				ID: housetest.Booking(900), Covers: p.Covers, Date: slot.Date, Time: slot.Time, Offset: slot.Offset, Turn: p.Turn,
				ZoneWish: p.ZoneWish, SeatingWish: p.SeatingWish, Source: seating.SourcePhone, AutoAssign: true,
			}, decide.Env{Now: p.Now, Actor: actor})
			agrees := false
			switch code := codeOf(got); slot.Reason {
			case "":
				agrees = got.Result.Booking != nil && slices.Equal(got.Result.Booking.Tables, slot.Tables)
			case planner.SlotFull:
				agrees = got.Result.NoTable != nil && got.Result.NoTable.Reason == "no_table_free"
			case planner.SlotStopped:
				agrees = got.Refusal == nil
			case planner.SlotPacing:
				agrees = code == seating.CodePacingExceeded
			case planner.SlotOverrun:
				agrees = code == seating.CodeServiceOverrun
			case planner.SlotPast:
				agrees = code == seating.CodePast
			case planner.SlotClosed, planner.SlotTooFar: // neither is drawn
			}
			if !agrees {
				t.Fatalf("slot %+v, and the booking there gets %+v, %v", slot, got.Result, got.Refusal)
			}
		}
	})
}

func codeOf(d decide.Decision) seating.Code {
	if d.Refusal == nil {
		return ""
	}
	return d.Refusal.Code
}
