package seating

import (
	"github.com/maitred/maitred/internal/servicetime"
)

// Restaurant is the tenant and the unit of consistency.
type Restaurant struct {
	ID     RestaurantID `json:"id"`
	Slug   string       `json:"slug"` // ^[a-z0-9]+(-[a-z0-9]+)*$, unique in the deployment, ≤ 60
	Name   string       `json:"name"`
	Zone   string       `json:"zone"` // IANA
	Active bool         `json:"active"`
}

// Zone is a part of the room; staff say section.
type Zone struct {
	ID     ZoneID `json:"id"`
	Name   string `json:"name"` // unique in the restaurant, ignoring case
	Order  int    `json:"order"`
	Active bool   `json:"active"`
}

// Category says what kind of place a table is in.
type Category string

// The categories of tables.
const (
	CategoryBar     Category = "bar"
	CategoryDining  Category = "dining"
	CategoryLounge  Category = "lounge"
	CategoryPatio   Category = "patio"
	CategoryPrivate Category = "private"
)

// SeatingType says what guests sit on.
type SeatingType string //nolint:revive // the field is called seatingType

// The seating types; none means no wish.
const (
	SeatingStandard SeatingType = "standard"
	SeatingSofa     SeatingType = "sofa"
	SeatingBooth    SeatingType = "booth"
	SeatingHighTop  SeatingType = "high_top"
)

// Shape of a table on the floor plan.
type Shape string

// The shapes.
const (
	ShapeRound     Shape = "round"
	ShapeSquare    Shape = "square"
	ShapeRectangle Shape = "rectangle"
)

// Position places a table on the floor plan: centimetres from the top left
// corner, degrees clockwise.
type Position struct {
	X        int   `json:"x"`
	Y        int   `json:"y"`
	Rotation int   `json:"rotation"`
	Shape    Shape `json:"shape"`
	W        int   `json:"w"`
	H        int   `json:"h"`
}

// Table seats MinCovers to MaxCovers guests. A retired table is kept for the
// bookings that sat at it and is otherwise gone.
type Table struct {
	ID        TableID     `json:"id"`
	Number    string      `json:"number"` // what staff call it; unique among tables not retired, ignoring case
	Zone      ZoneID      `json:"zoneId"`
	MinCovers int         `json:"minCovers"` // ≥ 1
	MaxCovers int         `json:"maxCovers"` // 1–50, ≥ MinCovers
	Movable   bool        `json:"movable"`
	Category  Category    `json:"category"`
	Seating   SeatingType `json:"seatingType"`
	Position  Position    `json:"position"`
	Active    bool        `json:"active"`
	Ready     bool        `json:"ready"` // a flag for the host, no rule attached
	Retired   bool        `json:"retired,omitempty"`
}

// Edge is an undirected adjacency: the two tables can be pushed together. A
// sorts before B.
type Edge struct {
	A TableID `json:"a"`
	B TableID `json:"b"`
}

// NewEdge orders the ends.
func NewEdge(a, b TableID) Edge {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return Edge{A: a, B: b}
}

// Combination is an exact set of tables the restaurant declared legal by
// itself: no movable and no adjacency check, covers of its own.
type Combination struct {
	ID        CombinationID `json:"id"`
	Tables    []TableID     `json:"tableIds"` // sorted, ≥ 2
	MinCovers int           `json:"minCovers"`
	MaxCovers int           `json:"maxCovers"`
}

// Block takes tables out of service for a window. Reason is a short code; the
// note of staff is kept apart, erasable.
type Block struct {
	ID     BlockID            `json:"id"`
	Tables []TableID          `json:"tableIds"` // sorted, ≥ 1
	Window servicetime.Window `json:"window"`
	Reason string             `json:"reason"`
}

// Bounds of a floor, held in the rules and in both stores.
const (
	MaxZones        = 50
	MaxTables       = 500
	MaxEdges        = 5000
	MaxCombinations = 1000
	MaxTableCovers  = 50
	MaxPartyCovers  = 100
	MaxBlocks       = 1000 // that are not over
	MaxBlockDays    = 366
)
