package verify_test

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/verify"
)

// spoil is one fault put into a sound restaurant by hand.
type spoil struct {
	name  string
	check string // that must find it
	with  func(d *store.Dump)
}

// row finds a row by a field; the test's own mistake when there is none.
func row[R any](rows []R, is func(R) bool) *R {
	i := slices.IndexFunc(rows, is)
	return &rows[i]
}

func bookingOf(d *store.Dump, ref string) *seating.Booking {
	return row(d.State.Bookings, func(b seating.Booking) bool { return b.Reference == ref })
}

func allocation(d *store.Dump, t seating.TableID, start int) *seating.Allocation {
	return row(d.Occupancy, func(a seating.Allocation) bool { return a.Table == t && a.Window.Start == at(start) })
}

func entry(d *store.Dump, n int64) *store.Entry {
	return row(d.Journal, func(e store.Entry) bool { return e.Version == n })
}

func bookingDue(b seating.BookingID, kind house.DueKind) house.DueRow {
	return house.DueRow{Subject: "booking:" + b.String(), Kind: kind, RunAt: at(0)}
}

func due(d *store.Dump, b seating.BookingID, kind house.DueKind) *house.DueRow {
	return row(d.Due, func(r house.DueRow) bool { return r.Subject == "booking:"+b.String() && r.Kind == kind })
}

// dropDue removes work that must be there.
func dropDue(d *store.Dump, b seating.BookingID, kind house.DueKind) {
	gone := *due(d, b, kind)
	d.Due = drop(d.Due, func(r house.DueRow) bool { return r == gone })
}

func drop[R any](rows []R, is func(R) bool) []R { return slices.DeleteFunc(slices.Clone(rows), is) }

