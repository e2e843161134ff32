package servicetime_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	st "github.com/maitred/maitred/internal/servicetime"
)

// Clock changes, skipped days and year ends, to draw dates near them: a date
// anywhere in a century meets one too rarely.
var oddDates = []st.Date{
	st.NewDate(2026, 3, 8), st.NewDate(2026, 11, 1), // New York
	st.NewDate(2026, 3, 29), st.NewDate(2026, 10, 25), // Paris, Beirut
	st.NewDate(2026, 4, 24), st.NewDate(2026, 10, 30), // Cairo
	st.NewDate(2018, 11, 4), st.NewDate(2019, 2, 17), // Sao Paulo
	st.NewDate(2026, 10, 4), st.NewDate(2026, 4, 5), // Lord Howe, Auckland
	st.NewDate(2026, 9, 27),                            // Auckland
	st.NewDate(2011, 12, 30), st.NewDate(2011, 12, 31), // Apia
	st.NewDate(2040, 12, 31), st.NewDate(2096, 12, 31), // leap years after the zone files' tables
}

// Draws of a zone, of a date from 1973 on (offsets are whole minutes since), half
// of them near a clock change, and of a wall-clock time.
var (
	zoneNames = rapid.SampledFrom(zones)
	dates     = rapid.OneOf(
		rapid.Custom(func(t *rapid.T) st.Date {
			return rapid.SampledFrom(oddDates).Draw(t, "odd date").AddDays(rapid.IntRange(-1, 1).Draw(t, "days"))
		}),
		rapid.Custom(func(t *rapid.T) st.Date {
			return st.Date(rapid.Int32Range(int32(st.NewDate(1973, 1, 1)), int32(st.NewDate(2110, 1, 1))).Draw(t, "date"))
		}),
	)
	clocks = rapid.Map(rapid.Int16Range(0, 1439), func(m int16) st.Clock { return st.Clock(m) })
)

// Every instant on a whole minute survives the way to the wall clock and back.
func TestPropLocalFindsTheWayBackFromLocalOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, zoneNames.Draw(t, "zone"))
		minutes := int64(dates.Draw(t, "date"))*1440 + int64(clocks.Draw(t, "minute"))
		i := st.InstantOf(time.Unix(minutes*60, 0))
		d, c, o := st.LocalOf(i.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "seconds"))*time.Second), z)
		if got, err := st.Local(z, d, c, o); err != nil || got != i {
			t.Fatalf("Local(%s, %s %s%s) = %s, %v, want %s", z, d, c, o, got, err, i)
		}
		again, err := st.ParseOffset(o.String())
		if err != nil || again != o {
			t.Fatalf("ParseOffset(%q) = %v, %v, want %v", o.String(), again, err, o)
		}
	})
}

// Local agrees with looking at every minute of three days for those at which the
// clock shows the time.
func TestPropLocalEqualsLookingAtEveryMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, zoneNames.Draw(t, "zone"))
		d, c := dates.Draw(t, "date"), clocks.Draw(t, "clock")
		var shown []st.Instant
		var offsets []st.Offset
		for m := -1440; m < 2*1440; m++ {
			at := time.Unix(int64(d)*86400+int64(m)*60, 0).In(z)
			if hour, minute, _ := at.Clock(); st.NewClock(hour, minute) != c {
				continue
			}
			i := st.InstantOf(at)
			if date, _, o := st.LocalOf(i, z); date == d {
				shown, offsets = append(shown, i), append(offsets, o)
			}
		}
		got, err := st.Local(z, d, c, st.AnyOffset)
		if len(shown) == 0 {
			if !errors.Is(err, st.ErrNoSuchTime) {
				t.Fatalf("Local(%s, %s %s) = %s, %v, want ErrNoSuchTime", z, d, c, got, err)
			}
			return
		}
		if err != nil || got != shown[0] {
			t.Fatalf("Local(%s, %s %s) = %s, %v, want %s", z, d, c, got, err, shown[0])
		}
		for k, o := range offsets {
			if got, err := st.Local(z, d, c, o); err != nil || got != shown[k] {
				t.Fatalf("Local(%s, %s %s%s) = %s, %v, want %s", z, d, c, o, got, err, shown[k])
			}
		}
		other := rapid.SampledFrom([]string{"-08:00", "+00:00", "+03:00", "+10:30"}).Draw(t, "other offset")
		o, err := st.ParseOffset(other)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Local(z, d, c, o); errors.Is(err, st.ErrOffset) == slices.Contains(offsets, o) {
			t.Fatalf("Local(%s, %s %s%s) = %v, want ErrOffset unless it is one of %v", z, d, c, o, err, offsets)
		}
	})
}
