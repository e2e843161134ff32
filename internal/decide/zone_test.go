package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

func newZone(name string) decide.CreateZone {
	return decide.CreateZone{ID: housetest.ID[seating.ZoneID](9), Zone: seating.Zone{Name: name, Order: 3, Active: true}}
}

func TestCreateZone(t *testing.T) {
	s := evening(t, nil)
	r := s.ok(cleo, newZone("Terrace"))
	want := seating.Zone{ID: housetest.ID[seating.ZoneID](9), Name: "Terrace", Order: 3, Active: true}
	if got := s.h.Floor.Zone(want.ID); got == nil || *got != want || *r.Zone != want {
		t.Errorf("zone = %+v, answer %+v, want %+v", got, r.Zone, want)
	}
	if !slices.Equal(s.last.Aspects, []seating.Aspect{seating.AspectFloor}) || !s.last.Touch.Many || s.lines()[0] != "floor:>zone_created" {
		t.Errorf("aspects %v, touch %+v, lines %v, want the floor revised for everybody", s.last.Aspects, s.last.Touch, s.lines())
	}
	if e := s.last.Events; len(e) != 1 || e[0].Type != seating.EventFloorChanged || e[0].Payload.What != "zone" {
		t.Errorf("events = %+v, want floor.changed of a zone", e)
	}
	for name, c := range map[string]decide.CreateZone{
		"/name": newZone("tERRACE"), "/name ": newZone(""), "/name  ": newZone(strings.Repeat("x", 61)), "/name   ": newZone("a\tb"),
		"/order":  {Zone: seating.Zone{Name: "Cellar", Order: -1}},
		"/order ": {Zone: seating.Zone{Name: "Cellar", Order: 10001}},
	} {
		c.ID = housetest.ID[seating.ZoneID](10)
		s.fields(cleo, c, strings.TrimSpace(name))
	}
	full := evening(t, func(st *house.State) {
		for i := range seating.MaxZones - 2 {
			st.Zones = append(st.Zones, seating.Zone{ID: housetest.ID[seating.ZoneID](100 + i), Name: fmt.Sprint("Z", i)})
		}
	})
	full.fields(cleo, newZone("one too many"), "")
	full.ok(cleo, decide.RemoveZone{ID: housetest.ID[seating.ZoneID](100)})
	full.ok(cleo, newZone("the last"))
}

// TestG05_ChangeZone: what is left out stays.
func TestG05_ChangeZone(t *testing.T) {
	s := evening(t, nil)
	id := housetest.Patio
	s.ok(cleo, decide.ChangeZone{ID: id, Active: new(false)})
	if got := *s.h.Floor.Zone(id); got != (seating.Zone{ID: id, Name: "Patio", Order: 2}) {
		t.Errorf("zone = %+v, want only active changed", got)
	}
	s.ok(cleo, decide.ChangeZone{ID: id, Order: new(0)})
	s.ok(cleo, decide.ChangeZone{ID: id, Rename: new("patio")}) // its own name in another case
	if got := *s.h.Floor.Zone(id); got != (seating.Zone{ID: id, Name: "patio"}) {
		t.Errorf("zone = %+v, want patio, order 0, not active", got)
	}
	s.nothing(cleo, decide.ChangeZone{ID: id, Rename: new("patio"), Order: new(0), Active: new(false)})
	s.nothing(cleo, decide.ChangeZone{ID: id})
	s.fields(cleo, decide.ChangeZone{ID: id, Rename: new("MAIN"), Order: new(-1)}, "/name", "/order")
	s.refused(cleo, decide.ChangeZone{ID: housetest.ID[seating.ZoneID](77), Rename: new("")}, seating.CodeNotFound)
}

func TestRemoveZone(t *testing.T) {
	s := evening(t, func(st *house.State) { st.Bookings[1].ZoneWish = housetest.Patio })
	err := s.refused(cleo, decide.RemoveZone{ID: housetest.Patio}, seating.CodeTableInUse)
	if got := err.Details.Tables; len(got) != 2 || got[0].Number != "T7" || got[1].Number != "T8" || !strings.Contains(err.Msg, "Patio still has T7 and T8") {
		t.Errorf("refusal = %v, tables %v, want T7 and T8 named", err, got)
	}
	for n := 7; n <= 8; n++ {
		s.ok(cleo, decide.ChangeTable{ID: housetest.Table(n), Zone: new(housetest.Main)})
	}
	s.ok(cleo, decide.RemoveZone{ID: housetest.Patio})
	if s.h.Floor.Zone(housetest.Patio) != nil || !s.entry(2).ZoneWish.IsZero() {
		t.Errorf("zone %v, wish %v, want both gone", s.h.Floor.Zone(housetest.Patio), s.entry(2).ZoneWish)
	}
	s.refused(cleo, decide.RemoveZone{ID: housetest.Patio}, seating.CodeNotFound)
}

// TestRemoveZone_RetiredTablesDoNotCount: a retired table stands in no zone.
func TestRemoveZone_RetiredTablesDoNotCount(t *testing.T) {
	s := evening(t, nil)
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(7)})
	s.refused(cleo, decide.RemoveZone{ID: housetest.Patio}, seating.CodeTableInUse)
	s.ok(cleo, decide.RemoveTable{ID: housetest.Table(8)})
	s.ok(cleo, decide.RemoveZone{ID: housetest.Patio})
}
