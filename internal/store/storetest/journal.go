package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

var journalTests = []test{
	{"JournalMustReturnErrNotFound", func(t *testing.T, e Env) {
		if _, err := e.Store.Journal(t.Context(), NewID[seating.RestaurantID](), 0, 10); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Journal(unknown) = %v, want ErrNotFound", err)
		}
	}},
	{"JournalReturnsEntriesInOrder", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		var made []*house.Change
		for range 5 {
			c := d.Change("step", house.Rows{}, seating.AspectPolicy)
			d.Commit(c)
			made = append(made, c)
		}
		entries, err := e.Store.Journal(t.Context(), d.ID(), 2, 3)
		if err != nil || len(entries) != 3 {
			t.Fatalf("Journal(after 2, limit 3) = %d entries, %v, want 3", len(entries), err)
		}
		for i, entry := range entries {
			c := made[i+1]
			want := store.Entry{Version: c.Version(), Head: c.ID, BaseHead: c.BaseHead, At: c.At, Command: c.Command}
			change := entry.Change
			entry.Change = nil
			if diff := cmp.Diff(want, entry); diff != "" {
				t.Errorf("entry %d (-want +got):\n%s", i, diff)
			}
			if change == nil || change.ID != c.ID || change.Now != c.Now || change.Actor.Principal != c.Actor.Principal {
				t.Errorf("entry %d has the change %+v, want %+v", i, change, c)
			}
		}
		if rest, err := e.Store.Journal(t.Context(), d.ID(), d.House.Version, 10); err != nil || len(rest) != 0 {
			t.Errorf("Journal(after the last) = %v, %v, want none", rest, err)
		}
	}},
	{"JournalMustReturnErrGone", func(t *testing.T, e Env) {
		raw := rawOf(t, e)
		d := Plant(t, e.Store, e.Clock, "one")
		for range 3 {
			d.Commit(d.Change("step", house.Rows{}, seating.AspectPolicy))
		}
		if err := raw.RawSQL(t.Context(), "DELETE FROM journal WHERE restaurant_id = '"+d.ID().String()+"' AND version <= 2"); err != nil {
			t.Fatalf("pruning = %v", err)
		}
		if _, err := e.Store.Journal(t.Context(), d.ID(), 1, 10); !errors.Is(err, store.ErrGone) {
			t.Errorf("Journal(after 1) = %v, want ErrGone", err)
		}
		if entries, err := e.Store.Journal(t.Context(), d.ID(), 2, 10); err != nil || len(entries) != 2 {
			t.Errorf("Journal(after 2) = %v, %v, want two", entries, err)
		}
	}},
	{"JournalKeepsALargeChangeAsReload", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		c := d.Change("huge", house.Rows{Closures: &[]servicetime.Closure{{From: Today, To: Today, Reason: strings.Repeat("x", 256<<10)}}}, seating.AspectPolicy)
		d.Commit(c)
		entries, err := e.Store.Journal(t.Context(), d.ID(), c.Base, 10)
		if err != nil || len(entries) != 1 || entries[0].Change != nil || entries[0].Head != c.ID || entries[0].BaseHead != c.BaseHead {
			t.Errorf("Journal = %+v, %v, want one reload with the change's head", entries, err)
		}
		d.Same()
	}},
	{"JournalNeverHoldsGuestData", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		c := d.Book(d.Booking("B1", 0, 60))
		c.Guests = []house.GuestPut{{Booking: c.Rows.PutBookings[0].ID, Guest: seating.Guest{Name: "Ada"}}}
		c.Notes = []house.NotePut{{Subject: c.History[0].Subject, Text: "likes the window"}}
		d.Commit(c)
		entries, err := e.Store.Journal(t.Context(), d.ID(), c.Base, 1)
		if err != nil || len(entries) != 1 {
			t.Fatalf("Journal = %v, %v", entries, err)
		}
		if got := entries[0].Change; got == nil || len(got.Guests)+len(got.Notes)+len(got.Events)+len(got.History) != 0 {
			t.Errorf("Journal has the change %+v, want one without guests, notes, events, history", got)
		}
	}},
	{"StatesReturnsThoseThatExist", func(t *testing.T, e Env) {
		d := Plant(t, e.Store, e.Clock, "one")
		o := Plant(t, e.Store, e.Clock, "two")
		got, err := e.Store.States(t.Context(), []seating.RestaurantID{d.ID(), NewID[seating.RestaurantID]()})
		want := map[seating.RestaurantID]store.State{d.ID(): stateOf(d.House)}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("States = %v (-want +got):\n%s", err, diff)
		}
		if got, err := e.Store.States(t.Context(), []seating.RestaurantID{o.ID(), d.ID()}); err != nil || len(got) != 2 {
			t.Errorf("States(both) = %v, %v", got, err)
		}
	}},
}

// stateOf is where a house stands.
func stateOf(h *house.House) store.State {
	return store.State{Epoch: h.Epoch, Version: h.Version, Head: h.Head, Revisions: h.Revisions}
}

// rawOf gives the raw connection, or skips.
func rawOf(t *testing.T, e Env) Raw {
	t.Helper()
	raw, ok := e.Store.(Raw)
	if !ok {
		t.Skip("the factory gives no raw connection")
	}
	return raw
}
