// Package e2e tests the binary from outside: it is built, served, spoken to over
// HTTP and from the shell, and killed. Nothing of maitred is imported.
package e2e
