package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// occupancyTests look at the tables of a day, at blocks that change and at the
// work that is due.
var occupancyTests = []test{
	{"DayAllocationsAreThoseOfTheBookingsOfTheDay", dayAllocations},
	{"ABlockMayChangeItsWindow", aBlockMayChangeItsWindow},
	{"ABlockMayChangeItsTables", aBlockMayChangeItsTables},
	{"ABlockMustNotMoveOverABooking", aBlockMustNotMoveOverABooking},
	{"ABlockMayGo", aBlockMayGo},
	{"ATableOrZoneThatIsInUseStays", whatIsInUseStays},
	{"ARestaurantKeepsItsAddressWhenItIsRenamed", aRenamedRestaurantKeepsItsAddress},
	{"DueWorkOfABookingIsPutAndDropped", dueWorkOfABooking},
}

func dayAllocations(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	d, o := seeds[0], seeds[1]
	moved, held, left, next := d.Booking("MOVED", -60, 60), d.Booking("HELD", 120, 180), d.Booking("LEFT", 0, 90), d.Booking("NEXT", 200, 260)
	left.Status, left.EndedAt, next.ServiceDate = seating.Completed, At(30), Today.AddDays(1)
	first, second, gone := moved, moved, left
	first.Window.End, second.Window.Start, gone.Window.End = At(0), At(0), At(30)
	book := d.Book(moved)
	book.Rows.PutAllocations = append(Assigned(first, d.Tables[0]), Assigned(second, d.Tables[2], d.Tables[1])...)
	d.Commit(book)
	d.Commit(d.Book(held))
	d.Commit(d.TakeHold(d.Hold(held), d.Tables[0]))
	ended := d.Book(left)
	ended.Rows.PutAllocations = Assigned(gone, d.Tables[3])
	d.Commit(ended)
	d.Commit(d.Book(next, d.Tables[0]))
	d.Commit(d.Change("block", house.Rows{PutBlocks: []seating.Block{block(0, 60, d.Tables[5])}}, seating.AspectFloor))
	o.Commit(o.Book(o.Booking("OTHER", 0, 60), o.Tables[0]))

	want := slices.Concat(Assigned(first, d.Tables[0]), Assigned(second, d.Tables[1], d.Tables[2]), Assigned(gone, d.Tables[3]))
	slices.SortFunc(want, func(a, b seating.Allocation) int {
		if c := a.Owner.Compare(b.Owner); c != 0 {
			return c
		}
		return house.CompareAllocations(a, b)
	})
	look := func(when string, date servicetime.Date, want []seating.Allocation) {
		t.Helper()
		got, err := e.Store.DayAllocations(t.Context(), d.ID(), date)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("DayAllocations, %s = %v (-want +got):\n%s", when, err, diff)
		}
	}
	look("of an open day", Today, want)
	look("of the day after", Today.AddDays(1), Assigned(next, d.Tables[0]))
	look("of a day of nobody", Today.AddDays(2), nil)
	tomorrow := Today.AddDays(1)
	d.Commit(d.Change("close_day", house.Rows{
		OpenFrom: &tomorrow, DropAllocations: Held(d.House.Booking(held.ID).Hold.Hold, d.Tables[0]),
		EndHolds: []seating.EndedHold{d.Ended(d.House.Booking(held.ID).Hold.Hold, seating.EndReleased, d.Tables[0])},
	}, seating.AspectBookings))
	look("of a closed day", Today, want)
}

// blockStands compares a block with the house and with every allocation there is.
func (d *Seed) blockStands(b seating.Block) {
	d.T.Helper()
	d.Same()
	var want, got []seating.Allocation
	for _, table := range b.Tables {
		id := seating.AnyID(b.ID)
		want = append(want, seating.Allocation{Table: table, Window: b.Window, Kind: seating.OwnedByBlock, Owner: id, Claimant: id})
	}
	for _, a := range d.Dump().Occupancy {
		if a.Owner == seating.AnyID(b.ID) {
			got = append(got, a)
		}
	}
	slices.SortFunc(want, house.CompareAllocations)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		d.T.Errorf("the block's allocations (-want +got):\n%s", diff)
	}
}

func (d *Seed) blocking(blocks ...seating.Block) *house.Change {
	return d.Change("change_block", house.Rows{PutBlocks: blocks}, seating.AspectFloor)
}

