package line_test

import (
	"testing"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/house/housetest"
	"github.com/maitred/maitred/internal/seating"
)

// without is the plan of the floor as it is, less some tables and zones.
func without(f *house.Floor, tables []seating.TableID, zones ...seating.ZoneID) decide.PutFloor {
	gone, goneZone := map[seating.TableID]bool{}, map[seating.ZoneID]bool{}
	for _, id := range tables {
		gone[id] = true
	}
	for _, id := range zones {
		goneZone[id] = true
	}
	var c decide.PutFloor
	for _, z := range f.Zones() {
		if !goneZone[z.ID] {
			c.Plan.Zones = append(c.Plan.Zones, decide.PlanZone{Ref: z.ID.String(), Zone: z})
		}
	}
	for _, t := range f.Tables() {
		if !gone[t.ID] {
			c.Plan.Tables = append(c.Plan.Tables, decide.PlanTable{Ref: t.ID.String(), Zone: t.Zone.String(), Table: *t})
		}
	}
	for _, e := range f.Edges() {
		if !gone[e.A] && !gone[e.B] {
			c.Plan.Adjacencies = append(c.Plan.Adjacencies, [2]string{e.A.String(), e.B.String()})
		}
	}
	for range 100 {
		c.Fresh = append(c.Fresh, seating.AnyID(newID()))
	}
	return c
}

// A table that sat parties and leaves the plan, and a zone that goes with its
// last tables while a booking wishes for it: all of it is committed, and the
// stored rows pass every check.
func TestFloorIsTakenApart(t *testing.T) {
	onEachStore(t, func(t *stage) {
		s := t.stack()
		r := s.restaurant(t, "apart", func(st *house.State) {
			housetest.Party(st, 1, 4, "12:00", 7)
			housetest.Party(st, 2, 4, "20:00")
			st.Bookings[1].ZoneWish = housetest.Patio
		})
		r.ok(t, cleo, without(r.house(t).Floor, housetest.Tables(1)))
		r.verified(t)
		r.ok(t, cleo, without(r.house(t).Floor, housetest.Tables(7, 8), housetest.Patio))
		r.verified(t)
		h := r.house(t)
		if n := len(h.Floor.Tables()); n != 5 {
			t.Errorf("%d tables are left, want 5", n)
		}
		if e := h.Booking(housetest.Booking(2)); !e.ZoneWish.IsZero() {
			t.Errorf("booking 2 wishes for zone %s, which is gone", e.ZoneWish)
		}
		if h.Floor.Table(housetest.Table(7)) == nil {
			t.Error("T7 is gone from behind the booking that sat there")
		}
	})
}
