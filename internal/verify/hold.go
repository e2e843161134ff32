package verify

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

func hold(id seating.HoldID) string { return "hold " + id.String() }

func checkHoldTables(v *view) {
	for _, h := range v.State.Holds {
		rows := v.owned[owner{seating.OwnedByHold, seating.AnyID(h.ID)}]
		if len(rows) == 0 {
			v.report(hold(h.ID), "has not ended and has no allocation")
		}
		if want, ok := v.TableCounts[h.ID]; !ok || want != len(rows) {
			v.report(hold(h.ID), "was made with %d tables and has %d allocations", want, len(rows))
		}
		for _, a := range rows {
			if a.Window != h.Window {
				v.report(hold(h.ID), "claims %s for %s, its window is %s", v.table(a.Table), of(a.Window), of(h.Window))
			}
			if a.Claimant != seating.AnyID(h.Booking) {
				v.report(hold(h.ID), "claims %s for booking %s, it belongs to %s", v.table(a.Table), a.Claimant, h.Booking)
			}
		}
	}
}

func checkEndedHolds(v *view) {
	for _, e := range v.Ended {
		if n := len(v.owned[owner{seating.OwnedByHold, seating.AnyID(e.ID)}]); n > 0 {
			v.report(hold(e.ID), "was %s and has %d allocations", e.How, n)
		}
		if v.holds[e.ID] != nil {
			v.report(hold(e.ID), "has ended and has not ended")
		}
		switch e.How {
		case seating.EndReleased, seating.EndExpired, seating.EndSuperseded, seating.EndConfirmed:
		default:
			v.report(hold(e.ID), "ended in an unknown way %q", e.How)
		}
		switch {
		case e.EndedAt < e.CreatedAt:
			v.report(hold(e.ID), "ended at %s, before it was made at %s", e.EndedAt, e.CreatedAt)
		case e.How == seating.EndExpired && e.EndedAt < e.ExpiresAt:
			v.report(hold(e.ID), "is recorded as expired at %s, its expiry is %s", e.EndedAt, e.ExpiresAt)
		case e.EndedBy == "" || len(e.Tables) == 0:
			v.report(hold(e.ID), "does not say who ended it, or which tables it had")
		}
	}
}

func checkHoldBooking(v *view) {
	one := map[seating.BookingID]seating.HoldID{}
	for _, h := range v.State.Holds {
		b := v.bookings[h.Booking]
		switch {
		case b == nil:
			v.report(hold(h.ID), "belongs to booking %s, which is not there", h.Booking)
			continue
		case !v.open[h.Booking]:
			v.report(hold(h.ID), "belongs to %s of %s, a closed day", v.booking(b), b.ServiceDate)
		case b.Status.Ended():
			v.report(hold(h.ID), "belongs to %s, which is %s", v.booking(b), b.Status)
		}
		if other, ok := one[h.Booking]; ok {
			v.report(hold(h.ID), "is the second hold of %s, beside %s", v.booking(b), other)
		}
		one[h.Booking] = h.ID
	}
}

func checkHoldTimes(v *view) {
	for _, h := range v.State.Holds {
		switch {
		case h.HeldSince > h.CreatedAt:
			v.report(hold(h.ID), "is held since %s, after it was made at %s", h.HeldSince, h.CreatedAt)
		case h.ExpiresAt <= h.CreatedAt:
			v.report(hold(h.ID), "expires at %s, not after it was made at %s", h.ExpiresAt, h.CreatedAt)
		case h.ExpiresAt > h.HeldSince.Add(seating.MaxHeld.Duration()):
			v.report(hold(h.ID), "expires at %s, more than %d minutes after %s, since when it is held", h.ExpiresAt, seating.MaxHeld, h.HeldSince)
		}
		if h.Made < 1 || h.Made > v.State.Version {
			v.report(hold(h.ID), "was made at version %d, the restaurant is at %d", h.Made, v.State.Version)
		}
	}
}

func checkHoldDue(v *view) {
	due := map[string]house.DueRow{}
	for _, row := range v.Due {
		if row.Kind != house.DueHoldExpiry {
			continue
		}
		due[row.Subject] = row
		if !slices.ContainsFunc(v.State.Holds, func(h seating.Hold) bool { return row.Subject == "hold:"+h.ID.String() }) {
			v.report(row.Subject, "is to be expired at %s and is not there", row.RunAt)
		}
	}
	for _, h := range v.State.Holds {
		row, ok := due["hold:"+h.ID.String()]
		switch {
		case !ok:
			v.report(hold(h.ID), "has no due work for its expiry")
		case row.RunAt != h.ExpiresAt:
			v.report(hold(h.ID), "expires at %s, its due work is for %s", h.ExpiresAt, row.RunAt)
		}
	}
}
