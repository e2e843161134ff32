package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// writeRecord writes what is told of a change, after its rows: journal, history,
// outbox, receipt, due work, what is erased, guests, notes. The journal entry closes the change;
// no capacity row can be written behind the last one of a batch.
func writeRecord(ctx context.Context, q session, c *house.Change, now servicetime.Instant) error {
	steps := []func() error{
		func() error { return writeJournal(ctx, q, c, now) },
		func() error { return writeHistory(ctx, q, c) },
		func() error { return writeEvents(ctx, q, c, now) },
		func() error { return writeReceipt(ctx, q, c) },
		func() error { return writeDue(ctx, q, c) },
		func() error { return erase(ctx, q, c) },
		func() error { return writeGuests(ctx, q, c) },
		func() error { return patchGuests(ctx, q, c) },
		func() error { return writeNotes(ctx, q, c) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func writeJournal(ctx context.Context, q session, c *house.Change, now servicetime.Instant) error {
	body, err := store.JournalBody(c)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, "InsertJournal", text(c.Restaurant), c.Version(), text(c.ID), text(c.BaseHead), int64(c.At), int64(now),
		c.Command, c.Actor.Principal, house.Format, orNull(body), len(c.Events), len(c.History))
	return err
}

func writeHistory(ctx context.Context, q session, c *house.Change) error {
	for i, h := range c.History {
		_, err := q.exec(ctx, "InsertHistory", text(c.Restaurant), c.Version(), i, int64(c.At), c.Actor.Principal, c.Command,
			h.Subject, h.From, h.To, h.Reason, orNull(h.Detail))
		if err != nil {
			return err
		}
	}
	return nil
}

func writeEvents(ctx context.Context, q session, c *house.Change, now servicetime.Instant) error {
	rows, err := store.EventRows(c)
	if err != nil {
		return err
	}
	for _, e := range rows {
		columns := eventColumns(c.Restaurant, e, now)
		if _, err := q.exec(ctx, "InsertEvent", columns...); err != nil {
			return err
		}
		if _, err := q.exec(ctx, "InsertWebhookEvents", columns[2:]...); err != nil { // sink and lane are its own
			return err
		}
	}
	return nil
}

func eventColumns(r seating.RestaurantID, e store.EventRow, now servicetime.Instant) []any {
	return []any{
		e.Sink, e.Lane, text(r), text(e.Booking), e.Aggregate, e.AggregateSeq, string(e.Type), string(e.Severity), e.SchemaVersion,
		e.DedupeKey, e.Payload, e.Headers, int64(now),
	}
}

func writeReceipt(ctx context.Context, q session, c *house.Change) error {
	r := c.Receipt
	if r == nil {
		return nil
	}
	_, err := q.exec(ctx, "InsertReceipt", text(c.Restaurant), r.Principal, r.Key, r.Fingerprint, r.Command, r.Status,
		r.Version.Epoch, r.Version.N, orNull(string(r.Body)), int64(r.At))
	return err
}

func writeDue(ctx context.Context, q session, c *house.Change) error {
	for _, d := range c.Due.Drop {
		if _, err := q.exec(ctx, "DeleteDue", text(c.Restaurant), d.Subject, string(d.Kind)); err != nil {
			return err
		}
	}
	for _, d := range c.Due.Put {
		if _, err := q.exec(ctx, "UpsertDue", text(c.Restaurant), d.Subject, string(d.Kind), int64(d.RunAt), d.Attempt); err != nil {
			return err
		}
	}
	return nil
}

func writeGuests(ctx context.Context, q session, c *house.Change) error {
	for _, p := range c.Guests {
		g := p.Guest
		if _, err := q.exec(ctx, "UpsertGuest", text(c.Restaurant), text(p.Booking), g.Name, fold(g.Name), g.Phone, g.Email, g.Notes); err != nil {
			return err
		}
	}
	return nil
}

func writeNotes(ctx context.Context, q session, c *house.Change) error {
	rows, err := store.NoteRows(c)
	if err != nil {
		return err
	}
	for _, n := range rows {
		if _, err := q.exec(ctx, "InsertNote", text(c.Restaurant), c.Version(), n.Ordinal, n.Text); err != nil {
			return err
		}
	}
	return nil
}
