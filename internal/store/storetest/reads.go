package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var proveTests = []test{
	{"ProveMustReturnErrNotFound", func(t *testing.T, e Env) {
		if _, err := e.Store.Prove(t.Context(), NewID[seating.RestaurantID](), store.Ask{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Prove(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"ProveReadsStateTimeAndFacts", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		old, b := d.Booking("OLD", -24*60, -23*60), d.Booking("B1", 0, 60)
		old.ServiceDate = Yesterday
		key := house.ReceiptKey{Principal: "p", Key: "k"}
		book := d.Book(old)
		book.Receipt = receipt(d, key, book)
		d.Commit(book)
		d.Commit(d.Book(b))
		h, live := d.Hold(b), d.Hold(b)
		h.Override = &seating.Override{Checks: []seating.CheckID{seating.CheckSlack}, Reason: "vip"}
		d.Commit(d.TakeHold(h, d.Tables[0], d.Tables[1]))
		ended := d.Release(h, seating.EndSuperseded, d.Tables[0], d.Tables[1])
		d.Commit(ended)
		d.Commit(d.TakeHold(live, d.Tables[0]))
		today := Today
		d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}))
		e.Clock.Advance(time.Second)
		got, err := e.Store.Prove(t.Context(), d.ID(), store.Ask{
			Keys:     []house.ReceiptKey{key, {Principal: "q", Key: "k"}},
			Holds:    []seating.HoldID{h.ID, live.ID},
			Bookings: []seating.BookingID{old.ID, b.ID, NewID[seating.BookingID]()},
		})
		want := store.Proof{
			State: stateOf(d.House), Now: e.Clock.Instant(),
			Receipts: map[house.ReceiptKey]house.Receipt{key: *book.Receipt},
			Ended:    map[seating.HoldID]seating.EndedHold{h.ID: ended.Rows.EndHolds[0]},
			Closed:   map[seating.BookingID]servicetime.Date{old.ID: Yesterday},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Prove = %v (-want +got):\n%s", err, diff)
		}
	}},
}

var listTests = []test{
	{"BookingsComeInOrderAfterTheCursor", bookingsComeInOrder},
	{"BookingsSearchTextLiterally", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		for reference, name := range map[string]string{
			"AB1": "100% Ada", "AB2": "under_score", "AB3": `back\slash`, "AB4": "O'Hara", "AB5": "ÄRGER", "AB6": "",
		} {
			b := d.Booking(reference, 0, 60)
			c := d.Book(b)
			if name != "" {
				c.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: name}}}
			}
			d.Commit(c)
		}
		for text, want := range map[string][]string{
			"%": {"AB1"}, "_": {"AB2"}, `\`: {"AB3"}, "'": {"AB4"}, "ärg": {"AB5"}, "ADA": {"AB1"}, "ab6": {"AB6"}, "ab": {"AB1", "AB2", "AB3", "AB4", "AB5", "AB6"},
			"%%": nil, "a_a": nil, `"`: nil,
		} {
			rows, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{From: Today, To: Today, Text: text, Limit: 100})
			var got []string
			for _, r := range rows {
				got = append(got, r.Reference)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Bookings(%s) = %v (-want +got):\n%s", text, err, diff)
			}
		}
	}},
	{"BookingHasTheTablesOfItsLastStretch", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		first, second := b, b
		first.Window.End, second.Window.Start = At(30), At(30)
		c := d.Book(b)
		c.Rows.PutAllocations = append(Assigned(first, d.Tables[0]), Assigned(second, d.Tables[1], d.Tables[2])...)
		d.Commit(c)
		d.Commit(d.TakeHold(d.Hold(b), d.Tables[3])) // a hold's tables are not the booking's
		row, err := e.Store.Booking(t.Context(), d.ID(), b.ID)
		want := store.BookingRow{Booking: b, Tables: d.House.Booking(b.ID).Tables()}
		if diff := cmp.Diff(want, row); err != nil || diff != "" {
			t.Errorf("Booking = %v (-want +got):\n%s", err, diff)
		}
		if _, err := e.Store.Booking(t.Context(), d.ID(), NewID[seating.BookingID]()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Booking(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"HistoryIsNewestFirst", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		for n := range 4 {
			c := d.Change(fmt.Sprintf("step%d", n), house.Rows{})
			c.History = []house.HistoryRow{{Subject: "a", To: "x"}, {Subject: "b", To: "y"}}
			d.Commit(c)
		}
		lines := func(subject string, before int64, limit int) []string {
			t.Helper()
			got, err := e.Store.History(t.Context(), d.ID(), subject, before, limit)
			if err != nil {
				t.Fatalf("History = %v", err)
			}
			var short []string
			for _, l := range got {
				short = append(short, fmt.Sprintf("%d.%d %s", l.Version, l.Ordinal, l.Subject))
			}
			return short
		}
		for _, c := range []struct {
			got, want []string
		}{
			{lines("", 0, 3), []string{"5.1 b", "5.0 a", "4.1 b", "4.0 a"}},
			{lines("", 0, 2), []string{"5.1 b", "5.0 a"}},
			{lines("", 0, 1), []string{"5.1 b", "5.0 a"}},
			{lines("a", 0, 2), []string{"5.0 a", "4.0 a"}},
			{lines("a", 4, 9), []string{"3.0 a", "2.0 a"}},
			{lines("", 2, 9), []string{"1.0 restaurant"}},
			{lines("nothing", 0, 9), nil},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("History (-want +got):\n%s", diff)
			}
		}
	}},
	{"EndedHoldMustReturnErrNotFound", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		h := d.Hold(b)
		d.Commit(d.Book(b))
		d.Commit(d.TakeHold(h, d.Tables[0]))
		if _, err := e.Store.EndedHold(t.Context(), d.ID(), h.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("EndedHold(live) = %v, want ErrNotFound", err)
		}
		c := d.Release(h, seating.EndReleased, d.Tables[0])
		d.Commit(c)
		got, err := e.Store.EndedHold(t.Context(), d.ID(), h.ID)
		if diff := cmp.Diff(c.Rows.EndHolds[0], got); err != nil || diff != "" {
			t.Errorf("EndedHold = %v (-want +got):\n%s", err, diff)
		}
	}},
}

