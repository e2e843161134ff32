package servicetime

import "fmt"

// maxOffset bounds an Offset, in minutes. It is the bound other platforms set;
// no zone has been further than 16 h from UTC.
const maxOffset = 18 * 60

// Offset is an optional offset from UTC, in whole minutes. It says which of the
// two is meant when clocks go back and a wall-clock time happens twice. As text
// it is "+02:00"; the zero Offset is AnyOffset and empty. Comparable with ==.
//
// Zones of the past had offsets with seconds. Those are cut towards zero, as
// RFC 3339 text shows them, so that a text always reads back as the same Offset.
type Offset struct {
	minutes int16
	given   bool
}

// AnyOffset leaves the choice open: of an ambiguous time it is the first.
var AnyOffset Offset

// offsetOf is the offset of a zone that is that many seconds east of UTC.
func offsetOf(seconds int64) Offset { return Offset{minutes: int16(seconds / 60), given: true} }

// ParseOffset reads "+02:00", "-09:30" or "Z", at most 18:00 either way. It refuses
// "-00:00", by which RFC 3339 says that the offset is not known.
func ParseOffset(s string) (Offset, error) {
	if s == "Z" {
		return Offset{given: true}, nil
	}
	if minutes, ok := offsetMinutes(s); ok && minutes <= maxOffset && s != "-00:00" {
		if s[0] == '-' {
			minutes = -minutes
		}
		return Offset{minutes: int16(minutes), given: true}, nil
	}
	return AnyOffset, fmt.Errorf("UTC offset %q is not like +02:00 or Z, at most 18:00", s)
}

// offsetMinutes is the size of an offset written as ±HH:MM, 00:00 to 23:59.
func offsetMinutes(s string) (int, bool) {
	if len(s) != 6 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	c, err := ParseClock(s[1:])
	return int(c), err == nil
}

// fits reports whether a zone that is that many seconds east of UTC is meant.
func (o Offset) fits(seconds int64) bool { return !o.given || o == offsetOf(seconds) }

func (o Offset) String() string {
	switch {
	case !o.given:
		return ""
	case o.minutes < 0:
		return "-" + Clock(-o.minutes).String()
	}
	return "+" + Clock(o.minutes).String()
}

// MarshalText implements encoding.TextMarshaler; AnyOffset is empty.
func (o Offset) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; empty is AnyOffset.
func (o *Offset) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*o = AnyOffset
		return nil
	}
	v, err := ParseOffset(string(b))
	if err != nil {
		return err
	}
	*o = v
	return nil
}
