package sqlite

import (
	"context"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/store"
)

// erase removes what is known of guests, and staff's notes on their bookings,
// before anything of the change is put.
func erase(ctx context.Context, q session, c *house.Change) error {
	if len(c.Erase) == 0 {
		return nil
	}
	bookings, err := list(c.Erase)
	if err != nil {
		return err
	}
	for _, statement := range []string{"EraseGuests", "EraseNotes"} {
		if _, err := q.exec(ctx, statement, text(c.Restaurant), bookings); err != nil {
			return err
		}
	}
	return nil
}

// patchGuests writes the fields of guests that the change names, and no others.
func patchGuests(ctx context.Context, q session, c *house.Change) error {
	for _, p := range store.PatchRows(c) {
		_, err := q.exec(ctx, "PatchGuest", text(c.Restaurant), text(p.Booking), given(p.Name), given(p.NameKey), given(p.Phone), given(p.Email), given(p.Notes))
		if err != nil {
			return err
		}
	}
	return nil
}

// given is the column of a text that is put also when it is empty; NULL for none.
func given(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
