// Package planner judges selections of tables and searches for the best one. A
// selection is judged by all checks, one file each (check_*.go), in one order;
// every verdict carries the operands a person can act on.
//
// It is pure: a house and a request in, a verdict or candidates out. It refuses
// to know what is done with them.
//
//	v := planner.Judge(h, planner.RequestFor(entry, principal, now), tables)
//	if !v.OK { … seating.FirstError(v.Checks) … }
package planner
