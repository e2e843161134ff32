package decide

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Stale judges a context seen at a version for a selection: it is stale when a
// touch since then meets the booking, or the tables or their neighbours in the
// booking's window, or floor or policy (with contextCheck strict: any touch).
// It returns STALE_CONTEXT with what changed, or nil.
// Source: docs/domain.md, If-Match.
func Stale(h *house.House, seen seating.Version, touched []house.Touched, tooOld bool, booking seating.BookingID, tables []seating.TableID) *seating.Error {
	if err := compares(h, seen, tooOld); err != nil {
		return err
	}
	var w servicetime.Window
	if e := h.Booking(booking); e != nil {
		w = e.Window
	}
	around := slices.Clone(tables)
	for _, t := range tables {
		around = append(around, h.Floor.Neighbours(t)...)
	}
	meets := func(t house.Touched) bool {
		if h.Policy.ContextCheck == seating.ContextStrict {
			// Tables without a window: a flag no rule reads.
			tables := len(t.Touch.Tables) > 0 && !t.Touch.Window.Empty()
			return t.Touch.Many || len(t.Touch.Bookings) > 0 || tables || settings(t)
		}
		return settings(t) || t.Touch.Many || slices.Contains(t.Touch.Bookings, booking) ||
			t.Touch.Window.Overlaps(w) && slices.ContainsFunc(t.Touch.Tables, func(id seating.TableID) bool { return slices.Contains(around, id) })
	}
	return stale(h, touched, meets)
}

func settings(t house.Touched) bool {
	return slices.Contains(t.Aspects, seating.AspectFloor) || slices.Contains(t.Aspects, seating.AspectPolicy)
}

// compares refuses a version that cannot be compared with the house any more.
func compares(h *house.House, seen seating.Version, tooOld bool) *seating.Error {
	if tooOld || seen.Epoch != h.Epoch {
		err := seating.Refuse(seating.CodeStaleContext, "The version named by If-Match is too old to be compared.")
		err.Details.Reason = "too_old"
		return err
	}
	return nil
}

func stale(h *house.House, touched []house.Touched, meets func(house.Touched) bool) *seating.Error {
	var changed []seating.ChangedFact
	for _, t := range touched {
		if meets(t) {
			changed = append(changed, seating.ChangedFact{
				Version: t.Version, What: t.Command, Bookings: t.Touch.Bookings, Tables: h.Floor.Refs(t.Touch.Tables),
				Window: t.Touch.Window, Aspects: t.Aspects,
			})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	err := seating.Refuse(seating.CodeStaleContext, "What you saw has changed: %s.", changed[len(changed)-1].What)
	err.Details.Reason = "changed"
	err.Details.Changed = changed
	return err
}

// fresh is Stale for the command at hand; without If-Match it passes.
func (d *draft) fresh(booking seating.BookingID, tables []seating.TableID) *seating.Error {
	if d.env.IfMatch == nil {
		return nil
	}
	return Stale(d.h, *d.env.IfMatch, d.env.Touched, d.env.TooOld, booking, tables)
}

// untouched refuses when the booking itself changed since If-Match.
func (d *draft) untouched(booking seating.BookingID) *seating.Error {
	if d.env.IfMatch == nil {
		return nil
	}
	if err := compares(d.h, *d.env.IfMatch, d.env.TooOld); err != nil {
		return err
	}
	return stale(d.h, d.env.Touched, func(t house.Touched) bool {
		many := t.Touch.Many && slices.Contains(t.Aspects, seating.AspectBookings) // floor and policy change no booking
		return many || slices.Contains(t.Touch.Bookings, booking)
	})
}

// unrevised refuses when the aspect changed since If-Match.
func (d *draft) unrevised(a seating.Aspect) *seating.Error {
	seen := d.env.IfMatch
	if seen == nil {
		return nil
	}
	// Revisions are known for ever; a version from ahead is one of another past.
	if err := compares(d.h, *seen, seen.N > d.h.Version); err != nil {
		return err
	}
	if d.h.Revisions.Of(a) <= seen.N {
		return nil
	}
	if err := stale(d.h, d.env.Touched, func(t house.Touched) bool { return slices.Contains(t.Aspects, a) }); err != nil {
		return err
	}
	return seating.Refuse(seating.CodeStaleContext, "The %s changed since.", a)
}
