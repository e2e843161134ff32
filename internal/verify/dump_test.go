package verify_test

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// id makes an ID from a number.
func id[I ~[16]byte](n uint64) I {
	var i I
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[0] = 0x70, 1
	return i
}

func at(minutes int) servicetime.Instant {
	return servicetime.InstantOf(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)).Add(time.Duration(minutes) * time.Minute)
}

func window(from, to int) servicetime.Window { return servicetime.Window{Start: at(from), End: at(to)} }

var day = servicetime.NewDate(2026, time.November, 27)

// The things in the restaurant of the tests.
var (
	restaurant = id[seating.RestaurantID](1)
	zone       = id[seating.ZoneID](2)
	t1, t2, t3 = id[seating.TableID](11), id[seating.TableID](12), id[seating.TableID](13)
	block      = id[seating.BlockID](21)
	seated     = id[seating.BookingID](31) // confirmed through a hold
	held       = id[seating.BookingID](32) // pending, with a hold
	left       = id[seating.BookingID](33) // completed
	waiting    = id[seating.BookingID](34) // waitlisted
	arrived    = id[seating.BookingID](35) // checked in, moved during the meal
	confirmed  = id[seating.HoldID](41)    // ended
	live       = id[seating.HoldID](42)
)

func booking(i seating.BookingID, ref string, s seating.Status, w servicetime.Window) seating.Booking {
	return seating.Booking{
		ID: i, Reference: ref, Covers: 2, Date: day, Time: servicetime.NewClock(19, 0), ServiceDate: day, Window: w, Dining: w,
		Status: s, Source: seating.SourcePhone, CreatedAt: at(-60), CreatedBy: "operator", Version: 2,
	}
}

func own(b seating.BookingID, t seating.TableID, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: t, Window: w, Kind: seating.OwnedByBooking, Owner: seating.AnyID(b), Claimant: seating.AnyID(b)}
}

func heldBy(h seating.HoldID, b seating.BookingID, t seating.TableID, w servicetime.Window) seating.Allocation {
	return seating.Allocation{Table: t, Window: w, Kind: seating.OwnedByHold, Owner: seating.AnyID(h), Claimant: seating.AnyID(b)}
}

