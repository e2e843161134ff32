//go:build race

package line_test

// racing: the race detector is on, which makes a store in Go ten times slower.
const racing = true
