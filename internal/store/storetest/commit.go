package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

var commitTests = []test{
	{"CommitIsDurableAndTold", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		e.Clock.Advance(time.Second)
		c := d.Book(d.Booking("B1", 0, 60), d.Tables[0])
		done := d.Commit(c)
		if done.Now != e.Clock.Instant() {
			t.Errorf("Commit.Now = %v, want %v", done.Now, e.Clock.Instant())
		}
		d.Same()
		dump := d.Dump()
		if dump.History[c.Version()] != 1 || dump.Expected[c.Version()] != 1 || dump.Outbox[c.ID.String()+"/0"] != c.Version() {
			t.Errorf("Dump has history %v, expected %v, outbox %v", dump.History, dump.Expected, dump.Outbox)
		}
	}},
	{"CommitMustMoveFromTheBase", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		stale := d.Change("stale", house.Rows{}, seating.AspectPolicy)
		d.Commit(d.Change("first", house.Rows{}, seating.AspectPolicy))
		other := *d.Change("other head", house.Rows{}, seating.AspectPolicy)
		other.BaseHead = NewID[seating.ChangeID]()
		epoch := *d.Change("other epoch", house.Rows{}, seating.AspectPolicy)
		epoch.Epoch = "elsewhere"
		ahead := *d.Change("ahead", house.Rows{}, seating.AspectPolicy)
		ahead.Base += 5
		e.Clock.Advance(time.Millisecond)
		for _, c := range []*house.Change{stale, &other, &epoch, &ahead} {
			moved, ok := errors.AsType[*store.MovedError](d.Refused(c))
			if !ok {
				t.Errorf("%s is not refused with *MovedError", c.Command)
				continue
			}
			want := &store.MovedError{State: stateOf(d.House), Now: e.Clock.Instant()}
			if diff := cmp.Diff(want, moved); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.Command, diff)
			}
		}
	}},
	{"CommitMustSayErrNotFound", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		c := d.Change("lost", house.Rows{}, seating.AspectPolicy)
		c.Restaurant = NewID[seating.RestaurantID]()
		_, err := e.Store.Commit(t.Context(), store.Batch{Restaurant: c.Restaurant, Changes: []*house.Change{c}})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Commit(unknown restaurant) = %v, want ErrNotFound", err)
		}
	}},
	{"CommitMustRefuseABatchThatDoesNotChain", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		a, b := d.Change("a", house.Rows{}), d.Change("b", house.Rows{})
		for name, changes := range map[string][]*house.Change{"same base": {a, b}, "empty": nil} {
			if _, err := e.Store.Commit(t.Context(), d.Batch(changes...)); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Commit(%s) = %v, want ErrInvalid", name, err)
			}
		}
		d.Same()
	}},
	{"CommitOfABatchIsAllOrNothing", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		changes := chain(t, d, func(d *Seed) *house.Change { return d.Book(d.Booking("B1", 0, 60), d.Tables[0]) },
			func(d *Seed) *house.Change { return d.Book(d.Booking("B2", 0, 60), d.Tables[1]) },
			func(d *Seed) *house.Change { return d.Change("rotate_epoch", house.Rows{Epoch: "second"}) },
			func(d *Seed) *house.Change { return d.Book(d.Booking("B3", 0, 60), d.Tables[2]) })
		bad := *changes[3]
		bad.Guards = []house.Guard{{Kind: house.GuardBefore, Until: e.Clock.Instant()}}
		if guard, ok := errors.AsType[*store.GuardError](d.Refused(changes[0], changes[1], changes[2], &bad)); !ok || guard.Index != 3 {
			t.Errorf("Commit(bad last) = %v, want *GuardError of change 3", guard)
		}
		d.Commit(changes...)
		d.Same()
		entries, err := e.Store.Journal(t.Context(), d.ID(), changes[0].Base, 10)
		if err != nil || len(entries) != 4 {
			t.Errorf("Journal = %d entries, %v, want 4", len(entries), err)
		}
		replayEqualsLoad(t, d)
	}},
	{"CommitOfTheIdenticalBatchMustReturnNil", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		key := house.ReceiptKey{Principal: d.Actor.Principal, Key: "k"}
		changes := chain(t, d, func(d *Seed) *house.Change { return d.Book(d.Booking("B1", 0, 60), d.Tables[0]) },
			func(d *Seed) *house.Change { return d.Book(d.Booking("B2", 0, 60), d.Tables[1]) })
		changes[0].Receipt = receipt(d, key, changes[0])
		d.Commit(changes...)
		d.Commit(d.Change("later", house.Rows{}, seating.AspectPolicy))
		before := d.Dump()
		e.Clock.Advance(time.Hour) // the guard of the clock does not matter any more
		again := d.Batch(changes...)
		again.Lookup = []house.ReceiptKey{key}
		done, err := e.Store.Commit(t.Context(), again)
		if err != nil || done.Now != e.Clock.Instant() || len(done.Receipts) != 1 {
			t.Errorf("Commit(again) = %+v, %v, want nil, the time, and the receipt", done, err)
		}
		d.Unchanged(before)
		half := *changes[1]
		half.ID = NewID[seating.ChangeID]()
		if _, ok := errors.AsType[*store.MovedError](d.Refused(changes[0], &half)); !ok {
			t.Error("Commit(half of it) is not *MovedError")
		}
	}},
	{"CommitMustLookForReceipts", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		key := house.ReceiptKey{Principal: d.Actor.Principal, Key: "again"}
		first := d.Book(d.Booking("B1", 0, 60))
		first.Receipt = receipt(d, key, first)
		d.Commit(first)
		changes := chain(t, d, func(d *Seed) *house.Change { return d.Change("before", house.Rows{}) },
			func(d *Seed) *house.Change { return d.Book(d.Booking("B2", 0, 60)) })
		changes[1].Receipt = receipt(d, key, changes[1])
		changes[0].Guards = []house.Guard{{Kind: house.GuardBefore, Until: 1}} // told after the replay
		replay, ok := errors.AsType[*store.ReplayError](d.Refused(changes...))
		if !ok {
			t.Fatal("a second effect of a key is not refused with *ReplayError")
		}
		want := &store.ReplayError{Index: 1, Receipt: *first.Receipt, Now: e.Clock.Instant()}
		if diff := cmp.Diff(want, replay); diff != "" {
			t.Errorf("replay (-want +got):\n%s", diff)
		}
		// The key of another principal is another key.
		other := d.Book(d.Booking("B3", 0, 60))
		other.Receipt = receipt(d, house.ReceiptKey{Principal: "token:x", Key: "again"}, other)
		d.Commit(other)
	}},
	{"CommitReturnsReceiptsOfLookup", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		key, none := house.ReceiptKey{Principal: "p", Key: "k"}, house.ReceiptKey{Principal: "p", Key: "none"}
		first := d.Book(d.Booking("B1", 0, 60))
		first.Receipt = receipt(d, key, first)
		d.Commit(first)
		b := d.Batch(d.Change("next", house.Rows{}))
		b.Lookup = []house.ReceiptKey{key, none}
		done, err := e.Store.Commit(t.Context(), b)
		if diff := cmp.Diff(map[house.ReceiptKey]house.Receipt{key: *first.Receipt}, done.Receipts); err != nil || diff != "" {
			t.Errorf("Commit = %v, receipts (-want +got):\n%s", err, diff)
		}
	}},
	{"CommitWritesDueWorkGuestsAndNotes", commitWritesTheRest},
	{"CommitRefusedByAnEndedContextWritesNothing", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := d.Dump()
		if _, err := e.Store.Commit(ctx, d.Batch(d.Change("late", house.Rows{}))); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Commit(ended context) = %v, want ErrUnavailable", err)
		}
		d.Unchanged(before)
	}},
}