// aBlockMayChangeItsWindow to one that overlaps what it was, that touches it, and
// that lies elsewhere.
func aBlockMayChangeItsWindow(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := block(0, 60, d.Tables[0], d.Tables[1])
	b.Reason = "leak"
	for _, w := range [][2]int{{0, 60}, {0, 90}, {30, 90}, {30, 40}, {40, 50}, {-300, 700}, {1000, 1060}} {
		b.Window = servicetime.Window{Start: At(w[0]), End: At(w[1])}
		d.Commit(d.blocking(b))
		d.blockStands(b)
	}
	b.Reason = "repair"
	d.Commit(d.blocking(b))
	d.blockStands(b)
	replayEqualsLoad(t, d)
}

func aBlockMayChangeItsTables(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b, other := block(0, 60, d.Tables[0], d.Tables[1]), block(0, 60, d.Tables[4])
	d.Commit(d.blocking(b, other))
	for _, tables := range [][]seating.TableID{d.Tables[1:3], d.Tables[2:4], d.Tables[0:4], d.Tables[3:4]} {
		b.Tables, b.Window.End = tables, b.Window.End.Add(1)
		d.Commit(d.blocking(b))
		d.blockStands(b)
		d.blockStands(other)
	}
	// What the block left is free in the same change.
	b.Tables = d.Tables[5:]
	c := d.blocking(b)
	party := d.Booking("B1", 0, 60)
	c.Rows.PutBookings, c.Rows.PutAllocations = []seating.Booking{party}, Assigned(party, d.Tables[3])
	d.Commit(c)
	d.blockStands(b)
	replayEqualsLoad(t, d)
}

func aBlockMustNotMoveOverABooking(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := block(0, 60, d.Tables[0])
	party := d.Booking("B1", 60, 120)
	d.Commit(d.blocking(b))
	d.Commit(d.Book(party, d.Tables[0], d.Tables[1]))
	longer, elsewhere := b, b
	longer.Window.End = At(60) + 1
	elsewhere.Tables, elsewhere.Window = []seating.TableID{d.Tables[1]}, party.Window
	for name, to := range map[string]seating.Block{"longer": longer, "elsewhere": elsewhere} {
		if err := d.Refused(d.blocking(to)); !errors.Is(err, store.ErrImpossible) {
			t.Errorf("Commit(block %s, over a booking) = %v, want ErrImpossible", name, err)
		}
		d.blockStands(b)
	}
}

func aBlockMayGo(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	gone, kept := block(0, 60, d.Tables[0], d.Tables[1]), block(60, 120, d.Tables[0])
	d.Commit(d.blocking(gone, kept))
	// In the change in which one goes another takes its place.
	kept.Window = servicetime.Window{Start: At(30), End: At(120)}
	c := d.blocking(kept)
	c.Rows.DropBlocks = []seating.BlockID{gone.ID}
	d.Commit(c)
	d.blockStands(kept)
	if n := len(d.Dump().Occupancy); n != 1 {
		t.Errorf("there are %d allocations, want the one of the block that stays", n)
	}
	d.Commit(d.Change("delete_block", house.Rows{DropBlocks: []seating.BlockID{kept.ID}}, seating.AspectFloor))
	d.Same()
	if n := len(d.Dump().Occupancy); n != 0 || len(d.Load().State().Blocks) != 0 {
		t.Errorf("there are %d allocations and the blocks %v, want none", n, d.Load().State().Blocks)
	}
	replayEqualsLoad(t, d)
}

func whatIsInUseStays(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.Commit(d.Book(d.Booking("B1", 0, 60), d.Tables[0]))
	for name, rows := range map[string]house.Rows{
		"a table with an allocation": {DropTables: []seating.TableID{d.Tables[0]}},
		"a zone with tables":         {DropZones: []seating.ZoneID{d.Zone}},
	} {
		if err := storeRefuses(d, rows); !errors.Is(err, store.ErrImpossible) {
			t.Errorf("Commit(drop %s) = %v, want ErrImpossible", name, err)
		}
	}
	d.Commit(d.Change("put_floor", house.Rows{DropTables: d.Tables[1:]}, seating.AspectFloor))
	d.Same()
}

// storeRefuses commits rows that no house would take, and gives the store's answer.
func storeRefuses(d *Seed, rows house.Rows) error {
	d.T.Helper()
	return d.Refused(d.Change("put_floor", rows, seating.AspectFloor))
}

