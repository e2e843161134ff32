package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var loadTests = []test{
	{"LoadMustReturnErrNotFound", func(t *testing.T, e Env) {
		Plant(t, e.Store, e.Clock, "one")
		if _, _, err := e.Store.Load(t.Context(), NewID[seating.RestaurantID]()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"LoadReturnsTheDatabasesTime", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		e.Clock.Advance(time.Minute)
		if _, now, err := e.Store.Load(t.Context(), d.ID()); err != nil || now != e.Clock.Instant() {
			t.Errorf("Load = %v, %v, want %v", now, err, e.Clock.Instant())
		}
	}},
	{"LoadEqualsApplyForEveryRow", loadEqualsApply},
	{"LoadKeepsPastStretchesOfAnOpenDay", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("MOVED", -60, 60)
		d.Commit(d.Book(b, d.Tables[0]))
		first, second := b, b
		first.Window.End, second.Window.Start = At(0), At(0)
		d.Commit(d.Change("move", house.Rows{
			DropAllocations: Assigned(b, d.Tables[0]),
			PutAllocations:  append(Assigned(first, d.Tables[0]), Assigned(second, d.Tables[1], d.Tables[2])...),
		}, seating.AspectBookings))
		d.Same()
	}},
	{"LoadLeavesOutWhatIsClosed", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		old := d.Booking("OLD", -24*60, -23*60)
		old.ServiceDate, old.Date = Yesterday, Yesterday
		d.Commit(d.Book(old, d.Tables[0]))
		today := Today
		d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}, seating.AspectBookings))
		d.Same()
		if d.Load().Booking(old.ID) != nil {
			t.Error("Load has a booking of a closed day")
		}
	}},
	{"LoadKeepsTheLatestTime", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		e.Clock.Advance(time.Second)
		d.Commit(d.Change("now", house.Rows{}))
		c := d.Change("dated back", house.Rows{})
		c.At = Opening
		d.Commit(c)
		d.Same()
	}},
	{"AWishOfAClosedDayDoesNotKeepAZone", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		zone, today := seating.Zone{ID: NewID[seating.ZoneID](), Name: "Terrace"}, Today
		old := d.Booking("OLD", -24*60, -23*60)
		old.ServiceDate, old.ZoneWish = Yesterday, zone.ID
		d.Commit(d.Change("zone", house.Rows{PutZones: []seating.Zone{zone}}))
		d.Commit(d.Book(old))
		d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}))
		d.Commit(d.Change("drop zone", house.Rows{DropZones: []seating.ZoneID{zone.ID}}))
		d.Same()
		if row, err := e.Store.Booking(t.Context(), d.ID(), old.ID); err != nil || !row.ZoneWish.IsZero() {
			t.Errorf("Booking = %+v, %v, want it without its wish", row, err)
		}
	}},
	{"LoadForgetsGrantsNoBudgetCanCount", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		d.Commit(d.TakeHold(h, d.Tables[0]))
		d.Commit(d.Release(h, seating.EndReleased, d.Tables[0]))
		if got := len(d.Load().Booking(b.ID).Grants); got != 1 {
			t.Errorf("Grants after an ended hold = %d, want 1", got)
		}
		e.Clock.Advance(seating.MaxBudgetWindow.Duration() - time.Microsecond)
		d.Commit(d.Change("nothing", house.Rows{}, seating.AspectPolicy))
		d.Same()
		if got := len(d.Load().Booking(b.ID).Grants); got != 1 {
			t.Errorf("Grants a microsecond before the hour is over = %d, want 1", got)
		}
		e.Clock.Advance(time.Microsecond)
		d.Commit(d.Change("nothing", house.Rows{}, seating.AspectPolicy))
		d.Same()
		if got := len(d.Load().Booking(b.ID).Grants); got != 0 {
			t.Errorf("Grants an hour later = %d, want 0", got)
		}
	}},
}

