package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/store"
)

// queueRecord queues what is told of a batch, after its rows: journal, history,
// outbox and receipts in one statement, then due work, and change by change what
// is erased, guests, notes.
func queueRecord(f *flush, b store.Batch) error {
	var l recordLists
	for _, c := range b.Changes {
		if err := l.add(c); err != nil {
			return err
		}
	}
	f.exec("Record", l.columns(b)...)
	for _, c := range b.Changes {
		queueDue(f, c)
	}
	for _, c := range b.Changes {
		queueErase(f, c)
		queueGuests(f, c)
		queuePatches(f, c)
		if err := queueNotes(f, c); err != nil {
			return err
		}
	}
	return nil
}

// recordLists are the columns of the statement Record.
type recordLists struct {
	version               []int64
	head, baseHead        []pgtype.UUID
	at                    []pgtype.Timestamptz
	command, principal    []string
	body                  []pgtype.Text
	eventCount, lineCount []int
	lineVersion           []int64
	lineOrdinal           []int
	lineSubject, lineFrom []string
	lineTo, lineReason    []string
	lineDetail            []pgtype.Text
	events                []store.EventRow
	receipts              []*house.Receipt
}

func (l *recordLists) add(c *house.Change) error {
	body, err := store.JournalBody(c)
	if err != nil {
		return err
	}
	l.version, l.head, l.baseHead = append(l.version, c.Version()), append(l.head, uid(c.ID)), append(l.baseHead, uid(c.BaseHead))
	l.at, l.command, l.principal = append(l.at, on(c.At)), append(l.command, c.Command), append(l.principal, c.Actor.Principal)
	l.body, l.eventCount, l.lineCount = append(l.body, orNull(body)), append(l.eventCount, len(c.Events)), append(l.lineCount, len(c.History))
	for i, h := range c.History {
		l.lineVersion, l.lineOrdinal = append(l.lineVersion, c.Version()), append(l.lineOrdinal, i)
		l.lineSubject, l.lineFrom, l.lineTo = append(l.lineSubject, h.Subject), append(l.lineFrom, h.From), append(l.lineTo, h.To)
		l.lineReason, l.lineDetail = append(l.lineReason, h.Reason), append(l.lineDetail, orNull(h.Detail))
	}
	events, err := store.EventRows(c)
	if err != nil {
		return err
	}
	l.events = append(l.events, events...)
	if c.Receipt != nil {
		l.receipts = append(l.receipts, c.Receipt)
	}
	return nil
}

func (l *recordLists) columns(b store.Batch) []any {
	e, r := l.events, l.receipts
	return []any{
		uid(b.Restaurant), house.Format,
		l.version, l.head, l.baseHead, l.at, l.command, l.principal, l.body, l.eventCount, l.lineCount,
		list(l.lineVersion), list(l.lineOrdinal), list(l.lineSubject), list(l.lineFrom), list(l.lineTo), list(l.lineReason), list(l.lineDetail),
		each(e, func(e store.EventRow) string { return e.Sink }),
		each(e, func(e store.EventRow) int { return e.Lane }),
		each(e, func(e store.EventRow) pgtype.UUID { return uid(e.Booking) }),
		each(e, func(e store.EventRow) string { return e.Aggregate }),
		each(e, func(e store.EventRow) int64 { return e.AggregateSeq }),
		each(e, func(e store.EventRow) string { return string(e.Type) }),
		each(e, func(e store.EventRow) string { return string(e.Severity) }),
		each(e, func(e store.EventRow) int { return e.SchemaVersion }),
		each(e, func(e store.EventRow) string { return e.DedupeKey }),
		each(e, func(e store.EventRow) string { return e.Payload }),
		each(e, func(e store.EventRow) string { return e.Headers }),
		each(r, func(r *house.Receipt) string { return r.Principal }),
		each(r, func(r *house.Receipt) string { return r.Key }),
		each(r, func(r *house.Receipt) string { return r.Fingerprint }),
		each(r, func(r *house.Receipt) string { return r.Command }),
		each(r, func(r *house.Receipt) int { return r.Status }),
		each(r, func(r *house.Receipt) string { return r.Version.Epoch }),
		each(r, func(r *house.Receipt) int64 { return r.Version.N }),
		each(r, func(r *house.Receipt) pgtype.Text { return orNull(string(r.Body)) }),
		each(r, func(r *house.Receipt) pgtype.Timestamptz { return on(r.At) }),
		store.SinkWebhook,
	}
}

// queueDue queues the due work of one change: what one drops, another may put.
func queueDue(f *flush, c *house.Change) {
	kind := func(d house.DueRow) string { return string(d.Kind) }
	subject := func(d house.DueRow) string { return d.Subject }
	if drop := c.Due.Drop; len(drop) > 0 {
		f.exec("DropDue", uid(c.Restaurant), each(drop, subject), each(drop, kind))
	}
	if put := c.Due.Put; len(put) > 0 {
		f.exec("PutDue", uid(c.Restaurant), each(put, subject), each(put, kind),
			each(put, func(d house.DueRow) pgtype.Timestamptz { return on(d.RunAt) }),
			each(put, func(d house.DueRow) int { return d.Attempt }))
	}
}

func queueGuests(f *flush, c *house.Change) {
	put := c.Guests
	if len(put) == 0 {
		return
	}
	column := func(v func(g house.GuestPut) string) []string { return each(put, v) }
	f.exec("PutGuests", uid(c.Restaurant),
		each(put, func(g house.GuestPut) pgtype.UUID { return uid(g.Booking) }),
		column(func(g house.GuestPut) string { return g.Guest.Name }),
		column(func(g house.GuestPut) string { return fold(g.Guest.Name) }),
		column(func(g house.GuestPut) string { return g.Guest.Phone }),
		column(func(g house.GuestPut) string { return g.Guest.Email }),
		column(func(g house.GuestPut) string { return g.Guest.Notes }))
}

func queueNotes(f *flush, c *house.Change) error {
	rows, err := store.NoteRows(c)
	if err != nil || len(rows) == 0 {
		return err
	}
	f.exec("PutNotes", uid(c.Restaurant),
		each(rows, func(store.NoteRow) int64 { return c.Version() }),
		each(rows, func(n store.NoteRow) int { return n.Ordinal }),
		each(rows, func(n store.NoteRow) string { return n.Text }))
	return nil
}
