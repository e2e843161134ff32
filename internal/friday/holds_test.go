package friday

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// limits tells what an evening used of the limits on holds: how many one principal
// made for one booking within the budget's window, how long those lived that were
// confirmed, and how many were left to lapse. The limits are good when nobody who
// works is refused by them; docs/adr/0019 rests on these numbers.
func (e *evening) limits(rows []store.OutboxRow) {
	type pair struct {
		principal string
		booking   seating.BookingID
	}
	rules := seating.DefaultHoldRules()
	made, born := map[pair][]servicetime.Instant{}, map[seating.HoldID]servicetime.Instant{}
	var lives []time.Duration
	lapsed := 0
	for _, r := range rows {
		var p seating.EventPayload
		if err := json.Unmarshal(r.Payload, &p); err != nil {
			e.fault("row %d of the outbox cannot be read: %v", r.ID, err)
			return
		}
		switch r.EventType {
		case seating.EventHoldCreated:
			k := pair{p.Actor.Principal, p.Booking}
			made[k], born[p.Hold] = append(made[k], p.At), p.At
		case seating.EventHoldConfirmed:
			lives = append(lives, p.At.Sub(born[p.Hold]))
		case seating.EventHoldExpired:
			lapsed++
		default: // says nothing about how long holds live
		}
	}
	most := 0
	for _, times := range made {
		for i, from := range times {
			n := 1
			for _, at := range times[i+1:] {
				if at.Sub(from) < rules.BudgetWindow.Duration() {
					n++
				}
			}
			most = max(most, n)
		}
	}
	slices.Sort(lives)
	longest := time.Duration(0)
	if len(lives) > 0 {
		longest = lives[len(lives)-1]
	}
	e.t.Logf("seed %d: %d holds; at most %d of %d by one principal for one booking within %d s; %d confirmed, the slowest after %s of %d s; %d lapsed",
		e.seed, len(born), most, rules.BudgetMax, rules.BudgetWindow, len(lives), longest, rules.DefaultTTL, lapsed)
	if len(born) == 0 {
		e.fault("nobody held a table")
	}
	if most > rules.BudgetMax {
		e.fault("one principal made %d holds for one booking within %d s, %d are allowed", most, rules.BudgetWindow, rules.BudgetMax)
	}
}
