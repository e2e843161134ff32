// Package query holds the read models: a booking, lists, history, holds, and the
// context in which a person chooses tables. What is in memory comes from a live
// house; the rest (closed days, history, guests) from store.Lists, of which this
// package is the only reader.
//
// It refuses to know HTTP and rights: a caller has been authorized before it
// asks, and takes away afterwards what it must not show. "Not found" is said only
// from a house that was proved current.
//
//	row, h, err := reader.Booking(ctx, restaurant, booking)
//	c := query.ContextOf(h, h.Booking(booking), actor.Principal, reader.Now())
package query
