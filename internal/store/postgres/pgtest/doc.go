// Package pgtest is PostgreSQL for tests, and the faults to test against.
//
// Database gives a test a fresh database with maitred's schema on a server that
// the whole test binary shares; a package says
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// and with goleak
//
//	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { pgtest.Stop(); os.Exit(code) }))
//
// The server is started at first use, from the binaries of this machine, with
// settings that are quick and lose everything in a power cut. With the variable
// MAITRED_TEST_POSTGRES, the URL of a role that may create databases and roles,
// nothing is started and databases are made there. With neither, tests skip.
//
// Start gives a test a cluster of its own, which may be crashed, paused, filled
// and failed over. Proxy sits between a client and a server and breaks the
// connection at a message of the test's choice.
//
// No server outlives its test binary, however that ends: see watchdog.sh. The
// package keeps no goroutine between calls, but for those of a Proxy, which end
// with its test.
//
// It knows nothing of houses and commits: it hands out databases and breaks them.
package pgtest
