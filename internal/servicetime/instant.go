package servicetime

import (
	"fmt"
	"strings"
	"time"
)

// Instant is a point in time in microseconds since 1970-01-01T00:00:00Z, the
// precision both stores keep. The zero Instant means "not set". As text and in
// JSON it is RFC 3339 in UTC. It is comparable with ==, unlike time.Time.
type Instant int64

const instantLayout = "2006-01-02T15:04:05.999999Z07:00"

// InstantOf truncates t to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// maxInstant is the last that RFC 3339 can write: years have four digits.
const maxInstant Instant = 253402300799_999999 // 9999-12-31T23:59:59.999999Z

// ParseInstant reads RFC 3339 with any offset. It refuses what does not name an
// instant exactly; fractions finer than a microsecond are cut. As dates, instants
// are from the years 1970 to 9999; the first microsecond of 1970 is refused too,
// because the zero Instant means "not set".
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !strictRFC3339(s) {
		return 0, fmt.Errorf("instant %q is not RFC 3339 like 2026-11-27T18:30:00Z", s)
	}
	i := InstantOf(t)
	if i <= 0 || i > maxInstant {
		return 0, fmt.Errorf("instant %q is not of the years 1970 to 9999", s)
	}
	return i, nil
}

// strictRFC3339 refuses what time.Parse lets through: an hour of one digit, a
// comma before the fraction, and offsets such as +24:00 and +00:60.
func strictRFC3339(s string) bool {
	if s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return false
	}
	if strings.HasSuffix(s, "Z") {
		return true
	}
	_, ok := offsetMinutes(s[len(s)-len("+07:00"):])
	return ok
}

// Time returns the instant as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add moves the instant by d, cut to microseconds.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d/time.Microsecond) }

// Sub is the elapsed time from o to i.
func (i Instant) Sub(o Instant) time.Duration { return time.Duration(i-o) * time.Microsecond }

// Before reports whether i is earlier than o.
func (i Instant) Before(o Instant) bool { return i < o }

// After reports whether i is later than o.
func (i Instant) After(o Instant) bool { return i > o }

// IsZero reports whether the instant is not set.
func (i Instant) IsZero() bool { return i == 0 }

func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(instantLayout)
}

// MarshalText implements encoding.TextMarshaler; a zero instant is empty.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; empty is the zero instant.
func (i *Instant) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := ParseInstant(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// Minutes is a duration in whole minutes, as people and policies give it.
type Minutes int

// Duration converts to a time.Duration.
func (m Minutes) Duration() time.Duration { return time.Duration(m) * time.Minute }

// Seconds is a duration in whole seconds, as hold rules give it.
type Seconds int

// Duration converts to a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }
