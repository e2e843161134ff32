package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// ruleTests look closer at single statements: what a change writes, and that it
// writes nothing else.
var ruleTests = []test{
	{"TheLastOfSeveralRowsStandsInTheWay", theLastOfSeveralRowsStandsInTheWay},
	{"ReownOverTheLastOfSeveralOwnRows", reownOverTheLastOfSeveralOwnRows},
	{"EveryStatementNamesTheRestaurant", everyStatementNamesTheRestaurant},
	{"AnEdgeThatGoesLeavesTheOthers", anEdgeThatGoesLeavesTheOthers},
	{"ABookingShowsItsOwnLastTables", aBookingShowsItsOwnLastTables},
	{"ATableThatIsRetiredStaysBehindItsBookings", aTableThatIsRetiredStaysBehindItsBookings},
	{"WhoTradesNamesLeavesTheOthersTheirs", whoTradesNamesLeavesTheOthersTheirs},
	{"RevokingATokenLeavesTheOthers", revokingATokenLeavesTheOthers},
	{"BoundsOfTheSchema", boundsOfTheSchema},
}

// stage plants restaurants in one store.
func stage(t *testing.T, e Env, slugs ...string) (seeds []*Seed) {
	for _, slug := range slugs {
		seeds = append(seeds, Plant(t, e.Store, e.Clock, slug))
	}
	return seeds
}

func block(from, to int, tables ...seating.TableID) seating.Block {
	return seating.Block{ID: NewID[seating.BlockID](), Tables: tables, Window: servicetime.Window{Start: At(from), End: At(to)}}
}

// theLastOfSeveralRowsStandsInTheWay: of the rows that begin before a new one
// ends, the first do not reach into it and the last does, whatever its kind and
// the new one's (H18).
func theLastOfSeveralRowsStandsInTheWay(t *testing.T, e Env) {
	windows := [][2]int{{-300, -240}, {-200, -140}, {0, 60}}
	kinds := map[seating.OwnerKind]func(d *Seed, reference string, from, to int) *house.Change{
		seating.OwnedByBooking: func(d *Seed, reference string, from, to int) *house.Change {
			return d.Book(d.Booking(reference, from, to), d.Tables[0])
		},
		seating.OwnedByHold: func(d *Seed, reference string, from, to int) *house.Change {
			b := d.Booking(reference, from, to)
			c := d.TakeHold(d.Hold(b), d.Tables[0])
			c.Rows.PutBookings = []seating.Booking{b}
			return c
		},
		seating.OwnedByBlock: func(d *Seed, _ string, from, to int) *house.Change {
			return d.Change("block", house.Rows{PutBlocks: []seating.Block{block(from, to, d.Tables[0])}}, seating.AspectFloor)
		},
	}
	for there, lay := range kinds {
		t.Run(string(there), func(t *testing.T) {
			d := Plant(t, e.Store, e.Clock, string(there))
			for i, w := range windows {
				d.Commit(lay(d, "OLD"+string(rune('A'+i)), w[0], w[1]))
			}
			for kind, try := range kinds {
				for _, w := range [][2]int{{30, 90}, {59, 90}, {-10, 1}, {10, 20}, {-10, 70}} {
					if _, err := e.Store.Commit(t.Context(), d.Batch(try(d, "NEW", w[0], w[1]))); !errors.Is(err, store.ErrImpossible) {
						t.Errorf("Commit(%s at %v over the last %s) = %v, want ErrImpossible", kind, w, there, err)
					}
				}
			}
			d.Same()
			d.Commit(kinds[seating.OwnedByBooking](d, "NEXT", 60, 90))
			d.Commit(kinds[seating.OwnedByHold](d, "BEFORE", -60, 0))
		})
	}
}

