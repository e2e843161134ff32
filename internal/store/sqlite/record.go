package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/servicetime"
	"github.com/maitred/maitred/internal/store"
)

// maxEntry bounds a change in the journal, in bytes; a larger one is kept as a
// reload.
const maxEntry = 256 << 10

// writeRecord writes what is told of a change, after its rows: journal, history,
// outbox, receipt, due work, guests, notes. The journal entry closes the change;
// no capacity row can be written behind the last one of a batch.
func writeRecord(ctx context.Context, q session, c *house.Change, now servicetime.Instant) error {
	steps := []func() error{
		func() error { return writeJournal(ctx, q, c, now) },
		func() error { return writeHistory(ctx, q, c) },
		func() error { return writeEvents(ctx, q, c, now) },
		func() error { return writeReceipt(ctx, q, c) },
		func() error { return writeDue(ctx, q, c) },
		func() error { return writeGuests(ctx, q, c) },
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
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("change %s: %w", c.ID, err)
	}
	var body any
	if len(b) <= maxEntry {
		body = string(b)
	}
	_, err = q.exec(ctx, "InsertJournal", text(c.Restaurant), c.Version(), text(c.ID), text(c.BaseHead), int64(c.At), int64(now),
		c.Command, c.Actor.Principal, house.Format, body, len(c.Events), len(c.History))
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

// writeEvents writes one row for each event and destination.
func writeEvents(ctx context.Context, q session, c *house.Change, now servicetime.Instant) error {
	if len(c.Events) == 0 {
		return nil
	}
	headers, err := encoded(map[string]string{"principal": c.Actor.Principal})
	if err != nil {
		return err
	}
	for i, e := range c.Events {
		payload, err := encoded(e.Payload)
		if err != nil {
			return err
		}
		aggregate := c.Restaurant.String()
		if !e.Booking.IsZero() {
			aggregate = e.Booking.String()
		}
		_, err = q.exec(ctx, "InsertEvent", store.SinkObservability, store.Lane(c.Restaurant, aggregate), text(c.Restaurant),
			text(e.Booking), aggregate, c.Version(), string(e.Type), string(e.Severity), max(e.Payload.SchemaVersion, seating.EventSchemaVersion),
			c.ID.String()+"/"+strconv.Itoa(i), payload, headers, int64(now), int64(now))
		if err != nil {
			return err
		}
	}
	return nil
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

// writeNotes puts each note beside the first history row of its subject that has
// none yet.
func writeNotes(ctx context.Context, q session, c *house.Change) error {
	used := map[int]bool{}
	for _, n := range c.Notes {
		beside := -1
		for i, h := range c.History {
			if h.Subject == n.Subject && !used[i] {
				beside = i
				break
			}
		}
		if beside < 0 {
			return fmt.Errorf("%w: change %s has a note on %s and no history row to put it beside", store.ErrInvalid, c.ID, n.Subject)
		}
		used[beside] = true
		if _, err := q.exec(ctx, "InsertNote", text(c.Restaurant), c.Version(), beside, n.Text); err != nil {
			return err
		}
	}
	return nil
}
