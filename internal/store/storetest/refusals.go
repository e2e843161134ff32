package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var refusalTests = []test{
	{"OverlapMustBeImpossible", overlapMustBeImpossible},
	{"OverlapOfOneClaimantIsAllowedAcrossKindsOnly", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b, d.Tables[0]))
		d.Commit(d.TakeHold(h, d.Tables[0])) // its hold over its own assignment, same start
		before := d.Dump()
		half := b
		half.Window.Start = At(30)
		d.impossible(house.Rows{PutAllocations: Assigned(half, d.Tables[0])})
		part := h
		part.Window.Start = At(30)
		d.impossible(house.Rows{PutAllocations: Held(part, d.Tables[0])})
		d.Unchanged(before)
		d.Same()
	}},
	{"NeighboursDoNotOverlap", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		d.Commit(d.Book(d.Booking("B2", 60, 120), d.Tables[0]))
		d.Commit(d.Book(d.Booking("B1", 0, 60), d.Tables[0]))
		d.Commit(d.Book(d.Booking("B3", 120, 121), d.Tables[0]))
		d.Same()
	}},
	{"ReownOverTheOwnAssignmentMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		h.Window.Start = At(30)
		d.Commit(d.Book(b, d.Tables[0]))
		d.Commit(d.TakeHold(h, d.Tables[0]))
		before := d.Dump()
		d.impossible(house.Rows{Reown: []seating.HoldID{h.ID}, EndHolds: []seating.EndedHold{d.Ended(h, seating.EndConfirmed, d.Tables[0])}})
		d.Unchanged(before)
	}},
	{"AHoldWithoutAllocationsMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		d.impossible(house.Rows{PutHolds: []seating.Hold{h}})
		d.Commit(d.TakeHold(h, d.Tables[0]))
		before := d.Dump()
		d.impossible(house.Rows{DropAllocations: Held(h, d.Tables[0])})
		d.Unchanged(before)
	}},
	{"AnEndedHoldWithAllocationsMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		d.Commit(d.TakeHold(h, d.Tables[0], d.Tables[1]))
		before := d.Dump()
		d.impossible(house.Rows{DropAllocations: Held(h, d.Tables[0]), EndHolds: []seating.EndedHold{d.Ended(h, seating.EndReleased, d.Tables[0])}})
		d.Unchanged(before)
		d.Commit(d.Release(h, seating.EndReleased, d.Tables[0], d.Tables[1]))
		d.impossible(d.TakeHold(h, d.Tables[0]).Rows) // an ended hold does not come back
	}},
	{"TwoHoldsOfABookingMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		d.Commit(d.Book(b))
		d.Commit(d.TakeHold(d.Hold(b), d.Tables[0]))
		d.impossible(d.TakeHold(d.Hold(b), d.Tables[1]).Rows)
	}},
	{"RowsThatAreNotThereMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		before := d.Dump()
		d.impossible(house.Rows{DropAllocations: Assigned(b, d.Tables[0])})
		d.impossible(house.Rows{Reown: []seating.HoldID{h.ID}})
		d.impossible(house.Rows{EndHolds: []seating.EndedHold{d.Ended(h, seating.EndReleased, d.Tables[0])}})
		d.impossible(house.Rows{PutAllocations: Assigned(b, NewID[seating.TableID]())})
		d.impossible(house.Rows{PutAllocations: Assigned(d.Booking("B2", 0, 60), d.Tables[0])})
		d.Unchanged(before)
	}},
	{"RowsOfAnotherRestaurantMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		o := Plant(t, e.Store, e.Clock, "two")
		b, foreign := d.Booking("B1", 0, 60), o.Booking("B1", 0, 60)
		d.Commit(d.Book(b))
		o.Commit(o.Book(foreign, o.Tables[0]))
		mine, before := d.Dump(), o.Dump()
		wish := b
		wish.ZoneWish = o.Zone
		table := Table(o.Zone, "T50")
		d.impossible(house.Rows{PutAllocations: Assigned(b, o.Tables[1])})
		d.impossible(house.Rows{PutAllocations: Assigned(foreign, d.Tables[0])})
		d.impossible(house.Rows{DropAllocations: Assigned(foreign, o.Tables[0])})
		d.impossible(d.TakeHold(d.Hold(foreign), d.Tables[0]).Rows)
		d.impossible(d.TakeHold(d.Hold(b), o.Tables[1]).Rows)
		d.impossible(house.Rows{PutBookings: []seating.Booking{wish}})
		d.impossible(house.Rows{PutTables: []seating.Table{table}})
		d.impossible(house.Rows{PutEdges: []seating.Edge{seating.NewEdge(d.Tables[0], o.Tables[0])}})
		d.impossible(house.Rows{PutCombinations: []seating.Combination{{ID: NewID[seating.CombinationID](), Tables: []seating.TableID{d.Tables[0], o.Tables[0]}, MinCovers: 1, MaxCovers: 8}}})
		d.impossible(house.Rows{PutBlocks: []seating.Block{{ID: NewID[seating.BlockID](), Tables: []seating.TableID{o.Tables[0]}, Window: b.Window}}})
		d.Unchanged(mine)
		o.Unchanged(before)
	}},
	{"NamesThatAreTakenMustBeImpossible", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		d.impossible(house.Rows{PutZones: []seating.Zone{{ID: NewID[seating.ZoneID](), Name: "MAIN"}}})
		d.impossible(house.Rows{PutTables: []seating.Table{Table(d.Zone, "t1")}})
		d.Commit(d.Change("umlaut", house.Rows{PutZones: []seating.Zone{{ID: NewID[seating.ZoneID](), Name: "Ärger"}}}))
		d.impossible(house.Rows{PutZones: []seating.Zone{{ID: NewID[seating.ZoneID](), Name: "ärger"}}})
	}},
	{"AZoneThatIsWishedForMustStay", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		zone := seating.Zone{ID: NewID[seating.ZoneID](), Name: "Terrace"}
		b := d.Booking("B1", 0, 60)
		b.ZoneWish = zone.ID
		d.Commit(d.Change("zone", house.Rows{PutZones: []seating.Zone{zone}}))
		d.Commit(d.Book(b))
		d.impossible(house.Rows{DropZones: []seating.ZoneID{zone.ID}})
		b.ZoneWish = seating.ZoneID{}
		d.Commit(d.Change("drop with the wish", house.Rows{DropZones: []seating.ZoneID{zone.ID}, PutBookings: []seating.Booking{b}}))
		d.Same()
	}},
	{"BoundsMustBeInvalid", boundsMustBeInvalid},
	{"ASlugThatIsTakenMustBeErrExists", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		Plant(t, e.Store, e.Clock, "two")
		r := d.House.Restaurant
		r.Slug = "two"
		if err := d.Refused(d.Change("rename", house.Rows{Restaurant: &r})); !errors.Is(err, store.ErrExists) {
			t.Errorf("Commit(slug of another) = %v, want ErrExists", err)
		}
	}},
	{"RawWritesWithoutAVersionMustBeRefused", rawWritesWithoutAVersion},
	{"RawWritesThatBreakAnInvariantMustBeRefused", rawWritesThatBreakAnInvariant},
}

