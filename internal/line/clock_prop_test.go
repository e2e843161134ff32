package line_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// TestPropLoadEqualsReplayWhateverTheClock moves the database's clock to and fro, by
// up to a day, between random commands: a house is a function of its version
// alone. What is loaded, what is in memory and what the journal replays to stay
// the same; every answer is granted or a refusal with a code of its own.
func TestPropLoadEqualsReplayWhateverTheClock(t *testing.T) {
	defer watchedGames(t)()
	onEachStore(t, func(t *stage) {
		s := t.stack()
		games := 0
		rapid.Check(t, func(r *rapid.T) {
			games++
			s.clock.Set(at("18:00"))
			place := s.restaurant(t, fmt.Sprintf("clock-%d", games), rivals(6))
			defer place.drop(t)
			opponent := &stored{restaurant: place, t: r}
			holds, bookings := 0, 6
			for range 30 {
				booking := housetest.Booking(rapid.IntRange(1, bookings).Draw(r, "booking"))
				hold := housetest.Hold(rapid.IntRange(1, holds+1).Draw(r, "hold"))
				tables := rapid.SampledFrom([][]int{{1}, {2}, {3}, {1, 2}, {2, 3}, {7}}).Draw(r, "tables")
				var c decide.Command
				transition := rapid.SampledFrom([]decide.Transition{"", "", decide.ToCheckedIn}).Draw(r, "transition")
				aside := rapid.SampledFrom([]*seating.Override{nil, {Checks: []seating.CheckID{seating.CheckService}, Reason: "late"}}).Draw(r, "override")
				switch rapid.IntRange(0, 12).Draw(r, "kind") {
				case 0, 1, 2:
					holds++
					c = decide.MakeHold{ID: housetest.Hold(holds), Booking: booking, Tables: housetest.Tables(tables...), Override: aside}
				case 3, 4:
					c = decide.ConfirmHold{Hold: hold, Transition: transition}
				case 5:
					c = decide.ExtendHold{Hold: hold, By: 300}
				case 6:
					c = decide.Assign{Booking: booking, Tables: housetest.Tables(tables...), Transition: transition, Override: aside}
				case 7:
					c = decide.ReleaseHold{Hold: hold}
				case 8:
					bookings++
					c = decide.CreateBooking{
						ID: housetest.Booking(bookings), Covers: 4, Date: housetest.Friday, Time: servicetime.NewClock(20, 0),
						Source: seating.SourcePhone, Tables: housetest.Tables(tables...),
					}
				case 9:
					c = decide.Unassign{Booking: booking, Table: housetest.Table(tables[0])}
				case 10:
					c = decide.Swap{A: booking, B: housetest.Booking(rapid.IntRange(1, bookings).Draw(r, "other"))}
				case 11:
					holds++
					c = decide.TakeOver{ID: housetest.Hold(holds), Hold: hold, Reason: "late"}
				default:
					c = decide.Cancel{Booking: booking}
				}
				if err := opponent.Do(cleo, c); err != nil && (err.Code == seating.CodeInternal || err.Code == seating.CodeUnavailable) {
					r.Fatalf("%s %+v = %v, want granted or refused by a rule", c.Name(), c, err)
				}
				if rapid.IntRange(0, 2).Draw(r, "move the clock") == 0 {
					reach := rapid.SampledFrom([]int64{86_400_000, 3_600_000, 3_600_000, 120_000}).Draw(r, "reach")
					s.clock.Advance(time.Duration(rapid.Int64Range(-reach, reach).Draw(r, "ms")) * time.Millisecond)
				}
			}
			opponent.Check()
		})
		if n := s.changes(); n < int64(5*games) {
			t.Errorf("only %d changes were committed in %d games", n, games)
		}
	})
}
