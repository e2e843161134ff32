package planner

import (
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Bounds of a look at a whole service date: a start every quarter of an hour, and
// a share for each search, so that a floor on which nearly every table touches
// every other does not keep everybody waiting.
const (
	slotStep  = 15 * time.Minute
	maxSlots  = 200
	slotsSets = 2 * searchLimit // sets that all searches of one look may visit
)

// SlotReason says why a party cannot come at a time.
type SlotReason string

// The reasons.
const (
	SlotFull    SlotReason = "full"           // no tables are free for it
	SlotPacing  SlotReason = "pacing"         // too many arrive then
	SlotClosed  SlotReason = "closed"         // nothing is served, no bookings are taken, or the day is over for good
	SlotOverrun SlotReason = "overrun"        // dining would end after the period
	SlotPast    SlotReason = "past"           // the time has gone
	SlotTooFar  SlotReason = "too_far"        // further ahead than bookings are taken
	SlotStopped SlotReason = "search_stopped" // none was found before the search was stopped; there may be some
)

// SlotReasons lists them, for the schema.
func SlotReasons() []SlotReason {
	return []SlotReason{SlotFull, SlotPacing, SlotClosed, SlotOverrun, SlotPast, SlotTooFar, SlotStopped}
}

// Party is who asks when it could come.
type Party struct {
	Covers      int
	Turn        servicetime.Minutes // asked for by hand; 0: the period's
	ZoneWish    seating.ZoneID
	SeatingWish seating.SeatingType
	Principal   string
	Now         servicetime.Instant
}

// Slot is a start on a service date. On the wall it may be after midnight, and be
// there twice when clocks go back: the offset tells the two apart.
type Slot struct {
	Start  servicetime.Instant
	Date   servicetime.Date
	Time   servicetime.Clock
	Offset servicetime.Offset
	Period string
	Tables []seating.TableID // the best selection; none when Reason is set
	Reason SlotReason        // empty: available
}

// Slots says for each quarter of an hour of a service date, from the start of
// each period to its last seating, whether the party could be booked there with
// tables that the planner chooses. Each start is judged as a booking with it
// would be (failure catalogue P04, P12).
func Slots(h *house.House, p Party, date servicetime.Date) []Slot {
	look := slotSearch{h: h, p: p, left: slotsSets, known: map[string]found{}}
	slots := []Slot{}
	for _, s := range h.Calendar.Services(date) {
		for start := s.Window.Start; start <= s.LastSeating && start < s.Window.End && len(slots) < maxSlots; start = start.Add(slotStep) {
			slot := Slot{Start: start, Period: s.Period.Name}
			slot.Date, slot.Time, slot.Offset = servicetime.LocalOf(start, h.Calendar.Zone)
			slot.Tables, slot.Reason = look.at(s, start)
			slots = append(slots, slot)
		}
	}
	return slots
}

// slotSearch looks for tables at many starts. Neighbouring starts mostly find
// the same tables free, and what sets these make does not depend on the time: it
// is worked out once.
type slotSearch struct {
	h     *house.House
	p     Party
	left  int              // sets that may still be visited
	known map[string]found // by the free tables
}

type found struct {
	best    []ranked
	stopped bool
}

// at is what autoAssign would find for a party that comes at the instant.
func (l *slotSearch) at(s servicetime.Service, start servicetime.Instant) ([]seating.TableID, SlotReason) {
	switch last := l.h.Calendar.ServiceDate(l.p.Now).AddDays(l.h.Policy.MaxAdvance); {
	case s.ServiceDate < l.h.OpenFrom, !l.h.Restaurant.Active:
		return nil, SlotClosed
	case s.ServiceDate > last:
		return nil, SlotTooFar
	}
	r := l.request(s, start)
	if refused := seating.FirstError(JudgeArrival(l.h, r).Checks); refused != nil {
		switch refused.Code {
		case seating.CodePacingExceeded:
			return nil, SlotPacing
		case seating.CodeServiceOverrun:
			return nil, SlotOverrun
		default: // the service is known to be open, so it is the time
			return nil, SlotPast
		}
	}
	f := l.search(r)
	for _, k := range f.best {
		if v := Judge(l.h, r, k.ids); v.OK {
			return v.Tables, ""
		}
	}
	if f.stopped {
		return nil, SlotStopped
	}
	return nil, SlotFull
}

// request is what a booking at that start would ask for.
func (l *slotSearch) request(s servicetime.Service, start servicetime.Instant) Request {
	turn := l.p.Turn
	if turn == 0 {
		turn = s.Period.Turn(l.p.Covers)
	}
	dining := servicetime.Dining(start, turn)
	window := servicetime.WithBuffers(dining, l.h.Policy.BufferBefore, l.h.Policy.BufferAfter)
	return Request{
		Covers: l.p.Covers, Window: Remaining(window, l.p.Now), ZoneWish: l.p.ZoneWish, SeatingWish: l.p.SeatingWish,
		Principal: l.p.Principal, Now: l.p.Now, Arrival: &Arrival{Dining: dining, Service: s},
	}
}

// search ranks the sets of the tables that are free for the request.
func (l *slotSearch) search(r Request) found {
	s := newSearch(l.h, r, 1, min(searchLimit, l.left))
	key := make([]byte, 0, len(s.free)*len(seating.TableID{}))
	for _, t := range s.free {
		key = append(key, t.ID[:]...)
	}
	f, ok := l.known[string(key)]
	if !ok {
		before := s.left
		s.run()
		l.left -= before - s.left
		f = found{best: s.best, stopped: s.left == 0 && len(s.free) > 0}
		l.known[string(key)] = f
	}
	return f
}
