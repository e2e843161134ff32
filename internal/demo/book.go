package demo

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Days is how many days a book covers: the first and the fourteen after it.
const Days = 15

// seed of everything that looks like chance.
const seed = 20260101

// bookingID names the n-th booking of the book that begins on a day.
func (r *room) bookingID(first servicetime.Date, n int) seating.BookingID {
	y, m, d := first.Civil()
	return madeID[seating.BookingID](time.Date(y, m, d, 0, 0, 0, 0, time.UTC), "booking", r.slug, first.String(), strconv.Itoa(n))
}

// party is a booking before it has tables.
type party struct {
	covers int
	date   servicetime.Date
	at     servicetime.Clock
}

// writer makes the book of a room.
type writer struct {
	room     *room
	first    servicetime.Date
	crowd    int
	calendar servicetime.Calendar
	floor    *decide.Floor
	rnd      *rand.Rand
	n        int
	busy     map[seating.TableID][]servicetime.Window
	sets     []set
	refs     map[string]bool
}

// set is a table, or tables that may be joined, with the parties it is for.
type set struct {
	tables   []seating.TableID
	zone     seating.ZoneID
	min, max int
}

// book writes the bookings from the first day on, for the floor as it stands; of
// a hundred parties so many come.
func (r *room) book(first servicetime.Date, floor *decide.Floor, crowd int) ([]decide.Imported, error) {
	zone, err := servicetime.LoadZone(r.zone)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.slug))
	w := &writer{
		room: r, first: first, crowd: crowd, calendar: servicetime.Calendar{Zone: zone, Periods: periods()}, floor: floor,
		rnd:  rand.New(rand.NewPCG(seed, h.Sum64()^uint64(first))), //nolint:gosec // to be repeatable is the point
		busy: map[seating.TableID][]servicetime.Window{}, refs: map[string]bool{},
	}
	w.joinable()
	var list []decide.Imported
	for d := range Days {
		for _, p := range w.parties(first.AddDays(d)) {
			in, err := w.booking(p)
			if err != nil {
				return nil, fmt.Errorf("demo: party on %s at %s: %w", p.date, p.at, err)
			}
			list = append(list, in)
		}
	}
	return list, nil
}

// joinable lists what parties can be put at: tables, neighbours that can be
// moved, declared combinations; the smallest first.
func (w *writer) joinable() {
	tables := map[seating.TableID]seating.Table{}
	for _, t := range w.floor.Tables {
		tables[t.ID] = t
		w.sets = append(w.sets, set{tables: []seating.TableID{t.ID}, zone: t.Zone, min: t.MinCovers, max: t.MaxCovers})
	}
	for _, e := range w.floor.Edges {
		a, b := tables[e.A], tables[e.B]
		if a.Movable && b.Movable {
			// Joined tables are for parties that one table does not take.
			w.sets = append(w.sets, set{tables: []seating.TableID{e.A, e.B}, zone: a.Zone, min: max(7, a.MaxCovers+b.MaxCovers-1), max: a.MaxCovers + b.MaxCovers})
		}
	}
	for _, c := range w.floor.Combinations {
		w.sets = append(w.sets, set{tables: c.Tables, zone: tables[c.Tables[0]].Zone, min: c.MinCovers, max: c.MaxCovers})
	}
	number := func(s set) string { return tables[s.tables[0]].Number }
	slices.SortStableFunc(w.sets, func(a, b set) int {
		return cmp.Or(cmp.Compare(a.max, b.max), cmp.Compare(len(a.tables), len(b.tables)), house.CompareNumbers(number(a), number(b)))
	})
}

// The hours at which parties come, with their weights.
var (
	lunchHours  = hours(servicetime.NewClock(11, 45), 2, 6, 10, 14, 14, 12, 9, 6, 4, 3, 2, 1)
	dinnerHours = hours(servicetime.NewClock(18, 0), 2, 3, 4, 6, 9, 11, 13, 14, 13, 11, 9, 6, 4, 3, 2)
	partySizes  = []weight{{1, 5}, {2, 46}, {3, 13}, {4, 22}, {5, 5}, {6, 5}, {7, 1}, {8, 2}, {10, 1}}
)

type weight struct{ value, times int }

// hours spreads weights over quarters of an hour.
func hours(from servicetime.Clock, times ...int) []weight {
	list := make([]weight, len(times))
	for i, t := range times {
		list[i] = weight{int(from) + 15*i, t}
	}
	return list
}

// pick draws by weight.
func (w *writer) pick(list []weight) int {
	total := 0
	for _, x := range list {
		total += x.times
	}
	n := w.rnd.IntN(total)
	for _, x := range list {
		if n -= x.times; n < 0 {
			return x.value
		}
	}
	return list[0].value
}

