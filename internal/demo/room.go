package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// room is one of the two restaurants, without its book.
type room struct {
	slug, name, zone       string
	ownerName, ownerEmail  string
	zones                  []string
	tables                 []place
	edges                  [][2]string
	combinations           []decide.PlanCombination
	lunch, dinner, weekend int // parties on a usual day; more of a hundred on Friday and Saturday
}

// place is a table of a room.
type place struct {
	number, zone string
	min, max     int
	movable      bool
	category     seating.Category
	seating      seating.SeatingType
	shape        seating.Shape
	x, y         int
}

// rooms are the two restaurants of the demo.
func rooms() []*room { return []*room{maisonParadis(), juniperRye()} }

// maisonParadis has 60 tables in four zones. Neighbours in a row can be pushed
// together; two booths that cannot be moved are declared to seat a large party.
func maisonParadis() *room {
	r := &room{
		slug: "maison-paradis", name: "Maison Paradis", zone: "Europe/Paris",
		ownerName: "Odile Muster", ownerEmail: "odile@example.com",
		zones: []string{"Salle", "Verrière", "Terrasse", "Bar"},
		lunch: 40, dinner: 64, weekend: 125,
	}
	// Salle: four rows of six, small tables along the window, round sixes at the end.
	for row := range 4 {
		for col, covers := range []int{2, 2, 4, 4, 4, 6} {
			p := place{
				number: "S" + strconv.Itoa(row*6+col+1), zone: "Salle", min: least(covers), max: covers, movable: covers < 6,
				category: seating.CategoryDining, seating: seating.SeatingStandard, shape: seating.ShapeSquare, x: 100 + col*220, y: 100 + row*240,
			}
			if covers == 6 {
				p.shape = seating.ShapeRound
			}
			r.add(p, col > 0)
		}
	}
	// Verrière: booths along the wall, which nobody moves, and a row of twos.
	for i := range 6 {
		r.add(place{
			number: "V" + strconv.Itoa(i+1), zone: "Verrière", min: 2, max: 4, category: seating.CategoryDining,
			seating: seating.SeatingBooth, shape: seating.ShapeRectangle, x: 1600, y: 100 + i*180,
		}, false)
	}
	for i := range 8 {
		covers := 2 + 2*(i%2)
		r.add(place{
			number: "V" + strconv.Itoa(i+7), zone: "Verrière", min: least(covers), max: covers, movable: true, category: seating.CategoryDining,
			seating: seating.SeatingStandard, shape: seating.ShapeSquare, x: 1850, y: 100 + i*150,
		}, i > 0)
	}
	// Terrasse: two rows of seven.
	for row := range 2 {
		for col := range 7 {
			covers := []int{2, 4}[row]
			r.add(place{
				number: "T" + strconv.Itoa(row*7+col+1), zone: "Terrasse", min: least(covers), max: covers, movable: true,
				category: seating.CategoryPatio, seating: seating.SeatingStandard, shape: seating.ShapeSquare, x: 100 + col*200, y: 1200 + row*220,
			}, col > 0)
		}
	}
	// Bar: high tables, and two sofas.
	for i := range 8 {
		p := place{
			number: "B" + strconv.Itoa(i+1), zone: "Bar", min: 1, max: 2, category: seating.CategoryBar,
			seating: seating.SeatingHighTop, shape: seating.ShapeRound, x: 1600 + i*120, y: 1400,
		}
		if i >= 6 {
			p.min, p.max, p.category, p.seating, p.shape = 2, 5, seating.CategoryLounge, seating.SeatingSofa, seating.ShapeRectangle
		}
		r.add(p, false)
	}
	r.combinations = []decide.PlanCombination{{Tables: []string{"V1", "V2"}, MinCovers: 7, MaxCovers: 10}}
	return r
}