// impossible commits rows that the database must refuse behind a right version.
// That nothing is written is left to its caller, who compares once.
func (d *Seed) impossible(rows house.Rows) {
	d.T.Helper()
	_, err := d.Store.Commit(d.T.Context(), d.Batch(d.Change("impossible", rows, seating.AspectFloor)))
	if !errors.Is(err, store.ErrImpossible) {
		d.T.Errorf("Commit = %v, want ErrImpossible", err)
	}
}

// overlapMustBeImpossible lays claims of all kinds on a table and tries every
// other claimant against each (H04, H05, H17, H18).
func overlapMustBeImpossible(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	t1 := d.Tables[0]
	booked, holder := d.Booking("B1", 0, 60), d.Booking("B2", 100, 160)
	held := d.Hold(holder)
	block := seating.Block{ID: NewID[seating.BlockID](), Tables: []seating.TableID{t1}, Window: servicetime.Window{Start: At(200), End: At(260)}}
	d.Commit(d.Book(booked, t1))
	d.Commit(d.Book(holder))
	d.Commit(d.TakeHold(held, t1))
	d.Commit(d.Change("block", house.Rows{PutBlocks: []seating.Block{block}}, seating.AspectFloor))
	before := d.Dump()
	for _, taken := range []servicetime.Window{booked.Window, held.Window, block.Window} {
		for name, w := range map[string]servicetime.Window{
			"same":      taken,
			"inside":    {Start: taken.Start + 1, End: taken.End - 1},
			"around":    {Start: taken.Start - 1, End: taken.End + 1},
			"its end":   {Start: taken.End - 1, End: taken.End + 1},
			"its start": {Start: taken.Start - 1, End: taken.Start + 1},
		} {
			rival := d.Booking("R"+name, 0, 60)
			rival.Window = w
			d.impossible(d.Book(rival, t1).Rows)
			hold := d.Hold(rival)
			rows := d.TakeHold(hold, t1).Rows
			rows.PutBookings = []seating.Booking{rival}
			d.impossible(rows)
			d.impossible(house.Rows{PutBlocks: []seating.Block{{ID: NewID[seating.BlockID](), Tables: []seating.TableID{t1}, Window: w}}})
		}
	}
	d.Unchanged(before)
	for i, gap := range []servicetime.Window{{Start: At(60), End: At(100)}, {Start: At(160), End: At(200)}, {Start: At(260), End: At(300)}} {
		neighbour := d.Booking(fmt.Sprintf("FITS%d", i), 0, 60)
		neighbour.Window = gap
		d.Commit(d.Book(neighbour, t1))
	}
	d.Same()
}