// chain spells out changes that follow each other without committing them.
func chain(t *testing.T, d *Seed, steps ...func(d *Seed) *house.Change) []*house.Change {
	t.Helper()
	base := d.House
	defer func() { d.House = base }()
	var changes []*house.Change
	for _, step := range steps {
		c := step(d)
		next, err := house.Apply(d.House, c)
		if err != nil {
			t.Fatalf("Apply(%s) = %v", c.Command, err)
		}
		changes, d.House = append(changes, c), next
	}
	return changes
}

func receipt(d *Seed, key house.ReceiptKey, c *house.Change) *house.Receipt {
	return &house.Receipt{
		ReceiptKey: key, Fingerprint: "POST /bookings", Command: c.Command, Status: 201, Version: c.Public(),
		Body: []byte(`{"booking":{"id":"x"}}`), At: d.Clock.Instant(),
	}
}

func commitWritesTheRest(t *testing.T, e Env) {
	d := Plant(t, e.Store, e.Clock, "one")
	b := d.Booking("B1", 0, 60)
	guest := seating.Guest{Name: "Ada Lovelace", Phone: "+44 1", Email: "ada@example.org", Notes: "nuts"}
	c := d.Book(b)
	c.Guests = []house.GuestPut{{Booking: b.ID, Guest: guest}}
	subject := "booking:" + b.ID.String()
	c.History = []house.HistoryRow{
		{Subject: "floor"}, {Subject: subject, From: "a", To: "b", Reason: "why", Detail: `{"n":1}`},
	}
	c.Notes = []house.NotePut{{Subject: subject, Text: "by phone"}}
	c.Due.Put = []house.DueRow{{Subject: subject, Kind: "late", RunAt: At(20)}, {Subject: subject, Kind: "overstay", RunAt: At(10), Attempt: 2}}
	d.Commit(c)

	guests, err := e.Store.Guests(t.Context(), d.ID(), []seating.BookingID{b.ID, NewID[seating.BookingID]()})
	if diff := cmp.Diff(map[seating.BookingID]seating.Guest{b.ID: guest}, guests); err != nil || diff != "" {
		t.Errorf("Guests = %v (-want +got):\n%s", err, diff)
	}
	lines, err := e.Store.History(t.Context(), d.ID(), subject, 0, 10)
	want := []store.HistoryLine{{
		Version: c.Version(), Ordinal: 1, At: c.At, Principal: d.Actor.Principal, Command: c.Command, Subject: subject,
		From: "a", To: "b", Reason: "why", Detail: `{"n":1}`, Note: "by phone",
	}}
	if diff := cmp.Diff(want, lines); err != nil || diff != "" {
		t.Errorf("History = %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(c.Due.Put, d.Dump().Due); diff != "" {
		t.Errorf("due work (-want +got):\n%s", diff)
	}

	next := d.Change("later", house.Rows{})
	next.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Countess"}}}
	next.Due = house.DueChange{Drop: []house.DueRow{{Subject: subject, Kind: "late"}}, Put: []house.DueRow{{Subject: subject, Kind: "overstay", RunAt: At(30)}}}
	d.Commit(next)
	if diff := cmp.Diff(next.Due.Put, d.Dump().Due); diff != "" {
		t.Errorf("due work, one dropped, one put again (-want +got):\n%s", diff)
	}
	if guests, err := e.Store.Guests(t.Context(), d.ID(), []seating.BookingID{b.ID}); err != nil || guests[b.ID] != (seating.Guest{Name: "Countess"}) {
		t.Errorf("Guests = %v, %v, want the second put alone", guests, err)
	}

	last := d.Change("all kinds", house.Rows{})
	last.Due.Put = []house.DueRow{{Subject: subject, Kind: "late", RunAt: At(20)}, {Subject: "other", Kind: "late", RunAt: At(20)}}
	d.Commit(last)
	drop := d.Change("drop", house.Rows{})
	drop.Due.Drop = []house.DueRow{{Subject: subject}}
	d.Commit(drop)
	if due := d.Dump().Due; len(due) != 1 || due[0].Subject != "other" {
		t.Errorf("due work after dropping all kinds of a subject = %v", due)
	}
}
