package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// DocumentFormat is the version of a Document's shape.
const DocumentFormat = 1

// Document is a restaurant as a file: what it is, its floor, its rules and its
// book with the guests. It names zones and tables as people do and holds no IDs,
// so that it can be brought into another restaurant. Holds, blocks, tables that
// were retired, members, tokens, history and versions are not in it.
type Document struct {
	Format     int                   `json:"format"`
	Restaurant DocumentRestaurant    `json:"restaurant"`
	Floor      DocumentFloor         `json:"floor"`
	Policy     seating.Policy        `json:"policy"`
	Periods    []servicetime.Period  `json:"servicePeriods"`
	Closures   []servicetime.Closure `json:"closures"`
	Bookings   []DocumentBooking     `json:"bookings"`
}

// DocumentRestaurant says where a document comes from. An import keeps the
// receiving restaurant's own name and slug, and refuses another zone.
type DocumentRestaurant struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
	Zone string `json:"zone"` // IANA
}

// DocumentFloor is a floor plan.
type DocumentFloor struct {
	Zones        []DocumentZone        `json:"zones"`
	Tables       []DocumentTable       `json:"tables"`
	Adjacencies  [][2]string           `json:"adjacencies"` // table numbers
	Combinations []DocumentCombination `json:"combinations"`
}

// DocumentZone is a zone, known by its name.
type DocumentZone struct {
	Name   string `json:"name"`
	Order  int    `json:"order"`
	Active bool   `json:"active"`
}

// DocumentTable is a table, known by its number.
type DocumentTable struct {
	Number    string              `json:"number"`
	Zone      string              `json:"zone"` // name
	MinCovers int                 `json:"minCovers"`
	MaxCovers int                 `json:"maxCovers"`
	Movable   bool                `json:"movable"`
	Category  seating.Category    `json:"category"`
	Seating   seating.SeatingType `json:"seatingType"`
	Position  seating.Position    `json:"position"`
	Active    bool                `json:"active"`
	Ready     bool                `json:"ready"`
}

// DocumentCombination is a declared combination.
type DocumentCombination struct {
	Tables    []string `json:"tables"` // numbers
	MinCovers int      `json:"minCovers"`
	MaxCovers int      `json:"maxCovers"`
}

// DocumentBooking is a booking with its tables and its guest.
type DocumentBooking struct {
	Reference   string              `json:"reference"`
	Covers      int                 `json:"covers"`
	Date        servicetime.Date    `json:"date"`
	Time        servicetime.Clock   `json:"time"`
	ServiceDate servicetime.Date    `json:"serviceDate"`
	Window      servicetime.Window  `json:"window"`
	Dining      servicetime.Window  `json:"dining"`
	Turn        servicetime.Minutes `json:"turnMinutes,omitempty"`
	Status      seating.Status      `json:"status"`
	Tables      []string            `json:"tables"`                // numbers
	Since       servicetime.Instant `json:"tablesSince,omitempty"` // when they were given, if not at the window's start
	ZoneWish    string              `json:"zone,omitempty"`        // name
	SeatingWish seating.SeatingType `json:"seatingPreference,omitempty"`
	Source      seating.Source      `json:"source"`
	ArrivedAt   servicetime.Instant `json:"arrivedAt,omitempty"`
	CheckedInAt servicetime.Instant `json:"checkedInAt,omitempty"`
	EndedAt     servicetime.Instant `json:"endedAt,omitempty"`
	ChosenBy    seating.ChosenBy    `json:"chosenBy,omitempty"`
	// What the steps back, the waitlist and the jobs go by.
	PlannedStart servicetime.Instant `json:"plannedStart,omitempty"`
	Priority     int                 `json:"priority,omitempty"`
	Quoted       servicetime.Minutes `json:"quotedMinutes,omitempty"`
	PendingUntil servicetime.Instant `json:"pendingUntil,omitempty"`
	LateAt       servicetime.Instant `json:"lateAt,omitempty"`
	OverstayAt   servicetime.Instant `json:"overstayAt,omitempty"`

	CreatedAt servicetime.Instant `json:"createdAt"`
	CreatedBy string              `json:"createdBy"`
	Guest     *seating.Guest      `json:"guest,omitempty"`
}

