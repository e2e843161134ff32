package seating

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable reports whether s is 1 to most runes of valid text without control
// characters and without space at its ends: a name people can read out.
func Printable(s string, most int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, unicode.IsControl)
}

// ReasonCode reports whether s is a reason as it stands in the history and in
// events: lower-case letters, digits and _, a letter first, at most 40.
func ReasonCode(s string) bool { return reasonCode.MatchString(s) }

var reasonCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Faults returns what is out of bounds in a table besides its number, covers
// and zone, each with a pointer.
func (t Table) Faults() []Field {
	var faults []Field
	fault := func(bad bool, pointer, message string) {
		if bad {
			faults = append(faults, Field{Pointer: pointer, Message: message})
		}
	}
	switch t.Category {
	case CategoryBar, CategoryDining, CategoryLounge, CategoryPatio, CategoryPrivate:
	default:
		fault(true, "/category", "one of bar, dining, lounge, patio, private")
	}
	switch t.Seating {
	case SeatingStandard, SeatingSofa, SeatingBooth, SeatingHighTop:
	default:
		fault(true, "/seatingType", "one of standard, sofa, booth, high_top")
	}
	p := t.Position
	switch p.Shape {
	case ShapeRound, ShapeSquare, ShapeRectangle:
	default:
		fault(true, "/position/shape", "one of round, square, rectangle")
	}
	fault(p.X < 0 || p.X > 100000 || p.Y < 0 || p.Y > 100000, "/position", "x and y must be 0 to 100000 centimetres")
	fault(p.W < 1 || p.W > 10000 || p.H < 1 || p.H > 10000, "/position", "w and h must be 1 to 10000 centimetres")
	fault(p.Rotation < 0 || p.Rotation > 359, "/position/rotation", "must be 0 to 359 degrees")
	return faults
}
