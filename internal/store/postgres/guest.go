package postgres

import (
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
	"github.com/maitred/maitred/internal/store"
)

// queueErase queues the end of what is known of guests, and of staff's notes on
// their bookings, before anything of the change is put.
func queueErase(f *flush, c *house.Change) {
	if len(c.Erase) == 0 {
		return
	}
	f.exec("EraseGuests", uid(c.Restaurant), ids(c.Erase))
	f.exec("EraseNotes", uid(c.Restaurant), ids(c.Erase), each(c.Erase, func(b seating.BookingID) string { return "booking:" + b.String() }))
}

// queuePatches queues the fields of guests that the change names, and no others.
func queuePatches(f *flush, c *house.Change) {
	rows := store.PatchRows(c)
	if len(rows) == 0 {
		return
	}
	column := func(v func(p store.PatchRow) *string) []pgtype.Text {
		return each(rows, func(p store.PatchRow) pgtype.Text { return given(v(p)) })
	}
	f.exec("PatchGuests", uid(c.Restaurant),
		each(rows, func(p store.PatchRow) pgtype.UUID { return uid(p.Booking) }),
		column(func(p store.PatchRow) *string { return p.Name }),
		column(func(p store.PatchRow) *string { return p.NameKey }),
		column(func(p store.PatchRow) *string { return p.Phone }),
		column(func(p store.PatchRow) *string { return p.Email }),
		column(func(p store.PatchRow) *string { return p.Notes }))
}

// given is the column of a text that is put also when it is empty; NULL for none.
func given(s *string) pgtype.Text {
	if s == nil {
		return pgtype.Text{}
	}
	return pgtype.Text{String: *s, Valid: true}
}
