// Package seating holds the nouns of maitred and the words that are spoken about
// them: zones, tables, combinations, policy, bookings and their states, holds,
// allocations, actors, capabilities, event types, checks and error codes.
//
// It refuses to know how anything is decided, stored or shown. A request flows
// past it as values: access turns a caller into an Actor, decide reads Bookings
// and Holds out of a house and answers with an *Error from the closed table of
// codes (codes.go) or with new values.
package seating
