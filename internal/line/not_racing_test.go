//go:build !race

package line_test

const racing = false
