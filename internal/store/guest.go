package store

import (
	"strings"

	"github.com/maitred/maitred/internal/house"
	"github.com/maitred/maitred/internal/seating"
)

// FoldName makes the key by which names and e-mail addresses are compared: case
// is ignored, of every letter there is. A database folds fewer letters, and not
// each the same, so that it is done here.
func FoldName(s string) string { return strings.ToLower(s) }

// Digits is what a phone number is compared by.
func Digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
}

// Contact is what the bookings of a guest are found by.
type Contact struct{ email, digits string }

// ContactOf makes a Contact of an address and a number; what is empty, or a number
// without a digit, is not looked for.
func ContactOf(email, phone string) Contact {
	return Contact{email: FoldName(email), digits: Digits(phone)}
}

// Empty reports whether nobody can be found by it.
func (c Contact) Empty() bool { return c == Contact{} }

// Is reports whether a guest has the address or the number.
func (c Contact) Is(email, phone string) bool {
	return c.email != "" && FoldName(email) == c.email || c.digits != "" && Digits(phone) == c.digits
}

// PatchRow is what a change alters of a booking's guest; NameKey goes with Name.
type PatchRow struct {
	Booking                            seating.BookingID
	Name, NameKey, Phone, Email, Notes *string
}

// PatchRows are the patches of a change, one for each booking: of two that name
// the same field of the same guest the later one counts. A patch of no field is
// none.
func PatchRows(c *house.Change) []PatchRow {
	var rows []PatchRow
	at := map[seating.BookingID]int{}
	for _, p := range c.Patches {
		if p.GuestPatch == (seating.GuestPatch{}) {
			continue
		}
		n, known := at[p.Booking]
		if !known {
			n, at[p.Booking] = len(rows), len(rows)
			rows = append(rows, PatchRow{Booking: p.Booking})
		}
		rows[n].add(p.GuestPatch)
	}
	return rows
}

func (r *PatchRow) add(p seating.GuestPatch) {
	if p.Name != nil {
		r.Name, r.NameKey = p.Name, new(FoldName(*p.Name))
	}
	if p.Phone != nil {
		r.Phone = p.Phone
	}
	if p.Email != nil {
		r.Email = p.Email
	}
	if p.Notes != nil {
		r.Notes = p.Notes
	}
}
