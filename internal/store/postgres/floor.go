package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// queueBlocksGone queues the end of the allocations of blocks that go or are put
// anew.
func queueBlocksGone(f *flush, r seating.RestaurantID, rows *house.Rows) {
	gone := append([]seating.BlockID(nil), rows.DropBlocks...)
	for _, b := range rows.PutBlocks {
		gone = append(gone, b.ID)
	}
	if len(gone) > 0 {
		f.exec("DropBlockAllocations", uid(r), ids(gone))
	}
}

// queueFloor queues what a change drops and puts of restaurant, floor and rules.
func queueFloor(f *flush, r seating.RestaurantID, rows *house.Rows) error {
	queueDropFloor(f, uid(r), rows)
	if p := rows.Restaurant; p != nil {
		f.exec("UpdateRestaurant", uid(r), p.Slug, p.Name, p.Zone, p.Active)
	}
	if err := queuePutZones(f, uid(r), rows.PutZones); err != nil {
		return err
	}
	if err := queuePutTables(f, uid(r), rows.PutTables); err != nil {
		return err
	}
	queuePutLinks(f, uid(r), rows)
	queuePutBlocks(f, uid(r), rows.PutBlocks)
	return queueRules(f, r, rows)
}

func queueDropFloor(f *flush, here pgtype.UUID, rows *house.Rows) {
	if drop := rows.DropEdges; len(drop) > 0 {
		f.exec("DropEdges", here, each(drop, edgeA), each(drop, edgeB))
	}
	if len(rows.DropCombinations) > 0 {
		f.exec("DropCombinationTables", here, ids(rows.DropCombinations))
		f.exec("DropCombinations", here, ids(rows.DropCombinations))
	}
	if len(rows.DropBlocks) > 0 {
		f.exec("DropBlocks", here, ids(rows.DropBlocks))
	}
	if len(rows.DropTables) > 0 {
		f.exec("DropTables", here, ids(rows.DropTables))
	}
	if len(rows.DropZones) > 0 {
		f.exec("ForgetZoneWishes", here, ids(rows.DropZones))
		f.exec("DropZones", here, ids(rows.DropZones))
	}
}

func edgeA(e seating.Edge) pgtype.UUID { return uid(e.A) }
func edgeB(e seating.Edge) pgtype.UUID { return uid(e.B) }

func queuePutZones(f *flush, here pgtype.UUID, put []seating.Zone) error {
	type row struct {
		ID      seating.ZoneID `json:"id"`
		Name    string         `json:"name"`
		NameKey string         `json:"name_key"`
		Order   int            `json:"sort_order"`
		Active  bool           `json:"active"`
	}
	if len(put) == 0 {
		return nil
	}
	if len(put) > 1 {
		f.exec("UnnameZones", here, each(put, func(z seating.Zone) pgtype.UUID { return uid(z.ID) }))
	}
	body, err := encoded(each(put, func(z seating.Zone) row {
		return row{ID: z.ID, Name: z.Name, NameKey: fold(z.Name), Order: z.Order, Active: z.Active}
	}))
	if err != nil {
		return err
	}
	f.exec("PutZones", here, body)
	return nil
}

// tableRow is a row of tables.
type tableRow struct {
	ID        seating.TableID     `json:"id"`
	Number    string              `json:"number"`
	NumberKey *string             `json:"number_key"`
	Zone      *seating.ZoneID     `json:"zone_id"`
	MinCovers int                 `json:"min_covers"`
	MaxCovers int                 `json:"max_covers"`
	Movable   bool                `json:"movable"`
	Category  seating.Category    `json:"category"`
	Seating   seating.SeatingType `json:"seating_type"`
	X         int                 `json:"x"`
	Y         int                 `json:"y"`
	Rotation  int                 `json:"rotation"`
	Shape     seating.Shape       `json:"shape"`
	W         int                 `json:"width"`
	H         int                 `json:"height"`
	Active    bool                `json:"active"`
	Ready     bool                `json:"ready"`
	Retired   bool                `json:"retired"`
}