func bookingsComeInOrder(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	var all []seating.Booking
	for i, start := range []int{60, 0, 60, 120} {
		for day := range 3 {
			b := d.Booking(fmt.Sprintf("B%d%d", i, day), start, start+60)
			b.ServiceDate = Today.AddDays(day)
			if i == 3 {
				b.Status = seating.Cancelled
			}
			d.Commit(d.Book(b))
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b seating.Booking) int {
		if a.ServiceDate != b.ServiceDate {
			return int(a.ServiceDate - b.ServiceDate)
		}
		if a.Window.Start != b.Window.Start {
			return int(a.Window.Start - b.Window.Start)
		}
		return a.ID.Compare(b.ID)
	})
	var paged []seating.Booking
	q := store.BookingQuery{From: Today, To: Today.AddDays(2), Limit: 5}
	for {
		rows, err := e.Store.Bookings(t.Context(), d.ID(), q)
		if err != nil {
			t.Fatalf("Bookings = %v", err)
		}
		for _, r := range rows {
			paged = append(paged, r.Booking)
		}
		if len(rows) < q.Limit {
			break
		}
		last := rows[len(rows)-1]
		q.After = &store.BookingCursor{Date: last.ServiceDate, Start: last.Window.Start, ID: last.ID}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("Bookings in pages of 5 (-want +got):\n%s", diff)
	}
	some, err := e.Store.Bookings(t.Context(), d.ID(), store.BookingQuery{
		From: Today.AddDays(1), To: Today.AddDays(1), Statuses: []seating.Status{seating.Cancelled, seating.NoShow}, Limit: 100,
	})
	if err != nil || len(some) != 1 || some[0].Status != seating.Cancelled || some[0].ServiceDate != Today.AddDays(1) {
		t.Errorf("Bookings(cancelled tomorrow) = %v, %v, want one", some, err)
	}
}

