// Package live keeps houses in memory and current: it loads them, proves them
// against the store, brings them forward from the journal, publishes what this
// process committed, and tells whoever asked through OnChange. Readers get an
// immutable house and pay no I/O. Beside other processes on the database Run keeps
// the houses in use current, and what was not kept current is proved when it is
// asked for: see slot.go for what may be served, poll.go for what keeps it so,
// lost.go for commits that are gone.
//
// It refuses to know commands and callers. Authorization is decided before a
// house is asked for.
package live