// boundsMustBeInvalid tries values beyond each bound of the database (H03).
func boundsMustBeInvalid(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	d.Commit(d.Book(b))
	invalid := func(name string, rows house.Rows) {
		t.Helper()
		if _, err := e.Store.Commit(t.Context(), d.Batch(d.Change("invalid", rows))); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Commit(%s) = %v, want ErrInvalid", name, err)
		}
	}
	before := d.Dump()
	hold := func(name string, change func(h *seating.Hold)) {
		t.Helper()
		h := d.Hold(b)
		change(&h)
		invalid("hold "+name, d.TakeHold(h, d.Tables[0]).Rows)
	}
	now := e.Clock.Instant()
	hold("until tomorrow", func(h *seating.Hold) { h.ExpiresAt = now.Add(24 * time.Hour) })
	hold("for 600 s and a microsecond", func(h *seating.Hold) { h.ExpiresAt = now.Add(600*time.Second) + 1 })
	hold("past 30 minutes of holding", func(h *seating.Hold) {
		h.HeldSince = now.Add(-25 * time.Minute)
		h.ExpiresAt = h.HeldSince.Add(30*time.Minute) + 1
	})
	hold("expired before it was held", func(h *seating.Hold) { h.ExpiresAt = h.HeldSince })
	hold("without a time", func(h *seating.Hold) { h.Window.End = h.Window.Start })

	booking := func(name string, change func(b *seating.Booking)) {
		t.Helper()
		b := d.Booking("B2", 0, 60)
		change(&b)
		invalid("booking "+name, house.Rows{PutBookings: []seating.Booking{b}})
	}
	booking("for nobody", func(b *seating.Booking) { b.Covers = 0 })
	booking("for 101", func(b *seating.Booking) { b.Covers = 101 })
	booking("that ends as it starts", func(b *seating.Booking) { b.Window.End = b.Window.Start })
	booking("that dines backwards", func(b *seating.Booking) { b.Dining.End = b.Dining.Start - 1 })
	booking("in an unknown state", func(b *seating.Booking) { b.Status = "vanished" })
	booking("for 601 minutes", func(b *seating.Booking) { b.Turn = 601 })
	booking("without a reference", func(b *seating.Booking) { b.Reference = "" })

	table := func(name string, change func(t *seating.Table)) {
		t.Helper()
		row := Table(d.Zone, "T50")
		change(&row)
		invalid("table "+name, house.Rows{PutTables: []seating.Table{row}})
	}
	table("for 51", func(t *seating.Table) { t.MaxCovers = 51 })
	table("with minimum 0", func(t *seating.Table) { t.MinCovers = 0 })
	table("with more minimum than covers", func(t *seating.Table) { t.MinCovers = 5 })
	table("of an unknown category", func(t *seating.Table) { t.Category = "roof" })

	p := d.House.Policy
	p.Hold.MaxTTL = 601
	invalid("policy with holds of 601 s", house.Rows{Policy: &p})
	invalid("backward block", house.Rows{PutBlocks: []seating.Block{{ID: NewID[seating.BlockID](), Window: servicetime.Window{Start: 2, End: 1}}}})
	invalid("backward closure", house.Rows{Closures: &[]servicetime.Closure{{From: Today, To: Yesterday}}})
	d.Unchanged(before)
	longest := d.Hold(b)
	longest.ExpiresAt = now.Add(600 * time.Second)
	d.Commit(d.TakeHold(longest, d.Tables[0]))
}