var queueTests = []test{
	{"EventsBecomeOutboxRows", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		b := d.Booking("B1", 0, 60)
		c := d.Book(b)
		c.Events = append(c.Events, seating.Event{
			Type: seating.EventFloorChanged, Severity: seating.SeverityNotice,
			Payload: seating.EventPayload{SchemaVersion: seating.EventSchemaVersion, Restaurant: d.ID(), Version: c.Public(), At: c.At, Actor: c.Actor},
		})
		d.Commit(c)
		e.Clock.Advance(time.Second)
		d.Commit(d.Book(d.Booking("B2", 0, 60)))
		rows, err := e.Store.OutboxRows(t.Context(), store.SinkObservability, 0, 2)
		if err != nil || len(rows) != 2 {
			t.Fatalf("OutboxRows = %d rows, %v, want 2", len(rows), err)
		}
		for i, aggregate := range []string{b.ID.String(), d.ID().String()} {
			want := store.OutboxRow{
				ID: rows[i].ID, Sink: store.SinkObservability, Lane: store.Lane(seating.FlowID(d.ID())), Flow: seating.FlowID(d.ID()), Restaurant: d.ID(),
				Booking: c.Events[i].Booking, Aggregate: aggregate, AggregateSeq: c.Version(), EventType: c.Events[i].Type, Severity: c.Events[i].Severity,
				SchemaVersion: 1, DedupeKey: fmt.Sprintf("%s/%d", c.ID, i), Payload: rows[i].Payload, Headers: rows[i].Headers,
				NextAttemptAt: Opening, CreatedAt: Opening,
			}
			if diff := cmp.Diff(want, rows[i]); diff != "" {
				t.Errorf("row %d (-want +got):\n%s", i, diff)
			}
			if !containsAll(string(rows[i].Payload), `"schemaVersion":1`, d.ID().String(), c.Public().String()) {
				t.Errorf("payload %d = %s", i, rows[i].Payload)
			}
			if !containsAll(string(rows[i].Headers), `"principal"`, c.Actor.Principal) {
				t.Errorf("headers %d = %s", i, rows[i].Headers)
			}
		}
		rest, err := e.Store.OutboxRows(t.Context(), store.SinkObservability, rows[1].ID, 10)
		if err != nil || len(rest) != 1 || rest[0].ID <= rows[1].ID {
			t.Errorf("OutboxRows(after the second) = %v, %v, want the third", rest, err)
		}
		backlog, err := e.Store.Backlog(t.Context())
		want := []store.Backlog{{Sink: store.SinkObservability, Rows: 3, Oldest: Opening, Now: e.Clock.Instant()}, {Sink: store.SinkWebhook, Now: e.Clock.Instant()}}
		if diff := cmp.Diff(want, backlog); err != nil || diff != "" {
			t.Errorf("Backlog = %v (-want +got):\n%s", err, diff)
		}
	}},
	{"BacklogOfAnEmptySinkIsZero", func(t *testing.T, e Env) {
		backlog, err := e.Store.Backlog(t.Context())
		if diff := cmp.Diff([]store.Backlog{{Sink: store.SinkObservability, Now: Opening}, {Sink: store.SinkWebhook, Now: Opening}}, backlog); err != nil || diff != "" {
			t.Errorf("Backlog = %v (-want +got):\n%s", err, diff)
		}
	}},
}

