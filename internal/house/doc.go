// Package house is one restaurant at one version, in memory: its floor, its
// rules and, per service day, its bookings, holds and allocations. A House is
// immutable; Apply makes the next one from a Change and copies the touched day
// and nothing else. A Change is data: what a command decided, to be committed by
// a store, kept in the journal and replayed.
//
// The package refuses to know the current time, who may do what, and which
// selections are good ones (package planner). A House is a function of its
// version alone: whether a hold is live is asked with a time.
//
//	next, err := house.Apply(h, change)
//	for a := range next.Occupancy(table, window) { … }
package house