// reownOverTheLastOfSeveralOwnRows is the same for rows that change their kind
// (H18).
func reownOverTheLastOfSeveralOwnRows(t *testing.T, e Env) {
	seeds := stage(t, e, "one")
	d := seeds[0]
	b := d.Booking("B1", 0, 200)
	first, second := b, b
	first.Window.End, second.Window.Start, second.Window.End = At(60), At(100), At(160)
	c := d.Book(b, d.Tables[1])
	c.Rows.PutAllocations = append(Assigned(first, d.Tables[0]), Assigned(second, d.Tables[0])...)
	d.Commit(c)
	h := d.Hold(b)
	h.Window = servicetime.Window{Start: At(130), End: At(200)}
	d.Commit(d.TakeHold(h, d.Tables[0])) // a hold over its own assignment
	if _, err := e.Store.Commit(t.Context(), d.Batch(d.Confirm(b, h, d.Tables[0]))); !errors.Is(err, store.ErrImpossible) {
		t.Errorf("Commit(confirm over the own last row) = %v, want ErrImpossible", err)
	}
	d.Same()
}

// twin gives a restaurant one of everything under IDs that another has too.
func twin(d *Seed, ids [8][16]byte) {
	zone := seating.Zone{ID: ids[0], Name: "Twin", Active: true}
	t1, t2, t3 := Table(zone.ID, "X1"), Table(zone.ID, "X2"), Table(zone.ID, "X3")
	t1.ID, t2.ID, t3.ID = ids[1], ids[2], ids[3]
	closed := block(-600, -500, t1.ID)
	closed.ID = ids[4]
	d.Commit(d.Change("twin", house.Rows{
		PutZones: []seating.Zone{zone}, PutTables: []seating.Table{t1, t2, t3}, PutEdges: []seating.Edge{seating.NewEdge(t1.ID, t2.ID)},
		PutCombinations: []seating.Combination{{ID: ids[5], Tables: []seating.TableID{t1.ID, t2.ID}, MinCovers: 1, MaxCovers: 8}},
		PutBlocks:       []seating.Block{closed},
		Periods:         &[]servicetime.Period{{Name: "dinner"}},
		Closures:        &[]servicetime.Closure{{From: Today.AddDays(9), To: Today.AddDays(9)}},
	}, seating.AspectFloor))
	b := d.Booking("TWIN", 0, 60)
	b.ID, b.ZoneWish = ids[6], zone.ID
	book := d.Book(b, t1.ID)
	book.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Ada of " + d.New.State.Restaurant.Slug}}}
	d.Commit(book)
	gone, h := d.Hold(b), d.Hold(b)
	h.ID = ids[7]
	d.Commit(d.TakeHold(gone, t2.ID))
	d.Commit(d.Release(gone, seating.EndReleased, t2.ID))
	d.Commit(d.TakeHold(h, t2.ID))
}

// everyStatementNamesTheRestaurant: two restaurants that have everything under the
// same IDs; what one changes and drops, the other keeps (T03).
func everyStatementNamesTheRestaurant(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	one, two := seeds[0], seeds[1]
	var ids [8][16]byte
	for i := range ids {
		ids[i] = NewID[[16]byte]()
	}
	twin(one, ids)
	twin(two, ids)
	both := func(step string) {
		t.Helper()
		one.Same()
		two.Same()
		if t.Failed() {
			t.Fatalf("after %s", step)
		}
	}
	both("the twins")
	before := two.Dump()

	entry := one.House.Booking(ids[6])
	b, h := entry.Booking, entry.Hold.Hold
	confirm := one.Confirm(b, h, ids[2])
	confirm.Rows.DropAllocations = Assigned(b, ids[1])
	one.Commit(confirm)
	both("confirm")
	again := one.Hold(b)
	one.Commit(one.TakeHold(again, ids[3]))
	one.Commit(one.Release(again, seating.EndReleased, ids[3]))
	both("a hold that is released")
	b.Covers, b.ZoneWish = 3, seating.ZoneID{}
	empty, none := []servicetime.Period{}, []servicetime.Closure{}
	one.Commit(one.Change("clear", house.Rows{
		DropAllocations: Assigned(b, ids[2]), PutBookings: []seating.Booking{b},
		DropEdges: []seating.Edge{seating.NewEdge(ids[1], ids[2])}, DropCombinations: []seating.CombinationID{ids[5]}, DropBlocks: []seating.BlockID{ids[4]},
		Periods: &empty, Closures: &none,
	}, seating.AspectFloor))
	both("clear")
	one.Commit(one.Change("drop", house.Rows{DropTables: []seating.TableID{ids[1], ids[2], ids[3]}, DropZones: []seating.ZoneID{ids[0]}}, seating.AspectFloor))
	both("drop")
	two.Unchanged(before)
	for _, d := range seeds {
		guests, err := e.Store.Guests(t.Context(), d.ID(), []seating.BookingID{ids[6]})
		if want := "Ada of " + d.New.State.Restaurant.Slug; err != nil || len(guests) != 1 || guests[ids[6]].Name != want {
			t.Errorf("Guests(%s) = %v, %v, want %s", d.New.State.Restaurant.Slug, guests, err, want)
		}
	}
	if err := e.Store.DropRestaurant(t.Context(), one.ID()); err != nil {
		t.Fatalf("DropRestaurant = %v", err)
	}
	two.Same()
	two.Unchanged(before)
}

