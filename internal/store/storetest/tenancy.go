package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

var tenancyTests = []test{
	{"NothingOfAnotherRestaurantIsVisible", func(t *testing.T, e Env) {
		mine, other := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		key := house.ReceiptKey{Principal: "p", Key: "k"}
		old, b := other.Booking("OLD", -24*60, -23*60), other.Booking("B1", 0, 60)
		old.ServiceDate = Yesterday
		book := other.Book(b, other.Tables[0])
		book.Receipt = receipt(other, key, book)
		book.Guests = []house.GuestPut{{Booking: b.ID, Guest: seating.Guest{Name: "Ada"}}}
		other.Commit(book)
		other.Commit(other.Book(old))
		h := other.Hold(b)
		other.Commit(other.TakeHold(h, other.Tables[1]))
		other.Commit(other.Release(h, seating.EndReleased, other.Tables[1]))
		today := Today
		for _, d := range []*Seed{mine, other} {
			d.Commit(d.Change("close_day", house.Rows{OpenFrom: &today}))
		}
		check := func(name string, got any, empty bool, err error) {
			t.Helper()
			if err != nil || !empty {
				t.Errorf("%s through the other restaurant's id = %v, %v, want nothing", name, got, err)
			}
		}
		ctx, id := t.Context(), mine.ID()
		bookings, err := e.Store.Bookings(ctx, id, store.BookingQuery{From: Yesterday, To: Today, Limit: 100})
		check("Bookings", bookings, len(bookings) == 0, err)
		guests, err := e.Store.Guests(ctx, id, []seating.BookingID{b.ID})
		check("Guests", guests, len(guests) == 0, err)
		history, err := e.Store.History(ctx, id, book.History[0].Subject, 0, 100)
		check("History", history, len(history) == 0, err)
		lines, err := e.Store.History(ctx, id, "", 0, 100)
		check("History of all subjects", lines, len(lines) == 2, err) // its own two
		proof, err := e.Store.Prove(ctx, id, store.Ask{Keys: []house.ReceiptKey{key}, Holds: []seating.HoldID{h.ID}, Bookings: []seating.BookingID{old.ID, b.ID}})
		check("Prove", proof, len(proof.Receipts)+len(proof.Ended)+len(proof.Closed) == 0, err)
		if _, err := e.Store.Booking(ctx, id, b.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Booking through the other restaurant's id = %v, want ErrNotFound", err)
		}
		if _, err := e.Store.EndedHold(ctx, id, h.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("EndedHold through the other restaurant's id = %v, want ErrNotFound", err)
		}
		batch := mine.Batch(mine.Change("look", house.Rows{}))
		batch.Lookup = []house.ReceiptKey{key}
		done, err := e.Store.Commit(ctx, batch)
		check("Lookup", done.Receipts, len(done.Receipts) == 0, err)
		dump := mine.Dump()
		check("Dump", dump, len(dump.Ended)+len(dump.Past)+len(dump.Occupancy)+len(dump.Receipts)+len(dump.Outbox) == 0 && len(dump.Journal) == 4, nil)
		// The positive twin: its own id shows all of it.
		own, err := e.Store.Prove(ctx, other.ID(), store.Ask{Keys: []house.ReceiptKey{key}, Holds: []seating.HoldID{h.ID}, Bookings: []seating.BookingID{old.ID, b.ID}})
		if err != nil || len(own.Receipts) != 1 || len(own.Ended) != 1 || len(own.Closed) != 1 {
			t.Errorf("Prove through its own id = %+v, %v", own, err)
		}
	}},
	{"ABatchOfTwoRestaurantsMustBeInvalid", func(t *testing.T, e Env) {
		mine, other := Plant(t, e.Store, e.Clock, "one"), Plant(t, e.Store, e.Clock, "two")
		if _, err := e.Store.Commit(t.Context(), mine.Batch(other.Change("foreign", house.Rows{}))); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Commit(change of another restaurant) = %v, want ErrInvalid", err)
		}
		mine.Same()
		other.Same()
	}},
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
