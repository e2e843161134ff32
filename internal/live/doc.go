// Package live keeps houses in memory and current: it loads them, proves them
// against the store, brings them forward from the journal, publishes what this
// process committed, and tells whoever asked through OnChange. Readers get an
// immutable house and pay no I/O.
//
// It refuses to know commands and callers. Authorization is decided before a
// house is asked for.
package live
