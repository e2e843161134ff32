// Package verify judges a restaurant as its rows stand: one check for each thing
// that the invariants of docs/architecture.md promise and that rows can show. It is
// what `maitred verify` runs, and what a careful operator reads to learn what can
// be relied on.
//
// The package is pure: it gets a store.Dump, which a store reads raw and
// unjudged, and returns findings. It refuses to repair anything, and it believes
// nothing that the stores or the rules enforce: that is the point.
//
//	for _, f := range verify.Check(dump) { fmt.Println(f) }
package verify
