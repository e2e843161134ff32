// Command mutants proves that the tests which guard a rule would notice its
// loss. It breaks one rule at a time, in a way that docs/mutants.txt describes,
// and runs the test that must turn red.
//
// Nothing in the tree is touched: a mutated file reaches the compiler through
// go test -overlay, so several mutants run at the same time and an interrupted
// run leaves nothing behind. Embedded files (SQL, for one) are mutated the same
// way; files that a test opens itself are not.
//
// # The list
//
// A mutant is a block of lines, ended by a blank line; # begins a comment line.
//
//	mutant   window-half-open
//	covers   H18 P04
//	why      a table is free from the minute at which the party before it leaves
//	file     internal/servicetime/window.go
//	-        return w.Start.Before(o.End) && o.Start.Before(w.End)
//	+        return !w.Start.After(o.End) && o.Start.Before(w.End)
//	test     ./internal/servicetime ^TestOverlaps$
//
// The lines after - stand in the file exactly once, one below the other; white
// space at both ends of a line does not count. The lines after + take their
// place; without any, the old ones are deleted. A further - begins another
// replacement in the same file, a further file line one in another file.
//
// The test line is a package and a -run expression (all the rest of the line).
// Optional are covers (the failure ids that the mutant stands for, as words),
// why, flags (more flags for go test, such as -race) and timeout (for the test
// binary, instead of two minutes).
//
// # The verdicts
//
// A mutant is killed when its test fails or runs out of time. Everything else
// fails the run: SURVIVED (the test passed), STALE (the old lines are not in the
// file exactly once), BUILD FAILED (a mutant must compile, else the compiler did
// the work), NO TESTS (the expression matches nothing, or all of it was skipped)
// and BASELINE (the test fails without any mutation).
package main
