package planner

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Bounds of the look for other times: every quarter of an hour within two hours
// either side, at most three answers.
const (
	alternativeStep   = 15 * time.Minute
	alternativeReach  = 2 * time.Hour
	alternativesShown = 3
	alternativeSets   = searchLimit / 20 // sets looked at for each start
)

// Alternatives returns the starts nearest to the request's at which a table is
// free, nearest first, the earlier of two equally near. turn is the stay asked
// for by hand, 0 for the period's. It needs r.Arrival.
func Alternatives(h *house.House, r Request, turn servicetime.Minutes) []seating.Choice {
	var choices []seating.Choice
	for away := alternativeStep; away <= alternativeReach; away += alternativeStep {
		for _, start := range []servicetime.Instant{r.Arrival.Dining.Start.Add(-away), r.Arrival.Dining.Start.Add(away)} {
			if len(choices) == alternativesShown {
				return choices
			}
			if c, ok := choiceAt(h, r, start, turn, h.Policy.BufferBefore); ok {
				choices = append(choices, c)
			}
		}
	}
	return choices
}

// choiceAt looks for tables at another start; before is the time that it takes to
// lay them.
func choiceAt(h *house.House, r Request, start servicetime.Instant, turn, before servicetime.Minutes) (seating.Choice, bool) {
	date, clock, offset := servicetime.LocalOf(start, h.Calendar.Zone)
	service, start, err := h.Calendar.Resolve(date, clock, offset)
	last := h.Calendar.ServiceDate(r.Now).AddDays(h.Policy.MaxAdvance)
	if err != nil || service.ServiceDate < h.OpenFrom || service.ServiceDate > last || start < r.Now {
		return seating.Choice{}, false
	}
	if turn == 0 {
		turn = service.Period.Turn(r.Covers)
	}
	dining := servicetime.Dining(start, turn)
	r.Arrival = &Arrival{Dining: dining, Service: service}
	r.Window = servicetime.WithBuffers(dining, before, h.Policy.BufferAfter)
	best, _ := searchWithin(h, r, 1, alternativeSets)
	if len(best) == 0 {
		return seating.Choice{}, false
	}
	return seating.Choice{Date: date, Time: clock, Tables: h.Floor.Refs(best[0].Tables)}, true
}