func anEdgeThatGoesLeavesTheOthers(t *testing.T, e Env) {
	seeds := stage(t, e, "one")
	d := seeds[0]
	t1, t2, t3 := d.Tables[0], d.Tables[1], d.Tables[2]
	edges := []seating.Edge{seating.NewEdge(t1, t2), seating.NewEdge(t1, t3), seating.NewEdge(t2, t3)}
	d.Commit(d.Change("edges", house.Rows{PutEdges: edges}, seating.AspectFloor))
	for _, e := range edges {
		d.Commit(d.Change("edge", house.Rows{DropEdges: []seating.Edge{e}}, seating.AspectFloor))
		d.Same()
		d.Commit(d.Change("edge", house.Rows{PutEdges: []seating.Edge{e}}, seating.AspectFloor))
	}
}

// aBookingShowsItsOwnLastTables whatever other bookings have.
func aBookingShowsItsOwnLastTables(t *testing.T, e Env) {
	seeds := stage(t, e, "one")
	d := seeds[0]
	b := d.Booking("MOVED", -60, 60)
	moved := b
	moved.Window.End = At(0)
	rest := b
	rest.Window.Start = At(0)
	c := d.Book(b)
	c.Rows.PutAllocations = append(Assigned(moved, d.Tables[0]), Assigned(rest, d.Tables[1], d.Tables[2])...)
	d.Commit(c)
	d.Commit(d.Book(d.Booking("LATER", 200, 300), d.Tables[3]))
	h := d.Hold(b)
	h.Window.Start, h.Window.End = At(60), At(90)
	d.Commit(d.TakeHold(h, d.Tables[4])) // its hold is not its table
	want := slices.SortedFunc(slices.Values([]seating.TableID{d.Tables[1], d.Tables[2]}), seating.TableID.Compare)
	row, err := e.Store.Booking(t.Context(), d.ID(), b.ID)
	if err != nil {
		t.Fatalf("Booking = %v", err)
	}
	if diff := cmp.Diff(want, row.Tables); diff != "" {
		t.Errorf("Booking(MOVED).Tables (-want +got):\n%s", diff)
	}
	rows, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{From: Today, To: Today, Limit: 10})
	if err != nil || len(rows) != 2 {
		t.Fatalf("Bookings = %d rows, %v, want 2", len(rows), err)
	}
	if diff := cmp.Diff(want, rows[0].Tables); diff != "" {
		t.Errorf("Bookings()[MOVED].Tables (-want +got):\n%s", diff)
	}
}

