package friday

import (
	"fmt"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Who works in the restaurant. The site is a program; sam waits at table and may
// seat walk-ins.
const (
	anna = "anna"
	ben  = "ben"
	site = "site"
	sam  = "sam"
	mona = "mona" // the manager
)

// doors is the instant at which an evening begins, three o'clock on the wall.
func doors(week int) time.Time { return time.Date(2026, 11, 27+7*week, 15, 0, 0, 0, time.UTC) }

func houseState(id seating.RestaurantID, now servicetime.Instant) house.State {
	return house.State{
		Restaurant: seating.Restaurant{ID: id, Slug: "friday", Name: "Chez Friday", Zone: "Europe/London", Active: true},
		Epoch:      "eone", OpenFrom: servicetime.NewDate(2026, 11, 26), LastAt: now,
		Policy: seating.DefaultPolicy(seating.DefaultHoldRules()),
	}
}

type doc = map[string]any

// room is the demo's large restaurant: 60 tables in four zones, rows of which
// neighbours can be pushed together, and two booths declared to seat ten.
func room() doc {
	var zones, tables, edges []any
	for i, name := range []string{"Salle", "Verrière", "Terrasse", "Bar"} {
		zones = append(zones, doc{"id": name, "name": name, "order": i, "active": true})
	}
	row := func(zone, prefix string, from int, joined bool, category seating.Category, style seating.SeatingType, covers ...int) {
		for i, most := range covers {
			number := fmt.Sprint(prefix, from+i)
			tables = append(tables, doc{
				"id": number, "number": number, "zoneId": zone, "minCovers": max(1, most/2), "maxCovers": most, "movable": joined && most < 6,
				"category": category, "seatingType": style, "active": true, "ready": true,
			})
			if joined && i > 0 {
				edges = append(edges, []string{fmt.Sprint(prefix, from+i-1), number})
			}
		}
	}
	for r := range 4 {
		row("Salle", "S", 1+6*r, true, seating.CategoryDining, seating.SeatingStandard, 2, 2, 4, 4, 4, 6)
	}
	row("Verrière", "V", 1, false, seating.CategoryDining, seating.SeatingBooth, 4, 4, 4, 4, 4, 4)
	row("Verrière", "V", 7, true, seating.CategoryDining, seating.SeatingStandard, 2, 4, 2, 4, 2, 4, 2, 4)
	row("Terrasse", "T", 1, true, seating.CategoryPatio, seating.SeatingStandard, 2, 2, 2, 2, 2, 2, 2)
	row("Terrasse", "T", 8, true, seating.CategoryPatio, seating.SeatingStandard, 4, 4, 4, 4, 4, 4, 4)
	row("Bar", "B", 1, false, seating.CategoryBar, seating.SeatingHighTop, 2, 2, 2, 2, 2, 2)
	row("Bar", "B", 7, false, seating.CategoryLounge, seating.SeatingSofa, 5, 5)
	return doc{
		"zones": zones, "tables": tables, "adjacencies": edges,
		"combinations": []any{doc{"tableIds": []string{"V1", "V2"}, "minCovers": 7, "maxCovers": 10}},
	}
}

// hours are the services of one date, with an end of dinner.
func hours(date, end, last string) doc {
	turns := []any{doc{"upToCovers": 2, "minutes": 60}, doc{"upToCovers": 4, "minutes": 75}, doc{"upToCovers": 6, "minutes": 85}, doc{"minutes": 90}}
	return doc{"servicePeriods": []any{
		doc{"name": "Lunch", "date": date, "start": "11:30", "end": "17:00", "lastSeating": "16:45", "overrunAllowed": true, "turnBands": turns},
		doc{"name": "Dinner", "date": date, "start": "17:00", "end": end, "lastSeating": last, "overrunAllowed": false, "turnBands": turns},
	}}
}
