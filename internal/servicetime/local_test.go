package servicetime_test

import (
	"errors"
	"testing"
	"time"

	st "github.com/maitred/maitred/internal/servicetime"
)

func TestP02_ZoneIsNeverAGuess(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Australia/Sydney", "UTC", "Etc/GMT+5", "America/Port-au-Prince", "America/North_Dakota/New_Salem",
		"EST5EDT", "NZ-CHAT", "US/Eastern",
	} {
		if z, err := st.LoadZone(name); err != nil || z.String() != name {
			t.Errorf("LoadZone(%q) = %v, %v, want the zone", name, z, err)
		}
	}
	for _, name := range []string{
		"", "Local", "localtime", "posixrules", "Factory", "utc", "Sydney", "Australia/Sidney", "Australia",
		"Australia/", "/Australia/Sydney", "Australia//Sydney", "./Australia/Sydney", "Australia/../Europe/Paris",
		`Australia\Sydney`, " UTC", "UTC ", "UTC\x00", "/etc/localtime", "../zoneinfo/UTC", "tzdata.zi", "leapseconds",
		"right/Europe/Paris", "posix/Europe/Paris", "+02:00", "UTC+2", "GMT+02:00",
	} {
		if z, err := st.LoadZone(name); err == nil || z != nil {
			t.Errorf("LoadZone(%q) = %v, %v, want nil and an error", name, z, err)
		}
	}
}

func TestP01_NonExistentLocalTimeIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, date, clock, want string }{
		{"America/New_York", "2026-03-08", "01:59", "2026-03-08T06:59:00Z"},
		{"America/New_York", "2026-03-08", "02:00", ""},
		{"America/New_York", "2026-03-08", "02:30", ""},
		{"America/New_York", "2026-03-08", "02:59", ""},
		{"America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00:00Z"},
		{"Europe/Paris", "2026-03-29", "02:30", ""},
		{"Pacific/Auckland", "2026-09-27", "02:30", ""},
		// The gap is at midnight: the day begins at 01:00.
		{"America/Sao_Paulo", "2018-11-03", "23:59", "2018-11-04T02:59:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "00:00", ""},
		{"America/Sao_Paulo", "2018-11-04", "00:59", ""},
		{"America/Sao_Paulo", "2018-11-04", "01:00", "2018-11-04T03:00:00Z"},
		{"Asia/Beirut", "2026-03-29", "00:30", ""},
		{"Africa/Cairo", "2026-04-24", "00:30", ""},
		// Clocks change by half an hour.
		{"Australia/Lord_Howe", "2026-10-04", "01:59", "2026-10-03T15:29:00Z"},
		{"Australia/Lord_Howe", "2026-10-04", "02:00", ""},
		{"Australia/Lord_Howe", "2026-10-04", "02:29", ""},
		{"Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30:00Z"},
		// The day was skipped.
		{"Pacific/Apia", "2011-12-29", "23:59", "2011-12-30T09:59:00Z"},
		{"Pacific/Apia", "2011-12-30", "00:00", ""},
		{"Pacific/Apia", "2011-12-30", "12:00", ""},
		{"Pacific/Apia", "2011-12-30", "23:59", ""},
		{"Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00:00Z"},
		// The last day of a leap year, where Go's ZoneBounds ends too early; after
		// 2037, up to which some zone files list every clock change.
		{"America/New_York", "2040-12-31", "12:00", "2040-12-31T17:00:00Z"},
		{"Pacific/Auckland", "2041-01-01", "00:30", "2040-12-31T11:30:00Z"},
		// Seconds in the offset: Liberia was 44 min 30 s behind UTC until 1972.
		{"Africa/Monrovia", "1972-01-06", "12:00", "1972-01-06T12:44:30Z"},
		{"Africa/Monrovia", "1972-01-07", "00:30", ""},
		{"Africa/Monrovia", "1972-01-07", "00:45", "1972-01-07T00:45:00Z"},
	} {
		got, err := st.Local(zone(t, c.zone), date(t, c.date), clock(t, c.clock), st.AnyOffset)
		if c.want == "" {
			if !errors.Is(err, st.ErrNoSuchTime) || got != 0 {
				t.Errorf("Local(%s, %s %s) = %s, %v, want ErrNoSuchTime", c.zone, c.date, c.clock, got, err)
			}
			continue
		}
		if err != nil || got.String() != c.want {
			t.Errorf("Local(%s, %s %s) = %s, %v, want %s", c.zone, c.date, c.clock, got, err, c.want)
		}
	}
}

