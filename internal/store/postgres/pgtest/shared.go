package pgtest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"
)

// Environment names the variable with the URL of a server to use instead of one
// of the kit's own.
const Environment = "MAITRED_TEST_POSTGRES"

// skipped is what a test says that is skipped for want of PostgreSQL. With CI set,
// it fails the run.
const skipped = "SKIP-FAILS-CI: PostgreSQL is not here: install its server (Debian: postgresql) or set " + Environment

// base are the settings of every server that is started here. No Unix socket:
// its path would be too long in some folders.
var base = map[string]string{
	"listen_addresses":          "127.0.0.1",
	"unix_socket_directories":   "",
	"shared_buffers":            "64MB",
	"max_connections":           "300",
	"max_prepared_transactions": "0",
	"synchronous_commit":        "on",
	"autovacuum":                "on",
	"jit":                       "off",
	"log_min_messages":          "fatal",
	"log_destination":           "stderr",
	"logging_collector":         "off",
}

// quick are those of the shared server besides: nothing outlives it.
var quick = map[string]string{"fsync": "off", "full_page_writes": "off"}

// shared is the server of this test binary.
var shared struct {
	sync.Mutex
	server  *Server
	process *process // nil: the server is somebody else's
	failed  error
}

// Main runs the tests of a binary and then stops the shared server. The caller
// ends the process with what it returns.
func Main(m *testing.M) int {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: stop the server:", err)
		return max(code, 1)
	}
	return code
}

// Stop stops the shared server, for a package that does not go through Main. A
// test after it would start another.
func Stop() {
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: stop the server:", err)
	}
}

func stop() error {
	shared.Lock()
	defer shared.Unlock()
	server, p := shared.server, shared.process
	shared.server, shared.process, shared.failed = nil, nil, nil
	switch {
	case p != nil:
		return p.end()
	case server != nil:
		return server.close()
	}
	return nil
}

// Database makes a fresh database with maitred's schema on the shared server, for
// one test, and drops it at the end.
func Database(t testing.TB) *DB {
	t.Helper()
	return sharedServer(t).Database(t)
}

// Empty makes a database without schema on the shared server, for tests of
// migrations, and drops it at the end. Roles are the server's, so maitred's are
// there or not; see Server.Empty.
func Empty(t testing.TB) *DB {
	t.Helper()
	return sharedServer(t).Empty(t)
}

func sharedServer(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.failed == nil {
		shared.server, shared.process, shared.failed = startShared()
	}
	if errors.Is(shared.failed, errNotInstalled) {
		t.Skip(skipped)
	}
	if shared.failed != nil {
		t.Fatalf("pgtest: start the shared server: %v", shared.failed)
	}
	return shared.server
}

func startShared() (*Server, *process, error) {
	if address := os.Getenv(Environment); address != "" {
		s, err := elsewhere(address)
		return s, nil, err
	}
	settings := maps.Clone(base)
	maps.Copy(settings, quick)
	p, err := newCluster(settings)
	if err != nil {
		return nil, nil, err
	}
	return own(p.port, false), p, nil
}

// newCluster makes a cluster and starts it.
func newCluster(settings map[string]string) (*process, error) {
	p, err := newProcess()
	if err != nil {
		return nil, err
	}
	err = p.initialise()
	if err == nil {
		err = p.startOnFreePort(settings)
	}
	if err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}
