// Package postgres is the store for any number of processes: PostgreSQL 14 or
// later, directly or behind a transaction pooler.
//
// Whatever goes to the server goes as one flush: all statements of a commit, or of
// a load, are sent together and answered together (flush.go). The first statement
// of each names the role and the restaurant, for this transaction only
// (prologue.sql), so that no connection keeps a state and row-level security holds
// whatever the statements say.
//
// A batch flows like this: Commit cuts it into runs whose rows can be written
// together (run.go), queues maitred.advance, which moves the version and judges
// receipts, guards and time under the lock (guard.go), then the rows (rows.go,
// floor.go) and what is told of them (record.go), and sends all of it. It is
// committed when the last answer of the flush is no error. CommitLocked does the
// same in two flushes, with the lock taken first (locked.go).
//
// The package knows no rules of seating. What the database itself refuses is in
// migrations/; README.md says what is guaranteed and what is not.
package postgres