// juniperRye has 18 tables in two zones.
func juniperRye() *room {
	r := &room{
		slug: "juniper-rye", name: "Juniper & Rye", zone: "America/New_York",
		ownerName: "Sam Placeholder", ownerEmail: "sam@example.com",
		zones: []string{"Dining room", "Bar"},
		lunch: 12, dinner: 22, weekend: 130,
	}
	for row := range 2 {
		for col, covers := range []int{2, 2, 4, 4, 4, 6} {
			r.add(place{
				number: strconv.Itoa(row*6 + col + 1), zone: "Dining room", min: least(covers), max: covers, movable: covers < 6,
				category: seating.CategoryDining, seating: seating.SeatingStandard, shape: seating.ShapeSquare, x: 100 + col*220, y: 100 + row*260,
			}, col > 0)
		}
	}
	for i := range 6 {
		r.add(place{
			number: strconv.Itoa(i + 21), zone: "Bar", min: 1, max: 2, category: seating.CategoryBar,
			seating: seating.SeatingHighTop, shape: seating.ShapeRound, x: 100 + i*150, y: 700,
		}, false)
	}
	return r
}

// least is the minimum of a table: nobody wastes a six on a couple.
func least(covers int) int { return max(1, covers/2) }

// add places a table, beside the one before it when they can be pushed together.
func (r *room) add(p place, beside bool) {
	if beside {
		r.edges = append(r.edges, [2]string{r.tables[len(r.tables)-1].number, p.number})
	}
	r.tables = append(r.tables, p)
}

func (r *room) id() seating.RestaurantID {
	return madeID[seating.RestaurantID](epoch, "restaurant", r.slug)
}

// plan is the floor with the IDs it gets.
func (r *room) plan() decide.PutFloor {
	p := decide.Plan{Combinations: r.combinations, Adjacencies: r.edges}
	var fresh []seating.AnyID
	for i, name := range r.zones {
		p.Zones = append(p.Zones, decide.PlanZone{Ref: name, Zone: seating.Zone{Name: name, Order: i, Active: true}})
		fresh = append(fresh, madeID[seating.AnyID](epoch, "zone", r.slug, name))
	}
	for _, t := range r.tables {
		w := 70 + 15*t.max
		p.Tables = append(p.Tables, decide.PlanTable{Ref: t.number, Zone: t.zone, Table: seating.Table{
			Number: t.number, MinCovers: t.min, MaxCovers: t.max, Movable: t.movable, Category: t.category, Seating: t.seating,
			Position: seating.Position{X: t.x, Y: t.y, Shape: t.shape, W: w, H: 80}, Active: true, Ready: true,
		}})
		fresh = append(fresh, madeID[seating.AnyID](epoch, "table", r.slug, t.number))
	}
	for range r.combinations {
		fresh = append(fresh, madeID[seating.AnyID](epoch, "combination", r.slug))
	}
	return decide.PutFloor{Plan: p, Fresh: fresh}
}

// periods: open daily 11:30–23:30. Source: docs/domain.md, time.
func periods() []servicetime.Period {
	daily := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	bands := func(large servicetime.Minutes) []servicetime.TurnBand {
		return []servicetime.TurnBand{{UpTo: 2, Turn: 60}, {UpTo: 4, Turn: 75}, {UpTo: 6, Turn: 85}, {Turn: large}}
	}
	clock := servicetime.NewClock
	return []servicetime.Period{
		{Name: "Lunch", Weekdays: daily, Start: clock(11, 30), End: clock(17, 0), LastSeating: clock(16, 45), Overrun: true, Bands: bands(85)},
		{Name: "Dinner", Weekdays: daily, Start: clock(17, 0), End: clock(23, 30), LastSeating: clock(22, 30), Bands: bands(90)},
	}
}

// epoch dates the IDs of what is not in the book.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// madeID is a UUIDv7 whose random bits follow from what it names.
func madeID[I ~[16]byte](at time.Time, parts ...string) I {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write(append([]byte(p), 0))
	}
	id := I(h.Sum(nil)[:16])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}
