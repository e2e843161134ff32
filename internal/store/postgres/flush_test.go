package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
	"github.com/maitred/maitred/internal/store/postgres"
	"github.com/maitred/maitred/internal/store/storetest"
)

// TestReadsAreOneFlush: whatever a house consists of, to read it is to wait for
// the server once.
func TestReadsAreOneFlush(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	b := d.Booking("B1", 0, 60)
	d.Commit(d.Book(b, d.Tables[0]))
	ask := store.Ask{
		Keys: []house.ReceiptKey{{Principal: "p", Key: "k"}}, Holds: []seating.HoldID{storetest.NewID[seating.HoldID]()}, Bookings: []seating.BookingID{b.ID},
	}
	ctx, id := t.Context(), d.ID()
	for name, read := range map[string]func() error{
		"Load":             func() error { _, _, err := s.Load(ctx, id); return err },
		"Journal":          func() error { _, err := s.Journal(ctx, id, 0, 10); return err },
		"States":           func() error { _, err := s.States(ctx, []seating.RestaurantID{id}); return err },
		"Prove":            func() error { _, err := s.Prove(ctx, id, store.Ask{}); return err },
		"Prove with facts": func() error { _, err := s.Prove(ctx, id, ask); return err },
		"Dump":             func() error { _, err := s.Dump(ctx, id); return err },
		"Bookings": func() error {
			_, err := s.Bookings(ctx, id, store.BookingQuery{From: storetest.Today, To: storetest.Today, Limit: 1})
			return err
		},
		"Booking":          func() error { _, err := s.Booking(ctx, id, b.ID); return err },
		"Guests":           func() error { _, err := s.Guests(ctx, id, []seating.BookingID{b.ID}); return err },
		"FindGuests":       func() error { _, err := s.FindGuests(ctx, id, "a@example.org", "1", 1); return err },
		"DayAllocations":   func() error { _, err := s.DayAllocations(ctx, id, storetest.Today); return err },
		"History":          func() error { _, err := s.History(ctx, id, "", 0, 1); return err },
		"Members":          func() error { _, err := s.Members(ctx, id); return err },
		"Tokens":           func() error { _, err := s.Tokens(ctx, id); return err },
		"TokenByHash":      func() error { _, err := s.TokenByHash(ctx, d.New.Token.Hash); return err },
		"Names":            func() error { _, err := s.Names(ctx, id, []string{d.Actor.Principal}); return err },
		"Restaurants":      func() error { _, err := s.Restaurants(ctx); return err },
		"Due":              func() error { _, err := s.Due(ctx, house.DueHoldExpiry, 1); return err },
		"Backlog":          func() error { _, err := s.Backlog(ctx); return err },
		"Now":              func() error { _, err := s.Now(ctx); return err },
		"Integrity":        func() error { _, err := s.Integrity(ctx); return err },
		"OutboxRows":       func() error { _, err := s.OutboxRows(ctx, store.SinkObservability, 0, 1); return err },
		"RestaurantBySlug": func() error { _, err := s.RestaurantBySlug(ctx, "one"); return err },
	} {
		before := s.Stats().Flushes
		if err := read(); err != nil {
			t.Errorf("%s = %v", name, err)
		}
		if n := s.Stats().Flushes - before; n != 1 {
			t.Errorf("%s takes %d flushes, want 1", name, n)
		}
	}
}

// TestWhatCannotBeReadIsNotALostConnection: foreign data is an error of its own,
// and the connection is as good as before.
func TestWhatCannotBeReadIsNotALostConnection(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	if err := s.RawSQL(t.Context(), "UPDATE tokens SET created_at = 'infinity'"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Tokens(t.Context(), d.ID())
	if err == nil || !strings.Contains(err.Error(), "Tokens") {
		t.Fatalf("Tokens = %v, want an error that names the statement", err)
	}
	for _, known := range []error{store.ErrAmbiguous, store.ErrUnavailable, store.ErrImpossible, store.ErrInvalid, store.ErrNotFound} {
		if errors.Is(err, known) {
			t.Errorf("Tokens = %v, want none of the contract's", err)
		}
	}
	d.Same()
}

// TestAnEntryThatCannotBeReadIsAReload, and is logged.
func TestAnEntryThatCannotBeReadIsAReload(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	var log bytes.Buffer
	other := reopen(t, s.db, postgres.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	head := storetest.NewID[seating.ChangeID]()
	edit := "UPDATE restaurant_state SET version = version + 1, head = '" + head.String() + "' WHERE restaurant_id = '" + d.ID().String() + "';\n" +
		"INSERT INTO journal (restaurant_id, version, head, base_head, at, written_at, command, principal, format, body, events, history) " +
		"SELECT restaurant_id, version, head, '" + d.House.Head.String() + "', last_at, last_at, 'strange', 'operator', 1, '[1, 2]', 0, 0 " +
		"FROM restaurant_state WHERE restaurant_id = '" + d.ID().String() + "'"
	if err := s.RawSQL(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	entries, err := other.Journal(t.Context(), d.ID(), d.House.Version, 10)
	if err != nil || len(entries) != 1 || entries[0].Head != head || entries[0].Change != nil {
		t.Errorf("Journal = %+v, %v, want one reload", entries, err)
	}
	if !strings.Contains(log.String(), "a journal entry cannot be read") || !strings.Contains(log.String(), d.ID().String()) {
		t.Errorf("the log has %s, want the entry named", log.String())
	}
}

// TestAReadOfAnEndedContextIsUnavailable: nothing was to be written, so nothing is
// ambiguous.
func TestAReadOfAnEndedContextIsUnavailable(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Load(ctx, seeds[0].ID()); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("Load(ended context) = %v, want ErrUnavailable", err)
	}
	if err := s.Notify(ctx, []seating.RestaurantID{seeds[0].ID()}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Notify(ended context) = %v, want ErrUnavailable", err)
	}
}

// TestANumberNoColumnCanHaveIsInvalid: it never leaves this process, so what
// becomes of the batch is no question.
func TestANumberNoColumnCanHaveIsInvalid(t *testing.T) {
	t.Parallel()
	s, seeds := stage(t, "one")
	d := seeds[0]
	const large = 1 << 40
	b := d.Booking("LARGE", 0, 60)
	b.Covers = large
	if err := d.Refused(d.Book(b)); !errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("Commit(covers of 2^40) = %v, want ErrInvalid", err)
	}
	token := store.Token{ID: storetest.NewID[seating.TokenID](), Restaurant: d.ID(), Role: seating.RoleHost, Hash: [32]byte{9}, HoldCap: large}
	if err := s.PutToken(t.Context(), token); !errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrAmbiguous) {
		t.Errorf("PutToken(cap of 2^40) = %v, want ErrInvalid", err)
	}
	d.Commit(d.Book(d.Booking("NEXT", 0, 60), d.Tables[0]))
	d.Same()
}
