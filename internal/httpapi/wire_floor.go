package httpapi

import (
	"strconv"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
)

// Plan is a whole floor. An answer put back unchanged changes nothing. In a
// request an id is that of a thing that exists, or any other label, which makes a
// new thing and may be referred to in the same plan.
type Plan struct {
	Zones        []Zone        `json:"zones" maxItems:"50"`
	Tables       []Table       `json:"tables" maxItems:"500" doc:"A table that is left out is retired: it stays behind the bookings that sat at it."`
	Adjacencies  [][2]string   `json:"adjacencies" maxItems:"5000" doc:"Pairs of tables that can be pushed together."`
	Combinations []Combination `json:"combinations" maxItems:"1000" doc:"Sets of tables that are legal by themselves, with covers of their own."`
}

// Zone is a part of the room.
type Zone struct {
	ID     string `json:"id" minLength:"1" maxLength:"64"`
	Name   string `json:"name" minLength:"1" maxLength:"60" doc:"Unique in the restaurant, ignoring case."`
	Order  int    `json:"order" minimum:"0" maximum:"10000"`
	Active bool   `json:"active"`
}

// Table seats minCovers to maxCovers guests.
type Table struct {
	ID        string              `json:"id" minLength:"1" maxLength:"64"`
	Number    string              `json:"number" minLength:"1" maxLength:"60" doc:"What staff call it; unique in the restaurant, ignoring case." example:"T12"`
	ZoneID    string              `json:"zoneId" minLength:"1" maxLength:"64"`
	MinCovers int                 `json:"minCovers" minimum:"1" maximum:"50"`
	MaxCovers int                 `json:"maxCovers" minimum:"1" maximum:"50"`
	Movable   bool                `json:"movable"`
	Category  seating.Category    `json:"category" enum:"bar,dining,lounge,patio,private"`
	Seating   seating.SeatingType `json:"seatingType" enum:"standard,sofa,booth,high_top"`
	Position  *Position           `json:"position,omitempty" doc:"Default: a square of 80 cm in the corner."`
	Active    bool                `json:"active"`
	Ready     bool                `json:"ready" doc:"A flag for the host; no rule is attached."`
}

// Position places a table on the floor plan: centimetres from the top left
// corner, degrees clockwise.
type Position struct {
	X        int           `json:"x" minimum:"0" maximum:"100000"`
	Y        int           `json:"y" minimum:"0" maximum:"100000"`
	Rotation int           `json:"rotation" minimum:"0" maximum:"359"`
	Shape    seating.Shape `json:"shape" enum:"round,square,rectangle"`
	W        int           `json:"w" minimum:"1" maximum:"10000"`
	H        int           `json:"h" minimum:"1" maximum:"10000"`
}

// Combination is an exact set of tables that is legal by itself.
type Combination struct {
	Tables    []string `json:"tableIds" minItems:"2" maxItems:"8" minLength:"1" maxLength:"64"`
	MinCovers int      `json:"minCovers" minimum:"1" maximum:"100"`
	MaxCovers int      `json:"maxCovers" minimum:"1" maximum:"100"`
}

// Block takes tables out of service for a window.
type Block struct {
	ID     seating.BlockID    `json:"id" format:"uuid"`
	Tables []seating.TableID  `json:"tableIds"`
	Window servicetime.Window `json:"window"`
	Reason string             `json:"reason"`
}

// FloorAnswer is the floor as it stands.
type FloorAnswer struct {
	Floor  Plan    `json:"floor" doc:"PUT takes this object back."`
	Blocks []Block `json:"blocks"`
	Stamp
}

// PutFloorAnswer is the floor after a change.
type PutFloorAnswer struct {
	Floor Plan `json:"floor"`
	Stamp
}

func floorOf(f *house.Floor) Plan {
	p := Plan{Zones: zonesOf(f.Zones()), Tables: []Table{}, Adjacencies: edgesOf(f.Edges()), Combinations: combinationsOf(f.Combinations())}
	for _, t := range f.Tables() {
		p.Tables = append(p.Tables, tableOf(*t))
	}
	return p
}

func decidedFloor(f *decide.Floor) Plan {
	p := Plan{Zones: zonesOf(f.Zones), Tables: []Table{}, Adjacencies: edgesOf(f.Edges), Combinations: combinationsOf(f.Combinations)}
	for _, t := range f.Tables {
		p.Tables = append(p.Tables, tableOf(t))
	}
	return p
}

func zonesOf(zones []seating.Zone) []Zone {
	l := []Zone{}
	for _, z := range zones {
		l = append(l, Zone{ID: z.ID.String(), Name: z.Name, Order: z.Order, Active: z.Active})
	}
	return l
}

func tableOf(t seating.Table) Table {
	w := Table{
		ID: t.ID.String(), Number: t.Number, ZoneID: t.Zone.String(), MinCovers: t.MinCovers, MaxCovers: t.MaxCovers,
		Movable: t.Movable, Category: t.Category, Seating: t.Seating, Active: t.Active, Ready: t.Ready,
	}
	if t.Position != (seating.Position{}) {
		p := Position(t.Position)
		w.Position = &p
	}
	return w
}

func edgesOf(edges []seating.Edge) [][2]string {
	l := [][2]string{}
	for _, e := range edges {
		l = append(l, [2]string{e.A.String(), e.B.String()})
	}
	return l
}

func combinationsOf(combinations []seating.Combination) []Combination {
	l := []Combination{}
	for _, c := range combinations {
		w := Combination{MinCovers: c.MinCovers, MaxCovers: c.MaxCovers}
		for _, t := range c.Tables {
			w.Tables = append(w.Tables, t.String())
		}
		l = append(l, w)
	}
	return l
}

func blocksOf(blocks []seating.Block) []Block {
	l := []Block{}
	for _, b := range blocks {
		l = append(l, Block{ID: b.ID, Tables: list(b.Tables), Window: b.Window, Reason: b.Reason})
	}
	return l
}

// domain turns the plan into the command's, reference by reference.
func (p *Plan) domain() decide.Plan {
	var d decide.Plan
	for _, z := range p.Zones {
		d.Zones = append(d.Zones, decide.PlanZone{Ref: z.ID, Zone: seating.Zone{Name: z.Name, Order: z.Order, Active: z.Active}})
	}
	for _, t := range p.Tables {
		table := seating.Table{
			Number: t.Number, MinCovers: t.MinCovers, MaxCovers: t.MaxCovers, Movable: t.Movable,
			Category: t.Category, Seating: t.Seating, Active: t.Active, Ready: t.Ready,
			Position: seating.Position{Shape: seating.ShapeSquare, W: 80, H: 80},
		}
		if t.Position != nil {
			table.Position = seating.Position(*t.Position)
		}
		d.Tables = append(d.Tables, decide.PlanTable{Ref: t.ID, Zone: t.ZoneID, Table: table})
	}
	d.Adjacencies = p.Adjacencies
	for _, c := range p.Combinations {
		d.Combinations = append(d.Combinations, decide.PlanCombination(c))
	}
	return d
}

func itoa(i int) string { return strconv.Itoa(i) }