// sound is a restaurant without a fault, with one of everything, as a store
// would read it. Its journal was made by applying it.
func sound(t *testing.T) *store.Dump {
	t.Helper()
	start := house.State{
		Restaurant: seating.Restaurant{ID: restaurant, Slug: "chez", Name: "Chez", Zone: "Europe/Paris", Active: true},
		Epoch:      "e1", OpenFrom: day, LastAt: at(-120), Policy: seating.DefaultPolicy(seating.DefaultHoldRules()),
	}
	h, err := house.New(start)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := h.State()
	d := &store.Dump{
		Now: at(0), Checkpoint: &checkpoint, TableCounts: map[seating.HoldID]int{}, History: map[int64]int{0: 1},
		Outbox: map[string]int64{}, Expected: map[int64]int{0: 0},
		Journal: []store.Entry{{Version: 0, At: at(-120), Command: "create_restaurant"}},
	}
	next := func(command string, when servicetime.Instant, aspects []seating.Aspect, rows house.Rows) {
		c := &house.Change{
			ID: id[seating.ChangeID](100 + uint64(h.Version)), Restaurant: restaurant, Epoch: h.Epoch, Base: h.Version, BaseHead: h.Head,
			Actor: seating.Operator(), Command: command, At: when, Now: when, Rows: rows, Aspects: aspects,
		}
		// As the journal gives it back.
		body, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		c = &house.Change{}
		if err := json.Unmarshal(body, c); err != nil {
			t.Fatal(err)
		}
		if h, err = house.Apply(h, c); err != nil {
			t.Fatal(err)
		}
		d.Journal = append(d.Journal, store.Entry{Version: c.Version(), Head: c.ID, BaseHead: c.BaseHead, At: c.At, Command: command, Change: c})
		d.History[c.Version()] = 1
		d.Expected[c.Version()] = 2
		d.Outbox[c.ID.String()+"/0"] = c.Version()
		d.Outbox[c.ID.String()+"/1"] = c.Version()
	}
	table := func(i seating.TableID, number string) seating.Table {
		return seating.Table{ID: i, Number: number, Zone: zone, MinCovers: 1, MaxCovers: 4, Movable: true, Category: seating.CategoryDining, Seating: seating.SeatingStandard, Active: true}
	}
	blocked := seating.Block{ID: block, Tables: []seating.TableID{t3}, Window: window(600, 660), Reason: "repair"}
	next("put_floor", at(-110), []seating.Aspect{seating.AspectFloor}, house.Rows{
		PutZones:        []seating.Zone{{ID: zone, Name: "Salle", Active: true}},
		PutTables:       []seating.Table{table(t1, "T1"), table(t2, "T2"), table(t3, "T3")},
		PutEdges:        []seating.Edge{seating.NewEdge(t1, t2)},
		PutCombinations: []seating.Combination{{ID: id[seating.CombinationID](51), Tables: []seating.TableID{t1, t2}, MinCovers: 5, MaxCovers: 9}},
		PutBlocks:       []seating.Block{blocked},
	})
	gone := booking(left, "GONE", seating.Completed, window(-60, 60))
	gone.CheckedInAt, gone.EndedAt, gone.Left, gone.PlannedStart = at(-60), at(-5), []seating.TableID{t1}, at(-50)
	moved := booking(arrived, "MOVE", seating.CheckedIn, window(-50, 30))
	moved.CheckedInAt, moved.PlannedStart = at(-50), at(-40)
	asked := booking(held, "HELD", seating.Pending, window(120, 180))
	asked.PendingUntil = at(70)
	wish := booking(waiting, "WAIT", seating.Waitlisted, window(300, 360))
	wish.ZoneWish = zone
	next("import_bookings", at(-4), []seating.Aspect{seating.AspectBookings}, house.Rows{
		PutBookings: []seating.Booking{booking(seated, "SEAT", seating.Pending, window(120, 180)), asked, gone, wish, moved},
		PutAllocations: []seating.Allocation{
			own(left, t1, window(-60, -5)), own(arrived, t2, window(-50, -10)), own(arrived, t3, window(-10, 30)),
		},
	})
	first := seating.Hold{ID: confirmed, Booking: seated, Window: window(120, 180), ExpiresAt: at(0), HeldSince: at(-3), CreatedAt: at(-3), CreatedBy: "user:x", Made: 3}
	next("hold", at(-3), []seating.Aspect{seating.AspectHolds}, house.Rows{
		PutHolds: []seating.Hold{first}, PutAllocations: []seating.Allocation{heldBy(confirmed, seated, t1, window(120, 180))},
		Grants: []house.GrantPut{{Booking: seated, Grant: seating.Grant{Principal: "user:x", At: at(-3), Hold: confirmed}}},
	})
	done := booking(seated, "SEAT", seating.Confirmed, window(120, 180))
	done.Version = 4
	ended := seating.EndedHold{Hold: first, Tables: []seating.TableID{t1}, How: seating.EndConfirmed, EndedAt: at(-2), EndedBy: "user:x"}
	next("confirm", at(-2), []seating.Aspect{seating.AspectBookings, seating.AspectHolds}, house.Rows{
		Reown: []seating.HoldID{confirmed}, EndHolds: []seating.EndedHold{ended}, PutBookings: []seating.Booking{done},
	})
	next("hold", at(-1), []seating.Aspect{seating.AspectHolds}, house.Rows{
		PutHolds:       []seating.Hold{{ID: live, Booking: held, Window: window(120, 180), ExpiresAt: at(2), HeldSince: at(-1), CreatedAt: at(-1), CreatedBy: "user:y", Made: 5}},
		PutAllocations: []seating.Allocation{heldBy(live, held, t2, window(120, 180)), heldBy(live, held, t3, window(120, 180))},
		Grants:         []house.GrantPut{{Booking: held, Grant: seating.Grant{Principal: "user:y", At: at(-1), Hold: live}}},
	})
	d.State = h.State()
	d.Ended = []seating.EndedHold{ended}
	d.TableCounts[live] = 2
	d.Occupancy = append(append([]seating.Allocation{}, d.State.Allocations...),
		seating.Allocation{Table: t3, Window: blocked.Window, Kind: seating.OwnedByBlock, Owner: seating.AnyID(block), Claimant: seating.AnyID(block)})
	past := booking(id[seating.BookingID](36), "PAST", seating.NoShow, window(-1440, -1380))
	past.Date, past.ServiceDate, past.EndedAt = day-1, day-1, at(-1400)
	d.Past = []seating.Booking{past}
	d.Occupancy = append(d.Occupancy, own(past.ID, t1, window(-1440, -1400)))
	d.Due = []house.DueRow{
		{Subject: "booking:" + seated.String(), Kind: house.DueLate, RunAt: at(121)}, // by a policy of before
		{Subject: "booking:" + held.String(), Kind: house.DueLate, RunAt: at(135)},
		{Subject: "booking:" + held.String(), Kind: house.DuePending, RunAt: at(70)},
		{Subject: "booking:" + arrived.String(), Kind: house.DueOverstay, RunAt: at(35)},
		{Subject: "day:" + day.String(), Kind: house.DueCloseDay, RunAt: at(1000)},
		{Subject: "day:" + (day + 5).String(), Kind: house.DueCloseDay, RunAt: at(9000)}, // its bookings went elsewhere
		{Subject: "hold:" + live.String(), Kind: house.DueHoldExpiry, RunAt: at(2)},
	}
	for n, command := range map[int64]string{3: "hold", 4: "confirm"} {
		d.Receipts = append(d.Receipts, house.Receipt{
			ReceiptKey: house.ReceiptKey{Principal: "operator", Key: "k" + strconv.FormatInt(n, 10)}, Fingerprint: "f", Command: command,
			Status: 201, Version: seating.Version{Epoch: "e1", N: n}, Body: []byte(`{"zones":[{"name":"Salle"}]}`), At: at(-3),
		})
	}
	return d
}
