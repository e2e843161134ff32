package sqlite

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// Journal implements store.Seating.
func (s *Store) Journal(ctx context.Context, r seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	var entries []store.Entry
	err := s.read(ctx, func(q session) error {
		state, found, err := readState(ctx, q, r)
		switch {
		case err != nil:
			return err
		case !found:
			return store.ErrNotFound
		case after >= state.Version || limit <= 0:
			return nil
		}
		if entries, err = s.readJournal(ctx, q, r, after, limit); err != nil {
			return err
		}
		if !leadOn(entries, after) {
			return store.ErrGone
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// leadOn reports whether the entries follow a version without a gap.
func leadOn(entries []store.Entry, after int64) bool {
	n := len(entries)
	return n > 0 && entries[0].Version == after+1 && entries[n-1].Version == after+int64(n)
}

func (s *Store) readJournal(ctx context.Context, q session, r seating.RestaurantID, after int64, limit int) ([]store.Entry, error) {
	var entries []store.Entry
	err := q.each(ctx, "Journal", []any{text(r), after, limit}, func(scan func(...any) error) error {
		var e store.Entry
		var format int
		var body string
		if err := scan(&e.Version, id(&e.Head), id(&e.BaseHead), instant(&e.At), &e.Command, &format, word(&body)); err != nil {
			return err
		}
		e.Change = s.replayable(ctx, r, e.Version, format, body)
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

// replayable reads a change from the journal; nil when it has to be a reload.
func (s *Store) replayable(ctx context.Context, r seating.RestaurantID, version int64, format int, body string) *house.Change {
	if body == "" || format != house.Format {
		return nil
	}
	var c house.Change
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelError, "a journal entry cannot be read",
			slog.String("restaurant", r.String()), slog.Int64("version", version), slog.String("error", err.Error()))
		return nil
	}
	return &c
}

// States implements store.Seating.
func (s *Store) States(ctx context.Context, ids []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	states := make(map[seating.RestaurantID]store.State, len(ids))
	args, err := list(ids)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(q session) error {
		return q.each(ctx, "States", []any{args}, func(scan func(...any) error) error {
			var r seating.RestaurantID
			var st store.State
			err := scan(id(&r), &st.Epoch, &st.Version, id(&st.Head),
				&st.Revisions.Floor, &st.Revisions.Policy, &st.Revisions.Bookings, &st.Revisions.Holds)
			states[r] = st
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

// Prove implements store.Seating.
func (s *Store) Prove(ctx context.Context, r seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	var proof store.Proof
	err := s.read(ctx, func(q session) (err error) {
		proof, err = prove(ctx, q, r, ask, s.clock)
		return err
	})
	if err != nil {
		return store.Proof{}, err
	}
	return proof, nil
}

// prove reads a proof; the clock is asked once the read has begun.
func prove(ctx context.Context, q session, r seating.RestaurantID, ask store.Ask, clock func() servicetime.Instant) (store.Proof, error) {
	proof := store.Proof{Closed: map[seating.BookingID]servicetime.Date{}}
	var found bool
	var err error
	if proof.State, found, err = readState(ctx, q, r); err != nil {
		return proof, err
	}
	if !found {
		return proof, store.ErrNotFound
	}
	proof.Now = clock()
	if proof.Receipts, err = lookUp(ctx, q, r, ask.Keys); err != nil {
		return proof, err
	}
	if proof.Ended, err = readEnded(ctx, q, r, ask.Holds); err != nil {
		return proof, err
	}
	return proof, readClosed(ctx, q, r, ask.Bookings, proof.Closed)
}

func readEnded(ctx context.Context, q session, r seating.RestaurantID, holds []seating.HoldID) (map[seating.HoldID]seating.EndedHold, error) {
	ended := map[seating.HoldID]seating.EndedHold{}
	for _, h := range holds {
		var e seating.EndedHold
		found, err := q.one(ctx, "EndedHold", []any{text(r), text(h)}, endedColumns(&e)...)
		if err != nil {
			return nil, err
		}
		if found {
			ended[h] = e
		}
	}
	return ended, nil
}

func endedColumns(e *seating.EndedHold) []any {
	return append(holdColumns(&e.Hold), decoded(&e.Tables), word(&e.How), instant(&e.EndedAt), &e.EndedBy)
}

func readClosed(ctx context.Context, q session, r seating.RestaurantID, bookings []seating.BookingID, closed map[seating.BookingID]servicetime.Date) error {
	for _, b := range bookings {
		var d servicetime.Date
		found, err := q.one(ctx, "ClosedBooking", []any{text(r), text(b)}, date(&d))
		if err != nil {
			return err
		}
		if found {
			closed[b] = d
		}
	}
	return nil
}
