// Package control is the command line's side of maitred: what an operator may do
// to a database, as Go functions over an App, and the way to whoever owns the
// database at the moment.
//
// A server holds the file <db>.lock and answers operations on a socket beside
// the database. A command that changes data goes there when a server runs; when
// none does, it takes the lock itself, opens the database in its own process and
// runs the very same function (Target.Do). There is no second path to the data.
// What only reads opens the database beside the server (OpenReader).
//
// A PostgreSQL database belongs to nobody: every process writes to it by itself,
// and tells the others what has moved on (peers.go).
//
// The package refuses to know flags, output and exit codes; those are cmd's.
//
//	t := control.Target{DB: path, Open: open, Operations: control.Standard()}
//	err := t.Do(ctx, control.RestaurantCreate, in, &out)
package control