// aTableThatIsRetiredStaysBehindItsBookings, and its number is free.
func aTableThatIsRetiredStaysBehindItsBookings(t *testing.T, e Env) {
	seeds := stage(t, e, "one")
	d := seeds[0]
	b := d.Booking("B1", -120, -60)
	d.Commit(d.Book(b, d.Tables[0]))
	gone := *d.House.Floor.Table(d.Tables[0])
	number := gone.Number
	gone.Retired, gone.Active, gone.Zone = true, false, seating.ZoneID{}
	d.Commit(d.Change("retire", house.Rows{PutTables: []seating.Table{gone}}, seating.AspectFloor))
	d.Same()
	if table := d.Load().Floor.Table(gone.ID); table == nil || !table.Retired {
		t.Errorf("Load().Table(T1) = %+v, want it retired", table)
	}
	next := Table(d.Zone, number)
	d.Commit(d.Change("number", house.Rows{PutTables: []seating.Table{next}}, seating.AspectFloor))
	d.Same()
	if row, err := e.Store.Booking(t.Context(), d.ID(), b.ID); err != nil || !slices.Equal(row.Tables, []seating.TableID{gone.ID}) {
		t.Errorf("Booking(B1) = tables %v, %v, want the retired one", row.Tables, err)
	}
	// Two of one number cannot be in use.
	twice := Table(d.Zone, number)
	_, err := e.Store.Commit(t.Context(), d.Batch(d.Change("twice", house.Rows{PutTables: []seating.Table{twice}}, seating.AspectFloor)))
	if !errors.Is(err, store.ErrImpossible) {
		t.Errorf("Commit(a second table %s) = %v, want ErrImpossible", number, err)
	}
	d.Same()
}

// whoTradesNamesLeavesTheOthersTheirs: the rows of a change give up their
// unique names for a moment, those of no other.
func whoTradesNamesLeavesTheOthersTheirs(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	d := seeds[0]
	zone := func(name string) seating.Zone {
		return seating.Zone{ID: NewID[seating.ZoneID](), Name: name, Active: true}
	}
	a, b := zone("Terrace"), zone("Cellar")
	d.Commit(d.Change("zones", house.Rows{PutZones: []seating.Zone{a, b}}, seating.AspectFloor))
	a.Name, b.Name = b.Name, a.Name
	one, two := *d.House.Floor.Table(d.Tables[0]), *d.House.Floor.Table(d.Tables[1])
	one.Number, two.Number = two.Number, one.Number
	d.Commit(d.Change("trade", house.Rows{PutZones: []seating.Zone{a, b}, PutTables: []seating.Table{one, two}}, seating.AspectFloor))
	d.Same()
	for _, d := range seeds {
		for name, rows := range map[string]house.Rows{
			"zone MAIN": {PutZones: []seating.Zone{zone("MAIN")}},
			"table t3":  {PutTables: []seating.Table{Table(d.Zone, "t3")}},
		} {
			_, err := e.Store.Commit(t.Context(), d.Batch(d.Change("twice", rows, seating.AspectFloor)))
			if !errors.Is(err, store.ErrImpossible) {
				t.Errorf("Commit(a second %s) = %v, want ErrImpossible", name, err)
			}
		}
	}
}

func revokingATokenLeavesTheOthers(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	d := seeds[0]
	other := store.Token{ID: NewID[seating.TokenID](), Restaurant: d.ID(), Name: "bar", Role: seating.RoleHost, Hash: [32]byte{1}, HoldCap: 5}
	if err := e.Store.PutToken(t.Context(), other); err != nil {
		t.Fatalf("PutToken = %v", err)
	}
	if err := e.Store.RevokeToken(t.Context(), d.ID(), d.New.Token.ID); err != nil {
		t.Fatalf("RevokeToken = %v", err)
	}
	if _, err := e.Store.TokenByHash(t.Context(), d.New.Token.Hash); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("TokenByHash(revoked) = %v, want ErrNotFound", err)
	}
	for name, hash := range map[string][32]byte{"the other": other.Hash, "another restaurant's": seeds[1].New.Token.Hash} {
		if token, err := e.Store.TokenByHash(t.Context(), hash); err != nil || !token.RevokedAt.IsZero() || token.Access != 1 {
			t.Errorf("TokenByHash(%s) = %+v, %v, want it good and unchanged", name, token, err)
		}
	}
}
