package control

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// FuzzImport brings any file into an empty restaurant, on a copy: it comes in
// whole and hangs together, or is refused with a code of its own.
func FuzzImport(f *testing.F) {
	doc := Document{
		Format: 1, Restaurant: DocumentRestaurant{Slug: "a", Name: "A", Zone: housetest.Paris},
		Floor: DocumentFloor{
			Zones:  []DocumentZone{{Name: "Main", Active: true}},
			Tables: []DocumentTable{{Number: "T1", Zone: "Main", MinCovers: 1, MaxCovers: 4, Active: true}},
		},
		Policy: housetest.Policy(), Periods: housetest.Periods(), Closures: []servicetime.Closure{},
		Bookings: []DocumentBooking{{}},
	}
	seed, err := json.Marshal(doc)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"format":1,"bookings":[{"tables":["T1","T1"],"covers":-1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Document
		if json.Unmarshal(b, &d) != nil || d.validate() != nil {
			return
		}
		h := housetest.New(t, func(s *house.State) {
			s.Zones, s.Tables, s.Edges, s.Combinations, s.Periods = nil, nil, nil, nil, nil
		})
		r := rehearse{h: h, now: housetest.At("12:00")}
		if _, err := d.bringIn(r.do); err != nil {
			refusal, ok := errors.AsType[*seating.Error](err)
			if !ok || refusal.Code == seating.CodeInternal {
				t.Fatalf("import of %s = %v, want a refusal", b, err)
			}
			return
		}
		if _, err := house.New(r.h.State()); err != nil {
			t.Fatalf("import of %s does not hang together: %v", b, err)
		}
	})
}