// aRenamedRestaurantKeepsItsAddress: a command changes name, zone and whether it
// takes part; its slug stands, and it is found by it.
func aRenamedRestaurantKeepsItsAddress(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	d, o := seeds[0], seeds[1]
	before := o.Dump()
	r := d.House.Restaurant
	r.Name, r.Zone, r.Active = "Élan", "America/New_York", false
	d.Commit(d.Change("rename", house.Rows{Restaurant: &r}, seating.AspectPolicy))
	d.Same()
	if got := d.Load().Restaurant; got != r || got.Slug != "one" {
		t.Errorf("Load = %+v, want %+v", got, r)
	}
	found, err := e.Store.RestaurantBySlug(t.Context(), "one")
	if err != nil || found != r {
		t.Errorf("RestaurantBySlug = %+v, %v, want %+v", found, err, r)
	}
	all, err := e.Store.Restaurants(t.Context())
	if err != nil || !slices.Contains(all, r) || len(all) != 2 {
		t.Errorf("Restaurants = %+v, %v, want both as they are", all, err)
	}
	o.Unchanged(before)
	r.Active = true
	d.Commit(d.Change("activate", house.Rows{Restaurant: &r}, seating.AspectPolicy))
	d.Same()
	replayEqualsLoad(t, d)
}

func dueWorkOfABooking(t *testing.T, e Env) {
	seeds := stage(t, e, "one", "two")
	d, o := seeds[0], seeds[1]
	b := d.Booking("B1", 0, 60)
	subject, day := "booking:"+b.ID.String(), "day:"+Today.String()
	row := func(subject string, kind house.DueKind, minutes int) house.DueRow {
		return house.DueRow{Subject: subject, Kind: kind, RunAt: At(minutes)}
	}
	step := func(name string, s *Seed, due house.DueChange, want ...house.DueRow) {
		t.Helper()
		c := s.Change("due", house.Rows{})
		c.Due = due
		s.Commit(c)
		slices.SortFunc(want, func(a, b house.DueRow) int {
			if a.Subject != b.Subject {
				return strings.Compare(a.Subject, b.Subject)
			}
			return strings.Compare(string(a.Kind), string(b.Kind))
		})
		if diff := cmp.Diff(want, s.Dump().Due, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("due work after %s (-want +got):\n%s", name, diff)
		}
	}
	late, overstay, pending, closing := row(subject, house.DueLate, 15), row(subject, house.DueOverstay, 65), row(subject, house.DuePending, 10), row(day, house.DueCloseDay, 600)
	step("a put of each kind", d, house.DueChange{Put: []house.DueRow{late, overstay, pending, closing}}, late, overstay, pending, closing)
	step("the same of the other", o, house.DueChange{Put: []house.DueRow{late, closing}}, late, closing)
	late.RunAt, late.Attempt = At(30), 2
	step("a put of the same key", d, house.DueChange{Put: []house.DueRow{late}}, late, overstay, pending, closing)
	step("a drop of one kind", d, house.DueChange{Drop: []house.DueRow{{Subject: subject, Kind: house.DuePending}}}, late, overstay, closing)
	late.RunAt = At(40)
	step("a drop and a put of the same key", d, house.DueChange{Drop: []house.DueRow{{Subject: subject, Kind: house.DueLate}}, Put: []house.DueRow{late}}, late, overstay, closing)
	pending.RunAt = At(20)
	step("a drop of the whole subject and a put", d, house.DueChange{Drop: []house.DueRow{{Subject: subject}}, Put: []house.DueRow{pending}}, pending, closing)
	step("a drop of what is not there", d, house.DueChange{Drop: []house.DueRow{{Subject: subject, Kind: house.DueLate}, {Subject: "day:2000-01-01"}}}, pending, closing)
	step("a drop of all", d, house.DueChange{Drop: []house.DueRow{{Subject: subject}, {Subject: day}}})

	e.Clock.Set(At(14))
	if due, err := e.Store.Due(t.Context(), house.DueLate, 9); err != nil || len(due) != 0 {
		t.Errorf("Due(late) before its time = %v, %v, want none", due, err)
	}
	e.Clock.Set(At(15))
	due, err := e.Store.Due(t.Context(), house.DueLate, 9)
	if diff := cmp.Diff([]store.DueWork{{Restaurant: o.ID(), DueRow: row(subject, house.DueLate, 15)}}, due); err != nil || diff != "" {
		t.Errorf("Due(late) = %v (-want +got):\n%s", err, diff)
	}
}