// Export writes a restaurant down: all its rows from one consistent read, then
// the guests of its bookings.
func Export(ctx context.Context, a *App, restaurant string) (*Document, error) {
	r, err := a.Restaurant(ctx, restaurant)
	if err != nil {
		return nil, err
	}
	dump, err := a.Store.Dump(ctx, r.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noRestaurant(restaurant)
	}
	if err != nil {
		return nil, err
	}
	s := &dump.State
	e := exporter{zones: map[seating.ZoneID]string{}, tables: map[seating.TableID]string{}}
	doc := &Document{
		Format:     DocumentFormat,
		Restaurant: DocumentRestaurant{Slug: s.Restaurant.Slug, Name: s.Restaurant.Name, Zone: s.Restaurant.Zone},
		Floor:      e.floor(s),
		Policy:     s.Policy, Periods: orEmpty(s.Periods), Closures: orEmpty(s.Closures),
	}
	guests, err := a.guests(ctx, r.ID, slices.Concat(dump.Past, s.Bookings))
	if err != nil {
		return nil, err
	}
	doc.Bookings = e.bookings(dump, guests)
	return doc, nil
}

// guestsAtOnce is how many guests are read with one question.
const guestsAtOnce = 200

func (a *App) guests(ctx context.Context, r seating.RestaurantID, bookings []seating.Booking) (map[seating.BookingID]seating.Guest, error) {
	all := map[seating.BookingID]seating.Guest{}
	for chunk := range slices.Chunk(bookings, guestsAtOnce) {
		ids := make([]seating.BookingID, len(chunk))
		for i, b := range chunk {
			ids[i] = b.ID
		}
		found, err := a.Store.Guests(ctx, r, ids)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// exporter names things as people do.
type exporter struct {
	zones  map[seating.ZoneID]string
	tables map[seating.TableID]string // not the retired ones
}

func (e *exporter) floor(s *house.State) DocumentFloor {
	f := DocumentFloor{Zones: []DocumentZone{}, Tables: []DocumentTable{}, Adjacencies: [][2]string{}, Combinations: []DocumentCombination{}}
	for _, z := range s.Zones {
		e.zones[z.ID] = z.Name
		f.Zones = append(f.Zones, DocumentZone{Name: z.Name, Order: z.Order, Active: z.Active})
	}
	for _, t := range s.Tables {
		if t.Retired {
			continue
		}
		e.tables[t.ID] = t.Number
		f.Tables = append(f.Tables, DocumentTable{
			Number: t.Number, Zone: e.zones[t.Zone], MinCovers: t.MinCovers, MaxCovers: t.MaxCovers, Movable: t.Movable,
			Category: t.Category, Seating: t.Seating, Position: t.Position, Active: t.Active, Ready: t.Ready,
		})
	}
	for _, edge := range s.Edges {
		pair := e.numbers([]seating.TableID{edge.A, edge.B})
		if len(pair) == 2 {
			f.Adjacencies = append(f.Adjacencies, [2]string(pair))
		}
	}
	for _, c := range s.Combinations {
		if numbers := e.numbers(c.Tables); len(numbers) == len(c.Tables) {
			f.Combinations = append(f.Combinations, DocumentCombination{Tables: numbers, MinCovers: c.MinCovers, MaxCovers: c.MaxCovers})
		}
	}
	slices.SortFunc(f.Zones, func(x, y DocumentZone) int { return cmp.Or(cmp.Compare(x.Order, y.Order), cmp.Compare(x.Name, y.Name)) })
	slices.SortFunc(f.Tables, func(x, y DocumentTable) int { return house.CompareNumbers(x.Number, y.Number) })
	slices.SortFunc(f.Adjacencies, func(x, y [2]string) int { return slices.CompareFunc(x[:], y[:], house.CompareNumbers) })
	slices.SortFunc(f.Combinations, func(x, y DocumentCombination) int {
		return slices.CompareFunc(x.Tables, y.Tables, house.CompareNumbers)
	})
	return f
}

// numbers of tables in the order of people, without retired ones.
func (e *exporter) numbers(ids []seating.TableID) []string {
	numbers := []string{}
	for _, id := range ids {
		if n, ok := e.tables[id]; ok {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, house.CompareNumbers)
	return slices.Compact(numbers)
}

func (e *exporter) bookings(d *store.Dump, guests map[seating.BookingID]seating.Guest) []DocumentBooking {
	seats := map[seating.BookingID]*house.Entry{}
	for _, a := range d.Occupancy {
		if a.Kind == seating.OwnedByBooking {
			id := seating.BookingID(a.Owner)
			if seats[id] == nil {
				seats[id] = &house.Entry{}
			}
			seats[id].Allocations = append(seats[id].Allocations, a)
		}
	}
	list := []DocumentBooking{}
	for _, b := range slices.Concat(d.Past, d.State.Bookings) {
		row := DocumentBooking{
			Reference: b.Reference, Covers: b.Covers, Date: b.Date, Time: b.Time, ServiceDate: b.ServiceDate, Window: b.Window,
			Dining: b.Dining, Turn: b.Turn, Status: b.Status, Tables: []string{}, ZoneWish: e.zones[b.ZoneWish], SeatingWish: b.SeatingWish,
			Source: b.Source, ArrivedAt: b.ArrivedAt, CheckedInAt: b.CheckedInAt, EndedAt: b.EndedAt, ChosenBy: b.ChosenBy,
			PlannedStart: b.PlannedStart, Priority: b.Priority, Quoted: b.Quoted, PendingUntil: b.PendingUntil, LateAt: b.LateAt, OverstayAt: b.OverstayAt,
			CreatedAt: b.CreatedAt, CreatedBy: b.CreatedBy,
		}
		if at := seats[b.ID]; at != nil {
			row.Tables, row.Since = e.numbers(at.Tables()), since(at, b.Window)
		}
		if len(row.Tables) == 0 {
			row.ChosenBy = ""
		}
		if g, ok := guests[b.ID]; ok && !g.Empty() {
			row.Guest = &g
		}
		list = append(list, row)
	}
	slices.SortFunc(list, func(x, y DocumentBooking) int {
		return cmp.Or(cmp.Compare(x.ServiceDate, y.ServiceDate), cmp.Compare(x.Window.Start, y.Window.Start), cmp.Compare(x.Reference, y.Reference))
	})
	return list
}

// since is when the last of a booking's tables was given to it; zero when all of
// them from its window's start.
func since(e *house.Entry, w servicetime.Window) servicetime.Instant {
	var last, from servicetime.Instant
	for _, a := range e.Allocations {
		last = max(last, a.Window.End)
	}
	for _, a := range e.Allocations {
		if a.Window.End == last {
			from = max(from, a.Window.Start)
		}
	}
	if from == w.Start {
		return 0
	}
	return from
}

func orEmpty[R any](rows []R) []R {
	if rows == nil {
		return []R{}
	}
	return rows
}

// validate refuses a document that is not one, before anything is looked at.
func (d *Document) validate() error {
	switch {
	case d.Format == 0:
		return seating.Invalid("/format", "the file is not an export of maitred")
	case d.Format != DocumentFormat:
		return seating.Invalid("/format", "the file has format %d, this binary reads %d", d.Format, DocumentFormat)
	}
	seen := map[string]int{}
	for i, b := range d.Bookings {
		if j, ok := seen[b.Reference]; ok {
			return seating.Invalid(fmt.Sprintf("/bookings/%d/reference", i), "is the reference of booking %d too", j)
		}
		seen[b.Reference] = i
	}
	return nil
}