// loadEqualsApply puts, changes and drops every kind of row, and compares after
// each change.
func loadEqualsApply(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	d.Same()
	step := func(command string, rows house.Rows, aspects ...seating.Aspect) {
		t.Helper()
		e.Clock.Advance(time.Second)
		d.Commit(d.Change(command, rows, aspects...))
		d.Same()
	}
	floor := seating.AspectFloor
	t1, t2, t3, t4 := d.Tables[0], d.Tables[1], d.Tables[2], d.Tables[3]

	renamed := seating.Restaurant{ID: d.ID(), Slug: "renamed", Name: "Renamed", Zone: "America/New_York", Active: false}
	step("rename", house.Rows{Restaurant: &renamed}, seating.AspectPolicy)

	terrace, cellar := seating.Zone{ID: NewID[seating.ZoneID](), Name: "Terrace", Order: 2}, seating.Zone{ID: NewID[seating.ZoneID](), Name: "Cellar", Order: 3, Active: true}
	step("zones", house.Rows{PutZones: []seating.Zone{terrace, cellar}}, floor)
	terrace.Name, cellar.Name = cellar.Name, terrace.Name
	step("zones trade names", house.Rows{PutZones: []seating.Zone{terrace, cellar}}, floor)
	spare := Table(terrace.ID, "T99")
	step("table", house.Rows{PutTables: []seating.Table{spare}}, floor)
	spare.Number, spare.Zone, spare.MaxCovers, spare.Active, spare.Movable, spare.Ready = "T98", cellar.ID, 50, false, false, false
	spare.Category, spare.Seating, spare.Position = seating.CategoryBar, seating.SeatingHighTop, seating.Position{}
	step("table changed", house.Rows{PutTables: []seating.Table{spare}}, floor)
	retired := Table(terrace.ID, "T1")
	retired.Retired = true
	step("retired table with a number in use", house.Rows{PutTables: []seating.Table{retired}}, floor)
	one, two := *d.House.Floor.Table(t1), *d.House.Floor.Table(t2)
	one.Number, two.Number = two.Number, one.Number
	step("tables trade numbers", house.Rows{PutTables: []seating.Table{one, two}}, floor)

	edge := seating.NewEdge(t1, t2)
	step("edges", house.Rows{PutEdges: []seating.Edge{edge, seating.NewEdge(t2, t3)}}, floor)
	combination := seating.Combination{ID: NewID[seating.CombinationID](), Tables: []seating.TableID{t1, t2}, MinCovers: 3, MaxCovers: 10}
	step("combination", house.Rows{PutCombinations: []seating.Combination{combination}}, floor)
	combination.Tables, combination.MaxCovers = []seating.TableID{t1, t2, t3}, 12
	step("combination changed", house.Rows{PutCombinations: []seating.Combination{combination}}, floor)
	left := seating.Block{ID: NewID[seating.BlockID](), Tables: []seating.TableID{t1, t2}, Window: servicetime.Window{Start: At(0), End: At(60)}, Reason: "repair"}
	right := seating.Block{ID: NewID[seating.BlockID](), Tables: []seating.TableID{t1}, Window: servicetime.Window{Start: At(60), End: At(120)}}
	step("blocks", house.Rows{PutBlocks: []seating.Block{left, right}}, floor)
	left.Window, right.Window = right.Window, left.Window
	step("blocks trade windows", house.Rows{PutBlocks: []seating.Block{left, right}}, floor)

	policy := d.House.Policy
	policy.MaxTables, policy.CrossZone, policy.Pacing.CoversPerSlot = 3, true, 20
	date := Today
	periods := []servicetime.Period{
		{
			Name: "dinner", Weekdays: []time.Weekday{time.Friday, time.Sunday}, Start: servicetime.NewClock(17, 0), End: servicetime.NewClock(23, 30),
			LastSeating: servicetime.NewClock(22, 0), Bands: []servicetime.TurnBand{{UpTo: 2, Turn: 60}, {Turn: 90}},
		},
		{
			Name: "gala", Date: &date, Start: servicetime.NewClock(18, 0), End: servicetime.NewClock(2, 0),
			LastSeating: servicetime.NewClock(23, 0), Overrun: true, Bands: []servicetime.TurnBand{{Turn: 120}},
		},
	}
	closures := []servicetime.Closure{{From: Today.AddDays(3), To: Today.AddDays(5), Reason: "holiday"}, {From: Today.AddDays(9), To: Today.AddDays(9)}}
	step("rules", house.Rows{Policy: &policy, Periods: &periods, Closures: &closures}, seating.AspectPolicy)
	fewer := periods[:1]
	step("fewer periods", house.Rows{Periods: &fewer, Closures: &[]servicetime.Closure{}}, seating.AspectPolicy)

	b := d.Booking("B1", 120, 240)
	b.ZoneWish, b.SeatingWish, b.Turn, b.ChosenBy = cellar.ID, seating.SeatingBooth, 120, seating.ChosenByPerson
	step("booking", house.Rows{PutBookings: []seating.Booking{b}}, seating.AspectBookings)
	h := d.Hold(b)
	h.RequireAdjacency, h.Override = true, &seating.Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "regular"}
	taken := d.TakeHold(h, t1, t2, t3)
	step("hold", taken.Rows, seating.AspectHolds)
	h.ExpiresAt = h.ExpiresAt.Add(time.Minute)
	step("extend", house.Rows{PutHolds: []seating.Hold{h}}, seating.AspectHolds)
	step("hold loses its first table", house.Rows{DropAllocations: Held(h, t1)}, seating.AspectHolds)
	b.Status, b.ArrivedAt, b.CheckedInAt = seating.CheckedIn, At(1), At(2)
	step("confirm", house.Rows{
		Reown: []seating.HoldID{h.ID}, EndHolds: []seating.EndedHold{d.Ended(h, seating.EndConfirmed, t2, t3)}, PutBookings: []seating.Booking{b},
	}, seating.AspectBookings, seating.AspectHolds)

	again := d.Hold(b)
	step("hold over the own assignment", d.TakeHold(again, t3, t4).Rows, seating.AspectHolds)
	another := d.Hold(b)
	step("replace the hold", house.Rows{
		DropAllocations: Held(again, t3, t4), EndHolds: []seating.EndedHold{d.Ended(again, seating.EndSuperseded, t3, t4)},
		PutHolds: []seating.Hold{another}, PutAllocations: Held(another, t3, t4), Grants: d.TakeHold(another).Rows.Grants,
	}, seating.AspectHolds)
	step("confirm a move that keeps a table", house.Rows{
		DropAllocations: Assigned(b, t2, t3), Reown: []seating.HoldID{another.ID}, EndHolds: []seating.EndedHold{d.Ended(another, seating.EndConfirmed, t3, t4)},
	}, seating.AspectBookings, seating.AspectHolds)
	late := d.Hold(b)
	step("hold", d.TakeHold(late, t1).Rows, seating.AspectHolds)
	step("release", d.Release(late, seating.EndReleased, t1).Rows, seating.AspectHolds)
	b.Status, b.EndedAt, b.ZoneWish, b.SeatingWish = seating.Completed, At(200), seating.ZoneID{}, ""
	b.ServiceDate, b.Date, b.Time = Today.AddDays(1), Today.AddDays(1), servicetime.NewClock(19, 45)
	step("booking to another day", house.Rows{PutBookings: []seating.Booking{b}}, seating.AspectBookings)

	step("drop the floor", house.Rows{
		DropEdges: []seating.Edge{edge}, DropCombinations: []seating.CombinationID{combination.ID}, DropBlocks: []seating.BlockID{left.ID, right.ID},
		DropTables: []seating.TableID{spare.ID, retired.ID}, DropZones: []seating.ZoneID{terrace.ID, cellar.ID},
	}, floor)
	step("rotate_epoch", house.Rows{Epoch: "fresh"}, floor, seating.AspectPolicy, seating.AspectBookings, seating.AspectHolds)
	step("after the rotation", house.Rows{}, floor)
	replayEqualsLoad(t, d)
}

// replayEqualsLoad brings the house of the restaurant's version 1 forward by the
// journal alone.
func replayEqualsLoad(t *testing.T, d *Seed) {
	t.Helper()
	checkpoint := d.Dump().Checkpoint
	if checkpoint == nil {
		t.Fatal("Dump has no checkpoint")
	}
	h, err := house.New(*checkpoint)
	if err != nil {
		t.Fatalf("New(checkpoint) = %v", err)
	}
	entries, err := d.Store.Journal(t.Context(), d.ID(), 0, 1000)
	if err != nil {
		t.Fatalf("Journal = %v", err)
	}
	for _, entry := range entries {
		if entry.Change == nil {
			t.Fatalf("entry %d is a reload", entry.Version)
		}
		if h, err = house.Apply(h, entry.Change); err != nil {
			t.Fatalf("Apply(entry %d) = %v", entry.Version, err)
		}
	}
	SameHouse(t, d.Load(), h)
}