func TestP01_AmbiguousLocalTimeIsTheFirstUnlessTheOffsetPicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, date, clock, offset, want string }{
		{"America/New_York", "2026-11-01", "01:30", "", "2026-11-01T05:30:00Z"},
		{"America/New_York", "2026-11-01", "01:30", "-04:00", "2026-11-01T05:30:00Z"},
		{"America/New_York", "2026-11-01", "01:30", "-05:00", "2026-11-01T06:30:00Z"},
		{"America/New_York", "2026-11-01", "02:00", "", "2026-11-01T07:00:00Z"},
		{"Europe/London", "2026-10-25", "01:30", "Z", "2026-10-25T01:30:00Z"},
		{"Europe/London", "2026-10-25", "01:30", "", "2026-10-25T00:30:00Z"},
		{"Australia/Lord_Howe", "2026-04-05", "01:45", "", "2026-04-04T14:45:00Z"},
		{"Australia/Lord_Howe", "2026-04-05", "01:45", "+10:30", "2026-04-04T15:15:00Z"},
		// Clocks go back at midnight: the last hour of the day happens twice.
		{"America/Sao_Paulo", "2019-02-16", "23:30", "", "2019-02-17T01:30:00Z"},
		{"America/Sao_Paulo", "2019-02-16", "23:30", "-03:00", "2019-02-17T02:30:00Z"},
		// The day before Apia skipped one happened at one offset only.
		{"Pacific/Apia", "2011-12-31", "10:00", "+14:00", "2011-12-30T20:00:00Z"},
		{"Africa/Monrovia", "1972-01-06", "12:00", "-00:44", "1972-01-06T12:44:30Z"},
	} {
		got, err := st.Local(zone(t, c.zone), date(t, c.date), clock(t, c.clock), offset(t, c.offset))
		if err != nil || got.String() != c.want {
			t.Errorf("Local(%s, %s %s%s) = %s, %v, want %s", c.zone, c.date, c.clock, c.offset, got, err, c.want)
		}
	}
}

func TestLocalRefusesAnOffsetThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, zone, date, clock, offset string
		want                            error
	}{
		{"ambiguous, neither", "America/New_York", "2026-11-01", "01:30", "-06:00", st.ErrOffset},
		{"unambiguous winter, summer offset", "America/New_York", "2026-11-02", "19:30", "-04:00", st.ErrOffset},
		{"wrong sign", "Asia/Kolkata", "2026-11-02", "19:30", "-05:30", st.ErrOffset},
		{"zero is an offset", "Asia/Kolkata", "2026-11-02", "19:30", "Z", st.ErrOffset},
		{"in the gap no offset helps", "America/New_York", "2026-03-08", "02:30", "-05:00", st.ErrNoSuchTime},
	} {
		got, err := st.Local(zone(t, c.zone), date(t, c.date), clock(t, c.clock), offset(t, c.offset))
		if !errors.Is(err, c.want) || got != 0 {
			t.Errorf("%s: Local(%s %s%s) = %s, %v, want %v", c.name, c.date, c.clock, c.offset, got, err, c.want)
		}
	}
}

// The offsets before standard time had seconds, and years before 1970 are
// negative: neither may shift a minute.
func TestLocalOfBeforeStandardTime(t *testing.T) {
	t.Parallel()
	paris := zone(t, "Europe/Paris") // 9 min 21 s ahead of UTC until 1911-03-10
	d, c, o := st.LocalOf(st.InstantOf(time.Date(1900, 1, 1, 11, 50, 39, 0, time.UTC)), paris)
	if d != st.NewDate(1900, 1, 1) || c.String() != "12:00" || o.String() != "+00:09" {
		t.Errorf("LocalOf(1900-01-01T11:50:39Z) = %s %s%s, want 1900-01-01 12:00+00:09", d, c, o)
	}
	got, err := st.Local(paris, d, c, o)
	if want := "1900-01-01T11:50:39Z"; err != nil || got.String() != want {
		t.Errorf("Local(%s %s%s) = %s, %v, want %s", d, c, o, got, err, want)
	}
}
