package planner

import (
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Request is a party that wants tables.
type Request struct {
	Booking     seating.BookingID // whose claims do not stand in its own way; zero for one that is not there yet
	With        seating.BookingID // of a swap: the other booking, whose tables become free
	Covers      int
	Window      servicetime.Window
	ZoneWish    seating.ZoneID
	SeatingWish seating.SeatingType
	Principal   string // who asks; another's hold for the same booking stands in the way
	Now         servicetime.Instant

	// RequireAdjacency may only tighten the policy.
	RequireAdjacency bool
	Override         *seating.Override
	// Arrival is set when a start is chosen (create, reschedule); nil when
	// tables are chosen for a window that stands.
	Arrival *Arrival
	// Sits says that the party is at its tables: the time is not judged any more,
	// who has the tables next decides.
	Sits bool
}

// Arrival is a chosen start.
type Arrival struct {
	Dining  servicetime.Window
	Service servicetime.Service // the period it falls in; zero with Err
	Err     error               // of Calendar.Resolve: servicetime.ErrOutside or ErrClosed
	// Stands says that the start was chosen before and stays: only what comes after
	// it is judged, the end of dining and whether the window is over.
	Stands bool
	// Unpaced says that nobody more arrives: the party waits, or does not grow.
	Unpaced bool
}

// RequestFor asks for tables for a booking as it stands, for what is left of its
// window: who had a table before now does not matter any more.
func RequestFor(e *house.Entry, principal string, now servicetime.Instant) Request {
	return Request{
		Booking: e.ID, Covers: e.Covers, Window: Remaining(e.Window, now), ZoneWish: e.ZoneWish, SeatingWish: e.SeatingWish,
		Principal: principal, Now: now,
	}
}

// Remaining is the part of a window that is still to come. A window that is over
// stays whole: taking tables for it is refused, or overridden for the record.
func Remaining(w servicetime.Window, now servicetime.Instant) servicetime.Window {
	if now < w.End {
		w.Start = max(w.Start, now)
	}
	return w
}

// Selection is a set of tables with what it amounts to.
type Selection struct {
	Tables      []*seating.Table // known and in use, by ID, each once
	Unknown     []seating.TableID
	Combination *seating.Combination // declared; nil otherwise
	Covers      int
	Minimum     int
}

// Select looks the tables up; duplicates collapse (H08).
func Select(h *house.House, ids []seating.TableID) Selection {
	var s Selection
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, seating.TableID.Compare)
	for _, id := range slices.Compact(sorted) {
		t := h.Floor.Table(id)
		if t == nil || t.Retired {
			s.Unknown = append(s.Unknown, id)
			continue
		}
		s.Tables = append(s.Tables, t)
		s.Covers += t.MaxCovers
		s.Minimum = max(s.Minimum, t.MinCovers)
	}
	if len(s.Unknown) == 0 {
		s.Combination = h.Floor.Declared(s.IDs())
	}
	if s.Combination != nil {
		s.Covers, s.Minimum = s.Combination.MaxCovers, s.Combination.MinCovers
	}
	return s
}

// IDs of the known tables, sorted.
func (s Selection) IDs() []seating.TableID {
	ids := make([]seating.TableID, len(s.Tables))
	for i, t := range s.Tables {
		ids[i] = t.ID
	}
	return ids
}

func (s Selection) refs() []seating.TableRef { return refs(s.Tables) }

func refs(tables []*seating.Table) []seating.TableRef {
	rs := make([]seating.TableRef, len(tables))
	for i, t := range tables {
		rs[i] = seating.TableRef{ID: t.ID, Number: t.Number}
	}
	slices.SortFunc(rs, func(a, b seating.TableRef) int { return house.CompareNumbers(a.Number, b.Number) })
	return rs
}

func (s Selection) zones() int {
	var zones []seating.ZoneID
	for _, t := range s.Tables {
		if !slices.Contains(zones, t.Zone) {
			zones = append(zones, t.Zone)
		}
	}
	return len(zones)
}

// ours reports whether a claim belongs to the party itself, or to the booking it
// swaps with.
func (r Request) ours(claimant seating.AnyID) bool {
	return (!r.Booking.IsZero() && claimant == seating.AnyID(r.Booking)) || (!r.With.IsZero() && claimant == seating.AnyID(r.With))
}
