//go:build race

package friday

// racing: the race detector is on, which makes a store in Go ten times slower.
const racing = true
