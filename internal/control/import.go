package control

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/maitred/maitred/internal/decide"
	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// importChunk is how many bookings one command brings in.
const importChunk = 100

// ImportIn is a document on its way into a restaurant.
type ImportIn struct {
	Restaurant string   `json:"restaurant"`
	Document   Document `json:"document"`
}

// Imported counts what was brought in.
type Imported struct {
	Restaurant seating.RestaurantID `json:"restaurantId"`
	Zones      int                  `json:"zones"`
	Tables     int                  `json:"tables"`
	Bookings   int                  `json:"bookings"`
	Version    seating.Version      `json:"version"`
}

// ImportDocument brings a document into an empty restaurant: floor, policy,
// periods, closures, then the book, and a new epoch. All commands are decided on
// a copy first, so a document that is refused leaves nothing behind.
func ImportDocument(ctx context.Context, a *App, in ImportIn) (Imported, error) {
	r, err := a.Restaurant(ctx, in.Restaurant)
	if err != nil {
		return Imported{}, err
	}
	if err := in.Document.validate(); err != nil {
		return Imported{}, err
	}
	if in.Document.Restaurant.Zone != r.Zone {
		return Imported{}, seating.Invalid("/restaurant/zone", "the file is of a restaurant in %s, %s is in %s", in.Document.Restaurant.Zone, r.Slug, r.Zone)
	}
	h, err := a.Houses.Proved(ctx, r.ID)
	if err != nil {
		return Imported{}, err
	}
	if err := a.empty(ctx, h); err != nil {
		return Imported{}, err
	}
	rehearsal := rehearse{h: h, now: a.Houses.Now()}
	if _, err := in.Document.bringIn(rehearsal.do); err != nil {
		return Imported{}, err
	}
	var last decide.Result
	count, err := in.Document.bringIn(func(c decide.Command) (decide.Result, error) {
		result, err := a.Do(ctx, r.ID, c)
		if err == nil {
			last = result
		}
		return result, err
	})
	if err != nil {
		return Imported{}, fmt.Errorf("the import broke off at version %d; the restaurant is not empty any more: %w", last.Version.N, err)
	}
	return Imported{
		Restaurant: r.ID, Zones: len(in.Document.Floor.Zones), Tables: len(in.Document.Floor.Tables), Bookings: count, Version: last.Version,
	}, nil
}

// empty refuses a restaurant that has a floor or bookings.
func (a *App) empty(ctx context.Context, h *house.House) error {
	past, err := a.Store.Bookings(ctx, h.Restaurant.ID, store.BookingQuery{From: 0, To: h.OpenFrom.AddDays(100 * 366), Limit: 1})
	if err != nil {
		return err
	}
	if len(h.Floor.Zones())+len(h.Floor.Tables())+len(h.Days())+len(past) > 0 {
		return seating.Refuse(seating.CodeInvalid, "%s is not empty: an import goes into a restaurant without floor and bookings", h.Restaurant.Slug)
	}
	return nil
}

// rehearse decides commands on a copy, as the line would.
type rehearse struct {
	h   *house.House
	now servicetime.Instant
}

func (r *rehearse) do(c decide.Command) (decide.Result, error) {
	d := decide.Decide(r.h, c, decide.Env{Change: seating.ChangeID(NewID()), Now: r.now, Actor: seating.Operator()})
	if d.Refusal != nil {
		return decide.Result{}, d.Refusal
	}
	if d.Change != nil {
		next, err := house.Apply(r.h, d.Change)
		if err != nil {
			return decide.Result{}, err
		}
		r.h = next
	}
	return d.Result, nil
}

// bringIn gives the commands that make the document, in order, and returns the
// number of bookings.
func (d *Document) bringIn(do func(decide.Command) (decide.Result, error)) (int, error) {
	floor, err := d.plan()
	if err != nil {
		return 0, err
	}
	placed, err := do(floor)
	if err != nil {
		return 0, err
	}
	for _, c := range []decide.Command{
		decide.PutPolicy{Policy: d.Policy}, decide.PutPeriods{Periods: d.Periods}, decide.PutClosures{Closures: d.Closures},
	} {
		if _, err := do(c); err != nil {
			return 0, err
		}
	}
	bookings, err := d.imported(placed.Floor)
	if err != nil {
		return 0, err
	}
	for chunk := range slices.Chunk(bookings, importChunk) {
		if _, err := do(decide.ImportBookings{Bookings: chunk}); err != nil {
			return 0, err
		}
	}
	_, err = do(decide.RotateEpoch{Epoch: NewEpoch(), Reason: "import"})
	return len(bookings), err
}