var spoils = []spoil{
	{"two bookings at one table", "overlap", func(d *store.Dump) {
		d.Occupancy = append(d.Occupancy, own(held, t1, window(179, 200)))
	}},
	{"a hold over a booking", "overlap", func(d *store.Dump) { allocation(d, t2, 120).Table = t1 }},
	{"a block over a hold", "overlap", func(d *store.Dump) { allocation(d, t3, 600).Window = window(179, 660) }},
	{"a long allocation over a later one behind its own", "overlap", func(d *store.Dump) {
		d.Occupancy = append(d.Occupancy, own(seated, t2, window(-1000, 1000)), own(seated, t2, window(-900, -890)))
	}},
	{"an allocation without time", "window", func(d *store.Dump) { allocation(d, t1, 120).Window = window(120, 120) }},
	{"a block without time", "window", func(d *store.Dump) { d.State.Blocks[0].Window = window(9, 8) }},
	{"a hold loses a table", "hold-tables", func(d *store.Dump) {
		d.Occupancy = drop(d.Occupancy, func(a seating.Allocation) bool { return a.Table == t3 && a.Kind == seating.OwnedByHold })
	}},
	{"a hold loses all tables", "hold-tables", func(d *store.Dump) {
		d.Occupancy = drop(d.Occupancy, func(a seating.Allocation) bool { return a.Kind == seating.OwnedByHold })
		d.TableCounts[live] = 0
	}},
	{"a hold without a count", "hold-tables", func(d *store.Dump) { clear(d.TableCounts) }},
	{"a hold's allocation for another window", "hold-tables", func(d *store.Dump) { allocation(d, t2, 120).Window = window(120, 179) }},
	{"a hold's allocation for another booking", "hold-tables", func(d *store.Dump) { allocation(d, t2, 120).Claimant = seating.AnyID(seated) }},
	{"an ended hold with a table", "ended-hold", func(d *store.Dump) {
		d.Occupancy = append(d.Occupancy, heldBy(confirmed, seated, t2, window(200, 210)))
	}},
	{"a hold that ended and did not", "ended-hold", func(d *store.Dump) { d.State.Holds[0].ID = confirmed }},
	{"an ended hold of no known end", "ended-hold", func(d *store.Dump) { d.Ended[0].How = "lost" }},
	{"an end before its beginning", "ended-hold", func(d *store.Dump) { d.Ended[0].EndedAt = at(-4) }},
	{"an expiry before its time", "ended-hold", func(d *store.Dump) { d.Ended[0].How = seating.EndExpired }},
	{"an end by nobody", "ended-hold", func(d *store.Dump) { d.Ended[0].EndedBy = "" }},
	{"a hold of no booking", "hold-booking", func(d *store.Dump) { d.State.Holds[0].Booking = id[seating.BookingID](99) }},
	{"a hold of a booking that is over", "hold-booking", func(d *store.Dump) { bookingOf(d, "HELD").Status = seating.Cancelled }},
	{"a hold on a closed day", "hold-booking", func(d *store.Dump) { d.State.Holds[0].Booking = d.Past[0].ID }},
	{"two holds of one booking", "hold-booking", func(d *store.Dump) {
		second := d.State.Holds[0]
		second.ID = id[seating.HoldID](43)
		d.State.Holds = append(d.State.Holds, second)
	}},
	{"a hold that is held before it was made for", "hold-times", func(d *store.Dump) { d.State.Holds[0].HeldSince = at(1) }},
	{"a hold that expires before it was made", "hold-times", func(d *store.Dump) { d.State.Holds[0].ExpiresAt = at(-1) }},
	{"a hold for an hour", "hold-times", func(d *store.Dump) { d.State.Holds[0].ExpiresAt = at(30) }},
	{"a hold from the future", "hold-times", func(d *store.Dump) { d.State.Holds[0].Made = 6 }},
	{"a hold nobody will expire", "hold-due", func(d *store.Dump) { d.Due = nil }},
	{"a hold that is expired late", "hold-due", func(d *store.Dump) {
		row(d.Due, func(r house.DueRow) bool { return r.Kind == house.DueHoldExpiry }).RunAt = at(3)
	}},
	{"an expiry of no hold", "hold-due", func(d *store.Dump) {
		d.Due = append(d.Due, house.DueRow{Subject: "hold:" + confirmed.String(), Kind: house.DueHoldExpiry, RunAt: at(0)})
	}},
	{"a grant of somebody else", "replay", func(d *store.Dump) { d.State.Grants[0].Principal = "user:z" }},
	{"a table after the booking's window", "booking-window", func(d *store.Dump) { allocation(d, t1, 120).Window = window(120, 181) }},
	{"a table claimed by another booking", "booking-window", func(d *store.Dump) { allocation(d, t1, 120).Claimant = seating.AnyID(held) }},
	{"a window that ends before dining does", "booking-window", func(d *store.Dump) { bookingOf(d, "SEAT").Dining = window(120, 999) }},
	{"a confirmed booking for half its window", "booking-cover", func(d *store.Dump) { allocation(d, t1, 120).Window = window(120, 150) }},
	{"a party that stood for a while", "booking-cover", func(d *store.Dump) { allocation(d, t3, -10).Window = window(-9, 30) }},
	{"a party whose table goes early", "booking-cover", func(d *store.Dump) { allocation(d, t3, -10).Window = window(-10, 29) }},
	{"a table given twice to one booking", "booking-cover", func(d *store.Dump) {
		d.Occupancy = append(d.Occupancy, own(arrived, t2, window(-20, -10)))
	}},
	{"an allocation of no booking", "allocation-owner", func(d *store.Dump) {
		a := allocation(d, t1, 120)
		a.Owner, a.Claimant = seating.AnyID(id[seating.BookingID](99)), seating.AnyID(id[seating.BookingID](99))
	}},
	{"an allocation of no hold", "allocation-owner", func(d *store.Dump) { allocation(d, t2, 120).Owner = seating.AnyID(id[seating.HoldID](99)) }},
	{"an allocation of no block", "allocation-owner", func(d *store.Dump) { d.State.Blocks = nil }},
	{"an allocation of no table", "allocation-owner", func(d *store.Dump) { allocation(d, t1, 120).Table = id[seating.TableID](99) }},
	{"a block that blocks nothing", "block-tables", func(d *store.Dump) {
		d.Occupancy = drop(d.Occupancy, func(a seating.Allocation) bool { return a.Kind == seating.OwnedByBlock })
	}},
	{"a block that misses a table", "block-tables", func(d *store.Dump) { d.State.Blocks[0].Tables = []seating.TableID{t2, t3} }},
	{"a block for another window", "block-tables", func(d *store.Dump) { allocation(d, t3, 600).Window = window(600, 661) }},
	{"confirmed without a table", "booking-status", func(d *store.Dump) { bookingOf(d, "HELD").Status = seating.Confirmed }},
	{"checked in without a table", "booking-status", func(d *store.Dump) {
		d.Occupancy = drop(d.Occupancy, func(a seating.Allocation) bool { return a.Owner == seating.AnyID(arrived) })
	}},
	{"waitlisted with a table", "booking-status", func(d *store.Dump) { bookingOf(d, "SEAT").Status = seating.Waitlisted }},
	{"checked in since never", "booking-status", func(d *store.Dump) { bookingOf(d, "MOVE").CheckedInAt = 0 }},
	{"a status of no booking", "booking-status", func(d *store.Dump) { bookingOf(d, "WAIT").Status = "maybe" }},
	{"a booking of a later version", "booking-status", func(d *store.Dump) { bookingOf(d, "WAIT").Version = 6 }},
	{"a closed day that counts as open", "booking-day", func(d *store.Dump) { bookingOf(d, "WAIT").ServiceDate = day - 1 }},
	{"an open day that counts as closed", "booking-day", func(d *store.Dump) { d.Past[0].ServiceDate = day }},
	{"a party still sitting on a closed day", "booking-day", func(d *store.Dump) { d.Past[0].Status = seating.CheckedIn }},
	{"one reference for two", "reference", func(d *store.Dump) { d.Past[0].Reference = "WAIT" }},
	{"no reference", "reference", func(d *store.Dump) { bookingOf(d, "WAIT").Reference = "" }},
	{"a party that left and kept its table", "ended-booking", func(d *store.Dump) { allocation(d, t1, -60).Window = window(-60, -4) }},
	{"a closed day's no-show with a table", "ended-booking", func(d *store.Dump) { d.Past[0].EndedAt = at(-1410) }},
	{"over since never", "ended-booking", func(d *store.Dump) { bookingOf(d, "GONE").EndedAt = 0 }},
	{"a plan of who never sat", "planned-start", func(d *store.Dump) { bookingOf(d, "SEAT").PlannedStart = at(130) }},
	{"tables left by who still sits", "left-tables", func(d *store.Dump) { bookingOf(d, "MOVE").Left = []seating.TableID{t3} }},
	{"a table left twice", "left-tables", func(d *store.Dump) { bookingOf(d, "GONE").Left = []seating.TableID{t1, t1} }},
	{"tables left in no order", "left-tables", func(d *store.Dump) { d.Past[0].Left = []seating.TableID{t2, t1} }},
	{"a table left that is none", "reference-of-rows", func(d *store.Dump) { bookingOf(d, "GONE").Left = []seating.TableID{id[seating.TableID](99)} }},
	{"nobody will notice who is late", "booking-due", func(d *store.Dump) { dropDue(d, seated, house.DueLate) }},
	{"nobody will notice who stays", "booking-due", func(d *store.Dump) { dropDue(d, arrived, house.DueOverstay) }},
	{"nobody will end what is pending", "booking-due", func(d *store.Dump) { dropDue(d, held, house.DuePending) }},
	{"an overstay at another time", "booking-due", func(d *store.Dump) { due(d, arrived, house.DueOverstay).RunAt++ }},
	{"an end of what is pending at another time", "booking-due", func(d *store.Dump) { due(d, held, house.DuePending).RunAt-- }},
	{"who has arrived will be late", "booking-due", func(d *store.Dump) { bookingOf(d, "SEAT").ArrivedAt = at(100) }},
	{"who was late will be late", "booking-due", func(d *store.Dump) { bookingOf(d, "SEAT").LateAt = at(140) }},
	{"who is over will be late", "booking-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(left, house.DueLate)) }},
	{"who waits will be late", "booking-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(waiting, house.DueLate)) }},
	{"who sits on a closed day will stay too long", "booking-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(d.Past[0].ID, house.DueOverstay)) }},
	{"work for no booking", "booking-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(id[seating.BookingID](99), house.DueLate)) }},
	{"work for what is no id", "booking-due", func(d *store.Dump) { d.Due[0].Subject = "booking:x" }},
	{"a booking that expires as a hold does", "booking-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(seated, house.DueHoldExpiry)) }},
	{"a hold that is late", "booking-due", func(d *store.Dump) {
		d.Due = append(d.Due, house.DueRow{Subject: "hold:" + live.String(), Kind: house.DueLate, RunAt: at(0)})
	}},
	{"a day that nobody will close", "day-due", func(d *store.Dump) {
		d.Due = drop(d.Due, func(r house.DueRow) bool { return r.Kind == house.DueCloseDay })
	}},
	{"a booking on a day that nobody will close", "day-due", func(d *store.Dump) { bookingOf(d, "WAIT").ServiceDate = day + 1 }},
	{"a closed day that is to be closed", "day-due", func(d *store.Dump) {
		d.Due = append(d.Due, house.DueRow{Subject: "day:" + (day - 1).String(), Kind: house.DueCloseDay, RunAt: at(0)})
	}},
	{"a day that is none", "day-due", func(d *store.Dump) {
		d.Due = append(d.Due, house.DueRow{Subject: "day:today", Kind: house.DueCloseDay, RunAt: at(0)})
	}},
	{"a day that is late", "day-due", func(d *store.Dump) {
		d.Due = append(d.Due, house.DueRow{Subject: "day:" + day.String(), Kind: house.DueLate, RunAt: at(0)})
	}},
	{"a booking that is closed as a day is", "day-due", func(d *store.Dump) { d.Due = append(d.Due, bookingDue(seated, house.DueCloseDay)) }},
	{"a version without an entry", "journal-gaps", func(d *store.Dump) {
		d.Journal = drop(d.Journal, func(e store.Entry) bool { return e.Version == 3 })
	}},
	{"a version with two entries", "journal-gaps", func(d *store.Dump) { d.Journal = append(d.Journal, *entry(d, 3)) }},
	{"an entry after the state", "journal-gaps", func(d *store.Dump) { d.State.Version = 4 }},
	{"no checkpoint", "journal-gaps", func(d *store.Dump) { d.Checkpoint = nil }},
	{"a checkpoint after the state", "journal-gaps", func(d *store.Dump) { d.Checkpoint.Version = 6 }},
	{"a head that is not the journal's", "journal-chain", func(d *store.Dump) { d.State.Head = id[seating.ChangeID](999) }},
	{"an entry on another base", "journal-chain", func(d *store.Dump) { entry(d, 4).BaseHead = id[seating.ChangeID](999) }},
	{"the first entry on another base", "journal-chain", func(d *store.Dump) { d.Checkpoint.Head = id[seating.ChangeID](999) }},
	{"time that runs backwards", "journal-chain", func(d *store.Dump) { entry(d, 4).At = at(-4) }},
	{"one head for two versions", "journal-chain", func(d *store.Dump) { entry(d, 4).Head = entry(d, 2).Head }},
	{"a change of another restaurant", "journal-change", func(d *store.Dump) { entry(d, 2).Change.Restaurant = id[seating.RestaurantID](9) }},
	{"a change of another command", "journal-change", func(d *store.Dump) { entry(d, 3).Command = "assign" }},
	{"a change of another version", "journal-change", func(d *store.Dump) { entry(d, 3).Change.Base = 7 }},
	{"a change that the rows do not show", "replay", func(d *store.Dump) { bookingOf(d, "SEAT").Covers = 3 }},
	{"a row that no change made", "replay", func(d *store.Dump) { d.State.Edges = nil }},
	{"a policy nobody put", "replay", func(d *store.Dump) { d.State.Policy.Hold.MinTTL = 1 }},
	{"a revision that did not move", "replay", func(d *store.Dump) { d.State.Revisions.Holds = 3 }},
	{"a zone that is none", "replay", func(d *store.Dump) { d.State.Restaurant.Zone = "Mars/Base" }},
	{"a checkpoint that is none", "replay", func(d *store.Dump) { d.Checkpoint.Restaurant.Zone = "Mars/Base" }},
	{"a change that cannot be applied", "replay", func(d *store.Dump) { entry(d, 4).Change.Rows.Reown[0] = live }},
	{"a version without history", "history", func(d *store.Dump) { delete(d.History, 3) }},
	{"history of the future", "history", func(d *store.Dump) { d.History[6] = 1 }},
	{"an event more than the change made", "outbox", func(d *store.Dump) { d.Outbox[entry(d, 2).Head.String()+"/2"] = 2 }},
	{"an event of no change", "outbox", func(d *store.Dump) { d.Outbox[id[seating.ChangeID](999).String()+"/0"] = 2 }},
	{"an event with a made-up key", "outbox", func(d *store.Dump) { d.Outbox["abc"] = 2 }},
	{"an event with a padded ordinal", "outbox", func(d *store.Dump) { d.Outbox[entry(d, 2).Head.String()+"/01"] = 2 }},
	{"an event out of order", "outbox", func(d *store.Dump) { d.Outbox[entry(d, 2).Head.String()+"/0"] = 4 }},
	{"an event that is nowhere", "outbox-lost", func(d *store.Dump) { delete(d.Outbox, entry(d, 2).Head.String()+"/0") }},
	{"the last event of a change is nowhere", "outbox-lost", func(d *store.Dump) { delete(d.Outbox, entry(d, 5).Head.String()+"/1") }},
	{"no event of a change is anywhere", "outbox-lost", func(d *store.Dump) {
		delete(d.Outbox, entry(d, 3).Head.String()+"/0")
		delete(d.Outbox, entry(d, 3).Head.String()+"/1")
	}},
	{"a change counts events without end", "outbox-lost", func(d *store.Dump) { d.Expected[4] = 1 << 40 }},
	{"a version that does not count its events", "outbox-expected", func(d *store.Dump) { delete(d.Expected, 3) }},
	{"a count of no version", "outbox-expected", func(d *store.Dump) { d.Expected[9] = 1 }},
	{"a key with two receipts", "receipt-unique", func(d *store.Dump) { d.Receipts = append(d.Receipts, d.Receipts[0]) }},
	{"a change with two keys", "receipt-unique", func(d *store.Dump) { d.Receipts[0].Version.N = d.Receipts[1].Version.N }},
	{"a receipt of the future", "receipt-effect", func(d *store.Dump) { d.Receipts[0].Version.N = 6 }},
	{"a receipt of another epoch", "receipt-effect", func(d *store.Dump) { d.Receipts[0].Version.Epoch = "e0" }},
	{"a receipt of another principal", "receipt-effect", func(d *store.Dump) { d.Receipts[0].Principal = "user:x" }},
	{"a receipt of another command", "receipt-effect", func(d *store.Dump) { d.Receipts[0].Command = "cancel" }},
	{"a receipt that identifies no request", "receipt-effect", func(d *store.Dump) { d.Receipts[0].Fingerprint = "" }},
	{"a receipt with a guest", "receipt-guest", func(d *store.Dump) { d.Receipts[0].Body = []byte(`{"booking":[{"guest":{}}]}`) }},
	{"a receipt with a phone number", "receipt-guest", func(d *store.Dump) { d.Receipts[0].Body = []byte(`{"a":{"phone":"1"}}`) }},
	{"a receipt that is no JSON", "receipt-guest", func(d *store.Dump) { d.Receipts[0].Body = []byte(`{`) }},
	{"a row of another restaurant", "stray", func(d *store.Dump) { d.Strays = []string{"allocation of table x"} }},
	{"a table in no zone", "reference-of-rows", func(d *store.Dump) { d.State.Tables[0].Zone = id[seating.ZoneID](99) }},
	{"an edge to no table", "reference-of-rows", func(d *store.Dump) { d.State.Edges[0].B = id[seating.TableID](99) }},
	{"a combination of no table", "reference-of-rows", func(d *store.Dump) { d.State.Combinations[0].Tables[0] = id[seating.TableID](99) }},
	{"a block of no table", "reference-of-rows", func(d *store.Dump) { d.State.Blocks[0].Tables[0] = id[seating.TableID](99) }},
	{"an ended hold of no table", "reference-of-rows", func(d *store.Dump) { d.Ended[0].Tables = []seating.TableID{id[seating.TableID](99)} }},
	{"an ended hold of no booking", "reference-of-rows", func(d *store.Dump) { d.Ended[0].Booking = id[seating.BookingID](99) }},
	{"a wish for no zone", "reference-of-rows", func(d *store.Dump) { bookingOf(d, "WAIT").ZoneWish = id[seating.ZoneID](99) }},
}

func TestSoundRestaurantHasNoFindings(t *testing.T) {
	t.Parallel()
	if found := verify.Check(sound(t)); len(found) > 0 {
		t.Errorf("Check(sound) = %v, want nothing", found)
	}
}

func TestEachCheckFindsItsFault(t *testing.T) {
	t.Parallel()
	tried := map[string]int{}
	for _, s := range spoils {
		d := sound(t)
		s.with(d)
		found := verify.Check(d)
		if !slices.ContainsFunc(found, func(f verify.Finding) bool { return f.Check == s.check && f.Message != "" && f.Subject != "" }) {
			t.Errorf("%s: Check found %v, want a finding of %s", s.name, found, s.check)
		}
		tried[s.check]++
	}
	for _, c := range verify.Checks() {
		if tried[c.Name] == 0 {
			t.Errorf("no fault was made for the check %s", c.Name)
		}
		delete(tried, c.Name)
	}
	if len(tried) > 0 {
		t.Errorf("faults for checks that do not exist: %v", tried)
	}
}

func TestEveryInvariantHasACheck(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	invariants := map[int]bool{}
	for _, c := range verify.Checks() {
		if names[c.Name] || c.Claim == "" {
			t.Errorf("check %q is doubled or claims nothing", c.Name)
		}
		names[c.Name], invariants[c.Invariant] = true, true
	}
	for n := 1; n <= 9; n++ {
		if !invariants[n] {
			t.Errorf("invariant %d has no check", n)
		}
	}
}

// Same claimant may overlap (a hold over its own assignment), and windows that
// touch do not overlap.
func TestOverlapIsOnlyBetweenClaimants(t *testing.T) {
	t.Parallel()
	d := &store.Dump{Occupancy: []seating.Allocation{
		own(held, t1, window(0, 60)), heldBy(live, held, t1, window(0, 60)),
		own(seated, t1, window(60, 120)), own(left, t2, window(0, 120)),
	}}
	for _, f := range verify.Check(d) {
		if f.Check == "overlap" {
			t.Errorf("found %v", f)
		}
	}
}

// The sweep finds exactly the pairs that comparing all with all finds.
func TestOverlapFindsWhatComparingAllFinds(t *testing.T) {
	t.Parallel()
	same := func(starts, lengths, claims [9]uint8) bool {
		d := &store.Dump{}
		for i := range starts {
			b := id[seating.BookingID](uint64(claims[i]%4) + 1)
			table := id[seating.TableID](uint64(claims[i]>>4)%2 + 1)
			from := int(starts[i] % 40)
			d.Occupancy = append(d.Occupancy, own(b, table, servicetime.Window{Start: at(from), End: at(from + int(lengths[i]%12))}))
		}
		want := 0
		for i, a := range d.Occupancy {
			for _, b := range d.Occupancy[:i] {
				if a.Table == b.Table && a.Claimant != b.Claimant && a.Window.Overlaps(b.Window) {
					want++
				}
			}
		}
		got := 0
		for _, f := range verify.Check(d) {
			if f.Check == "overlap" {
				got++
			}
		}
		return got == want
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
}

// What may have been pruned is not missed, and what cannot have been is.
func TestOutboxLost_FromWhereNothingIsPruned(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		from servicetime.Instant
		want []string
	}{
		{"nothing was pruned", 0, []string{"version 2", "version 4"}},
		{"pruned up to the moment of the first", entry(sound(t), 2).At.Add(-time.Hour), []string{"version 2", "version 4"}},
		{"pruned past the first", entry(sound(t), 2).At.Add(time.Microsecond - time.Hour), []string{"version 4"}},
		{"all may be pruned", at(0), nil},
	} {
		d := sound(t)
		for _, n := range []int64{2, 4} {
			delete(d.Outbox, entry(d, n).Head.String()+"/1")
		}
		d.EventsFrom = tt.from
		var got []string
		for _, f := range verify.Check(d) {
			got = append(got, f.Subject)
			if f.Check != "outbox-lost" || !strings.Contains(f.Message, "made 2 events; 1 of them") || !strings.Contains(f.Message, "number 1 ") {
				t.Errorf("%s: found %v", tt.name, f)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: Check found %v, want %v", tt.name, got, tt.want)
		}
	}
}

// After a reload nothing can be judged by replay; before it, and from a
// checkpoint behind it, everything can.
func TestReloadEndsTheStretch(t *testing.T) {
	t.Parallel()
	d := sound(t)
	entry(d, 3).Change = nil
	bookingOf(d, "SEAT").Covers = 3
	for _, f := range verify.Check(d) {
		if f.Check == "replay" {
			t.Errorf("found %v behind a reload", f)
		}
	}
}

func TestFindingReadsAsASentence(t *testing.T) {
	t.Parallel()
	f := verify.Finding{Invariant: 1, Check: "overlap", Subject: "table T1", Message: "booking A and hold B overlap"}
	if got, want := f.String(), "invariant 1, overlap: table T1: booking A and hold B overlap"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
