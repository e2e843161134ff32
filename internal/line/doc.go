// Package line is the queue of one restaurant in this process. One goroutine
// takes what waits, decides each command on the result of the one before,
// commits them as one batch, and answers: so concurrency in one restaurant is
// batching, not contention. It is the only caller of store.Commit and CommitLocked.
//
// Other processes may have lines of the same restaurant. One that keeps being
// overtaken takes the lock of the restaurant first for a while; one that finds
// commits lost begins a new epoch before anything else.
//
// A refusal is answered when it is proved: behind a batch that was committed, or
// by one cheap read that the house it was decided on is the current one.
package line
