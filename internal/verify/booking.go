package verify

import (
	"cmp"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// each runs through the bookings of open and closed days.
func (v *view) each(fn func(b *seating.Booking, rows []seating.Allocation)) {
	for _, list := range [][]seating.Booking{v.State.Bookings, v.Past} {
		for i := range list {
			fn(&list[i], v.owned[owner{seating.OwnedByBooking, seating.AnyID(list[i].ID)}])
		}
	}
}

func checkBookingWindow(v *view) {
	v.each(func(b *seating.Booking, rows []seating.Allocation) {
		if b.Window.Empty() || !b.Dining.Within(b.Window) && b.CheckedInAt.IsZero() {
			v.report(v.booking(b), "has the window %s and dines %s", of(b.Window), of(b.Dining))
		}
		for _, a := range rows {
			if !a.Window.Within(b.Window) {
				v.report(v.booking(b), "has %s for %s, its window is %s", v.table(a.Table), of(a.Window), of(b.Window))
			}
			if a.Claimant != seating.AnyID(b.ID) {
				v.report(v.booking(b), "has %s, which %s claims", v.table(a.Table), a.Claimant)
			}
		}
	})
}

// checkBookingCover: before it sits down a booking has its tables to the end of
// its window, from its start or from when they were given after that; once it
// sits it may have moved, but never stood. The time for which a party stayed past
// its end and its table was another's is nobody's, when it got more time after
// that. It never has one table twice at a time.
func checkBookingCover(v *view) {
	v.each(func(b *seating.Booking, rows []seating.Allocation) {
		rows = slices.SortedFunc(slices.Values(rows), func(x, y seating.Allocation) int {
			return cmp.Compare(x.Window.Start, y.Window.Start)
		})
		for i, a := range rows {
			for _, o := range rows[:i] {
				if o.Table == a.Table && o.Window.Overlaps(a.Window) {
					v.report(v.booking(b), "has %s twice at %s", v.table(a.Table), a.Window.Start)
				}
			}
			if !b.Status.Ended() && b.Status != seating.CheckedIn && a.Window.End != b.Window.End {
				v.report(v.booking(b), "is %s and has %s for %s only, its window is %s", b.Status, v.table(a.Table), of(a.Window), of(b.Window))
			}
		}
		if len(rows) == 0 {
			return
		}
		seated := rows[0].Window.End
		for _, a := range rows[1:] {
			if a.Window.Start > seated && !v.overAt(b.ID, seated) {
				v.report(v.booking(b), "has no table from %s to %s", seated, a.Window.Start)
			}
			seated = max(seated, a.Window.End)
		}
		if b.Status == seating.CheckedIn && seated != b.Window.End {
			v.report(v.booking(b), "has tables until %s, its window ends at %s", seated, b.Window.End)
		}
	})
}

// overAt reports whether a booking's window once ended at an instant, as far as the
// journal tells.
func (v *view) overAt(id seating.BookingID, end servicetime.Instant) bool {
	was := func(b seating.Booking) bool { return b.ID == id && b.Window.End == end }
	if v.Checkpoint != nil && slices.ContainsFunc(v.Checkpoint.Bookings, was) {
		return true
	}
	for _, e := range v.Journal {
		switch {
		case e.Version <= v.base():
		case e.Change == nil || slices.ContainsFunc(e.Change.Rows.PutBookings, was): // what a large change put is not kept
			return true
		}
	}
	return false
}

func checkAllocationOwner(v *view) {
	for _, a := range v.Occupancy {
		if v.tables[a.Table] == nil {
			v.report(v.table(a.Table), "is allocated to %s %s and is no table of this restaurant", a.Kind, a.Owner)
		}
		known := false
		switch a.Kind {
		case seating.OwnedByHold:
			known = v.holds[seating.HoldID(a.Owner)] != nil
		case seating.OwnedByBooking:
			known = v.bookings[seating.BookingID(a.Owner)] != nil
		case seating.OwnedByBlock:
			known = v.blocks[seating.BlockID(a.Owner)] != nil
		}
		if !known {
			v.report(v.table(a.Table), "is allocated for %s to %s %s, which is not there", of(a.Window), a.Kind, a.Owner)
		}
	}
}

func checkBlockTables(v *view) {
	for _, b := range v.State.Blocks {
		subject := "block " + b.ID.String()
		rows := v.owned[owner{seating.OwnedByBlock, seating.AnyID(b.ID)}]
		if len(rows) == 0 {
			v.report(subject, "blocks no table")
		}
		for _, a := range rows {
			if a.Window != b.Window || a.Claimant != seating.AnyID(b.ID) || !slices.Contains(b.Tables, a.Table) {
				v.report(subject, "blocks %s for %s, it should block %d tables for %s", v.table(a.Table), of(a.Window), len(b.Tables), of(b.Window))
			}
		}
		for _, t := range b.Tables {
			if !slices.ContainsFunc(rows, func(a seating.Allocation) bool { return a.Table == t }) {
				v.report(subject, "does not block %s", v.table(t))
			}
		}
	}
}

func checkBookingStatus(v *view) {
	v.each(func(b *seating.Booking, rows []seating.Allocation) {
		switch {
		case !slices.Contains(seating.Statuses(), b.Status):
			v.report(v.booking(b), "has the unknown status %q", b.Status)
		case (b.Status == seating.Confirmed || b.Status == seating.CheckedIn) && len(rows) == 0:
			v.report(v.booking(b), "is %s without a table", b.Status)
		case b.Status == seating.Waitlisted && len(rows) > 0:
			v.report(v.booking(b), "is waitlisted and has %d allocations", len(rows))
		case b.Status == seating.CheckedIn && b.CheckedInAt.IsZero():
			v.report(v.booking(b), "is checked in and does not say since when")
		}
		if b.Version < 0 || b.Version > v.State.Version {
			v.report(v.booking(b), "was changed at version %d, the restaurant is at %d", b.Version, v.State.Version)
		}
	})
}

func checkBookingDay(v *view) {
	for i := range v.State.Bookings {
		if b := &v.State.Bookings[i]; b.ServiceDate < v.State.OpenFrom {
			v.report(v.booking(b), "is of %s and counts as open, days are open from %s", b.ServiceDate, v.State.OpenFrom)
		}
	}
	for i := range v.Past {
		b := &v.Past[i]
		if b.ServiceDate >= v.State.OpenFrom {
			v.report(v.booking(b), "is of %s and counts as closed, days are open from %s", b.ServiceDate, v.State.OpenFrom)
		}
		if !b.Status.Ended() {
			v.report(v.booking(b), "is %s on %s, a closed day", b.Status, b.ServiceDate)
		}
	}
}

// checkPlannedStart: only who sat down early remembers when it was expected.
func checkPlannedStart(v *view) {
	v.each(func(b *seating.Booking, _ []seating.Allocation) {
		if !b.PlannedStart.IsZero() && b.Status != seating.CheckedIn && !b.Status.Ended() {
			v.report(v.booking(b), "is %s and was planned to start at %s before it sat down", b.Status, b.PlannedStart)
		}
	})
}

// checkLeft: who is over remembers its tables for the step back, nobody else does.
func checkLeft(v *view) {
	v.each(func(b *seating.Booking, _ []seating.Allocation) {
		if len(b.Left) > 0 && !b.Status.Ended() {
			v.report(v.booking(b), "is %s and has left %d tables", b.Status, len(b.Left))
		}
		for i := 1; i < len(b.Left); i++ {
			if b.Left[i-1].Compare(b.Left[i]) < 0 {
				continue
			}
			v.report(v.booking(b), "left %s before %s, which is out of order or the same", v.table(b.Left[i-1]), v.table(b.Left[i]))
		}
	})
}

func checkReferences(v *view) {
	seen := map[string]seating.BookingID{}
	v.each(func(b *seating.Booking, _ []seating.Allocation) {
		if b.Reference == "" {
			v.report("booking "+b.ID.String(), "has no reference")
		} else if other, ok := seen[b.Reference]; ok {
			v.report(v.booking(b), "is the reference of %s and %s", other, b.ID)
		}
		seen[b.Reference] = b.ID
	})
}

func checkEndedBooking(v *view) {
	v.each(func(b *seating.Booking, rows []seating.Allocation) {
		if !b.Status.Ended() {
			return
		}
		if b.EndedAt.IsZero() {
			v.report(v.booking(b), "is %s and does not say since when", b.Status)
		}
		for _, a := range rows {
			if a.Window.End > b.EndedAt {
				v.report(v.booking(b), "was %s at %s and has %s until %s", b.Status, b.EndedAt, v.table(a.Table), a.Window.End)
			}
		}
	})
}
