package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// PutWebhook implements store.Webhooks.
func (s *Store) PutWebhook(ctx context.Context, w store.Webhook, e store.Told) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		if err := exists(ctx, q, w.Restaurant); err != nil {
			return err
		}
		if err := putWebhook(ctx, q, now, w); err != nil {
			return err
		}
		e.Restaurant = w.Restaurant
		return tell(ctx, q, now, e)
	})
}

func putWebhook(ctx context.Context, q session, now servicetime.Instant, w store.Webhook) error {
	if w.Events == nil {
		w.Events = []string{}
	}
	events, err := encoded(w.Events)
	if err != nil {
		return err
	}
	columns := []any{
		text(w.Restaurant), text(w.ID), w.URL, w.Description, events, w.Active, blob(w.Secret), blob(w.PreviousSecret), at(w.PreviousUntil),
		int64(cmp.Or(w.ChangedAt, now)),
	}
	if w.CreatedAt == 0 {
		n, err := q.exec(ctx, "UpdateWebhook", append(columns, at(w.Seen))...)
		if err != nil || n > 0 {
			return err
		}
		there, err := q.one(ctx, "WebhookOf", []any{text(w.Restaurant), text(w.ID)}, new(int))
		if err == nil && there {
			err = store.ErrChanged
		} else if err == nil {
			err = store.ErrNotFound
		}
		return err
	}
	var has int
	if _, err := q.one(ctx, "CountWebhooks", []any{text(w.Restaurant)}, &has); err != nil {
		return err
	}
	if has >= store.MaxWebhooks {
		return fmt.Errorf("%w: restaurant %s has %d endpoints", store.ErrExists, w.Restaurant, has)
	}
	_, err = q.exec(ctx, "InsertWebhook", append(columns, int64(w.CreatedAt), w.CreatedBy)...)
	return existsWhenTaken(err)
}

// DropWebhook implements store.Webhooks.
func (s *Store) DropWebhook(ctx context.Context, r seating.RestaurantID, endpoint seating.EndpointID, e store.Told) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		n, err := q.exec(ctx, "DeleteWebhook", text(r), text(endpoint))
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrNotFound
		}
		for _, statement := range []struct {
			name string
			args []any
		}{
			{"DropEndpointRows", []any{text(endpoint), store.Lane(seating.FlowID(endpoint))}},
			{"DropEndpointBlocks", []any{text(endpoint)}},
			{"DropEndpointDead", []any{text(endpoint)}},
			{"DropEndpointDeliveries", []any{text(endpoint), text(r)}},
		} {
			if _, err := q.exec(ctx, statement.name, statement.args...); err != nil {
				return err
			}
		}
		e.Restaurant = r
		return tell(ctx, q, now, e)
	})
}

// Webhooks implements store.Webhooks.
func (s *Store) Webhooks(ctx context.Context, r seating.RestaurantID) ([]store.Webhook, error) {
	var all []store.Webhook
	err := s.read(ctx, func(q session) error { return rowsOf(ctx, q, "Webhooks", []any{text(r)}, &all, webhookColumns) })
	return all, err
}

// Endpoint implements store.Webhooks.
func (s *Store) Endpoint(ctx context.Context, endpoint seating.EndpointID) (store.Webhook, error) {
	var w store.Webhook
	err := s.read(ctx, func(q session) error {
		found, err := q.one(ctx, "Endpoint", []any{text(endpoint)}, webhookColumns(&w)...)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return store.Webhook{}, err
	}
	return w, nil
}

func webhookColumns(w *store.Webhook) []any {
	return []any{
		id(&w.Restaurant), id(&w.ID), &w.URL, &w.Description, decoded(&w.Events), &w.Active, &w.Secret, &w.PreviousSecret, instant(&w.PreviousUntil),
		instant(&w.CreatedAt), &w.CreatedBy, instant(&w.ChangedAt),
	}
}

// TestWebhook implements store.Webhooks.
func (s *Store) TestWebhook(ctx context.Context, endpoint seating.EndpointID, e store.Told) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		found, err := q.one(ctx, "WebhookOf", []any{text(e.Restaurant), text(endpoint)}, new(int))
		if err != nil {
			return err
		}
		if !found {
			return store.ErrNotFound
		}
		row, err := store.ToldRow(e)
		if err != nil {
			return err
		}
		row.Sink, row.Lane = store.SinkWebhook, store.Lane(seating.FlowID(endpoint))
		row.Aggregate = endpoint.String() + "/" + row.Aggregate
		row.DedupeKey += "/" + endpoint.String()
		_, err = q.exec(ctx, "InsertTold", append(eventColumns(e.Restaurant, row, now), text(endpoint))...)
		return err
	})
}

// tell queues an event that no change made for the observability sink.
func tell(ctx context.Context, q session, now servicetime.Instant, e store.Told) error {
	row, err := store.ToldRow(e)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, "InsertTold", append(eventColumns(e.Restaurant, row, now), nil)...)
	return err
}

// Record implements store.Webhooks.
func (s *Store) Record(ctx context.Context, events []store.Told) error {
	return s.write(ctx, 0, func(ctx context.Context, q session, now servicetime.Instant) error {
		known := map[seating.RestaurantID]bool{}
		for _, e := range events {
			there, asked := known[e.Restaurant]
			if !asked {
				var err error
				if _, there, err = readState(ctx, q, e.Restaurant); err != nil {
					return err
				}
				known[e.Restaurant] = there
			}
			if !there {
				continue
			}
			if err := tell(ctx, q, now, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Deliveries implements store.Webhooks.
func (s *Store) Deliveries(ctx context.Context, r seating.RestaurantID, endpoint seating.EndpointID, before int64, limit int) ([]store.Delivery, error) {
	var all []store.Delivery
	err := s.read(ctx, func(q session) error {
		args := []any{text(r), text(endpoint), cmp.Or(before, math.MaxInt64), limit}
		return rowsOf(ctx, q, "Deliveries", args, &all, func(d *store.Delivery) []any {
			return []any{
				&d.ID, id(&d.Restaurant), id(&d.Endpoint), &d.EventID, word(&d.EventType), &d.DedupeKey, &d.Attempt, instant(&d.At), micros(&d.Took),
				&d.Outcome, &d.Status, &d.Error,
			}
		})
	})
	return all, err
}

// ObservabilityEvents implements store.Webhooks.
func (s *Store) ObservabilityEvents(ctx context.Context, r seating.RestaurantID, query store.ObservedQuery) ([]store.ObservedEvent, error) {
	types, err := encoded(append([]seating.EventType{}, query.Types...))
	if err != nil {
		return nil, err
	}
	severities, err := encoded(append([]seating.Severity{}, query.Severity...))
	if err != nil {
		return nil, err
	}
	args := []any{
		text(r), cmp.Or(query.Before, math.MaxInt64), query.Limit, types, severities, text(query.Booking), at(query.From), at(query.To),
	}
	var all []store.ObservedEvent
	err = s.read(ctx, func(q session) error {
		return rowsOf(ctx, q, "ObservabilityEvents", args, &all, func(e *store.ObservedEvent) []any {
			return []any{
				&e.ID, &e.Key, id(&e.Booking), &e.Source, word(&e.Type), word(&e.Severity), &e.Version, &e.SchemaVersion, raw(&e.Context),
				instant(&e.CreatedAt), instant(&e.RecordedAt),
			}
		})
	})
	return all, err
}