// rawWritesWithoutAVersion writes to every capacity table with a raw connection.
func rawWritesWithoutAVersion(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	h := d.Hold(b)
	floor := house.Rows{
		PutEdges:        []seating.Edge{seating.NewEdge(d.Tables[0], d.Tables[1])},
		PutCombinations: []seating.Combination{{ID: NewID[seating.CombinationID](), Tables: d.Tables[:2], MinCovers: 1, MaxCovers: 8}},
		PutBlocks:       []seating.Block{{ID: NewID[seating.BlockID](), Tables: d.Tables[5:], Window: b.Window}},
		Periods:         &[]servicetime.Period{{Name: "dinner", Date: &Today}},
		Closures:        &[]servicetime.Closure{{From: Today, To: Today}},
	}
	d.Commit(d.Change("floor", floor))
	d.Commit(d.Book(b, d.Tables[1]))
	d.Commit(d.TakeHold(h, d.Tables[0]))
	before := d.Dump()
	r := "'" + d.ID().String() + "'"
	for _, table := range []string{
		"zones", "tables", "adjacencies", "combinations", "combination_tables", "blocks", "policies", "service_periods", "closures",
		"bookings", "holds", "allocations",
	} {
		n, err := raw.RawCount(t.Context(), "SELECT COUNT(restaurant_id) FROM "+table+" WHERE restaurant_id = "+r)
		if err != nil || n == 0 {
			t.Fatalf("%s has %d rows, %v: the test tries nothing", table, n, err)
		}
		for _, script := range []string{
			"UPDATE " + table + " SET restaurant_id = restaurant_id WHERE restaurant_id = " + r,
			"DELETE FROM " + table + " WHERE restaurant_id = " + r,
		} {
			if err := raw.RawSQL(t.Context(), script); err == nil || !strings.Contains(err.Error(), "unversioned write") {
				t.Errorf("%s = %v, want refused as unversioned", script, err)
			}
		}
	}
	for _, script := range []string{
		"UPDATE restaurants SET zone = 'Asia/Tokyo' WHERE id = " + r,
		"INSERT INTO zones (restaurant_id, id, name, name_key, sort_order, active) VALUES (" + r + ", '" + NewID[seating.ZoneID]().String() + "', 'X', 'x', 1, TRUE)",
	} {
		if err := raw.RawSQL(t.Context(), script); err == nil || !strings.Contains(err.Error(), "unversioned write") {
			t.Errorf("%s = %v, want refused as unversioned", script, err)
		}
	}
	d.Unchanged(before)
}

