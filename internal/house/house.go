package house

import (
	"fmt"
	"iter"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// House is one restaurant at one version. It is immutable and safe for
// concurrent use; callers must not change what its methods return.
type House struct {
	Restaurant seating.Restaurant
	Epoch      string
	Version    int64
	Head       seating.ChangeID
	Revisions  seating.Revisions
	LastAt     servicetime.Instant
	OpenFrom   servicetime.Date // days before it are closed
	Floor      *Floor
	Policy     seating.Policy
	Calendar   servicetime.Calendar

	days  []*Day // by date, from OpenFrom on, without gaps in order but only days that hold something
	where index  // booking → its service date
}

// Entry is one booking with everything that belongs to it.
type Entry struct {
	seating.Booking
	Allocations []seating.Allocation // the booking's own, by key
	Hold        *HoldEntry           // the hold that has not ended, live or lapsed; nil when none
	Grants      []seating.Grant      // creations of holds that a budget may still count
}

// HoldEntry is a hold with its allocations.
type HoldEntry struct {
	seating.Hold
	Allocations []seating.Allocation // by key; at least one
}

// Tables of the hold, sorted by ID.
func (h *HoldEntry) Tables() []seating.TableID { return tablesOf(h.Allocations) }

// Tables are the booking's tables: those of its last stretch. They differ from
// all it ever sat at when the party moved during its meal.
func (e *Entry) Tables() []seating.TableID {
	var last servicetime.Instant
	for _, a := range e.Allocations {
		last = max(last, a.Window.End)
	}
	var ids []seating.TableID
	for _, a := range e.Allocations {
		if a.Window.End == last {
			ids = append(ids, a.Table)
		}
	}
	slices.SortFunc(ids, seating.TableID.Compare)
	return slices.Compact(ids)
}

func tablesOf(as []seating.Allocation) []seating.TableID {
	ids := make([]seating.TableID, 0, len(as))
	for _, a := range as {
		ids = append(ids, a.Table)
	}
	slices.SortFunc(ids, seating.TableID.Compare)
	return slices.Compact(ids)
}

// New builds a house from its state. It refuses a state that does not hang
// together: a bad zone, an allocation or a hold without its booking.
func New(s State) (*House, error) {
	zone, err := servicetime.LoadZone(s.Restaurant.Zone)
	if err != nil {
		return nil, fmt.Errorf("restaurant %s: %w", s.Restaurant.ID, err)
	}
	h := &House{
		Restaurant: s.Restaurant,
		Epoch:      s.Epoch,
		Version:    s.Version,
		Head:       s.Head,
		Revisions:  s.Revisions,
		LastAt:     s.LastAt,
		OpenFrom:   s.OpenFrom,
		Policy:     s.Policy,
		Calendar:   servicetime.Calendar{Zone: zone, Periods: s.Periods, Closures: s.Closures},
	}
	h.Floor = newFloor(s.Zones, s.Tables, s.Edges, s.Combinations, s.Blocks)
	e := newEdit(h)
	for _, b := range s.Bookings {
		e.put(&Entry{Booking: b})
	}
	for _, hold := range s.Holds {
		entry := e.entry(hold.Booking)
		if entry == nil {
			return nil, fmt.Errorf("hold %s: its booking %s is not there", hold.ID, hold.Booking)
		}
		entry.Hold = &HoldEntry{Hold: hold}
	}
	for _, a := range s.Allocations {
		if err := e.allocate(a); err != nil {
			return nil, err
		}
	}
	for entry := range e.entries() {
		if entry.Hold != nil && len(entry.Hold.Allocations) == 0 {
			return nil, fmt.Errorf("hold %s has no allocations", entry.Hold.ID)
		}
	}
	for _, g := range s.Grants {
		if entry := e.entry(g.Booking); entry != nil {
			entry.Grants = append(entry.Grants, g.Grant)
		}
	}
	e.finish()
	return h, nil
}

// State spells the house out.
func (h *House) State() State {
	s := State{
		Restaurant: h.Restaurant, Epoch: h.Epoch, Version: h.Version, Head: h.Head, Revisions: h.Revisions,
		LastAt: h.LastAt, OpenFrom: h.OpenFrom, Policy: h.Policy,
		Periods: slices.Clone(h.Calendar.Periods), Closures: slices.Clone(h.Calendar.Closures),
		Zones: slices.Clone(h.Floor.zones), Tables: slices.Clone(h.Floor.tables), Edges: slices.Clone(h.Floor.edges),
		Combinations: slices.Clone(h.Floor.combinations), Blocks: slices.Clone(h.Floor.blocks),
	}
	for e := range h.Bookings() {
		s.Bookings = append(s.Bookings, e.Booking)
		s.Allocations = append(s.Allocations, e.Allocations...)
		if e.Hold != nil {
			s.Holds = append(s.Holds, e.Hold.Hold)
			s.Allocations = append(s.Allocations, e.Hold.Allocations...)
		}
		for _, g := range e.Grants {
			s.Grants = append(s.Grants, GrantPut{Booking: e.ID, Grant: g})
		}
	}
	s.Canonical()
	return s
}

// Public is the version as clients see it.
func (h *House) Public() seating.Version { return seating.Version{Epoch: h.Epoch, N: h.Version} }

// Booking finds a booking on an open day; nil when there is none.
func (h *House) Booking(id seating.BookingID) *Entry {
	date, ok := h.where.find(id)
	if !ok {
		return nil
	}
	return h.Day(date).find(id)
}

// HasReference reports whether a booking of an open day has the reference.
func (h *House) HasReference(ref string) bool {
	for e := range h.Bookings() {
		if e.Reference == ref {
			return true
		}
	}
	return false
}

// Hold finds a hold that has not ended, with its booking; nil when there is none.
func (h *House) Hold(id seating.HoldID) *Entry {
	for _, d := range h.days {
		for _, e := range d.held {
			if e.Hold.ID == id {
				return e
			}
		}
	}
	return nil
}

// Held runs through the bookings that have a hold that has not ended.
func (h *House) Held() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, d := range h.days {
			for _, e := range d.held {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// Bookings runs through the bookings of all open days, by service date and ID.
func (h *House) Bookings() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, d := range h.days {
			for _, e := range d.entries {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// Day is the shard of one service date; nil, which is an empty day, when it
// holds nothing.
func (h *House) Day(date servicetime.Date) *Day {
	i, ok := slices.BinarySearchFunc(h.days, date, func(d *Day, t servicetime.Date) int { return int(d.Date) - int(t) })
	if !ok {
		return nil
	}
	return h.days[i]
}

// Days are the shards that hold something, by date.
func (h *House) Days() []*Day { return h.days }

// Occupancy runs through all allocations of a table that overlap the window:
// of bookings, of holds whether live or lapsed, and of blocks.
func (h *House) Occupancy(table seating.TableID, w servicetime.Window) iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		for _, d := range h.days {
			if !d.span.Overlaps(w) {
				continue
			}
			for _, s := range d.tables[table] {
				if s.Window.Start >= w.End {
					break
				}
				if s.Window.Overlaps(w) && !yield(s) {
					return
				}
			}
		}
		for _, b := range h.Floor.blocksOf[table] {
			if b.Window.Overlaps(w) {
				a := seating.Allocation{Table: table, Window: b.Window, Kind: seating.OwnedByBlock, Owner: seating.AnyID(b.ID), Claimant: seating.AnyID(b.ID)}
				if !yield(Slot{Allocation: a, Block: b}) {
					return
				}
			}
		}
	}
}

// From runs through the allocations of a table that end after the instant.
func (h *House) From(table seating.TableID, i servicetime.Instant) iter.Seq[Slot] {
	const forever = servicetime.Instant(1<<62 - 1)
	return h.Occupancy(table, servicetime.Window{Start: i, End: forever})
}
