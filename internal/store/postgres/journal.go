package postgres

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
	var state store.State
	var found bool
	err := s.read(ctx, roleApp, r, func(f *flush) {
		f.one("State", []any{uid(r)}, &found, stateColumns(&state)...)
		s.queueJournal(ctx, f, r, after, max(limit, 0), &entries)
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, store.ErrNotFound
	case after >= state.Version || limit <= 0:
		return nil, nil
	case len(entries) == 0, entries[0].Version != after+1, entries[len(entries)-1].Version != after+int64(len(entries)):
		return nil, store.ErrGone // none is kept, or there is a gap
	}
	return entries, nil
}

// queueJournal queues the entries after a version, in order, at most limit. An
// entry that cannot be read is logged and becomes a reload.
func (s *Store) queueJournal(ctx context.Context, f *flush, r seating.RestaurantID, after int64, limit int, into *[]store.Entry) {
	f.each("Journal", []any{uid(r), after, limit}, func(scan func(...any) error) error {
		var e store.Entry
		var format int
		var body []byte
		if err := scan(&e.Version, id(&e.Head), id(&e.BaseHead), instant(&e.At), &e.Command, &format, raw(&body)); err != nil {
			return err
		}
		e.Change = s.replayable(ctx, r, e.Version, format, body)
		*into = append(*into, e)
		return nil
	})
}

// replayable reads a change from the journal; nil when it has to be a reload.
func (s *Store) replayable(ctx context.Context, r seating.RestaurantID, version int64, format int, body []byte) *house.Change {
	if body == nil || format != house.Format {
		return nil
	}
	var c house.Change
	if err := json.Unmarshal(body, &c); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelError, "a journal entry cannot be read",
			slog.String("restaurant", r.String()), slog.Int64("version", version), slog.String("error", err.Error()))
		return nil
	}
	return &c
}

// States implements store.Seating.
func (s *Store) States(ctx context.Context, restaurants []seating.RestaurantID) (map[seating.RestaurantID]store.State, error) {
	states := make(map[seating.RestaurantID]store.State, len(restaurants))
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) {
		f.each("States", []any{ids(restaurants)}, func(scan func(...any) error) error {
			var r seating.RestaurantID
			var st store.State
			err := scan(append([]any{id(&r)}, stateColumns(&st)...)...)
			states[r] = st
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

// stateColumns are the columns of where a restaurant stands, in the order in
// which every statement lists them.
func stateColumns(s *store.State) []any {
	return []any{&s.Epoch, &s.Version, id(&s.Head), &s.Revisions.Floor, &s.Revisions.Policy, &s.Revisions.Bookings, &s.Revisions.Holds}
}

// Prove implements store.Seating. Without facts it is one statement, which needs
// no transaction around it to be consistent.
func (s *Store) Prove(ctx context.Context, r seating.RestaurantID, ask store.Ask) (store.Proof, error) {
	var proof store.Proof
	var found bool
	var err error
	if ask.Empty() {
		f := &flush{}
		f.as(roleApp, r)
		queueProof(f, r, ask, &proof, &found)
		err = unwritten(s.once(ctx, f))
	} else {
		err = s.read(ctx, roleApp, r, func(f *flush) { queueProof(f, r, ask, &proof, &found) })
	}
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Proof{}, err
	}
	return proof, nil
}

// queueProof queues the state of a restaurant, the database's time and the facts
// asked for; found tells whether there is such a restaurant.
func queueProof(f *flush, r seating.RestaurantID, ask store.Ask, into *store.Proof, found *bool) {
	*into = store.Proof{
		Receipts: map[house.ReceiptKey]house.Receipt{}, Ended: map[seating.HoldID]seating.EndedHold{}, Closed: map[seating.BookingID]servicetime.Date{},
	}
	f.one("Prove", []any{uid(r)}, found, append(stateColumns(&into.State), instant(&into.Now))...)
	queueLookUp(f, r, ask.Keys, into.Receipts)
	queueEnded(f, r, ask.Holds, into.Ended)
	queueClosed(f, r, ask.Bookings, into.Closed)
}

// queueLookUp queues the reading of the receipts there are for the keys; none is
// read for no keys.
func queueLookUp(f *flush, r seating.RestaurantID, keys []house.ReceiptKey, into map[house.ReceiptKey]house.Receipt) {
	if len(keys) == 0 {
		return
	}
	principals := each(keys, func(k house.ReceiptKey) string { return k.Principal })
	words := each(keys, func(k house.ReceiptKey) string { return k.Key })
	f.each("LookUp", []any{uid(r), principals, words}, func(scan func(...any) error) error {
		var p house.Receipt
		err := scan(receiptColumns(&p)...)
		into[p.ReceiptKey] = p
		return err
	})
}

// receiptColumns are the columns of a receipt, in the order in which every
// statement lists them.
func receiptColumns(p *house.Receipt) []any {
	return []any{
		&p.Principal, &p.Key, &p.Fingerprint, &p.Command, &p.Status, &p.Version.Epoch, &p.Version.N, raw(&p.Body), instant(&p.At),
	}
}

func queueEnded(f *flush, r seating.RestaurantID, holds []seating.HoldID, into map[seating.HoldID]seating.EndedHold) {
	if len(holds) == 0 {
		return
	}
	f.each("EndedHolds", []any{uid(r), ids(holds)}, func(scan func(...any) error) error {
		var e seating.EndedHold
		err := scan(endedColumns(&e)...)
		into[e.ID] = e
		return err
	})
}

func endedColumns(e *seating.EndedHold) []any {
	return append(holdColumns(&e.Hold), decoded(&e.Tables), word(&e.How), instant(&e.EndedAt), &e.EndedBy)
}

func queueClosed(f *flush, r seating.RestaurantID, bookings []seating.BookingID, into map[seating.BookingID]servicetime.Date) {
	if len(bookings) == 0 {
		return
	}
	f.each("ClosedBookings", []any{uid(r), ids(bookings)}, func(scan func(...any) error) error {
		var b seating.BookingID
		var d servicetime.Date
		err := scan(id(&b), date(&d))
		into[b] = d
		return err
	})
}
