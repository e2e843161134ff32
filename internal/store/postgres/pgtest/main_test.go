package pgtest_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/maitred/maitred/internal/store/postgres/pgtest"
)

// The kit must leave no goroutine behind: those who use it look for leaks.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}