// parties of a day by the hour: fewer on Monday, more on Friday and Saturday.
func (w *writer) parties(d servicetime.Date) []party {
	percent := 100
	switch d.Weekday() {
	case time.Friday, time.Saturday:
		percent = w.room.weekend
	case time.Monday:
		percent = 80
	default:
	}
	var list []party
	for _, meal := range []struct {
		parties int
		hours   []weight
	}{{w.room.lunch, lunchHours}, {w.room.dinner, dinnerHours}} {
		for range meal.parties * percent / 100 * w.crowd / 100 {
			list = append(list, party{covers: w.pick(partySizes), date: d, at: servicetime.Clock(w.pick(meal.hours))})
		}
	}
	slices.SortStableFunc(list, func(a, b party) int { return cmp.Compare(a.at, b.at) })
	return list
}

// booking gives a party its window and, mostly, tables.
func (w *writer) booking(p party) (decide.Imported, error) {
	service, start, err := w.calendar.Resolve(p.date, p.at, servicetime.AnyOffset)
	if err != nil {
		return decide.Imported{}, err
	}
	dining := servicetime.Dining(start, service.Period.Turn(p.covers))
	policy := seating.DefaultPolicy(seating.DefaultHoldRules())
	made := servicetime.InstantOf(time.Unix(int64(w.first)*86400, 0)).Add(-time.Duration(1+w.rnd.IntN(14*24)) * time.Hour)
	id := w.room.bookingID(w.first, w.n)
	b := seating.Booking{
		ID: id, Reference: w.reference(id), Covers: p.covers, Date: p.date, Time: p.at,
		ServiceDate: service.ServiceDate, Window: servicetime.WithBuffers(dining, policy.BufferBefore, policy.BufferAfter), Dining: dining,
		Status: seating.Pending, Source: seating.SourcePhone, CreatedAt: made, CreatedBy: seating.Operator().Principal,
	}
	w.n++
	in := decide.Imported{Booking: b, Guest: w.guest()}
	switch fate := w.rnd.IntN(100); {
	case fate < 4:
		in.Booking.Status, in.Booking.EndedAt = seating.Cancelled, made.Add(time.Hour)
	case fate < 24: // waits for its tables
	default:
		if tables := w.seat(p.covers, b.Window); tables != nil {
			in.Tables, in.Booking.Status, in.Booking.ChosenBy = tables, seating.Confirmed, seating.ChosenByPlanner
			if w.rnd.IntN(2) == 0 {
				in.Booking.Source = seating.SourceWeb
			}
		}
	}
	return in, nil
}

// seat takes the smallest set that is free, in the wished zone if it can.
func (w *writer) seat(covers int, at servicetime.Window) []seating.TableID {
	wish := w.floor.Zones[w.rnd.IntN(len(w.floor.Zones))].ID
	var best *set
	for i := range w.sets {
		s := &w.sets[i]
		if covers < s.min || covers > s.max || !w.free(s, at) {
			continue
		}
		if best == nil || s.max == best.max && s.zone == wish && best.zone != wish {
			best = s
		}
	}
	if best == nil {
		return nil
	}
	for _, t := range best.tables {
		w.busy[t] = append(w.busy[t], at)
	}
	return best.tables
}

func (w *writer) free(s *set, at servicetime.Window) bool {
	return !slices.ContainsFunc(s.tables, func(t seating.TableID) bool { return slices.ContainsFunc(w.busy[t], at.Overlaps) })
}

// reference is the one that the booking would get if somebody made it now; the
// next where an earlier booking of the book has it.
func (w *writer) reference(id seating.BookingID) string {
	for attempt := 0; ; attempt++ {
		if ref := seating.ReferenceFor(id, attempt); !w.refs[ref] {
			w.refs[ref] = true
			return ref
		}
	}
}

var (
	givenNames  = []string{"Alma", "Basil", "Clover", "Dario", "Elm", "Fern", "Ginger", "Hazel", "Ivo", "Juno", "Kit", "Laurel", "Milo", "Nova", "Olive", "Perry", "Quill", "Rowan", "Sage", "Tansy"}
	familyNames = []string{"Example", "Muster", "Sample", "Placeholder", "Specimen", "Testa", "Fictive", "Dummy", "Modell", "Ejemplo", "Esempio", "Voorbeeld", "Proba", "Malli"}
	notes       = []string{"birthday", "by the window if possible", "high chair needed", "in a hurry", "nut allergy", "regular guest"}
)

func (w *writer) guest() seating.Guest {
	given, family := givenNames[w.rnd.IntN(len(givenNames))], familyNames[w.rnd.IntN(len(familyNames))]
	g := seating.Guest{
		Name:  given + " " + family,
		Phone: fmt.Sprintf("+1-555-01%02d", w.rnd.IntN(100)),
		Email: strings.ToLower(given + "." + family + "@example.com"),
	}
	if w.rnd.IntN(6) == 0 {
		g.Notes = notes[w.rnd.IntN(len(notes))]
	}
	return g
}
