package sqlite

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
	err := s.read(ctx, func(q session) (err error) {
		state, err = readHouse(ctx, q, r)
		now = s.clock()
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	h, err := house.New(state)
	if err != nil {
		return nil, 0, fmt.Errorf("load: %w", err)
	}
	return h, now, nil
}

// readHouse reads the rows of a house: everything but what belongs to bookings
// of closed days.
func readHouse(ctx context.Context, q session, r seating.RestaurantID) (house.State, error) {
	l := loader{q: q, r: r.String()}
	err := l.head(ctx)
	for _, read := range []func(context.Context) error{l.floor, l.rules, l.bookings, l.holds, l.allocations, l.grants} {
		if err == nil {
			err = read(ctx)
		}
	}
	return l.state, err
}

// loader fills a state from rows.
type loader struct {
	q     session
	r     string
	state house.State
}

func (l *loader) head(ctx context.Context) error {
	s := &l.state
	found, err := l.q.one(ctx, "LoadRestaurant", []any{l.r},
		id(&s.Restaurant.ID), &s.Restaurant.Slug, &s.Restaurant.Name, &s.Restaurant.Zone, &s.Restaurant.Active,
		&s.Epoch, &s.Version, id(&s.Head), &s.Revisions.Floor, &s.Revisions.Policy, &s.Revisions.Bookings, &s.Revisions.Holds,
		instant(&s.LastAt), date(&s.OpenFrom))
	if err == nil && !found {
		return store.ErrNotFound
	}
	return err
}

// rowsOf appends the rows of a statement to a list.
func rowsOf[T any](ctx context.Context, q session, name string, args []any, list *[]T, columns func(*T) []any) error {
	return q.each(ctx, name, args, func(scan func(...any) error) error {
		var row T
		if err := scan(columns(&row)...); err != nil {
			return err
		}
		*list = append(*list, row)
		return nil
	})
}

func (l *loader) floor(ctx context.Context) error {
	s, here := &l.state, []any{l.r}
	err := rowsOf(ctx, l.q, "LoadZones", here, &s.Zones, func(z *seating.Zone) []any {
		return []any{id(&z.ID), &z.Name, &z.Order, &z.Active}
	})
	if err != nil {
		return err
	}
	err = rowsOf(ctx, l.q, "LoadTables", here, &s.Tables, func(t *seating.Table) []any {
		p := &t.Position
		return []any{
			id(&t.ID), &t.Number, id(&t.Zone), &t.MinCovers, &t.MaxCovers, &t.Movable, word(&t.Category), word(&t.Seating),
			&p.X, &p.Y, &p.Rotation, word(&p.Shape), &p.W, &p.H, &t.Active, &t.Ready, &t.Retired,
		}
	})
	if err != nil {
		return err
	}
	err = rowsOf(ctx, l.q, "LoadEdges", here, &s.Edges, func(e *seating.Edge) []any { return []any{id(&e.A), id(&e.B)} })
	if err != nil {
		return err
	}
	err = rowsOf(ctx, l.q, "LoadCombinations", here, &s.Combinations, func(c *seating.Combination) []any {
		return []any{id(&c.ID), &c.MinCovers, &c.MaxCovers, decoded(&c.Tables)}
	})
	if err != nil {
		return err
	}
	return rowsOf(ctx, l.q, "LoadBlocks", here, &s.Blocks, func(b *seating.Block) []any {
		return []any{id(&b.ID), instant(&b.Window.Start), instant(&b.Window.End), &b.Reason, decoded(&b.Tables)}
	})
}

func (l *loader) rules(ctx context.Context) error {
	s, here := &l.state, []any{l.r}
	if _, err := l.q.one(ctx, "LoadPolicy", here, decoded(&s.Policy)); err != nil {
		return err
	}
	if err := rowsOf(ctx, l.q, "LoadPeriods", here, &s.Periods, func(p *servicetime.Period) []any { return []any{decoded(p)} }); err != nil {
		return err
	}
	return rowsOf(ctx, l.q, "LoadClosures", here, &s.Closures, func(c *servicetime.Closure) []any { return []any{decoded(c)} })
}

func (l *loader) bookings(ctx context.Context) error {
	return rowsOf(ctx, l.q, "LoadBookings", []any{l.r, l.state.OpenFrom.String()}, &l.state.Bookings, bookingColumns)
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

func (l *loader) holds(ctx context.Context) error {
	return rowsOf(ctx, l.q, "LoadHolds", []any{l.r, l.state.OpenFrom.String()}, &l.state.Holds, holdColumns)
}

// holdColumns are the columns of a hold, ended or not, in the order in which
// every statement lists them.
func holdColumns(h *seating.Hold) []any {
	return []any{
		id(&h.ID), id(&h.Booking), instant(&h.Window.Start), instant(&h.Window.End), instant(&h.ExpiresAt), instant(&h.HeldSince),
		instant(&h.CreatedAt), &h.CreatedBy, &h.RequireAdjacency, decoded(&h.Override), &h.Made,
	}
}

func (l *loader) allocations(ctx context.Context) error {
	return rowsOf(ctx, l.q, "LoadAllocations", []any{l.r, l.state.OpenFrom.String()}, &l.state.Allocations, allocationColumns)
}

func allocationColumns(a *seating.Allocation) []any {
	return []any{id(&a.Table), instant(&a.Window.Start), instant(&a.Window.End), word(&a.Kind), id(&a.Owner), id(&a.Claimant)}
}

func (l *loader) grants(ctx context.Context) error {
	since := l.state.LastAt.Add(-seating.MaxBudgetWindow.Duration())
	return rowsOf(ctx, l.q, "LoadGrants", []any{l.r, int64(since), l.state.OpenFrom.String()}, &l.state.Grants, func(g *house.GrantPut) []any {
		return []any{id(&g.Booking), &g.Principal, instant(&g.At), id(&g.Hold)}
	})
}
