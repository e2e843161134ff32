// Package sqlite is the embedded store: one file, full durability, one writer.
//
// Every write goes through one goroutine that owns the one writing connection.
// It takes what waits, gives each batch a savepoint of its own, and commits all
// of them to disk at once; nobody is answered before that. Reads use a pool of
// connections beside it and never wait for the writer.
//
// A batch flows like this: Commit hands a job to the writer; the writer begins a
// transaction, reads the clock, and runs the job, which moves the restaurant's
// state from the base to the new version (commit.go), judges receipts and guards
// (guard.go), writes rows (rows.go) and the record of them (record.go).
//
// The package knows no rules of seating. What the database itself refuses is in
// migrations/; README.md says what is guaranteed and what is not.
package sqlite
