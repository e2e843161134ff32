//go:build !race

package friday

const racing = false