func rowOfTable(t seating.Table) tableRow {
	p := t.Position
	row := tableRow{
		ID: t.ID, Number: t.Number, MinCovers: t.MinCovers, MaxCovers: t.MaxCovers, Movable: t.Movable, Category: t.Category, Seating: t.Seating,
		X: p.X, Y: p.Y, Rotation: p.Rotation, Shape: p.Shape, W: p.W, H: p.H, Active: t.Active, Ready: t.Ready, Retired: t.Retired,
	}
	if !t.Retired {
		row.NumberKey = new(fold(t.Number))
	}
	if !t.Zone.IsZero() {
		row.Zone = &t.Zone
	}
	return row
}

func queuePutTables(f *flush, here pgtype.UUID, put []seating.Table) error {
	if len(put) == 0 {
		return nil
	}
	if len(put) > 1 {
		f.exec("UnnumberTables", here, each(put, func(t seating.Table) pgtype.UUID { return uid(t.ID) }))
	}
	body, err := encoded(each(put, rowOfTable))
	if err != nil {
		return err
	}
	f.exec("PutTables", here, body)
	return nil
}

// queuePutLinks queues adjacencies and combinations.
func queuePutLinks(f *flush, here pgtype.UUID, rows *house.Rows) {
	if put := rows.PutEdges; len(put) > 0 {
		f.exec("PutEdges", here, each(put, edgeA), each(put, edgeB))
	}
	put := rows.PutCombinations
	if len(put) == 0 {
		return
	}
	combinations := each(put, func(c seating.Combination) pgtype.UUID { return uid(c.ID) })
	f.exec("PutCombinations", here, combinations,
		each(put, func(c seating.Combination) int { return c.MinCovers }),
		each(put, func(c seating.Combination) int { return c.MaxCovers }))
	f.exec("DropCombinationTables", here, combinations)
	var of, tables []pgtype.UUID
	for _, c := range put {
		for _, t := range c.Tables {
			of, tables = append(of, uid(c.ID)), append(tables, uid(t))
		}
	}
	f.exec("PutCombinationTables", here, list(of), list(tables))
}

// queuePutBlocks queues blocks and their allocations; the old ones are gone.
func queuePutBlocks(f *flush, here pgtype.UUID, put []seating.Block) {
	if len(put) == 0 {
		return
	}
	f.exec("PutBlocks", here,
		each(put, func(b seating.Block) pgtype.UUID { return uid(b.ID) }),
		each(put, func(b seating.Block) pgtype.Timestamptz { return on(b.Window.Start) }),
		each(put, func(b seating.Block) pgtype.Timestamptz { return on(b.Window.End) }),
		each(put, func(b seating.Block) string { return b.Reason }))
	var rows []seating.Allocation
	for _, b := range put {
		for _, t := range b.Tables {
			owner := seating.AnyID(b.ID)
			rows = append(rows, seating.Allocation{Table: t, Window: b.Window, Kind: seating.OwnedByBlock, Owner: owner, Claimant: owner})
		}
	}
	queuePutAllocations(f, here, rows)
}

// queueRules queues policy, periods and closures, the two lists whole.
func queueRules(f *flush, r seating.RestaurantID, rows *house.Rows) error {
	here := uid(r)
	if rows.Policy != nil {
		body, err := encoded(rows.Policy)
		if err != nil {
			return err
		}
		f.exec("PutPolicy", here, body)
	}
	if rows.Periods != nil {
		body, err := encoded(list(*rows.Periods))
		if err != nil {
			return err
		}
		f.exec("DropPeriods", here)
		f.exec("PutPeriods", here, body)
	}
	if rows.Closures != nil {
		body, err := encoded(list(*rows.Closures))
		if err != nil {
			return err
		}
		f.exec("DropClosures", here)
		f.exec("PutClosures", here, body)
	}
	return nil
}
