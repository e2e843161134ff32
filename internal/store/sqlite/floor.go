package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/seating"
)

func (w *rowWriter) dropFloor(ctx context.Context) error {
	rows := &w.c.Rows
	for _, e := range rows.DropEdges {
		if err := w.all(ctx, "DeleteEdge", w.r, text(e.A), text(e.B)); err != nil {
			return err
		}
	}
	for _, c := range rows.DropCombinations {
		if err := w.all(ctx, "DeleteCombinationTables", w.r, text(c)); err != nil {
			return err
		}
		if err := w.all(ctx, "DeleteCombination", w.r, text(c)); err != nil {
			return err
		}
	}
	for _, b := range rows.DropBlocks {
		if err := w.all(ctx, "DeleteBlock", w.r, text(b)); err != nil {
			return err
		}
	}
	for _, t := range rows.DropTables {
		if err := w.all(ctx, "DeleteTable", w.r, text(t)); err != nil {
			return err
		}
	}
	for _, z := range rows.DropZones {
		if err := w.all(ctx, "ForgetZoneWish", w.r, text(z)); err != nil {
			return err
		}
		if err := w.all(ctx, "DeleteZone", w.r, text(z)); err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) putRestaurant(ctx context.Context) error {
	r := w.c.Rows.Restaurant
	if r == nil {
		return nil
	}
	return existsWhenTaken(w.some(ctx, "UpdateRestaurant", r.Slug, r.Name, r.Zone, r.Active, w.r))
}

func (w *rowWriter) putFloor(ctx context.Context) error {
	if err := w.putZones(ctx); err != nil {
		return err
	}
	if err := w.putTables(ctx); err != nil {
		return err
	}
	for _, e := range w.c.Rows.PutEdges {
		if err := w.all(ctx, "InsertEdge", w.r, text(e.A), text(e.B)); err != nil {
			return err
		}
	}
	for _, c := range w.c.Rows.PutCombinations {
		if err := w.putCombination(ctx, c); err != nil {
			return err
		}
	}
	for _, b := range w.c.Rows.PutBlocks {
		if err := w.putBlock(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// putZones first takes away the names of those it puts, so that two zones can
// trade names; likewise putTables.
func (w *rowWriter) putZones(ctx context.Context) error {
	zones := w.c.Rows.PutZones
	for _, z := range zones[:trade(len(zones))] {
		if err := w.all(ctx, "UnnameZone", w.r, text(z.ID)); err != nil {
			return err
		}
	}
	for _, z := range zones {
		if err := w.all(ctx, "UpsertZone", w.r, text(z.ID), z.Name, fold(z.Name), z.Order, z.Active); err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) putTables(ctx context.Context) error {
	tables := w.c.Rows.PutTables
	for _, t := range tables[:trade(len(tables))] {
		if err := w.all(ctx, "UnnumberTable", w.r, text(t.ID)); err != nil {
			return err
		}
	}
	for _, t := range tables {
		var key any
		if !t.Retired {
			key = fold(t.Number)
		}
		p := t.Position
		err := w.all(ctx, "UpsertTable", w.r, text(t.ID), t.Number, key, text(t.Zone), t.MinCovers, t.MaxCovers, t.Movable,
			string(t.Category), string(t.Seating), p.X, p.Y, p.Rotation, string(p.Shape), p.W, p.H, t.Active, t.Ready, t.Retired)
		if err != nil {
			return err
		}
	}
	return nil
}

// trade is how many of n rows may trade unique values: one alone cannot.
func trade(n int) int {
	if n == 1 {
		return 0
	}
	return n
}

func (w *rowWriter) putCombination(ctx context.Context, c seating.Combination) error {
	if err := w.all(ctx, "UpsertCombination", w.r, text(c.ID), c.MinCovers, c.MaxCovers); err != nil {
		return err
	}
	if err := w.all(ctx, "DeleteCombinationTables", w.r, text(c.ID)); err != nil {
		return err
	}
	for _, t := range c.Tables {
		if err := w.all(ctx, "InsertCombinationTable", w.r, text(c.ID), text(t)); err != nil {
			return err
		}
	}
	return nil
}

// putBlock writes a block and its allocations; the old ones are gone already.
func (w *rowWriter) putBlock(ctx context.Context, b seating.Block) error {
	if err := w.all(ctx, "UpsertBlock", w.r, text(b.ID), int64(b.Window.Start), int64(b.Window.End), b.Reason); err != nil {
		return err
	}
	for _, t := range b.Tables {
		owner := seating.AnyID(b.ID)
		if err := w.allocate(ctx, seating.Allocation{Table: t, Window: b.Window, Kind: seating.OwnedByBlock, Owner: owner, Claimant: owner}); err != nil {
			return err
		}
	}
	return nil
}

// putRules writes policy, periods and closures, the two lists whole.
func (w *rowWriter) putRules(ctx context.Context) error {
	rows := &w.c.Rows
	if rows.Policy != nil {
		body, err := encoded(rows.Policy)
		if err != nil {
			return err
		}
		if err := w.all(ctx, "UpsertPolicy", w.r, body); err != nil {
			return err
		}
	}
	if rows.Periods != nil {
		if err := putList(ctx, w, "DeletePeriods", "InsertPeriod", *rows.Periods); err != nil {
			return err
		}
	}
	if rows.Closures != nil {
		return putList(ctx, w, "DeleteClosures", "InsertClosure", *rows.Closures)
	}
	return nil
}

func putList[T any](ctx context.Context, w *rowWriter, drop, insert string, list []T) error {
	if err := w.all(ctx, drop, w.r); err != nil {
		return err
	}
	for i, v := range list {
		body, err := encoded(v)
		if err != nil {
			return err
		}
		if err := w.all(ctx, insert, w.r, i, body); err != nil {
			return err
		}
	}
	return nil
}
