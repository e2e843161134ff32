package servicetime

import (
	"fmt"
	"iter"
	"time"
)

// Seconds of a day without a clock change, and how far from UTC a zone may be:
// beyond anything in the zone database, so that a walk of twice that reach meets
// every instant a wall-clock time can mean.
const (
	daySeconds = 24 * 60 * 60
	zoneReach  = 26 * 60 * 60
)

// Local is the instant at which clocks in the zone show the date and time.
//
// A time the clocks skip is ErrNoSuchTime (failure catalogue P01); time.Date would
// move it silently. Of a time they show twice it is the first, unless the offset
// says which. An offset that the zone does not have at that time is ErrOffset,
// also when there was nothing to choose: the caller believes something wrong.
func Local(zone *time.Location, d Date, c Clock, o Offset) (Instant, error) {
	wall, shown := wallSeconds(d, c), false
	for s := range stretches(zone, wall) {
		at := wall - s.offset
		if at < s.from || at >= s.to {
			continue
		}
		if o.fits(s.offset) {
			return instantAt(at), nil
		}
		shown = true
	}
	if !shown {
		return 0, fmt.Errorf("%s %s in %s: %w", d, c, zone, ErrNoSuchTime)
	}
	return 0, fmt.Errorf("%s %s%s in %s: %w", d, c, o, zone, ErrOffset)
}

// LocalOf is what a clock and calendar in the zone show at the instant, seconds
// cut, and the zone's offset then, with which Local finds the way back.
func LocalOf(i Instant, zone *time.Location) (Date, Clock, Offset) {
	t := i.Time().In(zone)
	_, offset := t.Zone()
	return DateIn(i, zone), NewClock(t.Hour(), t.Minute()), offsetOf(int64(offset))
}

// edge is the first instant at which clocks in the zone have reached the date and
// time. Unlike Local it always has an answer: a time that is skipped is the first
// instant after the gap, one that is shown twice is the first. Later times never
// have earlier edges, so stretches that do not overlap on the clock do not overlap
// as instants either.
func edge(zone *time.Location, d Date, c Clock) Instant {
	wall := wallSeconds(d, c)
	for s := range stretches(zone, wall) {
		if at := max(s.from, wall-s.offset); at < s.to {
			return instantAt(at)
		}
	}
	panic("servicetime: zone " + zone.String() + " is further from UTC than any zone can be")
}

// endOfDate is the instant from which clocks in the zone are past the date for
// good: its last midnight, when clocks that go back at midnight show two of them.
func endOfDate(zone *time.Location, d Date) Instant {
	midnight := wallSeconds(d.AddDays(1), 0)
	var end int64
	for s := range stretches(zone, midnight) {
		if at := min(s.to, midnight-s.offset); at > s.from {
			end = at
		}
	}
	return instantAt(end)
}

// hasDate reports whether the date happens in the zone. Samoa skipped 2011-12-30
// when it moved across the date line.
func hasDate(zone *time.Location, d Date) bool { return DateIn(edge(zone, d, 0), zone) == d }

// stretch is a run of instants [from, to) in which the zone keeps one offset. All
// are seconds: Unix time, and east of UTC.
type stretch struct{ from, to, offset int64 }

// stretches walks the zone's offsets, in order and without holes, over all
// instants at which its clocks might show the wall-clock time. Two neighbours may
// have the same offset.
func stretches(zone *time.Location, wall int64) iter.Seq[stretch] {
	return func(yield func(stretch) bool) {
		for at := wall - zoneReach; at <= wall+zoneReach; {
			t := time.Unix(at, 0).In(zone)
			_, offset := t.Zone()
			to := wall + zoneReach + 1
			if _, end := t.ZoneBounds(); !end.IsZero() {
				to = end.Unix()
			}
			if to <= at {
				// Where a zone's future is a yearly rule, Go ends each year
				// after 365 days; on the last day of a leap year that end is
				// behind us. The rule itself holds to the end of the UTC day.
				to = at - at%daySeconds + daySeconds
			}
			if !yield(stretch{from: at, to: to, offset: int64(offset)}) {
				return
			}
			at = to
		}
	}
}

// wallSeconds counts the date and time in seconds as if the zone were UTC.
func wallSeconds(d Date, c Clock) int64 { return int64(d)*daySeconds + int64(c)*60 }

func instantAt(unixSeconds int64) Instant { return InstantOf(time.Unix(unixSeconds, 0)) }