var upkeepTests = []test{
	{"NowIsTheDatabasesClock", func(t *testing.T, e Env) {
		e.Clock.Advance(time.Minute)
		if now, err := e.Store.Now(t.Context()); err != nil || now != e.Clock.Instant() {
			t.Errorf("Now = %v, %v, want %v", now, err, e.Clock.Instant())
		}
	}},
	{"DueReturnsTheOldestOfAllRestaurants", func(t *testing.T, e Env) {
		d, o := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		put := func(s *Seed, subject string, kind house.DueKind, at servicetime.Instant) {
			c := s.Change("due", house.Rows{})
			c.Due.Put = []house.DueRow{{Subject: subject, Kind: kind, RunAt: at, Attempt: 1}}
			s.Commit(c)
		}
		put(d, "hold:late", house.DueHoldExpiry, At(2))
		put(o, "hold:early", house.DueHoldExpiry, At(1))
		put(d, "hold:future", house.DueHoldExpiry, At(3)+1)
		put(d, "booking:other", "other", At(0))
		e.Clock.Set(At(3))
		want := []store.DueWork{
			{Restaurant: o.ID(), DueRow: house.DueRow{Subject: "hold:early", Kind: house.DueHoldExpiry, RunAt: At(1), Attempt: 1}},
			{Restaurant: d.ID(), DueRow: house.DueRow{Subject: "hold:late", Kind: house.DueHoldExpiry, RunAt: At(2), Attempt: 1}},
		}
		due, err := e.Store.Due(t.Context(), house.DueHoldExpiry, 10)
		if diff := cmp.Diff(want, due); err != nil || diff != "" {
			t.Errorf("Due = %v (-want +got):\n%s", err, diff)
		}
		if due, err := e.Store.Due(t.Context(), house.DueHoldExpiry, 1); err != nil || len(due) != 1 {
			t.Errorf("Due(limit 1) = %v, %v", due, err)
		}
		e.Clock.Set(At(3) + 1)
		if due, err := e.Store.Due(t.Context(), house.DueHoldExpiry, 10); err != nil || len(due) != 3 {
			t.Errorf("Due at its instant = %v, %v, want three", due, err)
		}
	}},
	{"DumpMustReturnErrNotFound", func(t *testing.T, e Env) {
		if _, err := e.Store.Dump(t.Context(), NewID[seating.RestaurantID]()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Dump(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"DumpHasEverythingStored", dumpHasEverything},
	{"IntegrityOfASoundStoreIsEmpty", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		d.Commit(d.Book(d.Booking("B1", 0, 60), d.Tables[0]))
		if found, err := e.Store.Integrity(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("Integrity = %v, %v, want nothing", found, err)
		}
	}},
}

func dumpHasEverything(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	old, b := d.Booking("OLD", -24*60, -23*60), d.Booking("B1", 0, 60)
	old.ServiceDate = Yesterday
	d.Commit(d.Book(old, d.Tables[0]))
	book := d.Book(b, d.Tables[1])
	book.Receipt = receipt(d, house.ReceiptKey{Principal: "p", Key: "k"}, book)
	d.Commit(book)
	gone, h := d.Hold(b), d.Hold(b)
	d.Commit(d.TakeHold(gone, d.Tables[2]))
	release := d.Release(gone, seating.EndReleased, d.Tables[2])
	d.Commit(release)
	d.Commit(d.TakeHold(h, d.Tables[2], d.Tables[3]))
	block := seating.Block{ID: NewID[seating.BlockID](), Tables: []seating.TableID{d.Tables[4]}, Window: b.Window, Reason: "repair"}
	d.Commit(d.Change("block", house.Rows{PutBlocks: []seating.Block{block}}))
	today := Today
	d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}))

	dump := d.Dump()
	blocked := seating.AnyID(block.ID)
	occupancy := slices.Concat(Assigned(old, d.Tables[0]), Assigned(b, d.Tables[1]), Held(h, d.Tables[2], d.Tables[3]), []seating.Allocation{
		{Table: d.Tables[4], Window: block.Window, Kind: seating.OwnedByBlock, Owner: blocked, Claimant: blocked},
	})
	slices.SortFunc(occupancy, house.CompareAllocations)
	sorted := *dump
	sorted.State = mustState(t, dump.State)
	want := store.Dump{
		State: d.House.State(), Now: e.Clock.Instant(), Checkpoint: dump.Checkpoint, Journal: dump.Journal,
		Ended: release.Rows.EndHolds, Past: []seating.Booking{old}, Occupancy: occupancy,
		TableCounts: map[seating.HoldID]int{h.ID: 2},
		History:     map[int64]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1},
		Outbox:      map[string]int64{dump.Journal[2].Head.String() + "/0": 2, book.ID.String() + "/0": 3},
		EventsFrom:  e.Clock.Instant().Add(-30 * 24 * time.Hour),
		Expected:    map[int64]int{0: 0, 1: 0, 2: 1, 3: 1, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0},
		Receipts:    []house.Receipt{*book.Receipt},
		Due:         []house.DueRow{{Subject: "hold:" + h.ID.String(), Kind: house.DueHoldExpiry, RunAt: h.ExpiresAt}},
	}
	if diff := cmp.Diff(want, sorted, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Dump (-want +got):\n%s", diff)
	}
	if len(dump.Journal) != 9 || dump.Checkpoint == nil || dump.Checkpoint.Version != 0 {
		t.Errorf("Dump has %d journal entries and the checkpoint %v, want 9 and version 0", len(dump.Journal), dump.Checkpoint)
	}
}

// mustState gives a state in its canonical order.
func mustState(t *testing.T, s house.State) house.State {
	t.Helper()
	h, err := house.New(s)
	if err != nil {
		t.Fatalf("New(dumped state) = %v", err)
	}
	return h.State()
}
