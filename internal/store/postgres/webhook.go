package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// PutWebhook implements store.Webhooks. It takes the lock of the restaurant: a
// change is committed before it or after it, and the endpoints are counted.
func (s *Store) PutWebhook(ctx context.Context, w store.Webhook, e store.Told) error {
	e.Restaurant = w.Restaurant
	told, err := tell(e)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, w.Restaurant); err != nil {
			return err
		}
		var all, same, seen int
		if err := send(func(f *flush) {
			f.one("CountWebhooks", []any{uid(w.Restaurant), uid(w.ID), at(w.Seen)}, nil, &all, &same, &seen)
		}); err != nil {
			return err
		}
		fresh := w.CreatedAt != 0
		switch {
		case fresh && (all >= store.MaxWebhooks || same > 0):
			return store.ErrExists
		case !fresh && same == 0:
			return store.ErrNotFound
		case !fresh && seen == 0:
			return store.ErrChanged
		}
		args := []any{
			uid(w.Restaurant), uid(w.ID), w.URL, w.Description, list(w.Events), w.Active, w.Secret, w.PreviousSecret, at(w.PreviousUntil),
		}
		return existsWhenTaken(send(func(f *flush) {
			if fresh {
				f.exec("InsertWebhook", append(args, at(w.CreatedAt), w.CreatedBy, at(w.ChangedAt))...)
			} else {
				f.exec("ChangeWebhook", append(args, at(w.ChangedAt))...)
			}
			queueTell(f, told)
		}))
	})
}

// DropWebhook implements store.Webhooks. Behind the lock of the restaurant no
// change is left that would write rows for the endpoint.
func (s *Store) DropWebhook(ctx context.Context, r seating.RestaurantID, endpoint seating.EndpointID, e store.Told) error {
	e.Restaurant = r
	told, err := tell(e)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, r); err != nil {
			return err
		}
		var found bool
		err := send(func(f *flush) {
			here, of := uid(r), uid(endpoint)
			f.exec("TakeTime")
			f.one("DropWebhook", []any{here, of}, &found, new(int))
			f.exec("DropWebhookRows", here, of, store.SinkWebhook, store.Lane(seating.FlowID(endpoint)))
			f.exec("DropWebhookBlocks", here, of, store.SinkWebhook)
			f.exec("DropWebhookDead", here, of, store.SinkWebhook)
			f.exec("DropWebhookDeliveries", here, of)
			queueTell(f, told)
		})
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
}

// Webhooks implements store.Webhooks.
func (s *Store) Webhooks(ctx context.Context, r seating.RestaurantID) ([]store.Webhook, error) {
	var all []store.Webhook
	err := s.read(ctx, roleApp, r, func(f *flush) { rowsOf(f, "Webhooks", []any{uid(r)}, &all, webhookColumns) })
	return all, err
}

// Endpoint implements store.Webhooks.
func (s *Store) Endpoint(ctx context.Context, endpoint seating.EndpointID) (store.Webhook, error) {
	var w store.Webhook
	var found bool
	err := s.read(ctx, roleSystem, noRestaurant, func(f *flush) { f.one("Endpoint", []any{uid(endpoint)}, &found, webhookColumns(&w)...) })
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Webhook{}, err
	}
	return w, nil
}

func webhookColumns(w *store.Webhook) []any {
	return []any{
		id(&w.ID), id(&w.Restaurant), &w.URL, &w.Description, &w.Events, &w.Active, raw(&w.Secret), raw(&w.PreviousSecret), instant(&w.PreviousUntil),
		instant(&w.CreatedAt), &w.CreatedBy, instant(&w.ChangedAt),
	}
}

