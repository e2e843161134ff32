package verify

import "github.com/maitred/maitred/internal/seating"

func checkStrays(v *view) {
	for _, s := range v.Strays {
		v.report("row", "%s", s)
	}
}

// checkRows: a reference inside a restaurant that leads nowhere would be the
// first sign of a row that belongs elsewhere.
func checkRows(v *view) {
	zones := map[seating.ZoneID]bool{}
	for _, z := range v.State.Zones {
		zones[z.ID] = true
	}
	known := func(subject string, ids ...seating.TableID) {
		for _, id := range ids {
			if v.tables[id] == nil {
				v.report(subject, "refers to table %s, which is not there", id)
			}
		}
	}
	for _, t := range v.State.Tables {
		if !t.Retired && !zones[t.Zone] { // a retired table stands in none
			v.report(v.table(t.ID), "is in zone %s, which is not there", t.Zone)
		}
	}
	for _, e := range v.State.Edges {
		known("adjacency", e.A, e.B)
	}
	for _, c := range v.State.Combinations {
		known("combination "+c.ID.String(), c.Tables...)
	}
	for _, b := range v.State.Blocks {
		known("block "+b.ID.String(), b.Tables...)
	}
	for _, e := range v.Ended {
		known(hold(e.ID), e.Tables...)
		if v.bookings[e.Booking] == nil {
			v.report(hold(e.ID), "was of booking %s, which is not there", e.Booking)
		}
	}
	v.each(func(b *seating.Booking, _ []seating.Allocation) {
		if !b.ZoneWish.IsZero() && !zones[b.ZoneWish] {
			v.report(v.booking(b), "wishes for zone %s, which is not there", b.ZoneWish)
		}
		known(v.booking(b), b.Left...)
	})
}