// plan labels zones and tables by their place in the document.
func (d *Document) plan() (decide.PutFloor, error) {
	zones, tables := map[string]string{}, map[string]string{}
	plan := decide.Plan{}
	for i, z := range d.Floor.Zones {
		ref := "zone-" + strconv.Itoa(i)
		zones[strings.ToLower(z.Name)] = ref
		plan.Zones = append(plan.Zones, decide.PlanZone{Ref: ref, Zone: seating.Zone{Name: z.Name, Order: z.Order, Active: z.Active}})
	}
	for i, t := range d.Floor.Tables {
		zone, ok := zones[strings.ToLower(t.Zone)]
		if !ok {
			return decide.PutFloor{}, seating.Invalid(fmt.Sprintf("/floor/tables/%d/zone", i), "there is no zone %q", t.Zone)
		}
		ref := "table-" + strconv.Itoa(i)
		tables[strings.ToLower(t.Number)] = ref
		plan.Tables = append(plan.Tables, decide.PlanTable{Ref: ref, Zone: zone, Table: seating.Table{
			Number: t.Number, MinCovers: t.MinCovers, MaxCovers: t.MaxCovers, Movable: t.Movable,
			Category: t.Category, Seating: t.Seating, Position: t.Position, Active: t.Active, Ready: t.Ready,
		}})
	}
	refs := func(pointer string, numbers []string) ([]string, error) {
		list := make([]string, len(numbers))
		for i, n := range numbers {
			ref, ok := tables[strings.ToLower(n)]
			if !ok {
				return nil, seating.Invalid(pointer, "there is no table %q", n)
			}
			list[i] = ref
		}
		return list, nil
	}
	for i, pair := range d.Floor.Adjacencies {
		list, err := refs(fmt.Sprintf("/floor/adjacencies/%d", i), pair[:])
		if err != nil {
			return decide.PutFloor{}, err
		}
		plan.Adjacencies = append(plan.Adjacencies, [2]string(list))
	}
	for i, c := range d.Floor.Combinations {
		list, err := refs(fmt.Sprintf("/floor/combinations/%d", i), c.Tables)
		if err != nil {
			return decide.PutFloor{}, err
		}
		plan.Combinations = append(plan.Combinations, decide.PlanCombination{Tables: list, MinCovers: c.MinCovers, MaxCovers: c.MaxCovers})
	}
	return decide.PutFloor{Plan: plan, Fresh: Fresh(plan)}, nil
}

// Fresh makes the IDs that a plan may need.
func Fresh(p decide.Plan) []seating.AnyID {
	ids := make([]seating.AnyID, len(p.Zones)+len(p.Tables)+len(p.Combinations))
	for i := range ids {
		ids[i] = NewID()
	}
	return ids
}

// imported gives the bookings new IDs, and the tables and zones of the floor
// that was placed. They come in by date: the first of them opens the book.
func (d *Document) imported(f *decide.Floor) ([]decide.Imported, error) {
	zones, tables := map[string]seating.ZoneID{}, map[string]seating.TableID{}
	for _, z := range f.Zones {
		zones[strings.ToLower(z.Name)] = z.ID
	}
	for _, t := range f.Tables {
		tables[strings.ToLower(t.Number)] = t.ID
	}
	list := make([]decide.Imported, 0, len(d.Bookings))
	for i, b := range d.Bookings {
		in := decide.Imported{Booking: seating.Booking{
			ID: seating.BookingID(NewID()), Reference: b.Reference, Covers: b.Covers, Date: b.Date, Time: b.Time, ServiceDate: b.ServiceDate,
			Window: b.Window, Dining: b.Dining, Turn: b.Turn, Status: b.Status, SeatingWish: b.SeatingWish, Source: b.Source,
			ArrivedAt: b.ArrivedAt, CheckedInAt: b.CheckedInAt, EndedAt: b.EndedAt, ChosenBy: b.ChosenBy, CreatedAt: b.CreatedAt, CreatedBy: b.CreatedBy,
			PlannedStart: b.PlannedStart, Priority: b.Priority, Quoted: b.Quoted, PendingUntil: b.PendingUntil, LateAt: b.LateAt, OverstayAt: b.OverstayAt,
		}, Since: b.Since}
		if b.ZoneWish != "" {
			id, ok := zones[strings.ToLower(b.ZoneWish)]
			if !ok {
				return nil, seating.Invalid(fmt.Sprintf("/bookings/%d/zone", i), "booking %s wishes for a zone %q that is not there", b.Reference, b.ZoneWish)
			}
			in.Booking.ZoneWish = id
		}
		for _, n := range b.Tables {
			id, ok := tables[strings.ToLower(n)]
			if !ok {
				return nil, seating.Invalid(fmt.Sprintf("/bookings/%d/tables", i), "booking %s sits at a table %q that is not there", b.Reference, n)
			}
			in.Tables = append(in.Tables, id)
		}
		if b.Guest != nil {
			in.Guest = *b.Guest
		}
		list = append(list, in)
	}
	slices.SortStableFunc(list, func(x, y decide.Imported) int { return int(x.Booking.ServiceDate) - int(y.Booking.ServiceDate) })
	return list, nil
}
