// Package store is the storage contract: small interfaces, split by who
// uses them, and their errors. The rules are not in it: a store keeps what a
// Change says, or refuses it whole.
//
// Seating is the line's and the live houses' (load, journal, commit, prove),
// Lists the read models', Directory that of access (restaurants, members,
// tokens, operators), Queue the outbox worker's, Outbox that of its operators,
// Webhooks that of endpoints and of what the sinks keep, Jobs that of the jobs,
// Upkeep that of due work and of verify. Every method that concerns a restaurant
// names it, and never returns a row of another. Both stores pass package storetest.
package store
