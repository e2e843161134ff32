package postgres

import (
	"context"
	"fmt"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Load implements store.Seating.
func (s *Store) Load(ctx context.Context, r seating.RestaurantID) (*house.House, servicetime.Instant, error) {
	var state house.State
	var now servicetime.Instant
	var found bool
	err := s.read(ctx, roleApp, r, func(f *flush) {
		queueHouse(f, r, &state, &found)
		rowsOf(f, "LoadHolds", []any{uid(r)}, &state.Holds, holdColumns)
		queueClock(f, &now)
	})
	if err != nil {
		return nil, 0, err
	}
	if !found {
		return nil, 0, store.ErrNotFound
	}
	h, err := house.New(state)
	if err != nil {
		return nil, 0, fmt.Errorf("load: %w", err)
	}
	return h, now, nil
}

// queueClock queues the reading of the database's time.
func queueClock(f *flush, now *servicetime.Instant) { f.one("Clock", nil, nil, instant(now)) }

// queueHouse queues the rows of a house but for its holds: everything that does
// not belong to bookings of closed days.
func queueHouse(f *flush, r seating.RestaurantID, s *house.State, found *bool) {
	f.one("LoadRestaurant", []any{uid(r)}, found,
		id(&s.Restaurant.ID), &s.Restaurant.Slug, &s.Restaurant.Name, &s.Restaurant.Zone, &s.Restaurant.Active,
		&s.Epoch, &s.Version, id(&s.Head), &s.Revisions.Floor, &s.Revisions.Policy, &s.Revisions.Bookings, &s.Revisions.Holds,
		instant(&s.LastAt), date(&s.OpenFrom))
	queueLoadFloor(f, r, s)
	readRules(f, r, s)
	here := []any{uid(r)}
	rowsOf(f, "LoadBookings", here, &s.Bookings, bookingColumns)
	rowsOf(f, "LoadAllocations", here, &s.Allocations, allocationColumns)
	window := seating.MaxBudgetWindow.Duration()
	rowsOf(f, "LoadGrants", []any{uid(r), window}, &s.Grants, func(g *house.GrantPut) []any {
		return []any{id(&g.Booking), &g.Principal, instant(&g.At), id(&g.Hold)}
	})
}

func queueLoadFloor(f *flush, r seating.RestaurantID, s *house.State) {
	here := []any{uid(r)}
	rowsOf(f, "LoadZones", here, &s.Zones, func(z *seating.Zone) []any {
		return []any{id(&z.ID), &z.Name, &z.Order, &z.Active}
	})
	rowsOf(f, "LoadTables", here, &s.Tables, func(t *seating.Table) []any {
		p := &t.Position
		return []any{
			id(&t.ID), &t.Number, id(&t.Zone), &t.MinCovers, &t.MaxCovers, &t.Movable, word(&t.Category), word(&t.Seating),
			&p.X, &p.Y, &p.Rotation, word(&p.Shape), &p.W, &p.H, &t.Active, &t.Ready, &t.Retired,
		}
	})
	rowsOf(f, "LoadEdges", here, &s.Edges, func(e *seating.Edge) []any { return []any{id(&e.A), id(&e.B)} })
	rowsOf(f, "LoadCombinations", here, &s.Combinations, func(c *seating.Combination) []any {
		return []any{id(&c.ID), &c.MinCovers, &c.MaxCovers, decoded(&c.Tables)}
	})
	rowsOf(f, "LoadBlocks", here, &s.Blocks, func(b *seating.Block) []any {
		return []any{id(&b.ID), instant(&b.Window.Start), instant(&b.Window.End), &b.Reason, decoded(&b.Tables)}
	})
}

func readRules(f *flush, r seating.RestaurantID, s *house.State) {
	here := []any{uid(r)}
	f.one("LoadPolicy", here, nil, decoded(&s.Policy))
	rowsOf(f, "LoadPeriods", here, &s.Periods, func(p *servicetime.Period) []any { return []any{decoded(p)} })
	rowsOf(f, "LoadClosures", here, &s.Closures, func(c *servicetime.Closure) []any { return []any{decoded(c)} })
}

// bookingColumns are the columns of a booking, in the order in which every
// statement lists them.
func bookingColumns(b *seating.Booking) []any {
	return []any{
		id(&b.ID), &b.Reference, &b.Covers, date(&b.Date), clock(&b.Time), date(&b.ServiceDate),
		instant(&b.Window.Start), instant(&b.Window.End), instant(&b.Dining.Start), instant(&b.Dining.End), &b.Turn, word(&b.Status),
		id(&b.ZoneWish), word(&b.SeatingWish), word(&b.Source), instant(&b.ArrivedAt), instant(&b.CheckedInAt), instant(&b.EndedAt),
		word(&b.ChosenBy), decoded(&b.Left), instant(&b.PlannedStart), &b.Priority, &b.Quoted, instant(&b.PendingUntil),
		instant(&b.LateAt), instant(&b.OverstayAt), instant(&b.CreatedAt), &b.CreatedBy, &b.Version,
	}
}

// holdColumns are the columns of a hold, ended or not, in the order in which
// every statement lists them.
func holdColumns(h *seating.Hold) []any {
	return []any{
		id(&h.ID), id(&h.Booking), instant(&h.Window.Start), instant(&h.Window.End), instant(&h.ExpiresAt), instant(&h.HeldSince),
		instant(&h.CreatedAt), &h.CreatedBy, &h.RequireAdjacency, decoded(&h.Override), &h.Made,
	}
}

func allocationColumns(a *seating.Allocation) []any {
	return []any{id(&a.Table), instant(&a.Window.Start), instant(&a.Window.End), word(&a.Kind), id(&a.Owner), id(&a.Claimant)}
}
