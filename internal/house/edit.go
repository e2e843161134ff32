package house

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// edit builds the next house out of a shallow copy of the last: entries are
// cloned when first touched, days are rebuilt where an entry was.
type edit struct {
	h       *House
	touched map[seating.BookingID]*touchedEntry
}

type touchedEntry struct {
	old *Entry // nil: new
	new *Entry
}

func newEdit(h *House) *edit {
	return &edit{h: h, touched: map[seating.BookingID]*touchedEntry{}}
}

// entry returns a booking that may be changed; nil when there is none.
func (e *edit) entry(id seating.BookingID) *Entry {
	if t := e.touched[id]; t != nil {
		return t.new
	}
	old := e.h.Booking(id)
	if old == nil {
		return nil
	}
	clone := *old
	clone.Allocations = slices.Clone(old.Allocations)
	clone.Grants = slices.Clone(old.Grants)
	if old.Hold != nil {
		hold := *old.Hold
		hold.Allocations = slices.Clone(old.Hold.Allocations)
		clone.Hold = &hold
	}
	e.touched[id] = &touchedEntry{old: old, new: &clone}
	return &clone
}

// holder returns the booking that has the hold; nil when there is none.
func (e *edit) holder(id seating.HoldID) *Entry {
	for _, t := range e.touched {
		if t.new.Hold != nil && t.new.Hold.ID == id {
			return t.new
		}
	}
	if entry := e.h.Hold(id); entry != nil {
		if mine := e.entry(entry.ID); mine.Hold != nil && mine.Hold.ID == id {
			return mine
		}
	}
	return nil
}

// entries runs through what was touched, in no order.
func (e *edit) entries() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, t := range e.touched {
			if !yield(t.new) {
				return
			}
		}
	}
}

func (e *edit) put(entry *Entry) {
	e.touched[entry.ID] = &touchedEntry{old: e.h.Booking(entry.ID), new: entry}
}

// list returns the allocations that the owner of a keeps.
func (e *edit) list(a seating.Allocation) (*[]seating.Allocation, error) {
	switch a.Kind {
	case seating.OwnedByBooking:
		if entry := e.entry(seating.BookingID(a.Owner)); entry != nil {
			return &entry.Allocations, nil
		}
	case seating.OwnedByHold:
		if entry := e.entry(seating.BookingID(a.Claimant)); entry != nil && entry.Hold != nil && entry.Hold.ID == seating.HoldID(a.Owner) {
			return &entry.Hold.Allocations, nil
		}
	case seating.OwnedByBlock: // a block's follow from the floor
	}
	return nil, fmt.Errorf("allocation of table %s: its %s %s is not there", a.Table, a.Kind, a.Owner)
}

func (e *edit) allocate(a seating.Allocation) error {
	list, err := e.list(a)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearchFunc(*list, a, CompareAllocations)
	if found {
		return fmt.Errorf("allocation of table %s at %s is there already", a.Table, a.Window.Start)
	}
	*list = slices.Insert(*list, i, a)
	return nil
}

func (e *edit) free(a seating.Allocation) error {
	list, err := e.list(a)
	if err != nil {
		return err
	}
	i, found := slices.BinarySearchFunc(*list, a, CompareAllocations)
	if !found {
		return fmt.Errorf("allocation of table %s at %s is not there", a.Table, a.Window.Start)
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// finish rebuilds the touched days and the index.
func (e *edit) finish() {
	if len(e.touched) == 0 {
		return
	}
	where := indexEdit{x: &e.h.where}
	byDate := map[servicetime.Date]map[seating.BookingID]*touchedEntry{}
	note := func(d servicetime.Date, id seating.BookingID, t *touchedEntry) {
		if byDate[d] == nil {
			byDate[d] = map[seating.BookingID]*touchedEntry{}
		}
		byDate[d][id] = t
	}
	for id, t := range e.touched {
		if t.old != nil && t.old.ServiceDate != t.new.ServiceDate {
			note(t.old.ServiceDate, id, &touchedEntry{old: t.old})
			note(t.new.ServiceDate, id, &touchedEntry{new: t.new})
		} else {
			note(t.new.ServiceDate, id, t)
		}
		where.set(id, t.new.ServiceDate)
	}
	days := slices.Clone(e.h.days)
	for date, touched := range byDate {
		i, found := slices.BinarySearchFunc(days, date, func(d *Day, t servicetime.Date) int { return int(d.Date) - int(t) })
		var old *Day
		if found {
			old = days[i]
		}
		switch next := old.with(date, touched); {
		case len(next.entries) == 0 && found:
			days = slices.Delete(days, i, i+1)
		case len(next.entries) == 0:
		case found:
			days[i] = next
		default:
			days = slices.Insert(days, i, next)
		}
	}
	e.h.days = days
}

// with returns the day after its touched entries were replaced; d may be nil.
func (d *Day) with(date servicetime.Date, touched map[seating.BookingID]*touchedEntry) *Day {
	if d == nil {
		d = &Day{}
	}
	next := &Day{Date: date, span: d.span, tables: maps.Clone(d.tables)}
	if next.tables == nil {
		next.tables = map[seating.TableID][]Slot{}
	}
	next.entries = make([]*Entry, 0, len(d.entries)+len(touched))
	affected := map[seating.TableID]bool{}
	for _, e := range d.entries {
		if touched[e.ID] == nil {
			next.entries = append(next.entries, e)
		}
	}
	for _, t := range touched {
		for _, e := range []*Entry{t.old, t.new} {
			if e == nil {
				continue
			}
			for _, a := range e.all() {
				affected[a.Table] = true
			}
		}
		if t.new != nil {
			next.entries = append(next.entries, t.new)
		}
	}
	slices.SortFunc(next.entries, func(a, b *Entry) int { return a.ID.Compare(b.ID) })
	for _, e := range next.entries {
		if e.Hold != nil {
			next.held = append(next.held, e)
		}
	}
	for table := range affected {
		next.tables[table] = slices.DeleteFunc(slices.Clone(d.tables[table]), func(s Slot) bool { return touched[s.Entry.ID] != nil })
	}
	for _, t := range touched {
		if t.new != nil {
			for _, a := range t.new.all() {
				next.tables[a.Table] = append(next.tables[a.Table], Slot{Allocation: a, Entry: t.new})
				next.span = next.span.Hull(a.Window)
			}
		}
	}
	for table := range affected {
		if len(next.tables[table]) == 0 {
			delete(next.tables, table)
			continue
		}
		slices.SortFunc(next.tables[table], func(a, b Slot) int { return CompareAllocations(a.Allocation, b.Allocation) })
	}
	return next
}

// all are the allocations of the booking and of its hold.
func (e *Entry) all() []seating.Allocation {
	if e.Hold == nil {
		return e.Allocations
	}
	return slices.Concat(e.Allocations, e.Hold.Allocations)
}
