// Package jobs carries due work out: what a restaurant's own changes wrote down
// to be done at a time. It finds the rows of all restaurants, turns them into
// commands and gives these to the lines as maitred itself. A row goes with the
// change that does its work, so there is nothing to claim and nothing to release.
//
// Any number of processes may run the same rows at the same time: each command is
// decided on the house as it stands, and does nothing a second time.
//
// It refuses to know rules. Whether a party is late, a hold has lapsed or a day may
// be closed is decided by the command; the row only says when to ask.
//
//	jobs.New(jobs.Config{Work: store, Lines: lines, Every: 5 * time.Second}).Run(ctx)
package jobs
