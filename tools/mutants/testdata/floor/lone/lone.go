// Package lone has no tests.
package lone

// One is 1.
const One = 1
