package servicetime

import (
	"errors"
	"time"
)

// Errors of Resolve, told apart with errors.Is.
var (
	// ErrNoSuchTime: the wall-clock time does not exist on that date (spring gap).
	ErrNoSuchTime = errors.New("the local time does not exist on that date")
	// ErrOffset: the given UTC offset is not one the zone has at that wall-clock time.
	ErrOffset = errors.New("the UTC offset does not fit the local time")
	// ErrOutside: no service period takes a party at that time.
	ErrOutside = errors.New("outside service hours")
	// ErrClosed: the restaurant is closed on that service date.
	ErrClosed = errors.New("closed on that date")
)

// Calendar is what a restaurant serves and when: its zone, periods, closures.
type Calendar struct {
	Zone     *time.Location
	Periods  []Period
	Closures []Closure
}

// Service is one period on one date, resolved to instants. ServiceDate is the
// date on which it opens.
type Service struct {
	ServiceDate Date
	Period      Period
	Window      Window  // from opening to the period's end
	LastSeating Instant // inclusive
}