// TestWebhook implements store.Webhooks.
func (s *Store) TestWebhook(ctx context.Context, endpoint seating.EndpointID, e store.Told) error {
	told, err := tell(e)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(send func(func(*flush)) error) error {
		if err := lock(send, e.Restaurant); err != nil {
			return err
		}
		var found bool
		err := send(func(f *flush) {
			r := told[0]
			f.one("TellEndpoint", []any{
				store.SinkWebhook, uid(e.Restaurant), uid(endpoint), uid(r.Booking), r.Aggregate, r.AggregateSeq, string(r.Type), string(r.Severity),
				r.SchemaVersion, r.DedupeKey, r.Payload, r.Headers,
			}, &found, new(int))
		})
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
}

// Deliveries implements store.Webhooks.
func (s *Store) Deliveries(ctx context.Context, r seating.RestaurantID, endpoint seating.EndpointID, before int64, limit int) ([]store.Delivery, error) {
	var all []store.Delivery
	err := s.read(ctx, roleApp, r, func(f *flush) {
		rowsOf(f, "Deliveries", []any{uid(r), uid(endpoint), before, max(limit, 0)}, &all, func(d *store.Delivery) []any {
			return []any{
				&d.ID, id(&d.Restaurant), id(&d.Endpoint), &d.EventID, word(&d.EventType), &d.DedupeKey, &d.Attempt, instant(&d.At), micros(&d.Took),
				&d.Outcome, &d.Status, &d.Error,
			}
		})
	})
	return all, err
}

// ObservabilityEvents implements store.Webhooks.
func (s *Store) ObservabilityEvents(ctx context.Context, r seating.RestaurantID, q store.ObservedQuery) ([]store.ObservedEvent, error) {
	var all []store.ObservedEvent
	err := s.read(ctx, roleApp, r, func(f *flush) {
		rowsOf(f, "Observed", []any{
			uid(r), each(q.Types, func(t seating.EventType) string { return string(t) }), each(q.Severity, func(s seating.Severity) string { return string(s) }),
			uid(q.Booking), at(q.From), at(q.To), q.Before, max(q.Limit, 0),
		}, &all, func(o *store.ObservedEvent) []any {
			return []any{
				&o.ID, &o.Key, id(&o.Booking), &o.Source, word(&o.Type), word(&o.Severity), &o.Version, &o.SchemaVersion, raw(&o.Context),
				instant(&o.CreatedAt), instant(&o.RecordedAt),
			}
		})
	})
	return all, err
}

// Record implements store.Webhooks.
func (s *Store) Record(ctx context.Context, events []store.Told) error {
	if len(events) == 0 {
		return nil
	}
	told, err := tell(events...)
	if err != nil {
		return err
	}
	f := &flush{}
	f.as(roleSystem, noRestaurant)
	queueTell(f, told)
	return s.once(ctx, f)
}

// toldRow is an event that no change made, as the outbox keeps it.
type toldRow struct {
	store.EventRow
	restaurant seating.RestaurantID
}

func tell(events ...store.Told) ([]toldRow, error) {
	rows := make([]toldRow, len(events))
	for i, e := range events {
		row, err := store.ToldRow(e)
		if err != nil {
			return nil, err
		}
		rows[i] = toldRow{EventRow: row, restaurant: e.Restaurant}
	}
	return rows, nil
}

func queueTell(f *flush, rows []toldRow) {
	words := func(column func(r toldRow) string) []string { return each(rows, column) }
	f.exec("Tell", store.SinkObservability,
		each(rows, func(r toldRow) int { return r.Lane }),
		each(rows, func(r toldRow) pgtype.UUID { return uid(r.restaurant) }),
		each(rows, func(r toldRow) pgtype.UUID { return uid(r.Booking) }),
		words(func(r toldRow) string { return r.Aggregate }),
		each(rows, func(r toldRow) int64 { return r.AggregateSeq }),
		words(func(r toldRow) string { return string(r.Type) }),
		words(func(r toldRow) string { return string(r.Severity) }),
		each(rows, func(r toldRow) int { return r.SchemaVersion }),
		words(func(r toldRow) string { return r.DedupeKey }),
		words(func(r toldRow) string { return r.Payload }),
		words(func(r toldRow) string { return r.Headers }))
}
