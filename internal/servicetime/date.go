package servicetime

import (
	"fmt"
	"time"
)

// Date is a calendar date, in days since 1970-01-01; it has no zone. As text it
// is "2006-01-02". Years 1970 to 9999 are accepted.
type Date int32

const dateLayout = "2006-01-02"

// NewDate builds a date; the day may run over, as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads "2006-01-02" and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil || t.Year() < 1970 {
		return 0, fmt.Errorf("date %q is not a calendar date like 2026-11-27", s)
	}
	return Date(t.Unix() / 86400), nil
}

// DateIn is the calendar date that the instant falls on in the zone.
func DateIn(i Instant, zone *time.Location) Date {
	y, m, d := i.Time().In(zone).Date()
	return NewDate(y, m, d)
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// AddDays moves by calendar days.
func (d Date) AddDays(n int) Date { return d + Date(n) }

// Weekday of the date.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Civil returns year, month and day.
func (d Date) Civil() (year int, month time.Month, day int) { return d.utc().Date() }

func (d Date) String() string { return d.utc().Format(dateLayout) }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Clock is a wall-clock time in minutes since local midnight, 0 to 1439. As
// text it is "15:04".
type Clock int16

// NewClock builds a wall-clock time from hour 0-23 and minute 0-59.
func NewClock(hour, minute int) Clock { return Clock(hour*60 + minute) }

// ParseClock reads "19:30", two digits each, 00:00 to 23:59.
func ParseClock(s string) (Clock, error) {
	if len(s) == 5 && s[2] == ':' && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[3]) && isDigit(s[4]) {
		hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
		if hour < 24 && minute < 60 {
			return NewClock(hour, minute), nil
		}
	}
	return 0, fmt.Errorf("time %q is not a wall-clock time like 19:30", s)
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText implements encoding.TextMarshaler.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clock) UnmarshalText(b []byte) error {
	v, err := ParseClock(string(b))
	if err != nil {
		return err
	}
	*c = v
	return nil
}
