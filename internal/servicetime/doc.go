// Package servicetime is the restaurant's notion of time: instants, half-open
// windows, calendar dates and wall-clock times, service periods that open on a
// date and may end after midnight, and turn times.
//
// It knows a restaurant's zone but never the current time, and nothing of
// tables or bookings. A start enters as a date and a wall-clock time, is
// resolved to an instant once (Calendar.Resolve), and is compared as an instant
// from then on:
//
//	service, start, err := calendar.Resolve(date, clock, servicetime.AnyOffset)
//	dining := servicetime.Dining(start, service.Period.Turn(covers))
package servicetime