// rawWritesThatBreakAnInvariant raises the version first, as a hand edit may,
// and breaks something else.
func rawWritesThatBreakAnInvariant(t *testing.T, e Env) {
	raw := rawOf(t, e)
	d := Plant(t, e.Store, e.Clock, "one")
	o := Plant(t, e.Store, e.Clock, "two")
	b, rival := d.Booking("B1", 0, 60), d.Booking("B2", 0, 60)
	h := d.Hold(b)
	d.Commit(d.Book(b))
	d.Commit(d.Book(rival, d.Tables[1]))
	d.Commit(d.TakeHold(h, d.Tables[0]))
	before := d.Dump()
	r := "'" + d.ID().String() + "'"
	quoted := func(id fmt.Stringer) string { return "'" + id.String() + "'" }
	head := NewID[seating.ChangeID]()
	bump := "UPDATE restaurant_state SET version = version + 1, head = " + quoted(head) + " WHERE restaurant_id = " + r + ";\n"
	entry := "INSERT INTO journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, events, history) " +
		"SELECT restaurant_id, version, head, " + quoted(d.House.Head) + ", last_at, last_at, 'touch', 'operator', 1, 0, 0 FROM restaurant_state WHERE restaurant_id = " + r + ";\n"
	assigned := func(booking seating.Booking, table seating.TableID, from, to servicetime.Instant) string {
		return "INSERT INTO allocations (restaurant_id, table_id, starts_at, ends_at, owner_kind, owner_id, claimant, booking_id) VALUES (" + r + ", " +
			quoted(table) + ", " + raw.Literal(from) + ", " + raw.Literal(to) + ", 'booking', " + quoted(booking.ID) + ", " + quoted(booking.ID) + ", " + quoted(booking.ID) + ");\n"
	}
	for name, edit := range map[string]string{
		"overlap":                      bump + assigned(rival, d.Tables[0], At(30), At(90)) + entry,
		"moved into an overlap":        bump + "UPDATE allocations SET table_id = " + quoted(d.Tables[0]) + " WHERE restaurant_id = " + r + " AND owner_kind = 'booking';\n" + entry,
		"foreign table":                bump + assigned(rival, o.Tables[0], At(200), At(260)) + entry,
		"foreign booking":              bump + assigned(o.Booking("X", 0, 1), d.Tables[2], At(200), At(260)) + entry,
		"stolen claimant":              bump + "UPDATE allocations SET claimant = " + quoted(rival.ID) + " WHERE restaurant_id = " + r + " AND owner_kind = 'hold';\n" + entry,
		"hold without allocations":     bump + "DELETE FROM allocations WHERE restaurant_id = " + r + " AND owner_kind = 'hold';\n" + entry,
		"ended hold with allocations":  bump + "DELETE FROM holds WHERE restaurant_id = " + r + ";\n" + entry,
		"bump without a journal entry": bump,
		"version that falls":           "UPDATE restaurant_state SET version = version - 1 WHERE restaurant_id = " + r,
		"head without a bump":          "UPDATE restaurant_state SET head = " + quoted(head) + " WHERE restaurant_id = " + r,
		"version that leaves a gap":    "UPDATE restaurant_state SET version = version + 2, head = " + quoted(head) + " WHERE restaurant_id = " + r + ";\n" + entry,
		"entry that does not chain":    bump + strings.Replace(entry, quoted(d.House.Head), quoted(head), 1),
		"entry of no version":          strings.Replace(entry, "SELECT restaurant_id, version,", "SELECT restaurant_id, version + 1,", 1),
		"journal changed":              "UPDATE journal SET command = 'x' WHERE restaurant_id = " + r,
		"current entry removed":        "DELETE FROM journal WHERE restaurant_id = " + r,
		"edit behind the entry":        bump + entry + "UPDATE bookings SET covers = 5 WHERE restaurant_id = " + r,
	} {
		if err := raw.RawSQL(t.Context(), edit); err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
	d.Unchanged(before)
	// The positive twin: the same means, nothing broken.
	if err := raw.RawSQL(t.Context(), bump+assigned(rival, d.Tables[2], At(200), At(260))+entry); err != nil {
		t.Errorf("a sound hand edit = %v", err)
	}
	if got := d.Load().Version; got != d.House.Version+1 {
		t.Errorf("version after a sound hand edit = %d, want %d", got, d.House.Version+1)
	}
}
